//! The built-in catalogue as pages read it: current models of the main vendors, each with its source and date.
//!
//! The entries are data in `control/catalog/models.toml`. They are facts somebody wrote down, not a price list: whatever is
//! taken over stays *unconfirmed* until an administrator has looked.

use serde::{Deserialize, Serialize};

use crate::price::version::RateText;

/// What a model can do, as far as somebody has told us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    Tools,
    JsonSchema,
    Images,
    Reasoning,
    CacheMarkers,
    /// Fill in the middle.
    Fill,
    Embeddings,
}

impl Capability {
    pub const ALL: [Self; 7] = [
        Self::Tools,
        Self::JsonSchema,
        Self::Images,
        Self::Reasoning,
        Self::CacheMarkers,
        Self::Fill,
        Self::Embeddings,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::JsonSchema => "json_schema",
            Self::Images => "images",
            Self::Reasoning => "reasoning",
            Self::CacheMarkers => "cache_markers",
            Self::Fill => "fill",
            Self::Embeddings => "embeddings",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|capability| capability.as_str() == text)
    }
}

/// What is known about a model besides its price; nothing where nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelFacts {
    pub context_window: Option<u32>,
    pub max_output: Option<u32>,
    /// Empty: not known.
    pub capabilities: Vec<Capability>,
    /// `2027-01-14`: the vendor's last day for it.
    pub retires_on: Option<String>,
}

impl ModelFacts {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a page looks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogQuery {
    pub team: String,
    /// Parts of a name or a vendor; empty: everything.
    #[serde(default)]
    pub text: String,
}

/// What was found, best first, at most as many as a dialog can show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogPage {
    pub entries: Vec<CatalogEntry>,
    /// How many match in all.
    pub total: u32,
}

/// One model of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogEntry {
    /// `openai`.
    pub vendor: String,
    pub vendor_title: String,
    /// What the vendor calls the model.
    pub upstream: String,
    pub facts: ModelFacts,
    pub rates: Vec<RateText>,
    /// The page the figures come from, or the name of the file they were taken from.
    pub source: String,
    /// When it said so.
    pub source_date: String,
    /// Slugs of the team's providers that can serve it.
    pub providers: Vec<String>,
    /// The team has it already, under this name.
    pub present: Option<String>,
}

/// What a form sends to take a model over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCatalogModel {
    pub team: String,
    /// Slug of the provider that will serve it.
    pub provider: String,
    pub vendor: String,
    pub upstream: String,
    /// The name clients send; empty: the vendor's.
    #[serde(default)]
    pub name: String,
}
