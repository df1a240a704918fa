//! Runs: everything that takes long and belongs to the server rather than to a page.
//!
//! `executor` claims cells and holds their leases, `cell` runs one of them through the gateway, `log` merges and writes what
//! it says, `events` tells event streams that a log has grown. `control::runs` starts and stops runs; `store::runs` holds
//! them. Suites, imports and the sandbox join here later.
//!
//! A cell is executed at most once. When its server dies in the middle, the lease runs out, another executor takes the cell
//! over and ends it as failed, with the text that is in its log: the lost call may already be paid, and calling a paid model
//! a second time is a person's decision, not ours.
//!
//! Never here: an HTTP server, pages, permission checks, SQL text, money arithmetic. One more kind of long work: a module
//! beside `cell` and its branch where the executor starts a claimed cell.

mod cell;
mod error;
mod events;
mod executor;
mod log;

pub use error::Error;
pub use events::{Subscription, Watch};
pub use executor::{Executor, Parts};
