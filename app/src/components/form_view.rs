//! A [`Form`] on the screen. Its inputs are the browser's own until it is sent: what was typed survives a refusal, and a field
//! costs the download nothing.
//!
//! Checked when a field is left and when the form is sent, never while something is typed for the first time.

use std::sync::Arc;

use bytes::Bytes;
use domain::{ApiError, ErrorKind, error::FieldError};

use self::controls::{choices, flag, labelled};
use super::{
    button::{Button, Look},
    erase::{Erase, views},
    error_panel::sentence,
    form::{Field, FieldKind, Form, Then, body},
    reactive::{live, react},
    sheet::{Fields, Sheet},
    submit::{Submit, error_line},
};
use crate::{
    api::protocol::{Work, post},
    browser,
    prelude::*,
};

mod controls;

/// Where a form stands.
#[derive(Clone, Copy)]
pub struct Place {
    /// What follows when the operation has answered.
    pub done: Callback<(Then, Bytes)>,
    /// The page's answer to what a form is asked for by.
    pub ask: Callback<String, Work<Sheet>>,
    /// Of a form in a dialog.
    pub open: Option<RwSignal<bool>>,
}

/// All that a form knows while it is shown.
#[derive(Clone)]
struct Live {
    form: Arc<Form>,
    id: Arc<str>,
    place: Place,
    submit: Submit,
    /// The form itself, to be replaced.
    current: RwSignal<Arc<Form>>,
    /// The same form with the values of now, once somebody else turned out to have been faster.
    newer: RwSignal<Option<Arc<Form>>>,
    /// What is entered, as far as other fields depend on it.
    entered: RwSignal<Fields>,
}

pub fn form_view(form: Form, id: String, place: Place) -> AnyView {
    let entered = form.fields.iter().map(|field| (field.name.clone(), field.value.clone())).collect();
    let (current, entered) = (RwSignal::new(Arc::new(form)), RwSignal::new(entered));
    let (submit, newer, id) = (Submit::new(), RwSignal::new(None), Arc::<str>::from(id));
    let state = move |form| Live { form, id: id.clone(), place, submit, current, newer, entered };
    watch_for_newer(state(current.get_untracked()));
    live(move || shown(state(current.get())))
}

/// When somebody else was faster, the next try is made over what they saved, and their values can be had.
fn watch_for_newer(it: Live) {
    let Live { submit, newer, place, form, .. } = it;
    react(move || {
        if !submit.error.with(|error| error.as_ref().is_some_and(is_stale)) || form.again.is_empty() {
            return;
        }
        let answer = place.ask.run(form.again.clone());
        leptos::task::spawn_local(async move {
            let form = answer.await.ok().and_then(|sheet| sheet.forms.into_iter().next());
            // The page may be gone by now.
            let _gone = newer.try_set(form.map(Arc::new));
        });
    });
}

fn is_stale(error: &ApiError) -> bool {
    error.kind == ErrorKind::Conflict && error.fields.iter().any(|it| it.message.starts_with("now "))
}

fn shown(it: Live) -> AnyView {
    let (form, place) = (it.form.clone(), it.place);
    let (plain, folded): (Vec<Field>, Vec<Field>) = form.fields.iter().cloned().partition(|field| !field.folded);
    let plain = views(plain, &|field| field_view(field, &it));
    let folded = views(folded, &|field| field_view(field, &it));
    let label = form.fold.clone();
    let folded = (!folded.is_empty()).then(|| {
        view! {
            <details class="form-fold" open=form.unfolded>
                <summary>{label}</summary>
                <div class="form-fields">{folded}</div>
            </details>
        }
        .erase()
    });
    let look = if form.danger { Look::Danger } else { Look::Primary };
    let label = form.submit.clone();
    let cancel = place.open.map(|open| view! { <Button label="Cancel" press=move |()| open.set(false) /> }.erase());
    let class = if place.open.is_some() { "dialog-actions" } else { "form-actions" };
    let id = it.id.to_string();
    let (send, change, typed, left) = (it.clone(), it.clone(), it.clone(), it.clone());
    view! {
        <form
            class="form"
            id=id
            novalidate=true
            on:submit=move |event: leptos::ev::SubmitEvent| {
                event.prevent_default();
                submit_form(&send);
            }
            on:change=move |_: leptos::ev::Event| {
                // The same as for the focus below.
                let _gone = change.entered.try_set(browser::form_fields(&change.id));
            }
            on:input=move |event: leptos::ev::Event| check(&typed, &event, false)
            on:focusout=move |event: leptos::ev::FocusEvent| check(&left, &event, true)
        >
            <div class="form-fields">{plain}</div>
            {folded}
            {summary(&it)}
            <div class=class>
                {cancel} <Button look=look label=label submit=true busy=it.submit.busy />
            </div>
        </form>
    }
    .erase()
}

