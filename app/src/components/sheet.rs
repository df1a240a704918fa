//! What is only shown and seldom opened travels as plain cells, arranged on the server, and is rendered here for all pages
//! alike: a page of its own types would be 20 kB more of the browser's download.
//!
//! `crate::sheets` arranges them. One more kind of cell: a variant of [`Kind`] and its branch in [`piece`].

use domain::{ApiError, clock::Stamp};
use serde::{Deserialize, Serialize};

use super::{
    badge::{Tone, badge, tag},
    code_block::code_block,
    copy_button::copyable,
    erase::{Erase, views},
    error_panel::sentence,
    form::{Field, Form},
    icon::icon,
    submit::Submit,
    time::{missing, time},
};
use crate::{browser, prelude::*};

/// One page: what is shown, and what stands in its forms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// In the header of the page, the primary one last.
    pub actions: Vec<Cell>,
    /// A GET form above everything; the address says what was entered.
    pub filters: Vec<Field>,
    pub blocks: Vec<Block>,
    /// The one form of cells. Empty: there is none, or the reader may not send it.
    pub form: Vec<Block>,
    /// Forms in the page. Of an answer to what a button asked for: the one to show in the dialog.
    pub forms: Vec<Form>,
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
    /// A dash among figures; `note` says why.
    Missing,
    /// A dash; `value` says why, in small words.
    None,
    /// `value` is the address of somebody else's page.
    Link,
    /// `value` is the address of a page of ours: a button, and plain words.
    Go,
    Name,
    Tag,
    Ok,
    Warn,
    Bad,
    Neutral,
    /// A moment: `value` is its exact form, `note` the title.
    Time,
    /// A value to copy; `note` names it: `Copy request id`.
    Copy,
    /// A block of code; `note` says which language.
    Code,
    /// Calls the page back with `value`.
    Button,
    /// Asks the page for `value`, a form, and shows it in the dialog.
    Open,
    /// The same, as the main action of the page, or as one that takes something away.
    Primary,
    Danger,
    /// Does something at once: `value` is the operation and its JSON, parted by a space; `note` is said when it is done.
    Post,
    /// The cells of `more` as a menu; `value` tells it from the other menus of the page.
    Menu,
    /// A file at the address `value`.
    File,
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
    /// A button with its value and its note.
    pub press: Callback<(Kind, String, String)>,
    /// The value of the button that waits for its answer.
    pub pressed: RwSignal<String>,
    pub submit: Submit,
}

/// What a person has entered in the fields of a form, by name; ticked boxes are `on`.
pub type Fields = Vec<(String, String)>;

/// What a page asks of the server, whatever the page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ask {
    pub team: String,
    /// The page's own part of the address, or the name of the file.
    pub subject: String,
    /// The text of the file.
    pub file: String,
    /// Of the button that was pressed; empty when the page is shown or the form was sent.
    pub value: String,
    /// What was entered; of a page: what its address asks for.
    pub fields: Fields,
}

impl Ask {
    /// What was entered in one field, or asked for in the address.
    pub fn field(&self, name: &str) -> String {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, text)| text.clone()).unwrap_or_default()
    }
}

pub fn blocks(all: Vec<Block>, acts: Acts) -> AnyView {
    views(all, &|it| block(it, acts)).into_any()
}

