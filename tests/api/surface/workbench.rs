//! A valid body for every server function of the playground, of runs, of history and of feedback.

use serde_json::{Value, json};
use tests::tenants::{PICTURE, grid};

use super::{Maker, Scene};

/// What is asked on the team's things.
pub const PLAIN: &[(&str, Maker)] = &[
    ("feedback/give", verdict),
    ("feedback/pairs", run),
    ("feedback/report", query),
    ("feedback/vote", |it| {
        let vote = json!({"left": place(0), "right": place(1), "preference": "tie", "blind": true});
        json!({"input": {"team": it.side.slug, "run": it.side.run, "vote": vote}})
    }),
    ("history/around", |it| json!({"query": {"team": it.side.slug}, "request": it.side.request})),
    (
        "history/compare",
        |it| json!({"team": it.side.slug, "requests": [it.side.request, it.side.run_request], "mode": "words"}),
    ),
    ("history/content", request),
    ("history/facets", query),
    ("history/get", request),
    ("history/list", query),
    ("history/remove_view", |it| json!({"team": it.side.slug, "id": it.side.view})),
    ("history/replay", request),
    (
        "history/save_view",
        |it| json!({"input": {"team": it.side.slug, "name": format!("view {}", it.nr), "query": "q=words", "shared": false}}),
    ),
    ("history/set_task", task),
    ("history/views", team),
    ("playground/add_image", |it| json!({"team": it.side.slug, "data_base64": PICTURE})),
    ("playground/case_set", |it| json!({"team": it.side.slug, "id": it.side.case_set})),
    ("playground/case_sets", team),
    ("playground/draft", team),
    ("playground/read_cases", |_| json!({"text": "topic,name\nparsing,one\n"})),
    ("playground/remove_case_set", |it| json!({"team": it.side.slug, "id": it.side.case_set})),
    ("playground/save_case_set", |it| {
        let cases = json!([{"name": "one", "values": [["topic", "parsing"]]}]);
        json!({"input": {"team": it.side.slug, "name": format!("set {}", it.nr), "shared": false, "cases": cases}})
    }),
    ("playground/save_draft", |it| json!({"team": it.side.slug, "grid": small(it)})),
    (
        "runs/again",
        |it| json!({"input": {"team": it.side.slug, "run": it.side.run, "cells": [it.side.cell], "failed_only": false}}),
    ),
    ("runs/cancel", run),
    ("runs/continue", |it| {
        let side = it.side;
        json!({"input": {"team": side.slug, "run": side.run, "cell": side.cell, "sample": 0, "results": [["call", "42"]]}})
    }),
    ("runs/diff", |it| json!({"team": it.side.slug, "run": it.side.run, "base": 0, "mode": "words"})),
    ("runs/exact", |it| json!({"team": it.side.slug, "run": it.side.run, "cell": it.side.cell, "sample": 0})),
    ("runs/forecast", |it| json!({"team": it.side.slug, "grid": small(it), "only": [place(0)]})),
    ("runs/get", run),
    ("runs/list", query),
    ("runs/rename", |it| json!({"team": it.side.slug, "run": it.side.run, "name": format!("run {}", it.nr)})),
    ("runs/start", |it| json!({"input": {"team": it.side.slug, "grid": small(it), "name": format!("run {}", it.nr)}})),
    ("runs/stop_cell", |it| json!({"team": it.side.slug, "run": it.side.run, "cell": it.side.cell})),
];

/// The same on what belongs to the asker.
pub const OWN: &[(&str, Maker)] =
    &[("feedback/give", verdict), ("history/content", request), ("history/get", request), ("history/set_task", task)];

fn team(it: &Scene<'_>) -> Value {
    json!({"team": it.side.slug})
}

fn query(it: &Scene<'_>) -> Value {
    json!({"query": {"team": it.side.slug}})
}

fn run(it: &Scene<'_>) -> Value {
    json!({"team": it.side.slug, "run": it.side.run})
}

fn request(it: &Scene<'_>) -> Value {
    json!({"team": it.side.slug, "request": it.side.request})
}

fn task(it: &Scene<'_>) -> Value {
    json!({"team": it.side.slug, "request": it.side.request, "task": "review"})
}

fn verdict(it: &Scene<'_>) -> Value {
    let verdict =
        json!({"outcome": "accepted", "edit_distance": null, "rating": 4, "comment": "fine", "tags": ["terse"]});
    json!({"input": {"team": it.side.slug, "request": it.side.request, "verdict": verdict}})
}

fn place(variant: u16) -> Value {
    json!({"variant": variant, "case": 0})
}

fn small(it: &Scene<'_>) -> Value {
    grid(&it.side.model_name, "hello")
}
