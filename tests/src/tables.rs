//! All tables of one instance, read past the product: did anything change, what would a dump show, and back to how it was.
//!
//! A digest leaves out what is written without anybody being allowed anything: counters, heartbeats, times of last use, the
//! audit log. Restoring switches triggers off for its own session, so it also takes back what the product cannot.
//! One more table of that kind: a line in [`NOT_A_CHANGE`] or [`NOT_A_FIELD`], with its reason.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, PgPool, Row as _, postgres::PgPoolCopyExt as _};

/// Tables that a refused request may write to, each with its reason.
const NOT_A_CHANGE: &[(&str, &str)] = &[
    ("audit_log", "a refusal is noted there"),
    ("config_version", "a number that only rises"),
    ("replicas", "heartbeats"),
    ("sign_in_failures", "tries are counted, whatever comes of them"),
];

/// Columns that a read may write to, each with its reason.
const NOT_A_FIELD: &[(&str, &str)] = &[
    ("last_seen_at", "a session was used"),
    ("last_used_at", "a key or token was used"),
    ("tries", "tries of the set-up code are counted"),
];

/// The kept copies live in a schema of their own.
const KEPT: &str = "kept";

/// One text per table; equal digests mean equal rows.
pub type Digest = BTreeMap<String, String>;

/// A view of one database.
pub struct Tables {
    pool: PgPool,
    names: Vec<String>,
}

impl Tables {
    pub async fn connect(url: &str) -> Result<Self> {
        let pool = PgPool::connect(url).await?;
        let statement = "SELECT c.relname FROM pg_class c
                          WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
                          ORDER BY 1";
        let names = sqlx::query_scalar(statement).fetch_all(&pool).await?;
        Ok(Self { pool, names })
    }

    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Everything that counts as a change, table by table.
    pub async fn digest(&self) -> Result<Digest> {
        let fields: Vec<&str> = NOT_A_FIELD.iter().map(|(name, _)| *name).collect();
        self.digest_without(&fields).await
    }

