//! The data plane: one model call from its key to its final ledger row.
//!
//! `gateway.rs` is the pipeline; each step is a file and a value that the next one consumes:
//!
//! | step | file | result |
//! |---|---|---|
//! | authenticate | `caller.rs` | `Caller` |
//! | allow | `allow.rs` | the model this caller may use |
//! | plan | `plan.rs` | `Plan`: targets, each with its bound |
//! | reserve | `ledger.rs`, `admission.rs` | `Reservation`: a committed row |
//! | send, forward | `exchange.rs`, `upstream.rs` | bytes to the client, counts on the side |
//! | settle | `ledger.rs`, `settlement.rs` | the final row |
//! | keep | `content.rs` | text, where the policy allows it |
//!
//! `forecast.rs` allows and plans without the rest: what a call would cost. `capture.rs` writes down the exchanges of a chat that
//! somebody wants to look at.
//!
//! `retries.rs` says how often a failed attempt may be followed by another. `probe.rs` asks a provider which models it offers:
//! no call, no attempt, and the same client with the same checks.
//!
//! `snapshot.rs` is everything the steps know, in one immutable value. Never here: axum, leptos, SQL text, `control`.
//! `upstream.rs` is the only HTTP client of the product, and the only file here that sees a credential's text.
//! Budgets will join in `admission.rs` (they decide under their locks) and `plan.rs` (a target without a bound leaves).

mod admission;
mod allow;
mod call;
mod caller;
mod capture;
mod content;
mod error;
mod exchange;
mod forecast;
mod gateway;
mod last_used;
mod ledger;
mod options;
mod patience;
mod plan;
mod probe;
mod retries;
mod settlement;
mod snapshot;
#[cfg(test)]
mod testing;
mod upstream;

pub use call::{Body, Call, Chat, ChatRun, ChatUpdate, Finished, ModelEntry, Reply};
pub use caller::Caller;
pub use error::{Error, Failure, StartError};
pub use forecast::{Forecasted, Limitation};
pub use gateway::{Gateway, Parts};
pub use patience::Patience;
pub use probe::{ProbeTarget, Prober};
