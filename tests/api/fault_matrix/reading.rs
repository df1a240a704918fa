//! Rows 91 to 93: clients that read slowly, say that they have nothing more to say, or ask twice at once. They speak raw
//! HTTP: no client library does these things.

use serde_json::Value;
use tests::{
    dialect::{Dialect, Scenario},
    fake_upstream::{End, Fault, Request, Script},
    kinds,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

use super::stage::{Model, Stage};

/// More than all buffers of the operating system between the provider and the client together.
const MEGABYTES: usize = 32;
/// Pieces of text before the bulk.
const BEFORE: u64 = 4;

async fn stage() -> Stage {
    Stage::new([Model::new("a".to_owned(), "openai-compatible")].iter()).await
}

/// A small buffer, so that a client which does not read is felt soon.
async fn connect(stage: &Stage) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    let url = stage.server.url("");
    socket.connect(url.trim_start_matches("http://").parse().unwrap()).await.unwrap()
}

fn words(stage: &Stage, stream: bool, last: bool) -> String {
    let body = Dialect::Chat.request(Scenario::Plain, "a", stream, None).to_string();
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {}\r\ncontent-type: \
         application/json\r\nx-tallygate-fallback: off\r\nconnection: {}\r\ncontent-length: {}\r\n\r\n{body}",
        stage.key,
        if last { "close" } else { "keep-alive" },
        body.len()
    )
}

/// Everything until the other side has nothing more to say.
async fn rest(connection: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

async fn assert_settled_final(stage: &Stage, calls: usize) {
    let rows = stage.ledger.at_rest(calls).await.unwrap();
    let requests = stage.upstream.journal().requests().unwrap();
    for row in rows {
        let request = requests.iter().find(|one| one.attempt == Some(row.id.to_string())).unwrap();
        assert_eq!((row.state.as_str(), row.usage_source.as_deref()), ("settled", Some("final")), "{row:?}");
        assert_eq!(row.cost_nano, Some(kinds::cost_nano(&request.reported.classes)), "{row:?}");
    }
}

#[tokio::test]
async fn row_91_a_client_that_reads_slowly_slows_the_provider_and_fills_no_memory() {
    let stage = stage().await;
    let frames = usize::try_from(BEFORE).unwrap() + 1;
    stage
        .upstream
        .script(Script { fault: Fault::HugeCommentsAfter { frames, megabytes: MEGABYTES }, ..Script::words(40) });
    let mut slow = connect(&stage).await;
    slow.write_all(words(&stage, true, true).as_bytes()).await.unwrap();
    let mut seen = vec![0; 1 << 20];
    slow.read_exact(&mut seen).await.unwrap();

    // The time in which the same answer passes a client that reads: a gateway that hoards would have all of it by then.
    let mut quick = connect(&stage).await;
    quick.write_all(words(&stage, true, true).as_bytes()).await.unwrap();
    let whole = rest(&mut quick).await;
    assert!(whole.len() > MEGABYTES << 20 && whole.contains("[DONE]"), "{}", whole.len());
    let requests = stage.upstream.journal().requests().unwrap();
    let served: Vec<u64> = requests.iter().map(|one: &Request| one.served_tokens).collect();
    assert_eq!(served, [BEFORE, 40], "what the provider could hand over to the slow client and to the quick one");

    let left = rest(&mut slow).await;
    assert!(seen.len() + left.len() > MEGABYTES << 20 && left.contains("[DONE]"), "{}", left.len());
    assert_settled_final(&stage, 2).await;
}

/// TCP says the same when a client has nothing more to say and when it is gone: both are the end of what it sends. A client
/// that left must stop its provider at once, because that is paid for, so a half-closed connection is one that was left.
#[tokio::test]
async fn row_92_a_client_that_closes_its_half_has_left() {
    for stream in [false, true] {
        let stage = stage().await;
        stage.upstream.script(Script { fault: Fault::HangBeforeHead, ..Script::words(12) });
        let mut connection = connect(&stage).await;
        connection.write_all(words(&stage, stream, true).as_bytes()).await.unwrap();
        stage.upstream.journal().until(|all| all.len() == 1).await.unwrap();
        connection.shutdown().await.unwrap();
        assert_eq!(rest(&mut connection).await, "", "stream={stream}");
        if stream {
            stage.upstream.journal().until(|all| all[0].end == End::ClientGone).await.unwrap();
            let row = stage.ledger.only().await.unwrap();
            let said = (row.state.as_str(), row.outcome.as_deref(), row.usage_source.as_deref());
            assert_eq!(said, ("settled", Some("cancelled"), Some("estimated")), "{row:?}");
            assert!(row.client_aborted && (1..=row.reserved_nano).contains(&row.charged_nano), "{row:?}");
        } else {
            // A plain call is read to its end, whoever still listens.
            stage.upstream.release();
            assert_settled_final(&stage, 1).await;
            assert!(stage.ledger.only().await.unwrap().client_aborted);
        }
    }
}

#[tokio::test]
async fn row_93_two_requests_in_one_breath_are_answered_in_order() {
    let stage = stage().await;
    stage.upstream.script(Script::words(12));
    for (first, second) in [(false, true), (true, false)] {
        let mut connection = connect(&stage).await;
        let both = words(&stage, first, false) + &words(&stage, second, true);
        connection.write_all(both.as_bytes()).await.unwrap();
        let answers = rest(&mut connection).await;
        let kinds: Vec<bool> = answers
            .split("HTTP/1.1 ")
            .skip(1)
            .map(|answer| {
                assert!(answer.starts_with("200"), "{answer}");
                let (_, body) = answer.split_once("\r\n\r\n").unwrap();
                let is_stream = answer.contains("content-type: text/event-stream");
                assert!(is_stream && body.contains("[DONE]") || serde_json::from_str::<Value>(body).is_ok(), "{body}");
                is_stream
            })
            .collect();
        assert_eq!(kinds, [first, second]);
    }
    assert_settled_final(&stage, 4).await;
}
