//! Parameters of a call: of all columns, or of one. What no column takes is disabled and says why.
//!
//! One more parameter: a line in [`PARAMS`].

use domain::grid::{AnswerFormat, EFFORTS, Grid, Settings};

use super::draft::{Draft, Owner};
use crate::{
    components::{
        button::{Look, plain_button},
        erase::{Erase, views},
        reactive::{remade, when},
        select::choice,
        state::State,
        text_box::{TextBox, text_box},
    },
    prelude::*,
};

struct Param {
    /// The field of `Settings`.
    name: &'static str,
    label: &'static str,
    placeholder: &'static str,
    inputmode: &'static str,
    rows: u32,
    get: fn(&Settings) -> String,
    /// What cannot be read becomes nothing, and `reads` says so.
    set: fn(&mut Settings, &str),
    reads: fn(&str) -> bool,
}

/// Of the preset *code*.
const LOW: &str = "0.2";
const NUMBER: &str = "numeric";
const DECIMAL: &str = "decimal";

fn whole<T: std::str::FromStr>(text: &str) -> Option<T> {
    let text: String = text.chars().filter(|c| !matches!(c, ',' | ' ' | '_')).collect();
    text.parse().ok()
}

fn shown<T: ToString>(value: Option<T>) -> String {
    value.map(|it| it.to_string()).unwrap_or_default()
}

fn any(_: &str) -> bool {
    true
}

const fn text(
    name: &'static str,
    label: &'static str,
    get: fn(&Settings) -> String,
    set: fn(&mut Settings, &str),
) -> Param {
    Param { name, label, placeholder: "provider's own", inputmode: DECIMAL, rows: 0, get, set, reads: any }
}

const fn number(
    name: &'static str,
    label: &'static str,
    get: fn(&Settings) -> String,
    set: fn(&mut Settings, &str),
    reads: fn(&str) -> bool,
) -> Param {
    Param { name, label, placeholder: "model's own", inputmode: NUMBER, rows: 0, get, set, reads }
}

fn reads_count(text: &str) -> bool {
    text.trim().is_empty() || whole::<u32>(text).is_some()
}

fn reads_seed(text: &str) -> bool {
    text.trim().is_empty() || whole::<i64>(text).is_some()
}

static PARAMS: [Param; 9] = [
    text("temperature", "Temperature", |it| it.temperature.clone(), |it, text| text.clone_into(&mut it.temperature)),
    number(
        "max_output",
        "Max output tokens",
        |it| shown(it.max_output),
        |it, text| it.max_output = whole(text),
        reads_count,
    ),
    text("top_p", "Top p", |it| it.top_p.clone(), |it, text| text.clone_into(&mut it.top_p)),
    number("top_k", "Top k", |it| shown(it.top_k), |it, text| it.top_k = whole(text), reads_count),
    number("seed", "Seed", |it| shown(it.seed), |it, text| it.seed = whole(text), reads_seed),
    text(
        "frequency_penalty",
        "Frequency penalty",
        |it| it.frequency_penalty.clone(),
        |it, text| text.clone_into(&mut it.frequency_penalty),
    ),
    text(
        "presence_penalty",
        "Presence penalty",
        |it| it.presence_penalty.clone(),
        |it, text| text.clone_into(&mut it.presence_penalty),
    ),
    Param {
        name: "stop",
        label: "Stop texts, one to a line",
        placeholder: "",
        inputmode: "text",
        rows: 1,
        get: |it| it.stop.join("\n"),
        set: |it, text| it.stop = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect(),
        reads: any,
    },
    Param {
        name: "extra",
        label: "More members of the request, as JSON",
        placeholder: "{\"logit_bias\": {}}",
        inputmode: "text",
        rows: 1,
        get: |it| it.extra.clone(),
        set: |it, text| text.clone_into(&mut it.extra),
        reads: any,
    },
];

/// What people set most, for the line that stands for all parameters while they are closed.
pub fn summary(it: &Settings) -> String {
    let mut parts = Vec::new();
    if !it.temperature.is_empty() {
        parts.push(format!("temperature {}", it.temperature));
    }
    parts.extend(it.max_output.map(|most| format!("at most {} tokens", domain::text::thousands(u64::from(most)))));
    if !it.effort.is_empty() {
        parts.push(format!("effort {}", it.effort));
    }
    let others = [!it.top_p.is_empty(), it.top_k.is_some(), it.seed.is_some(), !it.frequency_penalty.is_empty()];
    let more = [!it.presence_penalty.is_empty(), !it.stop.is_empty(), !it.extra.trim().is_empty()];
    let count = others.iter().chain(&more).filter(|is_set| **is_set).count();
    if count > 0 {
        parts.push(format!("{count} more"));
    }
    parts.join(", ")
}

