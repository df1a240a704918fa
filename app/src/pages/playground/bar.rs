//! The two lines above the answers: how the run goes, and how it is looked at.

use domain::run::Progress;

use super::{
    address::{DIFFS, Layout},
    desk::{Body, Desk},
    launch::Scope,
    name::name_view,
};
use crate::{
    browser,
    components::{
        badge::{Tone, badge},
        button::{Button, Look, plain_button},
        copy_button::copy_button_when,
        erase::Erase,
        reactive::{live, when},
        select::choice,
        tabs::{segments, toggle},
        time::time,
    },
    events::FeedState,
    format::plural,
    prelude::*,
};

pub fn run_bar(desk: Desk, starter: String, created: domain::clock::Stamp, feed: RwSignal<FeedState>) -> AnyView {
    let run = desk.run;
    let cost = move || {
        let totals = run.totals.get();
        let more = if totals.unpriced { " and unpriced calls" } else { "" };
        view! {
            <span class="run-cost" title=format!("${}, of all takes", totals.cost.exact())>
                {format!("{}{more}", totals.cost.short())}
            </span>
        }
        .erase()
    };
    let failed = move || run.totals.with(|it| it.progress.failed + it.progress.stopped);
    let retry = move || {
        let label = format!("Run {} again", plural(u64::from(failed()), "failed cell", "failed cells"));
        plain_button(Look::Secondary, label, "refresh", move || desk.launch.run(Scope::Failed))
    };
    let stop = move || {
        let press = Callback::new(move |()| run.stop_all());
        view! { <Button label="Stop all" icon_name="stop" shortcut="Ctrl ." busy=run.stopping press=press /> }.erase()
    };
    view! {
        <div class="run-bar">
            <span class="run-state">{live(move || progress(run.finished.get(), &run.totals.get().progress))}</span>
            {live(cost)}
            <span class="run-by">{starter} ", " {time(created)}</span>
            {connection(feed)}
            <div class="run-actions">
                {copy_button_when("Copy link to this view", browser::page_address)}
                {when(move || run.may_change && run.finished.get() && failed() > 0, retry)}
                {when(move || run.may_change && !run.finished.get(), stop)}
            </div>
        </div>
        {name_view(run.id, run.team.get_value(), run.may_change)}
    }
    .into_any()
}

fn progress(is_finished: bool, it: &Progress) -> AnyView {
    let over = it.done + it.stopped + it.failed;
    if !is_finished {
        return badge(Tone::Active, format!("running, {over} of {} done", it.cells));
    }
    let mut parts = Vec::new();
    for (count, word) in [(it.failed, "failed"), (it.stopped, "stopped"), (it.idle, "not run")] {
        if count > 0 {
            parts.push(format!("{count} of {} {word}", it.cells));
        }
    }
    let tone = match (it.failed, it.stopped) {
        (failed, _) if failed > 0 && failed == it.cells => Tone::Bad,
        (0, 0) => Tone::Ok,
        _ => Tone::Warn,
    };
    match parts.is_empty() {
        true => badge(tone, "finished"),
        false => badge(tone, format!("finished, {}", parts.join(", "))),
    }
}

/// Says so when the page does not hear events as they happen.
fn connection(feed: RwSignal<FeedState>) -> AnyView {
    let words = move || match feed.try_get().unwrap_or_default() {
        FeedState::Closed | FeedState::Live => None,
        FeedState::Reconnecting => Some(badge(Tone::Warn, "reconnecting")),
        FeedState::Polling => Some(badge(Tone::Warn, "no live stream, asking every 2 s")),
    };
    live(move || words().into_any())
}

/// Layout, body, comparison.
pub fn view_bar(desk: Desk) -> AnyView {
    let address = desk.address;
    let layouts = Layout::ALL.map(|it| (it.1, it.2));
    let layout = move || Layout::ALL.iter().find(|it| it.0 == address.look().layout).map_or("", |it| it.1);
    let lay_out = Callback::new(move |value: &'static str| {
        let layout = Layout::ALL.iter().find(|it| it.1 == value).map(|it| it.0).unwrap_or_default();
        let at = desk.focused.get_untracked();
        address.change(|look| {
            look.layout = layout;
            look.at = look.at.or(at);
        });
    });
    let bodies = Body::ALL.map(|it| (it.1, it.2));
    let body = move || Body::ALL.iter().find(|it| it.0 == desk.body.get()).map_or("", |it| it.1);
    let print = Callback::new(move |value: &'static str| {
        desk.body.set(Body::ALL.iter().find(|it| it.1 == value).map(|it| it.0).unwrap_or_default());
    });
    let is_many = desk.run.columns() > 1;
    let link = Callback::new(move |()| desk.linked.update(|linked| *linked = !*linked));
    let vote = Callback::new(move |()| {
        desk.blind.revealed.set(false);
        address.change(|look| look.blind = !look.blind);
    });
    view! {
        <div class="view-bar" role="group" aria-label="How the answers are shown">
            {segments("Layout", &layouts, Signal::derive(layout), lay_out)}
            {segments("Answers as", &bodies, Signal::derive(body), print)}
            {is_many.then(|| toggle("Scroll together", desk.linked.into(), link))}
            {is_many.then(|| diff_controls(desk))}
            {(is_many && desk.run.may_change).then(|| toggle("Blind vote", Signal::derive(move || address.look().blind), vote))}
        </div>
    }
    .erase()
}

fn diff_controls(desk: Desk) -> AnyView {
    let address = desk.address;
    let bases = move || {
        let mut choices = vec![(String::new(), "Compare with nothing".to_owned())];
        let columns = desk.order().into_iter();
        choices.extend(columns.map(|variant| (variant.to_string(), format!("Compare with {}", desk.name(variant)))));
        let chosen = address.look_now().base.map(|base| base.to_string()).unwrap_or_default();
        let choose = Callback::new(move |value: String| {
            address.change(|look| {
                look.base = value.parse().ok();
                look.only_different &= look.base.is_some();
            });
        });
        choice("run-base".to_owned(), "Base column".to_owned(), true, choices, Signal::stored(chosen), choose)
    };
    let modes = DIFFS.map(|it| (it.1, it.2));
    let mode = move || DIFFS.iter().find(|it| it.0 == address.look().diff).map_or("", |it| it.1);
    let choose = Callback::new(move |value: &'static str| {
        let diff = DIFFS.iter().find(|it| it.1 == value).map(|it| it.0).unwrap_or_default();
        address.change(|look| look.diff = diff);
    });
    let only = Callback::new(move |()| address.change(|look| look.only_different = !look.only_different));
    let more = move || {
        view! {
            {segments("Differences in", &modes, Signal::derive(mode), choose)}
            {(desk.run.cases() > 1)
                .then(|| toggle("Only rows that differ", Signal::derive(move || address.look().only_different), only))}
        }
        .into_any()
    };
    view! {
        {live(bases)}
        {when(move || address.look().base.is_some(), more)}
    }
    .into_any()
}
