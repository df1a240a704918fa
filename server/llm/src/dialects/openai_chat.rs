//! OpenAI chat completions as clients send them to `/v1/chat/completions`.

use bytes::Bytes;
use serde_json::json;

use super::{Dialect, DialectInfo};
use crate::{
    Error, Problem, ProblemKind, Request,
    event::Response,
    frame::{Envelope, EventEncoder},
    wire::{Wire, openai},
};

pub struct OpenAiChat;

static INFO: DialectInfo = DialectInfo { id: "openai_chat", wire: Wire::OpenAiChat, paths: &["/v1/chat/completions"] };

impl Dialect for OpenAiChat {
    fn info(&self) -> &'static DialectInfo {
        &INFO
    }

    fn decode(&self, body: Bytes) -> Result<Request, Error> {
        openai::decode_request(body)
    }

    fn encode(&self, response: &Response, envelope: &Envelope) -> Bytes {
        openai::encode_whole(response, envelope)
    }

    fn encoder(&self, envelope: &Envelope) -> Box<dyn EventEncoder> {
        Box::new(openai::StreamEncoder::new(envelope.clone()))
    }

    fn ends_anywhere(&self) -> bool {
        true
    }
}

/// The error body of every OpenAI dialect.
pub(super) fn error_object(problem: &Problem) -> String {
    let (error_type, code) = words(problem.kind);
    json!({"error": {
        "message": problem.message,
        "type": error_type,
        "param": problem.param,
        "code": code,
        "tallygate": {"request_id": problem.request_id, "kind": problem.kind.as_str()},
    }})
    .to_string()
}

/// `type` and `code` as OpenAI's SDKs and their users match them.
pub(super) fn words(kind: ProblemKind) -> (&'static str, Option<&'static str>) {
    match kind {
        ProblemKind::InvalidRequest => ("invalid_request_error", None),
        ProblemKind::InvalidApiKey
        | ProblemKind::TwoCredentials
        | ProblemKind::ModelNotFound
        | ProblemKind::RequestTooLarge
        | ProblemKind::NotFound
        | ProblemKind::MethodNotAllowed => ("invalid_request_error", Some(kind.as_str())),
        ProblemKind::KeyPaused | ProblemKind::NetworkNotAllowed | ProblemKind::ScopeMissing => {
            ("permission_error", Some(kind.as_str()))
        }
        ProblemKind::UpstreamRateLimited => ("rate_limit_error", Some("rate_limit_exceeded")),
        ProblemKind::UpstreamUnreachable
        | ProblemKind::DestinationBlocked
        | ProblemKind::UpstreamAccount
        | ProblemKind::UpstreamError
        | ProblemKind::NoTargetAvailable
        | ProblemKind::DeadlineExceeded
        | ProblemKind::AdmissionUnavailable
        | ProblemKind::Overloaded
        | ProblemKind::Internal => ("server_error", Some(kind.as_str())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_has_the_shape_that_sdks_parse() {
        let problem = Problem {
            kind: ProblemKind::ModelNotFound,
            message: "There is no model 'x'.".to_owned(),
            param: Some("model".to_owned()),
            request_id: "req_1".to_owned(),
            retry_after: None,
        };
        let answer = OpenAiChat.render(&problem);
        assert_eq!(answer.status, 404);
        assert_eq!(answer.headers["x-request-id"], "req_1");
        assert_eq!(
            answer.body,
            r#"{"error":{"message":"There is no model 'x'.","type":"invalid_request_error","param":"model","code":"model_not_found","tallygate":{"request_id":"req_1","kind":"model_not_found"}}}"#
        );
    }

    #[test]
    fn a_refusal_for_now_says_when_to_come_back() {
        let problem = Problem {
            kind: ProblemKind::AdmissionUnavailable,
            message: String::new(),
            param: None,
            request_id: "req_1".to_owned(),
            retry_after: Some(2),
        };
        let answer = OpenAiChat.render(&problem);
        assert_eq!(
            (answer.status.as_u16(), &answer.headers["retry-after"]),
            (503, &http::HeaderValue::from_static("2"))
        );
    }
}
