//! Runs: start one, look at it, stop it.
//!
//! Starting only writes the grid; an executor picks the cells up from the queue, whether or not anyone watches. `stop_cell`
//! and `cancel` are the only ways to end one early: closing a page is not. Never here: calling a model, the log's transport.

use domain::{
    error::FieldErrors,
    event::RunEvent,
    id::{CaseId, CellId, RunId, SampleId, VariantId},
    permission::Permission,
    run::{MAX_VARIANTS, MIN_VARIANTS, NewRun, RunSummary, RunView},
};
use store::runs::{NewCase, NewCell, NewGrid, NewVariant};

use crate::{Access, Actor, Context, Error, stamps::Stamps};

/// Most bytes of a system or a user prompt.
const MOST_PROMPT_BYTES: usize = 256 * 1024;
/// Runs in the list.
const MOST_LISTED: i64 = 50;
/// Characters of a prompt that a list shows as the run's title.
const TITLE_CHARS: usize = 80;
/// Events in one answer.
const MOST_EVENTS: u32 = 1_000;

/// Starts a run: one case, one variant per model, one cell each.
pub async fn start(ctx: &Context, actor: &Actor, input: NewRun) -> Result<RunId, Error> {
    let team = actor.team(ctx, &input.team).await?;
    actor.require(Permission::RunPlayground, &team)?;
    let starter = actor.user().ok_or(Error::NeedsPerson)?;
    let mut tx = store::pool::begin(&ctx.pools.dashboard).await?;
    let callable = store::models::list(&mut tx, team.id).await?;
    let is_callable =
        |name: &str| callable.iter().any(|m| m.name == name || m.aliases.iter().any(|alias| alias == name));
    check(&input, is_callable)?;

    let NewRun { team: _, models, system, user, max_output, temperature } = input;
    let (clock, entropy) = (&*ctx.clock, &*ctx.entropy);
    let case = NewCase { id: CaseId::new(clock, entropy), user };
    let variants: Vec<NewVariant> = models
        .into_iter()
        .map(|model| NewVariant {
            id: VariantId::new(clock, entropy),
            model,
            system: system.clone(),
            max_output: max_output.and_then(|most| i32::try_from(most).ok()),
            temperature: temperature.trim().to_owned(),
        })
        .collect();
    let cell = |variant: &NewVariant| NewCell { id: CellId::new(clock, entropy), variant: variant.id, case: case.id };
    let cells = variants.iter().map(cell).collect();
    let grid = NewGrid { run: RunId::new(clock, entropy), starter, variants, cases: vec![case], cells };
    store::runs::insert(&mut tx, team.id, &grid).await?;
    store::pool::commit(tx).await?;
    Ok(grid.run)
}

/// All wrong fields at once.
fn check(input: &NewRun, is_callable: impl Fn(&str) -> bool) -> Result<(), domain::ApiError> {
    let NewRun { team: _, models, system, user, max_output, temperature } = input;
    let mut errors = FieldErrors::default();
    if !(MIN_VARIANTS..=MAX_VARIANTS).contains(&models.len()) {
        errors.add("models", format!("choose {MIN_VARIANTS} to {MAX_VARIANTS} models"));
    }
    if let Some(unknown) = models.iter().find(|name| !is_callable(name)) {
        errors.add("models", format!("this team has no model named {unknown}"));
    }
    errors.check("system", prompt(system));
    if user.trim().is_empty() {
        errors.add("user", "write a user prompt");
    }
    errors.check("user", prompt(user));
    if max_output.is_some_and(|most| most == 0 || i32::try_from(most).is_err()) {
        errors.add("max_output", "use a whole number from 1, or leave it empty");
    }
    if !is_temperature(temperature.trim()) {
        errors.add("temperature", "use a number from 0 to 2 such as 0.3, or leave it empty");
    }
    errors.finish()
}

fn prompt(text: &str) -> Result<(), String> {
    if text.len() > MOST_PROMPT_BYTES {
        return Err(format!("use at most {} KiB", MOST_PROMPT_BYTES / 1024));
    }
    if text.contains('\0') {
        return Err("remove the NUL character".to_owned());
    }
    Ok(())
}

/// Empty, or a JSON number from 0 to 2 without sign or exponent: it is sent as it was typed.
fn is_temperature(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_decimal = (1..=6).contains(&fraction.len()) && fraction.bytes().all(|b| b.is_ascii_digit());
    match whole {
        "0" | "1" => is_decimal,
        "2" => is_decimal && fraction.bytes().all(|b| b == b'0'),
        _ => text.is_empty(),
    }
}

/// A run with all its cells, as of its cursor.
pub async fn get(ctx: &Context, actor: &Actor, team: &str, run: RunId) -> Result<RunView, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadContent, &team)?;
    let mut db = store::pool::connection(&ctx.pools.dashboard).await?;
    let view = store::runs::view(&mut db, team.id, run).await?.ok_or(Error::NotFound)?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    Ok(RunView {
        id: run,
        team: view.team,
        starter: view.starter,
        created: stamps.of(view.created_at),
        system: view.system,
        user: view.user,
        max_output: view.max_output.and_then(|most| u32::try_from(most).ok()),
        temperature: view.temperature,
        finished: view.is_finished,
        cursor: view.cursor,
        cells: view.cells,
    })
}

