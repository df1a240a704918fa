//! What a call can end with instead of an answer. Each variant is a situation somebody can act on; `problem` words it for
//! the client, and says nothing that a stranger may not read.

use domain::{id::RequestId, key::KeyScope};
use llm::{Problem, ProblemKind};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no key was sent")]
    NoKey,
    /// Unknown, malformed, mistyped, revoked, expired, replaced: the same answer, so that nobody learns which keys exist.
    #[error("the key is not valid")]
    InvalidKey,
    #[error("two different keys were sent")]
    TwoCredentials,
    #[error("the key is paused")]
    KeyPaused,
    #[error("the key may not be used from this address")]
    NetworkNotAllowed,
    #[error("the key has no scope {:?}", .0.as_str())]
    ScopeMissing(KeyScope),
    #[error(transparent)]
    Request(#[from] llm::Error),
    #[error("header {name}: {message}")]
    Header { name: String, message: String },
    /// Unknown, or not for this key: the same answer.
    #[error("no model {0:?} for this key")]
    ModelNotFound(String),
    /// Nothing can be admitted, so nothing was sent.
    #[error("nothing can be admitted at the moment")]
    AdmissionUnavailable,
    /// The queue is full.
    #[error("too many calls are waiting")]
    Overloaded,
    #[error("the server is shutting down")]
    ShuttingDown,
    #[error("upstream: {}", .0.message)]
    Upstream(Failure),
    #[error(transparent)]
    Database(#[from] store::Error),
    /// Our own fault: a task ended without an answer.
    #[error("a call ended without an answer")]
    Internal,
}

/// An upstream failed, in words for the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub kind: ProblemKind,
    pub message: String,
    /// Whole seconds.
    pub retry_after: Option<u32>,
}

impl Failure {
    pub(crate) fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None }
    }
}

/// Why the gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the configuration cannot be read")]
    Database(#[from] store::Error),
}

/// Seconds after which a refused admission is worth another try.
const ADMISSION_RETRY_SECONDS: u32 = 1;

impl Error {
    /// The same for the client.
    pub fn problem(&self, request_id: RequestId) -> Problem {
        let mut problem = Problem {
            kind: ProblemKind::Internal,
            message: String::new(),
            param: None,
            request_id: request_id.public(),
            retry_after: None,
        };
        match self {
            Self::NoKey
            | Self::InvalidKey
            | Self::TwoCredentials
            | Self::KeyPaused
            | Self::NetworkNotAllowed
            | Self::ScopeMissing(_) => tell_key(self, &mut problem),
            Self::Request(error) => tell_request(error, &mut problem),
            Self::Header { name, message } => {
                problem.kind = ProblemKind::InvalidRequest;
                problem.message = format!("Header '{name}': {message}.");
                problem.param = Some(name.clone());
            }
            Self::ModelNotFound(model) => {
                problem.kind = ProblemKind::ModelNotFound;
                problem.message = format!("The model '{model}' does not exist, or this key may not use it.");
                problem.param = Some("model".to_owned());
            }
            Self::AdmissionUnavailable | Self::Database(_) => {
                problem.kind = ProblemKind::AdmissionUnavailable;
                problem.message = "No call can be admitted at the moment. Nothing was sent to a provider.".to_owned();
                problem.retry_after = Some(ADMISSION_RETRY_SECONDS);
            }
            Self::Overloaded => {
                problem.kind = ProblemKind::Overloaded;
                problem.message = "Too many calls are waiting. Nothing was sent to a provider.".to_owned();
                problem.retry_after = Some(ADMISSION_RETRY_SECONDS);
            }
            Self::ShuttingDown => {
                problem.kind = ProblemKind::Overloaded;
                problem.message = "This server is shutting down. Nothing was sent to a provider.".to_owned();
                problem.retry_after = Some(ADMISSION_RETRY_SECONDS);
            }
            Self::Upstream(failure) => {
                problem.kind = failure.kind;
                problem.message.clone_from(&failure.message);
                problem.retry_after = failure.retry_after;
            }
            Self::Internal => problem.message = "Something went wrong on our side.".to_owned(),
        }
        problem
    }
}

/// A key that is missing, wrong, or not for this.
fn tell_key(error: &Error, problem: &mut Problem) {
    let (kind, message) = match error {
        Error::NoKey => (
            ProblemKind::InvalidApiKey,
            "You did not provide a key. Send it as 'Authorization: Bearer tg_…'.".to_owned(),
        ),
        Error::TwoCredentials => {
            (ProblemKind::TwoCredentials, "Two different keys were sent. Send one, in one header.".to_owned())
        }
        Error::KeyPaused => {
            (ProblemKind::KeyPaused, "This key is paused. Its owner or an admin of its team can resume it.".to_owned())
        }
        Error::NetworkNotAllowed => {
            (ProblemKind::NetworkNotAllowed, "This key may not be used from this address.".to_owned())
        }
        Error::ScopeMissing(scope) => {
            (ProblemKind::ScopeMissing, format!("This key has no scope '{}', which is needed here.", scope.as_str()))
        }
        _ => (
            ProblemKind::InvalidApiKey,
            "This key is not valid. Check it for typing errors, or make a new one.".to_owned(),
        ),
    };
    (problem.kind, problem.message) = (kind, message);
}

fn tell_request(error: &llm::Error, problem: &mut Problem) {
    match error {
        llm::Error::Invalid { param, message } => {
            problem.kind = ProblemKind::InvalidRequest;
            problem.message = sentence(message);
            problem.param.clone_from(param);
        }
        llm::Error::Foreign { .. } | llm::Error::FrameTooLong { .. } => {
            problem.kind = ProblemKind::UpstreamError;
            problem.message = sentence(&error.to_string());
        }
    }
}

/// Upper case first, a full stop last.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refused_key_reads_the_same_whether_it_exists_or_not() {
        let id = RequestId(uuid::Uuid::nil());
        let problem = Error::InvalidKey.problem(id);
        assert_eq!((problem.kind.status(), problem.kind.as_str()), (401, "invalid_api_key"));
    }

    #[test]
    fn a_database_error_tells_the_client_nothing_about_itself() {
        let id = RequestId(uuid::Uuid::nil());
        let secret = store::Error::Unknown { column: "attempts.state", value: "x".to_owned() };
        let problem = Error::Database(secret).problem(id);
        assert!(!problem.message.contains("attempts"));
        assert_eq!(problem.retry_after, Some(1));
    }
}
