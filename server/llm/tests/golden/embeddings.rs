//! Embeddings: recorded requests and answers, and vectors in both spellings.

use bytes::Bytes;
use llm::{
    DIALECTS, Dialect,
    frame::Envelope,
    request::Source,
    tally::{Limits, Tally},
    wire::{Reader, Wire, embeddings},
};
use proptest::prelude::*;

use crate::fixtures;

fn dialect() -> &'static dyn Dialect {
    *DIALECTS.iter().find(|dialect| dialect.info().wire == Wire::Embeddings).unwrap()
}

fn envelope(base64: bool) -> Envelope {
    Envelope {
        id: "1".to_owned(),
        model: "embedder".to_owned(),
        created: 0,
        wants_usage: true,
        input_estimate: 0,
        base64,
    }
}

#[test]
fn recorded_requests_are_understood_as_this() {
    for (name, body) in fixtures("embeddings/requests") {
        let request = dialect().decode(Bytes::from(body.clone())).unwrap();
        assert!(matches!(&request.source, Source::Body { bytes, .. } if bytes.as_ref() == body), "{name}");
        let sent = embeddings::for_upstream(&body, "up/model-1").unwrap();
        let seen = format!(
            "{:?} base64 {}\n{:?}\n{:?}\n\n{sent}",
            request.operation,
            request.wants_base64(),
            request.size,
            embeddings::decode_inputs(&body)
        );
        insta::assert_snapshot!(format!("request__{name}"), seen);
    }
}

#[test]
fn recorded_answers_have_the_same_vectors_in_any_spelling_and_order() {
    let reader = Reader::new(Wire::Embeddings);
    for (name, body) in fixtures("embeddings/answers") {
        let response = reader.decode(&body).unwrap();
        assert_eq!(
            response.vectors,
            [[0.002_306_425_5, -0.009_327_292, -0.002_884_222_2, 1.0], [0.5, -0.25, 0.125, 0.0]]
        );
        let mut tally = Tally::default();
        tally.observe_whole(&response);
        let count = tally.count(&llm::request::Size::default(), Limits { input: 100, output: 0 });
        insta::assert_debug_snapshot!(format!("count__{name}"), count);
        for base64 in [true, false] {
            let again = reader.decode(&dialect().encode(&response, &envelope(base64))).unwrap();
            assert_eq!(again.vectors, response.vectors, "{name}");
        }
    }
}

proptest! {
    #[test]
    fn no_damage_makes_it_panic(which: prop::sample::Index, at: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
        let mut all = fixtures("embeddings/requests");
        all.extend(fixtures("embeddings/answers"));
        let (_, mut bytes) = all.swap_remove(which.index(all.len()));
        let place = at.index(bytes.len());
        bytes[place] = byte;
        bytes.truncate(cut.index(bytes.len()) + 1);
        let _ = embeddings::decode_request(Bytes::from(bytes.clone()));
        let _ = embeddings::decode_inputs(&bytes);
        let _ = Reader::new(Wire::Embeddings).decode(&bytes);
    }
}
