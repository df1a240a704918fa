//! A server without its HTTP edge.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use domain::{
    event::{RunEvent, RunEventKind},
    id::{CellId, RunId},
    run::SampleView,
};
use gateway::Gateway;
use runs::{Executor, Watch, Workbench};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{upstream::Upstream, world::World};

const PATIENCE: Duration = Duration::from_secs(30);

pub struct Server {
    pub world: World,
    pub gateway: Gateway,
    pub watch: Watch,
    /// What shutdown waits for: calls and samples.
    pub tasks: TaskTracker,
    /// No new samples.
    pub stop: CancellationToken,
    core_stop: CancellationToken,
}

impl Server {
    pub async fn start(concurrent: usize) -> Self {
        Self::around(World::new().await, concurrent).await
    }

    /// With the models `lab` and `claude`, which this upstream serves on OpenAI's and on Anthropic's wire.
    pub async fn with_upstream() -> (Self, Upstream) {
        let world = World::new().await;
        let upstream = Upstream::listen().await;
        for statement in LAB {
            let statement = statement.replace("{upstream}", &upstream.address);
            world.db.execute(Box::leak(statement.into_boxed_str())).await;
        }
        (Self::around(world, 4).await, upstream)
    }

    pub async fn around(world: World, concurrent: usize) -> Self {
        for statement in DEMO {
            world.db.execute(statement).await;
        }
        let pools = world.db.pools.clone();
        let (key, _) = auth::MasterKey::generate(&*world.entropy).unwrap();
        let (tasks, core) = (TaskTracker::new(), TaskTracker::new());
        let (stop, core_stop) = (CancellationToken::new(), CancellationToken::new());
        let gateway = Gateway::start(gateway::Parts {
            pools: pools.clone(),
            vault: Arc::new(auth::Vault::new(key, world.entropy.clone())),
            clock: world.clock.clone(),
            entropy: world.entropy.clone(),
            patience: gateway::Patience::default(),
            tasks: tasks.clone(),
            core,
            stop: core_stop.clone(),
        });
        let gateway = gateway.await.unwrap();
        let parts = runs::Parts {
            pools,
            gateway: gateway.clone(),
            clock: world.clock.clone(),
            entropy: world.entropy.clone(),
            tasks: tasks.clone(),
            stop: stop.clone(),
        };
        let watch = Executor::start_with(parts, NonZeroUsize::new(concurrent).unwrap()).await.unwrap();
        Self { world, gateway, watch, tasks, stop, core_stop }
    }

    pub fn workbench(&self) -> Workbench {
        Workbench::new(self.gateway.clone(), self.world.db.pools.clone())
    }

    /// Waits until the log holds what is looked for, and returns the log.
    pub async fn until(&self, run: RunId, is_there: impl Fn(&[RunEvent]) -> bool) -> Vec<RunEvent> {
        let mut woken = self.watch.subscribe(run);
        let wait = async {
            loop {
                let events = self.world.events(run, 0).await;
                if is_there(&events) {
                    return events;
                }
                woken.changed().await;
            }
        };
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(events) => events,
            Err(_) => panic!("the log never got there: {:?}", self.world.events(run, 0).await),
        }
    }

    pub async fn finished(&self, run: RunId) -> Vec<RunEvent> {
        self.until(run, |events| events.last().is_some_and(|event| event.what == RunEventKind::RunDone)).await
    }

    /// The first cell, after its first words.
    pub async fn speaking(&self, run: RunId) -> CellId {
        let is_delta = |event: &RunEvent| matches!(event.what, RunEventKind::Delta { .. });
        self.until(run, |events| events.iter().any(is_delta)).await;
        self.world.view(run).await.cells[0].id
    }

    /// The one sample of a run.
    pub async fn only(&self, run: RunId) -> SampleView {
        let mut samples = self.world.samples(run).await;
        assert_eq!(samples.len(), 1);
        samples.remove(0)
    }

    pub async fn attempts(&self) -> i64 {
        self.world.db.number("SELECT count(*) FROM attempts").await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.gateway.cut();
        self.stop.cancel();
        self.core_stop.cancel();
    }
}

/// The demo provider with two priced models that all teams share, a quick one and one that takes its time, and an unpriced one.
const DEMO: [&str; 5] = [
    "INSERT INTO providers (id, slug, kind) VALUES ('00000000-0000-0000-0000-00000000000a', 'demo', 'demo')",
    "INSERT INTO models (id, name) VALUES ('00000000-0000-0000-0000-0000000000a1', 'quick'),
                                          ('00000000-0000-0000-0000-0000000000a2', 'slow'),
                                          ('00000000-0000-0000-0000-0000000000a3', 'unpriced')",
    "INSERT INTO deployments (id, model_id, provider_id, upstream_model)
     SELECT m.id, m.id, '00000000-0000-0000-0000-00000000000a', CASE m.name WHEN 'slow' THEN 'demo-sage' ELSE 'demo-swift' END
       FROM models m WHERE m.name IN ('quick', 'slow', 'unpriced')",
    "INSERT INTO price_versions (id, deployment_id, effective_from, source)
     SELECT d.id, d.id, clock_timestamp() - interval '1 day', 'test' FROM deployments d JOIN models m ON m.id = d.model_id
      WHERE m.name <> 'unpriced'",
    "INSERT INTO price_components (version_id, class, pico)
     SELECT v.id, class, 1000000 FROM price_versions v, unnest(ARRAY['input', 'output']) AS class",
];

const LAB: [&str; 4] = [
    "INSERT INTO instance (name, allow_private) VALUES ('test', ARRAY['{upstream}'])",
    "INSERT INTO providers (id, slug, kind, base_url) VALUES
     ('00000000-0000-0000-0000-00000000000b', 'lab', 'openai-compatible', 'http://{upstream}/v1'),
     ('00000000-0000-0000-0000-00000000000c', 'den', 'anthropic', 'http://{upstream}')",
    "INSERT INTO models (id, name, context_window, max_output) VALUES
     ('00000000-0000-0000-0000-0000000000b1', 'lab', 8000, 1000),
     ('00000000-0000-0000-0000-0000000000c1', 'claude', 8000, 4000)",
    "INSERT INTO deployments (id, model_id, provider_id, upstream_model) VALUES
     ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-00000000000b', 'lab-1'),
     ('00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-00000000000c', 'claude-sonnet-4-5')",
];
