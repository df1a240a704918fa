//! How many requests of a question have each value of each field.
//!
//! The condition on a field does not narrow the counts of that field, so each field that is filtered by is counted on its own;
//! all others are counted together. Rows are counted here rather than grouped by the database: ten groupings of the same
//! twenty thousand rows take it three times as long. One more field with names for values is one line in `COUNTED`.

use std::{collections::HashMap, hash::Hash};

use domain::{
    history::{Facet, FacetValue, Facets, Field, MAX_FILTER_VALUES},
    id::TeamId,
};
use sqlx::{PgConnection, Postgres, QueryBuilder, Row, postgres::PgRow};
use uuid::Uuid;

use super::{
    Filter, begin, condition,
    question::{self, Question, Side},
    slow,
};
use crate::{Error, storable};

/// How a field is read from a row: its column, and what it is called when it is empty.
#[derive(Clone, Copy)]
enum Column {
    Text(&'static str, Option<&'static str>),
    Id(&'static str),
    Tags,
    Flags,
    Verdict,
}

/// In the order of the page.
const COUNTED: [(Field, Column); 11] = [
    (Field::Status, Column::Text("outcome", Some("running"))),
    (Field::Model, Column::Text("model", None)),
    (Field::Provider, Column::Id("provider_id")),
    (Field::Key, Column::Id("key_id")),
    (Field::Person, Column::Id("user_id")),
    (Field::Task, Column::Text("task", Some("none"))),
    (Field::Origin, Column::Text("origin", None)),
    (Field::Verdict, Column::Verdict),
    (Field::Flag, Column::Flags),
    (Field::Dialect, Column::Text("dialect", None)),
    (Field::Tag, Column::Tags),
];

const FLAGS: [&str; 4] = ["uncertain", "unpriced", "overrun", "estimated"];

/// Values of one field with how often each occurs.
type Counts = Vec<(String, u32)>;

/// Counts over the newest matching requests. At most `most` are read in all: each field that is filtered by needs requests of
/// its own, so the more filters, the fewer for each. When many have the words that are looked for, those of them are counted
/// that are among the newest few thousand of all.
pub async fn facets(db: &mut PgConnection, team: TeamId, filter: &Filter, most: u32) -> Result<Facets, Error> {
    let mut tx = begin(db).await?;
    let question = Question::new(&mut tx, team, filter).await?;
    let is_filtered = |field: Field| question.fields().any(|filtered| filtered == field);
    let (own, free): (Vec<_>, Vec<_>) = COUNTED.into_iter().partition(|(field, _)| is_filtered(*field));
    let most = most / u32::try_from(own.len() + 1).unwrap_or(u32::MAX);
    let mut facets = Vec::with_capacity(COUNTED.len());
    let mut counted = None;
    let groups = std::iter::once((None, free)).chain(own.into_iter().map(|one| (Some(one.0), vec![one])));
    for (but, fields) in groups {
        let base = Base::read(&mut tx, &question, but, &fields, most).await?;
        counted = counted.max(base.cut);
        for (field, column) in fields {
            let counts = base.count(&mut tx, team, column).await?;
            facets.push(Facet { field, values: named(&mut tx, team, field, counts).await? });
        }
    }
    tx.commit().await?;
    facets.sort_by_key(|facet| COUNTED.iter().position(|(field, _)| *field == facet.field));
    Ok(Facets { facets, counted })
}

/// The requests that are counted.
struct Base {
    rows: Vec<PgRow>,
    /// There are more, or may be: only so many were looked at.
    cut: Option<u32>,
}

impl Base {
    async fn read(
        tx: &mut PgConnection,
        question: &Question,
        but: Option<Field>,
        fields: &[(Field, Column)],
        most: u32,
    ) -> Result<Self, Error> {
        let columns = Columns(fields);
        let Some(words) = &question.words else {
            let mut sql = QueryBuilder::new("SELECT newest.*, x.request_id IS NULL AS is_last FROM (");
            columns.push_newest(&mut sql, question, but, i64::from(most));
            // Looked up for all at once, after the newest were found: one by one takes longer than finding them.
            sql.push(") AS newest LEFT JOIN retried x ON x.request_id = newest.request_id AND x.attempt_no = newest.attempt_no");
            let mut rows = sql.build().fetch_all(tx).await.map_err(slow)?;
            let cut = (rows.len() as u64 >= u64::from(most)).then_some(most);
            rows.retain(|row| row.try_get("is_last").unwrap_or(true));
            return Ok(Self { rows, cut });
        };
        if let Some(read) = question.read_for_words(tx, but).await? {
            let mut sql = QueryBuilder::new("SELECT newest.* FROM (");
            columns.push_newest(&mut sql, question, but, read);
            sql.push(") AS newest JOIN request_words w ON w.request_id = newest.request_id WHERE w.words @@ ");
            sql.push_bind(words.clone()).push("::tsquery");
            question::push_last(&mut sql, "newest");
            let rows = sql.build().fetch_all(tx).await.map_err(slow)?;
            return Ok(Self { rows, cut: u32::try_from(read).ok() });
        }
        let mut sql = QueryBuilder::new("");
        question.push_found(&mut sql, words, |sql| columns.push(sql), but, None);
        question::push_order(&mut sql, Side::Older);
        sql.push(" LIMIT ").push_bind(i64::from(most));
        let rows = sql.build().fetch_all(tx).await.map_err(slow)?;
        let cut = (rows.len() as u64 >= u64::from(most)).then_some(most);
        Ok(Self { rows, cut })
    }