fn submit_form(it: &Live) {
    let Live { form, id, place, submit, newer, .. } = it;
    let base = newer.get_untracked().map(|newer| newer.base.clone());
    let asked = Form { base: base.unwrap_or_else(|| form.base.clone()), ..Form::clone(form) };
    match body(&asked, &browser::form_fields(id)) {
        Ok(body) => {
            let (then, done) = (form.then.clone(), place.done);
            submit.run(post(&form.post, body), move |answer| done.run((then, answer)));
        }
        Err(error) => {
            submit.error.set(Some(error));
            browser::focus_first_invalid();
        }
    }
}

/// Says what is wrong with a field that is left, and takes it back as soon as it is right.
fn check(it: &Live, event: &leptos::web_sys::Event, leaving: bool) {
    let Some(at) = browser::event_field(event) else { return };
    let Some(field) = it.form.fields.iter().find(|field| field.name == at.name) else { return };
    // A form that closes takes the focus from its fields: by then it is gone.
    let was_wrong = it.submit.error.try_with_untracked(|error| message(error.as_ref(), field).is_some());
    let Some(was_wrong) = was_wrong else { return };
    if leaving && (was_wrong || at.is_box || at.value.trim().is_empty() || browser::goes_to_button(event)) {
        return;
    }
    let verdict = if at.is_box { Ok(()) } else { field.check(&at.value) };
    // Typing only takes back: an empty field is not scolded for being empty until the form is sent.
    if !was_wrong && (!leaving || verdict.is_ok()) || field.kind == FieldKind::Confirm && verdict.is_err() {
        return;
    }
    it.submit.error.update(|error| {
        let mut all = error.take().unwrap_or_else(|| ApiError::new(ErrorKind::Invalid, ""));
        all.fields.retain(|wrong| !field.is_called(&wrong.field));
        let said = verdict.err().map(|message| FieldError { field: field.name.clone(), message });
        all.fields.extend(said);
        *error = (!all.fields.is_empty()).then_some(all);
    });
}

fn message<'a>(error: Option<&'a ApiError>, field: &Field) -> Option<&'a str> {
    error?.fields.iter().find(|wrong| field.is_called(&wrong.field)).map(|wrong| wrong.message.as_str())
}

/// What is to be said besides the messages at the fields.
fn summary(it: &Live) -> AnyView {
    let it = it.clone();
    let said = move || {
        let mut error = it.submit.error.get()?;
        let theirs = it.newer.get().filter(|_| is_stale(&error));
        let is_lost = |wrong: &FieldError| !it.form.fields.iter().any(|field| field.is_called(&wrong.field));
        let lost: Vec<String> =
            error.fields.iter().filter(|wrong| is_lost(wrong)).map(|wrong| sentence(&wrong.message)).collect();
        if !lost.is_empty() {
            error.message = lost.join(" ");
        } else if !is_stale(&error) && (error.fields.len() == 1 || error.message.is_empty()) {
            return None;
        }
        let (current, newer, submit, id) = (it.current, it.newer, it.submit, it.id.clone());
        let load = theirs.map(|theirs| {
            let press = Callback::new(move |()| {
                submit.error.set(None);
                newer.set(None);
                current.set(theirs.clone());
                let id = id.clone();
                // Once the fields have their values: until then what was typed covers them.
                request_animation_frame(move || browser::reset_form(&id));
            });
            view! { <Button label="Load their values" press=press /> }.erase()
        });
        Some(view! { {error_line(error)} {load} }.into_any())
    };
    view! {
        <div class="form-error-slot" role="status">
            {move || said()}
        </div>
    }
    .erase()
}

fn field_view(field: Field, it: &Live) -> AnyView {
    let id = format!("{}-{}", it.id, field.name.replace('.', "-"));
    let (for_error, for_shown) = (field.clone(), field.clone());
    let (submit, entered) = (it.submit, it.entered);
    let error =
        Signal::derive(move || submit.error.with(|error| message(error.as_ref(), &for_error).map(str::to_owned)));
    let class = match field.share {
        2 => "field-slot field-half",
        3 => "field-slot field-third",
        _ => "field-slot",
    };
    let inside = match field.kind {
        FieldKind::Words => view! { <p class="form-text">{field.label}</p> }.erase(),
        FieldKind::Radios | FieldKind::Checks => choices(field, &id, error),
        FieldKind::Flag => flag(field, &id),
        _ => labelled(field, &id, error),
    };
    view! {
        <div class=class hidden=move || entered.with(|entered| !for_shown.is_shown(entered))>
            {inside}
        </div>
    }
    .erase()
}

/// A GET form: the address says what was entered, with or without JavaScript.
pub fn filter_form(fields: Vec<Field>) -> AnyView {
    let is_search = fields.iter().any(|field| field.kind == FieldKind::Search);
    let fields = views(fields, &|field| {
        let id = format!("filter-{}", field.name);
        labelled(field, &id, Signal::stored(None))
    });
    view! {
        <form class="filters sheet-filters" method="get" action="">
            {fields}
            <Button label=if is_search { "Search" } else { "Show" } icon_name="search" submit=true />
        </form>
    }
    .erase()
}
