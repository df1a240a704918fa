//! The dialog that connects a provider: first who answers, then its address and key.
//!
//! Kinds and the vendors that a kind knows are one list here, as a newcomer thinks of them. Never here: what is right; the
//! server checks every field. One more vendor is a preset in `llm`, and appears by itself.

use std::sync::Arc;

use bytes::Bytes;
use domain::provider::{NewProvider, PresetSummary, ProbeVerdict, ProviderKind, ProviderSummary};

use crate::{
    api::{
        self, Answer,
        json::parse,
        protocol::{post, unreadable},
        verdict::verdict,
    },
    browser,
    components::{
        button::{Button, Look},
        dialog::Dialog,
        erase::Erase,
        fetched::{Fetched, fetch},
        field::{FieldInfo, text_field},
        icon::icon,
        reactive::{live, react},
        select::checkbox,
        sheet::Sheet,
        skeleton::Shape,
        submit::{Submit, form_error},
        toast::Toasts,
    },
    pages::frame::Viewer,
    prelude::*,
};

const SLUG: FieldInfo = FieldInfo {
    hint: "Small letters, digits, dots and dashes. Models name their provider by it.",
    required: true,
    mono: true,
    ..FieldInfo::new("provider-slug", "slug", "Name")
};
const VENDORS_URL: FieldInfo = FieldInfo {
    hint: "The vendor's own address. Change it for another region or a proxy.",
    placeholder: "https://api.example.com/v1",
    inputmode: "url",
    mono: true,
    ..FieldInfo::new("provider-url", "base_url", "Base URL")
};
const GIVEN_URL: FieldInfo = FieldInfo { hint: "The address that the vendor gave you.", required: true, ..VENDORS_URL };
const OWN_URL: FieldInfo =
    FieldInfo { hint: "Where the server listens, up to and including /v1.", required: true, ..VENDORS_URL };
const CREDENTIAL: FieldInfo = FieldInfo {
    kind: "password",
    autocomplete: "new-password",
    hint: "Stored encrypted and never shown again.",
    required: true,
    mono: true,
    ..FieldInfo::new("provider-credential", "credential", "API key")
};
const OWN_CREDENTIAL: FieldInfo = FieldInfo {
    hint: "Optional: leave it empty when the server asks for none. Stored encrypted and never shown again.",
    required: false,
    ..CREDENTIAL
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Hosted,
    /// Runs where its owner wants it.
    Own,
    /// Answers without any network.
    BuiltIn,
}

/// What can be connected: a kind of provider, or a vendor that a kind knows.
struct Vendor {
    group: Group,
    kind: Arc<ProviderKind>,
    /// Without an id when it is the kind itself.
    preset: PresetSummary,
}

/// All of them in the order of the catalogue. A kind with presets stands behind these, for servers that no preset knows.
fn vendors(kinds: Vec<ProviderKind>) -> Vec<Arc<Vendor>> {
    let mut all = Vec::new();
    for mut kind in kinds {
        let mut presets = std::mem::take(&mut kind.presets);
        let (title, base_url) = (kind.title.clone(), kind.base_url.clone());
        let (title, is_local) =
            if presets.is_empty() { (title, false) } else { (format!("Other {title} server"), true) };
        presets.push(PresetSummary { id: String::new(), title, base_url, is_local });
        let kind = Arc::new(kind);
        for preset in presets {
            let group = match (preset.is_local, kind.needs_base_url || !kind.base_url.is_empty()) {
                (true, _) => Group::Own,
                (false, true) => Group::Hosted,
                (false, false) => Group::BuiltIn,
            };
            all.push(Arc::new(Vendor { group, kind: kind.clone(), preset }));
        }
    }
    all
}

impl Vendor {
    /// What tells it from the others.
    fn id(&self) -> String {
        if self.preset.id.is_empty() { self.kind.kind.clone() } else { self.preset.id.clone() }
    }
}

