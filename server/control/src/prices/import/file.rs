//! The community price file: one JSON object, a model per key, each with the vendor that serves it.
//!
//! Values stay the text they are written in until `entry` reads the ones it knows.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::value::RawValue;

/// The fields of one model, unread.
pub(super) type Fields<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// What kinds of model have token prices.
const MODES: [&str; 4] = ["chat", "responses", "completion", "embedding"];

/// The models of the file that have token prices.
pub(super) struct File<'a> {
    models: BTreeMap<String, Fields<'a>>,
}

impl<'a> File<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let all: BTreeMap<String, &RawValue> = serde_json::from_slice(bytes).map_err(|error| {
            format!("this is not a price file: expected one JSON object of models (line {})", error.line())
        })?;
        let mut models = BTreeMap::new();
        for (key, value) in all {
            let Ok(fields) = serde_json::from_str::<Fields<'a>>(value.get()) else { continue };
            if text(&fields, "mode").is_some_and(|mode| MODES.contains(&&*mode)) {
                models.insert(key, fields);
            }
        }
        if models.is_empty() {
            return Err("there is no model with token prices in this file".to_owned());
        }
        Ok(Self { models })
    }

    pub(super) fn len(&self) -> usize {
        self.models.len()
    }

    /// The key of an upstream model at one of the vendor's names: with that name before it, or bare.
    pub(super) fn find(&self, vendor: &[&str], upstream: &str) -> Option<&str> {
        let candidates =
            vendor.iter().flat_map(|name| [(name, format!("{name}/{upstream}")), (name, upstream.to_owned())]);
        candidates.into_iter().find_map(|(name, key)| {
            let (key, fields) = self.models.get_key_value(&key)?;
            (text(fields, "litellm_provider").as_deref() == Some(*name)).then_some(key.as_str())
        })
    }

    /// The fields of a key that [`Self::find`] gave.
    pub(super) fn fields(&self, key: &str) -> Option<&Fields<'a>> {
        self.models.get(key)
    }
}

/// A field that holds a text.
pub(super) fn text<'a>(fields: &Fields<'a>, name: &str) -> Option<Cow<'a, str>> {
    serde_json::from_str::<Text<'a>>(fields.get(name)?.get()).ok().map(|it| it.0)
}

#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
