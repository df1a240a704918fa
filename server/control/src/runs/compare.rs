//! The answers of a run against those of one of its columns (`product.md` PG-10).

use std::collections::HashMap;

use domain::{
    ApiError,
    id::RunId,
    permission::Permission,
    run::{CellDiff, DiffMode},
};
use store::pool;

use crate::{Actor, Context, Error, diff};

/// Most bytes of all answers that are compared at once.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// The first sample of every other cell against that of column `base` in the same row. Cells without text are left out.
pub async fn diff(
    ctx: &Context,
    actor: &Actor,
    team: &str,
    run: RunId,
    base: u16,
    mode: DiffMode,
) -> Result<Vec<CellDiff>, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadContent, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let grid = store::runs::grid(&mut db, team.id, run).await?.ok_or(Error::NotFound)?;
    if usize::from(base) >= grid.variants.len() {
        return Err(ApiError::field("base", "this run has no such column").into());
    }
    let texts = store::runs::texts(&mut db, team.id, run).await?;
    drop(db);
    if texts.iter().map(|(_, _, text)| text.len()).sum::<usize>() > MOST_BYTES {
        let message =
            format!("these answers are more than {} MiB: too much to compare at once", MOST_BYTES / 1024 / 1024);
        return Err(ApiError::field("mode", message).into());
    }
    diff::aside(move |deadline| {
        let bases: HashMap<u16, &str> = texts
            .iter()
            .filter(|(place, ..)| place.variant == base)
            .map(|(place, _, text)| (place.case, text.as_str()))
            .collect();
        let others = texts.iter().filter(|(place, ..)| place.variant != base);
        let compared = others.filter_map(|(place, _, text)| {
            let old = bases.get(&place.case)?;
            Some(CellDiff { place: *place, parts: diff::parts(old, text, mode, deadline) })
        });
        compared.collect()
    })
    .await
}
