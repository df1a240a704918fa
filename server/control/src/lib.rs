//! The control plane: people, providers, models, keys, runs, history, verdicts, and the bundle that describes them.
//!
//! One file per resource, one function per operation: authorise, validate, transact, write the audit row. The first argument
//! is the [`Context`], the second the [`Actor`]; the few operations without an actor are sign-in and set-up. Server functions,
//! the public API and the command line call the same functions. Never here: HTTP, SQL text, the environment, a model call.
//! One more operation: a function in its resource's file and its line in the permission test of `tests/control/permissions.rs`.

pub mod actor;
pub mod audit;
mod base_url;
pub mod bundle;
pub mod catalog;
mod context;
mod diff;
mod error;
pub mod feedback;
mod grids;
pub mod history;
pub mod invitations;
pub mod keys;
mod links;
pub mod members;
pub mod models;
pub mod playground;
pub mod prices;
mod probe;
pub mod profile;
pub mod providers;
mod range;
pub mod runs;
pub mod sessions;
pub mod settings;
pub mod setup;
mod stamps;
pub mod strict;
pub mod teams;
mod throttle;
pub mod tokens;
pub mod usage;
pub mod users;
pub mod vault;
pub mod workbench;

pub use actor::{Access, Actor, TokenScopes};
pub use context::{Context, Parts};
pub use error::Error;
pub use probe::{OfferedId, Probe, ProbeTarget, Probed};
pub use workbench::Workbench;
