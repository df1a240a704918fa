//! Operations on a real database: who may do what, and what is written. One binary, one module per resource.
//!
//! `world.rs` makes an instance with two teams and one person per role; a test says only what matters to it.

#![expect(clippy::expect_used, reason = "helpers of tests may end a test with their reason")]

mod audit;
mod bundles;
mod executor;
mod feedback;
mod history;
mod imports;
mod invitations;
mod keys;
mod members;
mod models;
mod permissions;
mod playground;
mod prices;
mod profile;
mod providers;
mod runs;
mod sessions;
mod settings;
mod setup;
mod teams;
mod tokens;
mod users;
mod workbench;
mod world;
