//! A database with two teams, and runs in it.

#![expect(clippy::unwrap_used, reason = "a test that cannot arrange its world says where and stops")]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Utc};
use domain::{
    clock::{Clock, Entropy},
    event::{RunEvent, RunEventKind},
    id::{CaseId, CellId, ReplicaId, RunId, SampleId, TeamId, UserId, VariantId},
};
use store::{
    pool::Loan,
    runs::{ClaimedCell, NewCase, NewCell, NewGrid, NewVariant, View},
    testing::TestDatabase,
};
use uuid::Uuid;

pub const TEAM: TeamId = TeamId(Uuid::from_u128(1));
pub const USER: UserId = UserId(Uuid::from_u128(3));

/// Moves one millisecond at every look.
pub struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0.fetch_add(1, Ordering::Relaxed)).unwrap()
    }
}

/// SplitMix64.
pub struct Seeded(Mutex<u64>);

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().unwrap();
        for byte in bytes {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            *byte = (z >> 56) as u8;
        }
    }
}

pub struct World {
    pub db: TestDatabase,
    pub clock: Arc<Ticking>,
    pub entropy: Arc<Seeded>,
}

impl World {
    pub async fn new() -> Self {
        let db = store::testing::database().await;
        for statement in [
            "INSERT INTO teams (id, slug, name, store_content) VALUES
             ('00000000-0000-0000-0000-000000000001', 'one', 'One', 'full'),
             ('00000000-0000-0000-0000-000000000002', 'two', 'Two', 'full')",
            "INSERT INTO users (id, email, name, role, password_hash) VALUES
             ('00000000-0000-0000-0000-000000000003', 'ada@example.com', 'Ada', 'user', '')",
        ] {
            db.execute(statement).await;
        }
        Self {
            db,
            clock: Arc::new(Ticking(AtomicI64::new(1_800_000_000_000))),
            entropy: Arc::new(Seeded(Mutex::new(7))),
        }
    }

    pub async fn connection(&self) -> Loan {
        store::pool::connection(&self.db.pools.dashboard).await.unwrap()
    }

    pub fn sample(&self) -> SampleId {
        SampleId::new(&*self.clock, &*self.entropy)
    }

    pub fn replica(&self) -> ReplicaId {
        ReplicaId::new(&*self.clock, &*self.entropy)
    }

    /// A run of TEAM with one case and one cell per model.
    pub async fn run(&self, models: &[&str]) -> RunId {
        let case = NewCase { id: CaseId::new(&*self.clock, &*self.entropy), user: "hello".into() };
        let variant = |model: &&str| NewVariant {
            id: VariantId::new(&*self.clock, &*self.entropy),
            model: (*model).to_owned(),
            system: "be brief".into(),
            max_output: Some(100),
            temperature: "0.3".into(),
        };
        let variants: Vec<NewVariant> = models.iter().map(variant).collect();
        let cell =
            |v: &NewVariant| NewCell { id: CellId::new(&*self.clock, &*self.entropy), variant: v.id, case: case.id };
        let cells = variants.iter().map(cell).collect();
        let run = RunId::new(&*self.clock, &*self.entropy);
        let grid = NewGrid { run, starter: USER, variants, cases: vec![case], cells };
        let mut tx = store::pool::begin(&self.db.pools.dashboard).await.unwrap();
        store::runs::insert(&mut tx, TEAM, &grid).await.unwrap();
        store::pool::commit(tx).await.unwrap();
        run
    }

    pub async fn claim(&self, owner: ReplicaId) -> Option<ClaimedCell> {
        store::runs::claim(&mut *self.connection().await, owner).await.unwrap()
    }

    pub async fn view(&self, run: RunId) -> View {
        store::runs::view(&mut *self.connection().await, TEAM, run).await.unwrap().unwrap()
    }

    pub async fn events(&self, run: RunId, after: i64) -> Vec<RunEvent> {
        store::runs::events(&mut *self.connection().await, TEAM, run, after, 100_000).await.unwrap()
    }
}

/// What the deltas of one cell add up to.
pub fn text_of(events: &[RunEvent], of: CellId) -> String {
    let deltas = events.iter().filter_map(|event| match &event.what {
        RunEventKind::Delta { cell, text } if *cell == of => Some(text.as_str()),
        _ => None,
    });
    deltas.collect()
}
