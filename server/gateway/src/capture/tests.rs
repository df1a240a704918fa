use super::*;

fn deployment(secret: &str) -> Deployment {
    Deployment::for_test("openai-compatible", "http://127.0.0.1:1/v1", Some(secret))
}

/// What is kept of one exchange.
fn kept(secret: &str, url: &str, headers: &[(&'static str, &str)], body: &str, answer: &[&[u8]]) -> Wire {
    let (capture, deployment) = (Capture::default(), deployment(secret));
    let headers = headers.iter().map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap()));
    capture.asked(&deployment, url, &headers.collect(), body.as_bytes());
    capture.answered(200);
    answer.iter().for_each(|piece| capture.heard(piece));
    capture.close(&deployment);
    capture.take().remove(0)
}

#[test]
fn pg_16_a_secret_is_nowhere_in_what_is_kept_wherever_it_was() {
    const SECRET: &str = "s3cret-of-the-provider";
    let url = format!("https://a.example/v1/chat?key={SECRET}&api-version=2&{SECRET}=1");
    let headers = [
        ("authorization", "Bearer s3cret-of-the-provider"),
        ("x-api-key", "s3cret-of-the-provider"),
        ("x-goog-api-key", "other"),
        ("api-key", "other"),
        ("cookie", "other"),
        ("x-note", "it is s3cret-of-the-provider"),
        ("accept", "text/event-stream"),
    ];
    let body = format!(r#"{{"messages":"my key is {SECRET}"}}"#);
    // The secret is cut over two pieces of the stream.
    let wire = kept(SECRET, &url, &headers, &body, &[b"you sent s3cret-of-", b"the-provider and sk-proj-aaaaaaaaaaaa"]);
    let all = format!("{wire:?}");
    assert!(!all.contains(SECRET) && !all.contains("sk-proj") && !all.contains("other"), "{all}");
    assert_eq!(wire.url, "https://a.example/v1/chat?key=[redacted]&api-version=2&[redacted]=[redacted]");
    assert_eq!(
        wire.headers,
        [("x-note".to_owned(), "it is [redacted]".to_owned()), ("accept".to_owned(), "text/event-stream".to_owned())]
    );
    assert_eq!((wire.status, wire.is_cut), (Some(200), false));
}

#[test]
fn pg_16_characters_that_are_split_over_pieces_are_whole_and_nul_is_replaced() {
    let text = "é東🦀".as_bytes();
    let pieces: Vec<&[u8]> = text.chunks(1).collect();
    assert_eq!(kept("", "http://a.example", &[], "a\0b", &pieces).answer, "é東🦀");
    assert_eq!(kept("", "http://a.example", &[], "a\0b", &pieces).body, "a\u{fffd}b");
    // A stream that stops in the middle of a character loses that character alone.
    assert_eq!(kept("", "http://a.example", &[], "", &pieces[..pieces.len() - 1]).answer, "é東");
}

#[test]
fn pg_16_long_bodies_are_cut_and_say_so_and_images_are_named_by_hash() {
    let piece = vec![b'a'; LIMIT];
    let wire = kept("", "http://a.example", &[], &"b".repeat(LIMIT + 5), &[&piece, b"x"]);
    assert!(wire.is_cut && wire.answer.len() == LIMIT);
    assert!(wire.body.ends_with("b\n[5 more bytes]"));
    let image = "A".repeat(LONG_BASE64);
    let body = format!(r#"{{"url":"data:image/png;base64,{image}","signature":"{}"}}"#, "A".repeat(3_000));
    let wire = kept("", "http://a.example", &[], &body, &[]);
    assert!(wire.body.starts_with(r#"{"url":"data:image/png;base64,[16384 bytes of base64, sha256 "#), "{}", wire.body);
    assert!(wire.body.contains(&"A".repeat(3_000)), "a signature stays");
}

#[test]
fn several_attempts_keep_their_order_and_their_own_answers() {
    let (capture, deployment) = (Capture::default(), deployment(""));
    for (url, status, said) in [("http://a.example/1", 503, "busy"), ("http://a.example/2", 200, "hello")] {
        capture.asked(&deployment, url, &HeaderMap::new(), b"{}");
        capture.answered(status);
        capture.heard(said.as_bytes());
        capture.close(&deployment);
    }
    let told: Vec<String> =
        capture.take().iter().map(|wire| format!("{} {:?} {}", wire.url, wire.status, wire.answer)).collect();
    assert_eq!(told, ["http://a.example/1 Some(503) busy", "http://a.example/2 Some(200) hello"]);
    assert!(capture.take().is_empty());
}
