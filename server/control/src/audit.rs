//! Audit rows: one per change, written in the transaction of the change. They name fields, never values. And the log as its
//! readers see it.

use domain::{
    audit::{AuditPage, AuditQuery, AuditRow},
    error::FieldErrors,
    id::{AuditId, TeamId},
    permission::Permission,
};
use store::{
    audit::{Entry, Filter, Row},
    pool::{self, Connection, Tx},
};

use crate::{
    Actor, Context, Error,
    stamps::{Stamps, day},
};

const DEFAULT_LIMIT: u32 = 50;
const MOST: u32 = 200;
/// Most of a text that somebody looks for, or asked for in vain.
const LONGEST_TEXT: usize = 200;

/// One act on one object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Act<'a> {
    pub team: Option<TeamId>,
    /// `key.create`: resource and verb.
    pub action: &'a str,
    /// Kind and slug or id: `provider local`.
    pub object: &'a str,
    pub fields: &'a [&'a str],
}

/// One page of the log, newest first.
pub async fn list(ctx: &Context, actor: &Actor, query: AuditQuery) -> Result<AuditPage, Error> {
    actor.require_instance(Permission::ReadAudit)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    let (filter, limit) = filter(&mut db, stamps, query).await?;
    let mut rows = store::audit::list(&mut db, &filter).await?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| has_more).map(|row| row.id);
    Ok(AuditPage { rows: rows.into_iter().map(|row| shown(stamps, row)).collect(), next })
}

/// Notes that somebody asked for what they may not do.
pub async fn refused(ctx: &Context, actor: &Actor, operation: &str) -> Result<(), Error> {
    let mut tx = ctx.begin().await?;
    let object = kept(operation);
    // Once a minute tells as much as a thousand times, and nobody fills the log.
    if store::audit::is_repeated(&mut tx, &actor.audit_name(), REFUSED, &object).await? {
        return Ok(());
    }
    let act = Act { team: None, action: REFUSED, object: &object, fields: &[] };
    record(ctx, actor, &mut tx, act).await?;
    Ok(pool::commit(tx).await?)
}

const REFUSED: &str = "access.refused";

/// Notes that somebody took data away as a file: `what` says which, in words or as a path.
pub async fn exported(ctx: &Context, actor: &Actor, what: &str) -> Result<(), Error> {
    let mut tx = ctx.begin().await?;
    let object = kept(what);
    record(ctx, actor, &mut tx, Act { team: None, action: "export.create", object: &object, fields: &[] }).await?;
    Ok(pool::commit(tx).await?)
}

/// A path is as long and as strange as somebody makes it; what the log keeps of it is neither.
fn kept(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST_TEXT).collect()
}

/// What was asked for, checked and looked up, and how many rows make a page.
async fn filter(db: &mut Connection, stamps: Stamps, query: AuditQuery) -> Result<(Filter, usize), Error> {
    let AuditQuery { team, actor, action, object, from, to, after, limit } = query;
    let mut errors = FieldErrors::default();
    let actor = errors.check("actor", text(&actor)).flatten();
    let action = errors.check("action", text(&action)).flatten();
    let object = errors.check("object", text(&object)).flatten();
    let from = errors.check("from", days(&from, |day| stamps.start_of(day))).flatten();
    let until = errors.check("to", days(&to, |day| stamps.end_of(day))).flatten();
    if from.zip(until).is_some_and(|(from, until)| until <= from) {
        errors.add("to", "the last day is before the first");
    }
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MOST).contains(&limit) {
        errors.add("limit", format!("use a number from 1 to {MOST}"));
    }
    let team = match text(&team) {
        Ok(None) => None,
        Ok(Some(slug)) => {
            let team = store::teams::by_slug(db, &slug).await?.map(|team| team.id);
            errors.check("team", team.ok_or_else(|| "there is no team with this slug".to_owned()))
        }
        Err(message) => errors.check("team", Err(message)),
    };
    let actor = match actor {
        None => None,
        Some(name) if !name.contains('@') => Some(name),
        Some(email) => {
            let person = store::users::by_email(db, &email.to_lowercase()).await?.map(|user| user.id.to_string());
            errors.check("actor", person.ok_or_else(|| "nobody has this e-mail address".to_owned()))
        }
    };
    let after = match after {
        None => None,
        Some(id) => {
            let at = store::audit::at(db, id).await?;
            errors.check("after", at.map(|at| (at, id)).ok_or_else(|| "there is no such entry".to_owned()))
        }
    };
    errors.finish()?;
    // One more than asked for tells whether there is a next page.
    let filter = Filter { team, actor, action, object, from, until, after, limit: i64::from(limit) + 1 };
    Ok((filter, limit as usize))
}

/// Empty: any.
fn text(typed: &str) -> Result<Option<String>, String> {
    match typed.trim() {
        "" => Ok(None),
        text if text.len() > LONGEST_TEXT || text.contains('\0') => {
            Err(format!("look for at most {LONGEST_TEXT} bytes of text"))
        }
        text => Ok(Some(text.to_owned())),
    }
}

/// A moment of the day that somebody typed; empty: any.
fn days<T>(typed: &str, moment: impl Fn(chrono::NaiveDate) -> Option<T>) -> Result<Option<T>, String> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    moment(day(typed)?).map(Some).ok_or_else(|| "this day is too far away".to_owned())
}

fn shown(stamps: Stamps, row: Row) -> AuditRow {
    let Row { id, at, actor, person, team_slug, action, object, fields, address, request_id } = row;
    let (actor, email) = person.unwrap_or((actor, String::new()));
    AuditRow {
        id,
        at: stamps.of(at),
        actor,
        email,
        team: team_slug.unwrap_or_default(),
        action,
        object,
        fields,
        address: address.unwrap_or_default(),
        request_id: request_id.unwrap_or_default(),
    }
}

/// Notes what an actor did.
pub(crate) async fn record(ctx: &Context, actor: &Actor, tx: &mut Tx, act: Act<'_>) -> Result<(), Error> {
    let through = actor.token().map(|public| format!("through token {public}"));
    let fields: Vec<&str> = act.fields.iter().copied().chain(through.as_deref()).collect();
    let act = Act { fields: &fields, ..act };
    write(ctx, tx, &actor.audit_name(), actor.address(), actor.request_id(), act).await
}

/// Notes what was done without an actor: sign-in, links and set-up.
pub(crate) async fn record_as(
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
    let entry = Entry { id, actor, team, action, object, fields: &fields, address, request_id };
    Ok(store::audit::record(tx, &entry).await?)
}