/// The newest runs of the team.
pub async fn list(ctx: &Context, actor: &Actor, team: &str) -> Result<Vec<RunSummary>, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadContent, &team)?;
    let mut db = store::pool::connection(&ctx.pools.dashboard).await?;
    let rows = store::runs::list(&mut db, team.id, MOST_LISTED).await?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    let summaries = rows.into_iter().map(|row| RunSummary {
        id: row.id,
        title: title(&row.prompt),
        models: row.models,
        starter: row.starter,
        created: stamps.of(row.created_at),
        finished: row.is_finished,
        cost: row.cost,
    });
    Ok(summaries.collect())
}

/// The first line that says something, shortened.
fn title(prompt: &str) -> String {
    let line = prompt.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    match line.char_indices().nth(TITLE_CHARS) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line.to_owned(),
    }
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
    let sample = || SampleId::new(&*ctx.clock, &*ctx.entropy);
    let mut db = store::pool::connection(&ctx.pools.dashboard).await?;
    match store::runs::request_stop(&mut db, team.id, run, cell, sample).await? {
        true => Ok(()),
        false => Err(Error::NotFound),
    }
}

/// Events of a run after `after`, in order. For event streams, which name only the run: rights are checked on every call,
/// and whoever may not see the team learns no more than that there is nothing.
pub async fn events(ctx: &Context, actor: &Actor, run: RunId, after: i64, limit: u32) -> Result<Vec<RunEvent>, Error> {
    let mut db = store::pool::connection(&ctx.pools.dashboard).await?;
    let slug = store::runs::team_of(&mut db, run).await?.ok_or(Error::NotFound)?;
    drop(db);
    let team = actor.team(ctx, &slug).await?;
    actor.require(Permission::ReadContent, &team)?;
    let mut db = store::pool::connection(&ctx.pools.dashboard).await?;
    Ok(store::runs::events(&mut db, team.id, run, after, limit.clamp(1, MOST_EVENTS).into()).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> NewRun {
        NewRun {
            team: "a".into(),
            models: vec!["small".into()],
            system: String::new(),
            user: "hello".into(),
            max_output: None,
            temperature: String::new(),
        }
    }

    fn wrong(input: NewRun) -> Vec<String> {
        let error = check(&input, |name| name == "small").err();
        error.map(|e| e.fields.into_iter().map(|f| f.field).collect()).unwrap_or_default()
    }

    #[test]
    fn one_to_six_known_models_may_run() {
        assert!(wrong(input()).is_empty());
        assert!(wrong(NewRun { models: vec!["small".into(); 6], ..input() }).is_empty());
        assert_eq!(wrong(NewRun { models: vec![], ..input() }), ["models"]);
        assert_eq!(wrong(NewRun { models: vec!["small".into(); 7], ..input() }), ["models"]);
        assert_eq!(wrong(NewRun { models: vec!["small".into(), "large".into()], ..input() }), ["models"]);
    }

    #[test]
    fn prompts_are_present_bounded_and_storable() {
        assert_eq!(wrong(NewRun { user: " \n".into(), ..input() }), ["user"]);
        assert!(wrong(NewRun { user: "x".repeat(MOST_PROMPT_BYTES), ..input() }).is_empty());
        assert_eq!(wrong(NewRun { user: "x".repeat(MOST_PROMPT_BYTES + 1), ..input() }), ["user"]);
        assert_eq!(wrong(NewRun { system: "a\0b".into(), user: "\0".into(), ..input() }), ["system", "user"]);
    }

    #[test]
    fn all_wrong_fields_are_reported_together() {
        let bad =
            NewRun { models: vec![], user: String::new(), max_output: Some(0), temperature: "hot".into(), ..input() };
        assert_eq!(wrong(bad), ["models", "user", "max_output", "temperature"]);
        assert_eq!(wrong(NewRun { max_output: Some(u32::MAX), ..input() }), ["max_output"]);
    }

    #[test]
    fn a_temperature_is_a_json_number_from_0_to_2() {
        for good in ["", "0", "1", "2", "0.3", "1.999999", "2.0", "0.0"] {
            assert!(is_temperature(good), "{good:?}");
        }
        for bad in ["-0", "2.1", "3", ".5", "1.", "01", "1e0", "0,3", "1.2.3", "NaN", "0.1234567", "٣"] {
            assert!(!is_temperature(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_title_is_the_first_line_with_words_shortened_between_characters() {
        assert_eq!(title("\n  Explain quicksort.\nThen prove it."), "Explain quicksort.");
        assert_eq!(title(&"é".repeat(TITLE_CHARS)), "é".repeat(TITLE_CHARS));
        assert_eq!(title(&"é".repeat(TITLE_CHARS + 1)), format!("{}…", "é".repeat(TITLE_CHARS)));
    }
}
