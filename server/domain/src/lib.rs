//! The words of Tallygate and its pure rules: ids, money, prices, usage, attempts, keys, roles, permissions, runs, errors.
//!
//! Here: types, arithmetic and decisions that the server and the browser share; the crate builds for wasm32.
//! Never here: IO, async, secrets, the environment, the real clock, real randomness.
//! One more word: a file of its own, named by the vocabulary, and one `pub mod` line below.

pub mod audit;
pub mod bundle;
pub mod catalog;
pub mod clock;
pub mod destination;
pub mod error;
pub mod event;
pub mod feedback;
pub mod grid;
pub mod history;
pub mod id;
pub mod interval;
pub mod key;
pub mod ledger;
pub mod model;
pub mod money;
pub mod network;
pub mod permission;
pub mod person;
pub mod price;
pub mod provider;
pub mod report;
pub mod role;
pub mod run;
pub mod session;
pub mod settings;
pub mod snippet;
pub mod task;
pub mod team;
pub mod template;
pub mod text;
pub mod token;
pub mod usage;

pub use error::{ApiError, ErrorKind};
pub use money::Money;
