//! A whole page around a [`Sheet`]: filters, tables, buttons, forms, what is shown once. One component for all pages of the
//! kind, so that each costs the browser little more than its title.
//!
//! Reading a page is one server function, `<resource>/page`: it answers with the sheet, or with one form when a button asks
//! for it. Changing something is the operation itself, which the form or the button names. One more page: a constant of
//! [`SheetPage`] in `pages/`, its arrangement in `crate::sheets`.

use std::rc::Rc;

use self::state::{Asking, State};
use super::{
    button::{Button, Look},
    dialog::{Dialog, open_while},
    empty_state::empty_state,
    erase::{Erase, views},
    fetched::Fetched,
    field::{FieldInfo, text_field},
    form::Form,
    form_view::{filter_form, form_view},
    page::{HEADING, Page, PageProps, Parent, Width},
    reactive::{live, react},
    reveal::KeyReveal,
    sheet::{Acts, Ask, Block, Sheet, blocks, piece, wrong_fields},
    skeleton::Shape,
    submit::{form_error, refusal},
};
use crate::{
    api::{
        json::Node,
        protocol::{Work, post, unreadable},
        tree,
    },
    browser,
    prelude::*,
};

mod state;

/// What the main action of a page asks for.
const NEW: &str = "new";
const FORM: &str = "sheet-form";
const FILE: &str = "sheet-file";

/// The server function that a page is read by: called on the server, named in the browser.
#[derive(Clone, Copy)]
pub struct Load {
    pub operation: &'static str,
    #[cfg(feature = "ssr")]
    pub run: fn(Ask) -> Work<Sheet>,
}

/// `load!("keys/page", keys::page)`: the operation, and the function of `api` behind it.
macro_rules! load {
    ($operation:literal, $($run:ident)::+) => {
        $crate::components::sheet_page::Load {
            operation: $operation,
            #[cfg(feature = "ssr")]
            run: |ask| Box::pin($crate::api::$($run)::+(ask)),
        }
    };
}
pub(crate) use load;

impl Load {
    pub fn ask(self, ask: Ask) -> Work<Sheet> {
        #[cfg(feature = "ssr")]
        return (self.run)(ask);
        #[cfg(not(feature = "ssr"))]
        return sent(self.operation, ask);
    }
}

#[cfg_attr(feature = "ssr", expect(dead_code, reason = "the server calls the function itself"))]
fn sent(operation: &str, ask: Ask) -> Work<Sheet> {
    let answer = post(operation, body(ask));
    Box::pin(async move { tree::read(&answer.await?).ok_or_else(unreadable) })
}

/// The argument of every server function of a page.
fn body(ask: Ask) -> String {
    let Ask { team, subject, file, value, fields } = ask;
    let text = Node::Text;
    let fields = fields.into_iter().map(|(name, value)| Node::List(vec![text(name), text(value)])).collect();
    let mut body = Node::Null;
    for (name, value) in [("team", team), ("subject", subject), ("file", file), ("value", value)] {
        body.put(&format!("ask.{name}"), text(value));
    }
    body.put("ask.fields", Node::List(fields));
    let mut out = String::new();
    body.write(&mut out);
    out
}

