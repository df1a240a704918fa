//! Providers: through which account models are reached. `?connect=1` opens the dialog.

use domain::provider::{CredentialState, ProviderSummary};
use leptos_router::hooks::use_query_map;

use self::connect::ConnectDialog;
use super::team;
use crate::{
    api,
    components::{
        badge::{Tone, badge, tag},
        button::{Button, Look},
        empty_state::empty_state,
        erase::Erase,
        fetched::fetch,
        page::Page,
        reactive::react,
        skeleton::Shape,
        table::{Column, figures, table, text},
        time::{missing, time},
    },
    prelude::*,
};

mod connect;

#[component]
pub fn Providers() -> impl IntoView {
    let team = team();
    let list = fetch(move || team.get(), api::providers::list);
    let open = RwSignal::new(false);
    let query = use_query_map();
    react(move || {
        if query.read().get("connect").is_some() {
            open.set(true);
        }
    });
    let connect = Callback::new(move |()| open.set(true));
    let actions = view! { <Button look=Look::Primary label="Connect" icon_name="plus" press=connect /> }.erase();
    view! {
        <Page title="Providers" actions=actions>
            {list.loaded(Shape::Table, move |all| providers(all, team, connect))}
        </Page>
        <ConnectDialog team=team open=open list=list />
    }
}

fn providers(all: Vec<ProviderSummary>, team: Signal<String>, connect: Callback<()>) -> AnyView {
    const COLUMNS: &[Column] =
        &[text("Name"), text("Kind"), text("Address"), text("Credential"), figures("Models"), text("Connected")];
    if all.is_empty() {
        let action = view! { <Button look=Look::Primary label="Connect a provider" icon_name="plus" press=connect /> };
        let words = "A provider is an account or a server that answers model calls. Connect one to add its models.";
        return empty_state("plug", "No provider yet", words.to_owned(), Some(action.into_any()));
    }
    let team = team.get_untracked();
    table("Providers", "provider-table", COLUMNS, all.into_iter().map(|it| row(it, &team)).collect())
}

fn row(it: ProviderSummary, team: &str) -> AnyView {
    let ProviderSummary { slug, title, base_url, shared, credential, models, created, .. } = it;
    let address = if base_url.is_empty() {
        missing("The demo provider answers inside this server")
    } else {
        view! { <code>{base_url}</code> }.erase()
    };
    view! {
        <tr>
            <th scope="row" class="mono">
                {slug} {shared.then(|| tag("shared"))}
            </th>
            <td>{title}</td>
            <td class="wrap-anywhere">{address}</td>
            <td>{credential_view(credential)}</td>
            <td class="figures">
                <a href=format!("/t/{team}/models")>{domain::text::thousands(models)}</a>
            </td>
            <td>{time(created)}</td>
        </tr>
    }
    .erase()
}

fn credential_view(state: CredentialState) -> AnyView {
    match state {
        CredentialState::None => missing("None stored and none needed"),
        CredentialState::Stored { last_four } => view! { <code>"••••"{last_four}</code> }.erase(),
        CredentialState::Unreadable { last_four } => {
            badge(Tone::Bad, format!("enter ••••{last_four} again: master key or address changed"))
        }
    }
}
