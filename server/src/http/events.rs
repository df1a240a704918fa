//! `GET /ui/events`: the one event stream of a tab (`ui.md` 15).
//!
//! `topics=run:<id>,…` names what the page shows, `after=run:<id>=<seq>,…` where it stands; a reconnect brings the same in
//! `Last-Event-ID`. Every id is a cursor over all topics, so reload, sleep and a second tab work on any replica. Rights are
//! checked again on every read.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::{Query, Request, State},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use control::Actor;
use domain::{
    ApiError, ErrorKind,
    event::{RunEvent, RunEventKind},
    id::RunId,
};
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{pages, router::AppState};

/// Most topics one stream may follow.
const MAX_TOPICS: usize = 8;
/// Events read from the log at a time.
const PAGE: u32 = 500;
/// How often rights are checked while nothing happens.
const RECHECK: Duration = Duration::from_secs(1);
const KEEP_ALIVE: Duration = Duration::from_secs(15);

#[derive(Deserialize)]
pub struct Ask {
    #[serde(default)]
    topics: String,
    #[serde(default)]
    after: String,
}

/// One run and the last event that the reader has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Topic {
    run: RunId,
    seq: i64,
    done: bool,
}

pub async fn stream(State(state): State<AppState>, Query(ask): Query<Ask>, request: Request) -> Response {
    let Some(actor) = request.extensions().get::<Actor>().cloned() else {
        return pages::refusal(request.uri(), ApiError::new(ErrorKind::Unauthenticated, "sign in to go on"));
    };
    let last = request.headers().get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let Some(mut topics) = read_topics(&ask.topics, last.as_deref().unwrap_or(&ask.after)) else {
        let problem = ApiError::field("topics", "name one to eight topics such as run:<id>");
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
    if last.is_some() && first.is_empty() && topics.iter().all(|topic| topic.done) {
        // Nothing is left to say: 204 tells the browser not to reconnect.
        return StatusCode::NO_CONTENT.into_response();
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
    let mut news: Vec<_> = topics.iter().map(|topic| state.watch.subscribe(topic.run)).collect();
    while topics.iter().any(|topic| !topic.done) {
        for index in 0..topics.len() {
            let Ok(events) = read(&state, &actor, &mut topics, index).await else { return };
            for event in events {
                if sender.send(Ok(event)).await.is_err() {
                    return;
                }
            }
        }
        if topics.iter().all(|topic| topic.done) {
            return;
        }
        tokio::select! {
            () = any(&mut news) => {}
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

/// Reads everything after the topic's position and moves the position.
async fn read(state: &AppState, actor: &Actor, topics: &mut [Topic], index: usize) -> Result<Vec<Event>, ApiError> {
    let mut out = Vec::new();
    loop {
        let Some(topic) = topics.get(index).copied() else { return Ok(out) };
        // A right that was taken away ends the stream, whatever the session said when it opened.
        let actor = fresh(state, actor).await?;
        let page = control::runs::events(&state.control, &actor, topic.run, topic.seq, PAGE).await;
        let page = page.map_err(control::Error::into_api)?;
        let full = page.len() >= PAGE as usize;
        for event in page {
            if let Some(topic) = topics.get_mut(index) {
                topic.seq = event.seq;
                topic.done |= matches!(event.what, RunEventKind::RunDone);
            }
            out.extend(encode(&event, topics));
        }
        if !full {
            return Ok(out);
        }
    }
}

async fn fresh(state: &AppState, actor: &Actor) -> Result<Actor, ApiError> {
    let gone = || ApiError::new(ErrorKind::Unauthenticated, "sign in to go on");
    let (Some(user), Some(session)) = (actor.user(), actor.session()) else { return Err(gone()) };
    control::actor::load(&state.control, user, session).await.map_err(control::Error::into_api)?.ok_or_else(gone)
}

fn encode(event: &RunEvent, topics: &[Topic]) -> Option<Event> {
    let data = serde_json::to_string(event).ok()?;
    Some(Event::default().id(cursor(topics)).event(event.what.name()).data(data))
}

fn cursor(topics: &[Topic]) -> String {
    let pairs: Vec<String> = topics.iter().map(|topic| format!("run:{}={}", topic.run, topic.seq)).collect();
    pairs.join(",")
}

/// Topics with their positions; `None` when a name is wrong or there are none or too many. A position is a cursor, or, for a
/// single topic, a bare number.
fn read_topics(topics: &str, after: &str) -> Option<Vec<Topic>> {
    let mut list = Vec::new();
    for name in topics.split(',').filter(|name| !name.is_empty()) {
        let run: RunId = name.strip_prefix("run:")?.parse().ok()?;
        let position = after.split(',').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or(after);
        list.push(Topic { run, seq: position.parse().unwrap_or(0).max(0), done: false });
    }
    (!list.is_empty() && list.len() <= MAX_TOPICS).then_some(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_names_the_position_of_every_topic_and_reads_back() {
        let (a, b) = ("0190b6a0-0000-7000-8000-000000000001", "0190b6a0-0000-7000-8000-000000000002");
        let topics = read_topics(&format!("run:{a},run:{b}"), &format!("run:{b}=7,run:{a}=3")).unwrap();
        assert_eq!(topics.iter().map(|topic| topic.seq).collect::<Vec<_>>(), [3, 7]);
        assert_eq!(read_topics(&format!("run:{a},run:{b}"), &cursor(&topics)), Some(topics));
        assert_eq!(read_topics(&format!("run:{a}"), "12").unwrap()[0].seq, 12);
        assert_eq!(read_topics("", ""), None);
        assert_eq!(read_topics("budget:1", ""), None);
    }
}
