//! What the reader says about one answer: accepted, accepted with edits or rejected, one to five stars, a note (`product.md`
//! FB-4). Saved with every press. Not one page but a part of two: the playground and a request.

use domain::{
    feedback::{Acceptance, GiveVerdict, Verdict},
    id::RequestId,
};

use crate::{
    api::{self, protocol::ask},
    components::{
        button::{Look, plain_button},
        erase::{Erase, views},
        error_panel::sentence,
        icon::icon,
        reactive::{live, when},
        state::State,
        text_box::{TextBox, text_box},
        toast::Toasts,
    },
    format::percent,
    prelude::*,
};

/// Value, icon and name of each outcome.
const OUTCOMES: [(Acceptance, &str, &str); 3] = [
    (Acceptance::Accepted, "thumb-up", "Accept"),
    (Acceptance::Edited, "pencil", "Accept with edits"),
    (Acceptance::Rejected, "thumb-down", "Reject"),
];

#[derive(Clone, Copy)]
struct Row {
    team: StoredValue<String>,
    request: RequestId,
    given: State<Option<Verdict>>,
    /// A text is being measured. What is said meanwhile would not know the distance, and is not heard.
    busy: StoredValue<bool>,
    toasts: Option<Toasts>,
}

impl Row {
    fn has<T: PartialEq + Send + Sync + 'static>(self, read: fn(&Verdict) -> Option<T>, value: T) -> bool {
        self.given.with(|given| given.as_ref().and_then(read).is_some_and(|it| it == value))
    }

    fn give(self, change: &dyn Fn(&mut Verdict)) {
        self.give_with(None, change, None);
    }

    /// Shown at once; what the server refuses is taken back. `kept` is measured there; `form` closes when all was taken.
    fn give_with(self, kept: Option<String>, change: &dyn Fn(&mut Verdict), form: Option<RwSignal<bool>>) {
        if self.busy.get_value() {
            return;
        }
        let before = self.given.get_untracked();
        let mut verdict = before.clone().unwrap_or_default();
        change(&mut verdict);
        self.given.set(Some(verdict.clone()));
        let is_measured = kept.is_some();
        self.busy.set_value(is_measured);
        let input = GiveVerdict { team: self.team.get_value(), request: self.request, verdict, kept };
        ask(api::feedback::Give { input }, move |answer| match answer {
            Ok(taken_as) => {
                if is_measured {
                    self.given.set(Some(taken_as));
                }
                // The row may be gone.
                let _gone = (form.map(|form| form.try_set(false)), self.busy.try_set_value(false));
            }
            Err(failure) => {
                let _gone = self.busy.try_set_value(false);
                self.given.set(before);
                if let Some(toasts) = self.toasts {
                    toasts.problem(sentence(&failure.0.message));
                }
            }
        });
    }

    /// Of an answer with edits, how much of it they changed.
    fn changed(self) -> Option<u16> {
        let edited = |it: &&Verdict| it.outcome == Some(Acceptance::Edited);
        self.given.with(|given| given.as_ref().filter(edited).and_then(|it| it.edit_distance))
    }
}

/// Pressed again, it is taken back. Only an answer with edits has a distance.
fn choose(verdict: &mut Verdict, outcome: Acceptance) {
    verdict.outcome = (verdict.outcome != Some(outcome)).then_some(outcome);
    verdict.edit_distance = None;
}

