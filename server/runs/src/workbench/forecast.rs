//! What a grid would cost, and what keeps its cells from running (`product.md` PG-4, PG-5, PG-7).
//!
//! Each cell takes the gateway's own way up to the reservation, without making one: what is told here is what a run meets. What
//! a model does not take is found out in the same way, by asking for each thing alone, so that a form can say it beforehand.
//! One more parameter of the form: its line in [`PROBES`] and in [`field_of`].

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Money,
    grid::{AnswerFormat, Grid, Prompt, ToolReply, Variant},
    id::{TeamId, UserId},
    run::{Blocked, Forecast, MAX_TOOL_ROUNDS, Place, Unsupported},
};
use gateway::{Caller, Forecasted};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{Workbench, stand_ins};
use crate::request::{self, OWN, Pictures};

/// Forecasts that are worked out at once, over all people: calls and pages need the processors too. And those that wait.
static WORKERS: Semaphore = Semaphore::const_new(2);
static QUEUE: Semaphore = Semaphore::const_new(32);
/// Bytes of requests that are written for one forecast. Cells beyond count as the dearest of their column before them.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Bytes after which the reasons of one field are enough.
const LONGEST_REASON: usize = 1_000;
/// Pixels of an image that make a token, and the most that one image is. Near what the vendors state.
const PIXELS_PER_TOKEN: u64 = 750;
const MOST_IMAGE_TOKENS: u64 = 1_600;

