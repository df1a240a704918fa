//! The dialog that connects a provider: first who answers, then its address and key.
//!
//! Kinds and the vendors that a kind knows are one list here, as a newcomer thinks of them. Never here: what is right; the
//! server checks every field. One more vendor is a preset in `llm`, and appears by itself.

use domain::provider::{NewProvider, PresetSummary, ProviderKind, ProviderSummary};

use crate::{
    api, browser,
    components::{
        button::{Button, Look},
        dialog::Dialog,
        erase::Erase,
        fetched::{Fetched, fetch},
        field::{FieldInfo, text_field},
        icon::icon,
        reactive::{live, react},
        select::checkbox,
        skeleton::Shape,
        submit::{Submit, form_error},
        toast::Toasts,
    },
    pages::frame::Viewer,
    prelude::*,
};

const CHOSEN: &str = "provider-chosen";
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
    /// A name that the form suggests; empty where only its owner can name it.
    slug: String,
    title: String,
    summary: String,
    kind: String,
    preset: String,
    base_url: String,
    takes_credential: bool,
}

/// All of them in the order of the catalogue. A kind with presets stands behind these, for servers that no preset knows.
fn vendors(kinds: Vec<ProviderKind>) -> Vec<Vendor> {
    let mut all = Vec::new();
    for it in kinds {
        let ProviderKind { kind, title, summary, needs_base_url, base_url, presets, takes_credential } = it;
        let is_other = !presets.is_empty();
        for PresetSummary { id, title, base_url, is_local } in presets {
            let group = if is_local { Group::Own } else { Group::Hosted };
            let (kind, summary) = (kind.clone(), String::new());
            all.push(Vendor { group, slug: id.clone(), title, summary, kind, preset: id, base_url, takes_credential });
        }
        let (group, slug, title) = match (needs_base_url || !base_url.is_empty(), is_other) {
            (false, _) => (Group::BuiltIn, kind.clone(), title),
            (true, true) => (Group::Own, String::new(), format!("Other {title} server")),
            (true, false) => (Group::Hosted, kind.clone(), title),
        };
        let preset = String::new();
        all.push(Vendor { group, slug, title, summary, kind, preset, base_url, takes_credential });
    }
    all
}

/// What has been chosen and typed.
#[derive(Clone, Copy)]
struct Draft {
    team: Signal<String>,
    /// Place in the list of vendors.
    chosen: RwSignal<Option<usize>>,
    slug: RwSignal<String>,
    base_url: RwSignal<String>,
    credential: RwSignal<String>,
    shared: RwSignal<bool>,
    submit: Submit,
}

impl Draft {
    fn choose(self, index: usize, vendor: &Vendor) {
        self.slug.set(vendor.slug.clone());
        self.base_url.set(vendor.base_url.clone());
        self.credential.set(String::new());
        self.submit.error.set(None);
        self.chosen.set(Some(index));
    }

    fn of(self, vendor: &Vendor) -> NewProvider {
        NewProvider {
            team: self.team.get_untracked(),
            shared: self.shared.get_untracked(),
            slug: self.slug.get_untracked(),
            kind: vendor.kind.clone(),
            preset: vendor.preset.clone(),
            base_url: self.base_url.get_untracked(),
            credential: self.credential.get_untracked(),
        }
    }
}

