//! One request in a drawer over the list: what was asked, what happened and why, the arithmetic of what it cost, and what
//! people say about it. What was said is fetched only when somebody opens it.

use domain::{
    feedback::GivenVerdict,
    history::{Around, AttemptDetail, RequestDetail},
    id::RequestId,
    task::TaskClass,
};

use self::{content::content, marks::marks, receipt::receipt, replay::replay_button};
use super::{
    frame::Viewer,
    history::{
        ask::Asked,
        table::{status, verdict_word},
    },
    param, team,
    verdict::verdict_row,
};
use crate::{
    api::{self, Failure, protocol::ask},
    browser,
    components::{
        announcer::Announcer,
        badge::{Tone, badge},
        code_block::code_block,
        copy_button::copyable,
        erase::{Erase, views},
        error_panel::sentence,
        fetched::fetch,
        icon::icon,
        reactive::{live, react},
        select::choice,
        skeleton::Shape,
        state::State,
        time::{missing, time, time_or},
        toast::Toasts,
    },
    format::{MISSING, amount, duration_or_dash, outcome_sentence, task_choices, task_word},
    prelude::*,
};

mod content;
mod marks;
mod receipt;
mod replay;

const HEADING: &str = "request-heading";

#[component]
pub fn Request() -> impl IntoView {
    let (team, request) = (team(), param("request"));
    let asked = Asked::of_page(team);
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
    let around = State::default();
    walk(asked, request, around);
    arrive(request);
    view! {
        <div class="drawer drawer-page" role="complementary" aria-labelledby=HEADING>
            <div class="drawer-head">
                <h2 id=HEADING tabindex="-1">
                    "Request"
                </h2>
                <div class="drawer-tools">
                    {live(move || neighbour(asked, around.get().newer, "chevron-left", "Newer request ([)"))}
                    {live(move || neighbour(asked, around.get().older, "chevron-right", "Older request (])"))}
                    <a class="button button-icon" href=move || asked.get().address("") title="Close" aria-label="Close">
                        {icon("x")}
                    </a>
                </div>
            </div>
            <div class="drawer-body">
                {detail.loaded(Shape::Text, move |it| request_view(it, &team.get_untracked()))}
            </div>
        </div>
    }
}

/// A link, so that it works without JavaScript and by middle click too.
fn neighbour(asked: Asked, to: Option<RequestId>, icon_name: &'static str, label: &'static str) -> AnyView {
    match to {
        Some(request) => view! {
            <a
                class="button button-icon"
                href=move || asked.get().address(&request.to_string())
                title=label
                aria-label=label
            >
                {icon(icon_name)}
            </a>
        }
        .erase(),
        None => view! {
            <span class="button button-icon" attr:aria-disabled="true" title=format!("{label}: there is none")>
                {icon(icon_name)}
            </span>
        }
        .erase(),
    }
}

/// Who comes before and after under the filters, asked anew for each request; `[`, `]` and Esc.
fn walk(asked: Asked, request: Signal<String>, around: State<Around>) {
    react(move || {
        around.set(Around::default());
        let Some(id) = RequestId::parse(&request.get()) else { return };
        let query = asked.get().query();
        ask(api::history::AskAround { query, request: id }, move |answer| {
            if request.try_with_untracked(|now| RequestId::parse(now) == Some(id)) == Some(true) {
                // Without an answer there is nowhere to go, and the list is still there.
                around.set(answer.unwrap_or_default());
            }
        });
    });
    react(move || {
        let handle = window_event_listener(leptos::ev::keydown, move |event| {
            if event.ctrl_key() || event.meta_key() || browser::is_typing(&event) || browser::has_layer() {
                return;
            }
            let to = |request: Option<RequestId>| request.map(|it| asked.now().address(&it.to_string()));
            let address = match event.key().as_str() {
                "[" => to(around.get_untracked().newer),
                "]" => to(around.get_untracked().older),
                "Escape" => Some(asked.now().address("")),
                _ => None,
            };
            if let Some(address) = address {
                event.prevent_default();
                asked.open(address);
            }
        });
        on_cleanup(move || handle.remove());
    });
}

