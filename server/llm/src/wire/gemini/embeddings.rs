//! Embeddings, and the answers of token counts.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{VENDOR, thinking::Model, usage};
use crate::{
    Error,
    event::Response,
    tally::{InputTokens, OutputTokens, UsageReport},
    wire::{count::count, embeddings::EmbedRequest},
};

/// Most texts of one batch.
const BATCH_LIMIT: usize = 100;

#[derive(Serialize)]
struct Batch<'a> {
    requests: Vec<EmbedContent<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EmbedContent<'a> {
    model: &'a str,
    content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimensionality: Option<u32>,
}

#[derive(Serialize)]
struct Content<'a> {
    parts: [Text<'a>; 1],
}

#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vectors {
    embeddings: Vec<Vector>,
    usage_metadata: Option<Value>,
}

#[derive(Deserialize)]
struct Vector {
    values: Vec<f32>,
}

/// A body of `batchEmbedContents`: one request for each text, in order.
pub fn encode_embeddings(request: &EmbedRequest, upstream_model: &str) -> Result<String, Error> {
    if request.inputs.len() > BATCH_LIMIT {
        return Err(Error::unsupported("input", &format!("{VENDOR}, which takes at most {BATCH_LIMIT} texts at once")));
    }
    let model = Model::new(upstream_model).resource();
    let requests = request.inputs.iter().map(|text| EmbedContent {
        model: &model,
        content: Content { parts: [Text { text }] },
        output_dimensionality: request.dimensions,
    });
    serde_json::to_string(&Batch { requests: requests.collect() })
        .map_err(|error| Error::body(format!("the request cannot be written: {error}")))
}

/// Reads the answer of a batch. Most models count nothing in it: the input is then estimated by the reader.
pub fn decode_embeddings(body: &[u8]) -> Result<Response, Error> {
    let batch: Vectors =
        serde_json::from_slice(body).map_err(|_| Error::Foreign { expected: "an answer of batchEmbedContents" })?;
    let counted = batch.usage_metadata.as_ref().and_then(|value| usage::report(value, true)).unwrap_or_default();
    let usage = UsageReport { output: Some(OutputTokens::default()), is_final: true, ..counted };
    let vectors = batch.embeddings.into_iter().map(|vector| vector.values).collect();
    Ok(Response { vectors, usage: Some(usage), ..Response::default() })
}

/// Reads the answer of a token count, which itself costs nothing.
pub fn decode_count(body: &[u8]) -> Result<Response, Error> {
    const FOREIGN: Error = Error::Foreign { expected: "an answer of countTokens" };
    let body: Value = serde_json::from_slice(body).map_err(|_| FOREIGN)?;
    let counted = count(body.get("totalTokens")).value().ok_or(FOREIGN)?;
    let usage = UsageReport {
        input: Some(InputTokens::default()),
        output: Some(OutputTokens::default()),
        is_final: true,
        ..UsageReport::default()
    };
    Ok(Response { counted: Some(counted), usage: Some(usage), ..Response::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(inputs: &[&str], dimensions: Option<u32>) -> EmbedRequest {
        EmbedRequest {
            inputs: inputs.iter().map(|&text| text.to_owned()).collect(),
            dimensions,
            base64: false,
            dropped: Vec::new(),
        }
    }

    #[test]
    fn every_text_is_a_request_of_its_own() {
        assert_eq!(
            encode_embeddings(&request(&["a\"b", "é"], Some(256)), "gemini-embedding-001").unwrap(),
            concat!(
                r#"{"requests":[{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"a\"b"}]},"outputDimensionality":256},"#,
                r#"{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"é"}]},"outputDimensionality":256}]}"#,
            )
        );
        let body = encode_embeddings(&request(&["x"], None), "models/m").unwrap();
        assert_eq!(body, r#"{"requests":[{"model":"models/m","content":{"parts":[{"text":"x"}]}}]}"#);
    }

    #[test]
    fn a_batch_that_is_too_long_is_refused_by_name() {
        assert!(encode_embeddings(&request(&["x"; 100], None), "m").is_ok());
        match encode_embeddings(&request(&["x"; 101], None), "m") {
            Err(Error::Invalid { param, message }) => {
                assert_eq!(param.as_deref(), Some("input"));
                assert!(message.contains("at most 100 texts"), "{message}");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn vectors_come_in_order_and_the_output_is_nothing() {
        let response = decode_embeddings(br#"{"embeddings":[{"values":[0.5,-1]},{"values":[2.0]}]}"#).unwrap();
        assert_eq!(response.vectors, [vec![0.5, -1.0], vec![2.0]]);
        let usage = response.usage.unwrap();
        assert_eq!((usage.input, usage.output, usage.is_final), (None, Some(OutputTokens::default()), true));
    }

    #[test]
    fn a_model_that_counts_its_input_is_believed() {
        let body = br#"{"embeddings":[{"values":[1]}],"usageMetadata":{"promptTokenCount":7}}"#;
        let usage = decode_embeddings(body).unwrap().usage.unwrap();
        assert_eq!(usage.input, Some(InputTokens { input: 7, ..InputTokens::default() }));
        assert_eq!((usage.output, usage.is_final), (Some(OutputTokens::default()), true));
    }

    #[test]
    fn a_count_is_read_and_costs_nothing() {
        let response = decode_count(br#"{"totalTokens":31,"promptTokensDetails":[]}"#).unwrap();
        assert_eq!(response.counted, Some(31));
        let usage = response.usage.unwrap();
        assert_eq!((usage.input, usage.output), (Some(InputTokens::default()), Some(OutputTokens::default())));
        assert!(usage.is_final);
    }

    #[test]
    fn what_is_neither_is_foreign() {
        for body in
            ["", "<html>", "{}", r#"{"error":{"code":500}}"#, r#"{"totalTokens":"many"}"#, r#"{"embeddings":7}"#]
        {
            assert!(matches!(decode_count(body.as_bytes()), Err(Error::Foreign { .. })), "{body}");
            assert!(matches!(decode_embeddings(body.as_bytes()), Err(Error::Foreign { .. })), "{body}");
        }
    }
}