    /// The same without more columns: for comparing two instances, whose ids and times must differ.
    pub async fn digest_without(&self, fields: &[&str]) -> Result<Digest> {
        let fields = fields.join(",");
        let is_counted = |name: &&String| !NOT_A_CHANGE.iter().any(|(other, _)| other == name);
        let part = |name: &String| {
            format!(
                "SELECT '{name}', coalesce(md5(string_agg(md5(r), '' ORDER BY md5(r))), '')
                   FROM (SELECT (to_jsonb(t) - '{{{fields}}}'::text[])::text AS r FROM \"{name}\" t) rows"
            )
        };
        let parts: Vec<String> = self.names.iter().filter(is_counted).map(part).collect();
        let rows = sqlx::query(AssertSqlSafe(parts.join(" UNION ALL "))).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    /// Only the rows that mention one of `words`: what belongs to one team.
    pub async fn digest_of(&self, words: &[String]) -> Result<Digest> {
        let fields: Vec<&str> = NOT_A_FIELD.iter().map(|(name, _)| *name).collect();
        let fields = fields.join(",");
        let is_counted = |name: &&String| !NOT_A_CHANGE.iter().any(|(other, _)| other == name);
        let part = |name: &String| {
            format!(
                "SELECT '{name}', coalesce(md5(string_agg(md5(r), '' ORDER BY md5(r))), '')
                   FROM (SELECT (to_jsonb(t) - '{{{fields}}}'::text[])::text AS r FROM \"{name}\" t) rows WHERE r ~ $1"
            )
        };
        let parts: Vec<String> = self.names.iter().filter(is_counted).map(part).collect();
        let statement = AssertSqlSafe(parts.join(" UNION ALL "));
        let rows = sqlx::query(statement).bind(words.join("|")).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    /// Rows of one table as JSON, for the message of a test that failed and for comparing instances.
    pub async fn rows(&self, table: &str, without: &[&str]) -> Result<Vec<String>> {
        let fields = without.join(",");
        let statement = format!("SELECT (to_jsonb(t) - '{{{fields}}}'::text[])::text FROM \"{table}\" t ORDER BY 1");
        Ok(sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(&self.pool).await?)
    }

    /// What a dump of the database holds: every table in the server's own text form.
    pub async fn dump(&self) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        for name in &self.names {
            all.extend_from_slice(format!("COPY {name}\n").as_bytes());
            let statement = format!("COPY (SELECT * FROM \"{name}\") TO STDOUT");
            let mut rows = self.pool.copy_out_raw(&statement).await?;
            while let Some(bytes) = rows.try_next().await? {
                all.extend_from_slice(&bytes);
            }
        }
        Ok(all)
    }

    /// Keeps a copy of all rows as they are now.
    pub async fn keep(&self) -> Result<Digest> {
        let copies =
            self.names.iter().map(|name| format!("CREATE TABLE {KEPT}.\"{name}\" AS TABLE public.\"{name}\";"));
        let statement =
            format!("DROP SCHEMA IF EXISTS {KEPT} CASCADE; CREATE SCHEMA {KEPT}; {}", copies.collect::<String>());
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&self.pool).await?;
        self.digest().await
    }

    /// Brings the tables back that are not as `kept` says; their names. Running servers learn of it as of any other change.
    pub async fn restore(&self, kept: &Digest) -> Result<BTreeSet<String>> {
        let changed = changed(kept, &self.digest().await?);
        if !changed.is_empty() {
            let back = |name: &String| {
                format!("DELETE FROM public.\"{name}\"; INSERT INTO public.\"{name}\" SELECT * FROM {KEPT}.\"{name}\";")
            };
            let tables: String = changed.iter().map(back).collect();
            let statement = format!(
                "BEGIN; SET LOCAL session_replication_role = replica; {tables}
                 UPDATE config_version SET version = version + 1; NOTIFY config; COMMIT"
            );
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&self.pool).await?;
        }
        Ok(changed)
    }

    /// What the audit log says since `since` rows were there: action and object, oldest first.
    pub async fn audited(&self, since: i64) -> Result<Vec<(String, String)>> {
        let statement = "SELECT action, object FROM audit_log ORDER BY at, id OFFSET $1";
        Ok(sqlx::query_as(statement).bind(since).fetch_all(&self.pool).await?)
    }

    pub async fn audit_rows(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT count(*) FROM audit_log").fetch_one(&self.pool).await?)
    }

    /// One value of a statement that the test wrote.
    pub async fn text(&self, statement: &'static str, value: &str) -> Result<String> {
        Ok(sqlx::query_scalar(statement).bind(value).fetch_one(&self.pool).await?)
    }

    /// Waits until a table has at least so many rows: what is written behind an answer.
    pub async fn until_written(&self, table: &str, least: usize) -> Result<()> {
        let least = i64::try_from(least)?;
        let look = async {
            loop {
                let statement = AssertSqlSafe(format!("SELECT count(*) FROM \"{table}\""));
                let count: i64 = sqlx::query_scalar(statement).fetch_one(&self.pool).await?;
                if count >= least {
                    return Ok(());
                }
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), look).await?
    }

    /// One statement that no product function offers, such as moving a time stamp, and word of it to running servers.
    pub async fn execute(&self, statement: &'static str, value: &str) -> Result<u64> {
        let done = sqlx::query(statement).bind(value).execute(&self.pool).await?.rows_affected();
        sqlx::raw_sql("UPDATE config_version SET version = version + 1; NOTIFY config").execute(&self.pool).await?;
        Ok(done)
    }
}

/// Names of the tables that differ.
pub fn changed(before: &Digest, after: &Digest) -> BTreeSet<String> {
    let differs = |name: &&String| before.get(*name) != after.get(*name);
    before.keys().chain(after.keys()).filter(differs).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_change_is_seen_and_taken_back_and_a_counter_is_none() {
        let database = store::testing::database().await;
        let tables = Tables::connect(&database.url).await.unwrap();
        let kept = tables.keep().await.unwrap();
        tables.execute("UPDATE config_version SET version = version + length($1)", "x").await.unwrap();
        assert_eq!(changed(&kept, &tables.digest().await.unwrap()), BTreeSet::new());

        let team = "INSERT INTO teams (id, slug, name, store_content)
                    VALUES ('00000000-0000-7000-8000-000000000001', $1, 'T', 'full')";
        tables.execute(team, "canary").await.unwrap();
        assert!(String::from_utf8(tables.dump().await.unwrap()).unwrap().contains("canary"));
        assert_eq!(tables.restore(&kept).await.unwrap(), BTreeSet::from(["teams".to_owned()]));
        assert_eq!(tables.digest().await.unwrap(), kept);
        assert!(!String::from_utf8(tables.dump().await.unwrap()).unwrap().contains("canary"));
    }
}
