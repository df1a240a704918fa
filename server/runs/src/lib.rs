//! Runs: everything that takes long and belongs to the server rather than to a page.
//!
//! | file | what |
//! |---|---|
//! | `executor.rs` | claims samples and holds their leases |
//! | `cell.rs` `turn.rs` | runs one sample through the gateway, with the calls that its tools make follow |
//! | `request.rs` `material.rs` | the request of a cell; the grid and the images it is made of |
//! | `log.rs` `events.rs` | merges and writes what a sample says; tells event streams that a log has grown |
//! | `schema.rs` | does an answer fit the schema it was asked for? |
//! | `workbench.rs` | what the playground asks besides running: costs, stored bodies, schemas |
//!
//! `control::runs` starts and stops runs; `store::runs` holds them. Suites, imports and the sandbox join here later.
//!
//! A sample is executed at most once. When its server dies in the middle, the lease runs out, another executor takes the sample
//! over and ends it as failed, with the text that is in its log: the lost call may already be paid, and calling a paid model
//! a second time is a person's decision, not ours.
//!
//! Never here: an HTTP server, pages, permission checks, SQL text, money arithmetic. One more kind of long work: a module
//! beside `cell` and its branch where the executor starts a claimed sample.

mod cell;
mod error;
mod events;
mod executor;
mod log;
mod material;
mod request;
mod schema;
mod turn;
mod workbench;

pub use error::Error;
pub use events::{Subscription, Watch};
pub use executor::{Executor, Parts};
pub use workbench::{ForecastError, Workbench};
