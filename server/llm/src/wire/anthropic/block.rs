//! Content blocks as they are written, to the vendor and to clients, and the rules that both share: thought seals, tool ids,
//! tool inputs, cache markers.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    chat::{Cache, Image, Origin, Seal},
    json,
};

/// The signature of thoughts that came unsigned from another vendor. Our own form, of no origin: it reads as no seal.
pub(super) const UNSIGNED: &str = "tg1.unsigned.";
/// Marks the seal that is the data of a redacted block rather than a signature.
const REDACTED: &str = "redacted:";

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block<'a> {
    Text {
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<Marker>,
    },
    Image {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<Marker>,
    },
    Thinking {
        thinking: &'a str,
        signature: Cow<'a, str>,
    },
    RedactedThinking {
        data: Cow<'a, str>,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: &'a str,
        input: Box<RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<Marker>,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        #[serde(skip_serializing_if = "Content::is_empty")]
        content: Content<'a>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<Marker>,
    },
}

/// Blocks, or the short form of one plain text.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Content<'a> {
    Text(&'a str),
    Blocks(Vec<Block<'a>>),
}

impl<'a> Content<'a> {
    pub fn new(blocks: Vec<Block<'a>>) -> Self {
        match blocks.as_slice() {
            [Block::Text { text, cache_control: None }] => Self::Text(text),
            _ => Self::Blocks(blocks),
        }
    }

    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Blocks(blocks) if blocks.is_empty())
    }
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Source<'a> {
    Base64 { media_type: &'a str, data: &'a str },
    Url { url: &'a str },
}

impl<'a> From<&'a Image> for Source<'a> {
    fn from(image: &'a Image) -> Self {
        match image {
            Image::Inline { media_type, data } => Self::Base64 { media_type, data },
            // The vendor fetches web addresses only; a data address is its content.
            Image::Url(url) => match url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")) {
                Some((media_type, data)) => Self::Base64 { media_type, data },
                None => Self::Url { url },
            },
        }
    }
}

/// `cache_control`.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "ephemeral")]
pub(super) struct Marker {
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
}

impl From<Cache> for Marker {
    fn from(cache: Cache) -> Self {
        Self { ttl: (cache == Cache::Long).then_some("1h") }
    }
}

/// A block of thoughts as a client of this wire keeps it; thoughts before a redacted block are a block of their own.
pub(super) fn push_thought<'a>(text: &'a str, seal: Option<&'a Seal>, blocks: &mut Vec<Block<'a>>) {
    let unsigned = || Block::Thinking { thinking: text, signature: Cow::Borrowed(UNSIGNED) };
    match seal.map(seal_form) {
        None if text.is_empty() => {}
        None => blocks.push(unsigned()),
        Some(SealForm::Redacted(data)) => {
            if !text.is_empty() {
                blocks.push(unsigned());
            }
            blocks.push(Block::RedactedThinking { data: Cow::Borrowed(data) });
        }
        Some(SealForm::Signature(signature)) => {
            blocks.push(Block::Thinking { thinking: text, signature: Cow::Borrowed(signature) });
        }
        Some(SealForm::Foreign(sealed)) if text.is_empty() => {
            blocks.push(Block::RedactedThinking { data: Cow::Owned(sealed) });
        }
        Some(SealForm::Foreign(sealed)) => {
            blocks.push(Block::Thinking { thinking: text, signature: Cow::Owned(sealed) });
        }
    }
}

/// What a seal is on this wire.
pub(super) enum SealForm<'a> {
    Signature(&'a str),
    /// The data of a redacted block.
    Redacted(&'a str),
    /// Another vendor's, as a client of this wire keeps it.
    Foreign(String),
}

pub(super) fn seal_form(seal: &Seal) -> SealForm<'_> {
    match (seal.origin, seal.data.strip_prefix(REDACTED)) {
        (Origin::Anthropic, Some(data)) => SealForm::Redacted(data),
        (Origin::Anthropic, None) => SealForm::Signature(&seal.data),
        (Origin::OpenAi | Origin::Gemini, _) => SealForm::Foreign(seal.for_client(Some(Origin::Anthropic))),
    }
}

/// The seal that a signature is. Empty ones and those of nobody are none.
pub(super) fn signature_seal(signature: &str) -> Option<Seal> {
    if signature.is_empty() { None } else { Seal::from_client(signature, Some(Origin::Anthropic)) }
}

/// The seal that the data of a redacted block is.
pub(super) fn redacted_seal(data: &str) -> Option<Seal> {
    if let Some(foreign) = Seal::from_client(data, None) {
        return Some(foreign);
    }
    let bare = signature_seal(data)?;
    Some(Seal { origin: bare.origin, data: format!("{REDACTED}{}", bare.data) })
}

/// Did we write this signature or data, so that the vendor would not know it?
pub(super) fn is_ours(text: &str) -> bool {
    !text.is_empty()
        && !Seal::from_client(text, Some(Origin::Anthropic))
            .is_some_and(|seal| seal.origin == Origin::Anthropic && seal.data == text)
}

