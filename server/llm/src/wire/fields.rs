//! Reading the fields of a client's body: what every operation of the OpenAI family needs.

use serde::de::DeserializeOwned;

use crate::{
    Error,
    json::{self, Object},
};

/// The body as text that is safe to parse: UTF-8, and not nested too deep.
pub fn text(body: &[u8]) -> Result<&str, Error> {
    let text = std::str::from_utf8(body).map_err(|_| Error::body("the request body is not UTF-8 text"))?;
    if !json::is_shallow(text) {
        return Err(Error::body(format!("the request body is nested deeper than {} levels", json::DEPTH_LIMIT)));
    }
    Ok(text)
}

/// The body as an object.
pub fn object(text: &str) -> Result<Object<'_>, Error> {
    Object::parse(text).map_err(|problem| problem.about(None))
}

/// A field of this type; absent and null are `None`.
pub fn read<T: DeserializeOwned>(object: &Object<'_>, name: &str, what: &str) -> Result<Option<T>, Error> {
    let Some(raw) = object.get(name) else { return Ok(None) };
    serde_json::from_str(raw).map(Some).map_err(|_| Error::invalid(name, format!("'{name}' must be {what}")))
}

/// The public model name.
pub fn model(object: &Object<'_>) -> Result<String, Error> {
    let model: String = read(object, "model", "a string")?.unwrap_or_default();
    if model.is_empty() { Err(missing("model")) } else { Ok(model) }
}

pub fn missing(param: &str) -> Error {
    Error::invalid(param, format!("you must provide '{param}'"))
}

/// Does a field say nothing: absent, null, an empty list or object, or the value that is the default anyway?
pub fn is_default(raw: &str, default: &str) -> bool {
    matches!(raw, "null" | "[]" | "{}") || raw == default
}

/// The text or the texts of `prompt` and `input`; token ids are counted, never read.
#[derive(Debug, PartialEq, Eq)]
pub enum Texts {
    One(String),
    Many(Vec<String>),
    /// Lists of token ids; the number of lists.
    Tokens(usize),
}

impl Texts {
    pub fn read(raw: &str, param: &str) -> Result<Self, Error> {
        use serde_json::value::RawValue;
        let wrong = |param: &str, what: &str| Error::invalid(param, format!("'{param}' must be {what}"));
        let whole = "a string, a list of strings, or token ids";
        match raw.as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw).map(Self::One).map_err(|_| wrong(param, whole)),
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(raw).map_err(|_| wrong(param, whole))?;
                let Some(first) = items.first() else {
                    return Err(Error::invalid(param, format!("'{param}' must hold at least one text")));
                };
                match first.get().as_bytes().first() {
                    Some(b'"') => each(&items, param, "a string like the first item").map(Self::Many),
                    Some(b'[') => {
                        each::<Vec<u32>>(&items, param, "a list of token ids").map(|lists| Self::Tokens(lists.len()))
                    }
                    _ => each::<u32>(&items, param, "a token id").map(|_| Self::Tokens(1)),
                }
            }
            _ => Err(wrong(param, whole)),
        }
    }

    /// How many inputs there are.
    pub fn count(&self) -> u32 {
        let count = match self {
            Self::One(_) => 1,
            Self::Many(texts) => texts.len(),
            Self::Tokens(lists) => *lists,
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    pub fn bytes(&self) -> u64 {
        match self {
            Self::One(text) => text.len() as u64,
            Self::Many(texts) => texts.iter().map(|text| text.len() as u64).sum(),
            Self::Tokens(_) => 0,
        }
    }
}

fn each<T: DeserializeOwned>(items: &[&serde_json::value::RawValue], param: &str, what: &str) -> Result<Vec<T>, Error> {
    let item = |(i, raw): (usize, &&serde_json::value::RawValue)| {
        let wrong = |_| Error::invalid(format!("{param}[{i}]"), format!("'{param}[{i}]' must be {what}"));
        serde_json::from_str(raw.get()).map_err(wrong)
    };
    items.iter().enumerate().map(item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_alone_in_lists_or_as_tokens() {
        for (raw, want) in [
            (r#""aé""#, Texts::One("aé".to_owned())),
            (r#"["a","b"]"#, Texts::Many(vec!["a".to_owned(), "b".to_owned()])),
            ("[1,2,3]", Texts::Tokens(1)),
            ("[[1,2],[3]]", Texts::Tokens(2)),
        ] {
            assert_eq!(Texts::read(raw, "prompt"), Ok(want), "{raw}");
        }
    }

    #[test]
    fn a_wrong_item_is_named() {
        for (raw, param) in [
            ("7", "p"),
            ("{}", "p"),
            ("[]", "p"),
            (r#"["a",1]"#, "p[1]"),
            ("[1,\"a\"]", "p[1]"),
            ("[-1]", "p[0]"),
            ("[[1],[\"a\"]]", "p[1]"),
            ("[null]", "p[0]"),
        ] {
            let error = Texts::read(raw, "p").unwrap_err();
            assert!(matches!(&error, Error::Invalid { param: Some(named), .. } if named == param), "{raw}: {error:?}");
        }
    }
}
