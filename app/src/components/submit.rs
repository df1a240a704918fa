//! One form on its way to the server: busy, then done or refused. Pressing twice sends once.

use std::{future::Future, pin::Pin};

use domain::ApiError;
use leptos::server_fn::ServerFn;
use serde::{Serialize, de::DeserializeOwned};

use super::{erase::Erase, error_panel::sentence, icon::icon, toast::Toasts};
use crate::{
    api::{Answer, Failure, protocol::ask},
    browser,
    prelude::*,
};

#[derive(Clone, Copy)]
pub struct Submit {
    pub busy: RwSignal<bool>,
    pub error: RwSignal<Option<ApiError>>,
    /// Looked up while the view is built: an event has no context.
    toasts: Option<Toasts>,
}

impl Submit {
    pub fn new() -> Self {
        Self { busy: RwSignal::new(false), error: RwSignal::new(None), toasts: use_context() }
    }

    /// Sends `work` and hands its answer to `done`; a refusal is kept for the fields and the first wrong one gets focus.
    pub fn run<T: Send + 'static>(
        self,
        work: impl Future<Output = Answer<T>> + Send + 'static,
        done: impl FnOnce(T) + Send + 'static,
    ) {
        self.send(Box::pin(async move { work.await.map(done).map_err(|failure| failure.0) }));
    }

    /// The same for a server function, with less code at the place that asks, see [`ask`].
    pub fn ask<I>(self, input: I, done: impl FnOnce(I::Output) + 'static)
    where
        I: ServerFn<Error = Failure> + Serialize,
        I::Output: DeserializeOwned,
    {
        if self.begin() {
            ask(input, move |answer| self.end(answer.map(done).map_err(|failure| failure.0)));
        }
    }

    /// The same for what answers with a sentence: says it in a toast, then goes on.
    pub fn tell(self, work: Pin<Box<dyn Future<Output = Answer<String>> + Send>>, then: Box<dyn Fn() + Send>) {
        self.send(Box::pin(async move {
            let said = work.await.map_err(|failure| failure.0)?;
            if let Some(toasts) = self.toasts {
                toasts.done(said);
            }
            then();
            Ok(())
        }));
    }

    fn send(self, work: Pin<Box<dyn Future<Output = Result<(), ApiError>> + Send>>) {
        if self.begin() {
            leptos::task::spawn_local(async move { self.end(work.await) });
        }
    }

    /// May it be sent now?
    fn begin(self) -> bool {
        if self.busy.get_untracked() {
            return false;
        }
        self.busy.set(true);
        self.error.set(None);
        true
    }

    fn end(self, answer: Result<(), ApiError>) {
        // The page may be gone by now; then nobody waits for the answer.
        let _gone = self.busy.try_set(false);
        if let Err(error) = answer {
            let _gone = self.error.try_set(Some(error));
            browser::focus_first_invalid();
        }
    }

    /// The message for one field.
    pub fn of_field(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || self.error.with(|error| error.as_ref()?.of_field(field).map(str::to_owned)))
    }
}

impl Default for Submit {
    fn default() -> Self {
        Self::new()
    }
}

/// What the server said about the whole form, above its buttons. What is wrong with a single field stands at the field.
pub fn form_error(error: Signal<Option<ApiError>>) -> AnyView {
    let is_said = |error: &ApiError| matches!(error.fields.as_slice(), [one] if one.message == error.message);
    refusal(Signal::derive(move || error.get().filter(|error| !is_said(error))))
}

/// What the server said, where there are no fields to say it.
pub fn refusal(error: Signal<Option<ApiError>>) -> AnyView {
    view! {
        <div class="form-error-slot" role="status">
            {move || error.get().map(error_line)}
        </div>
    }
    .erase()
}

pub fn error_line(error: ApiError) -> AnyView {
    let id = error.request_id.map(|id| format!(" Request {id}.")).unwrap_or_default();
    problem(format!("{}{id}", sentence(&error.message)))
}

/// One sentence that says what went wrong.
pub fn problem(sentence: String) -> AnyView {
    view! {
        <p class="form-error">
            {icon("alert")} <span>{sentence}</span>
        </p>
    }
    .erase()
}
