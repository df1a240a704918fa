//! Counts of values beside the filters, in words that people read (`product.md` HI-2).

use domain::{
    history::{Facets, Field, HistoryQuery},
    ledger::Outcome,
    permission::Permission,
    task::TaskClass,
};
use store::pool;

use super::asked::{self, Asked};
use crate::{Actor, Context, Error, stamps::Stamps};

/// Requests that are counted at most, the newest.
const MOST_COUNTED: u32 = 10_000;

/// How many requests of the same list have each value. Only rows that the reader may see are counted, and only what was
/// counted has a name here.
pub async fn facets(ctx: &Context, actor: &Actor, query: HistoryQuery) -> Result<Facets, Error> {
    let team = actor.team(ctx, &query.team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    let Asked { filter, .. } = asked::read(ctx, actor, &team, stamps, &query)?;
    let mut facets = store::history::facets(&mut db, team.id, &filter, MOST_COUNTED).await?;
    for facet in &mut facets.facets {
        for value in &mut facet.values {
            if let Some(word) = word(facet.field, &value.value) {
                word.clone_into(&mut value.label);
            }
        }
    }
    Ok(facets)
}

/// Values that are words of ours.
fn word(field: Field, value: &str) -> Option<&'static str> {
    match (field, value) {
        (Field::Task, "none") => Some("no task class"),
        (Field::Verdict, "none") => Some("no verdict"),
        (Field::Task, _) => TaskClass::parse(value).map(task_word),
        (Field::Status, _) => Outcome::parse(value).map(outcome_word),
        _ => None,
    }
}

fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "ok",
        Outcome::Cancelled => "cancelled",
        Outcome::Incomplete => "cut off",
        Outcome::CallerFault => "bad request",
        Outcome::AccountFault => "credential refused",
        Outcome::Capacity => "no capacity",
        Outcome::ProviderFault => "provider error",
        Outcome::Unreachable => "unreachable",
        Outcome::DestinationBlocked => "address blocked",
        Outcome::Timeout => "timed out",
        Outcome::Abandoned => "abandoned",
    }
}

fn task_word(class: TaskClass) -> &'static str {
    match class {
        TaskClass::Boilerplate => "Boilerplate",
        TaskClass::Completion => "Completion",
        TaskClass::MultiFile => "Multi-file",
        TaskClass::Refactoring => "Refactoring",
        TaskClass::Review => "Review",
        TaskClass::BugFix => "Bug fix",
        TaskClass::Algorithms => "Algorithms",
        TaskClass::Tests => "Tests",
    }
}
