//! What can be wrong with bytes of a model API.

/// Why bytes could not be read, or a request could not be said on a wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The caller's request is wrong: which field, and what would be right.
    #[error("{message}")]
    Invalid { param: Option<String>, message: String },
    /// An upstream answered something that is not of its wire: a web page, half a document, nothing.
    #[error("the answer is not {expected}")]
    Foreign { expected: &'static str },
    /// One event of a stream is longer than we are willing to hold.
    #[error("an event of the stream is longer than {limit} bytes")]
    FrameTooLong { limit: usize },
}

impl Error {
    pub fn invalid(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { param: Some(param.into()), message: message.into() }
    }

    /// The target cannot do what this field asks; it is never left out in silence.
    pub fn unsupported(param: impl Into<String>, target: &str) -> Self {
        let param = param.into();
        Self::Invalid {
            message: format!("'{param}' cannot be said to {target}; leave it out or choose another model"),
            param: Some(param),
        }
    }

    /// The whole body is wrong, not one field.
    pub fn body(message: impl Into<String>) -> Self {
        Self::Invalid { param: None, message: message.into() }
    }
}
