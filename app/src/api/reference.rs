//! The public API for people: what its page shows. `server` knows the API and provides this as a context.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, respond};
use crate::components::sheet::{Ask, Sheet};
#[cfg(feature = "ssr")]
use crate::sheets;

/// The whole API, in the order in which it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// Where it is, without a trailing slash: `https://tallygate.example.com/api/v1`.
    pub base_url: String,
    /// What stands above everything, in words.
    pub introduction: String,
    pub groups: Vec<Group>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// `Keys`
    pub title: String,
    pub endpoints: Vec<Endpoint>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    pub method: String,
    /// `/api/v1/teams/{team}/keys`
    pub path: String,
    pub summary: String,
    /// `keys.read`; empty: none is needed.
    pub scope: String,
    pub parameters: Vec<Parameter>,
    /// JSON, indented; empty: there is none.
    pub request: String,
    pub response: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    pub name: String,
    /// `path`, `query` or `body`
    pub place: String,
    /// `text`, `number`, `list of texts`
    pub kind: String,
    pub required: bool,
    pub text: String,
}

/// The page. Any signed-in person may read it.
#[server(prefix = "/ui", endpoint = "reference/page", protocol = JsonPost)]
pub async fn page(#[server(default)] ask: Ask) -> Result<Sheet, Failure> {
    respond(sheets::reference::page(&actor()?, ask)).await
}
