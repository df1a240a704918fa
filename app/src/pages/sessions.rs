//! The reader's own sign-in sessions: which device, where from, end one or all others.

use domain::{id::SessionId, session::SessionSummary};

use crate::{
    api,
    components::{
        badge::{Tone, badge},
        button::Button,
        erase::Erase,
        fetched::fetch,
        page::{Page, Width},
        skeleton::Shape,
        submit::{Submit, form_error},
        table::{actions, table, text},
        time::time,
        toast::Toasts,
    },
    prelude::*,
};

#[component]
pub fn Sessions() -> impl IntoView {
    let list = fetch(String::new, |_| api::sessions::list());
    let submit = Submit::new();
    let toasts = use_context::<Toasts>();
    let ended = move |text: &'static str| {
        if let Some(toasts) = toasts {
            toasts.done(text);
        }
        list.refetch();
    };
    let end = move |id: SessionId| submit.run(api::sessions::revoke(id), move |()| ended("Session ended"));
    let end_others = Callback::new(move |()| {
        submit.run(api::sessions::revoke_others(), move |()| ended("All other sessions ended"));
    });
    let actions = view! { <Button label="End all others" busy=submit.busy press=end_others /> }.erase();
    view! {
        <Page title="Your sessions" width=Width::Reading actions=actions>
            <p class="page-lead">
                "Each browser you are signed in with. A session ends after 8 hours without use, and after 7 days in any case."
            </p>
            {form_error(submit.error.into())} {list.loaded(Shape::Table, move |all| sessions(all, end))}
        </Page>
    }
}

fn sessions(all: Vec<SessionSummary>, end: impl Fn(SessionId) + Copy + Send + Sync + 'static) -> AnyView {
    const COLUMNS: &[crate::components::table::Column] =
        &[text("Device"), text("Address"), text("Signed in"), text("Last used"), actions("Actions")];
    table("Your sessions", "session-table cards", COLUMNS, all.into_iter().map(|it| row(it, end)).collect())
}

fn row(it: SessionSummary, end: impl Fn(SessionId) + Send + Sync + 'static) -> AnyView {
    let SessionSummary { id, device, address, created, last_seen, current } = it;
    let last = if current {
        badge(Tone::Ok, "this browser")
    } else {
        view! { <Button label="End" press=move |()| end(id) /> }.erase()
    };
    view! {
        <tr>
            <th scope="row">{device}</th>
            <td data-label="Address" class="mono">
                {address}
            </td>
            <td data-label="Signed in">{time(created)}</td>
            <td data-label="Last used">{time(last_seen)}</td>
            <td class="row-actions">{last}</td>
        </tr>
    }
    .erase()
}
