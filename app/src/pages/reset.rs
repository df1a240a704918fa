//! Choose a new password with a link that somebody who manages accounts has made. A plain form post, like the invitation.

use leptos_meta::Title;

use crate::{
    browser,
    components::{
        button::{Button, Look},
        field::{FieldInfo, plain_field},
        page_mark::page_mark,
        reactive::react,
        submit::form_error,
    },
    forms::FormState,
    prelude::*,
};

pub const TOKEN_HINT: &str = "What stands behind # in the link.";

const TOKEN: FieldInfo =
    FieldInfo { hint: TOKEN_HINT, required: true, mono: true, ..FieldInfo::new("reset-token", "token", "Reset code") };
const PASSWORD: FieldInfo = FieldInfo {
    kind: "password",
    autocomplete: "new-password",
    hint: "At least 12 characters. Any characters, no other rules.",
    required: true,
    ..FieldInfo::new("reset-password", "password", "New password")
};

#[component]
pub fn Reset() -> impl IntoView {
    let form = FormState::of_page();
    let error_of = |field: &str| form.error.as_ref().and_then(|it| it.of_field(field).map(str::to_owned));
    let token = plain_field(TOKEN, form.value(TOKEN.name), error_of(TOKEN.name));
    let password = plain_field(PASSWORD, String::new(), error_of(PASSWORD.name));
    let error = Signal::stored(form.error.clone());
    react(|| take_token(TOKEN.id));
    react(browser::focus_first_invalid);
    view! {
        <Title text="New password · Tallygate" />
        <main class="gate" id="main">
            <div class="gate-card">
                {page_mark()} <h1>"Choose a new password"</h1>
                <p class="gate-lead">"Your sessions in all browsers end, and this one begins."</p>
                <form class="form" method="post" action="/reset">
                    {token}
                    {password}
                    {form_error(error)}
                    <Button look=Look::Primary label="Set password" submit=true />
                </form>
            </div>
        </main>
    }
}

/// Moves the secret of the link from the address bar, where it would stay in the history, into its field.
pub fn take_token(field: &str) {
    let token = browser::fragment();
    if token.is_empty() {
        return;
    }
    browser::set_field_text(field, &token);
    browser::forget_fragment();
}
