//! What a sample is made of: the grid of its run, read once for all of its samples, and the images of its own cell.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{grid::Grid, id::RunId};
use store::{pool::Pools, runs::ClaimedSample};

use crate::request::{self, Picture, Pictures};

/// Grids that are kept. More runs at once only read theirs more often.
const KEPT: usize = 16;

pub(crate) struct Material {
    pub grid: Arc<Grid>,
    /// Those that are still there.
    pub pictures: Pictures,
}

/// The grids of runs that were worked on last, the newest first. A grid never changes.
#[derive(Default)]
pub(crate) struct Materials(Mutex<VecDeque<(RunId, Arc<Grid>)>>);

impl Materials {
    /// `None`: the run is gone.
    pub async fn of(&self, pools: &Pools, sample: &ClaimedSample) -> Result<Option<Material>, store::Error> {
        let mut db = store::pool::connection(&pools.dashboard).await?;
        let run = sample.lease.run;
        let known = self.known(run);
        let grid = match known {
            Some(grid) => grid,
            None => match store::runs::grid(&mut db, sample.team, run).await? {
                Some(grid) => self.keep(run, Arc::new(grid)),
                None => return Ok(None),
            },
        };
        let ids = request::images(&grid, sample.place);
        let mut pictures = Pictures::new();
        if !ids.is_empty() {
            for image in store::images::get_many(&mut db, sample.team, &ids).await? {
                let picture = Picture { media_type: image.media_type, data: STANDARD.encode(&image.bytes) };
                pictures.insert(image.id, picture);
            }
        }
        Ok(Some(Material { grid, pictures }))
    }

    fn known(&self, run: RunId) -> Option<Arc<Grid>> {
        self.kept().iter().find(|(known, _)| *known == run).map(|(_, grid)| grid.clone())
    }

    fn keep(&self, run: RunId, grid: Arc<Grid>) -> Arc<Grid> {
        let mut kept = self.kept();
        kept.retain(|(known, _)| *known != run);
        kept.push_front((run, grid.clone()));
        kept.truncate(KEPT);
        grid
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<(RunId, Arc<Grid>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
