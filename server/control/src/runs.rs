//! Runs: start one, look at it, run parts of it again, stop it.
//!
//! Starting only writes the grid; an executor picks the samples up from the queue, whether or not anyone watches. `stop_cell`
//! and `cancel` are the only ways to end one early: closing a page is not. Never here: calling a model, the log's transport.

mod compare;
mod exact;
mod turn;

use domain::{
    ApiError,
    error::FieldErrors,
    event::RunEvent,
    grid::{Grid, MAX_SAMPLES},
    id::{CellId, RunId, SampleId},
    permission::Permission,
    run::{Forecast, NewRun, Place, ROWS_SHOWN, RunAgain, RunPage, RunQuery, RunSummary, RunView},
    text,
};
use store::{
    pool,
    runs::{Again, NewCell, NewGrid, NewSample},
};

pub use compare::diff;
pub use exact::exact;
pub use turn::continue_turn;

use crate::{
    Access, Actor, Context, Error, audit,
    grids::{self, Checked},
    stamps::Stamps,
};

/// Runs in a page of the list.
const DEFAULT_LISTED: u32 = 50;
const MOST_LISTED: u32 = 200;
/// Characters of a prompt that name a run.
const NAME_CHARS: usize = 80;
/// Events in one answer.
const MOST_EVENTS: u32 = 1_000;
/// Longest text that a name is looked for by.
const LONGEST_SEARCH: usize = 200;

/// Starts a run: a cell for every variant and case, and samples for the cells that run now.
pub async fn start(ctx: &Context, actor: &Actor, input: NewRun) -> Result<RunId, Error> {
    let NewRun { team, mut grid, name, only } = input;
    let team = actor.team(ctx, &team).await?;
    actor.require(Permission::RunPlayground, &team)?;
    let starter = actor.user().ok_or(Error::NeedsPerson)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let mut checked = grids::check(ctx, &mut db, team.id, &mut grid).await?;
    drop(db);
    let asked = grids::places(&grid, &only, &mut checked);
    let name = match name.trim() {
        "" => Ok(title(&grid)),
        name => text::name(name),
    };
    let name = name.unwrap_or_else(|message| {
        checked.add("name", message);
        String::new()
    });
    checked.finish()?;
    let places = not_blocked(ctx.workbench.forecast(team.id, starter, &grid, &asked).await?, asked)?;

    let (clock, entropy) = (&*ctx.clock, &*ctx.entropy);
    let all = grids::places(&grid, &[], &mut Checked::default());
    let cells: Vec<NewCell> =
        all.iter().map(|place| NewCell { id: CellId::new(clock, entropy), place: *place }).collect();
    let mut samples = Vec::new();
    for cell in cells.iter().filter(|cell| places.contains(&cell.place)) {
        let sample = |position| NewSample { id: SampleId::new(clock, entropy), cell: cell.id, position };
        samples.extend((0..u16::from(grid.samples)).map(sample));
    }
    let run = RunId::new(clock, entropy);
    let models = models(&grid);
    let new = NewGrid { run, starter, name: &name, models: &models, grid: &grid, cells: &cells, samples: &samples };
    let mut tx = ctx.begin().await?;
    store::runs::insert(&mut tx, team.id, &new).await?;
    pool::commit(tx).await?;
    Ok(run)
}

/// Leaves out what could only fail. When nothing is left, the run does not start, and the reasons say why.
fn not_blocked(forecast: Forecast, asked: Vec<Place>) -> Result<Vec<Place>, ApiError> {
    let blocked = forecast.blocked;
    let places: Vec<Place> =
        asked.into_iter().filter(|place| !blocked.iter().any(|blocked| blocked.place == *place)).collect();
    match blocked.first() {
        Some(first) if places.is_empty() => {
            Err(ApiError::field("only", format!("none of these cells can run: {}", first.reason)))
        }
        _ => Ok(places),
    }
}

/// The models of a grid, each once.
fn models(grid: &Grid) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for variant in &grid.variants {
        if !names.contains(&variant.model) {
            names.push(variant.model.clone());
        }
    }
    names
}

/// The first line that the first cell says, shortened.
fn title(grid: &Grid) -> String {
    let said = grid.variants.first().zip(grid.cases.first()).and_then(|(variant, case)| grid.said(variant, case).ok());
    let turns = said.map(|(_, turns)| turns).unwrap_or_default();
    let lines = turns.iter().flat_map(|turn| turn.text.lines()).map(str::trim);
    let line: String = lines.filter(|line| !line.is_empty()).take(1).collect();
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    match line.char_indices().nth(NAME_CHARS) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default().trim_end()),
        None if line.is_empty() => "Untitled".to_owned(),
        None => line,
    }
}

