//! Plays samples that wait, the way an executor does it: claim, write the log, end. What they say is the test's.

use domain::{
    Money,
    event::RunEventKind,
    id::{ReplicaId, RequestId},
    run::{CellMetrics, Place, ToolCall, Wire},
};
use store::runs::{End, Lease, Step};

use crate::world::World;

/// What a sample does.
#[derive(Clone, Debug)]
pub enum Act {
    Say(&'static str),
    /// Says something and calls tools, whose results are not known.
    Call(&'static str, Vec<ToolCall>),
    Fail(&'static str),
}

/// Plays all samples that wait, in their order; tells what was played.
pub async fn play(world: &World, act: impl Fn(Place, u16) -> Act) -> Vec<Place> {
    let mut db = store::pool::connection(&world.db.pools.dashboard).await.expect("connection");
    let replica = ReplicaId::new(&*world.ctx.clock, &*world.ctx.entropy);
    store::replicas::heartbeat(&mut db, replica).await.expect("heartbeat");
    let mut played = Vec::new();
    while let Some(claimed) = store::runs::claim(&mut db, replica).await.expect("claim") {
        let (lease, place) = (claimed.lease, claimed.place);
        let Lease { cell, position: sample, take, .. } = lease;
        let request = RequestId::new(&*world.ctx.clock, &*world.ctx.entropy);
        assert!(store::runs::note_request(&mut db, lease, request).await.expect("noted"));
        let act = act(place, sample);
        let mut log = vec![RunEventKind::Start { cell, sample, take }];
        let metrics =
            CellMetrics { request: Some(request), calls: 1, cost: Some(Money(2_000)), ..CellMetrics::default() };
        let (text, calls, end) = match act {
            Act::Say(text) => (text, Vec::new(), End::Done(metrics)),
            Act::Call(text, calls) => (text, calls, End::Done(metrics)),
            Act::Fail(message) => ("", Vec::new(), End::Failed { message: message.to_owned(), metrics }),
        };
        log.push(RunEventKind::Delta { cell, sample, text: text.to_owned() });
        for event in &log {
            assert!(store::runs::append(&mut db, lease, event).await.expect("written").is_some());
        }
        assert!(store::runs::add_wire(&mut db, lease, &wire()).await.expect("kept"));
        let mut turn = claimed.prior;
        turn.push(Step { text: text.to_owned(), calls: calls.clone(), said: None });
        assert!(store::runs::finish(&mut db, lease, &end, &calls, &turn).await.expect("ended"));
        played.push(place);
    }
    played
}

fn wire() -> Wire {
    Wire {
        url: "https://api.example.com/v1/chat/completions".to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: "{}".to_owned(),
        status: Some(200),
        answer: "data: [DONE]".to_owned(),
        is_cut: false,
    }
}

/// The ledger's rows of what was played, as the gateway would have written them.
const CALLS: &str = "
INSERT INTO attempts (id, request_id, attempt_no, state, admitted_at, expires_at, owner, origin, team_id, user_id, run_id,
    provider_id, deployment_id, model, model_asked, dialect, stream, price_version_id, input_bound, output_cap, reserved_nano,
    resolved_at, outcome, usage_source, input_tokens, output_tokens, cost_nano, charged_nano, total_ms)
SELECT q.request_id, q.request_id, 1, 'settled', clock_timestamp(), clock_timestamp(), r.id, 'playground', r.team_id,
       r.started_by, r.id, p.id, d.id, m.name, m.name, 'openai_chat', true, v.id, 1000, 500, 5000000, clock_timestamp(),
       'success', 'final', 100, 10, 2000, 2000, 1200
  FROM sample_requests q JOIN samples s ON s.id = q.sample_id JOIN runs r ON r.id = s.run_id
  JOIN models m ON m.name = 'big' JOIN deployments d ON d.model_id = m.id JOIN providers p ON p.id = d.provider_id
  JOIN price_versions v ON v.deployment_id = d.id
    ON CONFLICT DO NOTHING";

/// Writes the calls of all that was played into the ledger.
pub async fn charge(world: &World) -> u64 {
    world.db.execute(CALLS).await
}
