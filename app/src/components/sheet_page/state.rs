//! What a page of a sheet knows while it is open, and what its buttons and forms set off.
//!
//! Never here: views.

use bytes::Bytes;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_params_map, use_query_map},
};

use super::{FrameChanged, NEW, SheetPage, Subject, body, form_id};
use crate::{
    api::{
        json::{Node, parse},
        protocol::{Work, post, unreadable},
        tree,
        verdict::verdict,
    },
    browser,
    components::{
        fetched::{Fetched, fetch},
        form::{Form, Shows, Then, fill},
        form_view::Place,
        reactive::settled,
        reveal::reveal,
        sheet::{Acts, Ask, Fields, Kind, Sheet},
        submit::Submit,
        toast::Toasts,
    },
    prelude::*,
};

/// Where a page is and what it is asked for, before it knows anything.
#[derive(Clone, Copy)]
pub struct Asking {
    pub page: &'static SheetPage,
    pub team: Signal<String>,
    /// Also the name of the file.
    pub subject: Signal<String>,
    /// What the address asks for.
    pub query: Signal<Fields>,
    pub file_name: RwSignal<String>,
    pub file: RwSignal<String>,
}

impl Asking {
    pub fn of(page: &'static SheetPage) -> Self {
        let (params, query) = (use_params_map(), use_query_map());
        let (file_name, file) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
        let part = move |name| params.read().get(name).unwrap_or_default();
        let subject = settled(Memo::new(move |_| match page.subject {
            Subject::None => String::new(),
            Subject::Path(name) => part(name),
            Subject::File(_) => file_name.get(),
        }));
        let query = settled(Memo::new(move |_| {
            let mut fields = Vec::new();
            for (name, value) in query.get() {
                fields.push((name.into_owned(), value));
            }
            fields
        }));
        let team = settled(Memo::new(move |_| part("team")));
        Self { page, team: team.into(), subject: subject.into(), query: query.into(), file_name, file }
    }

    /// What is to be fetched again when it changes.
    pub fn key(self) -> String {
        let mut key = format!("{} {}", self.team.get(), self.subject.get());
        for (name, value) in self.query.get() {
            key.extend([" ", name.as_str(), "=", value.as_str()]);
        }
        key
    }

    pub fn ask(self, value: String) -> Ask {
        let Self { team, subject, query, file, .. } = self;
        let (team, subject) = (team.get_untracked(), subject.get_untracked());
        Ask { team, subject, file: file.get_untracked(), value, fields: query.get_untracked() }
    }

    pub fn load(self) -> Work<Sheet> {
        self.page.load.ask(self.ask(String::new()))
    }
}

/// What the page knows while it is open.
#[derive(Clone, Copy)]
pub struct State {
    pub page: &'static SheetPage,
    pub asking: Asking,
    pub sheet: Fetched<Sheet>,
    /// Of the buttons: what they have to say stands below the page.
    pub submit: Submit,
    pub pressed: RwSignal<String>,
    pub asked: RwSignal<Option<Form>>,
    pub shown: RwSignal<Option<Shows>>,
    /// What an operation has done, where that is more than a sentence.
    pub result: RwSignal<Option<Sheet>>,
    /// The page's own dialog.
    pub own: RwSignal<bool>,
    pub go: Callback<String>,
    pub toasts: Option<Toasts>,
    pub frame: Option<FrameChanged>,
    /// The page was shown before: what was typed into its forms is old.
    pub shown_before: StoredValue<bool>,
}

impl State {
    pub fn of(page: &'static SheetPage) -> Self {
        let asking = Asking::of(page);
        let sheet = fetch(move || asking.key(), move |_| untrack(|| asking.load()));
        let navigate = use_navigate();
        Self {
            page,
            asking,
            sheet,
            submit: Submit::new(),
            pressed: RwSignal::new(String::new()),
            asked: RwSignal::new(None),
            shown: RwSignal::new(None),
            result: RwSignal::new(None),
            own: RwSignal::new(false),
            go: Callback::new(move |to: String| navigate(&to, NavigateOptions::default())),
            toasts: use_context(),
            frame: use_context(),
            shown_before: StoredValue::new(false),
        }
    }

    pub fn acts(self) -> Acts {
        let press = Callback::new(move |(kind, value, note)| self.press(kind, value, note));
        Acts { press, pressed: self.pressed, submit: self.submit }
    }

    pub fn place(self, open: Option<RwSignal<bool>>) -> Place {
        Place {
            done: Callback::new(move |(then, answer): (Then, Bytes)| self.done(then, &answer)),
            ask: Callback::new(move |value| self.page.load.ask(self.asking.ask(value))),
            open,
        }
    }

    pub fn press(self, kind: Kind, value: String, note: String) {
        if self.submit.busy.get_untracked() {
            return;
        }
        self.pressed.set(value.clone());
        match kind {
            Kind::Open | Kind::Primary | Kind::Danger => self.open(value),
            Kind::Post => {
                let (operation, body) = value.split_once(' ').unwrap_or_default();
                let then = Then { said: note, frame: true, ..Then::default() };
                self.submit.run(post(operation, body.to_owned()), move |answer: Bytes| self.done(then, &answer));
            }
            _ => self.send(self.page.press, Ask { fields: Vec::new(), ..self.asking.ask(value) }),
        }
    }

    /// To the operation behind the buttons or the form of cells.
    pub fn send(self, operation: &'static str, ask: Ask) {
        let answer = post(operation, body(ask));
        self.submit.run(answer, move |answer: Bytes| self.done(Then::default(), &answer));
    }

    pub fn open(self, value: String) {
        if self.page.own && value == NEW {
            return self.own.set(true);
        }
        let answer = self.page.load.ask(self.asking.ask(value));
        let form = async move { answer.await?.forms.into_iter().next().ok_or_else(unreadable) };
        self.submit.run(form, move |form| self.asked.set(Some(form)));
    }

    /// An operation has done it.
    pub fn done(self, then: Then, bytes: &Bytes) {
        let answer = std::str::from_utf8(bytes).ok().and_then(parse).unwrap_or(Node::Null);
        let Then { said, go, frame, look, shows } = then;
        if look {
            self.keep_looks();
        }
        self.asked.set(None);
        self.result.set(answer.at("blocks").and_then(|_| tree::read(bytes)));
        match (shows, verdict(&answer)) {
            (Some(shows), _) => self.shown.set(Some(reveal(shows, &answer))),
            (None, Some(verdict)) => self.say(&verdict.sentence(), verdict.is_good()),
            (None, None) => self.say(answer.as_text().unwrap_or(&fill(&said, &answer)), true),
        }
        if let Some(FrameChanged(changed)) = self.frame.filter(|_| frame) {
            changed.run(());
        }
        if go.is_empty() { self.sheet.refetch() } else { self.go.run(fill(&go, &answer)) }
    }

    pub fn say(self, text: &str, good: bool) {
        match self.toasts {
            Some(toasts) if good && !text.is_empty() => toasts.done(text),
            Some(toasts) if !good => toasts.problem(text),
            _ => {}
        }
    }

    /// What was just saved as the person's wish holds in this browser at once.
    pub fn keep_looks(self) {
        for (name, value) in browser::form_fields(&form_id(0)) {
            if let Some(name @ ("theme" | "density")) = name.rsplit('.').next() {
                let usual = matches!(value.as_str(), "system" | "comfortable");
                browser::set_preference(name, (!usual).then_some(value.as_str()));
            }
        }
    }
}
