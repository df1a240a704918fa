//! The parts of contents as the API spells them.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::json;

/// A `Part` of the API: one of the data fields, and what is said about it.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Piece<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thought: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) inline_data: Option<Blob<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file_data: Option<FileData<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function_call: Option<FunctionCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function_response: Option<FunctionResponse<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thought_signature: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Blob<'a> {
    pub(super) mime_type: &'a str,
    pub(super) data: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mime_type: Option<&'static str>,
    pub(super) file_uri: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct FunctionCall<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) args: &'a RawValue,
}

#[derive(Debug, Serialize)]
pub(super) struct FunctionResponse<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) response: Outcome<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) parts: Vec<ResponsePart<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResponsePart<'a> {
    pub(super) inline_data: Blob<'a>,
}

/// The API wants an object: a result that is one stays as it is, any other text is wrapped.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Outcome<'a> {
    Object(&'a RawValue),
    Text { result: Cow<'a, str> },
    FailedObject { error: &'a RawValue },
    Failed { error: Cow<'a, str> },
}

impl<'a> Piece<'a> {
    /// A signature that belongs to nothing else.
    pub(super) fn signature(signature: &'a str) -> Self {
        Self { text: Some(""), thought_signature: Some(signature), ..Self::default() }
    }
}

/// What a function gave, from the texts of its result.
pub(super) fn outcome<'a>(texts: &[&'a str], is_error: bool) -> Outcome<'a> {
    let whole = if let [text] = texts { object(text) } else { None };
    match (whole, is_error) {
        (Some(object), false) => Outcome::Object(object),
        (Some(error), true) => Outcome::FailedObject { error },
        (None, is_error) => {
            let text = match texts {
                [text] => Cow::Borrowed(*text),
                texts => Cow::Owned(texts.join("\n")),
            };
            if is_error { Outcome::Failed { error: text } } else { Outcome::Text { result: text } }
        }
    }
}

/// The text, if it is one JSON object of a depth that readers accept.
pub(super) fn object(text: &str) -> Option<&RawValue> {
    if !text.trim_start().starts_with('{') || !json::is_shallow(text) {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// The media type that the path of a URL shows. The API looks itself where there is none.
pub(super) fn media_type(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let (_, extension) = path.rsplit('/').next()?.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "png" => Some("image/png"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        "webp" => Some("image/webp"),
        "heic" => Some("image/heic"),
        "heif" => Some("image/heif"),
        _ => None,
    }
}
