//! Threads that render pages.
//!
//! The framework's reactive graph belongs on one thread. On many, a value is read while another thread computes it, and the
//! news that data have come is lost, which leaves a page waiting for ever. So a page is rendered, with every task it starts, on
//! one thread from its beginning to its end; a thread renders many pages in turns. Never here: what a page is.

use std::{
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

use axum::{
    body::{Body, to_bytes},
    response::{IntoResponse, Response},
};
use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use http::StatusCode;
use tokio::{
    runtime::{Builder, Runtime},
    sync::{mpsc, oneshot},
    task::LocalSet,
    time::timeout,
};

/// The longest that a page is rendered: its data come from statements that end sooner.
const PATIENCE: Duration = Duration::from_secs(20);
/// More threads would have nothing to do: most of a page's time is its data's.
const MOST_THREADS: usize = 8;

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One thread for each processor. They end with the last copy.
///
/// Connections that a page was the first to use live on its thread: keep a copy until nothing asks the database any more.
#[derive(Clone)]
pub struct Renderers {
    threads: Arc<[mpsc::UnboundedSender<Job>]>,
    next: Arc<AtomicUsize>,
}

impl Renderers {
    pub fn start() -> io::Result<Self> {
        let count = thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
        let threads = (0..count).map(|_| thread()).collect::<io::Result<Arc<[_]>>>()?;
        Ok(Self { threads, next: Arc::default() })
    }

    /// The whole page that `page` makes.
    pub async fn render(&self, page: impl Future<Output = Response> + Send + 'static) -> Response {
        let (done, made) = oneshot::channel();
        let job = async move {
            let page = async { whole(page.await).await };
            let made = AssertUnwindSafe(timeout(PATIENCE, page)).catch_unwind().await;
            // Whoever asked may have left.
            let _left = done.send(made);
        };
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.threads.len().max(1);
        if let Some(thread) = self.threads.get(turn) {
            // A thread that has ended drops the job, and with it the channel below.
            let _ended = thread.send(Box::pin(job));
        }
        match made.await {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(_))) => {
                tracing::error!("a page was not ready in time");
                (StatusCode::SERVICE_UNAVAILABLE, "this page took too long: reload it\n").into_response()
            }
            Ok(Err(panic)) => super::router::panicked(panic),
            Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the server is about to stop\n").into_response(),
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
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (sender, jobs) = mpsc::unbounded_channel();
    thread::Builder::new().name("render".to_owned()).spawn(move || work(&runtime, jobs))?;
    Ok(sender)
}

fn work(runtime: &Runtime, mut jobs: mpsc::UnboundedReceiver<Job>) {
    LocalSet::new().block_on(runtime, async move {
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
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn said(response: Response) -> (u16, String) {
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, String::from_utf8(body.to_vec()).expect("text"))
    }

    #[tokio::test]
    async fn a_page_and_its_tasks_stay_on_one_thread_while_others_are_made_beside_it() {
        let renderers = Renderers::start().expect("threads");
        let page = |number: u64| async move {
            let first = thread::current().id();
            tokio::time::sleep(Duration::from_millis(number % 7)).await;
            let tasks = (0..3).map(|_| tokio::task::spawn_local(async { thread::current().id() }));
            let all = futures_util::future::join_all(tasks).await;
            let is_one = all.into_iter().all(|id| id.is_ok_and(|id| id == first)) && thread::current().id() == first;
            format!("{number} {is_one}").into_response()
        };
        let pages = (0..100).map(|number| renderers.render(page(number)));
        for (number, response) in futures_util::future::join_all(pages).await.into_iter().enumerate() {
            assert_eq!(said(response).await, (200, format!("{number} true")));
        }
    }

    #[tokio::test]
    async fn a_page_that_panics_is_an_answer_and_the_next_one_is_made() {
        let renderers = Renderers::start().expect("threads");
        for _ in 0..MOST_THREADS {
            let broken = renderers.render(async { panic!("a page that cannot be made") }).await;
            assert_eq!(said(broken).await.0, 500);
        }
        assert_eq!(said(renderers.render(async { "whole".into_response() }).await).await, (200, "whole".to_owned()));
    }
}