/// `key` makes its ids unique on the page.
pub fn verdict_row(team: String, request: RequestId, given: State<Option<Verdict>>, key: String) -> AnyView {
    let team = StoredValue::new(team);
    let row = Row { team, request, given, busy: StoredValue::new(false), toasts: use_context() };
    let outcomes = views(OUTCOMES.to_vec(), &|(outcome, icon_name, name)| {
        view! {
            <button
                class="verdict-button"
                type="button"
                title=name
                aria-label=name
                aria-pressed=move || row.has(|it| it.outcome, outcome).to_string()
                on:click=move |_| row.give(&|it| choose(it, outcome))
            >
                {icon(icon_name)}
            </button>
        }
        .erase()
    });
    let stars = views((1..=5u8).collect(), &|stars| star(row, stars));
    let open = RwSignal::new(false);
    let has_note = move || given.with(|it| it.as_ref().is_some_and(|it| !it.comment.is_empty() || !it.tags.is_empty()));
    let label = move || if has_note() { "Note: written" } else { "Note" };
    view! {
        <div class="verdict" role="group" aria-label="Your verdict">
            <div class="verdict-line">
                <span class="verdict-outcomes">{outcomes}</span>
                <span class="verdict-changed">{move || row.changed().map(|it| percent(it) + " changed")}</span>
                <span class="verdict-stars" role="group" aria-label="Stars">
                    {stars}
                </span>
                <button
                    class="button button-quiet verdict-note"
                    type="button"
                    aria-expanded=move || open.get().to_string()
                    on:click=move |_| open.update(|open| *open = !*open)
                >
                    {label}
                </button>
            </div>
            {when(move || open.get(), move || note(row, open, &key))}
        </div>
    }
    .erase()
}

fn star(row: Row, stars: u8) -> AnyView {
    let is_lit = move || row.given.with(|given| given.as_ref().and_then(|it| it.rating).is_some_and(|it| it >= stars));
    let name = format!("{stars} of 5");
    view! {
        <button
            class=move || if is_lit() { "verdict-button star star-lit" } else { "verdict-button star" }
            type="button"
            title=name.clone()
            aria-label=name
            aria-pressed=move || row.has(|it| it.rating, stars).to_string()
            on:click=move |_| row.give(&|it| it.rating = if it.rating == Some(stars) { None } else { Some(stars) })
        >
            {live(move || icon(if is_lit() { "star-lit" } else { "star" }))}
        </button>
    }
    .erase()
}

fn note(row: Row, open: RwSignal<bool>, key: &str) -> AnyView {
    let now = row.given.get_untracked().unwrap_or_default();
    let (comment, tags) = (RwSignal::new(now.comment.clone()), RwSignal::new(now.tags.join(", ")));
    let field = |id: &str, label: &str, rows: u32| TextBox {
        id: format!("{key}-{id}"),
        label: label.to_owned(),
        rows,
        ..TextBox::default()
    };
    let kept = RwSignal::new(String::new());
    let nothing = Callback::new(|()| ());
    let is_edited = move || row.has(|it| it.outcome, Acceptance::Edited);
    let save = move || {
        let comment = comment.get_untracked().trim().to_owned();
        let tags: Vec<String> = tags.with_untracked(|tags| {
            tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
        });
        let kept = kept.with_untracked(|kept| (is_edited() && !kept.trim().is_empty()).then(|| kept.clone()));
        let change = move |it: &mut Verdict| {
            it.comment.clone_from(&comment);
            it.tags.clone_from(&tags);
        };
        // What was typed stays until it is known that it was taken.
        row.give_with(kept, &change, Some(open));
    };
    let kept_id = format!("{key}-kept");
    let kept_box = move || {
        let it = TextBox {
            id: kept_id.clone(),
            label: "What you kept: measured, not stored".to_owned(),
            rows: 2,
            ..TextBox::default()
        };
        text_box(it, kept.get_untracked(), Callback::new(move |text| kept.set(text)), nothing)
    };
    view! {
        <div class="verdict-form">
            {when(is_edited, kept_box)}
            {text_box(field("comment", "Comment", 2), now.comment, Callback::new(move |text| comment.set(text)), nothing)}
            {text_box(field("tags", "Tags, parted by commas", 0), now.tags.join(", "), Callback::new(move |text| tags.set(text)), nothing)}
            <div>{plain_button(Look::Secondary, "Save note", "", save)}</div>
        </div>
    }
    .erase()
}
