//! Models: a public name that clients send, bound to a provider, an upstream id and a price.

use serde::{Deserialize, Serialize};

use crate::{
    catalog::Capability,
    clock::Stamp,
    id::{ModelId, PriceVersionId},
    price::version::PriceSource,
};

/// A price as people type it: dollars per million tokens, decimal text; empty means "not known".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PriceText {
    pub input: String,
    pub cache_read: String,
    pub output: String,
}

/// What a form sends to add a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewModel {
    pub team: String,
    /// Slug of a provider the team can use.
    pub provider: String,
    /// The name clients send.
    pub name: String,
    /// The name the provider knows; empty means the same.
    #[serde(default)]
    pub upstream: String,
    #[serde(default)]
    pub context_window: Option<u32>,
    #[serde(default)]
    pub max_output: Option<u32>,
    #[serde(default)]
    pub price: PriceText,
}

/// A model in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelSummary {
    pub id: ModelId,
    pub revision: i64,
    pub name: String,
    pub aliases: Vec<String>,
    pub upstream: String,
    pub provider: String,
    pub provider_kind: String,
    pub shared: bool,
    pub context_window: Option<u32>,
    pub max_output: Option<u32>,
    /// Empty: not known.
    pub capabilities: Vec<Capability>,
    /// `2027-01-14`: the vendor's last day for it.
    pub retires_on: Option<String>,
    /// The base tier; `None`: unpriced. Unknown is not zero.
    pub price: Option<PriceText>,
    pub priced_since: Option<Stamp>,
    pub price_version: Option<PriceVersionId>,
    pub price_source: Option<PriceSource>,
    /// The price was taken over from the catalogue or a file, and nobody has confirmed it.
    pub price_unconfirmed: bool,
    /// May the reader change it?
    pub editable: bool,
}

/// What a form or script sends to change a model; its price has versions of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelChange {
    pub team: String,
    pub model: ModelId,
    pub revision: i64,
    pub name: String,
    #[serde(default)]
    pub upstream: String,
    #[serde(default)]
    pub aliases: Vec<String>,
    #[serde(default)]
    pub context_window: Option<u32>,
    #[serde(default)]
    pub max_output: Option<u32>,
    #[serde(default)]
    pub capabilities: Vec<Capability>,
    /// `2027-01-14`; empty: not known.
    #[serde(default)]
    pub retires_on: String,
}
