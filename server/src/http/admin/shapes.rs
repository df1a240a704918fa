//! What several resources of the public API share: words with a fixed set, and fields that may be left out or emptied.
//!
//! `domain` knows nothing of schemas, so the words are listed here from its own constants.

use domain::{
    catalog::Capability,
    key::{AllowedModels, KeyScope},
    report::ReportBy,
    role::{InstanceRole, TeamRole},
    task::TaskClass,
    team::StoreContent,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A field of a change: absent is `None`, null is `Some(None)`.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

fn words<T>(all: impl IntoIterator<Item = T>, text: impl Fn(T) -> &'static str) -> Schema {
    let all: Vec<&str> = all.into_iter().map(text).collect();
    json_schema!({ "type": "string", "enum": all })
}

fn or_null(schema: Schema) -> Schema {
    json_schema!({ "anyOf": [schema, { "type": "null" }] })
}

fn list(schema: Schema) -> Schema {
    json_schema!({ "type": "array", "items": schema })
}

pub fn team_role(_: &mut SchemaGenerator) -> Schema {
    words([TeamRole::Viewer, TeamRole::Member, TeamRole::Admin], TeamRole::as_str)
}

pub fn optional_team_role(generator: &mut SchemaGenerator) -> Schema {
    or_null(team_role(generator))
}

pub fn instance_role(_: &mut SchemaGenerator) -> Schema {
    words([InstanceRole::User, InstanceRole::Admin, InstanceRole::Owner], InstanceRole::as_str)
}

pub fn key_scopes(_: &mut SchemaGenerator) -> Schema {
    list(words(KeyScope::ALL, KeyScope::as_str))
}

pub fn task(_: &mut SchemaGenerator) -> Schema {
    or_null(words(TaskClass::ALL, TaskClass::as_str))
}

pub fn store_content(_: &mut SchemaGenerator) -> Schema {
    words([StoreContent::Full, StoreContent::Redacted, StoreContent::Metadata], StoreContent::as_str)
}

pub fn optional_store_content(generator: &mut SchemaGenerator) -> Schema {
    or_null(store_content(generator))
}

pub fn capabilities(_: &mut SchemaGenerator) -> Schema {
    list(words(Capability::ALL, Capability::as_str))
}

pub fn report_by(_: &mut SchemaGenerator) -> Schema {
    let text = |by| match by {
        ReportBy::Day => "day",
        ReportBy::Model => "model",
        ReportBy::Key => "key",
        ReportBy::Task => "task",
    };
    words([ReportBy::Day, ReportBy::Model, ReportBy::Key, ReportBy::Task], text)
}

/// Which models a key may call: `"all"`, or a list of names. An empty list allows nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Models(pub AllowedModels);

const ALL: &str = "all";

impl Serialize for Models {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            AllowedModels::All => to.serialize_str(ALL),
            AllowedModels::Only(names) => names.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for Models {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ModelsVisitor)
    }
}

struct ModelsVisitor;

impl<'de> de::Visitor<'de> for ModelsVisitor {
    type Value = Models;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("\"all\" or a list of model names")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Models, E> {
        match text {
            ALL => Ok(Models(AllowedModels::All)),
            _ => Err(E::invalid_value(de::Unexpected::Other("another word"), &self)),
        }
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Models, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = list.next_element()? {
            names.push(name);
        }
        Ok(Models(AllowedModels::Only(names)))
    }
}

impl JsonSchema for Models {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AllowedModels".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "\"all\", or a list of model names. An empty list allows nothing.",
            "oneOf": [{ "type": "string", "const": ALL }, { "type": "array", "items": { "type": "string" } }],
        })
    }
}
