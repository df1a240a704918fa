//! Audit rows: one per change, written in the transaction of the change. They name fields, never values.

use domain::id::{AuditId, TeamId};
use store::pool::Tx;

use crate::{Actor, Context, Error};

/// One act on one object.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    pub team: Option<TeamId>,
    /// `key.create`: resource and verb.
    pub action: &'a str,
    /// Kind and slug or id: `provider local`.
    pub object: &'a str,
    pub fields: &'a [&'a str],
}

/// Notes what an actor did.
pub async fn record(ctx: &Context, actor: &Actor, tx: &mut Tx, act: Act<'_>) -> Result<(), Error> {
    write(ctx, tx, &actor.audit_name(), actor.address(), actor.request_id(), act).await
}

/// Notes what was done without an actor: sign-in and set-up.
pub async fn record_as(
    ctx: &Context,
    tx: &mut Tx,
    name: &str,
    address: Option<&str>,
    act: Act<'_>,
) -> Result<(), Error> {
    write(ctx, tx, name, address, None, act).await
}

async fn write(
    ctx: &Context,
    tx: &mut Tx,
    actor: &str,
    address: Option<&str>,
    request_id: Option<&str>,
    act: Act<'_>,
) -> Result<(), Error> {
    let Act { team, action, object, fields } = act;
    let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
    let id = AuditId::new(&*ctx.clock, &*ctx.entropy);
    let entry = store::audit::Entry { id, actor, team, action, object, fields: &fields, address, request_id };
    Ok(store::audit::record(tx, &entry).await?)
}
