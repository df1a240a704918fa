//! Keys as the public API shows and reads them: flat, with times as RFC 3339 text.

use std::collections::BTreeMap;

use domain::{
    clock::Stamp,
    key::{
        AllowedModels, CreatedKey, KeyKind, KeyRules, KeyScope, KeyState, KeySummary, RetiringSecret, USUAL_OVERLAP,
    },
    task::TaskClass,
    team::StoreContent,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::http::admin::{
    endpoint::Example,
    shapes::{self, Models, given},
};

/// Personal keys die with the membership of their owner, service keys belong to the team.
fn kinds(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": [KeyKind::Personal.as_str(), KeyKind::Service.as_str()] })
}

fn states(_: &mut SchemaGenerator) -> Schema {
    let all = [KeyState::Active, KeyState::Paused, KeyState::Expired, KeyState::Revoked, KeyState::Orphaned];
    json_schema!({ "type": "string", "enum": all })
}

/// A virtual key.
#[derive(Serialize, JsonSchema)]
pub struct Key {
    id: Uuid,
    /// The number of its last change, for changes that must not run over somebody else's.
    revision: i64,
    name: String,
    /// The 12 public characters: the handle in lists and logs.
    public: String,
    last_four: String,
    /// Personal keys die with the membership of their owner, service keys belong to the team.
    #[schemars(schema_with = "kinds")]
    kind: KeyKind,
    /// `orphaned`: its owner is disabled or no member any more.
    #[schemars(schema_with = "states")]
    state: KeyState,
    models: Models,
    #[schemars(schema_with = "shapes::key_scopes")]
    scopes: Vec<KeyScope>,
    /// Null: never.
    expires: Option<String>,
    /// Networks it may come from; none: any.
    networks: Vec<String>,
    /// What its calls are tagged with unless they say otherwise.
    tags: BTreeMap<String, String>,
    /// The task class of calls that name none.
    #[schemars(schema_with = "shapes::task")]
    task: Option<TaskClass>,
    /// The most tokens an answer may have.
    max_output: Option<u32>,
    /// How much of what is said is kept, where stricter than the team's.
    #[schemars(schema_with = "shapes::optional_store_content")]
    store_content: Option<StoreContent>,
    /// Name of the owner of a personal key.
    owner: Option<String>,
    /// Brought in by a bundle.
    imported: bool,
    created: String,
    created_by: String,
    last_used: Option<String>,
    revoked: Option<String>,
    /// Secrets that still work beside the newest one.
    retiring: Vec<Retiring>,
}

/// A secret that a rotation replaced.
#[derive(Serialize, JsonSchema)]
pub struct Retiring {
    public: String,
    last_four: String,
    until: String,
}

impl From<RetiringSecret> for Retiring {
    fn from(secret: RetiringSecret) -> Self {
        let RetiringSecret { public, last_four, until } = secret;
        Self { public, last_four, until: until.iso }
    }
}

fn iso(stamp: Option<Stamp>) -> Option<String> {
    stamp.map(|stamp| stamp.iso)
}

impl From<KeySummary> for Key {
    fn from(key: KeySummary) -> Self {
        let KeySummary { id, revision, name, public, last_four, kind, state, rules, owner, .. } = key;
        let KeyRules { models, scopes, expires: _, networks, tags, task, max_output, store_content } = rules;
        Self {
            id: id.0,
            revision,
            name,
            public,
            last_four,
            kind,
            state,
            models: Models(models),
            scopes,
            expires: iso(key.expires),
            networks,
            tags,
            task,
            max_output,
            store_content,
            owner,
            imported: key.imported,
            created: key.created.iso,
            created_by: key.created_by,
            last_used: iso(key.last_used),
            revoked: iso(key.revoked),
            retiring: key.retiring.into_iter().map(Retiring::from).collect(),
        }
    }
}

impl Example for Key {
    fn example() -> Self {
        Self {
            id: Uuid::from_u128(0x0190_b6a0_0000_7000_8000_0000_0000_0001),
            revision: 1,
            name: "ci".to_owned(),
            public: auth::api_key::EXAMPLE_PUBLIC.to_owned(),
            last_four: "Ab3d".to_owned(),
            kind: KeyKind::Service,
            state: KeyState::Active,
            models: Models(AllowedModels::Only(vec!["gpt-4o".to_owned()])),
            scopes: vec![KeyScope::Inference],
            expires: Some("2027-01-31T23:00:00Z".to_owned()),
            networks: vec!["203.0.113.0/24".to_owned()],
            tags: BTreeMap::from([("pipeline".to_owned(), "nightly".to_owned())]),
            task: Some(TaskClass::Tests),
            max_output: Some(4096),
            store_content: None,
            owner: None,
            imported: false,
            created: "2026-11-21T14:05:00Z".to_owned(),
            created_by: "Ada".to_owned(),
            last_used: None,
            revoked: None,
            retiring: Vec::new(),
        }
    }
}

/// A key and its secret, which is shown this once.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CreatedKey")]
pub struct Created {
    key: Key,
    secret: String,
}

impl From<CreatedKey> for Created {
    fn from(made: CreatedKey) -> Self {
        let CreatedKey { key, secret } = made;
        Self { key: key.into(), secret }
    }
}

impl Example for Created {
    fn example() -> Self {
        Self { key: Key::example(), secret: format!("tg_{}_…", auth::api_key::EXAMPLE_PUBLIC) }
    }
}

/// A key to be made.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewKey")]
pub struct New {
    name: String,
    #[serde(default)]
    #[schemars(schema_with = "kinds")]
    kind: KeyKind,
    models: Models,
    #[serde(default = "usual_scopes")]
    #[schemars(schema_with = "shapes::key_scopes")]
    scopes: Vec<KeyScope>,
    /// A day such as `2027-01-31`, at whose end in the instance's zone it stops, or a moment of RFC 3339; null: never.
    #[serde(default)]
    expires: Option<String>,
    /// Networks it may come from, such as `203.0.113.0/24`; none: any.
    #[serde(default)]
    networks: Vec<String>,
    /// What its calls are tagged with unless they say otherwise.
    #[serde(default)]
    tags: BTreeMap<String, String>,
    /// The task class of calls that name none.
    #[serde(default)]
    #[schemars(schema_with = "shapes::task")]
    task: Option<TaskClass>,
    /// The most tokens an answer may have.
    #[serde(default)]
    max_output: Option<u32>,
    /// How much of what is said is kept, if stricter than the team's.
    #[serde(default)]
    #[schemars(schema_with = "shapes::optional_store_content")]
    store_content: Option<StoreContent>,
}

fn usual_scopes() -> Vec<KeyScope> {
    KeyRules::default().scopes
}

impl New {
    pub fn parts(self) -> (String, KeyKind, KeyRules) {
        let Self { name, kind, models, scopes, expires, networks, tags, task, max_output, store_content } = self;
        let (Models(models), expires) = (models, expires.unwrap_or_default());
        (name, kind, KeyRules { models, scopes, expires, networks, tags, task, max_output, store_content })
    }
}

impl Example for New {
    fn example() -> Self {
        Self {
            name: "ci".to_owned(),
            kind: KeyKind::Service,
            models: Models(AllowedModels::Only(vec!["gpt-4o".to_owned()])),
            scopes: usual_scopes(),
            expires: Some("2027-01-31".to_owned()),
            networks: vec!["203.0.113.0/24".to_owned()],
            tags: BTreeMap::from([("pipeline".to_owned(), "nightly".to_owned())]),
            task: Some(TaskClass::Tests),
            max_output: Some(4096),
            store_content: None,
        }
    }
}

/// What is to change of a key.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "KeyChange")]
pub struct Change {
    /// That of the key that was read; absent: whatever it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schemars(with = "String")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schemars(with = "Models")]
    models: Option<Models>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schemars(schema_with = "shapes::key_scopes")]
    scopes: Option<Vec<KeyScope>>,
    /// Null: never.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schemars(with = "Option<String>")]
    expires: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schemars(with = "Vec<String>")]
    networks: Option<Vec<String>>,
    /// All of them: what is not named here is gone.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schemars(with = "BTreeMap<String, String>")]
    tags: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schemars(schema_with = "shapes::task")]
    task: Option<Option<TaskClass>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schemars(with = "Option<u32>")]
    max_output: Option<Option<u32>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schemars(schema_with = "shapes::optional_store_content")]
    store_content: Option<Option<StoreContent>>,
}