/// Runs cells of a run again, or for the first time; tells how many samples wait now. What still runs is left alone.
pub async fn again(ctx: &Context, actor: &Actor, input: RunAgain) -> Result<u32, Error> {
    let RunAgain { team, run, cells, failed_only } = input;
    let team = actor.team(ctx, &team).await?;
    actor.require(Permission::RunPlayground, &team)?;
    let by = actor.user().ok_or(Error::NeedsPerson)?;
    let mut tx = ctx.begin().await?;
    let grid = store::runs::grid(&mut tx, team.id, run).await?.ok_or(Error::NotFound)?;
    let samples_per_cell = grid.samples.clamp(1, MAX_SAMPLES);
    let sample = || SampleId::new(&*ctx.clock, &*ctx.entropy);
    let again = Again { cells: &cells, failed_only, samples_per_cell, by };
    let queued = store::runs::queue_again(&mut tx, team.id, run, again, sample).await?;
    pool::commit(tx).await?;
    queued.ok_or(Error::NotFound)
}

/// A run with its first rows, as of its cursor.
pub async fn get(ctx: &Context, actor: &Actor, team: &str, run: RunId, rows: Option<u32>) -> Result<RunView, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadContent, &team)?;
    let rows = rows.unwrap_or(ROWS_SHOWN);
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let view = store::runs::view(&mut db, team.id, run, rows, actor.user()).await?.ok_or(Error::NotFound)?;
    let votes = match actor.user() {
        Some(user) => store::feedback::votes_of_run(&mut db, team.id, run, user).await?,
        None => Vec::new(),
    };
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    Ok(RunView {
        id: run,
        team: view.team,
        name: view.name,
        starter: view.starter,
        created: stamps.of(view.created_at),
        grid: view.grid,
        finished: view.is_finished,
        cursor: view.cursor,
        progress: view.progress,
        cost: view.cost,
        unpriced: view.unpriced,
        cells: view.cells,
        rows,
        votes,
        may_change: actor.may(Permission::RunPlayground, &team),
    })
}

/// One page of the runs of the team, newest first.
pub async fn list(ctx: &Context, actor: &Actor, query: RunQuery) -> Result<RunPage, Error> {
    let RunQuery { team, q, open, mine, before, limit } = query;
    let team = actor.team(ctx, &team).await?;
    actor.require(Permission::ReadContent, &team)?;
    let limit = limit.unwrap_or(DEFAULT_LISTED);
    let mut errors = FieldErrors::default();
    if !(1..=MOST_LISTED).contains(&limit) {
        errors.add("limit", format!("use a number from 1 to {MOST_LISTED}"));
    }
    if q.len() > LONGEST_SEARCH || q.contains('\0') {
        errors.add("q", format!("look for at most {LONGEST_SEARCH} bytes of text"));
    }
    errors.finish()?;
    let user = mine.then(|| actor.user().ok_or(Error::NeedsPerson)).transpose()?;
    // One more than asked for tells whether there is a next page.
    let filter = store::runs::Filter { q: q.trim().to_owned(), open, user, before, limit: limit + 1 };
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let mut rows = store::runs::list(&mut db, team.id, &filter).await?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| has_more).map(|row| row.id);
    let runs = rows.into_iter().map(|row| RunSummary {
        id: row.id,
        name: row.name,
        models: row.models,
        starter: row.starter,
        created: stamps.of(row.created_at),
        finished: row.is_finished,
        progress: row.progress,
        cost: row.cost,
        unpriced: row.unpriced,
    });
    Ok(RunPage { runs: runs.collect(), next })
}

pub async fn rename(ctx: &Context, actor: &Actor, team: &str, run: RunId, name: &str) -> Result<(), Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::RunPlayground, &team)?;
    let name = text::name(name).map_err(|message| ApiError::field("name", message))?;
    let mut tx = ctx.begin().await?;
    if !store::runs::rename(&mut tx, team.id, run, &name).await? {
        return Err(Error::NotFound);
    }
    let object = format!("run {run}");
    let act = audit::Act { team: Some(team.id), action: "run.rename", object: &object, fields: &["name"] };
    audit::record(ctx, actor, &mut tx, act).await?;
    Ok(pool::commit(tx).await?)
}

