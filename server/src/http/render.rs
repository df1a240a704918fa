//! Threads that render pages.
//!
//! The framework's reactive graph belongs on one thread: on many, a value is read while another thread computes it, which
//! panics. So a page is rendered, with every task it starts, on one thread from its beginning to its end; a thread renders many
//! pages in turns. Time and connections are those of the server's runtime. Never here: what a page is.

use std::{
    cell::Cell,
    future::Future,
    io,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use any_spawner::{CustomExecutor, Executor, PinnedFuture, PinnedLocalFuture};
use axum::{
    body::{Body, to_bytes},
    response::{IntoResponse, Response},
};
use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use http::StatusCode;
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::LocalSet,
    time::timeout,
};

/// The longest that a page is rendered: its data come from statements that end sooner.
const PATIENCE: Duration = Duration::from_secs(20);
/// A page that is not ready by then is made a second time, beside the first. On a busy machine about one page in ten thousand
/// was seen to wait for ever, before any of its data were asked for; the next one did not.
const SECOND_TRY: Duration = Duration::from_secs(3);
/// More threads would have nothing to do: most of a page's time is its data's.
const MOST_THREADS: usize = 8;
/// Pages that are made at once. What comes then is told to come again.
const MOST_PAGES: usize = 256;

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One thread for each processor. They end with the last copy.
#[derive(Clone)]
pub struct Renderers {
    threads: Arc<[mpsc::UnboundedSender<Job>]>,
    next: Arc<AtomicUsize>,
    places: Arc<Semaphore>,
}

impl Renderers {
    /// Within the server's runtime.
    pub fn start() -> io::Result<Self> {
        prepare();
        let count = thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
        let threads = (0..count).map(|_| thread()).collect::<io::Result<Arc<[_]>>>()?;
        Ok(Self { threads, next: Arc::default(), places: Arc::new(Semaphore::new(MOST_PAGES)) })
    }

    /// The whole page that `page` makes. It is given up when nobody waits for it any more.
    pub async fn render<F>(&self, page: impl Fn() -> F) -> Response
    where
        F: Future<Output = Response> + Send + 'static,
    {
        let Some(place) = self.place() else {
            return (StatusCode::SERVICE_UNAVAILABLE, "too many pages are asked for: reload this one\n")
                .into_response();
        };
        let mut first = Box::pin(self.once(place, page()));
        if let Ok(made) = timeout(SECOND_TRY, &mut first).await {
            return made;
        }
        // Where there is no room for it, the first is waited for.
        let Some(place) = self.place() else { return first.await };
        tracing::warn!("a page is not ready: it is made a second time");
        tokio::select! {
            made = first => made,
            made = self.once(place, page()) => made,
        }
    }

    fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    async fn once(
        &self,
        place: OwnedSemaphorePermit,
        page: impl Future<Output = Response> + Send + 'static,
    ) -> Response {
        let (mut done, made) = oneshot::channel();
        let job = async move {
            let made = tokio::select! {
                made = timeout(PATIENCE, async { whole(page.await).await }) => made,
                () = done.closed() => return,
            };
            // Whoever asked may leave in this moment.
            let _left = done.send(made);
        };
        let job = async move {
            // A panic drops the channel, which is the news.
            let _panicked = AssertUnwindSafe(job).catch_unwind().await;
            drop(place);
        };
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.threads.len().max(1);
        if let Some(thread) = self.threads.get(turn) {
            // A thread that has ended drops the job, and with it the channel.
            let _ended = thread.send(Box::pin(job));
        }
        match made.await {
            Ok(Ok(response)) => response,
            Ok(Err(_)) => {
                tracing::error!("a page was not ready in time");
                (StatusCode::SERVICE_UNAVAILABLE, "this page took too long: reload it\n").into_response()
            }
            Err(_) => super::router::panicked(),
        }
    }
}

