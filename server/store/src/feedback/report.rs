//! The sums that tables of verdicts are made of. Whole numbers only; shares and means are `domain::interval`.

use chrono::{DateTime, Utc};
use domain::{feedback::VerdictsBy, id::TeamId};
use sqlx::PgConnection;

use crate::Error;

/// One model, prompt version or task, or the team.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Empty: calls without one.
    pub of: String,
    /// Requests by their newest outcome.
    pub accepted: u32,
    pub edited: u32,
    pub rejected: u32,
    /// Ratings of everybody: how many, their sum, the sum of their squares.
    pub ratings: u32,
    pub rating_sum: u64,
    pub rating_squares: u64,
    /// Distances that are known, and the median of them, in ten-thousandths.
    pub distances: u32,
    pub distance_median: Option<u16>,
}

/// What is said now about requests that were admitted in a time, the most frequent first.
pub async fn report(
    db: &mut PgConnection,
    team: TeamId,
    by: VerdictsBy,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Sums>, Error> {
    let by = match by {
        VerdictsBy::Model => "model",
        VerdictsBy::PromptVersion => "prompt",
        VerdictsBy::TaskClass => "task",
        VerdictsBy::Team => "team",
    };
    let rows = sqlx::query_file!("queries/feedback_report.sql", team.0, by, from, to).fetch_all(db).await?;
    let count = |n| u32::try_from(n).unwrap_or(u32::MAX);
    let sum = |n| u64::try_from(n).unwrap_or(0);
    let sums = rows.into_iter().map(|row| Sums {
        of: row.of,
        accepted: count(row.accepted),
        edited: count(row.edited),
        rejected: count(row.rejected),
        ratings: count(row.ratings),
        rating_sum: sum(row.rating_sum),
        rating_squares: sum(row.rating_squares),
        distances: count(row.distances),
        distance_median: row.distance_median.and_then(|median| u16::try_from(median).ok()),
    });
    Ok(sums.collect())
}
