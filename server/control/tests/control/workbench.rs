//! A workbench for tests: it knows one dialect and counts instead of asking anybody. Grids are judged by their fields alone.

use control::workbench::{Later, Workbench};
use domain::{
    ApiError, Money,
    grid::{Grid, Prompt, Turn, TurnRole, Variant},
    id::{TeamId, UserId},
    run::{Blocked, Forecast, Place, Unsupported},
};
use serde_json::{Value, json};

/// No cell may answer with more tokens than this.
pub const MOST_OUTPUT: u32 = 16_384;

pub struct Counting;

fn seedless((_, variant): (&Variant, u16)) -> Unsupported {
    Unsupported { variant, field: "seed".to_owned(), reason: "this model takes no seed".to_owned() }
}

impl Workbench for Counting {
    /// Every sample likely costs 1,000 nano-dollars, and 5,000 at most; a cell that asks for too long an answer is blocked. A
    /// grid with wrong fields has no cost. The model `small` takes no seed.
    fn forecast<'a>(
        &'a self,
        _team: TeamId,
        _user: UserId,
        grid: &'a Grid,
        only: &'a [Place],
    ) -> Later<'a, Result<Forecast, ApiError>> {
        if grid.check().finish().is_err() {
            return Box::pin(std::future::ready(Ok(Forecast::default())));
        }
        let is_blocked = |place: &&Place| {
            let variant = &grid.variants[usize::from(place.variant)];
            grid.settings_of(variant).max_output.is_some_and(|most| most > MOST_OUTPUT)
        };
        let (blocked, able): (Vec<&Place>, Vec<&Place>) = only.iter().partition(is_blocked);
        let reason = || format!("the model answers with at most {MOST_OUTPUT} tokens");
        let cells = u32::try_from(able.len()).expect("few cells");
        let samples = cells * u32::from(grid.samples);
        let forecast = Forecast {
            cells,
            samples,
            expected: Money(i64::from(samples) * 1_000),
            worst: Money(i64::from(samples) * 5_000),
            blocked: blocked.into_iter().map(|place| Blocked { place: *place, reason: reason() }).collect(),
            input_tokens: vec![7; grid.variants.len()],
            unsupported: grid.variants.iter().zip(0..).filter(|(it, _)| it.model == "small").map(seedless).collect(),
            ..Forecast::default()
        };
        Box::pin(std::future::ready(Ok(forecast)))
    }

    fn client<'a>(&'a self, _team: TeamId, grid: &'a Grid, place: Place) -> Later<'a, Result<String, String>> {
        let variant = &grid.variants[usize::from(place.variant)];
        let said = grid.said(variant, &grid.cases[usize::from(place.case)]).map_err(|fault| fault.to_string());
        let body = said.map(|(system, turns)| {
            let role = |role| if role == TurnRole::User { "user" } else { "assistant" };
            let turns = turns.iter().map(|turn| json!({ "role": role(turn.role), "content": turn.text }));
            let system = (!system.is_empty()).then(|| json!({ "role": "system", "content": system }));
            json!({ "model": variant.model, "messages": system.into_iter().chain(turns).collect::<Vec<_>>() })
                .to_string()
        });
        Box::pin(std::future::ready(body))
    }

    fn read(&self, dialect: &str, body: &str) -> Option<(Grid, Vec<String>)> {
        let body: Value = serde_json::from_str(body).ok().filter(|_| dialect == "openai_chat")?;
        let (mut prompt, mut notes) = (Prompt::default(), Vec::new());
        for message in body["messages"].as_array()? {
            let Some(text) = message["content"].as_str() else {
                notes.push("an image was not kept".to_owned());
                continue;
            };
            match message["role"].as_str()? {
                "system" => prompt.system = text.to_owned(),
                "assistant" => {
                    prompt.turns.push(Turn { role: TurnRole::Assistant, text: text.to_owned(), images: vec![] });
                }
                _ => prompt.turns.push(Turn { text: text.to_owned(), ..Turn::default() }),
            }
        }
        let variant = Variant { model: body["model"].as_str()?.to_owned(), ..Variant::default() };
        Some((Grid { prompt, variants: vec![variant], ..Grid::default() }, notes))
    }

    fn answer(&self, dialect: &str, response: &str) -> Option<String> {
        let body: Value = serde_json::from_str(response).ok().filter(|_| dialect == "openai_chat")?;
        Some(body["choices"][0]["message"]["content"].as_str()?.to_owned())
    }

    fn check_schema(&self, schema: &str) -> Result<(), String> {
        let schema: Value = serde_json::from_str(schema).map_err(|error| error.to_string())?;
        match &schema["type"] {
            Value::Null | Value::String(_) => Ok(()),
            other => Err(format!("/type: {other} is not a type")),
        }
    }
}
