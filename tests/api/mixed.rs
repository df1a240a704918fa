//! Two thousand calls of every dialect at every kind of provider, many at once, a tenth of the clients leaving and a tenth
//! of the upstreams failing: afterwards the fake's journal and the ledger must be the same books.
//!
//! The mix comes from one seed, so a call's number names it; times do not, so which byte a client leaves at may differ.

use std::time::Duration;

use futures_util::StreamExt as _;
use tests::{
    FakeUpstream,
    fake_upstream::{End, Script},
    kinds::KINDS,
};

use self::{
    arrange::{Place, upstream_model},
    client::{Called, Clients},
    compare::Books,
    count::Figures,
    mix::{CALLS, TENTH, Target},
};

mod arrange;
mod client;
mod compare;
mod count;
mod faults;
mod mix;

const AT_ONCE: usize = 32;
/// How long the flaky models keep their mood.
const MOOD: Duration = Duration::from_millis(60);
/// Broken rules that are shown in full.
const SHOWN: usize = 20;

/// The flaky models have no room, then have, then have none again.
async fn flap(upstream: &FakeUpstream) {
    for is_full in [true, false].into_iter().cycle() {
        let script = if is_full { Script::status(503) } else { Script::default() };
        for kind in KINDS {
            upstream.script_for(&upstream_model(kind, Target::Flaky), script.clone());
        }
        tokio::time::sleep(MOOD).await;
    }
}

async fn load(place: &Place) -> Vec<Called> {
    let clients = Clients::new(place);
    let calls = futures_util::stream::iter(mix::draw()).map(|ask| clients.call(ask)).buffer_unordered(AT_ONCE);
    tokio::select! {
        calls = calls.collect::<Vec<Called>>() => calls,
        () = flap(&place.upstream) => Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journal_and_the_ledger_are_the_same_books_after_2000_mixed_calls() {
    let place = Place::new().await;
    let calls = load(&place).await;
    let (upstream, rows) = place.close().await;
    // The gateway's connections are closed; the fake notices in its own time.
    let requests = upstream.journal().until(|all| all.iter().all(|one| one.end != End::Open)).await.unwrap();

    let (books, mut wrong) = Books::join(&rows, &requests);
    wrong.extend(calls.iter().flat_map(|called| books.check(called)));
    let figures = Figures::new(&calls, &rows, &books);
    println!("{figures}");
    assert!(wrong.is_empty(), "{} are wrong\n{}", wrong.len(), wrong[..wrong.len().min(SHOWN)].join("\n"));

    // The mix was one: nothing above may be true because there was nothing to be wrong.
    assert_eq!((calls.len(), figures.faulty, figures.seen), (CALLS, TENTH, requests.len()));
    assert_eq!(figures.seen + figures.unseen, figures.rows);
    assert!(figures.left > TENTH / 2 && figures.lost < TENTH / 10, "{figures}");
    assert!(figures.settled_final > CALLS / 2 && figures.uncertain > 0, "{figures}");
    assert!(figures.recovered > 0 && figures.unseen > 0 && figures.released > figures.unseen, "{figures}");
}
