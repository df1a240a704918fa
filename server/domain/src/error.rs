//! The one public error of the control plane. It carries nothing that a stranger may not read.

use serde::{Deserialize, Serialize};

/// What kind of refusal this is. The HTTP status follows from it in one place, [`ErrorKind::status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// No valid session or credential.
    Unauthenticated,
    /// Signed in, but the permission is missing.
    Forbidden,
    /// Missing, or of another team: the same answer.
    NotFound,
    /// A field or the whole input is wrong.
    Invalid,
    /// The name is taken, or somebody saved before.
    Conflict,
    /// Too many tries.
    Throttled,
    /// The database or another part is away.
    Unavailable,
    /// Our own fault; the client learns only the request id.
    Internal,
}

impl ErrorKind {
    pub fn status(self) -> u16 {
        match self {
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Invalid => 400,
            Self::Conflict => 409,
            Self::Throttled => 429,
            Self::Unavailable => 503,
            Self::Internal => 500,
        }
    }
}

/// One wrong field: which one, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    pub field: String,
    pub message: String,
}

/// A refusal that a person or a script can act on. All wrong fields are listed at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    pub kind: ErrorKind,
    pub message: String,
    #[serde(default)]
    pub fields: Vec<FieldError>,
    #[serde(default)]
    pub request_id: Option<String>,
}

impl ApiError {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), fields: Vec::new(), request_id: None }
    }

    /// A refusal of one field.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            fields: vec![FieldError { field: field.to_owned(), message: message.clone() }],
            ..Self::new(ErrorKind::Invalid, message)
        }
    }

    /// The message for one field, for the form that shows it.
    pub fn of_field(&self, field: &str) -> Option<&str> {
        self.fields.iter().find(|f| f.field == field).map(|f| f.message.as_str())
    }
}

/// Collects the wrong fields of one input, so that all are reported at once.
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(FieldError { field: field.to_owned(), message: message.into() });
    }

    /// Keeps the value, or notes the message under `field`.
    pub fn check<T>(&mut self, field: &str, value: Result<T, String>) -> Option<T> {
        value.map_err(|message| self.add(field, message)).ok()
    }

    /// `Ok` when no field was wrong.
    pub fn finish(self) -> Result<(), ApiError> {
        let Some(first) = self.0.first() else { return Ok(()) };
        let message = match self.0.len() {
            1 => first.message.clone(),
            n => format!("{n} fields need attention"),
        };
        Err(ApiError { fields: self.0, ..ApiError::new(ErrorKind::Invalid, message) })
    }
}
