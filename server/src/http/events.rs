//! `GET /ui/events`: the one event stream of a tab (`ui.md` 15).
//!
//! `topics=run:<id>,history:<team>` names what the page shows, `after=run:<id>=<seq>,…` where it stands; a reconnect brings the
//! same in `Last-Event-ID`. Every id is a cursor over all topics, so reload, sleep and a second tab work on any replica. Rights
//! are checked again on every read. One more kind of topic: a variant of [`Place`] and its branches in `topic.rs`.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::{Query, RawQuery, Request, State},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use control::Actor;
use domain::{ApiError, ErrorKind};
use http::HeaderValue;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use self::topic::{Place, Topic, read, read_topics};
use super::{pages, router::AppState};

mod topic;

/// How often rights are checked while nothing happens, and how often a history is looked at.
const RECHECK: Duration = Duration::from_secs(1);
const KEEP_ALIVE: Duration = Duration::from_secs(15);

#[derive(Deserialize)]
pub struct Ask {
    #[serde(default)]
    topics: String,
    #[serde(default)]
    after: String,
}

pub async fn stream(
    State(state): State<AppState>,
    Query(ask): Query<Ask>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    let Some(actor) = request.extensions().get::<Actor>().cloned() else {
        return pages::refusal(request.uri(), ApiError::new(ErrorKind::Unauthenticated, "sign in to go on"));
    };
    let last = request.headers().get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let after = last.as_deref().unwrap_or(&ask.after);
    let Some(mut topics) = read_topics(&ask.topics, after, query.as_deref().unwrap_or_default()) else {
        let problem = ApiError::field("topics", "name one to eight topics such as run:<id> or history:<team>");
        return pages::refusal(request.uri(), problem);
    };
    // The first read happens before the stream opens, so that a missing right or run is an ordinary refusal.
    let mut first = Vec::new();
    for index in 0..topics.len() {
        match read(&state, &actor, &mut topics, index).await {
            Ok(events) => first.extend(events),
            Err(error) => return pages::refusal(request.uri(), error),
        }
    }
    let (sender, receiver) = mpsc::channel::<Result<Event, Infallible>>(64);
    state.tasks.clone().spawn(follow(state, actor, topics, first, sender));
    let mut response =
        Sse::new(ReceiverStream::new(receiver)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    // Proxies must not hold events back.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

type Sender = mpsc::Sender<Result<Event, Infallible>>;

/// Sends what is there, then waits for news, until all topics are done, the reader leaves or the right is gone.
async fn follow(state: AppState, actor: Actor, mut topics: Vec<Topic>, first: Vec<Event>, sender: Sender) {
    for event in first {
        if sender.send(Ok(event)).await.is_err() {
            return;
        }
    }
    let runs = topics.iter().filter_map(|topic| match topic.place {
        Place::Run { run, .. } => Some(run),
        Place::History { .. } => None,
    });
    let mut news: Vec<_> = runs.map(|run| state.watch.subscribe(run)).collect();
    loop {
        for index in 0..topics.len() {
            let Ok(events) = read(&state, &actor, &mut topics, index).await else { return };
            for event in events {
                if sender.send(Ok(event)).await.is_err() {
                    return;
                }
            }
        }
        if topics.iter().any(|topic| topic.has_more) {
            continue;
        }
        if topics.iter().all(|topic| topic.done) {
            return;
        }
        tokio::select! {
            () = any(&mut news), if !news.is_empty() => {}
            () = tokio::time::sleep(RECHECK) => {}
            () = sender.closed() => return,
            () = state.stop.cancelled() => return,
        }
    }
}

/// Waits until any of the runs has news.
async fn any(news: &mut [runs::Subscription]) {
    let waits = news.iter_mut().map(|one| Box::pin(one.changed()));
    futures_util::future::select_all(waits).await;
}
