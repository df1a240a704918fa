//! HTTP tests: a real server on its own port with its own database, and a fake provider that plays along or does not.
//!
//! One file per area. Arrange in one line with `tests::World`, assert one behaviour, compare money with the fake's
//! journal and never with the gateway's own word. Tests of access arrange with `tests::Tenants` and take their requests from
//! `surface`, which knows a valid one for every operation and route of the inventory.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail like tests")]

mod accounting;
mod bad_fields;
mod bad_input;
mod bundles;
mod canary;
mod crash;
mod edge;
mod fault_matrix;
mod feedback;
mod grid;
mod lattice;
mod links;
mod matrix;
mod mixed;
mod models;
mod passthrough;
mod replicas;
mod surface;
mod twin;
mod upstream_faults;
