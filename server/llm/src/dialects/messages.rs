//! Anthropic's messages as clients send them to `/v1/messages`.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Dialect, DialectInfo};
use crate::{
    Error, HttpBody, Problem, ProblemKind, Request,
    event::Response,
    frame::{Envelope, EventEncoder},
    wire::{Wire, anthropic},
};

pub struct Messages;

static INFO: DialectInfo = DialectInfo { id: "anthropic_messages", wire: Wire::Anthropic, paths: &["/v1/messages"] };

impl Dialect for Messages {
    fn info(&self) -> &'static DialectInfo {
        &INFO
    }

    fn decode(&self, body: Bytes) -> Result<Request, Error> {
        anthropic::decode_request(body)
    }

    fn encode(&self, response: &Response, envelope: &Envelope) -> Bytes {
        anthropic::encode_whole(response, envelope)
    }

    fn encoder(&self, envelope: &Envelope) -> Box<dyn EventEncoder> {
        Box::new(anthropic::StreamEncoder::new(envelope.clone()))
    }

    fn render(&self, problem: &Problem) -> HttpBody {
        let mut answer = HttpBody::json(problem, error_object(problem));
        if let Some(status) = own_status(problem.kind) {
            answer.status = status;
        }
        answer
    }

    fn render_event(&self, problem: &Problem) -> Bytes {
        Bytes::from(format!("event: error\ndata: {}\n\n", error_object(problem)))
    }

    fn end_of_stream(&self) -> Bytes {
        Bytes::from_static(anthropic::MESSAGE_STOP)
    }

    fn keep_alive(&self) -> Bytes {
        Bytes::from_static(b"event: ping\ndata: {\"type\": \"ping\"}\n\n")
    }
}

/// Conversations that the vendor keeps. Its own tool runner asks for one first, and goes on without when it is told so in
/// these words (`anthropic/lib/threads` of the Python SDK).
const THREAD: &str = "thread";

fn error_object(problem: &Problem) -> String {
    let mut details = Map::new();
    details.insert("request_id".to_owned(), problem.request_id.as_str().into());
    details.insert("kind".to_owned(), problem.kind.as_str().into());
    // The vendor's own errors have no field for it: their wording names the field.
    if let Some(param) = &problem.param {
        details.insert("param".to_owned(), param.as_str().into());
    }
    let mut error = json!({
        "type": error_type(problem.kind),
        "message": problem.message,
        "tallygate": Value::Object(details),
    });
    if problem.kind == ProblemKind::InvalidRequest && problem.param.as_deref() == Some(THREAD) {
        error["details"] = json!({"error_code": "thread_unsupported_request", "unsupported": [THREAD]});
    }
    json!({"type": "error", "error": error, "request_id": problem.request_id}).to_string()
}

/// `error.type` as Anthropic's SDKs and their users match it.
fn error_type(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::InvalidApiKey => "authentication_error",
        ProblemKind::KeyPaused | ProblemKind::NetworkNotAllowed | ProblemKind::ScopeMissing => "permission_error",
        ProblemKind::InvalidRequest | ProblemKind::TwoCredentials | ProblemKind::MethodNotAllowed => {
            "invalid_request_error"
        }
        ProblemKind::ModelNotFound | ProblemKind::NotFound => "not_found_error",
        ProblemKind::RequestTooLarge => "request_too_large",
        ProblemKind::UpstreamRateLimited => "rate_limit_error",
        ProblemKind::NoTargetAvailable => "overloaded_error",
        ProblemKind::DeadlineExceeded => "timeout_error",
        ProblemKind::UpstreamUnreachable
        | ProblemKind::DestinationBlocked
        | ProblemKind::UpstreamAccount
        | ProblemKind::UpstreamError
        | ProblemKind::AdmissionUnavailable
        | ProblemKind::Overloaded
        | ProblemKind::Internal => "api_error",
    }
}

/// Where Anthropic has another HTTP status than the other dialects.
fn own_status(kind: ProblemKind) -> Option<StatusCode> {
    match kind {
        ProblemKind::NoTargetAvailable => StatusCode::from_u16(529).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(kind: ProblemKind) -> Problem {
        Problem {
            kind,
            message: "No.".to_owned(),
            param: Some("max_tokens".to_owned()),
            request_id: "req_1".to_owned(),
            retry_after: Some(2),
        }
    }

    #[test]
    fn the_vendors_own_runner_is_told_in_its_words_that_it_keeps_the_conversation_itself() {
        let problem = Problem { param: Some("thread".to_owned()), ..problem(ProblemKind::InvalidRequest) };
        let body: Value = serde_json::from_slice(&Messages.render(&problem).body).unwrap();
        assert_eq!(
            body["error"]["details"],
            json!({"error_code": "thread_unsupported_request", "unsupported": ["thread"]})
        );
    }

    #[test]
    fn a_problem_has_the_shape_that_sdks_parse() {
        let answer = Messages.render(&problem(ProblemKind::InvalidRequest));
        let body = r#"{"type":"error","error":{"type":"invalid_request_error","message":"No.","tallygate":{"request_id":"req_1","kind":"invalid_request","param":"max_tokens"}},"request_id":"req_1"}"#;
        assert_eq!((answer.status.as_u16(), answer.body), (400, Bytes::from(body)));
        assert_eq!(answer.headers["request-id"], "req_1");
        assert_eq!(
            Messages.render_event(&problem(ProblemKind::InvalidRequest)),
            format!("event: error\ndata: {body}\n\n")
        );
    }

    #[test]
    fn every_kind_has_anthropics_type_and_status() {
        for (kind, status, error_type) in [
            (ProblemKind::InvalidApiKey, 401, "authentication_error"),
            (ProblemKind::TwoCredentials, 400, "invalid_request_error"),
            (ProblemKind::KeyPaused, 403, "permission_error"),
            (ProblemKind::NetworkNotAllowed, 403, "permission_error"),
            (ProblemKind::ScopeMissing, 403, "permission_error"),
            (ProblemKind::ModelNotFound, 404, "not_found_error"),
            (ProblemKind::InvalidRequest, 400, "invalid_request_error"),
            (ProblemKind::RequestTooLarge, 413, "request_too_large"),
            (ProblemKind::NotFound, 404, "not_found_error"),
            (ProblemKind::MethodNotAllowed, 405, "invalid_request_error"),
            (ProblemKind::UpstreamRateLimited, 429, "rate_limit_error"),
            (ProblemKind::UpstreamUnreachable, 502, "api_error"),
            (ProblemKind::DestinationBlocked, 502, "api_error"),
            (ProblemKind::UpstreamAccount, 502, "api_error"),
            (ProblemKind::UpstreamError, 502, "api_error"),
            (ProblemKind::NoTargetAvailable, 529, "overloaded_error"),
            (ProblemKind::DeadlineExceeded, 504, "timeout_error"),
            (ProblemKind::AdmissionUnavailable, 503, "api_error"),
            (ProblemKind::Overloaded, 503, "api_error"),
            (ProblemKind::Internal, 500, "api_error"),
        ] {
            let answer = Messages.render(&problem(kind));
            let body: Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!((answer.status.as_u16(), &body["error"]["type"]), (status, &json!(error_type)), "{kind:?}");
            assert_eq!(answer.headers["retry-after"], "2");
        }
    }
}
