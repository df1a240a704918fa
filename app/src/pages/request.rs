//! One request as a receipt: what was asked, what happened, and the arithmetic of what it cost. What was said is fetched only
//! when somebody opens it.

use domain::{
    history::{AttemptDetail, RequestDetail},
    id::RequestId,
};

use self::{content::content, marks::marks, receipt::receipt};
use super::{frame::Viewer, history::status, param, team};
use crate::{
    api::{self, Failure},
    components::{
        badge::{Tone, badge},
        code_block::code_block,
        copy_button::copyable,
        erase::Erase,
        fetched::fetch,
        page::{Page, Parent, Width},
        skeleton::Shape,
        time::{missing, time, time_or},
    },
    format::{MISSING, amount, duration_or_dash, outcome_sentence},
    prelude::*,
};

mod content;
mod marks;
mod receipt;

#[component]
pub fn Request() -> impl IntoView {
    let (team, request) = (team(), param("request"));
    let detail = fetch(
        move || request.get(),
        move |request| async move {
            let team = team.get_untracked();
            match RequestId::parse(&request) {
                Some(id) => api::history::get(team, id).await,
                None => Err(Failure(domain::ApiError::new(domain::ErrorKind::NotFound, "no such request"))),
            }
        },
    );
    let parent = Parent { href: Signal::derive(move || format!("/t/{}/history", team.get())), label: "History" };
    view! {
        <Page title="Request" width=Width::Reading parent=parent>
            {detail.loaded(Shape::Text, move |it| request_view(it, &team.get_untracked()))}
        </Page>
    }
}

/// A row of a description list.
fn fact(term: &'static str, value: AnyView) -> AnyView {
    view! {
        <div class="fact">
            <dt>{term}</dt>
            <dd>{value}</dd>
        </div>
    }
    .erase()
}

fn optional(text: Option<String>, why: &'static str) -> AnyView {
    text.map_or_else(|| missing(why), |text| view! { <span class="mono">{text}</span> }.erase())
}

fn request_view(detail: RequestDetail, team: &str) -> AnyView {
    let RequestDetail { request, public, model_asked, dialect, stream, run, task, tags, conversation, attempts } =
        detail;
    // The receipt API answers the key that made the call; a run has none.
    let json = run.is_none().then(|| receipt_command(public.clone())).flatten();
    let run = run.map(|run| {
        let link = view! { <a href=format!("/t/{team}/playground/{run}")>"Open the run"</a> }.erase();
        fact("Run", link)
    });
    let caller = attempts.first().map(|it| it.row.caller.clone());
    let attempts = attempts.into_iter().map(attempt).collect::<Vec<_>>();
    view! {
        <dl class="facts">
            {fact("Request", copyable("Copy request id", public))}
            {fact("Model asked for", view! { <span class="mono">{model_asked}</span> }.erase())}
            {fact("Caller", caller.map_or_else(|| missing("Not recorded"), IntoAny::into_any))}
            {fact("Dialect", format!("{dialect}{}", if stream { ", streamed" } else { ", in one piece" }).into_any())}
            {run} {task.map(|it| fact("Task class", it.into_any()))}
            {conversation.map(|it| fact("Conversation", copyable("Copy conversation id", it)))}
            {(!tags.is_empty()).then(|| fact("Tags", tag_list(&tags)))}
        </dl>
        {content(team.to_owned(), request)}
        {attempts}
        {json}
    }
    .erase()
}

/// As the header spells them.
fn tag_list(tags: &[(String, String)]) -> AnyView {
    let mut list = String::new();
    for (key, value) in tags {
        let comma = if list.is_empty() { "" } else { ", " };
        list.extend([comma, key, "=", value]);
    }
    view! { <span class="mono">{list}</span> }.erase()
}

/// How a program gets the same receipt.
fn receipt_command(public: String) -> Option<AnyView> {
    let viewer = use_context::<Viewer>()?;
    let command = move |url: String| {
        let text = format!("curl {url}/api/v1/requests/{public} \\\n  -H \"Authorization: Bearer $TALLYGATE_KEY\"\n");
        code_block("This receipt as JSON, with the key that made the call".to_owned(), text)
    };
    Some(viewer.me.view(move |me| me.map_or_else(|_| ().into_any(), |me| command(me.public_url))))
}

fn attempt(it: AttemptDetail) -> AnyView {
    let heading = format!("attempt-{}", it.number);
    let labelled = heading.clone();
    let bill = receipt(&it);
    let marks = marks(&it.flags);
    let lead = it.row.outcome.map(outcome_sentence).unwrap_or_default();
    let cost = amount(it.row.cost, it.row.unpriced, it.row.usage_source);
    view! {
        <section class="attempt" aria-labelledby=labelled>
            <div class="attempt-head">
                <h2 id=heading>{format!("Attempt {}", it.number)}</h2>
                {status(it.row.state, it.row.outcome)}
                <span class="attempt-cost" title=cost.title>
                    {cost.text}
                </span>
            </div>
            <p class="form-text">{lead}</p>
            {marks}
            {timeline(&it)}
            {attempt_facts(it)}
            {bill}
        </section>
    }
    .erase()
}

fn attempt_facts(it: AttemptDetail) -> AnyView {
    let http = it.http_status.map(|status| status.to_string());
    let aborted = it.client_aborted.then(|| fact("Client", badge(Tone::Neutral, "left before the end")));
    let AttemptDetail { row, upstream_model, model_served, upstream_id, finish_reason, .. } = it;
    let upstream_id =
        upstream_id.map_or_else(|| missing("The upstream named none"), |id| copyable("Copy upstream id", id));
    view! {
        <dl class="facts">
            {fact("Provider", row.provider.into_any())}
            {fact("Model at the provider", view! { <span class="mono">{upstream_model}</span> }.erase())}
            {fact("Model served", optional(model_served, "The upstream did not say"))}
            {fact("Upstream id", upstream_id)}
            {fact("HTTP status", optional(http, "No answer arrived"))}
            {fact("Finish reason", optional(finish_reason, "None was given"))}
            {fact("Attempt id", copyable("Copy attempt id", row.attempt.to_string()))}
            {aborted}
        </dl>
    }
    .erase()
}

/// From admission to the last byte.
fn timeline(it: &AttemptDetail) -> AnyView {
    let step = |label: &'static str, value: AnyView| {
        view! {
            <li>
                <span class="timeline-label">{label}</span>
                <span class="timeline-value">{value}</span>
            </li>
        }
        .erase()
    };
    let streaming = it.row.first_byte_ms.zip(it.row.total_ms).and_then(|(first, total)| total.checked_sub(first));
    let after = |ms: Option<u32>| match ms {
        Some(_) => format!("+ {}", duration_or_dash(ms)).into_any(),
        None => MISSING.into_any(),
    };
    view! {
        <ul class="timeline">
            {step("Admitted", time(it.row.time.clone()))}
            {step("First byte", after(it.row.first_byte_ms))}
            {step("Then streaming", duration_or_dash(streaming).into_any())}
            {step("Total", duration_or_dash(it.row.total_ms).into_any())}
            {step("Settled", time_or(it.resolved.clone(), "Still on its way"))}
        </ul>
    }
    .erase()
}
