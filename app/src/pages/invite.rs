//! Accept an invitation: a plain form post. The link's secret stands behind `#`, which no server sees; script moves it into the
//! visible field, and pasting it there works without. Opening the page changes nothing.

use leptos_meta::Title;

use super::reset::{TOKEN_HINT, take_token};
use crate::{
    api, browser,
    components::{
        button::{Button, Look},
        erase::Erase,
        fetched::fetch,
        field::{FieldInfo, plain_field},
        page_mark::page_mark,
        reactive::react,
        submit::form_error,
    },
    forms::FormState,
    prelude::*,
};

const TOKEN: FieldInfo =
    FieldInfo { hint: TOKEN_HINT, required: true, mono: true, ..FieldInfo::new("invite-token", "token", "Invitation") };
const NAME: FieldInfo =
    FieldInfo { autocomplete: "name", required: true, ..FieldInfo::new("invite-name", "name", "Your name") };
const EMAIL: FieldInfo = FieldInfo {
    kind: "email",
    autocomplete: "username",
    hint: "You sign in with it.",
    required: true,
    ..FieldInfo::new("invite-email", "email", "E-mail")
};
const PASSWORD: FieldInfo = FieldInfo {
    kind: "password",
    autocomplete: "new-password",
    hint: "At least 12 characters. Any characters, no other rules.",
    required: true,
    ..FieldInfo::new("invite-password", "password", "Password")
};

#[component]
pub fn Invite() -> impl IntoView {
    let form = FormState::of_page();
    // Who is signed in joins as who they are; a stranger is asked who they are.
    let me = fetch(String::new, |_| api::teams::reader());
    react(|| take_token(TOKEN.id));
    react(browser::focus_first_invalid);
    view! {
        <Title text="Join · Tallygate" />
        <main class="gate" id="main">
            <div class="gate-card">
                {page_mark()} <h1>"Join a team"</h1>
                {me.view(move |me| invite_form(&form, me.ok().flatten().map(|me| me.email)))}
            </div>
        </main>
    }
}

fn invite_form(form: &FormState, signed_in: Option<String>) -> AnyView {
    let error_of = |field: &str| form.error.as_ref().and_then(|it| it.of_field(field).map(str::to_owned));
    let field = |info: FieldInfo| plain_field(info, form.value(info.name), error_of(info.name));
    let (lead, fields, label) = match signed_in {
        Some(email) => {
            let label = format!("Join as {email}");
            ("You are signed in. Somebody has invited you into one more team.", None, label)
        }
        None => {
            let password = plain_field(PASSWORD, String::new(), error_of(PASSWORD.name));
            let fields = view! {
                {field(NAME)}
                {field(EMAIL)}
                {password}
            };
            (
                "Somebody has invited you. Choose how you sign in from now on.",
                Some(fields.into_any()),
                "Join".to_owned(),
            )
        }
    };
    let is_stranger = fields.is_some();
    let foot = is_stranger.then(|| {
        view! {
            <p class="gate-foot">
                "You have an account? " <a href="/sign-in">"Sign in"</a> " first, then open the link again."
            </p>
        }
        .erase()
    });
    view! {
        <p class="gate-lead">{lead}</p>
        <form class="form" method="post" action="/invite">
            {field(TOKEN)}
            {fields}
            {form_error(Signal::stored(form.error.clone()))}
            <Button look=Look::Primary label=label submit=true />
        </form>
        {foot}
    }
    .into_any()
}