/// The drawer is a place of its own: it is announced, and focus goes to its heading.
fn arrive(request: Signal<String>) {
    let announcer = use_context::<Announcer>();
    react(move || {
        request.track();
        if let Some(announcer) = announcer {
            announcer.arrive("Request", HEADING);
        }
    });
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
    let RequestDetail {
        request,
        public,
        model_asked,
        dialect,
        stream,
        run,
        task,
        may_label,
        tags,
        conversation,
        attempts,
        verdicts,
        route,
    } = detail;
    // The receipt API answers the key that made the call; a run has none.
    let json = run.is_none().then(|| receipt_command(public.clone())).flatten();
    let run_link = run.map(|run| {
        let link = view! { <a href=format!("/t/{team}/playground/{run}")>"Open the run"</a> }.erase();
        fact("Run", link)
    });
    let caller = attempts.first().map(|it| it.row.caller.clone());
    let last = attempts.last().map(|it| summary(it, attempts.len()));
    let attempts = views(attempts, &attempt);
    view! {
        {last}
        <p class="request-route">{route}</p>
        {opinions(team, request, may_label, verdicts)}
        <div class="form-actions">{replay_button(team.to_owned(), request)}</div>
        <dl class="facts">
            {fact("Request", copyable("Copy request id", public))}
            {fact("Model asked for", view! { <span class="mono">{model_asked}</span> }.erase())}
            {fact("Caller", caller.map_or_else(|| missing("Not recorded"), IntoAny::into_any))}
            {fact("Dialect", format!("{dialect}{}", if stream { ", streamed" } else { ", in one piece" }).into_any())}
            {run_link}
            {fact("Kind of work", task_choice(team, request, task, may_label))}
            {conversation.map(|it| fact("Conversation", copyable("Copy conversation id", it)))}
            {(!tags.is_empty()).then(|| fact("Tags", tag_list(&tags)))}
        </dl>
        {content(team.to_owned(), request)}
        {attempts}
        {json}
    }
    .into_any()
}

/// How it ended, on one line.
fn summary(it: &AttemptDetail, attempts: usize) -> AnyView {
    let cost = amount(it.row.cost, it.row.unpriced, it.row.usage_source);
    let retried = (attempts > 1).then(|| format!("{attempts} attempts"));
    view! {
        <div class="request-summary">
            {status(it.row.state, it.row.outcome)}
            <span class="mono">{it.row.model.clone()}</span>
            <span>{duration_or_dash(it.row.total_ms)}</span>
            <span>{retried}</span>
            <span class="attempt-cost" title=cost.title>
                {cost.text}
            </span>
        </div>
    }
    .erase()
}

/// One's own verdict to give, and those of others to read.
fn opinions(team: &str, request: RequestId, may_label: bool, all: Vec<GivenVerdict>) -> AnyView {
    let mine = all.iter().find(|it| it.is_mine).map(|it| it.verdict.clone());
    let others: Vec<GivenVerdict> = all.into_iter().filter(|it| !(it.is_mine && may_label)).collect();
    let rows = views(others, &|it: GivenVerdict| {
        let GivenVerdict { by, time: stamp, verdict, .. } = it;
        let mut parts = Vec::new();
        parts.extend(verdict.outcome.map(|it| verdict_word(it).to_owned()));
        parts.extend(verdict.edit_distance.map(|it| format!("{} changed", crate::format::percent(it))));
        parts.extend(verdict.rating.map(|it| format!("{it} of 5")));
        parts.extend((!verdict.tags.is_empty()).then(|| verdict.tags.join(", ")));
        let comment = (!verdict.comment.is_empty())
            .then(|| view! { <p class="wrap-anywhere">{verdict.comment.clone()}</p> }.erase());
        view! {
            <li>
                <p>
                    <span class="opinion-by">{by}</span>
                    " "
                    {parts.join(", ")}
                    " "
                    <span class="sub">{time(stamp)}</span>
                </p>
                {comment}
            </li>
        }
        .erase()
    });
    let row = may_label.then(|| verdict_row(team.to_owned(), request, State::new(mine), "request".to_owned()));
    if rows.is_empty() && row.is_none() {
        return ().into_any();
    }
    view! {
        <section class="opinions" aria-label="Verdicts">
            {row}
            <ul>{rows}</ul>
        </section>
    }
    .erase()
}

/// What kind of work it was: to change, where the reader may, and with the next request in mind.
fn task_choice(team: &str, request: RequestId, task: Option<TaskClass>, may_label: bool) -> AnyView {
    if !may_label {
        return task.map_or_else(|| missing("Not said"), |task| task_word(task).into_any());
    }
    let (team, toasts) = (team.to_owned(), use_context::<Toasts>());
    let choose = Callback::new(move |value: String| {
        let input = api::history::SetTask { team: team.clone(), request, task: TaskClass::parse(&value) };
        ask(input, move |answer| {
            let Some(toasts) = toasts else { return };
            match answer {
                Ok(()) => toasts.done("Kind of work noted"),
                Err(failure) => toasts.problem(sentence(&failure.0.message)),
            }
        });
    });
    let now = task.map(TaskClass::as_str).unwrap_or_default().to_owned();
    choice("request-task".to_owned(), "Kind of work".to_owned(), true, task_choices(), Signal::stored(now), choose)
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
