//! Providers: through which account models are reached. `?connect=1` opens the dialog.

use domain::provider::{CredentialState, NewProvider, ProviderKind, ProviderSummary};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{frame::Viewer, team};
use crate::{
    api,
    components::{
        badge::{Tone, badge, tag},
        button::{Button, Look},
        dialog::Dialog,
        empty_state::empty_state,
        erase::Erase,
        fetched::{Fetched, fetch},
        field::{FieldInfo, text_field},
        page::Page,
        reactive::{react, when},
        select::{Choice, checkbox, select},
        skeleton::Shape,
        submit::{Submit, form_error},
        table::{Column, figures, table, text},
        time::{missing, time},
        toast::Toasts,
    },
};

const SLUG: FieldInfo = FieldInfo {
    hint: "Small letters, digits, dots and dashes, such as openai-eu.",
    required: true,
    mono: true,
    ..FieldInfo::new("provider-slug", "slug", "Name")
};
const BASE_URL: FieldInfo = FieldInfo {
    hint: "Up to and including /v1. Private addresses must be on the instance's list.",
    placeholder: "https://api.example.com/v1",
    inputmode: "url",
    mono: true,
    ..FieldInfo::new("provider-url", "base_url", "Base URL")
};
const CREDENTIAL: FieldInfo = FieldInfo {
    kind: "password",
    autocomplete: "new-password",
    hint: "Stored encrypted and never shown again. Leave it empty when the server needs none.",
    mono: true,
    ..FieldInfo::new("provider-credential", "credential", "API key")
};

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

#[component]
fn ConnectDialog(team: Signal<String>, open: RwSignal<bool>, list: Fetched<Vec<ProviderSummary>>) -> impl IntoView {
    let kinds = fetch(String::new, |_| api::providers::kinds());
    view! {
        <Dialog
            id="provider-dialog"
            title="Connect a provider"
            open=open
            summary=Signal::stored("Tallygate calls it with this credential; your clients never see it.".to_owned())
        >
            {kinds.view(move |kinds| connect_form(kinds.unwrap_or_default(), team, open, list))}
        </Dialog>
    }
}

fn connect_form(
    kinds: Vec<ProviderKind>,
    team: Signal<String>,
    open: RwSignal<bool>,
    list: Fetched<Vec<ProviderSummary>>,
) -> AnyView {
    let first = kinds.first().map(|it| it.kind.clone()).unwrap_or_default();
    let kind = RwSignal::new(first);
    let [slug, base_url, credential] = [(); 3].map(|()| RwSignal::new(String::new()));
    let shared = RwSignal::new(false);
    let submit = Submit::new();
    let toasts = use_context::<Toasts>();
    let choices = kinds.iter().map(|it| Choice { value: it.kind.clone(), label: it.title.clone() }).collect();
    let choices = Signal::stored(choices);
    let kinds = StoredValue::new(kinds);
    let chosen = move || kinds.with_value(|all| all.iter().find(|it| it.kind == kind.get()).cloned());
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let input = NewProvider {
            team: team.get_untracked(),
            shared: shared.get_untracked(),
            slug: slug.get_untracked(),
            kind: kind.get_untracked(),
            base_url: base_url.get_untracked(),
            credential: credential.get_untracked(),
        };
        submit.run(api::providers::create(input), move |made: ProviderSummary| {
            [slug, base_url, credential].into_iter().for_each(|it| it.set(String::new()));
            open.set(false);
            list.refetch();
            if let Some(toasts) = toasts {
                toasts.done(format!("{} connected. Add its models next.", made.slug));
            }
        });
    };
    view! {
        <form class="form" on:submit=save novalidate=true>
            {select("provider-kind", "Kind", "", choices, kind, submit.of_field("kind"))}
            <p class="form-text">{move || chosen().map(|it| it.summary).unwrap_or_default()}</p>
            {text_field(SLUG, slug, submit.of_field("slug"))}
            {when(
                move || chosen().is_some_and(|it| it.needs_base_url),
                move || text_field(BASE_URL, base_url, submit.of_field("base_url")),
            )}
            {when(
                move || chosen().is_some_and(|it| it.takes_credential),
                move || text_field(CREDENTIAL, credential, submit.of_field("credential")),
            )}
            {share_choice(shared)}
            {form_error(submit.error.into())}
            <div class="dialog-actions">
                <Button label="Cancel" press=move |()| open.set(false) />
                <Button look=Look::Primary label="Connect" submit=true busy=submit.busy />
            </div>
        </form>
    }
    .erase()
}

/// Shown to owners and admins of the instance. Only a courtesy: the server decides.
fn share_choice(shared: RwSignal<bool>) -> Option<AnyView> {
    let viewer = use_context::<Viewer>()?;
    let view = viewer.me.view(move |me| {
        if !me.is_ok_and(|me| me.is_admin()) {
            return ().into_any();
        }
        checkbox("provider-shared", "Share with all teams", "Otherwise only this team can use it.", shared)
    });
    Some(view)
}