/// One member of a request for each field of the form.
const PROBES: [(&str, &str); 14] = [
    ("max_output", r#""max_completion_tokens":16"#),
    ("temperature", r#""temperature":0.5"#),
    ("top_p", r#""top_p":0.95"#),
    ("top_k", r#""top_k":40"#),
    ("frequency_penalty", r#""frequency_penalty":0.5"#),
    ("presence_penalty", r#""presence_penalty":0.5"#),
    ("seed", r#""seed":1"#),
    ("stop", r#""stop":["END"]"#),
    ("effort", r#""reasoning_effort":"low""#),
    ("format", r#""response_format":{"type":"json_object"}"#),
    (
        "schema",
        r#""response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object","properties":{},"additionalProperties":false}}}"#,
    ),
    (
        "tool_choice",
        r#""tool_choice":"required","tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]"#,
    ),
    ("tools", r#""tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]"#),
    (
        "images",
        r#""messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}]"#,
    ),
];

/// Why there is no forecast.
#[derive(Debug, thiserror::Error)]
pub enum ForecastError {
    #[error("too many costs are being worked out at once: try again in a moment")]
    Busy,
    /// The thread ended without an answer: a defect, or the server stops.
    #[error("the cost could not be worked out")]
    Worker,
    #[error("the team's usual answers could not be read")]
    Database(#[from] store::Error),
}

/// Nobody waits for a forecast whose future was dropped: it stops at the next cell.
pub(super) async fn forecast(
    workbench: &Workbench,
    team: TeamId,
    user: UserId,
    grid: &Grid,
    only: &[Place],
) -> Result<Forecast, ForecastError> {
    let places = places(grid, only);
    let cells = u32::try_from(places.len()).unwrap_or(u32::MAX);
    let forecast = Forecast {
        cells,
        samples: cells.saturating_mul(grid.samples.into()),
        input_tokens: vec![0; grid.variants.len()],
        problems: grid.check().finish().err().map(|error| error.fields).unwrap_or_default(),
        variables: grid.variables(),
        ..Forecast::default()
    };
    if !forecast.problems.is_empty() {
        return Ok(forecast);
    }
    let averages = averages(workbench, team, grid).await?;
    let caller = workbench.gateway.member_caller(team, user);
    let (workbench, grid) = (workbench.clone(), grid.clone());
    let place = QUEUE.try_acquire().map_err(|_| ForecastError::Busy)?;
    // Never closed.
    let permit = WORKERS.acquire().await.map_err(|_| ForecastError::Worker)?;
    drop(place);
    let unwanted = CancellationToken::new();
    let _asker = unwanted.clone().drop_guard();
    let counting = tokio::task::spawn_blocking(move || {
        let forecast = counted(&workbench, &caller, &grid, &places, averages, forecast, &unwanted);
        drop(permit);
        forecast
    });
    counting.await.map_err(|_| ForecastError::Worker)
}

/// The sums over these cells: written, read and counted one by one, which takes a processor for a while.
fn counted(
    workbench: &Workbench,
    caller: &Caller,
    grid: &Grid,
    places: &[Place],
    averages: BTreeMap<String, u32>,
    mut forecast: Forecast,
    unwanted: &CancellationToken,
) -> Forecast {
    // An image counts as one, whatever its bytes: a real one is not needed.
    let pictures = stand_ins(grid, |_| "AA==".to_owned());
    let mut sums = Sums { pictures, averages, ..Sums::empty(grid) };
    for (index, variant) in (0..).zip(&grid.variants).take_while(|_| !unwanted.is_cancelled()) {
        sums.probe(workbench, caller, index, &variant.model);
    }
    for place in places.iter().take_while(|_| !unwanted.is_cancelled()) {
        sums.add(workbench, caller, *place);
    }
    let Sums { expected, worst, unpriced, blocked, unsupported, tokens, .. } = sums;
    forecast.expected = expected;
    forecast.worst = worst;
    forecast.unpriced = unpriced.into_iter().collect();
    forecast.blocked = blocked;
    forecast.unsupported = unsupported
        .into_iter()
        .map(|((variant, field), reason)| Unsupported { variant, field: field.to_owned(), reason })
        .collect();
    for (variant, most) in tokens {
        if let Some(shown) = forecast.input_tokens.get_mut(usize::from(variant)) {
            *shown = most;
        }
    }
    forecast
}

/// The cells that are meant, each once: those of the first rows first.
fn places(grid: &Grid, only: &[Place]) -> Vec<Place> {
    let of = |index: usize| u16::try_from(index).ok();
    let all = (0..grid.cases.len()).flat_map(|case| (0..grid.variants.len()).map(move |variant| (case, variant)));
    let all = all.filter_map(|(case, variant)| Some(Place { variant: of(variant)?, case: of(case)? }));
    if only.is_empty() {
        return all.collect();
    }
    let named: BTreeSet<Place> = only.iter().copied().collect();
    all.filter(|place| named.contains(place)).collect()
}

/// Output tokens of the team's answers by model.
async fn averages(workbench: &Workbench, team: TeamId, grid: &Grid) -> Result<BTreeMap<String, u32>, store::Error> {
    let models: BTreeSet<&str> = grid.variants.iter().map(|variant| variant.model.as_str()).collect();
    let models: Vec<String> = models.into_iter().map(str::to_owned).collect();
    let mut db = store::pool::connection(&workbench.pools.dashboard).await?;
    Ok(store::attempts::average_output(&mut db, team, &models).await?.into_iter().collect())
}

struct Sums<'a> {
    grid: &'a Grid,
    pictures: Pictures,
    averages: BTreeMap<String, u32>,
    expected: Money,
    worst: Money,
    unpriced: BTreeSet<String>,
    blocked: Vec<Blocked>,
    /// By variant and field.
    unsupported: BTreeMap<(u16, &'static str), String>,
    /// Most input tokens of a cell, by variant.
    tokens: BTreeMap<u16, u32>,
    /// Bytes of requests so far.
    bytes: usize,
    /// The dearest cell so far, by variant: expected and worst.
    dearest: BTreeMap<u16, (Money, Money)>,
}

impl<'a> Sums<'a> {
    fn empty(grid: &'a Grid) -> Self {
        Self {
            grid,
            pictures: Pictures::new(),
            averages: BTreeMap::new(),
            expected: Money::ZERO,
            worst: Money::ZERO,
            unpriced: BTreeSet::new(),
            blocked: Vec::new(),
            unsupported: BTreeMap::new(),
            tokens: BTreeMap::new(),
            bytes: 0,
            dearest: BTreeMap::new(),
        }
    }

    /// Notes what this model does not take, asked for or not.
    fn probe(&mut self, workbench: &Workbench, caller: &Caller, index: u16, model: &str) {
        for (field, member) in PROBES {
            let messages = if field == "images" { "" } else { r#""messages":[{"role":"user","content":"hi"}],"# };
            let body = format!(r#"{{"model":{},"stream":true,{messages}{member}}}"#, serde_json::Value::from(model));
            // A model that is not there is told with its cells.
            let Ok(forecasted) = workbench.gateway.forecast(caller, body.into()) else { return };
            let is_it = |path: &str| matches!(field_of(path), of if of == field || (of, field) == ("format", "schema"));
            if let Some(limitation) = forecasted.limitations.into_iter().find(|found| is_it(&found.field)) {
                self.note(index, field, &limitation.reason);
            }
        }
    }

    fn add(&mut self, workbench: &Workbench, caller: &Caller, place: Place) {
        let Some((variant, _)) = request::at(self.grid, place) else { return };
        if self.bytes > MOST_BYTES {
            let (expected, worst) = self.dearest.get(&place.variant).copied().unwrap_or((Money::ZERO, Money::ZERO));
            return self.count(expected, worst);
        }
        let body = match request::body(self.grid, place, &self.pictures, &[]) {
            Ok(body) => body,
            Err(reason) => return self.blocked.push(Blocked { place, reason }),
        };
        self.bytes += body.len();
        match workbench.gateway.forecast(caller, body.into()) {
            Ok(forecasted) => self.take(variant, place, &forecasted),
            Err(error) => {
                let reason = error.problem(workbench.gateway.request_id()).message;
                self.blocked.push(Blocked { place, reason });
            }
        }
    }

    fn take(&mut self, variant: &Variant, place: Place, forecasted: &Forecasted) {
        let input = forecasted.input_tokens.saturating_add(self.image_tokens(place));
        let most = self.tokens.entry(place.variant).or_insert(0);
        *most = input.max(*most);
        self.note_own(variant, place.variant);
        let mut obstacle = forecasted.overflow.clone();
        for limitation in &forecasted.limitations {
            let field = match field_of(&limitation.field) {
                "format" if self.grid.settings_of(variant).format == AnswerFormat::Schema => "schema",
                field => field,
            };
            self.note(place.variant, field, &limitation.reason);
            if limitation.is_fatal && obstacle.is_none() {
                obstacle = Some(limitation.reason.clone());
            }
        }
        if let Some(reason) = obstacle {
            return self.blocked.push(Blocked { place, reason });
        }
        let usual = self.averages.get(&variant.model).copied().unwrap_or(forecasted.output_cap / 4);
        let expected = forecasted.cost(input, usual.min(forecasted.output_cap));
        let (Some(expected), Some(worst)) = (expected, worst(self.grid.prompt_of(variant), forecasted)) else {
            self.unpriced.insert(variant.model.clone());
            return;
        };
        let dearest = self.dearest.entry(place.variant).or_insert((Money::ZERO, Money::ZERO));
        *dearest = (dearest.0.max(expected), dearest.1.max(worst));
        self.count(expected, worst);
    }

    /// Members of the raw JSON that are not taken from there.
    fn note_own(&mut self, variant: &Variant, index: u16) {
        let Ok(extra) = request::extra(self.grid.settings_of(variant)) else { return };
        for name in OWN.into_iter().filter(|name| extra.contains_key(*name)) {
            let reason = match name {
                "n" => "Use samples instead of \"n\": it is left out.".to_owned(),
                _ => format!("\"{name}\" is set by the playground: what the raw JSON says is left out."),
            };
            self.note(index, "extra", &reason);
        }
    }

    /// A field of the form has one reason, the first; the raw JSON has as many as it has members.
    fn note(&mut self, variant: u16, field: &'static str, reason: &str) {
        let known = self.unsupported.entry((variant, field)).or_default();
        if known.is_empty() {
            known.push_str(reason);
        } else if field == "extra" && !known.contains(reason) && known.len() < LONGEST_REASON {
            known.push(' ');
            known.push_str(reason);
        }
    }

    fn count(&mut self, expected: Money, worst: Money) {
        for _ in 0..self.grid.samples {
            self.expected = plus(self.expected, expected);
            self.worst = plus(self.worst, worst);
        }
    }

    fn image_tokens(&self, place: Place) -> u32 {
        let Some((variant, case)) = request::at(self.grid, place) else { return 0 };
        let images = self.grid.prompt_of(variant).turns.iter().chain(&case.turns).flat_map(|turn| &turn.images);
        let tokens = images.map(|image| {
            let pixels = u64::from(image.width) * u64::from(image.height);
            pixels.div_ceil(PIXELS_PER_TOKEN).min(MOST_IMAGE_TOKENS)
        });
        u32::try_from(tokens.sum::<u64>()).unwrap_or(u32::MAX)
    }
}

/// The most that one sample can cost: every call that tools can make follow, each with all that was said before.
fn worst(prompt: &Prompt, forecasted: &Forecasted) -> Option<Money> {
    let first = forecasted.worst?;
    if prompt.tools.iter().all(|tool| tool.reply == ToolReply::Typed) {
        return Some(first);
    }
    let results: usize = prompt.tools.iter().map(|tool| tool.result.len()).sum();
    // A call comes back at most twice: as it was made, and as its own echo.
    let round = u64::from(forecasted.output_bound()) * 2 + results as u64;
    (1..=MAX_TOOL_ROUNDS).try_fold(first, |sum, number| {
        let more = u32::try_from(round.saturating_mul(number.into())).unwrap_or(u32::MAX);
        forecasted.worst_after(more).map(|next| plus(sum, next))
    })
}

fn plus(sum: Money, more: Money) -> Money {
    sum.checked_add(more).unwrap_or(Money(i64::MAX))
}

/// The field of the settings that a member of the request comes from.
fn field_of(path: &str) -> &'static str {
    match path.split(['.', '[']).next().unwrap_or_default() {
        "max_completion_tokens" | "max_tokens" => "max_output",
        "temperature" => "temperature",
        "top_p" => "top_p",
        "top_k" => "top_k",
        "frequency_penalty" => "frequency_penalty",
        "presence_penalty" => "presence_penalty",
        "seed" => "seed",
        "stop" => "stop",
        "reasoning" | "reasoning_effort" => "effort",
        "response_format" => "format",
        "tool_choice" => "tool_choice",
        "tools" | "strict" => "tools",
        "messages" | "detail" => "images",
        _ => "extra",
    }
}
