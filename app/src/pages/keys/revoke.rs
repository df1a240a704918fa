//! Revoking cannot be undone and stops whatever uses the key, so it asks for the key's name.

use domain::key::KeySummary;

use crate::{
    api,
    components::{
        button::{Button, Look},
        dialog::{Dialog, open_while},
        erase::Erase,
        fetched::Fetched,
        field::{FieldInfo, text_field},
        submit::{Submit, form_error},
        toast::Toasts,
    },
    prelude::*,
};

const NAME: FieldInfo = FieldInfo { required: true, ..FieldInfo::new("revoke-name", "name", "Type the key's name") };

/// Open while `key` names one.
#[component]
pub fn RevokeDialog(
    team: Signal<String>,
    key: RwSignal<Option<KeySummary>>,
    list: Fetched<Vec<KeySummary>>,
) -> impl IntoView {
    let open = open_while(key);
    let title = Signal::derive(move || {
        key.with(|it| it.as_ref().map_or_else(|| "Revoke".to_owned(), |it| format!("Revoke {}", it.name)))
    });
    view! {
        <Dialog
            id="revoke-dialog"
            title=title
            open=open
            summary=Signal::stored("Programs that use it are refused within a second. This cannot be undone.".to_owned())
        >
            {move || key.get().map(|it| form(it, team, open, list))}
        </Dialog>
    }
}

fn form(it: KeySummary, team: Signal<String>, open: RwSignal<bool>, list: Fetched<Vec<KeySummary>>) -> AnyView {
    let typed = RwSignal::new(String::new());
    let submit = Submit::new();
    let toasts = use_context::<Toasts>();
    let KeySummary { id, name, .. } = it;
    let wanted = StoredValue::new(name.clone());
    let matches = Signal::derive(move || wanted.with_value(|wanted| typed.get().trim() == wanted));
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if !matches.get_untracked() {
            return;
        }
        submit.run(api::keys::revoke(team.get_untracked(), id), move |()| {
            open.set(false);
            list.refetch();
            if let Some(toasts) = toasts {
                toasts.done("Key revoked");
            }
        });
    };
    view! {
        <form class="form" on:submit=save novalidate=true>
            <p class="form-text">
                "The name is " <code>{name}</code> "."
            </p>
            {text_field(NAME, typed, submit.of_field("name"))} {form_error(submit.error.into())}
            <div class="dialog-actions">
                <Button label="Cancel" press=move |()| open.set(false) />
                <Button
                    look=Look::Danger
                    label="Revoke key"
                    submit=true
                    busy=submit.busy
                    disabled=Signal::derive(move || !matches.get())
                />
            </div>
        </form>
    }
    .erase()
}
