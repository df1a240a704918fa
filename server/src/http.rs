//! The HTTP edge: accept loop, layers, routes. Everything that decides lives below, in `control` and `gateway`.

pub mod admin;
pub mod caller;
mod csv;
mod downloads;
pub mod events;
mod feedback;
pub mod headers;
pub mod health;
pub mod inventory;
pub mod listen;
pub mod origin;
pub mod pages;
pub mod principal;
pub mod public_origin;
pub mod render;
mod requests;
pub mod router;
pub mod routes;
pub mod session;
pub mod session_store;
pub mod site;
pub mod v1;