impl Change {
    /// Name and rules with this change laid over them.
    pub fn over(self, key: KeySummary) -> (String, KeyRules) {
        let KeySummary { name, rules: before, .. } = key;
        let Self { revision: _, name: new_name, models, scopes, expires, networks, tags, task, .. } = self;
        let rules = KeyRules {
            models: models.map_or(before.models, |Models(models)| models),
            scopes: scopes.unwrap_or(before.scopes),
            expires: expires.map_or(before.expires, Option::unwrap_or_default),
            networks: networks.unwrap_or(before.networks),
            tags: tags.unwrap_or(before.tags),
            task: task.unwrap_or(before.task),
            max_output: self.max_output.unwrap_or(before.max_output),
            store_content: self.store_content.unwrap_or(before.store_content),
        };
        (new_name.unwrap_or(name), rules)
    }
}

impl Example for Change {
    fn example() -> Self {
        let name = Some("nightly builds".to_owned());
        Self { revision: Some(1), name, expires: Some(None), ..Self::default() }
    }
}

/// How a rotation goes.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// How long the old secret goes on working, in hours: 0 to 720.
    #[serde(default = "usual_overlap")]
    pub overlap_hours: u32,
}

fn usual_overlap() -> u32 {
    USUAL_OVERLAP
}

impl Example for Rotation {
    fn example() -> Self {
        Self { overlap_hours: USUAL_OVERLAP }
    }
}
