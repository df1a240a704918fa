//! A ledger on a database of its own, for the tests of the two writers.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::{
    Money,
    id::{AttemptId, DeploymentId, ProviderId, ReplicaId, RequestId, TeamId},
    ledger::{AttemptState, Origin, Outcome},
    usage::{Usage, UsageSource},
};
use store::{
    attempts::{NewAttempt, Resolution},
    testing::{TestDatabase, database},
};
use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{
    admission::{self, Admission},
    settlement::{self, Settlement},
};

/// Ids only have to differ: these land in the default partition.
static NUMBER: AtomicU64 = AtomicU64::new(1);

pub(crate) struct Writers {
    pub database: TestDatabase,
    pub admission: Admission,
    pub settlement: Settlement,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Writers {
    pub(crate) async fn start() -> Self {
        let database = database().await;
        let owner = ReplicaId(Uuid::from_u128(1));
        let (settlement, settling) = settlement::new(database.pools.clone(), owner);
        let (admission, admitting) = admission::new(database.pools.clone(), owner, settlement.clone());
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let until = stop.clone();
        tasks.spawn(async move { settling.run(&until).await });
        let until = stop.clone();
        tasks.spawn(async move { admitting.run(&until).await });
        Self { database, admission, settlement, tasks, stop }
    }

    /// Ends both writers; what was queued is in the books afterwards.
    pub(crate) async fn finish(self) -> TestDatabase {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.database
    }

    /// Spawns beside the writers.
    pub(crate) fn spawn<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.tasks.spawn(task)
    }
}

/// An attempt with an id of its own that reserves 5,000 nano-dollars.
pub(crate) fn attempt() -> NewAttempt {
    let id = Uuid::from_u128(u128::from(NUMBER.fetch_add(1, Ordering::Relaxed)));
    NewAttempt {
        id: AttemptId(id),
        request: RequestId(id),
        number: 1,
        origin: Origin::Api,
        team: TeamId(Uuid::from_u128(7)),
        key: None,
        user: None,
        run: None,
        provider: ProviderId(Uuid::from_u128(8)),
        deployment: DeploymentId(Uuid::from_u128(9)),
        model: "up".to_owned(),
        model_asked: "m".to_owned(),
        dialect: "openai_chat",
        stream: false,
        labels: store::attempts::Labels::default(),
        price: None,
        input_bound: 100,
        output_cap: 100,
        reserved: Money(5_000),
        life_ms: 660_000,
    }
}

/// A success that cost `nanos`.
pub(crate) fn settled(id: AttemptId, nanos: i64) -> Resolution {
    Resolution {
        id,
        state: AttemptState::Settled,
        outcome: Outcome::Success,
        http_status: Some(200),
        upstream_id: None,
        finish_reason: Some("stop".to_owned()),
        model_served: None,
        usage: Some(Usage { input: 1, output: 2, ..Usage::default() }),
        usage_source: UsageSource::Final,
        usage_raw: Some("{}".to_owned()),
        cost: Some(Money(nanos)),
        charged: Money(nanos),
        flags: vec!["price_gap", "bad_frames"],
        first_byte_ms: None,
        total_ms: 1,
        bytes_out: 3,
        client_aborted: false,
    }
}
