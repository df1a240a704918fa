//! Request bodies of completions: weighed, edited in place, or written for a vendor with an endpoint of its own.

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::{
    Error,
    json::{self, Object},
    request::{Operation, Request, Size, Source},
    wire::{
        DROPPABLE, Encoded, Wire,
        fields::{self, Texts},
        openai::Quirks,
    },
};

/// Reads a client's body as far as the gateway must understand it.
pub fn decode_request(body: Bytes) -> Result<Request, Error> {
    let text = fields::text(&body)?;
    let object = fields::object(text)?;
    let model = fields::model(&object)?;
    let prompt = Texts::read(object.get("prompt").ok_or_else(|| fields::missing("prompt"))?, "prompt")?;
    let suffix: String = fields::read(&object, "suffix", "a string")?.unwrap_or_default();
    let number = |name| fields::read::<u32>(&object, name, "a whole number");
    let each = number("n")?.max(number("best_of")?).unwrap_or(1).max(1);
    let max_output = number("max_tokens")?;
    let stream = fields::read(&object, "stream", "true or false")?.unwrap_or(false);
    let wants_usage = wants_usage(&object)?;
    let text_bytes = prompt.bytes() + suffix.len() as u64;
    let size = Size {
        // What we do not know counts by the bytes of its JSON.
        bytes: text_bytes + other_bytes(&object),
        text_bytes,
        messages: prompt.count(),
        inputs: prompt.count(),
        opaque: matches!(prompt, Texts::Tokens(_)),
        ..Size::default()
    };
    Ok(Request {
        operation: Operation::Fill,
        model,
        stream,
        wants_usage,
        answers: prompt.count().saturating_mul(each),
        max_output,
        unsaid_limit: None,
        adapts: false,
        long_cache: false,
        metadata: Vec::new(),
        size,
        source: Source::Body { wire: Wire::Completions, bytes: body.clone() },
    })
}

fn other_bytes(object: &Object<'_>) -> u64 {
    let is_weighed = |name: &str| matches!(name, "model" | "prompt" | "suffix" | "stream" | "stream_options" | "user");
    object.fields().filter(|(name, _)| !is_weighed(name)).map(|(_, value)| value.len() as u64).sum()
}

fn wants_usage(object: &Object<'_>) -> Result<bool, Error> {
    let Some(raw) = object.get("stream_options") else { return Ok(false) };
    let options = Object::parse(raw).map_err(|problem| problem.about(Some("stream_options")))?;
    Ok(options.get("include_usage") == Some("true"))
}

/// Is there a gap to fill, and not just a text to continue?
pub fn has_suffix(body: &[u8]) -> Result<bool, Error> {
    let object = fields::object(fields::text(body)?)?;
    Ok(object.get("suffix").is_some_and(|suffix| suffix != "\"\""))
}