/// The rest of a page is made where its beginning was.
async fn whole(response: Response) -> Response {
    let (head, body) = response.into_parts();
    match to_bytes(body, usize::MAX).await {
        Ok(bytes) => Response::from_parts(head, Body::from(bytes)),
        Err(error) => {
            tracing::error!(%error, "a page broke off");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn thread() -> io::Result<mpsc::UnboundedSender<Job>> {
    let (sender, jobs) = mpsc::unbounded_channel();
    let server = Handle::current();
    thread::Builder::new().name("render".to_owned()).spawn(move || work(&server, jobs))?;
    Ok(sender)
}

fn work(server: &Handle, mut jobs: mpsc::UnboundedReceiver<Job>) {
    IS_RENDERER.set(true);
    server.block_on(LocalSet::new().run_until(async move {
        let mut open = FuturesUnordered::new();
        loop {
            tokio::select! {
                job = jobs.recv() => match job {
                    Some(job) => open.push(job),
                    None => break,
                },
                Some(()) = open.next(), if !open.is_empty() => {}
            }
        }
        while open.next().await.is_some() {}
    }));
}

thread_local! {
    static IS_RENDERER: Cell<bool> = const { Cell::new(false) };
}

/// Keeps the tasks of a page on its thread. To be called before the framework is used for anything: the first executor of a
/// process stays.
pub fn prepare() {
    // Fails where this was done already.
    let _done = Executor::init_custom_executor(OnItsThread);
}

/// Where the framework starts its tasks.
struct OnItsThread;

impl CustomExecutor for OnItsThread {
    #[expect(clippy::disallowed_methods, reason = "outside of a page the framework only lists its routes")]
    fn spawn(&self, task: PinnedFuture<()>) {
        if IS_RENDERER.get() {
            tokio::task::spawn_local(task);
        } else {
            tokio::task::spawn(task);
        }
    }

    fn spawn_local(&self, task: PinnedLocalFuture<()>) {
        tokio::task::spawn_local(task);
    }

    fn poll_local(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn said(response: Response) -> (u16, String) {
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, String::from_utf8(body.to_vec()).expect("text"))
    }

    async fn once(renderers: &Renderers, page: impl Future<Output = Response> + Send + 'static) -> Response {
        renderers.once(renderers.place().expect("room"), page).await
    }

    #[tokio::test]
    async fn a_page_and_its_tasks_stay_on_one_thread_while_others_are_made_beside_it() {
        let renderers = Renderers::start().expect("threads");
        let page = |number: u64| async move {
            let first = thread::current().id();
            tokio::time::sleep(Duration::from_millis(number % 7)).await;
            let tasks = (0..3).map(|_| {
                let (told, heard) = oneshot::channel();
                Executor::spawn(async move { told.send(thread::current().id()).expect("somebody listens") });
                heard
            });
            let all = futures_util::future::join_all(tasks).await;
            let is_one = all.into_iter().all(|id| id == Ok(first)) && thread::current().id() == first;
            format!("{number} {is_one}").into_response()
        };
        let pages = (0..100).map(|number| once(&renderers, page(number)));
        for (number, response) in futures_util::future::join_all(pages).await.into_iter().enumerate() {
            assert_eq!(said(response).await, (200, format!("{number} true")));
        }
    }

    #[tokio::test]
    async fn a_page_that_has_no_end_is_made_a_second_time() {
        let renderers = Renderers::start().expect("threads");
        let tries = Arc::new(AtomicUsize::new(0));
        let made = renderers.render(|| {
            let number = tries.fetch_add(1, Ordering::Relaxed);
            async move {
                if number == 0 {
                    std::future::pending::<()>().await;
                }
                number.to_string().into_response()
            }
        });
        assert_eq!(said(made.await).await, (200, "1".to_owned()));
        assert_eq!(tries.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_slow_page_is_waited_for_where_there_is_no_room_for_a_second_one() {
        let renderers = Renderers::start().expect("threads");
        let _others: Vec<_> = (1..MOST_PAGES).map(|_| renderers.place().expect("room")).collect();
        let slow = || async {
            tokio::time::sleep(SECOND_TRY * 2).await;
            "slow".into_response()
        };
        assert_eq!(said(renderers.render(slow).await).await, (200, "slow".to_owned()));
    }

    #[tokio::test]
    async fn a_page_that_nobody_waits_for_is_given_up() {
        let renderers = Renderers::start().expect("threads");
        let (begun, begins) = oneshot::channel();
        let (held, dropped) = oneshot::channel::<()>();
        let page = async move {
            let _held = held;
            begun.send(()).expect("somebody listens");
            std::future::pending().await
        };
        let waits = once(&renderers, page);
        tokio::select! {
            _ = waits => panic!("it has no end"),
            began = begins => began.expect("it began"),
        }
        assert!(dropped.await.is_err());
    }

    #[tokio::test]
    async fn a_page_that_panics_is_an_answer_and_the_next_one_is_made() {
        let renderers = Renderers::start().expect("threads");
        for _ in 0..MOST_THREADS {
            let broken = once(&renderers, async { panic!("a page that cannot be made") }).await;
            assert_eq!(said(broken).await.0, 500);
        }
        assert_eq!(said(once(&renderers, async { "whole".into_response() }).await).await, (200, "whole".to_owned()));
    }
}
