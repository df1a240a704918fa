//! Requests as the playground would run them again, and side by side (`product.md` HI-7). What was said comes from the stored
//! text, or from the run that the request belonged to, which keeps its own.

use std::collections::HashSet;

use domain::{
    ApiError, ErrorKind,
    grid::Grid,
    history::{Compared, ContentLock, HistoryRow, Replay, RequestContent},
    id::{RequestId, RunId},
    permission::Permission,
    run::{DiffMode, Place},
    team::StoreContent,
};
use store::{
    history::Attempt,
    pool::{self, Connection},
    runs::InRun,
};

use super::{detail::row, reads, said, shown};
use crate::{Access, Actor, Context, Error, diff, grids, stamps::Stamps, workbench::Workbench};

/// How many requests stand side by side.
const COMPARED: std::ops::RangeInclusive<usize> = 2..=4;

/// A request as a grid of one cell, and what changed since.
pub async fn replay(ctx: &Context, actor: &Actor, team: &str, request: RequestId) -> Result<Replay, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::RunPlayground, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let (mut grid, mut notes) = match readable(&mut db, actor, &team, request).await? {
        Readable::InRun { run, place, .. } => {
            let grid = store::runs::grid(&mut db, team.id, run).await?.ok_or(Error::NotFound)?;
            (cell_of(grid, place).ok_or(Error::NotFound)?, Vec::new())
        }
        Readable::Own(attempts) => {
            let dialect = attempts.first().map(|attempt| attempt.dialect.clone()).unwrap_or_default();
            let body = said(ctx, &mut db, &team, request, &attempts).await?;
            let body = body.map_err(|lock| ApiError::new(ErrorKind::Conflict, why(lock)))?;
            // Reading may wait for its turn, and keeps no connection meanwhile.
            drop(db);
            let (workbench, asked) = (ctx.workbench.clone(), body.asked);
            let read = diff::aside(move |_| workbench.read(&dialect, &asked)).await?;
            db = pool::connection(&ctx.pools.dashboard).await?;
            let (grid, mut notes) = read.ok_or_else(|| Error::conflict("this kind of request cannot be run again"))?;
            if body.policy == StoreContent::Redacted {
                notes.push("secrets were taken out of the text before it was kept".to_owned());
            }
            (grid, notes)
        }
    };
    grid.task = store::history::labels(&mut db, team.id, request).await?.task;
    // Whatever cannot run as it is now is said in words; the form shows where.
    let checked = grids::check(ctx, &mut db, team.id, &mut grid).await?;
    let known: HashSet<String> = notes.iter().cloned().collect();
    notes.extend(checked.wrong.into_iter().map(|wrong| wrong.message).filter(|message| !known.contains(message)));
    Ok(Replay { grid, notes })
}

/// What a request said belongs to a run of the team, or is its reader's to read.
enum Readable {
    InRun { run: RunId, place: Place, text: String, attempts: Vec<Attempt> },
    Own(Vec<Attempt>),
}

impl Readable {
    fn attempts(&self) -> &[Attempt] {
        match self {
            Self::InRun { attempts, .. } | Self::Own(attempts) => attempts,
        }
    }
}

/// A run is read by all members; any other request by who made it and by admins of the team.
async fn readable(db: &mut Connection, actor: &Actor, team: &Access, request: RequestId) -> Result<Readable, Error> {
    let own = reads(actor, team)?;
    if let Some(InRun { run, place, text, .. }) = store::runs::of_request(db, team.id, request).await? {
        let attempts = store::history::get(db, team.id, request, None).await?;
        return Ok(Readable::InRun { run, place, text, attempts });
    }
    match store::history::get(db, team.id, request, own).await? {
        attempts if attempts.is_empty() => Err(Error::NotFound),
        attempts => Ok(Readable::Own(attempts)),
    }
}

/// One cell of a grid as a grid of its own.
fn cell_of(grid: Grid, place: Place) -> Option<Grid> {
    let variant = grid.variants.get(usize::from(place.variant))?.clone();
    let case = grid.cases.get(usize::from(place.case))?.clone();
    let (prompt, settings) = (grid.prompt_of(&variant).clone(), grid.settings_of(&variant).clone());
    let variant = domain::grid::Variant { prompt: None, settings: None, ..variant };
    Some(Grid { prompt, settings, variants: vec![variant], cases: vec![case], samples: 1, task: grid.task })
}

