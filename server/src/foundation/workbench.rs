//! The engine's part of the playground, as `control` asks for it: neither of the two knows the other.

use std::sync::OnceLock;

use control::workbench::{Later, Workbench};
use domain::{
    ApiError, ErrorKind,
    grid::Grid,
    id::{TeamId, UserId},
    run::{Forecast, Place},
};
use runs::ForecastError;

/// Commands have no gateway; a server brings its own as soon as it runs.
#[derive(Default)]
pub struct RunsWorkbench(OnceLock<runs::Workbench>);

impl RunsWorkbench {
    pub fn bring(&self, workbench: runs::Workbench) {
        // A process has one gateway: there is nothing to replace.
        self.0.get_or_init(|| workbench);
    }

    fn engine(&self) -> Result<&runs::Workbench, ApiError> {
        self.0.get().ok_or_else(|| ApiError::new(ErrorKind::Unavailable, "models cannot be called from here"))
    }
}

impl Workbench for RunsWorkbench {
    fn forecast<'a>(
        &'a self,
        team: TeamId,
        user: UserId,
        grid: &'a Grid,
        only: &'a [Place],
    ) -> Later<'a, Result<Forecast, ApiError>> {
        Box::pin(async move {
            self.engine()?.forecast(team, user, grid, only).await.map_err(|error| {
                let message = match &error {
                    ForecastError::Busy => error.to_string(),
                    ForecastError::Worker | ForecastError::Database(_) => {
                        tracing::warn!(error = &error as &dyn std::error::Error, "a run cannot be estimated");
                        "the cost cannot be estimated at the moment".to_owned()
                    }
                };
                ApiError::new(ErrorKind::Unavailable, message)
            })
        })
    }

    fn client<'a>(&'a self, team: TeamId, grid: &'a Grid, place: Place) -> Later<'a, Result<String, String>> {
        Box::pin(async move {
            let engine = self.engine().map_err(|error| error.message)?;
            engine.client(team, grid, place).await
        })
    }

    fn read(&self, dialect: &str, body: &str) -> Option<(Grid, Vec<String>)> {
        runs::Workbench::read(dialect, body)
    }

    fn answer(&self, dialect: &str, response: &str) -> Option<String> {
        runs::Workbench::answer(dialect, response)
    }

    fn check_schema(&self, schema: &str) -> Result<(), String> {
        runs::Workbench::check_schema(schema)
    }
}
