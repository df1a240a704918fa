//! Sign in: a plain form post, which works before and without JavaScript.

use domain::ApiError;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{
    components::{
        button::{Button, Look},
        field::{FieldInfo, plain_field},
        page_mark::page_mark,
        submit::form_error,
    },
    forms::FormState,
    prelude::*,
};

const EMAIL: FieldInfo = FieldInfo {
    kind: "email",
    autocomplete: "username",
    required: true,
    ..FieldInfo::new("sign-in-email", "email", "E-mail")
};
const PASSWORD: FieldInfo = FieldInfo {
    kind: "password",
    autocomplete: "current-password",
    required: true,
    ..FieldInfo::new("sign-in-password", "password", "Password")
};

#[component]
pub fn SignIn() -> impl IntoView {
    let form = FormState::of_page();
    let query = use_query_map();
    // After a refused post the address has no query: then the form itself brings `next` back.
    let next = Some(form.value("next")).filter(|it| !it.is_empty());
    let next = next.unwrap_or_else(|| query.read_untracked().get("next").unwrap_or_default());
    let of = |error: &Option<ApiError>, field| error.as_ref().and_then(|it| it.of_field(field).map(str::to_owned));
    let (email_error, password_error) = (of(&form.error, "email"), of(&form.error, "password"));
    let error = Signal::stored(form.error.clone());
    view! {
        <Title text="Sign in · Tallygate" />
        <main class="gate" id="main">
            <div class="gate-card">
                {page_mark()} <h1>"Sign in to Tallygate"</h1> <form class="form" method="post" action="/sign-in">
                    <input type="hidden" name="next" value=next />
                    {plain_field(EMAIL, form.value("email"), email_error)}
                    {plain_field(PASSWORD, String::new(), password_error)} {form_error(error)}
                    <Button look=Look::Primary label="Sign in" submit=true />
                </form>
                <p class="gate-foot">
                    "Forgot the password? Whoever manages the accounts of this instance can make you a link to choose a new one."
                </p>
            </div>
        </main>
    }
}
