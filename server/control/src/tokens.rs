//! Management tokens: what a person's scripts manage the instance with. The secret leaves once, in the answer to [`create`].
//!
//! Only the person themselves makes, sees and revokes theirs; no token does (`product.md` KY-9). What a token may do is decided
//! with every request, in `actor.rs`: the owner's roles of that moment, cut down to the token's scopes and team.

use auth::MadeToken;
use chrono::{DateTime, Utc};
use domain::{
    error::FieldErrors,
    id::TokenId,
    text,
    token::{CreatedToken, NewToken, TokenScope, TokenSummary},
};
use store::{
    pool::{self, Tx},
    tokens::Token,
};

use crate::{
    Actor, Context, Error, audit,
    stamps::{Stamps, day},
};

/// Tokens of one person at once.
const MOST: usize = 100;

/// The reader's own, newest first.
pub async fn list(ctx: &Context, actor: &Actor) -> Result<Vec<TokenSummary>, Error> {
    let user = actor.own()?.id;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let tokens = store::tokens::list(&mut db, user).await?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    Ok(tokens.into_iter().map(|token| summary(stamps, token)).collect())
}

pub async fn create(ctx: &Context, actor: &Actor, input: NewToken) -> Result<CreatedToken, Error> {
    let user = actor.own()?.id;
    let team = match input.team.trim() {
        "" => None,
        slug => Some(actor.team(ctx, slug).await?.id),
    };
    let mut tx = ctx.begin().await?;
    store::users::lock(&mut tx, user).await?.ok_or(Error::NotFound)?;
    let stamps = Stamps::of_reader(actor, &mut tx).await?;
    let mut errors = FieldErrors::default();
    let name = errors.check("name", text::name(&input.name)).unwrap_or_default();
    let scopes = errors.check("scopes", checked_scopes(input.scopes)).unwrap_or_default();
    let expires_at = expiry(&mut tx, stamps, &input.expires).await?;
    let expires_at = errors.check("expires", expires_at).flatten();
    errors.finish()?;
    if store::tokens::list(&mut tx, user).await?.len() >= MOST {
        return Err(Error::conflict(format!("you have {MOST} tokens: revoke what nobody uses")));
    }
    let made = MadeToken::make(&*ctx.entropy);
    let digest = made.digest();
    let id = TokenId::new(&*ctx.clock, &*ctx.entropy);
    let row = store::tokens::NewToken {
        id,
        user,
        team,
        name: &name,
        public: made.public(),
        digest: digest.as_bytes(),
        last_four: made.last_four(),
        scopes: &scopes,
        expires_at,
    };
    store::tokens::insert(&mut tx, &row)
        .await
        .map_err(|error| Error::taken(error, store::tokens::NAME_KEY, "token", "name", &name))?;
    let object = format!("token {}", made.public());
    let fields = &["name", "scopes", "team", "expires"];
    audit::record(ctx, actor, &mut tx, audit::Act { team, action: "token.create", object: &object, fields }).await?;
    let token = store::tokens::list(&mut tx, user).await?.into_iter().find(|token| token.id == id);
    pool::commit(tx).await?;
    let token = summary(stamps, token.ok_or(Error::NotFound)?);
    Ok(CreatedToken { token, secret: made.show_once() })
}

/// It ends with the next request that carries it.
pub async fn revoke(ctx: &Context, actor: &Actor, token: TokenId) -> Result<(), Error> {
    let user = actor.own()?.id;
    let mut tx = ctx.begin().await?;
    let public = store::tokens::revoke(&mut tx, user, token).await?.ok_or(Error::NotFound)?;
    let object = format!("token {public}");
    let act = audit::Act { team: None, action: "token.revoke", object: &object, fields: &["revoked"] };
    audit::record(ctx, actor, &mut tx, act).await?;
    Ok(pool::commit(tx).await?)
}

/// Each once, in the order of their list. None allows nothing, so nobody means it.
fn checked_scopes(asked: Vec<TokenScope>) -> Result<Vec<TokenScope>, String> {
    let scopes: Vec<TokenScope> = TokenScope::ALL.into_iter().filter(|scope| asked.contains(scope)).collect();
    if scopes.is_empty() { Err("choose at least one scope, such as keys.read".to_owned()) } else { Ok(scopes) }
}

/// The end of the day that somebody typed, in their zone; none: never.
async fn expiry(tx: &mut Tx, stamps: Stamps, typed: &str) -> Result<Result<Option<DateTime<Utc>>, String>, Error> {
    if typed.trim().is_empty() {
        return Ok(Ok(None));
    }
    let end = day(typed).and_then(|day| stamps.end_of(day).ok_or_else(|| "this day is too far away".to_owned()));
    let now = store::instance::now(tx).await?;
    Ok(match end {
        Ok(at) if at <= now => Err("this day is over: choose a later one, or none".to_owned()),
        end => end.map(Some),
    })
}

fn summary(stamps: Stamps, token: Token) -> TokenSummary {
    let Token { id, name, public, last_four, scopes, team_slug, created_at, expires_at, last_used_at, is_expired } =
        token;
    TokenSummary {
        id,
        name,
        public,
        last_four,
        scopes,
        team: team_slug.unwrap_or_default(),
        created: stamps.of(created_at),
        expires: expires_at.map(|at| stamps.of(at)),
        last_used: last_used_at.map(|at| stamps.of(at)),
        is_expired,
    }
}
