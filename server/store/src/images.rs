//! Images that people put into prompts. The same bytes twice in a team are one image, and a team has only so much room: when
//! it is full, what nothing shows any more goes.

use domain::{
    grid::ImageRef,
    id::{ImageId, TeamId, UserId},
};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::Error;

#[derive(Clone, Copy, Debug)]
pub struct NewImage<'a> {
    pub id: ImageId,
    pub by: UserId,
    pub sha256: [u8; 32],
    /// As its bytes say.
    pub media_type: &'a str,
    pub bytes: &'a [u8],
    pub width: u32,
    pub height: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    pub id: ImageId,
    pub media_type: String,
    pub bytes: Vec<u8>,
    pub width: u32,
    pub height: u32,
}

/// Hours for which an image is kept that nothing shows: a form that is not saved yet may show it.
const UNSAVED_HOURS: i32 = 24;

/// Stores an image; the id is that of an earlier one when the team has these bytes already. `None`: with it the team would have
/// more than `most` bytes of images, even without those that nothing of the team shows any more.
pub async fn insert(
    db: &mut PgConnection,
    team: TeamId,
    image: &NewImage<'_>,
    most: u64,
) -> Result<Option<ImageId>, Error> {
    let NewImage { id, by, sha256, media_type, bytes, width, height } = *image;
    let mut tx = db.begin().await?;
    // One after the other: two must not take the same room.
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('images/' || $1, 0)) AS locked", team.to_string())
        .fetch_one(&mut *tx)
        .await?;
    let known = sqlx::query_scalar!(
        "UPDATE images SET created_at = clock_timestamp() WHERE team_id = $1 AND sha256 = $2 RETURNING id",
        team.0,
        sha256.as_slice()
    );
    if let Some(known) = known.fetch_optional(&mut *tx).await? {
        tx.commit().await?;
        return Ok(Some(ImageId(known)));
    }
    if !has_room(&mut tx, team, bytes.len(), most).await? {
        sqlx::query_file!("queries/images_remove_unused.sql", team.0, UNSAVED_HOURS).execute(&mut *tx).await?;
        if !has_room(&mut tx, team, bytes.len(), most).await? {
            tx.commit().await?;
            return Ok(None);
        }
    }
    let size = |pixels| i32::try_from(pixels).unwrap_or(i32::MAX);
    sqlx::query!(
        "INSERT INTO images (id, team_id, sha256, media_type, bytes, width, height, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        id.0,
        team.0,
        sha256.as_slice(),
        media_type,
        bytes,
        size(width),
        size(height),
        by.0
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Some(id))
}

async fn has_room(tx: &mut PgConnection, team: TeamId, more: usize, most: u64) -> Result<bool, Error> {
    let kept = sqlx::query_scalar!(
        r#"SELECT coalesce(sum(octet_length(bytes)), 0)::bigint AS "kept!" FROM images WHERE team_id = $1"#,
        team.0
    );
    let kept = u64::try_from(kept.fetch_one(tx).await?).unwrap_or(0);
    Ok(kept.saturating_add(more as u64) <= most)
}

pub async fn get(db: &mut PgConnection, team: TeamId, image: ImageId) -> Result<Option<Image>, Error> {
    Ok(get_many(db, team, &[image]).await?.pop())
}

/// Those of the images that the team has, in no order.
pub async fn get_many(db: &mut PgConnection, team: TeamId, images: &[ImageId]) -> Result<Vec<Image>, Error> {
    let ids: Vec<Uuid> = images.iter().map(|image| image.0).collect();
    let rows = sqlx::query!(
        "SELECT id, media_type, bytes, width, height FROM images WHERE team_id = $1 AND id = ANY ($2)",
        team.0,
        &ids
    )
    .fetch_all(db)
    .await?;
    let images = rows.into_iter().map(|row| Image {
        id: ImageId(row.id),
        media_type: row.media_type,
        bytes: row.bytes,
        width: u32::try_from(row.width).unwrap_or(0),
        height: u32::try_from(row.height).unwrap_or(0),
    });
    Ok(images.collect())
}

/// What a grid holds of those of the images that the team has, in no order. Their bytes are not read.
pub async fn describe(db: &mut PgConnection, team: TeamId, images: &[ImageId]) -> Result<Vec<ImageRef>, Error> {
    let ids: Vec<Uuid> = images.iter().map(|image| image.0).collect();
    let rows = sqlx::query!(
        r#"SELECT id, media_type, octet_length(bytes) AS "length!", width, height FROM images
            WHERE team_id = $1 AND id = ANY ($2)"#,
        team.0,
        &ids
    )
    .fetch_all(db)
    .await?;
    let size = |value| u32::try_from(value).unwrap_or(0);
    let images = rows.into_iter().map(|row| ImageRef {
        id: ImageId(row.id),
        media_type: row.media_type,
        bytes: size(row.length),
        width: size(row.width),
        height: size(row.height),
    });
    Ok(images.collect())
}
