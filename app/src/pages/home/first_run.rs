//! The two ways into an empty team: a provider of one's own, or the demo. Either leads to a working key.

use domain::team::TeamHome;

use crate::{
    api::{
        self, Answer,
        json::parse,
        protocol::{post, unreadable},
    },
    components::{
        button::Button,
        fetched::Fetched,
        form::Shows,
        icon::icon,
        reveal::reveal,
        sheet::Ask,
        sheet_page::{Load, load},
        submit::{Submit, form_error},
    },
    prelude::*,
};

static KEYS: Load = load!("keys/page", keys::page);

#[component]
pub fn FirstRun(team: Signal<String>, home: Fetched<TeamHome>, revealed: RwSignal<Option<Shows>>) -> impl IntoView {
    let submit = Submit::new();
    let start = Callback::new(move |()| {
        let team = team.get_untracked();
        submit.run(demo(team), move |it: Shows| {
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

/// Connects the demo and makes the first key, as the page of keys would.
async fn demo(team: String) -> Answer<Shows> {
    api::providers::connect_demo(team.clone()).await?;
    let ask = Ask { team, value: "first".to_owned(), ..Ask::default() };
    let form = KEYS.ask(ask).await?.forms.into_iter().next().ok_or_else(unreadable)?;
    let answer = post(&form.post, form.base).await?;
    let answer = std::str::from_utf8(&answer).ok().and_then(parse).ok_or_else(unreadable)?;
    Ok(reveal(form.then.shows.unwrap_or_default(), &answer))
}
