//! What went wrong in one panel, what to do about it, and the request id for whoever looks into it.

use domain::{ApiError, ErrorKind};

use super::{
    button::{Button, Look, link_button},
    copy_button::copyable,
    erase::Erase,
    icon::icon,
};
use crate::prelude::*;

fn title(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unauthenticated => "You are signed out",
        ErrorKind::Forbidden => "Not with your role",
        ErrorKind::NotFound => "Nothing here",
        ErrorKind::Invalid => "This request cannot be answered",
        ErrorKind::Conflict => "Somebody was faster",
        ErrorKind::Throttled => "Too many tries",
        ErrorKind::Unavailable => "Temporarily out of reach",
        ErrorKind::Internal => "Something broke on the server",
    }
}

fn advice(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unauthenticated => "Sign in again to go on.",
        ErrorKind::Forbidden => "Ask somebody with that role, or open another team.",
        ErrorKind::NotFound => "It does not exist, was removed, or belongs to a team you are not in.",
        ErrorKind::Invalid => "Check the address, or go back and try again.",
        ErrorKind::Conflict => "Reload to see the current state.",
        ErrorKind::Throttled => "Wait a minute, then try again.",
        ErrorKind::Unavailable => "Nothing is lost. Try again in a moment.",
        ErrorKind::Internal => "Try again. If it stays, give the request id to whoever runs this instance.",
    }
}

/// Takes the place of the content that could not be loaded.
pub fn error_panel(error: ApiError, retry: Option<Callback<()>>) -> AnyView {
    let ApiError { kind, message, fields: _, request_id } = error;
    let action = match (kind, retry) {
        (ErrorKind::Unauthenticated, _) => Some(link_button(Look::Primary, "/sign-in".to_owned(), "Sign in", "")),
        (ErrorKind::Forbidden | ErrorKind::NotFound, _) | (_, None) => {
            Some(link_button(Look::Secondary, "/".to_owned(), "Back to start", ""))
        }
        (_, Some(retry)) => Some(view! { <Button label="Try again" icon_name="refresh" press=retry /> }.erase()),
    };
    view! {
        <div class="error-panel" role="alert">
            <div class="error-panel-mark">{icon("alert")}</div>
            <h2>{title(kind)}</h2>
            <p class="error-panel-message">{sentence(&message)}</p>
            <p>{advice(kind)}</p>
            {request_id.map(|id| view! { <p class="error-panel-id">"Request " {copyable("Copy request id", id)}</p> }.erase())}
            {action}
        </div>
    }
    .erase()
}

/// Messages are lower case without a full stop; on a page they are sentences.
pub fn sentence(message: &str) -> String {
    let end = if message.is_empty() || message.ends_with(['.', '?', ':']) { "" } else { "." };
    let mut sentence = format!("{message}{end}");
    // Our own messages are ASCII; the tables of all scripts stay out of the download.
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn messages_become_sentences() {
        assert_eq!(sentence("the name is taken"), "The name is taken.");
        assert_eq!(sentence("Already one."), "Already one.");
        assert_eq!(sentence(""), "");
    }
}
