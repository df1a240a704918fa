//! What only the engine knows about a grid: what it would cost, how it reads on the wire, what a stored body says. `server`
//! hands the implementation down: this crate knows neither dialects nor providers.

use std::pin::Pin;

use domain::{
    ApiError,
    grid::Grid,
    id::{TeamId, UserId},
    run::{Forecast, Place},
};

/// An answer that has to be waited for.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

pub trait Workbench: Send + Sync {
    /// What these cells would cost for this person, and what keeps them from running. Wrong fields of a grid block their
    /// cells and are no error.
    fn forecast<'a>(
        &'a self,
        team: TeamId,
        user: UserId,
        grid: &'a Grid,
        only: &'a [Place],
    ) -> Later<'a, Result<Forecast, ApiError>>;

    /// The request of a cell as a client of ours sends it, as JSON; the bytes of images are shortened. `Err` says why there is
    /// none, in words for people.
    fn client<'a>(&'a self, team: TeamId, grid: &'a Grid, place: Place) -> Later<'a, Result<String, String>>;

    /// A stored request of any dialect as a grid of one variant and one case, and what of it could not be kept, in words.
    fn read(&self, dialect: &str, body: &str) -> Option<(Grid, Vec<String>)>;

    /// What the model said, out of a stored response of any dialect, stream or whole.
    fn answer(&self, dialect: &str, response: &str) -> Option<String>;

    /// Is it a JSON schema? `Err` names the place.
    fn check_schema(&self, schema: &str) -> Result<(), String>;
}
