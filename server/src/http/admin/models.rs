//! `/api/v1/teams/{team}/models`: the names that clients send.

use control::models as operations;
use domain::{
    catalog::Capability,
    id::ModelId,
    model::{ModelChange, ModelSummary, NewModel, PriceText},
    token::TokenScope::{ModelsRead, ModelsWrite},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    asked::{Asked, PAGE, Page},
    endpoint::{Answer, Content, Endpoint, Example, Group, shown},
    shapes::{self, given},
};

pub static GROUP: Group = Group {
    name: "Models",
    about: "The names that clients send, each bound to a provider, an upstream name and a price. Prices are dollars per million \
            tokens as decimal text; an unknown price is null or empty, never zero.",
    endpoints: &[
        Endpoint {
            route: "GET /api/v1/teams/{team}/models",
            id: "listModels",
            summary: "List models",
            about: "The team's own and those of the whole instance.",
            scope: Some(ModelsRead),
            query: PAGE,
            body: None,
            answer: Some(Content::of::<Page<Model>>()),
            run: list,
        },
        Endpoint {
            route: "POST /api/v1/teams/{team}/models",
            id: "createModel",
            summary: "Add a model",
            about: "It belongs to whoever owns its provider: the team, or the whole instance.",
            scope: Some(ModelsWrite),
            query: &[],
            body: Some(Content::of::<New>()),
            answer: Some(Content::of::<Model>()),
            run: create,
        },
        Endpoint {
            route: "GET /api/v1/teams/{team}/models/{model}",
            id: "getModel",
            summary: "Read a model",
            about: "",
            scope: Some(ModelsRead),
            query: &[],
            body: None,
            answer: Some(Content::of::<Model>()),
            run: get,
        },
        Endpoint {
            route: "PATCH /api/v1/teams/{team}/models/{model}",
            id: "updateModel",
            summary: "Change a model",
            about: "What is absent stays. Null empties a field that may be empty. With `revision` the change is refused (409) when \
                    somebody else changed the model since. Prices have versions of their own and are not changed here.",
            scope: Some(ModelsWrite),
            query: &[],
            body: Some(Content::of::<Change>()),
            answer: Some(Content::of::<Model>()),
            run: update,
        },
        Endpoint {
            route: "DELETE /api/v1/teams/{team}/models/{model}",
            id: "archiveModel",
            summary: "Archive a model",
            about: "It is no longer served and its name is free again; its history stays.",
            scope: Some(ModelsWrite),
            query: &[],
            body: None,
            answer: None,
            run: archive,
        },
    ],
};

/// Dollars per million tokens, as decimal text; empty: not known.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Price {
    input: String,
    cache_read: String,
    output: String,
}

impl From<PriceText> for Price {
    fn from(price: PriceText) -> Self {
        let PriceText { input, cache_read, output } = price;
        Self { input, cache_read, output }
    }
}

impl From<Price> for PriceText {
    fn from(price: Price) -> Self {
        let Price { input, cache_read, output } = price;
        Self { input, cache_read, output }
    }
}

impl Price {
    fn example() -> Self {
        Self { input: "2.50".to_owned(), cache_read: "1.25".to_owned(), output: "10.00".to_owned() }
    }
}

/// A model that a team can call.
#[derive(Serialize, JsonSchema)]
struct Model {
    id: Uuid,
    /// The number of its last change.
    revision: i64,
    /// The name clients send.
    name: String,
    aliases: Vec<String>,
    /// The name the provider knows.
    upstream: String,
    /// Slug of the provider.
    provider: String,
    provider_kind: String,
    /// Belongs to the whole instance rather than to the team.
    shared: bool,
    context_window: Option<u32>,
    max_output: Option<u32>,
    /// Empty: not known.
    #[schemars(schema_with = "shapes::capabilities")]
    capabilities: Vec<Capability>,
    /// `2027-01-14`: the vendor's last day for it.
    retires_on: Option<String>,
    /// The base tier; null: unpriced.
    price: Option<Price>,
    priced_since: Option<String>,
    /// The price was taken over from a catalogue or a file, and nobody has confirmed it.
    price_unconfirmed: bool,
}

impl From<ModelSummary> for Model {
    fn from(model: ModelSummary) -> Self {
        let ModelSummary { id, revision, name, aliases, upstream, provider, provider_kind, shared, .. } = model;
        Self {
            id: id.0,
            revision,
            name,
            aliases,
            upstream,
            provider,
            provider_kind,
            shared,
            context_window: model.context_window,
            max_output: model.max_output,
            capabilities: model.capabilities,
            retires_on: model.retires_on,
            price: model.price.map(Price::from),
            priced_since: model.priced_since.map(|stamp| stamp.iso),
            price_unconfirmed: model.price_unconfirmed,
        }
    }
}