#[component]
pub fn ConnectDialog(
    team: Signal<String>,
    open: RwSignal<bool>,
    list: Fetched<Vec<ProviderSummary>>,
) -> impl IntoView {
    let kinds = fetch(String::new, |_| api::providers::kinds());
    let [slug, base_url, credential] = [(); 3].map(|()| RwSignal::new(String::new()));
    let (chosen, shared) = (RwSignal::new(None), RwSignal::new(false));
    let draft = Draft { team, chosen, slug, base_url, credential, shared, submit: Submit::new() };
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

fn steps(all: Vec<Vendor>, draft: Draft, open: RwSignal<bool>, list: Fetched<Vec<ProviderSummary>>) -> AnyView {
    let all = StoredValue::new(all);
    // Where the reader was when going back to the first step.
    let last = StoredValue::new(None::<usize>);
    live(move || {
        let chosen = draft.chosen.get();
        let before = last.get_value();
        last.set_value(chosen);
        all.with_value(|vendors| match chosen.and_then(|index| vendors.get(index)) {
            Some(vendor) => form(vendor, all, draft, open, list),
            None => {
                if let Some(before) = before {
                    react(move || browser::focus(&tile_id(before)));
                }
                picker(vendors, all, draft)
            }
        })
    })
}

fn tile_id(index: usize) -> String {
    format!("provider-vendor-{index}")
}

fn picker(vendors: &[Vendor], all: StoredValue<Vec<Vendor>>, draft: Draft) -> AnyView {
    let part = |group: Group, heading: &'static str| {
        let tiles = vendors.iter().enumerate().filter(|(_, it)| it.group == group);
        let tiles = tiles.map(|(index, it)| tile(index, it, all, draft)).collect::<Vec<_>>();
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

fn tile(index: usize, it: &Vendor, all: StoredValue<Vec<Vendor>>, draft: Draft) -> AnyView {
    let place = match (it.group, it.base_url.split("://").nth(1)) {
        (Group::BuiltIn, _) => "inside this server".to_owned(),
        (_, None) => "at your address".to_owned(),
        (_, Some(rest)) => rest.split('/').next().unwrap_or_default().to_owned(),
    };
    let choose = move |_| {
        all.with_value(|all| {
            if let Some(vendor) = all.get(index) {
                draft.choose(index, vendor);
            }
        });
    };
    view! {
        <li>
            <button class="vendor" type="button" id=tile_id(index) on:click=choose>
                <span>{it.title.clone()}</span>
                <span class="sub mono">{place}</span>
            </button>
        </li>
    }
    .erase()
}

fn form(
    vendor: &Vendor,
    all: StoredValue<Vec<Vendor>>,
    draft: Draft,
    open: RwSignal<bool>,
    list: Fetched<Vec<ProviderSummary>>,
) -> AnyView {
    let Draft { chosen, submit, .. } = draft;
    let is_built_in = vendor.group == Group::BuiltIn;
    let toasts = use_context::<Toasts>();
    let done = move |made: ProviderSummary| {
        chosen.set(None);
        draft.credential.set(String::new());
        open.set(false);
        list.refetch();
        if let Some(toasts) = toasts {
            let next = if is_built_in { "Its models are there." } else { "Add its models next." };
            toasts.done(format!("{} connected. {next}", made.slug));
        }
    };
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let input = all.with_value(|all| Some(draft.of(all.get(chosen.get_untracked()?)?)));
        let Some(input) = input else { return };
        let work = async move {
            if is_built_in {
                api::providers::connect_demo(input.team).await
            } else {
                api::providers::create(input).await
            }
        };
        submit.run(work, done);
    };
    // The button that led here is gone, and the focus with it.
    react(move || browser::focus(if is_built_in { CHOSEN } else { SLUG.id }));
    view! {
        <form class="form" on:submit=save novalidate=true>
            <div class="vendor-chosen">
                <h3 id=CHOSEN tabindex="-1">
                    {vendor.title.clone()}
                </h3>
                <Button look=Look::Quiet label="Choose another" press=move |()| chosen.set(None) />
            </div>
            <p class="form-text">{vendor.summary.clone()}</p>
            {(!is_built_in).then(|| fields(vendor, draft))}
            {form_error(submit.error.into())}
            <div class="dialog-actions">
                <Button label="Cancel" press=move |()| open.set(false) />
                <Button look=Look::Primary label="Connect" submit=true busy=submit.busy />
            </div>
        </form>
    }
    .erase()
}

fn fields(vendor: &Vendor, draft: Draft) -> AnyView {
    let Draft { slug, base_url, credential, shared, submit, .. } = draft;
    let is_own = vendor.group == Group::Own;
    let url = match (is_own, vendor.base_url.is_empty()) {
        (true, _) => OWN_URL,
        (false, true) => GIVEN_URL,
        (false, false) => VENDORS_URL,
    };
    let key = if is_own { OWN_CREDENTIAL } else { CREDENTIAL };
    view! {
        {text_field(SLUG, slug, submit.of_field("slug"))}
        {text_field(url, base_url, submit.of_field("base_url"))}
        {is_own.then(private_hint)}
        {vendor.takes_credential.then(|| text_field(key, credential, submit.of_field("credential")))}
        {share_choice(shared)}
    }
    .erase()
}

fn private_hint() -> AnyView {
    let way = by_role(|is_admin| {
        if is_admin {
            view! { <a href="/admin/settings">"Open the list in Settings"</a> }.erase()
        } else {
            "Ask an admin of the instance to add it.".into_any()
        }
    });
    view! {
        <p class="banner banner-info">
            {icon("lock")}
            <span>
                "A private or loopback address works once it is on this instance's list of private addresses. " {way}
            </span>
        </p>
    }
    .erase()
}

/// Shown to owners and admins of the instance. Only a courtesy: the server decides.
fn share_choice(shared: RwSignal<bool>) -> Option<AnyView> {
    by_role(move |is_admin| {
        if !is_admin {
            return ().into_any();
        }
        checkbox("provider-shared", "Share with all teams", "Otherwise only this team can use it.", shared)
    })
}

/// What depends on whether the reader is an admin of the instance.
fn by_role(content: impl Fn(bool) -> AnyView + Send + Sync + 'static) -> Option<AnyView> {
    let viewer = use_context::<Viewer>()?;
    Some(viewer.me.view(move |me| content(me.is_ok_and(|me| me.is_admin()))))
}
