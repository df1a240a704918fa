//! What the playground asks of the engine besides running: what a grid would cost, how a cell reads on the wire, what a stored
//! body says, whether a text is a schema. `server` hands it to `control`.
//!
//! | file | what |
//! |---|---|
//! | `forecast.rs` | cost and obstacles of a grid before anything runs |
//! | `read.rs` `read/` | a stored request as a grid |
//! | `answer.rs` | a stored answer as text |
//!
//! Never here: who may ask, and anything that is sent or written.

mod answer;
mod forecast;
mod read;

use domain::{
    grid::{Grid, ImageRef},
    id::{TeamId, UserId},
    run::{Forecast, Place},
};
pub use forecast::ForecastError;
use gateway::Gateway;
use serde_json::Value;
use store::pool::Pools;

use crate::{
    request::{self, Picture, Pictures},
    schema,
};

/// The engine's side of the playground. Cheap to clone.
#[derive(Clone)]
pub struct Workbench {
    gateway: Gateway,
    pools: Pools,
}

impl Workbench {
    pub fn new(gateway: Gateway, pools: Pools) -> Self {
        Self { gateway, pools }
    }

    /// What these cells, or with none named all, would cost for this person, and what keeps them from running. A grid with
    /// wrong fields is told so, and has no cost.
    pub async fn forecast(
        &self,
        team: TeamId,
        user: UserId,
        grid: &Grid,
        only: &[Place],
    ) -> Result<Forecast, ForecastError> {
        forecast::forecast(self, team, user, grid, only).await
    }

    /// The request of a cell as a client of ours sends it, as JSON; images stand as a few words. `Err` says in words for
    /// people why there is none.
    pub async fn client(&self, _team: TeamId, grid: &Grid, place: Place) -> Result<String, String> {
        client(grid, place)
    }

    /// A stored request of any dialect as a grid of one variant and one case, and in words what of it could not be kept.
    pub fn read(dialect: &str, body: &str) -> Option<(Grid, Vec<String>)> {
        read::read(dialect, body)
    }

    /// What the model said, out of a stored response of any dialect, stream or whole.
    pub fn answer(dialect: &str, response: &str) -> Option<String> {
        answer::answer(dialect, response)
    }

    /// Is it a JSON schema that answers can be checked with? `Err` names the place.
    pub fn check_schema(text: &str) -> Result<(), String> {
        schema::check(text)
    }
}

fn client(grid: &Grid, place: Place) -> Result<String, String> {
    let body = request::body(grid, place, &stand_ins(grid, words_of), &[])?;
    let value: Value = serde_json::from_str(&body).map_err(|error| error.to_string())?;
    serde_json::to_string_pretty(&value).map_err(|error| error.to_string())
}

/// Every image of the grid with something in place of its bytes.
fn stand_ins(grid: &Grid, data: impl Fn(&ImageRef) -> String) -> Pictures {
    let prompts = std::iter::once(&grid.prompt).chain(grid.variants.iter().filter_map(|it| it.prompt.as_ref()));
    let turns = prompts.flat_map(|prompt| &prompt.turns).chain(grid.cases.iter().flat_map(|case| &case.turns));
    let picture = |image: &ImageRef| Picture { media_type: image.media_type.clone(), data: data(image) };
    turns.flat_map(|turn| &turn.images).map(|image| (image.id, picture(image))).collect()
}

fn words_of(image: &ImageRef) -> String {
    let ImageRef { bytes, width, height, .. } = image;
    format!("<{bytes} bytes, {width} × {height}>")
}

#[cfg(test)]
mod tests;