/// The client's own bytes with only our fields replaced: the upstream's model name, and usage asked for in streams.
pub fn for_upstream(body: &[u8], upstream_model: &str, stream: bool, quirks: &Quirks) -> Result<String, Error> {
    let object = fields::object(fields::text(body)?)?;
    let model = json::quote(upstream_model);
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

/// A body for `/fim/completions` as Mistral has it: it refuses every field that it does not know, so what it cannot say is
/// refused here by name, or dropped where that does no harm.
pub fn fill_chat_shaped(body: &[u8], upstream_model: &str, target: &str) -> Result<Encoded, Error> {
    let object = fields::object(fields::text(body)?)?;
    let mut dropped = Vec::new();
    let mut written = vec![format!("\"model\":{}", json::quote(upstream_model))];
    for (name, raw) in object.fields() {
        match name {
            "model" | "stream_options" => {}
            "prompt" => written.push(format!("\"prompt\":{}", one_prompt(raw, target)?)),
            "suffix" | "max_tokens" | "stop" | "stream" | "temperature" | "top_p" | "min_tokens" => {
                if raw != "null" {
                    written.push(format!("\"{name}\":{raw}"));
                }
            }
            "seed" if raw != "null" => written.push(format!("\"random_seed\":{raw}")),
            _ if means_nothing(name, raw) => {}
            _ if DROPPABLE.contains(&name) => dropped.push(name.to_owned()),
            _ => return Err(Error::unsupported(name, target)),
        }
    }
    Ok(Encoded { body: format!("{{{}}}", written.join(",")), dropped })
}

fn means_nothing(name: &str, raw: &str) -> bool {
    let default = match name {
        "n" | "best_of" => "1",
        "echo" => "false",
        "frequency_penalty" | "presence_penalty" => "0",
        _ => "null",
    };
    fields::is_default(raw, default)
}

/// The one prompt, as JSON text in the client's own spelling.
fn one_prompt<'a>(raw: &'a str, target: &str) -> Result<&'a str, Error> {
    match Texts::read(raw, "prompt")? {
        Texts::One(_) => Ok(raw),
        Texts::Many(texts) if texts.len() == 1 => {
            let items: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
            items.first().map(|item| item.get()).ok_or_else(|| fields::missing("prompt"))
        }
        Texts::Many(_) => Err(Error::unsupported("prompt[1]", target)),
        Texts::Tokens(_) => Err(Error::unsupported("prompt[0]", target)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::openai::PLAIN;

    fn decode(body: &str) -> Result<Request, Error> {
        decode_request(Bytes::copy_from_slice(body.as_bytes()))
    }

    fn param(result: Result<impl std::fmt::Debug, Error>) -> Option<String> {
        match result {
            Err(Error::Invalid { param, .. }) => param,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_wrong_field_is_named() {
        for (body, named) in [
            (r#"{"prompt":"a"}"#, "model"),
            (r#"{"model":"m"}"#, "prompt"),
            (r#"{"model":"m","prompt":null}"#, "prompt"),
            (r#"{"model":"m","prompt":[]}"#, "prompt"),
            (r#"{"model":"m","prompt":["a",2]}"#, "prompt[1]"),
            (r#"{"model":"m","prompt":"a","suffix":1}"#, "suffix"),
            (r#"{"model":"m","prompt":"a","n":-1}"#, "n"),
            (r#"{"model":"m","prompt":"a","best_of":"2"}"#, "best_of"),
            (r#"{"model":"m","prompt":"a","max_tokens":1.5}"#, "max_tokens"),
            (r#"{"model":"m","prompt":"a","stream":1}"#, "stream"),
            (r#"{"model":"m","prompt":"a","stream_options":true}"#, "stream_options"),
            (r#"{"model":"m","prompt":"a","prompt":"b"}"#, "prompt"),
        ] {
            assert_eq!(param(decode(body)).as_deref(), Some(named), "{body}");
        }
        assert_eq!(param(decode("[1]")), None);
        assert_eq!(param(decode_request(Bytes::from_static(b"{\"model\":\"\xff\"}"))), None);
    }

    #[test]
    fn the_answers_are_prompts_times_the_greater_of_n_and_best_of() {
        for (more, answers) in [
            ("", 2),
            (r#","n":3"#, 6),
            (r#","n":2,"best_of":5"#, 10),
            (r#","n":0"#, 2),
            (r#","n":4294967295"#, u32::MAX),
        ] {
            let body = format!(r#"{{"model":"m","prompt":["a","b"]{more}}}"#);
            assert_eq!(decode(&body).unwrap().answers, answers, "{body}");
        }
    }

    #[test]
    fn the_weight_is_never_below_the_text() {
        let request = decode(r#"{"model":"m","prompt":["\u00e9","ab"],"suffix":"xyz","stop":["qq"]}"#).unwrap();
        assert_eq!((request.size.text_bytes, request.size.messages, request.size.opaque), (7, 2, false));
        assert_eq!(request.size.bytes, 7 + r#"["qq"]"#.len() as u64);
        assert!(decode(r#"{"model":"m","prompt":[1,2]}"#).unwrap().size.opaque);
        assert!(decode(r#"{"model":"m","prompt":[[1],[2]]}"#).unwrap().size.opaque);
    }

    #[test]
    fn a_body_goes_out_with_only_our_fields_replaced() {
        let body = br#"{ "prompt":"\u0061", "model":"m","logprobs":3,"stream":true , "temperature":0.30}"#;
        assert_eq!(
            for_upstream(body, "up", true, &PLAIN).unwrap(),
            r#"{ "prompt":"\u0061", "model":"up","logprobs":3,"stream":true , "temperature":0.30,"stream_options":{"include_usage":true}}"#
        );
        let silent = Quirks { include_usage: false, ..PLAIN };
        assert_eq!(for_upstream(br#"{"model":"m"}"#, "up", true, &silent).unwrap(), r#"{"model":"up"}"#);
    }

    #[test]
    fn a_suffix_is_a_gap_only_when_it_says_something() {
        for (body, want) in
            [(r#"{"suffix":"x"}"#, true), (r#"{"suffix":""}"#, false), (r#"{"suffix":null}"#, false), ("{}", false)]
        {
            assert_eq!(has_suffix(body.as_bytes()), Ok(want), "{body}");
        }
    }

    #[test]
    fn the_chat_shaped_form_knows_few_fields_and_says_what_it_left_out() {
        let body = r#"{"model":"m","prompt":["fn \u0061"],"suffix":"}","max_tokens":5,"stream":true,"seed":7,"temperature":0.30,
            "stream_options":{"include_usage":true},"n":1,"best_of":1,"echo":false,"logprobs":null,"user":"u","presence_penalty":0.5}"#;
        let encoded = fill_chat_shaped(body.as_bytes(), "codestral-latest", "Mistral").unwrap();
        assert_eq!(
            encoded.body,
            r#"{"model":"codestral-latest","prompt":"fn \u0061","suffix":"}","max_tokens":5,"stream":true,"random_seed":7,"temperature":0.30}"#
        );
        assert_eq!(encoded.dropped, ["user", "presence_penalty"]);
        for (field, named) in [
            (r#""prompt":["a","b"]"#, "prompt[1]"),
            (r#""prompt":[1]"#, "prompt[0]"),
            (r#""prompt":"a","n":2"#, "n"),
            (r#""prompt":"a","best_of":2"#, "best_of"),
            (r#""prompt":"a","echo":true"#, "echo"),
            (r#""prompt":"a","logprobs":0"#, "logprobs"),
            (r#""prompt":"a","something":"new""#, "something"),
        ] {
            let body = format!(r#"{{"model":"m",{field}}}"#);
            assert_eq!(param(fill_chat_shaped(body.as_bytes(), "c", "Mistral")).as_deref(), Some(named), "{body}");
        }
    }
}
