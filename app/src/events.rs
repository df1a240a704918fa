//! The one EventSource of a tab: follows a run, or the history of a team, from a cursor, in order, without gaps.
//!
//! Here: opening, closing, counting. Never here: what an event means for a page. The feed closes while the tab is hidden for
//! ten seconds and goes on where it was; what it follows lives on the server and does not notice. One more topic: a variant of
//! [`Topic`] and of [`News`], and its branch in `hear`.

use domain::{event::RunEvent, id::RunId};
use leptos::prelude::*;

/// How the page hears about what it shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeedState {
    #[default]
    Closed,
    Live,
    /// The connection broke and the browser is opening it again.
    Reconnecting,
    /// No stream to be had: the page asks every two seconds.
    Polling,
}

/// What is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topic {
    /// The position is the number of an event.
    Run(RunId),
    /// Requests of a team under the filters of the address. The position is the newest attempt of the list.
    History { team: String, query: String },
}

impl Topic {
    #[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser subscribes"))]
    fn address(&self, after: &str) -> String {
        match self {
            Self::Run(run) => format!("/ui/events?topics=run:{run}&after={after}"),
            Self::History { team, query } => format!("/ui/events?topics=history:{team}&after={after}&{query}"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    Run(Box<RunEvent>),
    /// So many requests since the list was fetched.
    History(u32),
}

/// A subscription to one topic. Copies share it.
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser subscribes"))]
#[derive(Clone, Copy)]
pub struct Feed {
    topic: StoredValue<Topic>,
    /// The position of the last event handed on.
    seen: StoredValue<String>,
    pub state: RwSignal<FeedState>,
    news: Callback<News>,
    /// Events are missing: fetch the state and call [`Feed::open`] with its position.
    lost: Callback<()>,
    #[cfg(feature = "hydrate")]
    source: StoredValue<Option<live::Source>, LocalStorage>,
}

impl Feed {
    pub fn new(topic: Topic, news: Callback<News>, lost: Callback<()>) -> Self {
        Self {
            topic: StoredValue::new(topic),
            seen: StoredValue::new(String::new()),
            state: RwSignal::new(FeedState::Closed),
            news,
            lost,
            #[cfg(feature = "hydrate")]
            source: StoredValue::new_local(None),
        }
    }
}

#[cfg(not(feature = "hydrate"))]
impl Feed {
    pub fn open(self, _after: String) {}
    pub fn close(self) {}
    pub fn leave(self) {}
    pub fn retry(self) {}
    pub fn watch_visibility(self) {}
}

#[cfg(feature = "hydrate")]
mod live {
    use std::time::Duration;

    use domain::{
        event::{RunEvent, RunEventKind},
        id::{CellId, RunId},
        run::{CellMetrics, ToolCall},
    };
    use leptos::{ev, prelude::*};
    use serde::Deserialize;
    use wasm_bindgen::{JsCast, closure::Closure};
    use web_sys::{EventSource, MessageEvent, VisibilityState};

    use super::{Feed, FeedState, News, Topic};

    const RETRY: Duration = Duration::from_secs(2);
    const HIDDEN: Duration = Duration::from_secs(10);
    const HISTORY: &str = "history.new";
    const NAMES: [&str; 10] = [
        "cell.start",
        "cell.delta",
        "cell.tool",
        "cell.done",
        "cell.stopped",
        "cell.error",
        "run.changed",
        "run.done",
        HISTORY,
        "resync",
    ];

    /// An event as it is on the wire, all kinds in one: reading the tagged form would bring a second JSON reader.
    #[derive(Deserialize)]
    struct Wire {
        run: RunId,
        seq: i64,
        cell: Option<CellId>,
        #[serde(default)]
        sample: u16,
        #[serde(default)]
        take: u16,
        #[serde(default)]
        text: String,
        call: Option<ToolCall>,
        #[serde(default)]
        message: String,
        metrics: Option<CellMetrics>,
    }

    #[derive(Deserialize)]
    struct Newer {
        count: u32,
    }

    fn read(name: &str, text: &str) -> Option<RunEvent> {
        let Wire { run, seq, cell, sample, take, text, call, message, metrics } =
            crate::api::tree::read(text.as_bytes())?;
        let metrics = metrics.unwrap_or_default();
        let what = match (name, cell) {
            ("cell.start", Some(cell)) => RunEventKind::Start { cell, sample, take },
            ("cell.delta", Some(cell)) => RunEventKind::Delta { cell, sample, text },
            ("cell.tool", Some(cell)) => RunEventKind::Tool { cell, sample, call: call? },
            ("cell.done", Some(cell)) => RunEventKind::Done { cell, sample, metrics },
            ("cell.stopped", Some(cell)) => RunEventKind::Stopped { cell, sample, metrics },
            ("cell.error", Some(cell)) => RunEventKind::Error { cell, sample, message, metrics },
            ("run.changed", _) => RunEventKind::RunChanged,
            ("run.done", _) => RunEventKind::RunDone,
            _ => return None,
        };
        Some(RunEvent { run, seq, what })
    }

    /// An open stream and the functions it calls; dropping closes it.
    pub struct Source {
        stream: EventSource,
        _message: Closure<dyn FnMut(MessageEvent)>,
        _opened: Closure<dyn FnMut()>,
        _broken: Closure<dyn FnMut()>,
    }

    impl Drop for Source {
        fn drop(&mut self) {
            self.stream.set_onopen(None);
            self.stream.set_onerror(None);
            self.stream.close();
        }
    }

    impl Feed {
        /// Hears everything after `after`.
        pub fn open(self, after: String) {
            self.close();
            let address = self.topic.with_value(|topic| topic.address(&after));
            self.seen.set_value(after);
            let Ok(stream) = EventSource::new(&address) else { return self.poll() };
            let message = Closure::new(move |event: MessageEvent| self.hear(&event));
            let opened = Closure::new(move || {
                let _gone = self.state.try_set(FeedState::Live);
            });
            let broken = Closure::new(move || self.broken());
            for name in NAMES {
                // Fails only for a name that is no string.
                let _added = stream.add_event_listener_with_callback(name, message.as_ref().unchecked_ref());
            }
            stream.set_onopen(Some(opened.as_ref().unchecked_ref()));
            stream.set_onerror(Some(broken.as_ref().unchecked_ref()));
            self.source.set_value(Some(Source { stream, _message: message, _opened: opened, _broken: broken }));
        }

        pub fn close(self) {
            self.let_go();
            let _gone = self.state.try_set(FeedState::Closed);
        }

        /// The page goes. It is told nothing any more: what shows the state may outlive the state by a moment.
        pub fn leave(self) {
            self.let_go();
        }

        /// Closes the stream; what it calls is dropped a moment later, since it may be what is running now.
        fn let_go(self) {
            if let Some(Some(source)) = self.source.try_update_value(Option::take) {
                source.stream.close();
                set_timeout(move || drop(source), Duration::ZERO);
            }
        }

        /// The state could not be fetched either: ask again in two seconds.
        pub fn retry(self) {
            self.poll();
        }

        /// Lets go of the stream while nobody looks: a browser allows six of them per host.
        pub fn watch_visibility(self) {
            let handle = window_event_listener(ev::Custom::<ev::Event>::new("visibilitychange"), move |_| self.look());
            on_cleanup(move || handle.remove());
        }

        fn look(self) {
            let hidden = || document().visibility_state() == VisibilityState::Hidden;
            let streaming = self.source.try_with_value(Option::is_some).unwrap_or(false);
            if hidden() && streaming {
                let rest = move || {
                    if hidden() {
                        self.let_go();
                    }
                };
                set_timeout(rest, HIDDEN);
            } else if !hidden() && !streaming && self.state.try_get_untracked() == Some(FeedState::Live) {
                // Closed while hidden, not by the page: the state still says live.
                self.open(self.seen.get_value());
            } else if !hidden() && self.state.try_get_untracked() == Some(FeedState::Closed) && self.is_of_run() {
                // It was over. Somebody else may have run a part of it again meanwhile.
                self.lost.run(());
            }
        }

        fn is_of_run(self) -> bool {
            self.topic.try_with_value(|topic| matches!(topic, Topic::Run(_))).unwrap_or(false)
        }

        fn hear(self, event: &MessageEvent) {
            let name = event.type_();
            let text = event.data().as_string().unwrap_or_default();
            let Some(topic) = self.topic.try_get_value() else { return };
            match topic {
                Topic::Run(run) => self.hear_run(run, read(&name, &text)),
                Topic::History { .. } => {
                    if let Some(Newer { count }) = crate::api::tree::read(text.as_bytes()) {
                        self.news.run(News::History(count));
                    }
                }
            }
        }

        fn hear_run(self, run: RunId, event: Option<RunEvent>) {
            let Some(seen) = self.seen.try_with_value(|seen| seen.parse::<i64>().unwrap_or_default()) else { return };
            match event {
                Some(event) if event.seq <= seen || event.run != run => {}
                Some(event) if event.seq == seen + 1 => {
                    self.seen.set_value(event.seq.to_string());
                    self.news.run(News::Run(Box::new(event)));
                }
                // A gap, a resync, or something unreadable: only the stored state is sure.
                _ => {
                    self.close();
                    self.lost.run(());
                }
            }
        }

        fn broken(self) {
            let closed = self.source.try_with_value(|source| {
                source.as_ref().is_some_and(|it| it.stream.ready_state() == EventSource::CLOSED)
            });
            match closed {
                Some(true) => self.poll(),
                Some(false) => {
                    let _gone = self.state.try_set(FeedState::Reconnecting);
                }
                None => {}
            }
        }

        fn poll(self) {
            self.close();
            let _gone = self.state.try_set(FeedState::Polling);
            let ask = move || {
                if self.state.try_get_untracked() == Some(FeedState::Polling) {
                    self.lost.run(());
                }
            };
            set_timeout(ask, RETRY);
        }
    }
}
