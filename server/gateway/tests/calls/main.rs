//! Whole calls through the gateway: a real database, a real socket, no HTTP edge.
//!
//! What an upstream says is written here byte by byte; the wire-faithful fake with its journal is in the package `tests`.

#![expect(clippy::unwrap_used, reason = "a test whose arrangement fails has nothing to say but where")]

mod chats;
mod keys;
mod plain;
mod probe;
mod retries;
mod streams;
mod world;
