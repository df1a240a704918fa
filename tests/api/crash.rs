//! The server dies without a word: no accepted request may be missing from the ledger, none may be there twice.

use std::{collections::BTreeMap, os::unix::fs::PermissionsExt as _, time::Duration};

use serde_json::json;
use tests::{
    FakeUpstream, Ledger, World, bundle,
    fake_upstream::{End, Request, Script},
    http_client,
    program::{self, Environment, Serving},
    settings, virtual_key,
};
use tokio_util::task::TaskTracker;

const STREAMS: usize = 20;
/// A dead server's attempts are swept once it has been silent for 30 s.
const SWEPT_WITHIN: Duration = Duration::from_secs(90);

/// An instance with the embedded database, described and not yet running.
async fn described(upstream: &FakeUpstream, folder: &tempfile::TempDir) -> Environment {
    // The embedded database gives root's rights up, and its user must be able to walk through this folder.
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut environment = settings(folder.path()).unwrap();
    let secrets = [
        ("LOCAL_KEY", World::PROVIDER_SECRET.to_owned()),
        ("ALL_KEY", virtual_key("all")),
        ("NARROW_KEY", virtual_key("narrow")),
    ];
    environment.extend(secrets.map(|(name, value)| (name.to_owned(), value)));
    program::apply(&environment, folder.path(), &bundle(upstream)).await.unwrap();
    environment
}

async fn ledger(environment: &Environment) -> Ledger {
    let data_dir = std::path::Path::new(&environment["DATA_DIR"]);
    let url = store::embedded::running(data_dir, store::embedded::DATABASE).expect("the embedded database runs");
    Ledger::connect(&url).await.unwrap()
}

/// Opens `STREAMS` streams and returns once the provider is serving all of them.
async fn streams_in_flight(upstream: &FakeUpstream, url: &str, tasks: &TaskTracker) -> Vec<Request> {
    upstream.script(Script::paced(2_000, 20));
    for number in 0..STREAMS {
        let messages = json!([{"role": "user", "content": format!("stream {number}")}]);
        let body = json!({"model": if number % 2 == 0 { "a" } else { "b" }, "stream": true, "messages": messages});
        let request = http_client().post(format!("{url}/v1/chat/completions")).bearer_auth(virtual_key("all"));
        tasks.spawn(async move {
            // Broken off by the kill: what the client sees of it is not what this test is about.
            let _broken = request.json(&body).send().await.unwrap().bytes().await;
        });
    }
    let is_flowing = |all: &[Request]| all.len() == STREAMS && all.iter().all(|one| one.served_tokens > 3);
    upstream.journal().until(is_flowing).await.unwrap()
}

#[tokio::test]
async fn a_killed_server_loses_no_attempt_and_doubles_none() {
    let upstream = FakeUpstream::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let environment = described(&upstream, &folder).await;
    let tasks = TaskTracker::new();

    let first = Serving::start(&environment).await.unwrap();
    streams_in_flight(&upstream, &first.url, &tasks).await;
    first.kill().await.unwrap();
    let accepted = upstream.journal().until(|all| all.iter().all(|one| one.end == End::ClientGone)).await.unwrap();

    let second = Serving::start(&environment).await.unwrap();
    let ledger = ledger(&environment).await;
    let rows = ledger.attempts().await.unwrap();

    let mut rows_of = BTreeMap::<String, usize>::new();
    for row in &rows {
        *rows_of.entry(row.id.to_string()).or_default() += 1;
    }
    let attempts: Vec<_> = accepted.iter().map(|one| one.attempt.clone().expect("an attempt id")).collect();
    for attempt in &attempts {
        assert_eq!(rows_of.get(attempt), Some(&1), "attempt {attempt}");
    }
    // Nothing else was sent, so nothing else may be there; and no two requests shared a row.
    assert_eq!((rows.len(), attempts.len()), (STREAMS, STREAMS));

    let settled = ledger.until_within(SWEPT_WITHIN, |all| all.iter().all(|row| row.state != "reserved")).await.unwrap();
    for row in settled {
        assert_eq!((row.state.as_str(), row.charged_nano), ("uncertain", row.reserved_nano), "{row:?}");
    }
    second.kill().await.unwrap();
}
