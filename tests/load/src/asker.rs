//! Somebody who is signed in and asks server functions, one question after the other on one connection.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpStream, task::JoinSet, time::timeout};

use crate::target::is_loopback;

const DEADLINE: Duration = Duration::from_secs(60);

pub struct Asker {
    authority: String,
    sender: SendRequest<Full<Bytes>>,
    /// Ends with the asker.
    _connection: JoinSet<()>,
    cookie: Option<String>,
}

/// What came back, and how long it took from the first byte sent to the last one read.
pub struct Answered {
    pub value: Value,
    pub bytes: usize,
    pub took: Duration,
}

impl Asker {
    /// Signs in as a browser does.
    pub async fn sign_in(url: &str, email: &str, password: &str) -> Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("{url:?} is not a URL"))?;
        ensure!(is_loopback(&uri), "load goes to loopback addresses only, not to {url}");
        let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
        let stream = TcpStream::connect(&authority).await.context("no connection")?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            if let Err(error) = connection.await {
                eprintln!("the connection broke: {error}");
            }
        });
        let mut asker = Self { authority, sender, _connection: tasks, cookie: None };
        let form = format!("email={}&password={}", encoded(email), encoded(password));
        let kind = "application/x-www-form-urlencoded";
        let (status, headers, body) = asker.send(Method::POST, "/sign-in", kind, form.into()).await?;
        ensure!(status.is_redirection(), "signing in was answered with {status}: {}", start(&body));
        asker.cookie = Some(session(&headers).context("signing in set no cookie")?);
        Ok(asker)
    }

    /// A server function by its name, such as `history/list`.
    pub async fn ask(&mut self, operation: &str, body: &Value) -> Result<Answered> {
        let began = Instant::now();
        let path = format!("/ui/{operation}");
        let (status, _, bytes) = self.send(Method::POST, &path, "application/json", body.to_string().into()).await?;
        let took = began.elapsed();
        ensure!(status.is_success(), "{operation} {body} was answered with {status}: {}", start(&bytes));
        let value = serde_json::from_slice(&bytes).with_context(|| format!("{operation} answered no JSON"))?;
        Ok(Answered { value, bytes: bytes.len(), took })
    }

    /// A plain address, such as `/ready`.
    pub async fn get(&mut self, path: &str) -> Result<Duration> {
        let began = Instant::now();
        let (status, _, bytes) = self.send(Method::GET, path, "text/plain", Bytes::new()).await?;
        let took = began.elapsed();
        ensure!(status.is_success(), "{path} was answered with {status}: {}", start(&bytes));
        Ok(took)
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        kind: &str,
        body: Bytes,
    ) -> Result<(http::StatusCode, HeaderMap, Bytes)> {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, &self.authority);
        request = request.header(header::CONTENT_TYPE, kind).header(header::ACCEPT, "application/json");
        request = request.header("sec-fetch-site", "same-origin");
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let request = request.body(Full::new(body))?;
        let exchange = async {
            self.sender.ready().await?;
            let response = self.sender.send_request(request).await.context("no response")?;
            let (head, body) = response.into_parts();
            let bytes = body.collect().await.context("broken body")?.to_bytes();
            Ok((head.status, head.headers, bytes))
        };
        timeout(DEADLINE, exchange).await.with_context(|| format!("{path} did not answer"))?
    }
}

fn session(headers: &HeaderMap) -> Option<String> {
    let all = headers.get_all(header::SET_COOKIE).iter().filter_map(|set| set.to_str().ok());
    let mut pairs = all.filter_map(|set| set.split(';').next());
    pairs.find(|pair| pair.starts_with("tg=") || pair.starts_with("__Host-tg=")).map(str::to_owned)
}

fn start(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(300).collect()
}

fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_found_beside_other_cookies() {
        let mut headers = HeaderMap::new();
        for set in ["theme=dark; Path=/", "__Host-tg=abc; HttpOnly"] {
            headers.append(header::SET_COOKIE, set.parse().unwrap());
        }
        assert_eq!(session(&headers).as_deref(), Some("__Host-tg=abc"));
    }

    #[test]
    fn a_form_escapes_what_is_no_letter() {
        assert_eq!(encoded("a b@c+d"), "a%20b%40c%2Bd");
    }
}
