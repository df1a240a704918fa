//! What the playground keeps between runs: the draft of each person, images, tables read as cases, and named case sets.
//!
//! Drafts and images are work and leave no line in the log; case sets are kept for others, and do. Starting a run is `runs.rs`.

mod case_sets;
mod cases;
mod image;

use domain::{
    ApiError,
    grid::{Grid, ImageRef},
    id::ImageId,
    permission::Permission,
    run::ReadCases,
};
use sha2::{Digest, Sha256};
use store::{images::NewImage, pool};

pub use case_sets::{case_set, case_sets, remove_case_set, save_case_set};

use crate::{Actor, Context, Error, diff, grids};

/// Most bytes of all images of a team.
const MOST_IMAGE_BYTES: u64 = 512 * 1024 * 1024;

/// What this person left in the form of this team.
pub async fn draft(ctx: &Context, actor: &Actor, team: &str) -> Result<Option<Grid>, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::RunPlayground, &team)?;
    let user = actor.user().ok_or(Error::NeedsPerson)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    Ok(store::drafts::get(&mut db, team.id, user).await?)
}

/// Keeps what stands in the form, right or wrong; the newest one counts.
pub async fn save_draft(ctx: &Context, actor: &Actor, team: &str, grid: Grid) -> Result<(), Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::RunPlayground, &team)?;
    let user = actor.user().ok_or(Error::NeedsPerson)?;
    grids::check_draft(&grid)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    Ok(store::drafts::put(&mut db, team.id, user, &grid).await?)
}

/// Keeps an image for the team. The same bytes twice are one image.
pub async fn add_image(ctx: &Context, actor: &Actor, team: &str, data_base64: &str) -> Result<ImageRef, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::RunPlayground, &team)?;
    let user = actor.user().ok_or(Error::NeedsPerson)?;
    let image = image::read(data_base64).map_err(|message| ApiError::field("data_base64", message))?;
    let image::Image { bytes, media_type, width, height } = image;
    let new = NewImage {
        id: ImageId::new(&*ctx.clock, &*ctx.entropy),
        by: user,
        sha256: Sha256::digest(&bytes).into(),
        media_type,
        bytes: &bytes,
        width,
        height,
    };
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let Some(id) = store::images::insert(&mut db, team.id, &new, MOST_IMAGE_BYTES).await? else {
        let most = MOST_IMAGE_BYTES / 1024 / 1024;
        let message = format!(
            "the team keeps {most} MiB of images, and its runs, drafts and case sets show all of them: take an image that is there \
             already, or remove case sets that nobody needs"
        );
        return Err(Error::conflict(message));
    };
    // `image::read` takes no more than a few MiB.
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    Ok(ImageRef { id, media_type: media_type.to_owned(), bytes: length, width, height })
}

/// Type and bytes of an image of the team.
pub async fn image(ctx: &Context, actor: &Actor, team: &str, image: ImageId) -> Result<(String, Vec<u8>), Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadContent, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let image = store::images::get(&mut db, team.id, image).await?.ok_or(Error::NotFound)?;
    Ok((image.media_type, image.bytes))
}

/// Reads CSV or JSON lines; nothing is kept. For whoever is signed in: the text is their own.
pub async fn read_cases(_ctx: &Context, actor: &Actor, text: &str) -> Result<ReadCases, Error> {
    actor.user().ok_or(Error::NeedsPerson)?;
    let text = text.to_owned();
    let read = diff::aside(move |_| cases::read(&text)).await?;
    Ok(read.map_err(|message| ApiError::field("text", message))?)
}