/// A tool call's id in letters that the vendor takes, the same for a call and its result. Most ids stay as they are.
pub(super) fn tool_id(id: &str) -> Cow<'_, str> {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if id.is_empty() {
        return Cow::Borrowed("toolu_0");
    }
    if id.bytes().all(is_legal) {
        return Cow::Borrowed(id);
    }
    let spell = |byte: u8| if is_legal(byte) { char::from(byte).to_string() } else { format!("_{byte:02x}") };
    Cow::Owned(id.bytes().map(spell).collect())
}

/// The input of a tool call: an object, always. Text that is none travels as `INVALID_JSON`, the name that the vendor's
/// documentation of fine-grained tool streaming gives it.
pub(super) fn tool_input(arguments: &str) -> Box<RawValue> {
    let text = arguments.trim();
    let object = match text.as_bytes() {
        [] => Some("{}".to_owned()),
        [b'{', ..] if serde_json::from_str::<&RawValue>(text).is_ok() => Some(text.to_owned()),
        _ => None,
    };
    let object = object.unwrap_or_else(|| format!("{{\"INVALID_JSON\":{}}}", json::quote(arguments)));
    RawValue::from_string(object).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, seal: Option<&Seal>) -> String {
        let mut blocks = Vec::new();
        push_thought(text, seal, &mut blocks);
        serde_json::to_string(&blocks).unwrap()
    }

    #[test]
    fn a_signature_and_redacted_data_are_told_apart_and_both_come_back() {
        let signed = signature_seal("EqQB/+==").unwrap();
        assert_eq!(written("hm", Some(&signed)), r#"[{"type":"thinking","thinking":"hm","signature":"EqQB/+=="}]"#);
        assert_eq!(written("", Some(&signed)), r#"[{"type":"thinking","thinking":"","signature":"EqQB/+=="}]"#);
        let redacted = redacted_seal("EmwK").unwrap();
        assert_eq!(written("", Some(&redacted)), r#"[{"type":"redacted_thinking","data":"EmwK"}]"#);
        // Through a client of another dialect and back.
        for seal in [signed, redacted] {
            let kept = seal.for_client(Some(Origin::OpenAi));
            assert_eq!(Seal::from_client(&kept, Some(Origin::OpenAi)), Some(seal));
        }
    }

    #[test]
    fn a_foreign_seal_stands_in_the_signature_or_in_the_data() {
        let seal = Seal { origin: Origin::OpenAi, data: "gAAA".to_owned() };
        assert_eq!(
            written("hm", Some(&seal)),
            r#"[{"type":"thinking","thinking":"hm","signature":"tg1.openai.gAAA"}]"#
        );
        assert_eq!(written("", Some(&seal)), r#"[{"type":"redacted_thinking","data":"tg1.openai.gAAA"}]"#);
        assert_eq!(signature_seal("tg1.openai.gAAA"), Some(seal.clone()));
        assert_eq!(redacted_seal("tg1.openai.gAAA"), Some(seal));
        assert_eq!(redacted_seal("tg1.nobody.x"), None);
    }

    #[test]
    fn unsigned_thoughts_are_known_as_ours() {
        assert_eq!(signature_seal(UNSIGNED), None);
        assert!(is_ours(UNSIGNED) && is_ours("tg1.gemini.x"));
        assert!(!is_ours("EqQB/+==") && !is_ours(""));
        assert_eq!(written("", None), "[]");
    }

    #[test]
    fn an_id_keeps_its_letters_where_the_vendor_takes_them() {
        for (id, legal) in [
            ("toolu_01-a", "toolu_01-a"),
            ("functions.look:0", "functions_2elook_3a0"),
            ("é", "_c3_a9"),
            ("", "toolu_0"),
        ] {
            assert_eq!(tool_id(id), legal);
        }
    }

    #[test]
    fn arguments_stay_as_they_were_written_if_they_are_an_object() {
        for (arguments, input) in [
            ("", "{}"),
            (" {\"b\": 1.50,\"a\":1} ", "{\"b\": 1.50,\"a\":1}"),
            ("{\"city\":\"Bo", r#"{"INVALID_JSON":"{\"city\":\"Bo"}"#),
            ("[1]", r#"{"INVALID_JSON":"[1]"}"#),
        ] {
            assert_eq!(tool_input(arguments).get(), input);
        }
    }

    #[test]
    fn a_data_address_is_its_content() {
        let url = |url: &str| serde_json::to_string(&Source::from(&Image::Url(url.to_owned()))).unwrap();
        assert_eq!(url("data:image/png;base64,AA=="), r#"{"type":"base64","media_type":"image/png","data":"AA=="}"#);
        assert_eq!(url("https://e.org/a.png"), r#"{"type":"url","url":"https://e.org/a.png"}"#);
    }
}
