//! HTTP tests: a real server on its own port with its own database, and a fake provider that plays along or does not.
//!
//! One file per area. Arrange in one line with `tests::World`, assert one behaviour, compare money with the fake's
//! journal and never with the gateway's own word.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail like tests")]

mod accounting;
mod bad_input;
mod crash;
mod edge;
mod fault_matrix;
mod grid;
mod mixed;
mod models;
mod passthrough;
mod upstream_faults;
