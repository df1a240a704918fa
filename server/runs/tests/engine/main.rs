//! The engine with the real gateway and a real database: what becomes of a cell, what its log says, what it would cost.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests stop where they fail")]

mod executor;
mod forecast;
mod log;
mod server;
mod tools;
mod upstream;
mod world;
