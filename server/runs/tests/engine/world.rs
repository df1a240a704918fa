//! A database with two teams, and runs in it.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Utc};
use domain::{
    clock::{Clock, Entropy},
    event::{RunEvent, RunEventKind},
    grid::{Grid, Settings, Turn, Variant},
    id::{CellId, ReplicaId, RunId, SampleId, TeamId, UserId},
    run::{Place, SampleView},
};
use store::{
    pool::Loan,
    runs::{ClaimedSample, NewCell, NewGrid, NewSample, View},
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

/// One case, and one column for each model.
pub fn grid(models: &[&str]) -> Grid {
    let variant = |model: &&str| Variant { model: (*model).to_owned(), ..Variant::default() };
    let mut grid = Grid { variants: models.iter().map(variant).collect(), ..Grid::default() };
    grid.prompt.system = "be brief".into();
    grid.prompt.turns = vec![Turn { text: "hello".into(), ..Turn::default() }];
    grid.settings = Settings { max_output: Some(100), temperature: "0.3".into(), ..Settings::default() };
    grid
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
        self.run_grid(&grid(models)).await
    }

    /// A run of TEAM in which every cell waits.
    pub async fn run_grid(&self, grid: &Grid) -> RunId {
        let run = RunId::new(&*self.clock, &*self.entropy);
        let (mut cells, mut samples) = (Vec::new(), Vec::new());
        for case in 0..grid.cases.len() {
            for variant in 0..grid.variants.len() {
                let place = Place { variant: variant.try_into().unwrap(), case: case.try_into().unwrap() };
                let id = CellId::new(&*self.clock, &*self.entropy);
                cells.push(NewCell { id, place });
                let sample = |position: u8| NewSample { id: self.sample(), cell: id, position: position.into() };
                samples.extend((0..grid.samples).map(sample));
            }
        }
        let models: Vec<String> = grid.variants.iter().map(|variant| variant.model.clone()).collect();
        let new =
            NewGrid { run, starter: USER, name: "hello", models: &models, grid, cells: &cells, samples: &samples };
        let mut tx = store::pool::begin(&self.db.pools.dashboard).await.unwrap();
        store::runs::insert(&mut tx, TEAM, &new).await.unwrap();
        store::pool::commit(tx).await.unwrap();
        run
    }

    pub async fn claim(&self, owner: ReplicaId) -> Option<ClaimedSample> {
        store::runs::claim(&mut *self.connection().await, owner).await.unwrap()
    }

    pub async fn view(&self, run: RunId) -> View {
        store::runs::view(&mut *self.connection().await, TEAM, run, 200, None).await.unwrap().unwrap()
    }

    /// The newest takes of a run, by row, column and position.
    pub async fn samples(&self, run: RunId) -> Vec<SampleView> {
        self.view(run).await.cells.into_iter().flat_map(|cell| cell.samples).collect()
    }

    pub async fn events(&self, run: RunId, after: i64) -> Vec<RunEvent> {
        store::runs::events(&mut *self.connection().await, TEAM, run, after, 100_000).await.unwrap()
    }
}

/// What the deltas of one cell add up to, of one take: a new one begins anew.
pub fn text_of(events: &[RunEvent], of: CellId) -> String {
    let mut text = String::new();
    for event in events {
        match &event.what {
            RunEventKind::Start { cell, .. } if *cell == of => text.clear(),
            RunEventKind::Delta { cell, text: more, .. } if *cell == of => text.push_str(more),
            _ => {}
        }
    }
    text
}
