//! What an operation can answer instead of its result, and the one way from there to the public error.

use domain::{ApiError, ErrorKind, error::FieldError};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Missing, or of another team: the same answer.
    #[error("this does not exist, or is not yours to see")]
    NotFound,
    #[error("this needs {needs}")]
    Forbidden { needs: String },
    /// One text for unknown, used, expired and revoked.
    #[error("this invitation does not exist or cannot be used any more: ask for a new one")]
    NoInvitation,
    /// One text for unknown, used, expired and replaced.
    #[error("this link does not exist or cannot be used any more: ask an admin of the instance for a new one")]
    NoReset,
    /// Somebody else saved since this was read; each field that differs says what it is now.
    #[error("somebody else changed this: look at their values, then save again")]
    Stale { fields: Vec<FieldError> },
    /// The command line acts for nobody, and this belongs to a person.
    #[error("only a person who is signed in can do this")]
    NeedsPerson,
    /// One text for unknown, disabled and wrong.
    #[error("the e-mail address or the password is wrong")]
    WrongSignIn,
    #[error("the set-up code is wrong")]
    WrongCode,
    #[error("set-up is closed: this instance has an owner")]
    SetupClosed,
    #[error("too many tries: wait a moment, then try again")]
    Throttled,
    /// Fields or the whole input, already in words for people.
    #[error(transparent)]
    Invalid(#[from] ApiError),
    /// A unique name is in use.
    #[error("{what} {name:?} already exists")]
    Taken { what: &'static str, field: &'static str, name: String },
    #[error(
        "the stored secrets were sealed with another master key: start with that one (MASTER_KEY, MASTER_KEY_FILE or \
         DATA_DIR/master.key)"
    )]
    OtherMasterKey,
    #[error("database")]
    Store(#[from] store::Error),
    /// Too much waits to be computed, or the server stops.
    #[error("no worker is free")]
    Worker,
    #[error("password hashing")]
    Password(#[from] auth::password::Error),
    #[error("sealing a credential")]
    Vault(#[from] auth::vault::Error),
}

impl Error {
    /// The names a constraint protects, in words; every other database error stays one.
    pub(crate) fn taken(
        error: store::Error,
        constraint: &str,
        what: &'static str,
        field: &'static str,
        name: &str,
    ) -> Self {
        if error.is_taken(constraint) {
            return Self::Taken { what, field, name: name.to_owned() };
        }
        Self::Store(error)
    }

    /// What was asked for is against how things are.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::Invalid(ApiError::new(ErrorKind::Conflict, message))
    }

    /// A save over a newer revision: names what differs from it. `mine` and `theirs` are pairs of field and text.
    pub(crate) fn stale(mine: &[(&str, String)], theirs: &[(&str, String)]) -> Self {
        let differs = mine.iter().zip(theirs).filter(|(mine, theirs)| mine.1 != theirs.1);
        let fields = differs.map(|(_, (field, now))| FieldError {
            field: (*field).to_owned(),
            message: if now.is_empty() { "now empty".to_owned() } else { format!("now {now:?}") },
        });
        Self::Stale { fields: fields.collect() }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound | Self::NoInvitation | Self::NoReset => ErrorKind::NotFound,
            Self::Forbidden { .. } | Self::NeedsPerson | Self::WrongCode => ErrorKind::Forbidden,
            Self::WrongSignIn => ErrorKind::Unauthenticated,
            Self::SetupClosed | Self::Taken { .. } | Self::Stale { .. } => ErrorKind::Conflict,
            Self::Throttled => ErrorKind::Throttled,
            Self::Invalid(error) => error.kind,
            Self::Store(store::Error::TooSlow) => ErrorKind::Invalid,
            Self::Worker | Self::Store(store::Error::Unavailable(_)) => ErrorKind::Unavailable,
            Self::Store(error) if error.is_transient() => ErrorKind::Unavailable,
            Self::Password(auth::password::Error::Overloaded) => ErrorKind::Unavailable,
            Self::OtherMasterKey | Self::Store(_) | Self::Password(_) | Self::Vault(_) => ErrorKind::Internal,
        }
    }

    /// The public error. What is our own fault is logged here, once, and tells the client nothing.
    pub fn into_api(self) -> ApiError {
        let kind = self.kind();
        match (kind, self) {
            (_, Self::Invalid(error)) => error,
            (_, Self::Store(store::Error::TooSlow)) => {
                ApiError::field("from", "this looks through too much: narrow the range, or add a filter")
            }
            (_, Self::Taken { what, field, name }) => {
                let message = format!("{what} {name:?} already exists");
                let fields = vec![FieldError { field: field.to_owned(), message: message.clone() }];
                ApiError { fields, ..ApiError::new(kind, message) }
            }
            (_, Self::Stale { fields }) => {
                let message = "somebody else changed this: look at their values, then save again";
                ApiError { fields, ..ApiError::new(kind, message) }
            }
            (ErrorKind::Unavailable, error) => {
                tracing::warn!(error = chain(&error), "operation refused for now");
                ApiError::new(kind, "the server is too busy or its database is away: try again in a moment")
            }
            (ErrorKind::Internal, error) => {
                tracing::error!(error = chain(&error), "operation failed");
                ApiError::new(kind, "something went wrong on the server")
            }
            (_, error) => ApiError::new(kind, error.to_string()),
        }
    }
}

/// The error and its sources on one line. Database errors name constraints and columns, never bound values.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
