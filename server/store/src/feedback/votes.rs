//! Votes on pairs of answers. A pair is stored with its smaller column on the left, whichever side the page showed it on.

use chrono::{DateTime, Utc};
use domain::{
    feedback::{PairVote, Preference},
    id::{RunId, TeamId, UserId},
    run::Place,
};
use sqlx::PgConnection;

use crate::Error;

fn turned(preference: Preference) -> Preference {
    match preference {
        Preference::Left => Preference::Right,
        Preference::Right => Preference::Left,
        Preference::Tie | Preference::BothBad => preference,
    }
}

/// Stores a person's vote, in place of an earlier one on the same pair. `false`: the team has no such run, the run has no
/// such places, or they are not two columns of one row.
pub async fn vote(
    db: &mut PgConnection,
    team: TeamId,
    run: RunId,
    user: UserId,
    vote: &PairVote,
) -> Result<bool, Error> {
    let PairVote { left, right, preference, blind } = *vote;
    if left.case != right.case || left.variant == right.variant {
        return Ok(false);
    }
    let is_turned = left.variant > right.variant;
    let (left, right) = if is_turned { (right, left) } else { (left, right) };
    let preference = if is_turned { turned(preference) } else { preference };
    let done = sqlx::query_file!(
        "queries/feedback_vote.sql",
        team.0,
        run.0,
        user.0,
        i32::from(left.case),
        i32::from(left.variant),
        i32::from(right.variant),
        preference.as_str(),
        blind
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A person's votes in a run.
pub async fn votes_of_run(
    db: &mut PgConnection,
    team: TeamId,
    run: RunId,
    user: UserId,
) -> Result<Vec<PairVote>, Error> {
    let rows = sqlx::query!(
        r#"SELECT "case", left_variant, right_variant, preference, blind FROM pair_votes
            WHERE team_id = $1 AND run_id = $2 AND user_id = $3 ORDER BY "case", left_variant, right_variant"#,
        team.0,
        run.0,
        user.0
    )
    .fetch_all(db)
    .await?;
    let votes = rows.into_iter().map(|row| {
        let unknown = || Error::Unknown { column: "pair_votes.preference", value: row.preference.clone() };
        Ok(PairVote {
            left: Place { variant: index(row.left_variant)?, case: index(row.case)? },
            right: Place { variant: index(row.right_variant)?, case: index(row.case)? },
            preference: Preference::parse(&row.preference).ok_or_else(unknown)?,
            blind: row.blind,
        })
    });
    votes.collect()
}

fn index(value: i32) -> Result<u16, Error> {
    u16::try_from(value).map_err(|_| Error::Unknown { column: "pair_votes", value: value.to_string() })
}

/// How the votes on a pair went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub left: u32,
    pub right: u32,
    pub ties: u32,
    pub both_bad: u32,
}

impl Tally {
    fn new(left: i64, right: i64, ties: i64, both_bad: i64) -> Self {
        let count = |n| u32::try_from(n).unwrap_or(u32::MAX);
        Self { left: count(left), right: count(right), ties: count(ties), both_bad: count(both_bad) }
    }
}

/// All votes on two columns of a run, the smaller one left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VariantPair {
    pub left: u16,
    pub right: u16,
    pub votes: Tally,
}

/// The votes of everybody in a run, by pairs of columns.
pub async fn pairs_of_run(db: &mut PgConnection, team: TeamId, run: RunId) -> Result<Vec<VariantPair>, Error> {
    let rows = sqlx::query_file!("queries/feedback_pairs_of_run.sql", team.0, run.0).fetch_all(db).await?;
    let pairs = rows.into_iter().map(|row| {
        Ok(VariantPair {
            left: index(row.left_variant)?,
            right: index(row.right_variant)?,
            votes: Tally::new(row.lefts, row.rights, row.ties, row.both_bad),
        })
    });
    pairs.collect()
}

/// All blind votes on two models, in the order of their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelPair {
    pub left: String,
    pub right: String,
    pub votes: Tally,
}

/// The blind votes of the team in a time, by pairs of different models.
pub async fn pairs_of_models(
    db: &mut PgConnection,
    team: TeamId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<ModelPair>, Error> {
    let rows = sqlx::query_file!("queries/feedback_pairs_of_models.sql", team.0, from, to).fetch_all(db).await?;
    let pairs = rows.into_iter().map(|row| ModelPair {
        left: row.left_model,
        right: row.right_model,
        votes: Tally::new(row.lefts, row.rights, row.ties, row.both_bad),
    });
    Ok(pairs.collect())
}
