//! One object of a request, read field by field until nothing is left.

use serde::de::DeserializeOwned;
use serde_json::{Value, value::RawValue};

use crate::{Error, json::Object};

/// Whom a request goes to that is read in full.
const TARGET: &str = "another provider's API";

/// The fields that nobody took yet, and the path of their object.
pub(super) struct Fields<'a> {
    path: String,
    left: Vec<(String, &'a str)>,
}

impl<'a> Fields<'a> {
    /// `path` is empty for the body itself.
    pub(super) fn parse(text: &'a str, path: &str) -> Result<Self, Error> {
        let about = Some(path).filter(|path| !path.is_empty());
        let object = Object::parse(text).map_err(|problem| problem.about(about))?;
        let left = object.fields().map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(Self { path: path.to_owned(), left })
    }

    /// The path of a field.
    pub(super) fn at(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Takes a field as it is written; `null` counts as absent.
    pub(super) fn raw(&mut self, name: &str) -> Option<&'a str> {
        let at = self.left.iter().position(|(field, _)| field == name)?;
        Some(self.left.remove(at).1).filter(|raw| *raw != "null")
    }

    pub(super) fn get<T: DeserializeOwned>(&mut self, name: &str, what: &str) -> Result<Option<T>, Error> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        serde_json::from_str(raw).map(Some).map_err(|_| self.wrong(name, what))
    }

    pub(super) fn required<T: DeserializeOwned>(&mut self, name: &str, what: &str) -> Result<T, Error> {
        self.get(name, what)?.ok_or_else(|| self.missing(name))
    }

    pub(super) fn object(&mut self, name: &str) -> Result<Option<Self>, Error> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        Fields::parse(raw, &self.at(name)).map(Some)
    }

    /// A list with the path of each item; an absent one is empty.
    pub(super) fn list(&mut self, name: &str) -> Result<Vec<(&'a str, String)>, Error> {
        let Some(raw) = self.raw(name) else { return Ok(Vec::new()) };
        let items: Vec<&'a RawValue> = serde_json::from_str(raw).map_err(|_| self.wrong(name, "a list"))?;
        let path = self.at(name);
        Ok(items.into_iter().enumerate().map(|(i, item)| (item.get(), format!("{path}[{i}]"))).collect())
    }

    /// A JSON schema: an object, its members in the client's order.
    pub(super) fn schema(&mut self, name: &str) -> Result<Option<Value>, Error> {
        let schema: Option<Value> = self.get(name, "a JSON schema")?;
        match schema {
            Some(schema) if !schema.is_object() => Err(self.wrong(name, "a JSON schema")),
            schema => Ok(schema),
        }
    }

    pub(super) fn wrong(&self, name: &str, what: &str) -> Error {
        let path = self.at(name);
        Error::invalid(&path, format!("'{path}' must be {what}"))
    }

    pub(super) fn missing(&self, name: &str) -> Error {
        let path = self.at(name);
        Error::invalid(&path, format!("you must provide '{path}'"))
    }

    pub(super) fn unsupported(&self, name: &str) -> Error {
        Error::unsupported(self.at(name), TARGET)
    }

    /// Whatever says something and was not taken is refused by name.
    pub(super) fn finish(self) -> Result<(), Error> {
        let means_nothing = |raw: &str| {
            let inside = |open, close| raw.strip_prefix(open).and_then(|raw| raw.strip_suffix(close));
            let inside = inside('[', ']').or_else(|| inside('{', '}'));
            raw == "null" || inside.is_some_and(|inside| inside.trim().is_empty())
        };
        match self.left.iter().find(|(_, raw)| !means_nothing(raw)) {
            Some((name, _)) => Err(self.unsupported(name)),
            None => Ok(()),
        }
    }
}
