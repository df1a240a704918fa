//! Which requests: the one place where a statement is put together from parts, because which parts it has is what was asked.
//!
//! One statement for all questions, with `$n IS NULL OR …` for what was not asked, would have to be planned for everything at
//! once and would read a million rows for some. Here each question has only its own conditions and finds its own index. Every
//! part of the text is a constant of this folder, every value is bound. What a filter says is [`super::condition`].

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    history::Field,
    id::{AttemptId, TeamId},
};
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::{
    Filter, Search,
    condition::{Condition, push_any},
};
use crate::{Error, words};

/// The newest matching requests are looked through for words before the words are looked up: what is found often is found
/// there, and what is rare is looked up fast.
pub(super) const LOOKED_THROUGH: i64 = 2_000;
/// So many of them where the first ones say that a page is to be found there: reading them still takes less time than looking
/// up words that so many requests have.
pub(super) const MOST_LOOKED_THROUGH: i64 = 16_000;

/// By how much an id may be older or newer than the request it names.
const SKEW: TimeDelta = TimeDelta::days(1);

/// A question with all of its names resolved.
pub(super) struct Question {
    team: TeamId,
    user: Option<Uuid>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    conditions: Vec<(Field, Condition)>,
    id: Option<IdRange>,
    /// As Postgres reads it, the team's own word included.
    pub words: Option<String>,
    /// Something was asked that nothing can match.
    is_empty: bool,
}

/// Ids between these, both included.
struct IdRange {
    first: Uuid,
    last: Uuid,
}

/// A place in the order of a list: newest first, by the database's clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub admitted_at: DateTime<Utc>,
    pub id: Uuid,
}

/// Which side of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Older,
    Newer,
}

impl Question {
    pub(super) async fn new(db: &mut PgConnection, team: TeamId, filter: &Filter) -> Result<Self, Error> {
        let mut conditions = Vec::with_capacity(filter.conditions.len());
        for asked in &filter.conditions {
            let providers = match asked.field {
                Field::Provider => providers(db, team, &asked.values).await?,
                _ => Vec::new(),
            };
            conditions.push((asked.field, Condition::of(asked, providers)));
        }
        let mut question = Self {
            team,
            user: filter.user.map(|user| user.0),
            from: filter.from,
            to: filter.to,
            conditions,
            id: None,
            words: None,
            is_empty: false,
        };
        if let Some(search) = &filter.search {
            question.look_for(search);
        }
        Ok(question)
    }

    fn look_for(&mut self, search: &Search) {
        let asked = search.words.trim();
        if asked.is_empty() {
            return;
        }
        self.id = IdRange::parse(asked);
        if self.id.is_some() {
            return;
        }
        // A space behind the last word says that it is whole.
        let words = words::question(&search.words).filter(|_| search.content);
        self.words = words.map(|words| format!("'t:{}' & {words}", self.team.0));
        self.is_empty = self.words.is_none();
    }

    /// Fields that this question filters by.
    pub(super) fn fields(&self) -> impl Iterator<Item = Field> {
        self.conditions.iter().map(|(field, _)| *field)
    }

    /// `WHERE …` over `attempts a` without the words; `but` leaves out the conditions on one field.
    pub(super) fn push_where(&self, sql: &mut QueryBuilder<Postgres>, but: Option<Field>, side: Option<(Side, Place)>) {
        sql.push(" WHERE a.team_id = ").push_bind(self.team.0);
        if self.is_empty {
            sql.push(" AND false");
        }
        if let Some(user) = self.user {
            sql.push(" AND a.user_id = ").push_bind(user);
        }
        if let Some(from) = self.from {
            sql.push(" AND a.admitted_at >= ").push_bind(from);
        }
        if let Some(to) = self.to {
            sql.push(" AND a.admitted_at < ").push_bind(to);
        }
        if let Some((side, Place { admitted_at, id })) = side {
            sql.push(if side == Side::Older {
                " AND (a.admitted_at, a.id) < ("
            } else {
                " AND (a.admitted_at, a.id) > ("
            });
            sql.push_bind(admitted_at).push(", ").push_bind(id).push(")");
        }
        if let Some(IdRange { first, last }) = &self.id {
            push_id(sql, *first, *last);
        }
        for (_, condition) in self.conditions.iter().filter(|(field, _)| Some(*field) != but) {
            match condition {
                Condition::Verdict { outcomes, is_without } => self.push_verdict(sql, outcomes, *is_without, but),
                condition => condition.push(sql),
            }
        }
    }

