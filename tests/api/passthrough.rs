//! Same dialect on both sides: what a client writes and what a provider answers arrive as they were written.

use std::num::NonZeroUsize;

use serde_json::{Value, json};
use tests::{
    Answer, World,
    fake_upstream::{Exchange, LineEnd, Script},
};

/// Number forms, escapes and spaces that no encoder would write again the same way.
const ODD_REQUEST: &str = concat!(
    r#"{ "vendor_first" : {"scale":1.50e+2,"name":"\u00fcber"}, "messages":[ {"role":"user","content":"h\u0069 \/ there","#,
    r#""cache_control" : {"type":"ephemeral"}} ], "model" :"a","temperature":0.30, "zz":[1, 2 ,null]}"#
);

fn only(world: &World) -> Exchange {
    let mut exchanges = world.upstream.exchanges();
    assert_eq!(exchanges.len(), 1);
    exchanges.remove(0)
}

/// The stream as the client saw it, without the comment lines the gateway may add.
fn without_comments(answer: &Answer) -> String {
    answer.text().split_inclusive("\n\n").filter(|event| !event.starts_with(':')).collect()
}

fn streamed(include_usage: bool) -> Value {
    let mut body = World::body("a");
    body["stream"] = json!(true);
    if include_usage {
        body["stream_options"] = json!({"include_usage": true});
    }
    body
}

#[tokio::test]
async fn a_request_keeps_its_unknown_fields_their_order_and_their_spelling() {
    let world = World::new().await;

    world.post_as(&world.key, ODD_REQUEST).await;

    let sent = only(&world).body;
    let text = std::str::from_utf8(&sent).unwrap();
    let kept = [
        r#"{"scale":1.50e+2,"name":"\u00fcber"}"#,
        r#"[ {"role":"user","content":"h\u0069 \/ there","cache_control" : {"type":"ephemeral"}} ]"#,
        "0.30",
        "[1, 2 ,null]",
    ];
    for part in kept {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    let sent: Value = serde_json::from_str(text).unwrap();
    let fields: Vec<_> = sent.as_object().unwrap().keys().collect();
    assert_eq!(fields[..5], ["vendor_first", "messages", "model", "temperature", "zz"]);
    assert_eq!(sent["model"], "fake-a");
}

#[tokio::test]
async fn the_provider_gets_its_own_credential_and_not_the_clients_key() {
    let world = World::new().await;
    let request = world.request(&world.key).header("cookie", "session=1").header("x-forwarded-for", "192.0.2.7");
    let answer = Answer::read(request.body(World::body("a").to_string()).send().await.unwrap()).await;
    assert_eq!(answer.status, 200);

    let sent = only(&world);
    let head = format!("{:?}", sent.head);
    assert_eq!(sent.head["authorization"], format!("Bearer {}", World::PROVIDER_SECRET));
    assert!(!head.contains(&world.key) && !head.contains("cookie") && !head.contains("192.0.2.7"), "{head}");
}

#[tokio::test]
async fn a_plain_answer_arrives_byte_for_byte() {
    let world = World::new().await;
    world.upstream.script(Script { extra_fields: true, ..Script::default() });

    let answer = world.chat(&World::body("a")).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, only(&world).sent);
    assert_eq!(world.leaks(&answer), [""; 0]);
}

#[tokio::test]
async fn a_stream_arrives_byte_for_byte_when_the_client_asked_for_usage() {
    let world = World::new().await;
    world.upstream.script(Script { extra_fields: true, ..Script::words(30) });

    let answer = world.chat(&streamed(true)).await;

    assert!(answer.header("content-type").unwrap().starts_with("text/event-stream"));
    assert_eq!(without_comments(&answer), std::str::from_utf8(&only(&world).sent).unwrap());
    assert_eq!(world.leaks(&answer), [""; 0]);
}

#[tokio::test]
async fn only_the_usage_chunk_is_taken_out_of_a_stream_whose_client_did_not_ask() {
    let world = World::new().await;

    let answer = world.chat(&streamed(false)).await;

    let sent = only(&world);
    assert_eq!(serde_json::from_slice::<Value>(&sent.body).unwrap()["stream_options"], json!({"include_usage": true}));
    let sent = std::str::from_utf8(&sent.sent).unwrap();
    let expected: String = sent.split_inclusive("\n\n").filter(|event| !event.contains(r#""choices":[],"#)).collect();
    assert!(expected.len() < sent.len());
    assert_eq!(without_comments(&answer), expected);
}

#[tokio::test]
async fn any_split_of_the_bytes_gives_the_same_stream() {
    for (bytes, line_end) in [(1, LineEnd::Lf), (1, LineEnd::CrLf), (3, LineEnd::Lf), (7, LineEnd::CrLf)] {
        let world = World::new().await;
        world.upstream.script(Script { split_bytes: NonZeroUsize::new(bytes), line_end, ..Script::words(30) });

        let answer = world.chat(&streamed(true)).await;

        let sent = only(&world).sent;
        let lines = |text: &str| -> Vec<String> {
            text.lines().filter(|line| line.starts_with("data:")).map(str::to_owned).collect()
        };
        assert_eq!(lines(answer.text()), lines(std::str::from_utf8(&sent).unwrap()), "{bytes} {line_end:?}");
        assert_eq!(world.ledger.only().await.unwrap().usage_source.as_deref(), Some("final"), "{bytes} {line_end:?}");
    }
}

#[tokio::test]
async fn events_leave_when_they_arrive() {
    let world = World::new().await;
    world.upstream.script(Script::fault(tests::fake_upstream::Fault::HangAfter { frames: 4 }));

    let response = world.request(&world.key).body(streamed(true).to_string()).send().await.unwrap();
    // Four frames are here although the provider is silent: nothing waits for a full buffer.
    let mut seen = String::new();
    let mut response = response;
    while seen.matches("data: {").count() < 4 {
        seen.push_str(std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap());
    }
    world.upstream.release();
    let rest = response.text().await.unwrap();
    assert!(rest.ends_with("data: [DONE]\n\n"), "{rest}");
}
