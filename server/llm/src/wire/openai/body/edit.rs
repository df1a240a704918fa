//! A client's own bytes with only our fields replaced.

use bytes::Bytes;
use serde_json::value::RawValue;

use super::super::Quirks;
use crate::{
    Error,
    json::{self, Object},
};

/// The body for an upstream of the same wire: its model name, and usage asked for in streams.
///
/// Where the upstream refuses `stream_options` ([`Quirks::include_usage`]), the field is taken out: usage comes anyway.
pub fn for_upstream(body: &[u8], upstream_model: &str, stream: bool, quirks: &Quirks) -> Result<String, Error> {
    let text = std::str::from_utf8(body).map_err(|_| Error::body("the request body is not UTF-8 text"))?;
    let object = Object::parse(text).map_err(|problem| problem.about(None))?;
    if let Some(messages) = without_foreign_thoughts(&object)? {
        let text = object.with(&[("messages", &messages)]);
        return for_upstream(text.as_bytes(), upstream_model, stream, quirks);
    }
    let model = json::quote(upstream_model);
    if !quirks.include_usage && object.fields().any(|(name, _)| name == "stream_options") {
        let text = without(text, &object, "stream_options");
        let object = Object::parse(&text).map_err(|problem| problem.about(None))?;
        return Ok(object.with(&[("model", &model)]));
    }
    if !stream || !quirks.include_usage {
        return Ok(object.with(&[("model", &model)]));
    }
    let options = match object.get("stream_options") {
        Some(options) => Object::parse(options)
            .map_err(|problem| problem.about(Some("stream_options")))?
            .with(&[("include_usage", "true")]),
        None => r#"{"include_usage":true}"#.to_owned(),
    };
    Ok(object.with(&[("model", &model), ("stream_options", &options)]))
}

/// The messages without sealed thoughts that we handed to the client for another vendor; `None` when there are none. Only
/// messages that hold such thoughts change.
fn without_foreign_thoughts(object: &Object<'_>) -> Result<Option<String>, Error> {
    const OURS: &str = "\"tg1.";
    let Some(raw) = object.get("messages").filter(|raw| raw.contains(OURS)) else { return Ok(None) };
    let messages: Vec<&RawValue> =
        serde_json::from_str(raw).map_err(|_| Error::invalid("messages", "'messages' must be a list"))?;
    let mut is_changed = false;
    let mut kept = Vec::with_capacity(messages.len());
    for message in &messages {
        let text = message.get();
        let parsed = Object::parse(text).map_err(|problem| problem.about(Some("messages")))?;
        let details = parsed.get("reasoning_details").filter(|details| details.contains(OURS));
        let details = details.and_then(|details| serde_json::from_str::<Vec<&RawValue>>(details).ok());
        kept.push(match details {
            None => text.to_owned(),
            Some(details) => {
                is_changed = true;
                let own: Vec<&str> = details.iter().map(|one| one.get()).filter(|one| !one.contains(OURS)).collect();
                if own.is_empty() {
                    without(text, &parsed, "reasoning_details")
                } else {
                    parsed.with(&[("reasoning_details", &format!("[{}]", own.join(",")))])
                }
            }
        });
    }
    Ok(is_changed.then(|| format!("[{}]", kept.join(","))))
}

/// The body less one of its fields; `None` when it is not there, or says nothing.
pub(crate) fn without_field(body: &[u8], name: &str) -> Option<Bytes> {
    let text = std::str::from_utf8(body).ok()?;
    let object = Object::parse(text).ok()?;
    object.get(name)?;
    Some(Bytes::from(without(text, &object, name)))
}

/// The text of an object less one of its fields, its name and one comma. Everything else stays byte for byte.
fn without(text: &str, object: &Object<'_>, name: &str) -> String {
    // Values are slices of the text, so the difference of the addresses is an offset into it.
    let span = |value: &str| {
        let from = value.as_ptr() as usize - text.as_ptr() as usize;
        (from, from + value.len())
    };
    let values: Vec<(bool, (usize, usize))> =
        object.fields().map(|(field, value)| (field == name, span(value))).collect();
    let Some(at) = values.iter().position(|(is_it, _)| *is_it) else { return text.to_owned() };
    let (_, end) = values[at].1;
    let (from, to) = match at.checked_sub(1) {
        // From the comma before its name.
        Some(before) => (values[before].1.1, end),
        // From the brace to the comma behind it, if there is one.
        None => {
            let from = text.find('{').map_or(0, |brace| brace + 1);
            let comma = (values.len() > 1).then(|| text[end..].find(',')).flatten();
            (from, comma.map_or(end, |comma| end + comma + 1))
        }
    };
    format!("{}{}", &text[..from], &text[to..])
}