fn block(it: Block, acts: Acts) -> AnyView {
    let Block { heading, line, caption, columns, rows, text } = it;
    let heading = (!heading.is_empty()).then(|| view! { <h2>{heading}</h2> }.erase());
    let line = views(line, &|it| piece(it, acts));
    let line = (!line.is_empty()).then(|| view! { <div class="sheet-line">{line}</div> }.erase());
    let labels: Vec<String> = columns.iter().map(|it| it.text.clone()).collect();
    let rows = views(rows, &|it| row(it, &labels, acts));
    let table = (!rows.is_empty()).then(|| {
        let columns = views(columns, &header);
        let label = caption.clone();
        view! {
            <div class="table-scroll" role="region" aria-label=label tabindex="0">
                <table class="table cards sheet-table">
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

/// On narrow screens a row is a block, and each cell says which column it was.
fn row(mut cells: Vec<Cell>, labels: &[String], acts: Acts) -> AnyView {
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
    let labelled: Vec<(Cell, String)> =
        rest.into_iter().zip(labels.iter().skip(1).cloned().chain(std::iter::repeat(String::new()))).collect();
    let rest = views(labelled, &|(it, label)| {
        let class = class(it.kind);
        view! {
            <td class=class data-label=label>
                {piece(it, acts)}
            </td>
        }
        .erase()
    });
    view! { <tr>{head} {rest}</tr> }.erase()
}

fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Figures | Kind::Missing => "figures",
        Kind::Mono => "mono",
        Kind::Button | Kind::Open | Kind::Danger | Kind::Post | Kind::Menu | Kind::Go => "row-actions",
        _ => "",
    }
}

pub fn piece(it: Cell, acts: Acts) -> AnyView {
    let Cell { kind, text, value, note, more } = it;
    if kind == Kind::Menu {
        return menu(text, value, more, acts);
    }
    let mut sub = note;
    let mut own_note = || std::mem::take(&mut sub);
    let tone = match kind {
        Kind::Ok => Some(Tone::Ok),
        Kind::Warn => Some(Tone::Warn),
        Kind::Bad => Some(Tone::Bad),
        Kind::Neutral => Some(Tone::Neutral),
        _ => None,
    };
    let shown = match kind {
        _ if tone.is_some() => badge(tone.unwrap_or_default(), text),
        Kind::Missing => missing_piece(own_note()),
        Kind::None => missing_piece(value),
        Kind::Time => time(Stamp { iso: value, text, title: own_note() }),
        Kind::Copy => copyable(own_note(), text),
        Kind::Code => code_block(own_note(), text),
        Kind::Link => view! {
            <a href=value rel="noreferrer" target="_blank">
                {text}
            </a>
        }
        .erase(),
        Kind::Go => go(value, text),
        Kind::Name => view! { <a href=value>{text}</a> }.erase(),
        Kind::File => file(value, text, "button"),
        Kind::Tag => tag(text),
        Kind::Button | Kind::Open | Kind::Primary | Kind::Danger | Kind::Post => {
            button(kind, text, value, own_note(), acts)
        }
        Kind::Input => input(text, value, own_note(), acts.submit),
        Kind::Tick => tick(text, value, own_note() == "on"),
        _ => view! { <span>{text}</span> }.erase(),
    };
    if sub.is_empty() && more.is_empty() {
        return shown;
    }
    let sub = (!sub.is_empty()).then(|| view! { <span class="sub">{sub}</span> }.erase());
    let more = views(more, &|it| piece(it, acts));
    view! { <div class="sheet-cell">{shown} {sub} {more}</div> }.erase()
}

/// Keeps the focus while it waits: a button that is disabled would lose it, and the dialog could not give it back.
fn button(kind: Kind, text: String, value: String, note: String, acts: Acts) -> AnyView {
    let class = match kind {
        Kind::Primary => "button button-primary",
        Kind::Danger => "button sheet-danger",
        _ => "button",
    };
    let mine = value.clone();
    let busy = move || (acts.submit.busy.get() && acts.pressed.with(|pressed| *pressed == mine)).to_string();
    view! {
        <button
            class=class
            type="button"
            aria-busy=busy
            on:click=move |_| acts.press.run((kind, value.clone(), note.clone()))
        >
            {(kind == Kind::Primary).then(|| icon("plus"))}
            <span>{text}</span>
            <span class="spinner" aria-hidden="true"></span>
        </button>
    }
    .erase()
}

fn menu(label: String, name: String, more: Vec<Cell>, acts: Acts) -> AnyView {
    let id = format!("menu-{name}");
    let items = views(more, &|it| menu_item(it, acts));
    view! {
        <div class="sheet-menu" on:keydown=move |event: leptos::ev::KeyboardEvent| browser::walk_menu(&event)>
            <button class="button button-icon" type="button" popovertarget=id.clone() title=label.clone() aria-label=label>
                {icon("more")}
            </button>
            <div class="menu row-menu" id=id popover="auto">
                <ul>{items}</ul>
            </div>
        </div>
    }
    .erase()
}

fn menu_item(it: Cell, acts: Acts) -> AnyView {
    let Cell { kind, text, value, note, more: _ } = it;
    let item = match kind {
        Kind::Go => view! {
            <a class="menu-item" href=value>
                {text}
            </a>
        }
        .erase(),
        Kind::File => file(value, text, "menu-item"),
        _ => view! {
            <button
                class=if kind == Kind::Danger { "menu-item sheet-danger" } else { "menu-item" }
                type="button"
                on:click=move |_| {
                    browser::hide_popovers();
                    acts.press.run((kind, value.clone(), note.clone()));
                }
            >
                {text}
            </button>
        }
        .erase(),
    };
    view! { <li>{item}</li> }.erase()
}

fn file(href: String, label: String, class: &'static str) -> AnyView {
    view! {
        <a class=class href=href download="">
            <span>{label}</span>
        </a>
    }
    .erase()
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
