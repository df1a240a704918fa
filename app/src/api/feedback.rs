//! What people say about answers, and the tables made of it.

use domain::{
    feedback::{GiveVerdict, NewVote, PairRow, Verdict, Verdicts, VerdictsQuery},
    id::RunId,
};
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};

#[server(prefix = "/ui", endpoint = "feedback/give", protocol = JsonPost)]
pub async fn give(input: GiveVerdict) -> Result<Verdict, Failure> {
    respond(control::feedback::give(&context()?, &actor()?, input)).await
}

#[server(prefix = "/ui", endpoint = "feedback/vote", protocol = JsonPost)]
pub async fn vote(input: NewVote) -> Result<(), Failure> {
    respond(control::feedback::vote(&context()?, &actor()?, input)).await
}

/// How the columns of a run did against each other.
#[server(prefix = "/ui", endpoint = "feedback/pairs", protocol = JsonPost)]
pub async fn pairs(team: String, run: RunId) -> Result<Vec<PairRow>, Failure> {
    respond(control::feedback::pairs(&context()?, &actor()?, &team, run)).await
}

#[server(prefix = "/ui", endpoint = "feedback/report", protocol = JsonPost)]
pub async fn report(query: VerdictsQuery) -> Result<Verdicts, Failure> {
    respond(control::feedback::report(&context()?, &actor()?, query)).await
}
