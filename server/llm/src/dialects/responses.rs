//! OpenAI's responses as clients send them to `/v1/responses`.

use bytes::Bytes;
use serde_json::json;

use super::{Dialect, DialectInfo, openai_chat};
use crate::{
    Error, Problem, Request,
    event::Response,
    frame::{Envelope, EventEncoder},
    wire::{Wire, responses},
};

pub struct Responses;

static INFO: DialectInfo = DialectInfo { id: "openai_responses", wire: Wire::Responses, paths: &["/v1/responses"] };

impl Dialect for Responses {
    fn info(&self) -> &'static DialectInfo {
        &INFO
    }

    fn decode(&self, body: Bytes) -> Result<Request, Error> {
        responses::decode_request(body)
    }

    fn encode(&self, response: &Response, envelope: &Envelope) -> Bytes {
        responses::encode_whole(response, envelope)
    }

    fn encoder(&self, envelope: &Envelope) -> Box<dyn EventEncoder> {
        Box::new(responses::StreamEncoder::new(envelope.clone()))
    }

    /// The fields of the documented event stand at its top. The same error stands in `error` as well, as the API itself sends
    /// it: that is what makes the vendor's libraries raise it. Nobody here counts the events of the stream, so its
    /// `sequence_number` is 0.
    fn render_event(&self, problem: &Problem) -> Bytes {
        let (_, code) = openai_chat::words(problem.kind);
        let event = json!({
            "type": "error",
            "sequence_number": 0,
            "code": code,
            "message": problem.message,
            "param": problem.param,
            "tallygate": {"request_id": problem.request_id, "kind": problem.kind.as_str()},
        })
        .to_string();
        // Two objects become one: the end of the first and the start of the second are one brace each.
        let error = openai_chat::error_object(problem);
        let (event, error) = (&event[..event.len() - 1], &error[1..]);
        Bytes::from(format!("event: error\ndata: {event},{error}\n\n"))
    }

    /// Nothing: a stream of this wire ends with its terminal event, which holds the whole answer. One that its upstream did
    /// not end is broken.
    fn end_of_stream(&self) -> Bytes {
        Bytes::new()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::ProblemKind;

    fn problem() -> Problem {
        Problem {
            kind: ProblemKind::UpstreamError,
            message: "The provider broke off.".to_owned(),
            param: None,
            request_id: "req_1".to_owned(),
            retry_after: None,
        }
    }

    #[test]
    fn a_problem_in_mid_stream_is_an_event_that_readers_and_libraries_understand() {
        let bytes = Responses.render_event(&problem());
        let text = std::str::from_utf8(&bytes).unwrap();
        let data = text.strip_prefix("event: error\ndata: ").and_then(|rest| rest.strip_suffix("\n\n")).unwrap();
        let event: Value = serde_json::from_str(data).unwrap();
        let own = json!({"request_id": "req_1", "kind": "upstream_error"});
        assert_eq!(
            event,
            json!({
                "type": "error", "sequence_number": 0, "code": "upstream_error", "message": "The provider broke off.",
                "param": null, "tallygate": own,
                "error": {"message": "The provider broke off.", "type": "server_error", "param": null,
                    "code": "upstream_error", "tallygate": own},
            })
        );
    }

    #[test]
    fn a_whole_problem_has_the_shape_of_the_chat_dialect() {
        let (own, chat) = (Responses.render(&problem()), openai_chat::OpenAiChat.render(&problem()));
        assert_eq!(own, chat);
    }

    #[test]
    fn nobody_else_can_end_a_stream() {
        assert!(Responses.end_of_stream().is_empty());
    }
}