    async fn count(&self, tx: &mut PgConnection, team: TeamId, column: Column) -> Result<Counts, Error> {
        Ok(match column {
            Column::Text(name, empty) => {
                let values = self.tally(|row| row.try_get::<Option<&str>, _>(name))?;
                let named = values.into_iter().filter_map(|(value, n)| Some((value.or(empty)?.to_owned(), n)));
                named.collect()
            }
            Column::Id(name) => {
                let values = self.tally(|row| row.try_get::<Option<Uuid>, _>(name))?;
                values.into_iter().filter_map(|(value, n)| Some((value?.to_string(), n))).collect()
            }
            Column::Tags => self.tags()?,
            Column::Flags => {
                let mut counts = Counts::new();
                for flag in FLAGS {
                    let values = self.tally(|row| row.try_get::<Option<bool>, _>(flag))?;
                    counts.extend(values.get(&Some(true)).map(|n| (flag.to_owned(), *n)));
                }
                counts
            }
            Column::Verdict => self.verdicts(tx, team).await?,
        })
    }

    fn tally<'r, T: Eq + Hash>(
        &'r self,
        value: impl Fn(&'r PgRow) -> Result<T, sqlx::Error>,
    ) -> Result<HashMap<T, u32>, Error> {
        let mut counts = HashMap::new();
        for row in &self.rows {
            *counts.entry(value(row)?).or_insert(0) += 1;
        }
        Ok(counts)
    }

    /// The same tags come often, and are read once.
    fn tags(&self) -> Result<Counts, Error> {
        let mut counts: HashMap<String, u32> = HashMap::new();
        for (tags, n) in self.tally(|row| row.try_get::<Option<&str>, _>("tags"))? {
            let Some(tags) = tags else { continue };
            let unreadable =
                |error: serde_json::Error| Error::Unknown { column: "attempts.tags", value: error.to_string() };
            let tags: serde_json::Value = serde_json::from_str(tags).map_err(unreadable)?;
            let tags: HashMap<String, String> = storable::parsed("attempts.tags", tags)?;
            for (name, value) in tags {
                *counts.entry(format!("{name}={value}")).or_insert(0) += n;
            }
        }
        Ok(counts.into_iter().collect())
    }

