//! Everything that knows Postgres: SQL, row → domain conversion, and the embedded server.
//!
//! One file per table family; functions are free functions over a connection, so the caller owns the transaction. Tenant
//! functions take a `TeamId`. Never here: decisions, HTTP, permission checks. One more table: a migration, a file, a line.

pub mod embedded;

#[cfg(feature = "postgres")]
mod error;
#[cfg(feature = "postgres")]
pub use error::Error;

#[cfg(feature = "postgres")]
pub mod attempts;
#[cfg(feature = "postgres")]
pub mod audit;
#[cfg(feature = "postgres")]
pub mod bodies;
#[cfg(feature = "postgres")]
pub mod case_sets;
#[cfg(feature = "postgres")]
pub mod doctor;
#[cfg(feature = "postgres")]
pub mod drafts;
#[cfg(feature = "postgres")]
pub mod feedback;
#[cfg(feature = "postgres")]
pub mod history;
#[cfg(feature = "postgres")]
pub mod images;
#[cfg(feature = "postgres")]
pub mod instance;
#[cfg(feature = "postgres")]
pub mod invitations;
#[cfg(feature = "postgres")]
pub mod keys;
#[cfg(feature = "postgres")]
pub mod members;
#[cfg(feature = "postgres")]
pub mod migrate;
#[cfg(feature = "postgres")]
pub mod models;
#[cfg(feature = "postgres")]
pub mod notify;
#[cfg(feature = "postgres")]
pub mod pool;
#[cfg(feature = "postgres")]
pub mod prices;
#[cfg(feature = "postgres")]
pub mod providers;
#[cfg(feature = "postgres")]
pub mod replicas;
#[cfg(feature = "postgres")]
pub mod resets;
#[cfg(feature = "postgres")]
pub mod runs;
#[cfg(feature = "postgres")]
pub mod sessions;
#[cfg(feature = "postgres")]
pub mod setup;
#[cfg(feature = "postgres")]
pub mod snapshot;
#[cfg(feature = "postgres")]
mod storable;
#[cfg(feature = "postgres")]
pub mod teams;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(feature = "postgres")]
pub mod tokens;
#[cfg(feature = "postgres")]
pub mod usage;
#[cfg(feature = "postgres")]
pub mod users;
#[cfg(feature = "postgres")]
pub mod views;
#[cfg(feature = "postgres")]
mod words;
