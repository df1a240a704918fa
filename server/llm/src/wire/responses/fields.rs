//! One object of a request body that must be understood in full: every field is read, known to say nothing, or refused.

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::{Error, json::Object};

/// Whom a refused field cannot be said to.
pub const ANOTHER: &str = "another provider's API";

/// An object and where it stands.
#[derive(Debug)]
pub struct Fields<'a> {
    path: String,
    object: Object<'a>,
}

impl<'a> Fields<'a> {
    /// The whole body.
    pub fn top(text: &'a str) -> Result<Self, Error> {
        let object = Object::parse(text).map_err(|problem| problem.about(None))?;
        Ok(Self { path: String::new(), object })
    }

    /// A value inside the body.
    pub fn at(path: &str, text: &'a str) -> Result<Self, Error> {
        let object = Object::parse(text).map_err(|problem| problem.about(Some(path)))?;
        Ok(Self { path: path.to_owned(), object })
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.object.fields()
    }

    /// Raw text of a field; `null` counts as absent.
    pub fn raw(&self, name: &str) -> Option<&'a str> {
        self.object.get(name)
    }

    pub fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    pub fn read<T: DeserializeOwned>(&self, name: &str, what: &str) -> Result<Option<T>, Error> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        serde_json::from_str(raw).map(Some).map_err(|_| self.invalid(name, what))
    }

    pub fn string(&self, name: &str) -> Result<Option<String>, Error> {
        self.read(name, "a string")
    }

    pub fn required(&self, name: &str) -> Result<String, Error> {
        self.string(name)?.ok_or_else(|| self.missing(name))
    }

    /// The fields of an object inside.
    pub fn child(&self, name: &str) -> Result<Option<Fields<'a>>, Error> {
        self.raw(name).map(|raw| Fields::at(&self.path(name), raw)).transpose()
    }

    /// The raw values of a list; absent is empty.
    pub fn list(&self, name: &str) -> Result<Vec<&'a RawValue>, Error> {
        let Some(raw) = self.raw(name) else { return Ok(Vec::new()) };
        serde_json::from_str(raw).map_err(|_| self.invalid(name, "a list"))
    }

    pub fn invalid(&self, name: &str, what: &str) -> Error {
        let path = self.path(name);
        let message = format!("'{path}' must be {what}");
        Error::invalid(path, message)
    }

    pub fn missing(&self, name: &str) -> Error {
        let path = self.path(name);
        let message = format!("you must provide '{path}'");
        Error::invalid(path, message)
    }

    pub fn unsupported(&self, name: &str) -> Error {
        Error::unsupported(self.path(name), ANOTHER)
    }

    /// Refuses a value of a field by its own name: `web_search`, `item_reference`.
    pub fn foreign(&self, name: &str, word: &str) -> Error {
        let path = self.path(name);
        let message = format!("'{path}': '{word}' cannot be said to {ANOTHER}; leave it out or choose another model");
        Error::invalid(path, message)
    }

    /// Refuses what is neither among these nor without meaning.
    pub fn only(&self, known: &[&str]) -> Result<(), Error> {
        match self.iter().find(|(name, value)| !known.contains(name) && !says_nothing(name, value)) {
            Some((name, _)) => Err(self.unsupported(name)),
            None => Ok(()),
        }
    }
}

/// Empty, or the documented default.
pub fn says_nothing(name: &str, raw: &str) -> bool {
    let compact: String = raw.split_whitespace().collect();
    if matches!(compact.as_str(), "null" | "[]" | "{}" | "false") {
        return true;
    }
    matches!(
        (name, compact.as_str()),
        ("truncation", r#""disabled""#)
            | ("top_logprobs", "0")
            | ("service_tier", r#""auto""# | r#""default""#)
            | ("caller", r#"{"type":"direct"}"#)
            | ("allowed_callers", r#"["direct"]"#)
            | ("mode", r#""standard""#)
    )
}
