//! The free question for a provider's models: each verdict, and what never happens on the way to it.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex},
};

use auth::Credential;
use domain::provider::ProbeVerdict;
use gateway::{ProbeTarget, Prober};
use llm::offer::Offered;
use store::testing::TestDatabase;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tracing::field::{Field, Visit};
use url::Url;

const CANARY: &str = "sk-canary-5e1d6f0b7a42";
const LIST: &str = r#"{"object":"list","data":[{"id":"a","max_model_len":4096},{"id":"b"}]}"#;

/// A database that allows what listens here.
async fn allowing(allow: &str) -> (TestDatabase, Prober) {
    let database = store::testing::database().await;
    let insert = format!("INSERT INTO instance (name, allow_private) VALUES ('test', '{{{allow}}}')");
    database.execute(Box::leak(insert.into_boxed_str())).await;
    let prober = Prober::new(database.pools.clone());
    (database, prober)
}

async fn listening() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

/// Takes one request and gives its head, in lower case.
async fn accept(listener: &TcpListener) -> (TcpStream, String) {
    let (mut socket, _) = listener.accept().await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    (socket, String::from_utf8(head).unwrap().to_lowercase())
}

fn whole(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

async fn ask(prober: &Prober, kind: &str, url: &str) -> Result<Vec<Offered>, ProbeVerdict> {
    let (url, credential) = (Url::parse(url).unwrap(), Credential::new(CANARY.to_owned()));
    prober.models(ProbeTarget { kind, preset: "", url: Some(&url), credential: Some(&credential) }).await
}

/// What a provider of this kind is told by an upstream that says exactly this, and the request that it got.
async fn told(kind: &str, path: &str, answer: &str) -> (Result<Vec<Offered>, ProbeVerdict>, String) {
    let (listener, address) = listening().await;
    let (_database, prober) = allowing(&address).await;
    let url = format!("http://{address}{path}");
    tokio::join!(ask(&prober, kind, &url), async {
        let (mut socket, head) = accept(&listener).await;
        socket.write_all(answer.as_bytes()).await.unwrap();
        head
    })
}

#[tokio::test]
async fn a_list_is_read_and_the_credential_goes_in_the_kinds_own_header() {
    let (offered, head) = told("openai-compatible", "/v1", &whole("200 OK", "", LIST)).await;
    let named = |id: &str, context_window| Offered { id: id.to_owned(), context_window, max_output: None };
    assert_eq!(offered, Ok(vec![named("a", Some(4096)), named("b", None)]));
    assert!(head.starts_with("get /v1/models http/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("authorization: bearer {CANARY}")), "{head}");

    let anthropic = r#"{"data":[{"id":"c","max_tokens":9}],"has_more":false}"#;
    let (offered, head) = told("anthropic", "", &whole("200 OK", "", anthropic)).await;
    assert_eq!(offered.unwrap()[0].max_output, Some(9));
    assert!(head.contains(&format!("x-api-key: {CANARY}")) && head.contains("anthropic-version: "), "{head}");

    let (offered, head) = told("azure-openai", "", &whole("200 OK", "", LIST)).await;
    assert_eq!(offered, Ok(Vec::new()), "the names of its list are no deployments");
    assert!(head.contains(&format!("api-key: {CANARY}")), "{head}");
}

#[tokio::test]
async fn pages_are_followed_and_each_model_is_told_once() {
    let (listener, address) = listening().await;
    let (_database, prober) = allowing(&address).await;
    let url = format!("http://{address}/v1beta");
    let pages = [
        r#"{"models":[{"name":"models/a"},{"name":"models/b"}],"nextPageToken":"t&1"}"#,
        r#"{"models":[{"name":"models/b"},{"name":"models/c"}]}"#,
    ];
    let (offered, heads) = tokio::join!(ask(&prober, "gemini", &url), async {
        let mut heads = Vec::new();
        for page in pages {
            let (mut socket, head) = accept(&listener).await;
            socket.write_all(whole("200 OK", "", page).as_bytes()).await.unwrap();
            heads.push(head);
        }
        heads
    });
    let ids: Vec<String> = offered.unwrap().into_iter().map(|model| model.id).collect();
    assert_eq!(ids, ["a", "b", "c"]);
    assert!(heads[1].starts_with("get /v1beta/models?pagesize=1000&pagetoken=t%261 "), "{}", heads[1]);
}

#[tokio::test]
async fn a_server_that_always_has_one_more_page_is_left_after_ten() {
    let (listener, address) = listening().await;
    let (_database, prober) = allowing(&address).await;
    let url = format!("http://{address}");
    let (offered, served) = tokio::join!(ask(&prober, "anthropic", &url), async {
        for number in 0..10 {
            let page = format!(r#"{{"data":[{{"id":"m{number}"}}],"has_more":true,"last_id":"m{number}"}}"#);
            let (mut socket, _) = accept(&listener).await;
            socket.write_all(whole("200 OK", "", &page).as_bytes()).await.unwrap();
        }
        10
    });
    assert_eq!(offered.unwrap().len(), served);
}

#[tokio::test]
async fn every_refusal_has_its_class() {
    let unknown_key = r#"{"error":{"code":400,"status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}"#;
    for (kind, status, body, verdict) in [
        ("openai", "401 Unauthorized", "", ProbeVerdict::RefusedCredential),
        ("openai", "403 Forbidden", "<html>", ProbeVerdict::RefusedCredential),
        ("gemini", "400 Bad Request", unknown_key, ProbeVerdict::RefusedCredential),
        ("gemini", "400 Bad Request", "{}", ProbeVerdict::Unexpected { status: 400 }),
        ("openai", "429 Too Many", "", ProbeVerdict::RateLimited),
        ("anthropic", "529 Overloaded", "", ProbeVerdict::RateLimited),
        ("openai", "404 Not Found", "", ProbeVerdict::Unexpected { status: 404 }),
        ("openai", "500 Oops", "", ProbeVerdict::Unexpected { status: 500 }),
        ("openai", "200 OK", "<html></html>", ProbeVerdict::Unexpected { status: 200 }),
        ("openai", "204 No Content", "", ProbeVerdict::Unexpected { status: 204 }),
    ] {
        assert_eq!(told(kind, "", &whole(status, "", body)).await.0, Err(verdict), "{kind} {status} {body}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_the_credential_reaches_nobody_else() {
    let (elsewhere, there) = listening().await;
    let headers = format!("location: http://{there}/v1/models\r\n");
    let (verdict, _) = told("openai", "/v1", &whole("307 Temporary Redirect", &headers, "")).await;
    assert_eq!(verdict, Err(ProbeVerdict::Unexpected { status: 307 }));
    assert!(futures_util::poll!(Box::pin(elsewhere.accept())).is_pending());
}

#[tokio::test]
async fn nobody_there_and_nobody_who_speaks_are_unreachable() {
    let (listener, address) = listening().await;
    let (_database, prober) = allowing(&address).await;
    let url = format!("http://{address}/v1");
    let (verdict, ()) = tokio::join!(ask(&prober, "openai", &url), async { drop(accept(&listener).await) });
    assert_eq!(verdict, Err(ProbeVerdict::Unreachable), "hung up");
    drop(listener);
    assert_eq!(ask(&prober, "openai", &url).await, Err(ProbeVerdict::Unreachable), "refused");
    let nowhere = "https://no-such-host.invalid/v1";
    assert_eq!(ask(&prober, "openai", nowhere).await, Err(ProbeVerdict::Unreachable), "no such name");
}

#[tokio::test]
async fn whoever_answers_without_a_certificate_is_not_trusted() {
    let (listener, address) = listening().await;
    let (_database, prober) = allowing(&address).await;
    let url = format!("https://{address}/v1");
    let (verdict, hello) = tokio::join!(ask(&prober, "openai", &url), async {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut hello = [0; 64];
        socket.read_exact(&mut hello).await.unwrap();
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        hello
    });
    assert_eq!(verdict, Err(ProbeVerdict::Tls));
    assert_eq!(hello[0], 0x16, "the first bytes are a handshake and no request");
}

#[tokio::test]
async fn an_address_that_is_not_on_the_list_is_not_even_connected_to() {
    let (listener, address) = listening().await;
    let (database, prober) = allowing("").await;
    let port = listener.local_addr().unwrap().port();
    for url in
        [format!("http://{address}/v1"), format!("http://localhost:{port}/v1"), "http://169.254.169.254/v1".into()]
    {
        assert_eq!(ask(&prober, "openai", &url).await, Err(ProbeVerdict::AddressNotAllowed), "{url}");
    }
    assert!(futures_util::poll!(Box::pin(listener.accept())).is_pending());

    // What an admin has just allowed can be asked at once.
    let allow = format!("UPDATE instance SET allow_private = '{{{address}}}'");
    database.execute(Box::leak(allow.into_boxed_str())).await;
    let url = format!("http://{address}/v1");
    let (offered, ()) = tokio::join!(ask(&prober, "openai", &url), async {
        let (mut socket, _) = accept(&listener).await;
        socket.write_all(whole("200 OK", "", LIST).as_bytes()).await.unwrap();
    });
    assert_eq!(offered.unwrap().len(), 2);
}

#[tokio::test]
async fn a_body_without_end_is_left() {
    let (listener, address) = listening().await;
    let (_database, prober) = allowing(&address).await;
    let url = format!("http://{address}/v1");
    let (verdict, written) = tokio::join!(ask(&prober, "openai", &url), async {
        let (mut socket, _) = accept(&listener).await;
        socket.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n[").await.unwrap();
        let (piece, mut written) = (vec![b' '; 64 * 1024], 0);
        // Ends when the other side has hung up.
        while socket.write_all(&piece).await.is_ok() {
            written += piece.len();
        }
        written
    });
    assert_eq!(verdict, Err(ProbeVerdict::Unexpected { status: 200 }));
    assert!(written >= 4 * 1024 * 1024, "{written}");
}

#[tokio::test]
async fn kinds_without_an_address_are_known_or_not_offered() {
    let (_database, prober) = allowing("").await;
    let bare = |kind| ProbeTarget { kind, preset: "", url: None, credential: None };
    assert_eq!(prober.models(bare("demo")).await.unwrap().len(), 3);
    for kind in ["openai", "openai-compatible", "azure-openai", "no such kind"] {
        assert_eq!(prober.models(bare(kind)).await, Err(ProbeVerdict::NotOffered), "{kind}");
    }
}

/// Everything that is logged, at every level.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<String>>);

impl Heard {
    fn note(&self, record: impl Fn(&mut dyn Visit)) {
        struct Words<'a>(&'a mut String);
        impl Visit for Words<'_> {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                self.0.push_str(&format!("{field}={value:?} "));
            }
        }
        record(&mut Words(&mut self.0.lock().unwrap()));
    }
}

impl tracing::Subscriber for Heard {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        self.note(|visitor| span.record(visitor));
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        self.note(|visitor| values.record(visitor));
    }

    fn event(&self, event: &tracing::Event<'_>) {
        self.note(|visitor| event.record(visitor));
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn no_credential_is_in_a_verdict_or_in_a_log() {
    let heard = Heard::default();
    let _guard = tracing::subscriber::set_default(heard.clone());
    let (elsewhere, there) = listening().await;
    drop(elsewhere);
    let echo = format!(r#"{{"error":{{"message":"Incorrect API key provided: {CANARY}"}}}}"#);
    let mut verdicts = String::new();
    for answer in
        [whole("401 No", "", &echo), whole("500 Oops", "", &echo), whole("200 OK", "", &echo), "garbage".into()]
    {
        verdicts += &format!("{:?} ", told("openai", "/v1", &answer).await.0);
    }
    let (_database, prober) = allowing(&there).await;
    verdicts += &format!("{:?}", ask(&prober, "openai", &format!("http://{there}/v1")).await);
    tracing::info!(canary = "the subscriber hears");
    let heard = heard.0.lock().unwrap();
    assert!(heard.contains("the subscriber hears"));
    for text in [&verdicts, &*heard] {
        assert!(!text.contains("canary-5e1d6f0b7a42"), "{text}");
    }
}
