//! One JSON object of a request with its path, read strictly: a field that nobody knows is refused by name.

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::{Error, json::Object};

/// Whom a request cannot be said to.
pub(super) const ELSEWHERE: &str = "another provider's API";

pub(super) struct Fields<'a> {
    object: Object<'a>,
    path: String,
}

impl<'a> Fields<'a> {
    pub fn parse(raw: &'a str, path: &str) -> Result<Self, Error> {
        let about = (!path.is_empty()).then_some(path);
        let object = Object::parse(raw).map_err(|problem| problem.about(about))?;
        Ok(Self { object, path: path.to_owned() })
    }

    /// The path of a field.
    pub fn at(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    pub fn raw(&self, name: &str) -> Option<&'a str> {
        self.object.get(name)
    }

    pub fn get<T: DeserializeOwned>(&self, name: &str, what: &str) -> Result<Option<T>, Error> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        let path = self.at(name);
        let wrong = |_| Error::invalid(&path, format!("'{path}' must be {what}"));
        serde_json::from_str(raw).map(Some).map_err(wrong)
    }

    pub fn string(&self, name: &str) -> Result<Option<String>, Error> {
        self.get(name, "a string")
    }

    pub fn need_string(&self, name: &str) -> Result<String, Error> {
        self.string(name)?.ok_or_else(|| self.missing(name))
    }

    pub fn boolean(&self, name: &str) -> Result<Option<bool>, Error> {
        self.get(name, "true or false")
    }

    pub fn object(&self, name: &str) -> Result<Option<Self>, Error> {
        self.raw(name).map(|raw| Self::parse(raw, &self.at(name))).transpose()
    }

    /// The items of a list, each with its path.
    pub fn list(&self, name: &str) -> Result<Vec<(&'a str, String)>, Error> {
        self.raw(name).map_or_else(|| Ok(Vec::new()), |raw| items(raw, &self.at(name)))
    }

    pub fn missing(&self, name: &str) -> Error {
        let path = self.at(name);
        Error::invalid(&path, format!("you must provide '{path}'"))
    }

    /// Refuses every other field that says something: the neutral form cannot hold it.
    pub fn only(&self, known: &[&str]) -> Result<(), Error> {
        match self.object.fields().find(|(name, raw)| !known.contains(name) && says_something(raw)) {
            Some((name, _)) => Err(Error::unsupported(self.at(name), ELSEWHERE)),
            None => Ok(()),
        }
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.object.fields().filter(|(_, raw)| says_something(raw)).map(|(name, _)| name)
    }
}

/// The items of a JSON list, each with its path.
pub(super) fn items<'a>(raw: &'a str, path: &str) -> Result<Vec<(&'a str, String)>, Error> {
    let items: Vec<&'a RawValue> =
        serde_json::from_str(raw).map_err(|_| Error::invalid(path, format!("'{path}' must be a list")))?;
    Ok(items.into_iter().enumerate().map(|(i, item)| (item.get(), format!("{path}[{i}]"))).collect())
}

/// Nothing is null, an empty list or an empty object.
fn says_something(raw: &str) -> bool {
    let mut visible = raw.bytes().filter(|byte| !byte.is_ascii_whitespace());
    !matches!(
        (visible.next(), visible.next(), visible.next()),
        (Some(b'['), Some(b']'), None) | (Some(b'{'), Some(b'}'), None)
    ) && raw != "null"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_field_is_refused_unless_it_says_nothing() {
        let fields = Fields::parse(r#"{"a":1,"b":null,"c":[ ],"d":{}}"#, "x[0]").unwrap();
        assert_eq!(fields.only(&["a"]), Ok(()));
        assert_eq!(fields.only(&[]), Err(Error::unsupported("x[0].a", ELSEWHERE)));
    }

    #[test]
    fn a_wrong_type_is_named_by_its_path() {
        let fields = Fields::parse(r#"{"a":1}"#, "").unwrap();
        assert_eq!(fields.string("a"), Err(Error::invalid("a", "'a' must be a string")));
        assert_eq!(fields.need_string("b"), Err(Error::invalid("b", "you must provide 'b'")));
        assert!(Fields::parse("[]", "x").is_err());
    }
}
