//! The pipeline of a model call, and the life of the gateway around it.

use std::{net::IpAddr, sync::Arc, time::Duration};

use auth::Vault;
use bytes::Bytes;
use domain::{
    clock::{Clock, Entropy},
    id::{ReplicaId, RequestId, RunId, TeamId, UserId},
    key::KeyScope,
    ledger::Origin,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use llm::{
    Dialect, Request,
    dialects::openai_chat::OpenAiChat,
    estimate,
    event::Response,
    frame::Envelope,
    request::{Operation, Source},
};
use store::{
    notify,
    pool::{self, Pools},
    replicas,
};
use tokio::time::{Instant, timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    admission, allow,
    call::{Body, Call, Chat, ChatRun, ModelEntry, Reply},
    caller::{self, Caller},
    capture::Capture,
    content::{self, Content, Kept},
    error::{Error, StartError},
    exchange::{Client, Exchange, Facts},
    forecast::{self, Forecasted},
    last_used::LastUsed,
    ledger::Ledger,
    options::{self, DEADLINE_DEFAULT},
    patience::Patience,
    plan,
    retries::Retries,
    settlement,
    snapshot::{Snapshot, Watch},
    upstream::Upstream,
};

/// What a chat in process is called in the ledger: it has no dialect of a client.
const IN_PROCESS: &str = "internal";

/// What the gateway is made of.
pub struct Parts {
    pub pools: Pools,
    pub vault: Arc<Vault>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub patience: Patience,
    /// One task for each call: waited for first.
    pub tasks: TaskTracker,
    /// Writers and watchers.
    pub core: TaskTracker,
    /// Ends the core tasks; what is still open then is cut, settled and written first.
    pub stop: CancellationToken,
}

/// The data plane. Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub pools: Pools,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub patience: Patience,
    pub watch: Watch,
    pub ledger: Ledger,
    pub upstream: Upstream,
    pub content: Content,
    pub retries: Retries,
    last_used: LastUsed,
    replica: ReplicaId,
    tasks: TaskTracker,
    /// Counts live calls, whoever else uses `tasks`.
    live: TaskTracker,
    /// No new calls.
    draining: CancellationToken,
    /// Open calls end now.
    pub cut: CancellationToken,
}

impl Gateway {
    /// Loads the first snapshot, makes the replica's row, and starts the writers and the watcher.
    pub async fn start(parts: Parts) -> Result<Self, StartError> {
        let Parts { pools, vault, clock, entropy, patience, tasks, core, stop } = parts;
        let replica = ReplicaId::new(clock.as_ref(), entropy.as_ref());
        let mut connection = pool::connection(&pools.settlement).await?;
        replicas::heartbeat(&mut connection, replica).await?;
        drop(connection);
        let watch = Watch::start(pools.clone(), vault).await?;
        let (settlement, settlement_writer) = settlement::new(pools.clone(), replica);
        let (admission, admission_writer) = admission::new(pools.clone(), replica, settlement.clone());
        let (content, content_writer) = content::new(pools.clone());
        let inner = Arc::new(Inner {
            pools,
            clock,
            entropy,
            patience,
            watch,
            ledger: Ledger { admission, settlement },
            upstream: Upstream::new(),
            content,
            retries: Retries::default(),
            last_used: LastUsed::default(),
            replica,
            tasks,
            live: TaskTracker::new(),
            draining: CancellationToken::new(),
            cut: CancellationToken::new(),
        });
        let idle = CancellationToken::new();
        let until_idle = idle.clone();
        core.spawn(async move { admission_writer.run(&until_idle).await });
        let until_idle = idle.clone();
        core.spawn(async move { content_writer.run(&until_idle).await });
        let until_idle = idle.clone();
        let ending = inner.clone();
        core.spawn(async move {
            settlement_writer.run(&until_idle).await;
            ending.leave().await;
        });
        let (watching, until) = (inner.clone(), stop.clone());
        core.spawn(async move { watching.watch.run(&until).await });
        let (noting, until) = (inner.clone(), stop.clone());
        core.spawn(async move { noting.last_used.run(&noting.pools, &until).await });
        let gateway = Self { inner };
        let last = gateway.clone();
        core.spawn(async move { last.end_with(&stop, &idle).await });
        Ok(gateway)
    }