fn why(lock: ContentLock) -> &'static str {
    match lock {
        ContentLock::Running => "the call still runs: its text is stored when it ends",
        ContentLock::InRun => "the run that kept the text of this call is gone",
        ContentLock::Age => "the text of this call was older than what is kept",
        ContentLock::Policy => "the team keeps numbers only: there is no text to run again",
        ContentLock::NotKept => "the text of this call was not kept",
    }
}

/// Requests side by side, in the order that they are named, and how the answers differ from the first one's.
pub async fn compare(
    ctx: &Context,
    actor: &Actor,
    team: &str,
    requests: Vec<RequestId>,
    mode: DiffMode,
) -> Result<Vec<Compared>, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadContent, &team)?;
    let different: HashSet<RequestId> = requests.iter().copied().collect();
    if !COMPARED.contains(&requests.len()) || different.len() != requests.len() {
        let message = format!("choose {} to {} different requests", COMPARED.start(), COMPARED.end());
        return Err(ApiError::field("requests", message).into());
    }
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    let mut sides = Vec::with_capacity(requests.len());
    for request in requests {
        sides.push(side(ctx, &mut db, actor, &team, stamps, request).await?);
    }
    drop(db);
    diff::aside(move |deadline| {
        let base = sides.first().map(|side| side.answer.clone()).unwrap_or_default();
        for side in sides.iter_mut().skip(1) {
            side.diff = diff::parts(&base, &side.answer, mode, deadline);
        }
        sides
    })
    .await
}

async fn side(
    ctx: &Context,
    db: &mut Connection,
    actor: &Actor,
    team: &Access,
    stamps: Stamps,
    request: RequestId,
) -> Result<Compared, Error> {
    let readable = readable(db, actor, team, request).await?;
    let last = readable.attempts().last().ok_or(Error::NotFound)?;
    let (row, dialect): (HistoryRow, String) = (row(stamps, last), last.dialect.clone());
    let (content, answer) = match readable {
        Readable::InRun { run, place, text, .. } => {
            let grid = store::runs::grid(db, team.id, run).await?.ok_or(Error::NotFound)?;
            // A cell that cannot be put into words any more still has its answer.
            let asked = ctx.workbench.client(team.id, &grid, place).await.unwrap_or_default();
            let content = RequestContent { asked, answered: text.clone(), ..RequestContent::default() };
            (content, text)
        }
        Readable::Own(attempts) => {
            let said = said(ctx, db, team, request, &attempts).await?;
            let answer = said.as_ref().map(|body| answer_of(&*ctx.workbench, &dialect, body)).unwrap_or_default();
            (shown(said), answer)
        }
    };
    Ok(Compared { row, public: request.public(), content, answer, diff: Vec::new() })
}

/// What the model said, as people read it. Without secrets, a stream is kept as the text that it said.
pub(crate) fn answer_of(workbench: &dyn Workbench, dialect: &str, body: &store::bodies::Body) -> String {
    workbench.answer(dialect, &body.answered).unwrap_or_else(|| match body.policy {
        StoreContent::Redacted => body.answered.clone(),
        StoreContent::Full | StoreContent::Metadata => String::new(),
    })
}

#[cfg(test)]
mod tests {
    use domain::grid::{Case, Prompt, Settings, Variant};

    use super::*;

    #[test]
    fn hi_7_a_cell_is_replayed_with_what_its_variant_really_said() {
        let own = Prompt { system: "own".into(), ..Prompt::default() };
        let cool = Settings { temperature: "0".into(), ..Settings::default() };
        let grid = Grid {
            variants: vec![
                Variant { model: "a".into(), ..Variant::default() },
                Variant { model: "b".into(), prompt: Some(own.clone()), settings: Some(cool.clone()) },
            ],
            cases: vec![Case::default(), Case { name: "second".into(), ..Case::default() }],
            samples: 5,
            ..Grid::default()
        };
        let cell = cell_of(grid.clone(), Place { variant: 1, case: 1 }).unwrap();
        assert_eq!((cell.prompt, cell.settings, cell.samples), (own, cool, 1));
        assert_eq!(cell.variants, [Variant { model: "b".into(), ..Variant::default() }]);
        assert_eq!(cell.cases[0].name, "second");
        assert!(cell_of(grid, Place { variant: 2, case: 0 }).is_none());
    }
}