impl Example for Model {
    fn example() -> Self {
        Self {
            id: Uuid::from_u128(0x0190_b6a0_0000_7000_8000_0000_0000_0004),
            revision: 1,
            name: "gpt-4o".to_owned(),
            aliases: vec!["gpt-4o-latest".to_owned()],
            upstream: "gpt-4o-2024-11-20".to_owned(),
            provider: "openai".to_owned(),
            provider_kind: "openai".to_owned(),
            shared: false,
            context_window: Some(128_000),
            max_output: Some(16_384),
            capabilities: vec![Capability::Tools, Capability::Images],
            retires_on: None,
            price: Some(Price::example()),
            priced_since: Some("2026-11-21T14:05:00Z".to_owned()),
            price_unconfirmed: false,
        }
    }
}

/// A model to be added.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewModel")]
struct New {
    /// Slug of a provider that the team can use.
    provider: String,
    /// The name clients send.
    name: String,
    /// The name the provider knows; empty: the same.
    #[serde(default)]
    upstream: String,
    #[serde(default)]
    context_window: Option<u32>,
    #[serde(default)]
    max_output: Option<u32>,
    #[serde(default)]
    price: Price,
}

impl Example for New {
    fn example() -> Self {
        Self {
            provider: "openai".to_owned(),
            name: "gpt-4o".to_owned(),
            upstream: "gpt-4o-2024-11-20".to_owned(),
            context_window: Some(128_000),
            max_output: Some(16_384),
            price: Price::example(),
        }
    }
}

/// What is to change of a model.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "ModelChange")]
struct Change {
    /// That of the model that was read; absent: whatever it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schemars(with = "String")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schemars(with = "String")]
    upstream: Option<String>,
    /// All of them: what is not named here is gone.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schemars(with = "Vec<String>")]
    aliases: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schemars(with = "Option<u32>")]
    context_window: Option<Option<u32>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schemars(with = "Option<u32>")]
    max_output: Option<Option<u32>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schemars(schema_with = "shapes::capabilities")]
    capabilities: Option<Vec<Capability>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schemars(with = "Option<String>")]
    retires_on: Option<Option<String>>,
}

impl Change {
    fn over(self, team: &str, model: ModelSummary) -> ModelChange {
        let Self { revision, name, upstream, aliases, context_window, max_output, capabilities, retires_on } = self;
        ModelChange {
            team: team.to_owned(),
            model: model.id,
            revision: revision.unwrap_or(model.revision),
            name: name.unwrap_or(model.name),
            upstream: upstream.unwrap_or(model.upstream),
            aliases: aliases.unwrap_or(model.aliases),
            context_window: context_window.unwrap_or(model.context_window),
            max_output: max_output.unwrap_or(model.max_output),
            capabilities: capabilities.unwrap_or(model.capabilities),
            retires_on: retires_on.unwrap_or(model.retires_on).unwrap_or_default(),
        }
    }
}

impl Example for Change {
    fn example() -> Self {
        Self { revision: Some(1), aliases: Some(vec!["gpt-4o-latest".to_owned()]), ..Self::default() }
    }
}

fn list(asked: &Asked) -> Answer<'_> {
    Box::pin(async {
        asked.no_body()?;
        let all = operations::list(&asked.ctx, &asked.actor, asked.team()).await?;
        asked.page(all.into_iter().map(|model| (model.id.0, Model::from(model))).collect())
    })
}

fn create(asked: &Asked) -> Answer<'_> {
    Box::pin(async {
        let New { provider, name, upstream, context_window, max_output, price } = asked.body()?;
        let (team, price) = (asked.team().to_owned(), price.into());
        let input = NewModel { team, provider, name, upstream, context_window, max_output, price };
        Ok(shown(&Model::from(operations::create(&asked.ctx, &asked.actor, input).await?)))
    })
}

fn get(asked: &Asked) -> Answer<'_> {
    Box::pin(async {
        asked.no_body()?;
        let id: ModelId = asked.id("model")?;
        Ok(shown(&Model::from(operations::get(&asked.ctx, &asked.actor, asked.team(), id).await?)))
    })
}

fn update(asked: &Asked) -> Answer<'_> {
    Box::pin(async {
        let change: Change = asked.body()?;
        let id: ModelId = asked.id("model")?;
        let before = operations::get(&asked.ctx, &asked.actor, asked.team(), id).await?;
        let input = change.over(asked.team(), before);
        Ok(shown(&Model::from(operations::update(&asked.ctx, &asked.actor, input).await?)))
    })
}

fn archive(asked: &Asked) -> Answer<'_> {
    Box::pin(async {
        asked.no_body()?;
        let id: ModelId = asked.id("model")?;
        operations::archive(&asked.ctx, &asked.actor, asked.team(), id).await?;
        Ok(serde_json::Value::Null)
    })
}