/// What has been chosen and typed.
#[derive(Clone, Copy)]
struct Draft {
    team: Signal<String>,
    /// The id of a vendor; empty in the first step.
    chosen: RwSignal<String>,
    /// The one that was chosen before.
    left: RwSignal<String>,
    slug: RwSignal<String>,
    base_url: RwSignal<String>,
    credential: RwSignal<String>,
    shared: RwSignal<bool>,
    submit: Submit,
}

impl Draft {
    fn choose(self, vendor: &Vendor) {
        // A server that no preset knows has a name that only its owner knows.
        let is_other = vendor.group == Group::Own && vendor.preset.id.is_empty();
        self.slug.set(if is_other { String::new() } else { vendor.id() });
        self.base_url.set(vendor.preset.base_url.clone());
        self.credential.set(String::new());
        self.submit.error.set(None);
        self.left.set(vendor.id());
        self.chosen.set(vendor.id());
    }

    fn of(self, vendor: &Vendor) -> NewProvider {
        NewProvider {
            team: self.team.get_untracked(),
            shared: self.shared.get_untracked(),
            slug: self.slug.get_untracked(),
            kind: vendor.kind.kind.clone(),
            preset: vendor.preset.id.clone(),
            base_url: self.base_url.get_untracked(),
            credential: self.credential.get_untracked(),
        }
    }
}

#[component]
pub fn ConnectDialog(team: Signal<String>, open: RwSignal<bool>, list: Fetched<Sheet>) -> impl IntoView {
    let kinds = fetch(String::new, |_| api::providers::kinds());
    let [chosen, left, slug, base_url, credential] = [(); 5].map(|()| RwSignal::new(String::new()));
    let draft =
        Draft { team, chosen, left, slug, base_url, credential, shared: RwSignal::new(false), submit: Submit::new() };
    view! {
        <Dialog
            id="provider-dialog"
            title="Connect a provider"
            open=open
            summary=Signal::stored("Tallygate calls it with your key; your clients never see that key.".to_owned())
        >
            {kinds.loaded(Shape::Text, move |kinds| steps(vendors(kinds), draft, open, list))}
        </Dialog>
    }
}

fn steps(all: Vec<Arc<Vendor>>, draft: Draft, open: RwSignal<bool>, list: Fetched<Sheet>) -> AnyView {
    live(move || {
        let chosen = draft.chosen.get();
        match all.iter().find(|it| it.id() == chosen) {
            Some(vendor) => form(vendor.clone(), draft, open, list),
            None => picker(&all, draft),
        }
    })
}

fn picker(all: &[Arc<Vendor>], draft: Draft) -> AnyView {
    react(move || browser::focus(&tile_id(&draft.left.get_untracked())));
    let part = |group: Group, heading: &'static str| {
        let tiles = all.iter().filter(|it| it.group == group).map(|it| tile(it.clone(), draft)).collect::<Vec<_>>();
        view! {
            <h3>{heading}</h3>
            <ul class="vendors">{tiles}</ul>
        }
        .erase()
    };
    view! {
        <div class="vendor-groups">
            {part(Group::Hosted, "Vendors")} {part(Group::Own, "Your own server")}
            {part(Group::BuiltIn, "To try things out")}
        </div>
    }
    .erase()
}

fn tile_id(id: &str) -> String {
    format!("provider-vendor-{id}")
}

fn tile(it: Arc<Vendor>, draft: Draft) -> AnyView {
    let host =
        it.preset.base_url.split_once("://").map(|(_, rest)| rest.split_once('/').map_or(rest, |(host, _)| host));
    let place = match it.group {
        Group::BuiltIn => "inside this server",
        _ => host.unwrap_or("at your address"),
    };
    // Long names may break behind a dot.
    let place = place.replace('.', ".\u{200b}");
    let (id, title) = (tile_id(&it.id()), it.preset.title.clone());
    view! {
        <li>
            <button class="vendor" type="button" id=id on:click=move |_| draft.choose(&it)>
                <span>{title}</span>
                <span class="sub mono">{place}</span>
            </button>
        </li>
    }
    .erase()
}

