//! How server functions travel: JSON by POST, as the framework's `Http<Json, Json>`.
//!
//! On the server the arguments are read strictly: what is unknown, missing or of a wrong type is refused by its name and with
//! status 400, where the framework would say 500. The browser's half is ours, because the framework compiles the whole exchange once
//! for every function; here only the two conversions are, which makes the download smaller by 3 kB for each function.

#[cfg(feature = "ssr")]
use std::collections::BTreeMap;
use std::{future::Future, pin::Pin};

use bytes::Bytes;
#[cfg(feature = "ssr")]
use domain::ApiError;
use http::Method;
use leptos::server_fn::{
    Http, Protocol, ServerFn,
    client::Client,
    codec::Json,
    error::{FromServerFnError, ServerFnErrorErr},
    request::ClientReq,
    response::ClientRes,
    server::Server,
};
#[cfg(feature = "ssr")]
use leptos::server_fn::{request::Req, response::TryRes};
#[cfg(feature = "ssr")]
use serde::de::IgnoredAny;
use serde::{Serialize, de::DeserializeOwned};

use super::{Answer, Failure, tree};

const JSON: &str = "application/json";

/// `#[server(…, protocol = JsonPost)]`
pub struct JsonPost;

type Framework = Http<Json, Json>;

impl<Input, Output, C, S> Protocol<Input, Output, C, S, Failure> for JsonPost
where
    Framework: Protocol<Input, Output, C, S, Failure>,
    Input: Serialize + DeserializeOwned + Send,
    Output: Serialize + DeserializeOwned + Send,
    C: Client<Failure>,
    S: Server<Failure>,
{
    const METHOD: Method = Method::POST;

    #[cfg(feature = "ssr")]
    async fn run_server<F, Fut>(request: S::Request, server_fn: F) -> Result<S::Response, Failure>
    where
        F: Fn(Input) -> Fut + Send,
        Fut: Future<Output = Result<Output, Failure>> + Send,
    {
        let sent = request.try_into_bytes().await?;
        let output = server_fn(arguments(&sent)?).await?;
        let answer = serde_json::to_string(&output);
        let answer = answer.map_err(|error| refused(ServerFnErrorErr::Serialization(error.to_string())))?;
        S::Response::try_from_string(JSON, answer)
    }

    #[cfg(not(feature = "ssr"))]
    fn run_server<F, Fut>(
        request: S::Request,
        server_fn: F,
    ) -> impl Future<Output = Result<S::Response, Failure>> + Send
    where
        F: Fn(Input) -> Fut + Send,
        Fut: Future<Output = Result<Output, Failure>> + Send,
    {
        <Framework as Protocol<Input, Output, C, S, Failure>>::run_server(request, server_fn)
    }

    fn run_client(path: &str, input: Input) -> impl Future<Output = Answer<Output>> + Send {
        let answer = exchange::<C>(path.to_owned(), serde_json::to_vec(&input).ok());
        async move { tree::read(&answer.await?).ok_or_else(unreadable) }
    }
}

/// The arguments of a server function. Types of ours refuse what they do not know themselves; the macro's own struct of
/// arguments does not, so the names in it are compared here.
#[cfg(feature = "ssr")]
fn arguments<T: Serialize + DeserializeOwned>(sent: &[u8]) -> Answer<T> {
    let known = |read: &T| {
        let names: BTreeMap<String, IgnoredAny> = serde_json::from_slice(sent).unwrap_or_default();
        let takes = serde_json::to_value(read).unwrap_or_default();
        names.into_keys().find(|name| takes.get(name).is_none())
    };
    let read = control::strict::read::<T>(sent).and_then(|read| match known(&read) {
        Some(name) => Err(ApiError::field(&name, format!("unknown field {name}"))),
        None => Ok(read),
    });
    read.map_err(super::refuse)
}

/// Sends JSON text to the server function at `/ui/<operation>`: what forms and pages that are data are sent with.
#[cfg(feature = "hydrate")]
pub fn post(operation: &str, body: String) -> Work<Bytes> {
    let path = format!("/ui/{operation}");
    exchange::<leptos::server_fn::client::browser::BrowserClient>(path, Some(body.into_bytes()))
}

/// Calls a server function from an event and hands over its answer: what waiting for its future does, without a state machine
/// for each place that waits. On the server nothing happens.
pub fn ask<I>(input: I, then: impl FnOnce(Answer<I::Output>) + 'static)
where
    I: ServerFn<Error = Failure> + Serialize,
    I::Output: DeserializeOwned,
{
    if cfg!(feature = "hydrate") {
        let body = serde_json::to_string(&input).unwrap_or_default();
        let read = move |answer: Answer<Bytes>| {
            then(answer.and_then(|bytes| tree::read(&bytes).ok_or_else(unreadable)));
        };
        send(I::PATH, body, Box::new(read));
    }
}

fn send(path: &'static str, body: String, then: Box<dyn FnOnce(Answer<Bytes>)>) {
    // Paths of server functions begin with `/ui/`, which `post` adds.
    let work = post(path.trim_start_matches("/ui/"), body);
    leptos::task::spawn_local(async move { then(work.await) });
}

/// Only a browser sends.
#[cfg(not(feature = "hydrate"))]
pub fn post(_operation: &str, _body: String) -> Work<Bytes> {
    Box::pin(std::future::ready(Err(unreadable())))
}

/// An answer on its way.
pub type Work<T> = Pin<Box<dyn Future<Output = Answer<T>> + Send>>;

/// The answer is not what it should be: another build of the server, as a rule.
pub fn unreadable() -> Failure {
    refused(ServerFnErrorErr::Deserialization(String::new()))
}

fn refused(error: ServerFnErrorErr) -> Failure {
    Failure::from_server_fn_error(error)
}

/// Sends one body and brings the answer's, or the error that the server wrote. `None` is what could not be written as JSON.
fn exchange<C: Client<Failure>>(path: String, body: Option<Vec<u8>>) -> Work<Bytes> {
    Box::pin(async move {
        let body = body.ok_or_else(|| refused(ServerFnErrorErr::Args(String::new())))?;
        let request = C::Request::try_new_post_bytes(&path, JSON, JSON, body.into())?;
        let response = C::send(request).await?;
        let failed = (400..=599).contains(&response.status());
        let answer = response.try_into_bytes().await?;
        if failed { Err(tree::read(&answer).map_or_else(unreadable, Failure)) } else { Ok(answer) }
    })
}

#[cfg(feature = "ssr")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::sheet::Ask;

    #[derive(Debug, PartialEq, Serialize, serde::Deserialize)]
    struct Arguments {
        team: String,
        #[serde(default)]
        ask: Ask,
    }

    #[test]
    fn arguments_are_refused_by_the_name_of_what_is_wrong() {
        for (text, field) in [
            (r#"{"team":"a","more":"canary"}"#, "more"),
            (r#"{"team":"a","ask":{"more":1}}"#, "ask.more"),
            (r#"{"ask":{}}"#, "team"),
            (r#"{"team":1}"#, "team"),
        ] {
            let Failure(error) = arguments::<Arguments>(text.as_bytes()).unwrap_err();
            assert!(error.of_field(field).is_some(), "{text}: {error:?}");
            assert!(!error.message.contains("canary"), "{text}");
        }
        assert_eq!(arguments::<Arguments>(br#"{"team":"a"}"#).map(|it| it.team), Ok("a".to_owned()));
    }
}
