//! Keys: what clients send. The secret is shown once, revoking asks for the name.

use domain::{
    key::{AllowedModels, KeySummary},
    team::Me,
};
use leptos_router::hooks::use_query_map;

use self::{create::CreateDialog, revoke::RevokeDialog};
use super::{frame::Viewer, team};
use crate::{
    api,
    components::{
        badge::{Tone, badge, tag},
        button::{Button, Look},
        code_block::code_block,
        empty_state::empty_state,
        erase::Erase,
        fetched::fetch,
        page::Page,
        reactive::react,
        reveal::{KeyReveal, Revealed, curl_snippet},
        skeleton::Shape,
        table::{Column, actions, table, text},
        time::{missing, time, time_or},
    },
    prelude::*,
};

mod create;
mod revoke;

#[component]
pub fn Keys() -> impl IntoView {
    let team = team();
    let list = fetch(move || team.get(), api::keys::list);
    let creating = RwSignal::new(false);
    let revoking = RwSignal::new(None::<KeySummary>);
    let revealed = RwSignal::new(None::<Revealed>);
    let query = use_query_map();
    react(move || {
        if query.read().get("new").is_some() {
            creating.set(true);
        }
    });
    let create = Callback::new(move |()| creating.set(true));
    let actions = view! { <Button look=Look::Primary label="New key" icon_name="plus" press=create /> }.erase();
    view! {
        <Page title="Keys" actions=actions>
            {list.loaded(Shape::Table, move |all| keys(all, create, revoking))}
            <HowToUse />
        </Page>
        <CreateDialog team=team open=creating list=list revealed=revealed />
        <RevokeDialog team=team key=revoking list=list />
        <KeyReveal id="key-reveal" revealed=revealed />
    }
}

fn keys(all: Vec<KeySummary>, create: Callback<()>, revoking: RwSignal<Option<KeySummary>>) -> AnyView {
    const COLUMNS: &[Column] = &[
        text("Name"),
        text("Key"),
        text("Kind"),
        text("Models"),
        text("Created"),
        text("Last used"),
        text("State"),
        actions("Actions"),
    ];
    if all.is_empty() {
        let action = view! { <Button look=Look::Primary label="New key" icon_name="plus" press=create /> }.erase();
        let words = "A key lets a program call this team's models. Its secret is shown once, when it is made.";
        return empty_state("key", "No key yet", words.to_owned(), Some(action));
    }
    table("Keys", "key-table", COLUMNS, all.into_iter().map(|it| row(it, revoking)).collect())
}

fn row(key: KeySummary, revoking: RwSignal<Option<KeySummary>>) -> AnyView {
    let for_dialog = key.clone();
    let KeySummary { name, public, last_four, kind, models, owner, imported, created, last_used, revoked, .. } = key;
    let state = match &revoked {
        Some(stamp) => {
            let title = format!("Revoked {}", stamp.title);
            view! { <span title=title>{badge(Tone::Neutral, "revoked")}</span> }.erase()
        }
        None => badge(Tone::Ok, "active"),
    };
    let action = revoked.is_none().then(|| {
        let open = Callback::new(move |()| revoking.set(Some(for_dialog.clone())));
        view! { <Button label="Revoke" press=open /> }.erase()
    });
    view! {
        <tr>
            <th scope="row">{name} {imported.then(|| tag("bundle"))}</th>
            <td>
                <code>{format!("tg_{public}_…{last_four}")}</code>
            </td>
            <td>{kind.as_str()} {owner.map(|owner| view! { <span class="sub">{owner}</span> }.erase())}</td>
            <td>{models_view(models)}</td>
            <td>{time(created)}</td>
            <td>{time_or(last_used, "Never used")}</td>
            <td>{state}</td>
            <td class="row-actions">{action}</td>
        </tr>
    }
    .erase()
}

fn models_view(models: AllowedModels) -> AnyView {
    match models {
        AllowedModels::All => "all".into_any(),
        AllowedModels::Only(names) if names.is_empty() => missing("No model: this key can call nothing"),
        AllowedModels::Only(names) => {
            let short = match names.as_slice() {
                [one] => one.clone(),
                [one, rest @ ..] => format!("{one} + {}", rest.len()),
                [] => String::new(),
            };
            view! { <span class="mono" title=names.join(", ")>{short}</span> }.erase()
        }
    }
}

/// Where a key goes, with a placeholder instead of a secret.
#[component]
fn HowToUse() -> impl IntoView {
    let viewer = use_context::<Viewer>();
    let panel = |me: Me| {
        view! {
            <section class="page-section" aria-labelledby="keys-use">
                <h2 id="keys-use">"Use a key"</h2>
                <p class="page-lead">
                    "Any client of OpenAI or Anthropic works: replace its key and its base URL, " <code>{format!("{}/v1", me.public_url)}</code>
                    " for OpenAI's and " <code>{me.public_url.clone()}</code> " for Anthropic's."
                </p>
                {code_block("Shell".to_owned(), curl_snippet(&me.public_url, "$TALLYGATE_KEY", "model-name"))}
            </section>
        }
        .erase()
    };
    viewer.map(|viewer| viewer.me.view(move |me| me.map_or_else(|_| ().into_any(), panel)))
}
