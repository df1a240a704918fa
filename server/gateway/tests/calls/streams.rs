//! Streams: the bytes a client reads, and what the ledger says when they end well, badly or early.

use std::time::Duration;

use gateway::{Body, Patience};

use crate::world::{World, text};

const REMOTE: &str = r#"{"model":"remote","stream":true,"messages":[{"role":"user","content":"hi"}]}"#;
const ROLE: &str = "data: {\"id\":\"u\",\"model\":\"lab-1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
const HELLO: &str = "data: {\"id\":\"u\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hello\"}}]}\r\n\r\n";
const FINISH: &str = "data: {\"id\":\"u\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"id\":\"u\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":3,\"total_tokens\":12}}\n\n";
const DONE: &str = "data: [DONE]\n\n";
const NOTE: &str = ": tallygate {\"cost_usd\":\"0.000015000\",\"usage_source\":\"provider_final\",\"model\":\"lab/lab-1\",\"attempts\":1}\n\n";

/// What the client reads when the upstream says this and closes; and the row.
async fn streamed(request: &str, says: &[&str]) -> (String, String) {
    let (world, mut upstream) = World::with_listening_upstream().await;
    let (reply, ()) = tokio::join!(world.post(request), async {
        let mut conversation = upstream.next().await;
        assert!(conversation.body.contains(r#""stream_options":{"include_usage":true}"#));
        conversation.open_stream().await;
        for piece in says {
            conversation.say(piece).await;
        }
    });
    let seen = match reply {
        Ok(reply) => text(reply).await,
        Err(problem) => format!("{} {}", problem.kind.status(), problem.kind.as_str()),
    };
    (seen, world.only_row().await)
}

#[tokio::test]
async fn frames_pass_as_they_came_with_the_receipt_before_the_end() {
    let (seen, row) = streamed(REMOTE, &[": ping\n\n", ROLE, HELLO, FINISH, USAGE, DONE, HELLO]).await;
    assert_eq!(seen, [": ping\n\n", ROLE, HELLO, FINISH, NOTE, DONE].concat());
    assert_eq!(row, "settled success final 15000");
}

#[tokio::test]
async fn usage_is_shown_to_a_client_that_asked_for_it() {
    let asked = REMOTE.replace("\"stream\":true", "\"stream\":true,\"stream_options\":{\"include_usage\":true}");
    let (seen, _) = streamed(&asked, &[ROLE, HELLO, FINISH, USAGE, DONE]).await;
    assert_eq!(seen, [ROLE, HELLO, FINISH, USAGE, NOTE, DONE].concat());
}

#[tokio::test]
async fn an_answer_without_words_is_complete_as_well() {
    let (seen, row) = streamed(REMOTE, &[ROLE, FINISH, USAGE, DONE]).await;
    assert_eq!(seen, [ROLE, FINISH, NOTE, DONE].concat());
    assert_eq!(row, "settled success final 15000");
}

#[tokio::test]
async fn a_missing_end_marker_is_added_and_noted() {
    let (seen, row) = streamed(REMOTE, &[HELLO, FINISH, USAGE]).await;
    assert_eq!(seen, [HELLO, FINISH, NOTE, DONE].concat());
    assert_eq!(row, "settled success final 15000 no_terminal");
}

#[tokio::test]
async fn a_cut_stream_ends_with_an_error_and_never_with_done() {
    for says in [vec![ROLE, HELLO], vec![ROLE, HELLO, DONE], vec![HELLO, "data: {\"choi"]] {
        let (seen, row) = streamed(REMOTE, &says).await;
        assert!(seen.rsplit("data: ").next().unwrap().contains("\"kind\":\"upstream_error\""), "{seen}");
        assert!(!seen.contains("[DONE]"));
        // Estimated: ceil(2 / 3) + 8 tokens in, ceil(5 / 3) + 8 tokens out.
        assert_eq!(row, "settled incomplete estimated 29000");
    }
}

#[tokio::test]
async fn three_unreadable_frames_in_a_row_end_a_stream_and_fewer_are_skipped() {
    let bad = "data: {oops\n\n";
    let (seen, row) = streamed(REMOTE, &[HELLO, bad, bad, FINISH, USAGE, DONE]).await;
    assert_eq!(seen, [HELLO, FINISH, NOTE, DONE].concat());
    assert_eq!(row, "settled success final 15000 bad_frames");
    let (seen, row) = streamed(REMOTE, &[HELLO, bad, bad, bad, FINISH, USAGE, DONE]).await;
    assert!(seen.contains("upstream_error") && !seen.contains("[DONE]"));
    assert!(row.starts_with("settled incomplete estimated"), "{row}");
}

#[tokio::test]
async fn a_stream_that_says_nothing_is_a_plain_error_and_uncertain() {
    for says in [vec![], vec![ROLE], vec![DONE], vec![": ping\n\n"]] {
        let (seen, row) = streamed(REMOTE, &says).await;
        assert_eq!(seen, "502 upstream_error", "{says:?}");
        assert!(row.starts_with("uncertain provider_fault none"), "{row}");
    }
}

#[tokio::test]
async fn an_error_event_of_the_upstream_passes_and_no_end_marker_follows() {
    let failed = "data: {\"error\":{\"message\":\"out of memory\"}}\n\n";
    let (seen, row) = streamed(REMOTE, &[HELLO, failed]).await;
    assert_eq!(seen, [HELLO, failed].concat());
    assert!(row.starts_with("settled incomplete estimated"), "{row}");
}

#[tokio::test]
async fn one_of_two_answers_that_is_cut_makes_the_stream_incomplete() {
    let second = HELLO.replace("\"index\":0", "\"index\":1");
    let (seen, row) = streamed(REMOTE, &[HELLO, &second, FINISH, DONE]).await;
    assert!(seen.contains("upstream_error") && !seen.contains("[DONE]"), "{seen}");
    assert!(row.starts_with("settled incomplete estimated"), "{row}");
}

#[tokio::test]
async fn missing_usage_is_estimated_and_says_so() {
    let (seen, row) = streamed(REMOTE, &[HELLO, FINISH, DONE]).await;
    assert!(seen.contains("\"usage_source\":\"estimated\""));
    assert_eq!(row, "settled success estimated 29000");
}

#[tokio::test]
async fn a_client_that_leaves_stops_the_upstream_and_pays_for_what_it_saw() {
    let (world, mut upstream) = World::with_listening_upstream().await;
    let (reply, mut conversation) = tokio::join!(world.post(REMOTE), async {
        let mut conversation = upstream.next().await;
        conversation.open_stream().await;
        conversation.say(HELLO).await;
        conversation
    });
    let Body::Stream(mut body) = reply.unwrap().body else { panic!("no stream") };
    assert_eq!(body.recv().await.as_deref(), Some(HELLO.as_bytes()));
    drop(body);
    conversation.left().await;
    assert_eq!(world.only_row().await, "settled cancelled estimated 29000");
}

#[tokio::test]
async fn a_client_that_leaves_before_the_head_pays_for_the_question() {
    let (world, mut upstream) = World::with_listening_upstream().await;
    let mut conversation = {
        let waiting = world.post(REMOTE);
        tokio::select! { _ = waiting => panic!("nothing was answered yet"), conversation = upstream.next() => conversation }
    };
    conversation.left().await;
    assert_eq!(world.only_row().await, "settled cancelled estimated 9000");
}

#[tokio::test]
async fn shutdown_cuts_an_open_stream_honestly() {
    let (world, mut upstream) = World::with_listening_upstream().await;
    let (reply, _conversation) = tokio::join!(world.post(REMOTE), async {
        let mut conversation = upstream.next().await;
        conversation.open_stream().await;
        conversation.say(HELLO).await;
        conversation
    });
    world.gateway.drain();
    assert_eq!(world.post(REMOTE).await.unwrap_err().kind.status(), 503);
    world.gateway.cut();
    let seen = text(reply.unwrap()).await;
    assert!(seen.starts_with(HELLO) && seen.contains("shutting down") && !seen.contains("[DONE]"));
    assert_eq!(world.only_row().await, "settled incomplete estimated 29000");
}

/// Everything at once: a test has no time to lose.
const IMPATIENT: Patience = Patience {
    head: Duration::from_millis(20),
    keep_alive: Duration::from_millis(20),
    first_byte: Duration::from_secs(60),
    silence: Duration::from_secs(60),
};

async fn next(body: &mut Body) -> String {
    let Body::Stream(receiver) = body else { return "no stream".to_owned() };
    String::from_utf8(receiver.recv().await.unwrap_or_default().to_vec()).unwrap()
}

#[tokio::test]
async fn gw_28_the_head_leaves_after_a_while_with_what_is_there() {
    let (world, mut upstream) = World::with_impatience(IMPATIENT).await;
    let (reply, mut conversation) = tokio::join!(world.post(REMOTE), async {
        let mut conversation = upstream.next().await;
        conversation.open_stream().await;
        conversation.say(ROLE).await;
        conversation
    });
    let mut body = reply.unwrap().body;
    // On a busy machine the head leaves before the upstream has said anything.
    let mut first = next(&mut body).await;
    while first == ": keep-alive\n\n" {
        first = next(&mut body).await;
    }
    assert_eq!(first, ROLE);
    // GW-30: silence is broken, and only by comments.
    assert_eq!(next(&mut body).await, ": keep-alive\n\n");
    assert_eq!(next(&mut body).await, ": keep-alive\n\n");
    conversation.say(&[HELLO, FINISH, USAGE, DONE].concat()).await;
    let mut rest = String::new();
    loop {
        let piece = next(&mut body).await;
        if piece.is_empty() {
            break;
        }
        rest += &piece;
    }
    assert_eq!(rest.replace(": keep-alive\n\n", ""), [HELLO, FINISH, NOTE, DONE].concat());
    assert_eq!(world.only_row().await, "settled success final 15000");
}

#[tokio::test]
async fn gw_35_silence_in_mid_stream_is_a_stall_and_is_told_as_one() {
    let patience = Patience { silence: Duration::from_millis(30), ..Patience::default() };
    let (world, mut upstream) = World::with_impatience(patience).await;
    let (reply, _conversation) = tokio::join!(world.post(REMOTE), async {
        let mut conversation = upstream.next().await;
        conversation.open_stream().await;
        conversation.say(HELLO).await;
        conversation
    });
    let seen = text(reply.unwrap()).await;
    assert!(seen.starts_with(HELLO) && seen.contains("deadline_exceeded") && !seen.contains("[DONE]"), "{seen}");
    assert!(world.only_row().await.starts_with("settled incomplete estimated"));
}

#[tokio::test]
async fn gw_35_a_head_that_never_comes_is_a_504_and_uncertain() {
    // Long enough for the request to arrive on a busy machine too: the first connection reads the certificate authorities.
    let patience = Patience { first_byte: Duration::from_secs(2), ..Patience::default() };
    let (world, mut upstream) = World::with_impatience(patience).await;
    let (reply, _conversation) = tokio::join!(world.post(REMOTE), upstream.next());
    assert_eq!(reply.unwrap_err().kind.as_str(), "deadline_exceeded");
    assert!(world.only_row().await.starts_with("uncertain timeout"));
}

#[tokio::test]
async fn gw_28_the_head_leaves_while_the_provider_has_not_even_answered_and_a_late_refusal_is_an_event() {
    let (world, mut upstream) = World::with_impatience(IMPATIENT).await;
    let (reply, conversation) = tokio::join!(world.post(REMOTE), upstream.next());
    let mut body = reply.unwrap().body;
    assert_eq!(next(&mut body).await, ": keep-alive\n\n");
    conversation.answer("400 No", "application/json", r#"{"error":{"message":"no such temperature"}}"#).await;
    let mut last = next(&mut body).await;
    while last == ": keep-alive\n\n" {
        last = next(&mut body).await;
    }
    assert!(last.starts_with("data: ") && last.contains("no such temperature"), "{last}");
    assert_eq!(next(&mut body).await, "");
    assert_eq!(world.only_row().await, "released caller_fault none 0");
}

#[tokio::test]
async fn a_failure_in_mid_stream_shows_no_key_and_no_end_marker_follows_it() {
    let failure = "data: {\"error\":{\"message\":\"bad key sk-CANARY-0123456789\"}}\n\n";
    let (seen, row) = streamed(REMOTE, &[ROLE, HELLO, failure, DONE]).await;
    assert_eq!(seen, [ROLE, HELLO, &failure.replace("sk-CANARY-0123456789", "[redacted]")].concat());
    assert!(row.starts_with("settled incomplete estimated"), "{row}");
}

#[tokio::test]
async fn an_answer_that_never_began_is_missed() {
    let two = REMOTE.replace("\"stream\":true", "\"stream\":true,\"n\":2");
    let (seen, row) = streamed(&two, &[ROLE, HELLO, FINISH]).await;
    assert!(seen.contains("broke off") && !seen.contains("[DONE]"), "{seen}");
    assert!(row.starts_with("settled incomplete estimated"), "{row}");
}

#[tokio::test]
async fn a_provider_that_ignores_the_limit_is_cut_off_and_the_answer_was_too_long() {
    let short = REMOTE.replace("\"stream\":true", "\"stream\":true,\"max_tokens\":3");
    let long = HELLO.replace("hello", &"word ".repeat(1_000));
    let (seen, row) = streamed(&short, &[ROLE, HELLO, &long, HELLO]).await;
    assert!(seen.starts_with(&[ROLE, HELLO].concat()) && !seen.contains("word"), "{seen}");
    assert!(seen.contains(r#""finish_reason":"length""#) && seen.ends_with(DONE), "{seen}");
    assert!(row.starts_with("settled success estimated") && row.contains("cap_ignored"), "{row}");
}

/// The provider becomes one whose limit does not hold for thoughts.
const THINKS_ABOVE_THE_LIMIT: &str = "UPDATE providers SET preset = 'xai' WHERE slug = 'lab';
UPDATE config_version SET version = version + 1";

#[tokio::test]
async fn thoughts_that_the_limit_does_not_cover_are_no_reason_to_cut() {
    let (world, mut upstream) = World::with_listening_upstream().await;
    world.change(THINKS_ABOVE_THE_LIMIT).await;
    let short = REMOTE.replace("\"stream\":true", "\"stream\":true,\"max_tokens\":3");
    let thought = format!(
        "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"reasoning_content\":\"{}\"}}}}],\"usage\":{{\"prompt_tokens\":9,\"completion_tokens\":0,\"total_tokens\":2009,\"completion_tokens_details\":{{\"reasoning_tokens\":2000}}}}}}\n\n",
        "hm ".repeat(4_000)
    );
    let (reply, ()) = tokio::join!(world.post(&short), async {
        let mut conversation = upstream.next().await;
        conversation.open_stream().await;
        conversation.say(&[&thought, HELLO, FINISH, USAGE, DONE].concat()).await;
    });
    let seen = text(reply.unwrap()).await;
    assert!(seen.contains("hello") && seen.ends_with(DONE), "{seen}");
    assert!(!world.only_row().await.contains("cap_ignored"));
}