pub fn settings_view(draft: Draft, owner: Owner) -> AnyView {
    let fields = move || {
        let mut fields = views(PARAMS.iter().collect(), &|param| param_view(draft, owner, param));
        fields.insert(2, effort(draft, owner));
        view! { <div class="params">{fields}</div> }.erase()
    };
    view! {
        <div class="settings">
            <div class="presets">
                <span class="presets-label">"Presets"</span>
                {plain_button(Look::Secondary, "Code", "code", move || code(draft, owner))}
                {plain_button(Look::Quiet, "Clear all", "", move || {
                    change(draft, owner, true, &|it| {
                        let (format, schema) = (it.format, std::mem::take(&mut it.schema));
                        *it = Settings { format, schema, ..Settings::default() };
                    });
                })}
            </div>
            {remade(move || draft.shape.track(), fields)}
        </div>
    }
    .erase()
}

/// Low temperature, so that the same question gets nearly the same answer, where the model accepts one: columns that do not
/// get parameters of their own, without it.
fn code(draft: Draft, owner: Owner) {
    let refusing: Vec<usize> = draft.forecast.with_untracked(|forecast| {
        let all = forecast.iter().flat_map(|it| &it.unsupported);
        all.filter(|it| it.field == "temperature").map(|it| usize::from(it.variant)).collect()
    });
    draft.reshape(&|grid| {
        let is_refused = |index: usize| refusing.contains(&index);
        if let Owner::Column(index) = owner {
            if let Some(settings) = owner.settings(grid).filter(|_| !is_refused(index)) {
                settings.temperature = LOW.to_owned();
            }
            return;
        }
        let shares = |grid: &Grid, index: usize| grid.variants.get(index).is_some_and(|it| it.settings.is_none());
        let all: Vec<usize> = (0..grid.variants.len()).filter(|index| shares(grid, *index)).collect();
        if all.iter().all(|index| is_refused(*index)) {
            return;
        }
        let without = Settings { temperature: String::new(), ..grid.settings.clone() };
        for index in all.into_iter().filter(|index| is_refused(*index)) {
            if let Some(variant) = grid.variants.get_mut(index) {
                variant.settings = Some(without.clone());
            }
        }
        grid.settings.temperature = LOW.to_owned();
    });
}

fn change(draft: Draft, owner: Owner, reshapes: bool, change: &dyn Fn(&mut Settings)) {
    let apply = |grid: &mut Grid| {
        if let Some(settings) = owner.settings(grid) {
            change(settings);
        }
    };
    if reshapes { draft.reshape(&apply) } else { draft.type_in(&apply) }
}

fn id(owner: Owner, name: &str) -> String {
    match owner {
        Owner::All => format!("playground-{name}"),
        Owner::Column(index) => format!("column-{index}-{name}"),
    }
}

fn param_view(draft: Draft, owner: Owner, param: &'static Param) -> AnyView {
    let path = format!("{}.{}", owner.path("settings"), param.name);
    let first = draft.look(&|grid| owner.settings(grid).map(|it| (param.get)(it))).unwrap_or_default();
    let unreadable = RwSignal::new(false);
    let problem = draft.problem(path.clone());
    let taken = move || draft.unsupported(owner, param.name);
    // A parameter that has a value can be taken away again, whatever the models say.
    let has_value = RwSignal::new(!first.is_empty());
    let disabled = move || {
        let (all, why) = taken();
        if all && !has_value.get() { why } else { String::new() }
    };
    let error = move || {
        if unreadable.get() {
            return Some("enter a whole number, or leave it empty".to_owned());
        }
        problem.get().or_else(|| {
            let (all, why) = taken();
            (all && has_value.get()).then_some(why)
        })
    };
    let box_of = TextBox {
        id: id(owner, param.name),
        label: param.label.to_owned(),
        placeholder: param.placeholder,
        inputmode: param.inputmode,
        rows: param.rows,
        mono: param.rows > 0,
        disabled: Signal::derive(disabled),
        error: Signal::derive(error),
        ..TextBox::default()
    };
    let typed = Callback::new(move |text: String| {
        has_value.set(!text.is_empty());
        unreadable.set(!(param.reads)(&text));
        change(draft, owner, false, &|it| (param.set)(it, text.trim()));
    });
    let note = move || {
        let (all, why) = taken();
        let note = if all { String::new() } else { why };
        (!note.is_empty()).then(|| view! { <p class="field-note param-note">{note}</p> }.erase())
    };
    let class = if param.rows > 0 { "param param-wide" } else { "param" };
    let left = Callback::new(move |()| draft.leave(&path));
    view! { <div class=class>{text_box(box_of, first, typed, left)} {note}</div> }.erase()
}