fn form(vendor: Arc<Vendor>, draft: Draft, open: RwSignal<bool>, list: Fetched<Sheet>) -> AnyView {
    let Draft { chosen, submit, .. } = draft;
    let toasts = use_context::<Toasts>();
    let title = vendor.preset.title.clone();
    // What a kind says of itself is not said of the vendors that it knows.
    let summary = if vendor.preset.id.is_empty() { vendor.kind.summary.clone() } else { String::new() };
    let fields = fields(&vendor, draft);
    let (testing, said) = (RwSignal::new(false), RwSignal::new(None::<ProbeVerdict>));
    let for_test = vendor.clone();
    let test = Callback::new(move |()| {
        testing.set(true);
        said.set(None);
        submit.run(tested(draft.of(&for_test)), move |verdict| said.set(Some(verdict)));
    });
    let waits = move |for_test: bool| Signal::derive(move || submit.busy.get() && testing.get() == for_test);
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        testing.set(false);
        submit.run(api::providers::create(draft.of(&vendor)), move |made: ProviderSummary| {
            [chosen, draft.credential].into_iter().for_each(|it| it.set(String::new()));
            open.set(false);
            list.refetch();
            if let Some(toasts) = toasts {
                let next = if made.models > 0 { "Its models are there." } else { "Add its models next." };
                toasts.done(format!("{} connected. {next}", made.slug));
            }
        });
    };
    // The button that led here is gone, and the focus with it.
    react(|| browser::focus(SLUG.id));
    view! {
        <form class="form" on:submit=save novalidate=true>
            <div class="vendor-chosen">
                <h3>{title}</h3>
                <Button look=Look::Quiet label="Choose another" press=move |()| chosen.set(String::new()) />
            </div>
            <p class="form-text">{summary}</p>
            {fields}
            {form_error(submit.error.into())}
            <div class="form-error-slot" role="status">
                {move || said.get().map(verdict_line)}
            </div>
            <div class="dialog-actions">
                <Button label="Test connection" busy=waits(true) press=test />
                <Button label="Cancel" press=move |()| open.set(false) />
                <Button look=Look::Primary label="Connect" submit=true busy=waits(false) />
            </div>
        </form>
    }
    .erase()
}

/// Asks the address, free of charge; nothing is stored.
async fn tested(input: NewProvider) -> Answer<ProbeVerdict> {
    let input = serde_json::to_string(&input).map_err(|_| unreadable())?;
    let answer: Bytes = post("providers/test", format!("{{\"input\":{input}}}")).await?;
    let answer = std::str::from_utf8(&answer).ok().and_then(parse);
    answer.as_ref().and_then(verdict).ok_or_else(unreadable)
}

fn verdict_line(it: ProbeVerdict) -> AnyView {
    let (class, name) = if it.is_good() { ("banner banner-info", "check") } else { ("banner banner-warn", "alert") };
    view! { <p class=class>{icon(name)} <span>{it.sentence()}</span></p> }.erase()
}

fn fields(vendor: &Vendor, draft: Draft) -> Vec<AnyView> {
    let Draft { slug, base_url, credential, shared, submit, .. } = draft;
    let mut fields = vec![text_field(SLUG, slug, submit.of_field("slug"))];
    let is_own = vendor.group == Group::Own;
    if vendor.group != Group::BuiltIn {
        let info = match (is_own, vendor.preset.base_url.is_empty()) {
            (true, _) => OWN_URL,
            (false, true) => GIVEN_URL,
            (false, false) => VENDORS_URL,
        };
        fields.push(text_field(info, base_url, submit.of_field("base_url")));
    }
    if is_own {
        fields.push(private_hint());
    }
    if vendor.kind.takes_credential {
        let info = if is_own { OWN_CREDENTIAL } else { CREDENTIAL };
        fields.push(text_field(info, credential, submit.of_field("credential")));
    }
    fields.extend(share_choice(shared));
    fields
}

fn private_hint() -> AnyView {
    view! {
        <p class="banner banner-info">
            {icon("lock")}
            <span>
                "A private or loopback address works once it is on the list that the admins of this instance keep in "
                <a href="/admin/settings">"Settings"</a> "."
            </span>
        </p>
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
