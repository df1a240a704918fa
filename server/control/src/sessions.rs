//! Signing in, and the sessions that come of it. `server` alone writes the cookie; this file alone mints sessions.
//!
//! Unknown, disabled and wrong-password accounts get one answer for the same work (`security.md` LG-1). Tries are counted
//! before the password is checked (LG-2).

use std::net::IpAddr;

use auth::{Password, digest, password::Verdict};
use domain::{
    id::{SessionId, UserId},
    session::SessionSummary,
};
use serde_json::Value;
pub use store::sessions::Loaded;
use store::{
    pool,
    sessions::{NewSession, failures},
};

use crate::{Actor, Context, Error, audit, stamps::Stamps, throttle};

/// Who this e-mail address and password belong to.
pub async fn sign_in(ctx: &Context, email: &str, password: String, address: Option<IpAddr>) -> Result<UserId, Error> {
    let email = email.trim().to_lowercase();
    let (account, network) = (throttle::account(&email, address), throttle::network(address));
    let mut tx = pool::begin(&ctx.pools.auth).await?;
    if !failures::take_network(&mut tx, &network).await? || !failures::take_account(&mut tx, &account).await? {
        return Err(Error::Throttled);
    }
    let known = store::users::sign_in(&mut tx, &email).await?;
    pool::commit(tx).await?;

    let password = Password::typed(password);
    let stored = known.as_ref().map(|user| user.password_hash.as_str());
    let verdict = ctx.passwords.verify(&password, stored).await?;
    let address = address.map(|address| address.to_string());
    let (Some(user), Verdict::Match { outdated }) = (known.as_ref().filter(|user| !user.disabled), verdict) else {
        let object = known.map_or_else(|| "unknown account".to_owned(), |user| format!("user {}", user.id));
        let act = audit::Act { team: None, action: "session.sign_in_failed", object: &object, fields: &[] };
        let mut tx = pool::begin(&ctx.pools.auth).await?;
        audit::record_as(ctx, &mut tx, "anonymous", address.as_deref(), act).await?;
        pool::commit(tx).await?;
        return Err(Error::WrongSignIn);
    };
    // Hashed before the transaction begins: a hash may wait in a queue, a transaction must not.
    let fresh_hash = if outdated { Some(ctx.passwords.hash(&password).await?) } else { None };
    let mut tx = pool::begin(&ctx.pools.auth).await?;
    if let Some(hash) = fresh_hash {
        store::users::set_password(&mut tx, user.id, &hash).await?;
    }
    failures::give_back(&mut tx, &account, &network).await?;
    let act = audit::Act { team: None, action: "session.sign_in", object: &format!("user {}", user.id), fields: &[] };
    audit::record_as(ctx, &mut tx, &user.id.to_string(), address.as_deref(), act).await?;
    pool::commit(tx).await?;
    Ok(user.id)
}

/// Begins a session for somebody who has just proven who they are. `token` is the session's raw id.
pub async fn start(
    ctx: &Context,
    token: &[u8],
    user: UserId,
    data: &Value,
    device: &str,
    address: &str,
) -> Result<SessionId, Error> {
    let id = SessionId::new(&*ctx.clock, &*ctx.entropy);
    let hash = digest::of(token);
    let device: String = device.chars().filter(|c| !c.is_control()).take(200).collect();
    let session = NewSession { id, token_hash: hash.as_bytes(), user, data, device: &device, address };
    let mut db = pool::connection(&ctx.pools.auth).await?;
    store::sessions::create(&mut db, &session).await?;
    Ok(id)
}

/// The live session with this raw id; `None` when it ended, expired, never was, or its user is disabled.
pub async fn load(ctx: &Context, token: &[u8]) -> Result<Option<Loaded>, Error> {
    let mut db = pool::connection(&ctx.pools.auth).await?;
    Ok(store::sessions::load(&mut db, digest::of(token).as_bytes()).await?)
}

/// Writes the data of a live session. `false`: it is not live, and nothing was written.
pub async fn save(ctx: &Context, token: &[u8], data: &Value) -> Result<bool, Error> {
    let mut db = pool::connection(&ctx.pools.auth).await?;
    Ok(store::sessions::save(&mut db, digest::of(token).as_bytes(), data).await?)
}

/// Signs out. Ending what has ended is no error.
pub async fn end(ctx: &Context, token: &[u8]) -> Result<(), Error> {
    let mut tx = pool::begin(&ctx.pools.auth).await?;
    if let Some((session, user)) = store::sessions::end(&mut tx, digest::of(token).as_bytes()).await? {
        let object = format!("session {session}");
        let act = audit::Act { team: None, action: "session.sign_out", object: &object, fields: &[] };
        audit::record_as(ctx, &mut tx, &user.to_string(), None, act).await?;
        pool::commit(tx).await?;
    }
    Ok(())
}

/// The reader's own live sessions.
pub async fn list(ctx: &Context, actor: &Actor) -> Result<Vec<SessionSummary>, Error> {
    let user = actor.own()?.id;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let sessions = store::sessions::list(&mut db, user).await?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    let summaries = sessions.into_iter().map(|session| SessionSummary {
        id: session.id,
        device: session.device,
        address: session.address,
        created: stamps.of(session.created_at),
        last_seen: stamps.of(session.last_seen_at),
        current: actor.session() == Some(session.id),
    });
    Ok(summaries.collect())
}

/// Ends one of the reader's own sessions.
pub async fn revoke(ctx: &Context, actor: &Actor, session: SessionId) -> Result<(), Error> {
    let user = actor.own()?.id;
    let mut tx = ctx.begin().await?;
    if !store::sessions::revoke(&mut tx, user, session).await? {
        return Err(Error::NotFound);
    }
    let object = format!("session {session}");
    let act = audit::Act { team: None, action: "session.revoke", object: &object, fields: &[] };
    audit::record(ctx, actor, &mut tx, act).await?;
    Ok(pool::commit(tx).await?)
}

/// Ends all sessions of the reader but this one.
pub async fn revoke_others(ctx: &Context, actor: &Actor) -> Result<(), Error> {
    let user = actor.own()?.id;
    let mut tx = ctx.begin().await?;
    if store::sessions::revoke_all(&mut tx, user, actor.session()).await? > 0 {
        let object = format!("user {user}");
        let act = audit::Act { team: None, action: "session.revoke_others", object: &object, fields: &[] };
        audit::record(ctx, actor, &mut tx, act).await?;
        pool::commit(tx).await?;
    }
    Ok(())
}

/// Forgets counters, sessions and links that nobody can use any more. Called by a tick of the server.
pub async fn prune(ctx: &Context) -> Result<(), Error> {
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    failures::prune(&mut db).await?;
    store::invitations::prune(&mut db).await?;
    store::resets::prune(&mut db).await?;
    Ok(store::sessions::prune(&mut db).await?)
}
