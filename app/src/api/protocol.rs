//! How server functions travel: JSON by POST, as the framework's `Http<Json, Json>`.
//!
//! The server's half is the framework's own. The browser's half is ours, because the framework compiles the whole exchange once
//! for every function; here only the two conversions are, which makes the download smaller by 3 kB for each function.

use std::{future::Future, pin::Pin};

use bytes::Bytes;
use http::Method;
use leptos::server_fn::{
    Http, Protocol,
    client::Client,
    codec::Json,
    error::{FromServerFnError, ServerFnErrorErr},
    request::ClientReq,
    response::ClientRes,
    server::Server,
};
use serde::{Serialize, de::DeserializeOwned};

use super::{Answer, Failure, tree};

const JSON: &str = "application/json";

/// `#[server(…, protocol = JsonPost)]`
pub struct JsonPost;

type Framework = Http<Json, Json>;

impl<Input, Output, C, S> Protocol<Input, Output, C, S, Failure> for JsonPost
where
    Framework: Protocol<Input, Output, C, S, Failure>,
    Input: Serialize + Send,
    Output: DeserializeOwned + Send,
    C: Client<Failure>,
    S: Server<Failure>,
{
    const METHOD: Method = Method::POST;

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

/// An answer on its way.
pub type Work<T> = Pin<Box<dyn Future<Output = Answer<T>> + Send>>;

fn unreadable() -> Failure {
    refused(ServerFnErrorErr::Deserialization(String::new()))
}

fn refused(error: ServerFnErrorErr) -> Failure {
    Failure::from_server_fn_error(error)
}

/// Sends one body and brings the answer's, or the error that the server wrote. `None` is what could not be written as JSON.
fn exchange<C: Client<Failure>>(
    path: String,
    body: Option<Vec<u8>>,
) -> Pin<Box<dyn Future<Output = Answer<Bytes>> + Send>> {
    Box::pin(async move {
        let body = body.ok_or_else(|| refused(ServerFnErrorErr::Args(String::new())))?;
        let request = C::Request::try_new_post_bytes(&path, JSON, JSON, body.into())?;
        let response = C::send(request).await?;
        let failed = (400..=599).contains(&response.status());
        let answer = response.try_into_bytes().await?;
        if failed { Err(tree::read(&answer).map_or_else(unreadable, Failure)) } else { Ok(answer) }
    })
}
