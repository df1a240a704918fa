//! What an upstream says it offers: how to ask for its list of models, free of charge, and how to read the answer.
//!
//! Each provider says where its list is ([`crate::Provider::listing`]) and reads a page of it; the OpenAI family's form, which
//! vendors extend in their own ways, is read here. Never here: the network, credentials, prices.

use serde_json::Value;

use crate::Error;

/// How to learn which models an upstream offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    /// Nobody has to be asked.
    BuiltIn(Vec<Offered>),
    Ask(ListRequest),
    /// The kind has nothing to ask for free.
    NotOffered,
}

/// A GET without body and credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRequest {
    pub url: String,
    /// Of the provider itself, such as its API version.
    pub headers: Vec<(&'static str, &'static str)>,
}

/// A model that an upstream offers, as far as its list tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    pub id: String,
    pub context_window: Option<u32>,
    pub max_output: Option<u32>,
}

/// One page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub models: Vec<Offered>,
    /// What the question for the next page names; `None` when this is the last.
    pub next: Option<String>,
}

/// Longest name of a model that is taken over.
const LONGEST_ID: usize = 200;
const EXPECTED: &str = "a list of models";
/// Where servers of the OpenAI family tell the window: OpenRouter and Together, Groq, vLLM, Mistral, llama.cpp.
const WINDOWS: &[&str] =
    &["/context_length", "/context_window", "/max_model_len", "/max_context_length", "/meta/n_ctx_train"];
/// The same for the longest answer: OpenRouter, Groq.
const OUTPUTS: &[&str] = &["/top_provider/max_completion_tokens", "/max_completion_tokens", "/max_output_tokens"];

/// Reads a list as OpenAI has it: `{"data": [{"id": …}]}`. Some servers (Together) leave the object around it out. There are
/// no pages.
pub(crate) fn openai_page(body: &[u8]) -> Result<Page, Error> {
    let value = parse(body)?;
    let list = value.as_array().or_else(|| value.get("data")?.as_array()).ok_or_else(foreign)?;
    let models = list.iter().filter_map(|entry| offered(entry, text(entry, "/id")?, WINDOWS, OUTPUTS));
    Ok(Page { models: models.collect(), next: None })
}

pub(crate) fn parse(body: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(body).map_err(|_| foreign())
}

pub(crate) fn foreign() -> Error {
    Error::Foreign { expected: EXPECTED }
}

pub(crate) fn text<'a>(entry: &'a Value, at: &str) -> Option<&'a str> {
    entry.pointer(at)?.as_str()
}

/// One entry; `None` when its name could not be a model's. A number that is none, or not above zero, says nothing.
pub(crate) fn offered(entry: &Value, id: &str, windows: &[&str], outputs: &[&str]) -> Option<Offered> {
    let is_name = !id.is_empty() && id.len() <= LONGEST_ID && !id.chars().any(char::is_control);
    let number = |places: &[&str]| {
        let found = places.iter().find_map(|at| entry.pointer(at).and_then(Value::as_u64));
        found.and_then(|count| u32::try_from(count).ok()).filter(|count| *count > 0)
    };
    is_name.then(|| Offered { id: id.to_owned(), context_window: number(windows), max_output: number(outputs) })
}

/// A value as part of a query: everything but plain letters, digits and `-._~` is escaped.
pub(crate) fn query_value(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_list_is_foreign_and_an_empty_list_is_a_list() {
        for body in ["", "null", "{}", r#"{"data":{}}"#, "<html>", r#"{"error":{"message":"no"}}"#, r#""models""#] {
            assert_eq!(openai_page(body.as_bytes()).unwrap_err(), foreign(), "{body}");
        }
        assert_eq!(openai_page(br#"{"data":[]}"#).unwrap(), Page::default());
        assert_eq!(openai_page(b"[]").unwrap(), Page::default());
    }

    #[test]
    fn a_name_that_could_not_be_a_models_is_left_out_and_a_number_that_is_none_says_nothing() {
        let long = "x".repeat(LONGEST_ID + 1);
        let body = format!(
            r#"[{{"id":""}},{{"id":7}},{{"id":"a\u0000b"}},{{"id":"{long}"}},{{}},7,
                {{"id":"m","context_length":0,"max_completion_tokens":"many"}},
                {{"id":"n","context_length":99999999999,"max_model_len":5}}]"#
        );
        let named = |id: &str| Offered { id: id.to_owned(), context_window: None, max_output: None };
        assert_eq!(openai_page(body.as_bytes()).unwrap().models, [named("m"), named("n")]);
    }

    #[test]
    fn a_page_token_cannot_leave_its_place_in_the_query() {
        assert_eq!(query_value("a&b=c#d /é+"), "a%26b%3Dc%23d%20%2F%C3%A9%2B");
    }
}
