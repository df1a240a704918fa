//! The languages of model APIs: bytes in, values out, and back.
//!
//! | file | what |
//! |---|---|
//! | `chat.rs` `request.rs` | the neutral chat request; what the gateway knows about any request |
//! | `event.rs` `sse.rs` `frame.rs` | what an answer says; server-sent events at any chunk boundary; tapped frames |
//! | `collect.rs` | a complete answer out of the events of a stream |
//! | `estimate.rs` `tally.rs` | token bounds before a call; token counts of an answer |
//! | `wire/` | serde types and rules of one wire format |
//! | `dialects/` | how clients speak: decode a call, render a problem |
//! | `providers/` | how upstreams speak: encode a call, read the answer, classify a refusal |
//! | `offer.rs` | which models an upstream offers: the question and its answer |
//! | `limit.rs` | a limit of the gateway's own on the length of an answer |
//!
//! Pure. Never here: network, tokio, clocks, credentials, prices. The crate builds for wasm32.
//! One more provider or dialect: one file in its folder, one line in `PROVIDERS` or `DIALECTS`, one golden fixture.
//!
//! Where both sides speak the same wire the bytes pass through: a request is edited in place, an answer is tapped. The
//! translation half of the traits (`encode` of a response, an event encoder) comes with the second wire.

pub mod chat;
mod collect;
pub mod dialects;
mod error;
pub mod estimate;
pub mod event;
pub mod frame;
mod json;
mod limit;
pub mod offer;
pub mod problem;
pub mod providers;
pub mod request;
pub mod sse;
pub mod tally;
pub mod wire;

pub use collect::Collector;
pub use dialects::{DIALECTS, Dialect};
pub use error::Error;
pub use problem::{HttpBody, Problem, ProblemKind};
pub use providers::{PROVIDERS, Provider};
pub use request::Request;
