//! Saved views: questions with a name, one's own or the team's.

use domain::history::{NewView, SavedView};

use super::ask::Asked;
use crate::{
    api,
    components::{
        badge::tag,
        button::{Look, icon_button, plain_button},
        erase::{Erase, views},
        fetched::{Fetched, fetch},
        field::{FieldInfo, text_field},
        icon::icon,
        reactive::{live, when},
        select::checkbox,
        submit::{Submit, form_error},
    },
    prelude::*,
};

const NAME: FieldInfo =
    FieldInfo { placeholder: "Slow calls of CI", ..FieldInfo::new("view-name", "name", "Save this view as") };

/// The button and its menu, fetched when somebody first opens it.
pub fn views_menu(asked: Asked) -> AnyView {
    let opened = RwSignal::new(false);
    let menu = move || content(asked);
    view! {
        <button class="button" type="button" popovertarget="history-views" on:click=move |_| opened.set(true)>
            {icon("list")}
            <span>"Views"</span>
        </button>
        <div class="menu menu-near views-menu" id="history-views" popover="auto">
            {when(move || opened.get(), menu)}
        </div>
    }
    .into_any()
}

fn content(asked: Asked) -> AnyView {
    let team = asked.now().team;
    let list = fetch(move || team.clone(), api::history::views);
    let submit = Submit::new();
    view! {
        {list.view(move |all| rows(asked, list, submit, all.unwrap_or_default()))}
        {save(asked, list, submit)}
    }
    .into_any()
}

fn rows(asked: Asked, list: Fetched<Vec<SavedView>>, submit: Submit, all: Vec<SavedView>) -> AnyView {
    if all.is_empty() {
        return view! { <p class="menu-caption">"No view is saved yet."</p> }.erase();
    }
    let team = asked.now().team;
    let rows = views(all, &|view: SavedView| {
        let SavedView { id, name, query, shared, owner, is_mine } = view;
        let mark = if query.is_empty() { "" } else { "?" };
        let (href, mine) = (format!("/t/{team}/history{mark}{query}"), query.clone());
        let is_here = move || (asked.get().text() == mine).then_some("true");
        let team = team.clone();
        let remove = is_mine.then(|| {
            icon_button("x", format!("Remove the view {name}"), move || {
                submit.ask(api::history::RemoveView { team: team.clone(), id }, move |()| list.refetch());
            })
        });
        view! {
            <div class="view-row">
                <a
                    class="menu-item"
                    href=href
                    title=format!("By {owner}")
                    aria-current=is_here
                    on:click=move |_| crate::browser::hide_popovers()
                >
                    <span class="menu-item-name">{name.clone()}</span>
                    {shared.then(|| tag("shared"))}
                </a>
                {remove}
            </div>
        }
        .erase()
    });
    view! { <div>{rows}</div> }.erase()
}

fn save(asked: Asked, list: Fetched<Vec<SavedView>>, submit: Submit) -> AnyView {
    let (name, shared) = (RwSignal::new(String::new()), RwSignal::new(false));
    let keep = move || {
        let ask = asked.now();
        let query = ask.text();
        let input = NewView {
            team: ask.team,
            name: name.get_untracked().trim().to_owned(),
            query,
            shared: shared.get_untracked(),
        };
        submit.ask(api::history::SaveView { input }, move |_| {
            name.set(String::new());
            list.refetch();
        });
    };
    let nothing = move || match asked.get().text().is_empty() {
        true => view! { <p class="field-note">"Nothing is filtered now."</p> }.erase(),
        false => ().into_any(),
    };
    view! {
        <div class="view-save">
            {text_field(NAME, name, submit.of_field("name"))}
            {checkbox("view-shared", "Share with the team", "Everybody in the team sees it in this menu.", shared)}
            {live(nothing)}
            {form_error(submit.error.into())}
            <div>{plain_button(Look::Secondary, "Save view", "", keep)}</div>
        </div>
    }
    .erase()
}
