//! What the database says about itself, for `tallygate doctor`. Reads the catalogue of Postgres and none of our rows.

use chrono::{DateTime, Utc};

use crate::{Error, pool::Connection};

/// The server, its clock, and what our role may do there.
#[derive(Clone, Debug)]
pub struct Facts {
    /// `170002` is 17.2.
    pub version: i32,
    pub now: DateTime<Utc>,
    pub is_superuser: bool,
    /// May partitions be made? Only the owner of a table may.
    pub owns_tables: bool,
    /// Tables that our role may not read or write.
    pub out_of_reach: Vec<String>,
}

pub async fn facts(db: &mut Connection) -> Result<Facts, Error> {
    let facts = sqlx::query_file_as!(Facts, "queries/doctor_facts.sql").fetch_one(db).await?;
    Ok(facts)
}
