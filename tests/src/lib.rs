//! What tests are written with: a fake provider, a running server, a view of the ledger, and the words between them.
//!
//! Used by `api/`, the browser and SDK tests (through the binary `fake-upstream`) and the load generator. Never here: tests,
//! except those of the tools themselves. Real Postgres, real sockets; only the provider is fake. Reading the
//! environment, starting programs and SQL beside `store` are allowed in this package and nowhere else.
//!
//! | file | holds |
//! |---|---|
//! | `fake_upstream.rs` | the provider that does what a script says, and its journal, the oracle |
//! | `world.rs` | one small instance for one test |
//! | `server.rs` | the product in this process |
//! | `program.rs` | the product as a process that can be killed |
//! | `kinds.rs` | the same for every kind of provider |
//! | `dialect.rs` | clients of three dialects: requests for each scenario, and what answers say |
//! | `answer.rs` | what a client got, and what it must not contain |
//! | `ledger.rs` | attempt rows, read past the product |
//! | `price.rs` | what a call must cost, worked out a second time |
//! | `key.rs` | virtual keys, made from their published form |
//! | `tenants.rs` | two equal teams, everybody who may or may not, one of everything |
//! | `visitor.rs` | somebody who asks: with a cookie, with a bearer text, with nothing |
//! | `tables.rs` | all tables: what changed, what a dump shows, and back |
//! | `sweep.rs` | planted secrets, looked for in everything that comes out |

mod answer;
mod client;
pub mod dialect;
pub mod fake_upstream;
mod key;
pub mod kinds;
mod ledger;
pub mod price;
pub mod program;
mod server;
pub mod sweep;
pub mod tables;
pub mod tenants;
pub mod visitor;
mod world;

pub use answer::{Answer, Refusal};
pub use client::http_client;
pub use fake_upstream::FakeUpstream;
pub use key::virtual_key;
pub use ledger::{Attempt, Ledger};
pub use server::{TestServer, settings};
pub use tenants::Tenants;
pub use visitor::{Credential, Visitor};
pub use world::{World, bundle};
