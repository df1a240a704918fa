//! Runs as pages show them: a view with its cursor, the list, what a cell said and sent.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{
    feedback::Verdict,
    grid::Grid,
    id::{CellId, RequestId, RunId, SampleId, TeamId, UserId},
    money::Money,
    run::{CellMetrics, CellState, CellView, Place, Progress, SampleView, ToolCall, Wire},
};
use serde::Deserialize;
use sqlx::PgConnection;

use super::{Step, cell_state, place, small};
use crate::{Error, feedback, storable};

/// A run as of `cursor`. Text and calls of running samples are what their events up to `cursor` add up to.
#[derive(Clone, Debug)]
pub struct View {
    pub team: String,
    pub name: String,
    pub starter: String,
    pub started_by: UserId,
    pub created_at: DateTime<Utc>,
    pub grid: Grid,
    pub is_finished: bool,
    pub cursor: i64,
    pub progress: Progress,
    /// Of all takes whose cost is known.
    pub cost: Money,
    /// Some take has no known cost.
    pub unpriced: bool,
    /// Cells of the first rows, by case and then by variant.
    pub cells: Vec<CellView>,
}

#[derive(Deserialize)]
struct CellRow {
    id: CellId,
    variant: i32,
    case: i32,
    samples: Vec<SampleRow>,
}

#[derive(Deserialize)]
struct SampleRow {
    position: i32,
    take: i32,
    state: String,
    error: Option<String>,
    metrics: CellMetrics,
    calls: Vec<ToolCall>,
    /// Calls in the log of a sample that is open; one comes again when its result is known.
    tools: Option<Vec<ToolCall>>,
    text: Option<String>,
}

/// One run of the team with the cells of its first `rows` cases and what `reader` said about them; `None` when it is missing
/// or another team's.
pub async fn view(
    db: &mut PgConnection,
    team: TeamId,
    run: RunId,
    rows: u32,
    reader: Option<UserId>,
) -> Result<Option<View>, Error> {
    let rows = i32::try_from(rows).unwrap_or(i32::MAX);
    let row = sqlx::query_file!("queries/runs_view.sql", team.0, run.0, rows).fetch_optional(&mut *db).await?;
    let Some(row) = row else { return Ok(None) };
    let verdicts = match reader {
        Some(reader) => feedback::of_run(db, team, run, reader).await?,
        None => HashMap::new(),
    };
    let cells: Vec<CellRow> = storable::parsed("samples", row.cells)?;
    Ok(Some(View {
        team: row.team,
        name: row.name,
        starter: row.starter,
        started_by: UserId(row.started_by),
        created_at: row.created_at,
        grid: storable::parsed("runs.grid", row.grid)?,
        is_finished: row.is_finished,
        cursor: row.seq,
        progress: storable::parsed("runs.progress", row.progress)?,
        cost: Money(row.cost_nano),
        unpriced: row.unpriced,
        cells: cells.into_iter().map(|cell| cell_view(cell, &verdicts)).collect::<Result<_, _>>()?,
    }))
}

fn cell_view(cell: CellRow, verdicts: &HashMap<RequestId, Verdict>) -> Result<CellView, Error> {
    let CellRow { id, variant, case, samples } = cell;
    let samples = samples.into_iter().map(|sample| sample_view(sample, verdicts));
    Ok(CellView { id, place: place(variant, case)?, samples: samples.collect::<Result<_, _>>()? })
}

fn sample_view(row: SampleRow, verdicts: &HashMap<RequestId, Verdict>) -> Result<SampleView, Error> {
    let SampleRow { position, take, state, error, metrics, mut calls, tools, text } = row;
    for call in tools.into_iter().flatten() {
        match calls.iter_mut().find(|known| known.id == call.id) {
            Some(known) => *known = call,
            None => calls.push(call),
        }
    }
    Ok(SampleView {
        position: small("samples.position", position)?,
        take: small("samples.take", take)?,
        state: cell_state(&state)?,
        text: text.unwrap_or_default(),
        calls,
        error,
        verdict: metrics.request.and_then(|request| verdicts.get(&request).cloned()),
        metrics,
    })
}

/// The grid of a run of the team.
pub async fn grid(db: &mut PgConnection, team: TeamId, run: RunId) -> Result<Option<Grid>, Error> {
    let grid = sqlx::query_scalar!("SELECT grid FROM runs WHERE team_id = $1 AND id = $2", team.0, run.0);
    grid.fetch_optional(db).await?.map(|grid| storable::parsed("runs.grid", grid)).transpose()
}

/// Which runs a list holds.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Part of the name, whatever its case; empty: any.
    pub q: String,
    /// Only those in which something waits or runs.
    pub open: bool,
    /// Only those that this person started.
    pub user: Option<UserId>,
    /// Older than this run of the same team.
    pub before: Option<RunId>,
    pub limit: u32,
}

/// A run in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub id: RunId,
    pub name: String,
    pub models: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub is_finished: bool,
    pub starter: String,
    pub progress: Progress,
    pub cost: Money,
    pub unpriced: bool,
}

