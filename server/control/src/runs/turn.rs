//! Results that a person types for the calls of tools: the turn of a sample goes on (`product.md` PG-6).

use domain::{
    ApiError,
    error::FieldErrors,
    grid::MAX_TEXT_BYTES,
    id::SampleId,
    permission::Permission,
    run::{CellState, Continue, ToolCall},
};
use store::{
    pool,
    runs::{Continued, NewTake, Step},
};

use crate::{Actor, Context, Error};

/// Queues a new take of the sample that goes on from its open calls. Every one of them needs its result.
pub async fn continue_turn(ctx: &Context, actor: &Actor, input: Continue) -> Result<(), Error> {
    let Continue { team, run, cell, sample, results } = input;
    let team = actor.team(ctx, &team).await?;
    actor.require(Permission::RunPlayground, &team)?;
    let user = actor.user().ok_or(Error::NeedsPerson)?;
    let mut tx = ctx.begin().await?;
    let newest = store::runs::sample(&mut tx, team.id, run, cell, sample).await?.ok_or(Error::NotFound)?;
    let mut prior = newest.prior;
    // The last step is the one whose calls may be open: an executor writes it so.
    let open = prior.last_mut().filter(|step| newest.state == CellState::Done && has_open(&step.calls));
    let Some(Step { calls, .. }) = open else {
        return Err(Error::conflict("this sample waits for no result: look at it again"));
    };
    *calls = answered(std::mem::take(calls), &results)?;
    let id = SampleId::new(&*ctx.clock, &*ctx.entropy);
    let take = NewTake { id, cell, position: sample, after: newest.take, by: user, prior: &prior, calls: &[] };
    match store::runs::queue_continued(&mut tx, team.id, run, &take).await? {
        Continued::Queued => Ok(pool::commit(tx).await?),
        Continued::NoSuch => Err(Error::NotFound),
        Continued::Changed => Err(Error::conflict("somebody else went on with this sample: look at it again")),
    }
}

fn has_open(calls: &[ToolCall]) -> bool {
    calls.iter().any(|call| call.result.is_none())
}

/// The calls with the results put in. What was answered before stays.
fn answered(calls: Vec<ToolCall>, results: &[(String, String)]) -> Result<Vec<ToolCall>, ApiError> {
    let mut errors = FieldErrors::default();
    for (id, result) in results {
        let is_open = calls.iter().any(|call| call.id == *id && call.result.is_none());
        if !is_open {
            errors.add("results", "there is a result for a call that waits for none");
        }
        if result.len() > MAX_TEXT_BYTES || result.contains('\0') {
            errors.add("results", format!("use at most {} KiB, without NUL characters", MAX_TEXT_BYTES / 1024));
        }
    }
    let fill = |call: ToolCall| {
        let typed = results.iter().find(|(id, _)| *id == call.id).map(|(_, result)| result.clone());
        ToolCall { result: call.result.or(typed), ..call }
    };
    let calls: Vec<ToolCall> = calls.into_iter().map(fill).collect();
    for open in calls.iter().filter(|call| call.result.is_none()) {
        errors.add("results", format!("{} has no result yet", open.name));
    }
    errors.finish()?;
    Ok(calls)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str, result: Option<&str>) -> ToolCall {
        ToolCall { id: id.into(), name: format!("tool_{id}"), result: result.map(str::to_owned), ..ToolCall::default() }
    }

    fn typed(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(id, result)| ((*id).to_owned(), (*result).to_owned())).collect()
    }

    #[test]
    fn pg_6_every_open_call_gets_its_result_and_what_was_answered_stays() {
        let calls = vec![call("a", Some("fixed")), call("b", None)];
        let done = answered(calls.clone(), &typed(&[("b", "42")])).unwrap();
        assert_eq!(done, [call("a", Some("fixed")), call("b", Some("42"))]);
        for (results, wanted) in [
            (typed(&[]), "tool_b has no result yet"),
            (typed(&[("a", "x"), ("b", "y")]), "there is a result for a call that waits for none"),
            (typed(&[("b", "x"), ("c", "y")]), "there is a result for a call that waits for none"),
            (typed(&[("b", "\0")]), "use at most 256 KiB, without NUL characters"),
        ] {
            assert_eq!(answered(calls.clone(), &results).unwrap_err().message, wanted);
        }
    }
}