/// Where the subject comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// There is none but the team, if the address names one.
    None,
    /// A part of the path.
    Path(&'static str),
    /// A file that somebody chooses; what the field is called.
    File(&'static str),
}

pub struct SheetPage {
    pub title: &'static str,
    pub width: Width,
    /// The page of the team that it is a part of: the last part of its address, and its name.
    pub parent: (&'static str, &'static str),
    pub subject: Subject,
    pub load: Load,
    /// The operations of buttons and of the form of cells: they answer with the sentence that is then said.
    pub press: &'static str,
    pub send: &'static str,
    /// `?<opens>=1` in the address asks for `new`, as the main action of the page does.
    pub opens: &'static str,
    /// The page itself shows something for `new`, see [`Around`].
    pub own: bool,
    /// Icon, title and words of a page that has nothing to show.
    pub empty: (&'static str, &'static str, &'static str),
    /// What stands above the form of cells, its fields besides those of the sheet, and its button.
    pub form_title: &'static str,
    pub form_text: &'static str,
    pub fields: &'static [FieldInfo],
    pub submit: &'static str,
}

impl SheetPage {
    pub const fn new(title: &'static str, load: Load) -> Self {
        Self {
            title,
            width: Width::Full,
            parent: ("", ""),
            subject: Subject::None,
            load,
            press: "",
            send: "",
            opens: "",
            own: false,
            empty: ("", "", ""),
            form_title: "",
            form_text: "",
            fields: &[],
            submit: "",
        }
    }
}

/// Tells the frame around the pages that something it shows has changed.
#[derive(Clone, Copy)]
pub struct FrameChanged(pub Callback<()>);

fn form_id(place: usize) -> String {
    format!("form-{place}")
}

/// What a page has besides its sheet, to stand below it: a dialog of its own, for a team, open while the signal says so.
pub type Around = fn(Signal<String>, RwSignal<bool>, Fetched<Sheet>) -> AnyView;

pub fn sheet_page(page: &'static SheetPage) -> AnyView {
    sheet_page_with(page, |_, _, _| ().into_any())
}

pub fn sheet_page_with(page: &'static SheetPage, around: Around) -> AnyView {
    let state = State::of(page);
    let State { asking, sheet, .. } = state;
    let team = asking.team;
    let (part, label) = page.parent;
    let parent = (!label.is_empty()).then(|| {
        let href = Signal::derive(move || format!("/t/{}/{part}", team.get()));
        Parent { href, label }
    });
    open_from_address(state);
    let head = match page.subject {
        Subject::File(label) => file_field(label, state),
        _ => ().into_any(),
    };
    let content = sheet.loaded(Shape::Table, move |it| sheet_view(it, state));
    let of_sheet = sheet.view(move |it| header_actions(it.unwrap_or_default(), state));
    let result = live(move || blocks(state.result.get().map(|it| it.blocks).unwrap_or_default(), state.acts()));
    let below = around(team, state.own, sheet);
    let dialogs = dialogs(state);
    let children = ToChildren::to_children(move || view! { {head} {result} {content} {below} {dialogs} });
    Page(PageProps { title: page.title, width: page.width, parent, actions: Some(of_sheet), children }).into_any()
}

fn open_from_address(state: State) {
    let opens = state.page.opens;
    react(move || {
        if !opens.is_empty() && state.asking.query.get().iter().any(|(name, _)| name == opens) {
            state.open(NEW.to_owned());
        }
    });
}

fn header_actions(sheet: Sheet, state: State) -> AnyView {
    let acts = state.acts();
    views(sheet.actions, &|it| piece(it, acts)).into_any()
}

fn dialogs(state: State) -> AnyView {
    let (asked, shown) = (state.asked, state.shown);
    let open = open_while(asked);
    let of_form = move |text: fn(&Form) -> &String| {
        Signal::derive(move || asked.with(|form| form.as_ref().map(|form| text(form).clone())).unwrap_or_default())
    };
    view! {
        <Dialog id="sheet-dialog" title=of_form(|it| &it.title) open=open summary=of_form(|it| &it.text)>
            {move || asked.get().map(|form| form_view(form, "dialog-form".to_owned(), state.place(Some(open))))}
        </Dialog>
        <KeyReveal id="sheet-reveal" revealed=shown />
    }
    .into_any()
}

fn file_field(label: &'static str, state: State) -> AnyView {
    let Asking { file, file_name, .. } = state.asking;
    let read = move |_| {
        let done = move |name, text| {
            file.set(text);
            state.result.set(None);
            // The name is what the page watches; a file of the same name is compared again.
            if file_name.get_untracked() == name { state.sheet.refetch() } else { file_name.set(name) }
        };
        browser::read_file(FILE, Rc::new(done));
    };
    view! {
        <div class="field sheet-file">
            <p class="form-text">{state.page.form_text}</p>
            <label for=FILE>{label}</label>
            <input class="input" type="file" id=FILE on:change=read />
        </div>
    }
    .erase()
}

fn sheet_view(it: Sheet, state: State) -> AnyView {
    let Sheet { actions, filters, blocks: all, form, forms } = it;
    let acts = state.acts();
    let (icon, title, words) = state.page.empty;
    let filters = (!filters.is_empty()).then(|| filter_form(filters));
    let is_empty = all.is_empty() && forms.is_empty() && !title.is_empty();
    let nothing = is_empty.then(|| {
        let action = actions.into_iter().next_back().map(|it| piece(it, acts));
        empty_state(icon, title, words.to_owned(), action)
    });
    let has_form = !form.is_empty();
    let form = has_form.then(|| cell_form(form, state, acts));
    let mut sections = Vec::new();
    for (place, form) in forms.into_iter().enumerate() {
        sections.push(section(form, place, state));
    }
    forget_typed(sections.len(), state);
    let error = state.submit.error.into();
    let said = if has_form { form_error(error) } else { refusal(error) };
    // What a form has to say stands at its button, what a button has to say stands on top: no button is far below.
    let (above, below) = if has_form { (None, Some(said)) } else { (Some(said), None) };
    view! { {filters} {above} {nothing} {blocks(all, acts)} {sections} {form} {below} }.into_any()
}

/// A page that is shown again shows what is so now, and not what was typed before it was so; and when the button that was
/// pressed is gone, the focus is not. What was typed before the page was hydrated stays.
fn forget_typed(forms: usize, state: State) {
    let again = state.shown_before.get_value();
    state.shown_before.set_value(true);
    react(move || {
        if !again {
            return;
        }
        for place in 0..forms {
            browser::reset_form(&form_id(place));
        }
        // The header is made anew beside this, perhaps a moment later.
        request_animation_frame(|| browser::find_lost_focus(HEADING));
    });
}

fn section(form: Form, place: usize, state: State) -> AnyView {
    let (title, text) = (form.title.clone(), form.text.clone());
    view! {
        <section class="sheet-block sheet-section">
            <h2>{title}</h2>
            <p class="form-text">{text}</p>
            {form_view(form, form_id(place), state.place(None))}
        </section>
    }
    .erase()
}

type OnSubmit = Box<dyn FnMut(leptos::ev::SubmitEvent)>;

fn cell_form(it: Vec<Block>, state: State, acts: Acts) -> AnyView {
    let SheetPage { form_title, form_text, fields, submit: label, .. } = state.page;
    let submit = state.submit;
    let mut texts = Vec::new();
    for field in *fields {
        texts.push(text_field(*field, RwSignal::new(String::new()), submit.of_field(field.name)));
    }
    let send: OnSubmit = Box::new(move |event| {
        event.prevent_default();
        let ask = state.asking.ask(String::new());
        state.send(state.page.send, Ask { fields: browser::form_fields(FORM), ..ask });
    });
    view! {
        <form class="form sheet-form" id=FORM on:submit=send novalidate=true>
            {(!form_title.is_empty()).then(|| form_head(form_title, form_text))}
            {blocks(it, acts)}
            <div class="form-pair">{texts}</div>
            {wrong_fields(submit)}
            <div class="form-actions">
                <Button look=Look::Primary label=*label submit=true busy=submit.busy />
            </div>
        </form>
    }
    .erase()
}

fn form_head(title: &'static str, text: &'static str) -> AnyView {
    view! {
        <h2>{title}</h2>
        <p class="form-text">{text}</p>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_asks_with_the_argument_that_its_server_function_takes() {
        let ask = Ask {
            team: "core".to_owned(),
            value: "edit \"1\"".to_owned(),
            fields: vec![("q".to_owned(), "ü".to_owned())],
            ..Ask::default()
        };
        let sent: serde_json::Value = serde_json::from_str(&body(ask.clone())).unwrap();
        assert_eq!(sent, serde_json::json!({ "ask": ask }));
    }
}