fn effort(draft: Draft, owner: Owner) -> AnyView {
    let words = |effort: &str| if effort.is_empty() { "model's own".to_owned() } else { effort.to_owned() };
    let choices = EFFORTS.iter().map(|effort| ((*effort).to_owned(), words(effort))).collect();
    let now = draft.look(&|grid| owner.settings(grid).map(|it| it.effort.clone())).unwrap_or_default();
    let choose = Callback::new(move |value: String| {
        change(draft, owner, false, &|it| it.effort.clone_from(&value));
    });
    view! {
        <div class="param">
            {choice(id(owner, "effort"), "Reasoning effort".to_owned(), false, choices, Signal::stored(now), choose)}
            {note(move || draft.unsupported(owner, "effort").1)}
        </div>
    }
    .erase()
}

/// A line below a field that may be empty.
pub fn note(words: impl Fn() -> String + Send + Sync + 'static) -> AnyView {
    let words = Signal::derive(words);
    view! { <p class="field-note">{move || words.get()}</p> }.erase()
}

const FORMATS: [(AnswerFormat, &str, &str); 3] = [
    (AnswerFormat::Text, "text", "Text"),
    (AnswerFormat::Json, "json", "Any JSON object"),
    (AnswerFormat::Schema, "schema", "JSON of a schema"),
];

/// What the answer has to look like, in words.
pub fn format_word(format: AnswerFormat) -> &'static str {
    FORMATS.iter().find(|it| it.0 == format).map_or("", |it| it.2)
}

/// Text, JSON, or JSON of a schema, which is checked on the server while it is typed.
pub fn format_view(draft: Draft, owner: Owner) -> AnyView {
    let now = State::new(draft.look(&|grid| owner.settings(grid).map(|it| it.format)).unwrap_or_default());
    let choices = FORMATS.iter().map(|it| (it.1.to_owned(), it.2.to_owned())).collect();
    let chosen = move || FORMATS.iter().find(|it| it.0 == now.get()).map_or("", |it| it.1).to_owned();
    let choose = Callback::new(move |value: String| {
        let format = FORMATS.iter().find(|it| it.1 == value).map(|it| it.0).unwrap_or_default();
        now.set(format);
        change(draft, owner, false, &|it| it.format = format);
        // The schema of an empty box would only be in the way.
        draft.leave(&format!("{}.schema", owner.path("settings")));
    });
    let refused = move || {
        let field = if now.get() == AnswerFormat::Schema { "schema" } else { "format" };
        draft.unsupported(owner, field).1
    };
    view! {
        <div class="format">
            {choice(id(owner, "format"), "Answer as".to_owned(), false, choices, Signal::derive(chosen), choose)}
            {note(refused)}
            {when(move || now.get() == AnswerFormat::Schema, move || schema(draft, owner))}
        </div>
    }
    .erase()
}

fn schema(draft: Draft, owner: Owner) -> AnyView {
    let path = format!("{}.schema", owner.path("settings"));
    let first = draft.look(&|grid| owner.settings(grid).map(|it| it.schema.clone())).unwrap_or_default();
    let it = TextBox {
        id: id(owner, "schema"),
        label: "JSON schema".to_owned(),
        hint: "Every answer is checked against it.".to_owned(),
        placeholder: "{\"type\": \"object\", \"properties\": {}}",
        mono: true,
        rows: 6,
        error: draft.problem(path.clone()),
        ..TextBox::default()
    };
    let typed = Callback::new(move |text: String| change(draft, owner, false, &|it| it.schema.clone_from(&text)));
    draft.leave(&path);
    text_box(it, first, typed, Callback::new(|()| ()))
}
