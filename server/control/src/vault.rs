//! The master keys: which ones sealed what is stored, and the change from one to the next.
//!
//! Mostly no actor here: the start of the server and its ticks, and the operator's command line, work on sealed bytes alone.

use std::collections::BTreeMap;

use store::{
    pool,
    providers::{reseal, sealed_after},
};

use crate::{Actor, Context, Error, audit, providers};

/// Rows that are read at once.
const PAGE: i64 = 200;

/// Does this process hold the master key that sealed what is stored? The first start stores the value that later ones
/// check.
pub async fn check(ctx: &Context) -> Result<(), Error> {
    let fresh = ctx.vault.check_value()?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let stored = store::instance::check_value(&mut db, &fresh).await?;
    ctx.vault.check(&stored).map_err(|_| Error::OtherMasterKey)
}

/// What one pass of [`rewrap`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rewrapped {
    pub done: u32,
    /// Still under an older key, because the pass was full or somebody changed the row meanwhile.
    pub left: u32,
    /// Under a key that this process does not have, or sealed for an address that the provider no longer has.
    pub unreadable: u32,
}

/// Seals what is stored under the newest master key, at most so many rows in one pass. Each row changes in a statement of its
/// own, from exactly what was read: a process that dies in between has lost nothing.
pub async fn rewrap(ctx: &Context, most: u32) -> Result<Rewrapped, Error> {
    let mut result = Rewrapped::default();
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    if let Some(stored) = store::instance::stored_check_value(&mut db).await?
        && auth::vault::key_id(&stored) != Some(ctx.vault.newest_id())
        && ctx.vault.check(&stored).is_ok()
    {
        store::instance::replace_check_value(&mut db, &stored, &ctx.vault.check_value()?).await?;
    }
    let mut after = None;
    loop {
        let page = sealed_after(&mut db, after, PAGE).await?;
        let Some(last) = page.last().map(|row| row.credential.id) else { return Ok(result) };
        for row in page {
            match providers::rewrapped(ctx, &row) {
                Some(None) => {}
                Some(Some(_)) if result.done >= most => result.left += 1,
                Some(Some(fresh)) => match reseal(&mut db, row.credential.id, &row.credential.sealed, &fresh).await? {
                    true => result.done += 1,
                    false => result.left += 1,
                },
                None => result.unreadable += 1,
            }
        }
        after = Some(last);
    }
}

/// How many stored secrets each master key sealed, the check value among them, by the key's id in hexadecimal.
pub async fn sealed_by(ctx: &Context) -> Result<Vec<(String, u64)>, Error> {
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let mut counts = BTreeMap::<String, u64>::new();
    if let Some(stored) = store::instance::stored_check_value(&mut db).await? {
        *counts.entry(key_of(&stored)).or_default() += 1;
    }
    let mut after = None;
    loop {
        let page = sealed_after(&mut db, after, PAGE).await?;
        let Some(last) = page.last().map(|row| row.credential.id) else { return Ok(counts.into_iter().collect()) };
        for row in page {
            *counts.entry(key_of(&row.credential.sealed)).or_default() += 1;
        }
        after = Some(last);
    }
}

/// Notes an act on the master keys, which no row tells of otherwise: they are outside of the database.
pub async fn note(ctx: &Context, actor: &Actor, action: &str) -> Result<(), Error> {
    let mut tx = ctx.begin().await?;
    let act = audit::Act { team: None, action, object: "master key", fields: &[] };
    audit::record(ctx, actor, &mut tx, act).await?;
    Ok(pool::commit(tx).await?)
}

fn key_of(sealed: &[u8]) -> String {
    let hex = |id: [u8; 8]| id.iter().map(|byte| format!("{byte:02x}")).collect();
    auth::vault::key_id(sealed).map_or_else(|| "unknown".to_owned(), hex)
}
