//! First run: the owner, the instance, and what is stored. A plain form post; nothing works without the one-time code.

use leptos_meta::Title;

use crate::{
    browser,
    components::{
        button::{Button, Look},
        erase::Erase,
        field::{FieldInfo, plain_field},
        page_mark::page_mark,
        reactive::react,
        select::{Explained, plain_radios},
        submit::form_error,
    },
    forms::FormState,
    prelude::*,
};

const CODE: FieldInfo = FieldInfo {
    hint: "The server printed it when it started, beside the address of this page.",
    required: true,
    mono: true,
    ..FieldInfo::new("setup-code", "code", "Set-up code")
};
const INSTANCE: FieldInfo = FieldInfo {
    hint: "What people see in the sidebar, such as the name of your company.",
    autocomplete: "organization",
    required: true,
    ..FieldInfo::new("setup-instance", "instance", "Name of this instance")
};
const TEAM: FieldInfo = FieldInfo {
    hint: "Teams own keys, runs and history. More can follow.",
    required: true,
    ..FieldInfo::new("setup-team", "team", "First team")
};
const ZONE: FieldInfo = FieldInfo {
    hint: "IANA name. Days and months of all reports start in this zone.",
    required: true,
    mono: true,
    ..FieldInfo::new("setup-zone", "zone", "Reporting zone")
};
const NAME: FieldInfo =
    FieldInfo { autocomplete: "name", required: true, ..FieldInfo::new("setup-name", "name", "Your name") };
const EMAIL: FieldInfo = FieldInfo {
    kind: "email",
    autocomplete: "username",
    required: true,
    ..FieldInfo::new("setup-email", "email", "E-mail")
};
const PASSWORD: FieldInfo = FieldInfo {
    kind: "password",
    autocomplete: "new-password",
    hint: "At least 12 characters. Any characters, no other rules.",
    required: true,
    ..FieldInfo::new("setup-password", "password", "Password")
};
const CONTENT: &[Explained] = &[
    Explained {
        value: "full",
        label: "Keep prompts and answers",
        text: "The text of API calls is kept for 30 days. Images and files are kept as hash and size only.",
    },
    Explained {
        value: "redacted",
        label: "Keep them with keys masked",
        text: "The same, but what looks like an API key is masked before it is stored. Nothing else is.",
    },
    Explained {
        value: "metadata",
        label: "Keep numbers only",
        text: "API calls keep times, models, tokens and cost, and no text.",
    },
];

#[component]
pub fn Setup() -> impl IntoView {
    let form = FormState::of_page();
    react(fill_from_browser);
    react(browser::focus_first_invalid);
    view! {
        <Title text="Set up · Tallygate" />
        <main class="gate gate-wide" id="main">
            <div class="gate-card">
                {page_mark()} <h1>"Set up Tallygate"</h1>
                <p class="gate-lead">"You become the owner. This page closes for ever once that is done."</p>
                {setup_form(&form)}
            </div>
        </main>
    }
}

fn setup_form(form: &FormState) -> AnyView {
    let error_of = |field: &str| form.error.as_ref().and_then(|it| it.of_field(field).map(str::to_owned));
    let field = |info: FieldInfo| plain_field(info, form.value(info.name), error_of(info.name));
    // The operation behind the form calls it so.
    let team = plain_field(TEAM, form.value(TEAM.name), error_of("team_name"));
    let zone = Some(form.value("zone")).filter(|it| !it.is_empty()).unwrap_or_else(|| "UTC".to_owned());
    view! {
        <form class="form" method="post" action="/setup">
            {field(CODE)}
            <section class="form-section" aria-labelledby="setup-you">
                <h2 id="setup-you">"You"</h2>
                <div class="form-pair">{field(NAME)} {field(EMAIL)}</div>
                {plain_field(PASSWORD, String::new(), error_of(PASSWORD.name))}
            </section>
            <section class="form-section" aria-labelledby="setup-here">
                <h2 id="setup-here">"This instance"</h2>
                <div class="form-pair">{field(INSTANCE)} {team}</div>
                {plain_field(ZONE, zone, error_of(ZONE.name))}
                {plain_radios(
                    "setup-content",
                    "store_content",
                    "What new teams store",
                    CONTENT,
                    form.value("store_content"),
                    error_of("store_content"),
                )}
                <p class="form-text">"Playground runs keep their own text either way: reading it is what they are for."</p>
            </section>
            {form_error(Signal::stored(form.error.clone()))}
            <Button look=Look::Primary label="Create instance" submit=true />
        </form>
    }
    .erase()
}

/// The code from the fragment, which no server ever sees, and the browser's zone. Neither replaces what somebody typed.
fn fill_from_browser() {
    let code = browser::fragment();
    let code = code.strip_prefix("code=").unwrap_or(&code);
    if !code.is_empty() && browser::field_text(CODE.id).is_some_and(|it| it.value.is_empty()) {
        browser::set_field_text(CODE.id, code);
    }
    let untouched = |it: browser::FieldText| it.value.is_empty() || (it.value == "UTC" && it.initial == "UTC");
    if let Some(zone) = browser::zone().filter(|it| !it.is_empty())
        && browser::field_text(ZONE.id).is_some_and(untouched)
    {
        browser::set_field_text(ZONE.id, &zone);
    }
}