    /// At `stop`: cuts what is open, waits until it is settled, then lets the writers go.
    async fn end_with(&self, stop: &CancellationToken, idle: &CancellationToken) {
        stop.cancelled().await;
        self.drain();
        self.cut();
        self.inner.live.close();
        self.inner.live.wait().await;
        idle.cancel();
    }

    /// From now on calls are refused; open ones go on.
    pub fn drain(&self) {
        self.inner.draining.cancel();
    }

    /// Open calls end now: upstreams are cancelled, clients get an error event, rows are settled.
    pub fn cut(&self) {
        self.inner.cut.cancel();
    }

    /// A new id, for the answer and the ledger.
    pub fn request_id(&self) -> RequestId {
        RequestId::new(self.inner.clock.as_ref(), self.inner.entropy.as_ref())
    }

    /// Who the headers say is calling, if their key may be used for this. `address` is the client's; without one a key that is
    /// bound to networks is refused. Reads memory only.
    pub fn authenticate(&self, headers: &HeaderMap, address: Option<IpAddr>, scope: KeyScope) -> Result<Caller, Error> {
        let watch = &self.inner.watch;
        let caller = caller::authenticate(headers, address, scope, &watch.current().keys, watch.now())?;
        if let Some(key) = caller.key {
            self.inner.last_used.note(key);
        }
        Ok(caller)
    }

    /// A member who asks what something would cost, without a run.
    pub fn member_caller(&self, team: TeamId, user: UserId) -> Caller {
        Caller::of_member(team, user, None)
    }

    /// A member's run as a caller. `control` has checked that the member may start it.
    pub fn run_caller(&self, team: TeamId, user: UserId, run: RunId) -> Caller {
        Caller::of_member(team, user, Some(run))
    }

    /// One call over HTTP. Dropping the future, or the body it returns, says that the client left.
    pub async fn serve(&self, call: Call) -> Result<Reply, Error> {
        let Call { request_id, caller, dialect, headers, body, received } = call;
        let request = dialect.decode(body)?;
        let options = options::read(&headers, &request.metadata, &caller.labels)?;
        let envelope = Envelope {
            id: request_id.public(),
            model: request.model.clone(),
            created: self.inner.clock.now().timestamp(),
            wants_usage: request.wants_usage,
            base64: request.wants_base64(),
            input_estimate: estimate::local(request.size.text_bytes, u64::from(request.size.messages)),
        };
        if request.operation == Operation::Count
            && let Some(reply) = self.estimated(&caller, dialect, &request, &envelope)?
        {
            return Ok(reply);
        }
        let policy = caller.store_content.max(options.store);
        let asked = match &request.source {
            Source::Body { bytes, .. } => bytes.clone(),
            Source::Neutral(_) => Bytes::new(),
        };
        let facts = Facts {
            request_id,
            caller,
            dialect: dialect.info().id,
            origin: Origin::Api,
            labels: options.labels,
            may_retry: options.may_retry,
            received,
            deadline: received + options.deadline,
        };
        let (client, head) = Client::http(dialect, envelope, Kept::new(policy, asked));
        self.open(facts, request, client, options::passed(&headers, dialect.info().wire))?;
        head.await.unwrap_or(Err(Error::Internal))
    }

    /// A token count for a model whose provider has none: near, said to be so, and no attempt.
    fn estimated(
        &self,
        caller: &Caller,
        dialect: &dyn Dialect,
        request: &Request,
        envelope: &Envelope,
    ) -> Result<Option<Reply>, Error> {
        let model = allow::model(&self.inner.watch.current(), caller, &request.model)?;
        if model.deployments.first().is_some_and(|deployment| deployment.provider.counts_tokens()) {
            return Ok(None);
        }
        let counted = Response { counted: Some(envelope.input_estimate), ..Response::default() };
        let body = dialect.encode(&counted, envelope);
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("x-tallygate-estimated", HeaderValue::from_static("true"));
        if let Ok(id) = HeaderValue::from_str(&envelope.id) {
            headers.insert("x-request-id", id.clone());
            headers.insert("request-id", id);
        }
        Ok(Some(Reply { status: StatusCode::OK, headers, body: Body::Whole(body) }))
    }

