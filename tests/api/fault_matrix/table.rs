//! The matrix of `ledger.md` 18, line by line: rows 11 to 87 for one target without fallback.
//!
//! Each function is a group that shares an instance. Not here: rows 1 to 10, which need sockets of their own (`network`),
//! 32, which needs the provider's gate, and 88 to 93, which clients misbehave in (`leaving`, `reading`). Rows 38 and 39
//! (HTTP/2 resets) have no line: the outbound client speaks HTTP/1.1 only, and a provider cannot choose otherwise.

mod framing;
mod refusals;
mod streams;
mod usage;
mod wires;

pub use framing::framing;
pub use refusals::{foreign, refusals};
pub use streams::{breaks, frames, stalls};
pub use usage::usage;
pub use wires::{others, wires};
