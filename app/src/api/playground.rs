//! What people prepare in the playground before they run it: drafts, images, cases.

use domain::{
    grid::{Case, Grid, ImageRef},
    id::CaseSetId,
    run::{CaseSet, NewCaseSet, ReadCases},
};
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};

/// What the reader had been typing when they left.
#[server(prefix = "/ui", endpoint = "playground/draft", protocol = JsonPost)]
pub async fn draft(team: String) -> Result<Option<Grid>, Failure> {
    respond(control::playground::draft(&context()?, &actor()?, &team)).await
}

#[server(prefix = "/ui", endpoint = "playground/save_draft", protocol = JsonPost)]
pub async fn save_draft(team: String, grid: Grid) -> Result<(), Failure> {
    respond(control::playground::save_draft(&context()?, &actor()?, &team, grid)).await
}

/// Keeps an image, so that a grid can name it.
#[server(prefix = "/ui", endpoint = "playground/add_image", protocol = JsonPost)]
pub async fn add_image(team: String, data_base64: String) -> Result<ImageRef, Failure> {
    respond(control::playground::add_image(&context()?, &actor()?, &team, &data_base64)).await
}

/// CSV or JSON lines as cases; nothing is stored.
#[server(name = AskReadCases, prefix = "/ui", endpoint = "playground/read_cases", protocol = JsonPost)]
pub async fn read_cases(text: String) -> Result<ReadCases, Failure> {
    respond(control::playground::read_cases(&context()?, &actor()?, &text)).await
}

#[server(prefix = "/ui", endpoint = "playground/case_sets", protocol = JsonPost)]
pub async fn case_sets(team: String) -> Result<Vec<CaseSet>, Failure> {
    respond(control::playground::case_sets(&context()?, &actor()?, &team)).await
}

#[server(name = AskCaseSet, prefix = "/ui", endpoint = "playground/case_set", protocol = JsonPost)]
pub async fn case_set(team: String, id: CaseSetId) -> Result<Vec<Case>, Failure> {
    respond(control::playground::case_set(&context()?, &actor()?, &team, id)).await
}

#[server(prefix = "/ui", endpoint = "playground/save_case_set", protocol = JsonPost)]
pub async fn save_case_set(input: NewCaseSet) -> Result<CaseSetId, Failure> {
    respond(control::playground::save_case_set(&context()?, &actor()?, input)).await
}

#[server(prefix = "/ui", endpoint = "playground/remove_case_set", protocol = JsonPost)]
pub async fn remove_case_set(team: String, id: CaseSetId) -> Result<(), Failure> {
    respond(control::playground::remove_case_set(&context()?, &actor()?, &team, id)).await
}