    /// With `is_without`, the outcomes are those that the newest verdict is not. A verdict knows the time, the model and the
    /// task of its request, so a page may be found among the verdicts, of which there are fewer.
    fn push_verdict(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        outcomes: &[&'static str],
        is_without: bool,
        but: Option<Field>,
    ) {
        if is_without && outcomes.is_empty() {
            return;
        }
        sql.push(if is_without { " AND NOT EXISTS" } else { " AND EXISTS" });
        sql.push(" (SELECT FROM feedback f WHERE f.request_id = a.request_id AND f.is_newest AND f.team_id = ");
        let outcomes: Vec<String> = outcomes.iter().map(|outcome| (*outcome).to_owned()).collect();
        sql.push_bind(self.team.0).push(" AND f.outcome");
        push_any(sql, &outcomes);
        if !is_without {
            sql.push(" AND f.admitted_at = a.admitted_at");
            for (_, condition) in self.conditions.iter().filter(|(field, _)| Some(*field) != but) {
                if let Condition::Text { column, values, or_null: false } = condition
                    && let "a.task" | "a.model" = *column
                {
                    sql.push(if *column == "a.task" { " AND f.task" } else { " AND f.model" });
                    push_any(sql, values);
                }
            }
        }
        sql.push(")");
    }

    /// `WITH hits AS (…) SELECT columns FROM … WHERE …`: the matching attempts whose requests have the words, looked up. Ids
    /// are made from the time, so those of another time need not be looked for.
    pub(super) fn push_found(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        words: &str,
        columns: impl FnOnce(&mut QueryBuilder<Postgres>),
        but: Option<Field>,
        side: Option<(Side, Place)>,
    ) {
        sql.push("WITH hits AS MATERIALIZED (SELECT w.request_id FROM request_words w WHERE w.words @@ ");
        sql.push_bind(words.to_owned()).push("::tsquery");
        self.push_span(sql, "w.request_id");
        sql.push(") ");
        columns(sql);
        sql.push(" FROM hits h JOIN attempts a ON a.request_id = h.request_id");
        self.push_where(sql, but, side);
        self.push_span(sql, "a.id");
        push_last(sql, "a");
    }

    /// The span again, by an id that was made in it, give or take the clock of who made it.
    fn push_span(&self, sql: &mut QueryBuilder<Postgres>, id: &'static str) {
        if let Some(from) = self.from {
            sql.push(" AND ").push(id).push(" >= ").push_bind(first_id(from - SKEW));
        }
        if let Some(to) = self.to {
            sql.push(" AND ").push(id).push(" < ").push_bind(first_id(to + SKEW));
        }
    }

    /// Attempts that another one followed are left out, each looked up when a page comes to it. `OFFSET 0` keeps this from
    /// becoming a join: of a few thousand matching attempts the planner believes that a join leaves next to none, and then it
    /// reads them all instead of the newest. A verdict is a join itself, and beside it this may be one.
    pub(super) fn push_last(&self, sql: &mut QueryBuilder<Postgres>) {
        let has_verdict = self.conditions.iter().any(|(_, condition)| matches!(condition, Condition::Verdict { .. }));
        push_unfollowed(sql, "a", if has_verdict { "" } else { " OFFSET 0" });
    }

    /// How many of the newest requests are to be read for those that have the words, where reading takes less time than looking
    /// the words up.
    pub(super) async fn read_for_words(&self, tx: &mut PgConnection, but: Option<Field>) -> Result<Option<i64>, Error> {
        let Some(words) = &self.words else { return Ok(None) };
        let mut sql = QueryBuilder::new("SELECT count(*) FROM (SELECT a.request_id FROM attempts a");
        self.push_where(&mut sql, but, None);
        push_order(&mut sql, Side::Older);
        sql.push(" LIMIT ").push_bind(LOOKED_THROUGH);
        sql.push(") AS a JOIN request_words w ON w.request_id = a.request_id WHERE w.words @@ ");
        sql.push_bind(words.clone()).push("::tsquery");
        let found: i64 = sql.build_query_scalar().fetch_one(tx).await.map_err(super::slow)?;
        Ok(match found {
            _ if found * 50 > LOOKED_THROUGH => Some(LOOKED_THROUGH),
            _ if found * 250 > LOOKED_THROUGH => Some(MOST_LOOKED_THROUGH),
            _ => None,
        })
    }
}

/// The smallest id of a time.
fn first_id(time: DateTime<Utc>) -> Uuid {
    let millis = u128::try_from(time.timestamp_millis()).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}

/// One row per request: attempts that another one followed are left out, all at once.
pub(super) fn push_last(sql: &mut QueryBuilder<Postgres>, of: &'static str) {
    push_unfollowed(sql, of, "");
}

fn push_unfollowed(sql: &mut QueryBuilder<Postgres>, of: &'static str, end: &'static str) {
    sql.push(" AND NOT EXISTS (SELECT FROM retried x WHERE x.request_id = ").push(of);
    sql.push(".request_id AND x.attempt_no = ").push(of).push(".attempt_no").push(end).push(")");
}

/// `ORDER BY` of the same statement.
pub(super) fn push_order(sql: &mut QueryBuilder<Postgres>, side: Side) {
    sql.push(match side {
        Side::Older => " ORDER BY a.admitted_at DESC, a.id DESC",
        Side::Newer => " ORDER BY a.admitted_at, a.id",
    });
}

/// Where an attempt of the team stands in the order.
pub(super) async fn place(db: &mut PgConnection, team: TeamId, id: AttemptId) -> Result<Option<Place>, Error> {
    let found = sqlx::query_scalar!("SELECT admitted_at FROM attempts WHERE id = $1 AND team_id = $2", id.0, team.0);
    Ok(found.fetch_optional(db).await?.map(|admitted_at| Place { admitted_at, id: id.0 }))
}

/// Providers with these short names, archived ones too: their calls stay theirs.
async fn providers(db: &mut PgConnection, team: TeamId, slugs: &[String]) -> Result<Vec<Uuid>, Error> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM providers WHERE slug = ANY ($1) AND (team_id = $2 OR team_id IS NULL)",
        slugs,
        team.0
    );
    Ok(ids.fetch_all(db).await?)
}

fn push_id(sql: &mut QueryBuilder<Postgres>, first: Uuid, last: Uuid) {
    if first != last {
        sql.push(" AND a.request_id BETWEEN ").push_bind(first).push(" AND ").push_bind(last);
        return;
    }
    sql.push(" AND (a.request_id = ").push_bind(first);
    sql.push(" OR a.id = ").push_bind(first);
    sql.push(" OR a.run_id = ").push_bind(first).push(")");
}

impl IdRange {
    /// `req_…`, whole or its beginning, or any whole id.
    fn parse(text: &str) -> Option<Self> {
        if let Some(digits) = text.strip_prefix("req_") {
            let is_hex = !digits.is_empty() && digits.len() <= 32 && digits.bytes().all(|b| b.is_ascii_hexdigit());
            let (first, last) = (format!("{digits:0<32}"), format!("{digits:f<32}"));
            return is_hex
                .then(|| Some(Self { first: Uuid::parse_str(&first).ok()?, last: Uuid::parse_str(&last).ok()? }))?;
        }
        let id = Uuid::parse_str(text).ok()?;
        Some(Self { first: id, last: id })
    }
}
