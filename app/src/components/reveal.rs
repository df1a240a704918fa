//! A secret shown once, with the snippets that use it. It lives in a signal of the open dialog and nowhere else.

use super::{
    button::{Button, Look},
    code_block::code_block,
    copy_button::copy_button,
    dialog::{Dialog, open_while},
    erase::Erase,
    icon::icon,
    tabs::Tabs,
};
use crate::prelude::*;

/// The secret and where to use it.
#[derive(Clone, PartialEq, Eq)]
pub struct Revealed {
    pub name: String,
    pub secret: String,
    /// The address clients use.
    pub public_url: String,
    /// A model that the snippets can name.
    pub model: String,
}

/// A dialog that opens when something is revealed and forgets it when closed.
#[component]
pub fn KeyReveal(id: &'static str, revealed: RwSignal<Option<Revealed>>) -> impl IntoView {
    let open = open_while(revealed);
    let title = Signal::derive(move || {
        revealed.with(|it| it.as_ref().map_or_else(|| "Key".to_owned(), |it| format!("Key {}", it.name)))
    });
    view! {
        <Dialog id=id title=title open=open insist=true>
            {move || revealed.get().map(|it| secret_view(it, open))}
        </Dialog>
    }
}

fn secret_view(it: Revealed, open: RwSignal<bool>) -> AnyView {
    let Revealed { name: _, secret, public_url, model } = it;
    let language = RwSignal::new("curl".to_owned());
    let (curl, python, variables) = (
        curl_snippet(&public_url, &secret, &model),
        python_snippet(&public_url, &secret, &model),
        format!("OPENAI_BASE_URL={public_url}/v1\nOPENAI_API_KEY={secret}\n"),
    );
    let snippet = move || match language.get().as_str() {
        "python" => code_block("Python".to_owned(), python.clone()),
        "env" => code_block("Environment".to_owned(), variables.clone()),
        _ => code_block("Shell".to_owned(), curl.clone()),
    };
    view! {
        <div class="reveal">
            <p class="banner banner-warn">
                {icon("alert")} <span>"This is the only time the key is shown. Store it where you keep secrets."</span>
            </p>
            <div class="reveal-secret">
                <code id="revealed-key">{secret.clone()}</code>
                {copy_button("Copy key", secret)}
            </div>
            <Tabs
                label="Language of the snippet"
                choices=&[("curl", "curl"), ("python", "Python"), ("env", "Environment")]
                chosen=language
            />
            {move || snippet()}
            <div class="dialog-actions">
                <Button look=Look::Primary label="I stored it" press=move |()| open.set(false) />
            </div>
        </div>
    }
    .erase()
}

/// A first request with curl.
pub fn curl_snippet(public_url: &str, key: &str, model: &str) -> String {
    format!(
        "curl {public_url}/v1/chat/completions \\\n  -H \"Authorization: Bearer {key}\" \\\n  -H 'Content-Type: application/json' \\\n  -d '{{\"model\": \"{model}\", \"messages\": [{{\"role\": \"user\", \"content\": \"Hello\"}}]}}'\n"
    )
}

/// The same with the official Python client.
pub fn python_snippet(public_url: &str, key: &str, model: &str) -> String {
    format!(
        "from openai import OpenAI\n\nclient = OpenAI(base_url=\"{public_url}/v1\", api_key=\"{key}\")\nreply = client.chat.completions.create(\n    model=\"{model}\",\n    messages=[{{\"role\": \"user\", \"content\": \"Hello\"}}],\n)\nprint(reply.choices[0].message.content)\n"
    )
}