    async fn verdicts(&self, tx: &mut PgConnection, team: TeamId) -> Result<Counts, Error> {
        let ids: Vec<Uuid> = self.rows.iter().map(|row| row.try_get("request_id")).collect::<Result<_, _>>()?;
        let rows = sqlx::query!(
            r#"SELECT outcome AS "outcome!", count(*) AS "n!" FROM feedback
                WHERE team_id = $1 AND request_id = ANY ($2) AND is_newest GROUP BY outcome"#,
            team.0,
            &ids
        )
        .fetch_all(tx)
        .await?;
        let count = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
        let mut counts: Counts = rows.into_iter().map(|row| (row.outcome, count(row.n))).collect();
        let with: u32 = counts.iter().map(|(_, n)| n).sum();
        let without = u32::try_from(ids.len()).unwrap_or(u32::MAX).saturating_sub(with);
        counts.extend((without > 0).then(|| ("none".to_owned(), without)));
        Ok(counts)
    }
}

/// What is read of a request, for these fields.
struct Columns<'a>(&'a [(Field, Column)]);

impl Columns<'_> {
    fn push(&self, sql: &mut QueryBuilder<Postgres>) {
        sql.push("SELECT a.request_id, a.attempt_no");
        for (_, column) in self.0 {
            match column {
                Column::Text(name, _) | Column::Id(name) => sql.push(", a.").push(*name),
                Column::Tags => sql.push(", a.tags::text"),
                Column::Flags => {
                    for flag in FLAGS {
                        sql.push(", ").push(condition::flag(flag).unwrap_or("false")).push(" AS ").push(flag);
                    }
                    &mut *sql
                }
                Column::Verdict => &mut *sql,
            };
        }
    }

    /// The newest attempts that match but for words, last ones or not.
    fn push_newest(&self, sql: &mut QueryBuilder<Postgres>, question: &Question, but: Option<Field>, most: i64) {
        self.push(sql);
        sql.push(" FROM attempts a");
        question.push_where(sql, but, None);
        question::push_order(sql, Side::Older);
        sql.push(" LIMIT ").push_bind(most);
    }
}

/// The most frequent values as a filter names them, with what people call them. What nobody can name any more keeps its id.
async fn named(tx: &mut PgConnection, team: TeamId, field: Field, counts: Counts) -> Result<Vec<FacetValue>, Error> {
    let ids: Vec<Uuid> = counts.iter().filter_map(|(value, _)| value.parse().ok()).collect();
    let names: HashMap<Uuid, String> = match field {
        Field::Key => {
            sqlx::query!("SELECT id, name FROM virtual_keys WHERE team_id = $1 AND id = ANY ($2)", team.0, &ids)
                .fetch_all(tx)
                .await?
                .into_iter()
                .map(|row| (row.id, row.name))
                .collect()
        }
        Field::Person => sqlx::query!("SELECT id, name FROM users WHERE id = ANY ($1)", &ids)
            .fetch_all(tx)
            .await?
            .into_iter()
            .map(|row| (row.id, row.name))
            .collect(),
        Field::Provider => sqlx::query!("SELECT id, slug FROM providers WHERE id = ANY ($1)", &ids)
            .fetch_all(tx)
            .await?
            .into_iter()
            .map(|row| (row.id, row.slug))
            .collect(),
        _ => HashMap::new(),
    };
    let mut named: Vec<FacetValue> = Vec::with_capacity(counts.len());
    for (value, count) in counts {
        let name = value.parse().ok().and_then(|id| names.get(&id).cloned());
        let label = name.unwrap_or_else(|| value.clone());
        // A provider is asked for by its short name, which one that is archived may share.
        let value = if field == Field::Provider { label.clone() } else { value };
        match named.iter_mut().find(|known| field == Field::Provider && known.value == value) {
            Some(known) => known.count = known.count.saturating_add(count),
            None => named.push(FacetValue { value, label, count }),
        }
    }
    named.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
    named.truncate(MAX_FILTER_VALUES);
    Ok(named)
}
