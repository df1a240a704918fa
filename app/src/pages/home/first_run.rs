//! The two ways into an empty team: a provider of one's own, or the demo. Either leads to a working key.

use domain::{
    key::{AllowedModels, CreatedKey, KeyKind, NewKey},
    team::TeamHome,
};

use crate::{
    api::{self, Answer},
    components::{
        button::Button,
        fetched::Fetched,
        icon::icon,
        reveal::Revealed,
        submit::{Submit, form_error},
    },
    pages::frame::Viewer,
    prelude::*,
};

#[component]
pub fn FirstRun(team: Signal<String>, home: Fetched<TeamHome>, revealed: RwSignal<Option<Revealed>>) -> impl IntoView {
    let submit = Submit::new();
    let viewer = use_context::<Viewer>();
    let start = Callback::new(move |()| {
        let team = team.get_untracked();
        submit.run(demo(team, viewer), move |it: Revealed| {
            revealed.set(Some(it));
            home.refetch();
        });
    });
    view! {
        <section class="first-run" aria-labelledby="first-run-title">
            <h2 id="first-run-title">"Two ways to start"</h2>
            <p class="page-lead">"Start with one; the other can follow at any time."</p>
            <div class="first-run-ways">
                <div class="way">
                    {icon("plug")} <h3>"Your own provider"</h3>
                    <p>
                        "A vendor such as OpenAI, Anthropic or Gemini, or a model server in your own network. You need its key or its address."
                    </p>
                    <a class="button button-primary" href=move || format!("/t/{}/providers?connect=1", team.get())>
                        <span>"Connect a provider"</span>
                    </a>
                </div>
                <div class="way">
                    {icon("spark")} <h3>"The demo provider"</h3>
                    <p>
                        "Three pretend models inside this server, with prices and streaming answers. Nothing leaves the machine, nothing costs money."
                    </p>
                    <Button label="Try with the demo provider" busy=submit.busy press=start />
                </div>
            </div>
            {form_error(submit.error.into())}
        </section>
    }
}

/// Connects the demo, makes the first key, and gathers what its snippets name.
async fn demo(team: String, viewer: Option<Viewer>) -> Answer<Revealed> {
    api::providers::connect_demo(team.clone()).await?;
    let input = NewKey {
        team: team.clone(),
        name: "first key".to_owned(),
        kind: KeyKind::Personal,
        models: AllowedModels::All,
    };
    let CreatedKey { key, secret } = api::keys::create(input).await?;
    // The key exists and must be shown, whatever else fails from here on.
    let models = api::models::list(team).await.unwrap_or_default();
    let model = models.first().map_or_else(|| "model-name".to_owned(), |it| it.name.clone());
    let me = match viewer {
        Some(viewer) => viewer.me.read().await.ok(),
        None => None,
    };
    let public_url = me.map(|me| me.public_url).unwrap_or_default();
    Ok(Revealed { name: key.name, secret, public_url, model })
}
