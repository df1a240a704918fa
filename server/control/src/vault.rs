//! The check of the master key at start.

use crate::{Context, Error};

/// Does this process hold the master key that sealed what is stored? The first start stores the value that later ones
/// check.
pub async fn check(ctx: &Context) -> Result<(), Error> {
    let fresh = ctx.vault.check_value()?;
    let mut db = store::pool::connection(&ctx.pools.dashboard).await?;
    let stored = store::instance::check_value(&mut db, &fresh).await?;
    ctx.vault.check(&stored).map_err(|_| Error::OtherMasterKey)
}
