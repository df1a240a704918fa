//! One file per page. A page reads its parameters from the address, calls server functions and arranges components.
//!
//! Never here: rules, SQL, `web_sys` (that is `browser` and `events`). One more page: a file, a `pub mod` line, a `<Route>` in
//! `lib.rs`, and a place in `frame::places` when the navigation should lead to it. Views import `crate::prelude`, see there.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::components::reactive::settled;

pub mod api_reference;
pub mod audit;
pub mod bundle;
pub mod catalog;
pub mod frame;
pub mod history;
pub mod home;
pub mod invite;
pub mod key;
pub mod keys;
pub mod me;
pub mod members;
pub mod models;
pub mod people;
pub mod permissions;
pub mod playground;
pub mod price_import;
pub mod prices;
pub mod problem;
pub mod providers;
pub mod request;
pub mod reset;
pub mod runs;
pub mod sessions;
pub mod settings;
pub mod setup;
pub mod sign_in;
pub mod start;
pub mod team_settings;
pub mod teams;
pub mod tokens;
pub mod verdict;
pub mod verdicts;

/// One parameter of the route; empty when it is not part of it.
fn param(name: &'static str) -> Signal<String> {
    let params = use_params_map();
    settled(Memo::new(move |_| params.read().get(name).unwrap_or_default())).into()
}

/// The team the page belongs to.
fn team() -> Signal<String> {
    param("team")
}