/// What a grid would cost, and what is wrong with it. Wrong fields are part of the answer: what can be computed is.
pub async fn forecast(
    ctx: &Context,
    actor: &Actor,
    team: &str,
    mut grid: Grid,
    only: Vec<Place>,
) -> Result<Forecast, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::RunPlayground, &team)?;
    let user = actor.user().ok_or(Error::NeedsPerson)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let mut checked = grids::check(ctx, &mut db, team.id, &mut grid).await?;
    drop(db);
    let asked = grids::places(&grid, &only, &mut checked);
    let variables = grid.variables();
    let forecast = match grids::repaired(&grid, &checked, &asked) {
        // No place at all would mean all of them.
        Some((grid, able)) if able.is_empty() => {
            let first = [Place { variant: 0, case: 0 }];
            // Nothing can run yet; what a model does not take is told all the same.
            let Forecast { unsupported, .. } = ctx.workbench.forecast(team.id, user, &grid, &first).await?;
            Forecast { unsupported, input_tokens: vec![0; grid.variants.len()], ..Forecast::default() }
        }
        Some((grid, able)) => ctx.workbench.forecast(team.id, user, &grid, &able).await?,
        None => Forecast { input_tokens: vec![0; grid.variants.len()], ..Forecast::default() },
    };
    Ok(Forecast { variables, problems: checked.wrong, ..forecast })
}

/// Stops one cell; its text so far stays. A cell that has ended stays as it is.
pub async fn stop_cell(ctx: &Context, actor: &Actor, team: &str, run: RunId, cell: CellId) -> Result<(), Error> {
    let team = actor.team(ctx, team).await?;
    stop(ctx, actor, &team, run, Some(cell)).await
}

/// Stops every cell of the run that has not ended.
pub async fn cancel(ctx: &Context, actor: &Actor, team: &str, run: RunId) -> Result<(), Error> {
    let team = actor.team(ctx, team).await?;
    stop(ctx, actor, &team, run, None).await
}

async fn stop(ctx: &Context, actor: &Actor, team: &Access, run: RunId, cell: Option<CellId>) -> Result<(), Error> {
    actor.require(Permission::RunPlayground, team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    match store::runs::request_stop(&mut db, team.id, run, cell).await? {
        true => Ok(()),
        false => Err(Error::NotFound),
    }
}

/// Events of a run after `after`, in order. For event streams, which name only the run: rights are checked on every call,
/// and whoever may not see the team learns no more than that there is nothing.
pub async fn events(ctx: &Context, actor: &Actor, run: RunId, after: i64, limit: u32) -> Result<Vec<RunEvent>, Error> {
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let slug = store::runs::team_of(&mut db, run).await?.ok_or(Error::NotFound)?;
    drop(db);
    let team = actor.team(ctx, &slug).await?;
    actor.require(Permission::ReadContent, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    Ok(store::runs::events(&mut db, team.id, run, after, limit.clamp(1, MOST_EVENTS).into()).await?)
}

#[cfg(test)]
mod tests {
    use domain::{
        ErrorKind,
        grid::{Case, Turn, Variant},
        run::Blocked,
    };

    use super::*;

    fn grid(text: &str) -> Grid {
        let mut grid = Grid { variants: vec![Variant::default()], ..Grid::default() };
        grid.prompt.turns = vec![Turn { text: text.to_owned(), ..Turn::default() }];
        grid
    }

    #[test]
    fn a_run_is_named_by_the_first_line_with_words_shortened_between_characters() {
        assert_eq!(title(&grid("\n  Explain quicksort.\nThen prove it.")), "Explain quicksort.");
        assert_eq!(title(&grid(&"é".repeat(NAME_CHARS))), "é".repeat(NAME_CHARS));
        assert_eq!(title(&grid(&"é".repeat(NAME_CHARS + 1))), format!("{}…", "é".repeat(NAME_CHARS)));
        assert_eq!(title(&grid(" \n")), "Untitled");
        let mut filled = grid("Explain {{topic}}.");
        filled.cases = vec![Case { values: vec![("topic".into(), "trees".into())], ..Case::default() }];
        assert_eq!(title(&filled), "Explain trees.");
    }

    #[test]
    fn pg_4_cells_that_cannot_run_are_left_out_and_none_at_all_is_refused_with_the_reason() {
        let place = |variant| Place { variant, case: 0 };
        let blocked = |variant| Blocked { place: place(variant), reason: "the context is too small".to_owned() };
        let forecast = |blocked| Forecast { blocked, ..Forecast::default() };
        let asked = || vec![place(0), place(1)];
        assert_eq!(not_blocked(forecast(vec![blocked(1)]), asked()), Ok(vec![place(0)]));
        let refused = not_blocked(forecast(vec![blocked(0), blocked(1)]), asked()).unwrap_err();
        assert_eq!(refused.of_field("only"), Some("none of these cells can run: the context is too small"));
        assert_eq!(refused.kind, ErrorKind::Invalid);
    }
}