    /// One chat in process. Returns when its attempt is admitted; always streams.
    pub async fn chat(&self, caller: Caller, chat: Chat) -> Result<ChatRun, Error> {
        let Chat { body, labels, origin, keeps_wires } = chat;
        let request_id = self.request_id();
        let request = self.of_our_own(&caller, body)?;
        let received = Instant::now();
        let facts = Facts {
            request_id,
            caller,
            dialect: IN_PROCESS,
            origin,
            labels,
            may_retry: true,
            received,
            deadline: received + DEADLINE_DEFAULT,
        };
        let (client, admitted, run) = Client::local(request_id, keeps_wires.then(Capture::default));
        self.open(facts, request, client, HeaderMap::new())?;
        admitted.await.unwrap_or(Err(Error::Internal))?;
        Ok(run)
    }

    /// A body that this product wrote, in the words of OpenAI's chat.
    fn of_our_own(&self, caller: &Caller, body: Bytes) -> Result<Request, Error> {
        let mut request = OpenAiChat.decode(body)?;
        if !request.stream {
            return Err(llm::Error::invalid("stream", "'stream' must be true").into());
        }
        request.adapts = true;
        let model = allow::model(&self.inner.watch.current(), caller, &request.model)?;
        forecast::fit(&mut request, &model);
        Ok(request)
    }

    /// What a chat like this would be and cost, if it were sent now. Reads memory only: nothing is reserved, nobody is asked.
    pub fn forecast(&self, caller: &Caller, body: Bytes) -> Result<Forecasted, Error> {
        let snapshot = self.inner.watch.current();
        forecast::forecast(&snapshot, caller, OpenAiChat.decode(body)?, self.inner.clock.now())
    }

    /// Allows and plans, in memory; then a task of its own owns the call to its end, whatever becomes of the caller.
    fn open(&self, facts: Facts, mut request: Request, client: Client, passed: HeaderMap) -> Result<(), Error> {
        if self.inner.draining.is_cancelled() {
            return Err(Error::ShuttingDown);
        }
        let is_alive = self.inner.live.token();
        let snapshot: Arc<Snapshot> = self.inner.watch.current();
        let model = allow::model(&snapshot, &facts.caller, &request.model)?;
        if let Some(most) = allow::output_limit(&facts.caller, &model) {
            request.limit_output(most)?;
        }
        let plan = plan::plan(&request, &model, facts.caller.team, self.inner.clock.now())?;
        let allow_private = snapshot.allow_private.clone();
        let exchange = Exchange { inner: self.inner.clone(), facts, request, plan, client, passed, allow_private };
        self.inner.tasks.spawn(async move {
            exchange.run().await;
            drop(is_alive);
        });
        Ok(())
    }

    /// The models that a caller may use, by name.
    pub fn models(&self, caller: &Caller) -> Vec<ModelEntry> {
        let models = self.inner.watch.current().models_of(caller);
        models.iter().map(|model| ModelEntry { name: model.name.clone(), created_at: model.created_at }).collect()
    }

    /// Can calls be served: settings are loaded, the database answers, and we are not going down?
    pub async fn ready(&self) -> bool {
        let asking = async {
            let mut connection = pool::connection(&self.inner.pools.admission).await?;
            notify::config_version(&mut connection).await
        };
        let answers = timeout(Duration::from_secs(2), asking).await.is_ok_and(|answer| answer.is_ok());
        answers && !self.inner.draining.is_cancelled()
    }

    /// Version of the settings in force.
    pub fn snapshot_version(&self) -> i64 {
        self.inner.watch.current().version
    }

    /// Waits until settings of at least this version are in force.
    pub async fn wait_for_version(&self, version: i64) {
        self.inner.watch.wait_for(version).await;
    }

    /// Says that this process lives.
    pub async fn heartbeat(&self) -> Result<(), Error> {
        let mut connection = pool::connection(&self.inner.pools.settlement).await?;
        Ok(replicas::heartbeat(&mut connection, self.inner.replica).await?)
    }

    /// Resolves attempts that nobody owns any more; tells how many.
    pub async fn sweep(&self) -> Result<u64, Error> {
        let mut tx = pool::begin(&self.inner.pools.settlement).await?;
        let swept = store::attempts::sweep(&mut tx).await?;
        pool::commit(tx).await?;
        Ok(swept)
    }
}

impl Inner {
    /// Takes the replica's row away: it has nothing open any more.
    async fn leave(&self) {
        let leaving = async {
            let mut connection = pool::connection(&self.pools.settlement).await?;
            replicas::leave(&mut connection, self.replica).await
        };
        if let Err(error) = leaving.await {
            tracing::warn!(%error, "the replica's row stays until it is a day old");
        }
    }
}
