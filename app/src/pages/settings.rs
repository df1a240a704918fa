//! Settings of the instance: name, zone, and which private addresses providers may have.

use domain::settings::InstanceSettings;

use crate::{
    api,
    components::{
        button::{Button, Look},
        erase::Erase,
        fetched::fetch,
        field::{FieldInfo, text_field},
        page::{Page, Width},
        skeleton::Shape,
        submit::{Submit, form_error},
        toast::Toasts,
    },
    prelude::*,
};

const NAME: FieldInfo =
    FieldInfo { required: true, ..FieldInfo::new("settings-name", "name", "Name of this instance") };
const ZONE: FieldInfo = FieldInfo {
    hint: "IANA name such as Europe/Berlin. Times on all pages and the days of reports use it.",
    required: true,
    mono: true,
    ..FieldInfo::new("settings-zone", "reporting_zone", "Reporting zone")
};
const PRIVATE: FieldInfo = FieldInfo {
    hint: "One per line: an address with a port (127.0.0.1:9000), an address, or a range (10.0.0.0/8).",
    rows: 5,
    mono: true,
    placeholder: "127.0.0.1:11434",
    ..FieldInfo::new("settings-private", "allow_private", "Private addresses that providers may have")
};

#[component]
pub fn Settings() -> impl IntoView {
    let settings = fetch(String::new, |_| api::settings::get());
    view! {
        <Page title="Instance settings" width=Width::Form>
            {settings.loaded(Shape::Text, |it| form(&it))}
        </Page>
    }
}

fn form(it: &InstanceSettings) -> AnyView {
    let name = RwSignal::new(it.name.clone());
    let zone = RwSignal::new(it.reporting_zone.clone());
    let private = RwSignal::new(it.allow_private.join("\n"));
    let submit = Submit::new();
    let toasts = use_context::<Toasts>();
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let lines = private.get_untracked();
        let input = InstanceSettings {
            name: name.get_untracked(),
            reporting_zone: zone.get_untracked(),
            allow_private: lines.lines().map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect(),
        };
        submit.run(api::settings::update(input), move |saved: InstanceSettings| {
            private.set(saved.allow_private.join("\n"));
            if let Some(toasts) = toasts {
                toasts.done("Settings saved");
            }
        });
    };
    view! {
        <form class="form" on:submit=save>
            {text_field(NAME, name, submit.of_field("name"))}
            {text_field(ZONE, zone, submit.of_field("reporting_zone"))}
            <section class="form-section" aria-labelledby="settings-network">
                <h2 id="settings-network">"Private network"</h2>
                <p class="form-text">
                    "Providers may always have public addresses. Loopback and private ones, such as a model server in your own network, are refused unless they are listed here. Link-local and metadata addresses are never allowed."
                </p>
                {text_field(PRIVATE, private, submit.of_field("allow_private"))}
            </section>
            {form_error(submit.error.into())}
            <div class="form-actions">
                <Button look=Look::Primary label="Save settings" submit=true busy=submit.busy />
            </div>
        </form>
    }
    .erase()
}
