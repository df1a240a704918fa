//! What goes wrong below HTTP, seen as bytes: no client library shows it.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::*;

/// Every byte of the answer to one request, until the fake ends the connection.
async fn raw(script: Script, body: &Value) -> String {
    let fake = fake(script).await;
    let body = body.to_string();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: fake\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connection = TcpStream::connect(fake.address()).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn promised(answer: &str) -> usize {
    let (_, rest) = answer.split_once("content-length: ").unwrap();
    rest.split("\r\n").next().unwrap().parse().unwrap()
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test]
async fn interim_answers_stand_before_the_head() {
    for asked in [plain(), streamed()] {
        let answer = raw(Script { interim: true, ..Script::words(3) }, &asked).await;
        assert!(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n"), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1 200 OK\r\n").count(), 1, "{answer}");
    }
}

#[tokio::test]
async fn trailers_follow_a_complete_answer() {
    for asked in [plain(), streamed()] {
        let answer = raw(Script::cut_after(usize::MAX, Cut::Trailers), &asked).await;
        assert!(answer.contains("transfer-encoding: chunked") && answer.contains("prompt_tokens"), "{answer}");
        assert!(answer.ends_with("\r\n0\r\nx-checksum: 5f2b\r\nserver-timing: total;dur=12\r\n\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn a_bad_chunk_size_stands_where_the_next_chunk_would() {
    for asked in [plain(), streamed()] {
        let answer = raw(Script::cut_after(4, Cut::BadChunk), &asked).await;
        assert!(answer.contains("transfer-encoding: chunked"), "{answer}");
        assert!(answer.ends_with("\r\nzz\r\ndata: no chunk\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn a_length_can_promise_too_much_and_too_little() {
    let long = Script { length: LengthForm::TooLong, ..Script::cut_after(usize::MAX, Cut::Fin) };
    let short = Script { length: LengthForm::TooShort, ..Script::words(30) };
    for asked in [plain(), streamed()] {
        let answer = raw(long.clone(), &asked).await;
        assert!(promised(&answer) >= body(&answer).len() + 1_000 && !body(&answer).is_empty(), "{answer}");
        let answer = raw(short.clone(), &asked).await;
        assert_eq!(promised(&answer), body(&answer).len(), "{answer}");
        assert!(!answer.contains("[DONE]") && !answer.contains("total_tokens"), "{answer}");
    }
}

#[tokio::test]
async fn a_redirect_leads_back_and_a_bomb_is_small_on_the_wire() {
    let answer = raw(Script::status(307), &plain()).await;
    assert!(answer.contains("location: /v1/chat/completions\r\n"), "{answer}");
    let answer = raw(Script::fault(Fault::GzipBomb { megabytes: 8 }), &plain()).await;
    assert!(answer.contains("content-encoding: gzip\r\n"), "{answer}");
    assert!((1_000..200_000).contains(&promised(&answer)), "{}", promised(&answer));
}
