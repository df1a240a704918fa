//! What a stream may follow, and where it stands: a run by the numbers of its log, a history by its newest attempt.

use axum::response::sse::Event;
use control::Actor;
use domain::{
    ApiError, ErrorKind,
    event::RunEventKind,
    history::HistoryQuery,
    id::{AttemptId, RunId},
};
use serde_json::json;

use crate::http::{downloads::history_asked, router::AppState};

/// Most topics one stream may follow.
const MAX_TOPICS: usize = 8;
/// Events read from a log at a time.
const PAGE: u32 = 500;

/// One thing to follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// `run:<id>` or `history:<team>`.
    name: String,
    pub place: Place,
    /// There is more to read at once.
    pub has_more: bool,
    /// The run has ended. It may be run again: whoever asks for what comes after its end waits for that.
    pub done: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The last event that the reader has.
    Run { run: RunId, seq: i64 },
    /// The newest request that the reader has, and how many came since.
    History { query: HistoryQuery, after: Option<AttemptId>, told: u32 },
}

impl Place {
    fn position(&self) -> String {
        match self {
            Self::Run { run: _, seq } => seq.to_string(),
            Self::History { after, .. } => after.map(|id| id.to_string()).unwrap_or_default(),
        }
    }
}

/// Topics with their positions; `None` when a name is wrong or there are none or too many. A position is a cursor, or, for a
/// single topic, what stands behind the equals sign of one. `query` holds the filters of a history.
pub fn read_topics(topics: &str, after: &str, query: &str) -> Option<Vec<Topic>> {
    let mut list = Vec::new();
    for name in topics.split(',').filter(|name| !name.is_empty()) {
        let position = after.split(',').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or(after);
        let place = match name.split_once(':')? {
            ("run", id) => Place::Run { run: id.parse().ok()?, seq: position.parse().unwrap_or(0).max(0) },
            ("history", team) if !team.is_empty() => {
                let query = history_asked(team.to_owned(), query);
                Place::History { query, after: position.parse().ok(), told: 0 }
            }
            _ => return None,
        };
        list.push(Topic { name: name.to_owned(), place, has_more: false, done: false });
    }
    (!list.is_empty() && list.len() <= MAX_TOPICS).then_some(list)
}

pub fn cursor(topics: &[Topic]) -> String {
    let pairs: Vec<String> = topics.iter().map(|topic| format!("{}={}", topic.name, topic.place.position())).collect();
    pairs.join(",")
}

/// Reads everything after the topic's position and moves the position.
pub async fn read(state: &AppState, actor: &Actor, topics: &mut [Topic], index: usize) -> Result<Vec<Event>, ApiError> {
    // A right that was taken away ends the stream, whatever the session said when it opened.
    let actor = fresh(state, actor).await?;
    match topics.get(index).map(|topic| topic.place.clone()) {
        Some(Place::Run { run, seq }) => read_run(state, &actor, topics, index, run, seq).await,
        Some(Place::History { query, after, told }) => {
            let newer = control::history::newer(&state.control, &actor, query.clone(), after).await;
            let newer = newer.map_err(control::Error::into_api)?;
            let Some(topic) = topics.get_mut(index) else { return Ok(Vec::new()) };
            // The first look only learns where the page stands; later the position stays there, so that the count says how
            // much the page is behind.
            let after = after.or(newer.newest);
            topic.place = Place::History { query: query.clone(), after, told: newer.count };
            if newer.count == told {
                return Ok(Vec::new());
            }
            let data = json!({ "team": query.team, "count": newer.count }).to_string();
            Ok(vec![Event::default().id(cursor(topics)).event("history.new").data(data)])
        }
        None => Ok(Vec::new()),
    }
}

/// One page of a log; a full one says that there is more. A log may be longer than memory.
async fn read_run(
    state: &AppState,
    actor: &Actor,
    topics: &mut [Topic],
    index: usize,
    run: RunId,
    after: i64,
) -> Result<Vec<Event>, ApiError> {
    let page = control::runs::events(&state.control, actor, run, after, PAGE).await;
    let page = page.map_err(control::Error::into_api)?;
    if let Some(topic) = topics.get_mut(index) {
        topic.has_more = page.len() >= PAGE as usize;
    }
    let mut out = Vec::with_capacity(page.len());
    for event in page {
        if let Some(topic) = topics.get_mut(index) {
            topic.place = Place::Run { run, seq: event.seq };
            topic.done = match event.what {
                RunEventKind::RunDone => true,
                RunEventKind::RunChanged => false,
                _ => topic.done,
            };
        }
        let data = serde_json::to_string(&event).ok();
        out.extend(data.map(|data| Event::default().id(cursor(topics)).event(event.what.name()).data(data)));
    }
    Ok(out)
}

async fn fresh(state: &AppState, actor: &Actor) -> Result<Actor, ApiError> {
    let gone = || ApiError::new(ErrorKind::Unauthenticated, "sign in to go on");
    let (Some(user), Some(session)) = (actor.user(), actor.session()) else { return Err(gone()) };
    control::actor::load(&state.control, user, session).await.map_err(control::Error::into_api)?.ok_or_else(gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "0190b6a0-0000-7000-8000-000000000001";
    const B: &str = "0190b6a0-0000-7000-8000-000000000002";

    #[test]
    fn a_cursor_names_the_position_of_every_topic_and_reads_back() {
        let names = format!("run:{A},history:core");
        let topics = read_topics(&names, &format!("history:core={B},run:{A}=3"), "f=model:in:x").unwrap();
        assert_eq!(topics[0].place, Place::Run { run: A.parse().unwrap(), seq: 3 });
        let query = HistoryQuery { team: "core".into(), filters: vec!["model:in:x".into()], ..HistoryQuery::default() };
        assert_eq!(topics[1].place, Place::History { query, after: Some(B.parse().unwrap()), told: 0 });
        assert_eq!(read_topics(&names, &cursor(&topics), "f=model:in:x"), Some(topics));
        let one = read_topics(&format!("run:{A}"), "12", "").unwrap();
        assert_eq!(one[0].place, Place::Run { run: A.parse().unwrap(), seq: 12 });
    }

    #[test]
    fn what_is_no_topic_is_refused() {
        for wrong in ["", "budget:1", "run:", "run:1", "history:", "run"] {
            assert_eq!(read_topics(wrong, "", ""), None, "{wrong}");
        }
        let many = vec![format!("run:{A}"); MAX_TOPICS + 1].join(",");
        assert_eq!(read_topics(&many, "", ""), None);
    }
}