/// Runs of the team, newest first.
pub async fn list(db: &mut PgConnection, team: TeamId, filter: &Filter) -> Result<Vec<Summary>, Error> {
    let Filter { q, open, user, before, limit } = filter;
    let rows = sqlx::query_file!(
        "queries/runs_list.sql",
        team.0,
        storable::text(q),
        open,
        user.map(|user| user.0),
        before.map(|run| run.0),
        i64::from(*limit)
    )
    .fetch_all(db)
    .await?;
    let summaries = rows.into_iter().map(|row| {
        Ok(Summary {
            id: RunId(row.id),
            name: row.name,
            models: row.models,
            created_at: row.created_at,
            is_finished: row.is_finished,
            starter: row.starter,
            progress: storable::parsed("runs.progress", row.progress)?,
            cost: Money(row.cost_nano),
            unpriced: row.unpriced,
        })
    });
    summaries.collect()
}

/// What the newest take of a sample sent and received, in order; empty before it has run. `None`: no such sample.
pub async fn exact(
    db: &mut PgConnection,
    team: TeamId,
    run: RunId,
    cell: CellId,
    position: u16,
) -> Result<Option<(Place, Vec<Wire>)>, Error> {
    let found = sqlx::query!(
        r#"SELECT c.variant, c."case", s.id AS "sample?"
             FROM cells c JOIN runs r ON r.id = c.run_id
             LEFT JOIN samples s ON s.cell_id = c.id AND s.position = $4 AND s.is_current
            WHERE r.team_id = $1 AND r.id = $2 AND c.id = $3"#,
        team.0,
        run.0,
        cell.0,
        i32::from(position)
    );
    let Some(found) = found.fetch_optional(&mut *db).await? else { return Ok(None) };
    let rows = sqlx::query!(
        "SELECT url, headers, body, status, answer, is_cut FROM sample_wires WHERE sample_id = $1 ORDER BY number",
        found.sample
    )
    .fetch_all(db)
    .await?;
    let wires = rows.into_iter().map(|row| {
        Ok(Wire {
            url: row.url,
            headers: storable::parsed("sample_wires.headers", row.headers)?,
            body: row.body,
            status: row.status.map(|status| small("sample_wires.status", status)).transpose()?,
            answer: row.answer,
            is_cut: row.is_cut,
        })
    });
    Ok(Some((place(found.variant, found.case)?, wires.collect::<Result<_, Error>>()?)))
}

/// The text of the first sample of each cell that has one, by case and then by variant.
pub async fn texts(db: &mut PgConnection, team: TeamId, run: RunId) -> Result<Vec<(Place, CellState, String)>, Error> {
    let rows = sqlx::query_file!("queries/runs_texts.sql", team.0, run.0).fetch_all(db).await?;
    rows.into_iter().map(|row| Ok((place(row.variant, row.case)?, cell_state(&row.state)?, row.text))).collect()
}

/// The newest take of a sample, for who goes on with it.
#[derive(Clone, Debug)]
pub struct Sample {
    pub place: Place,
    pub take: u16,
    pub state: CellState,
    pub text: String,
    pub calls: Vec<ToolCall>,
    /// The turn so far: of a take that has ended, up to its end.
    pub prior: Vec<Step>,
    pub metrics: CellMetrics,
}

pub async fn sample(
    db: &mut PgConnection,
    team: TeamId,
    run: RunId,
    cell: CellId,
    position: u16,
) -> Result<Option<Sample>, Error> {
    let row = sqlx::query!(
        r#"SELECT c.variant, c."case", s.take, s.state, s.text, s.calls, s.prior, s.metrics
             FROM samples s JOIN cells c ON c.id = s.cell_id JOIN runs r ON r.id = s.run_id
            WHERE r.team_id = $1 AND r.id = $2 AND c.id = $3 AND s.position = $4 AND s.is_current"#,
        team.0,
        run.0,
        cell.0,
        i32::from(position)
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Sample {
        place: place(row.variant, row.case)?,
        take: small("samples.take", row.take)?,
        state: cell_state(&row.state)?,
        text: row.text,
        calls: storable::parsed("samples.calls", row.calls)?,
        prior: storable::parsed("samples.prior", row.prior)?,
        metrics: storable::parsed("samples.metrics", row.metrics)?,
    }))
}

/// What was called for a sample, by the ledger: the last request, how many there were, and what those cost that have a cost.
pub async fn called(db: &mut PgConnection, team: TeamId, sample: SampleId) -> Result<CellMetrics, Error> {
    let row = sqlx::query_file!("queries/runs_called.sql", team.0, sample.0).fetch_one(db).await?;
    Ok(CellMetrics {
        request: row.request.map(RequestId),
        calls: u16::try_from(row.calls).unwrap_or(u16::MAX),
        cost: row.cost_nano.map(Money),
        unpriced: row.is_unpriced || row.cost_nano.is_some() && row.is_unknown,
        ..CellMetrics::default()
    })
}

/// The sample that a request was made for, whatever its take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InRun {
    pub run: RunId,
    pub place: Place,
    pub state: CellState,
    /// All of it once the sample has ended.
    pub text: String,
}

/// `None`: no run of the team made this request.
pub async fn of_request(db: &mut PgConnection, team: TeamId, request: RequestId) -> Result<Option<InRun>, Error> {
    let row = sqlx::query!(
        r#"SELECT s.run_id, c.variant, c."case", s.state, s.text
             FROM sample_requests q JOIN samples s ON s.id = q.sample_id JOIN cells c ON c.id = s.cell_id
             JOIN runs r ON r.id = s.run_id
            WHERE r.team_id = $1 AND q.request_id = $2"#,
        team.0,
        request.0
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let (place, state) = (place(row.variant, row.case)?, cell_state(&row.state)?);
    Ok(Some(InRun { run: RunId(row.run_id), place, state, text: row.text }))
}
