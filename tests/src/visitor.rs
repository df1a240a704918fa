//! Somebody who asks: a browser with its cookie, a script with its bearer text, or nobody, as the product sees them.
//!
//! Everything that tests of access send goes through here, so that every principal sends the very same request.

use anyhow::{Context as _, Result, ensure};
use http::{Method, header};
use reqwest::{Client, RequestBuilder};
use serde_json::Value;

use crate::Answer;

/// What proves who somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    None,
    /// `tg=…`
    Cookie(String),
    Bearer(String),
}

/// One asker. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Visitor {
    client: Client,
    base: String,
    pub credential: Credential,
}

impl Visitor {
    /// Nobody in particular, at the server that `base` names.
    pub fn stranger(client: Client, base: impl Into<String>) -> Self {
        Self { client, base: base.into(), credential: Credential::None }
    }

    #[must_use]
    pub fn with(&self, credential: Credential) -> Self {
        Self { credential, ..self.clone() }
    }

    #[must_use]
    pub fn bearer(&self, secret: &str) -> Self {
        self.with(Credential::Bearer(secret.to_owned()))
    }

    /// The same asker at another server.
    #[must_use]
    pub fn at(&self, base: impl Into<String>) -> Self {
        Self { base: base.into(), ..self.clone() }
    }

    /// A request from a page of the instance, or from a program.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request =
            self.client.request(method, format!("{}{path}", self.base)).header("sec-fetch-site", "same-origin");
        match &self.credential {
            Credential::None => request,
            Credential::Cookie(cookie) => request.header(header::COOKIE, cookie),
            Credential::Bearer(secret) => request.bearer_auth(secret),
        }
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        let request = self.request(method, path);
        let request = match body {
            Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(body.to_string()),
            None => request,
        };
        Ok(Answer::read(request.send().await?).await)
    }

    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.send(Method::GET, path, None).await
    }

    /// A server function by its name: `keys/create`.
    pub async fn ask(&self, operation: &str, body: &Value) -> Result<Answer> {
        self.send(Method::POST, &format!("/ui/{operation}"), Some(body)).await
    }

    /// The same where nothing but success will do; what it answered.
    pub async fn done(&self, operation: &str, body: &Value) -> Result<Value> {
        let answer = self.ask(operation, body).await?;
        ensure!(answer.status == 200, "{operation} {body} was answered with {}: {}", answer.status, answer.text());
        Ok(answer.json())
    }

    /// A plain form, as a page without script posts it.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        let request =
            self.request(Method::POST, path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        Ok(Answer::read(request.body(encoded(fields)).send().await?).await)
    }

    /// Signs in with a session of its own.
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<Self> {
        let answer = self.with(Credential::None).form("/sign-in", &[("email", email), ("password", password)]).await?;
        ensure!(answer.status == 303, "{email} cannot sign in: {} {}", answer.status, answer.text());
        Ok(self.with(Credential::Cookie(cookie(&answer)?)))
    }
}

/// The session that an answer sets, as a browser sends it back.
pub fn cookie(answer: &Answer) -> Result<String> {
    let all = answer.headers.get_all(header::SET_COOKIE).iter().filter_map(|set| set.to_str().ok());
    // Beside the session, what a person likes may be set: their theme.
    let session = all
        .filter_map(|set| set.split(';').next())
        .find(|pair| pair.starts_with("tg=") || pair.starts_with("__Host-tg="));
    Ok(session.context("the answer begins no session")?.to_owned())
}

/// `application/x-www-form-urlencoded`.
pub fn encoded(fields: &[(&str, &str)]) -> String {
    let text = |text: &str| {
        let one = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        };
        text.bytes().map(one).collect::<String>()
    };
    fields.iter().map(|(name, value)| format!("{}={}", text(name), text(value))).collect::<Vec<_>>().join("&")
}
