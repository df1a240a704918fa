//! One sample as it went over the wire: as a client sends it, as code, and as it reached the provider (`product.md` PG-13, PG-16).

use domain::{
    ApiError, ErrorKind,
    id::{CellId, RunId},
    permission::Permission,
    run::Exact,
    snippet,
};
use serde_json::Value;
use store::pool;

use crate::{Actor, Context, Error};

/// The newest take of a sample, by its position in the cell.
pub async fn exact(
    ctx: &Context,
    actor: &Actor,
    team: &str,
    run: RunId,
    cell: CellId,
    sample: u16,
) -> Result<Exact, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadContent, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let (place, upstream) = store::runs::exact(&mut db, team.id, run, cell, sample).await?.ok_or(Error::NotFound)?;
    let grid = store::runs::grid(&mut db, team.id, run).await?.ok_or(Error::NotFound)?;
    drop(db);
    let client = ctx.workbench.client(team.id, &grid, place).await;
    let client = client.map_err(|reason| ApiError::new(ErrorKind::Conflict, reason))?;
    // What is no JSON cannot be told in code; the text is shown all the same.
    let body: Result<Value, _> = serde_json::from_str(&client);
    let snippets = body.map(|body| snippet::snippets(&ctx.public_url, &body)).unwrap_or_default();
    Ok(Exact { client, snippets, upstream })
}
