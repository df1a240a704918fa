//! What is only shown and seldom opened travels as plain cells, arranged on the server, and is rendered here for all pages
//! alike: a page of its own types would be 20 kB more of the browser's download.
//!
//! `crate::sheets` arranges them. One more kind of cell: a variant of [`Kind`] and its branch in [`piece`].

use domain::ApiError;
use serde::{Deserialize, Serialize};

use super::{
    badge::{Tone, badge, tag},
    button::Button,
    erase::Erase,
    error_panel::sentence,
    submit::Submit,
    time::missing,
};
use crate::prelude::*;

/// One page: what is shown, and what stands in its form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    pub blocks: Vec<Block>,
    /// Empty: there is no form, or the reader may not send it.
    pub form: Vec<Block>,
}

/// A heading, a line of cells, a table and a paragraph, each where there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    pub heading: String,
    pub line: Vec<Cell>,
    /// Names the table.
    pub caption: String,
    pub columns: Vec<Cell>,
    pub rows: Vec<Vec<Cell>>,
    pub text: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    #[default]
    Text,
    Mono,
    Figures,
    /// A dash; `note` says why.
    Missing,
    /// `value` is the address of somebody else's page.
    Link,
    /// `value` is the address of a page of ours.
    Go,
    Tag,
    Ok,
    Warn,
    Neutral,
    /// Calls the page back with `value`.
    Button,
    /// A field of the form named `value`, at first with `text`; `note` names it for people.
    Input,
    /// A checkbox of the form named `value`; at first off unless `note` says `on`.
    Tick,
}

/// One thing, what stands below it in small, and what follows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    pub kind: Kind,
    pub text: String,
    pub value: String,
    pub note: String,
    pub more: Vec<Cell>,
}

/// What buttons call and fields belong to.
#[derive(Clone, Copy)]
pub struct Acts {
    pub press: Callback<String>,
    pub submit: Submit,
}

/// What a person has entered in the fields of a form, by name; ticked boxes are `on`.
pub type Fields = Vec<(String, String)>;

/// What a page asks of the server, whatever the page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ask {
    pub team: String,
    /// The page's own part of the address, the words searched for, or the name of the file.
    pub subject: String,
    /// The text of the file.
    pub file: String,
    /// Of the button that was pressed; empty when the form was sent.
    pub value: String,
    pub fields: Fields,
}

pub fn blocks(all: Vec<Block>, acts: Acts) -> AnyView {
    views(all, &|it| block(it, acts)).into_any()
}

fn block(it: Block, acts: Acts) -> AnyView {
    let Block { heading, line, caption, columns, rows, text } = it;
    let heading = (!heading.is_empty()).then(|| view! { <h2>{heading}</h2> }.erase());
    let line = views(line, &|it| piece(it, acts));
    let line = (!line.is_empty()).then(|| view! { <div class="sheet-line">{line}</div> }.erase());
    let rows = views(rows, &|it| row(it, acts));
    let table = (!rows.is_empty()).then(|| {
        let columns = views(columns, &header);
        let label = caption.clone();
        view! {
            <div class="table-scroll" role="region" aria-label=label tabindex="0">
                <table class="table sheet-table">
                    <caption class="visually-hidden">{caption}</caption>
                    <thead>
                        <tr>{columns}</tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .erase()
    });
    view! {
        <section class="sheet-block">
            {heading} {line} {table} <p class="form-text">{text}</p>
        </section>
    }
    .erase()
}

fn header(it: Cell) -> AnyView {
    view! {
        <th scope="col" class=class(it.kind)>
            {it.text}
        </th>
    }
    .erase()
}

fn row(mut cells: Vec<Cell>, acts: Acts) -> AnyView {
    let rest = cells.split_off(cells.len().min(1));
    let head = views(cells, &|it| {
        let class = class(it.kind);
        view! {
            <th scope="row" class=class>
                {piece(it, acts)}
            </th>
        }
        .erase()
    });
    let rest = views(rest, &|it| {
        let class = class(it.kind);
        view! { <td class=class>{piece(it, acts)}</td> }.erase()
    });
    view! { <tr>{head} {rest}</tr> }.erase()
}

/// A plain loop: chains of iterators are compiled once for each closure.
fn views<T>(all: Vec<T>, make: &dyn Fn(T) -> AnyView) -> Vec<AnyView> {
    let mut made = Vec::new();
    for it in all {
        made.push(make(it));
    }
    made
}

fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Figures | Kind::Missing => "figures",
        Kind::Mono => "mono",
        Kind::Button | Kind::Go => "row-actions",
        _ => "",
    }
}

fn piece(it: Cell, acts: Acts) -> AnyView {
    let Cell { kind, text, value, note, more } = it;
    let mut sub = note;
    let tone = match kind {
        Kind::Ok => Some(Tone::Ok),
        Kind::Warn => Some(Tone::Warn),
        Kind::Neutral => Some(Tone::Neutral),
        _ => None,
    };
    let shown = match kind {
        _ if tone.is_some() => badge(tone.unwrap_or_default(), text),
        Kind::Missing => missing_piece(std::mem::take(&mut sub)),
        Kind::Link => view! {
            <a href=value rel="noreferrer" target="_blank">
                {text}
            </a>
        }
        .erase(),
        Kind::Go => go(value, text),
        Kind::Tag => tag(text),
        Kind::Button => {
            let press = Callback::new(move |()| acts.press.run(value.clone()));
            view! { <Button label=text busy=acts.submit.busy press=press /> }.erase()
        }
        Kind::Input => input(text, value, std::mem::take(&mut sub), acts.submit),
        Kind::Tick => tick(text, value, std::mem::take(&mut sub) == "on"),
        _ => view! { <span>{text}</span> }.erase(),
    };
    if sub.is_empty() && more.is_empty() {
        return shown;
    }
    let sub = (!sub.is_empty()).then(|| view! { <span class="sub">{sub}</span> }.erase());
    let more = views(more, &|it| piece(it, acts));
    view! { <div class="sheet-cell">{shown} {sub} {more}</div> }.erase()
}

/// The reason is dynamic here, unlike in [`missing`].
fn missing_piece(why: String) -> AnyView {
    if why.is_empty() { missing("Not known") } else { view! { <span class="missing">{why}</span> }.erase() }
}

fn go(href: String, label: String) -> AnyView {
    view! {
        <a class="button" href=href>
            <span>{label}</span>
        </a>
    }
    .erase()
}

fn input(text: String, name: String, label: String, submit: Submit) -> AnyView {
    let mine = name.clone();
    let invalid = move || submit.error.with(|error| error.as_ref()?.of_field(&mine).map(|_| "true"));
    view! {
        <input
            class="input"
            type="text"
            name=name
            inputmode="decimal"
            autocomplete="off"
            aria-label=label
            aria-invalid=invalid
            value=text
        />
    }
    .erase()
}

fn tick(text: String, name: String, on: bool) -> AnyView {
    view! {
        <label class="sheet-tick">
            <input type="checkbox" name=name checked=on />
            <span>{text}</span>
        </label>
    }
    .erase()
}

/// What is wrong with single fields whose name begins so, once each.
pub fn wrong_fields(submit: Submit) -> AnyView {
    let said = |error: ApiError| {
        let mut messages: Vec<String> = error.fields.into_iter().map(|it| sentence(&it.message)).collect();
        messages.dedup();
        messages.join(" ")
    };
    view! {
        <p class="field-note field-error" role="status">
            {move || submit.error.get().map(said)}
        </p>
    }
    .erase()
}
