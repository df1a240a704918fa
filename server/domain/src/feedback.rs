//! What people and their tools say about answers: verdicts on requests, votes on pairs, and the tables made of them
//! (`product.md` 16). Human ratings, outcomes of code and scores of judges are never mixed into one number (FB-7).

use serde::{Deserialize, Serialize};

use crate::{
    clock::Stamp,
    id::{RequestId, RunId},
    interval::{Share, Spread},
    run::Place,
};

/// Most items of one call.
pub const MAX_ITEMS: usize = 100;
/// How long after a request somebody may still say how it was.
pub const FEEDBACK_DAYS: u16 = 30;
pub const MAX_COMMENT_CHARS: usize = 2_000;
pub const MAX_TAGS: usize = 20;
/// Of a text that was kept in the end: as long as an answer may be that is stored.
pub const MAX_KEPT_BYTES: usize = 2 * 1024 * 1024;

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acceptance {
    Accepted,
    /// Accepted with edits.
    Edited,
    Rejected,
}

impl Acceptance {
    pub const ALL: [Self; 3] = [Self::Accepted, Self::Edited, Self::Rejected];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Edited => "edited",
            Self::Rejected => "rejected",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// What one source said about one request; saying it again replaces it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    pub outcome: Option<Acceptance>,
    /// Share of the text that changed, in ten-thousandths: 0 is untouched, 10,000 is all of it.
    pub edit_distance: Option<u16>,
    /// 1 to 5.
    pub rating: Option<u8>,
    pub comment: String,
    pub tags: Vec<String>,
}

/// One item of `POST /api/v1/feedback` (FB-1), and of the verdict row of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedbackItem {
    /// `req_…`, as the answer's `x-request-id` names it.
    pub request_id: String,
    /// `accepted`, `edited` or `rejected`.
    #[serde(default)]
    pub outcome: Option<String>,
    /// From 0 to 1: a JSON number, or the same as text.
    #[serde(default, deserialize_with = "number_as_text")]
    pub edit_distance: Option<String>,
    /// What was kept in the end; the distance to the answer is computed here.
    #[serde(default)]
    pub final_text: Option<String>,
    #[serde(default)]
    pub rating: Option<i64>,
    #[serde(default)]
    pub comment: String,
    #[serde(default)]
    pub tags: Vec<String>,
}

/// The text of a number is kept as it was written; anything else stays for the check to refuse.
fn number_as_text<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Option::<serde_json::Value>::deserialize(from)? {
        None => None,
        Some(serde_json::Value::String(text)) => Some(text),
        Some(other) => Some(other.to_string()),
    })
}

/// A verdict with who gave it, for the page of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenVerdict {
    /// A person, or the name of a key.
    pub by: String,
    pub time: Stamp,
    pub verdict: Verdict,
    pub is_mine: bool,
}

/// Which of two answers is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preference {
    Left,
    Right,
    Tie,
    BothBad,
}

impl Preference {
    pub const ALL: [Self; 4] = [Self::Left, Self::Right, Self::Tie, Self::BothBad];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Tie => "tie",
            Self::BothBad => "both_bad",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// A vote on two columns of one row. One person has one vote on a pair; a second one replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairVote {
    pub left: Place,
    /// In the same row.
    pub right: Place,
    pub preference: Preference,
    /// The names were hidden.
    pub blind: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewVote {
    pub team: String,
    pub run: RunId,
    pub vote: PairVote,
}

/// All votes on two columns or two models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairRow {
    pub left: String,
    pub right: String,
    pub wins: u32,
    pub losses: u32,
    pub ties: u32,
    pub both_bad: u32,
    /// Of votes with a winner, those for `left`.
    pub share: Share,
}

/// What a table of verdicts has one row for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictsBy {
    #[default]
    Model,
    PromptVersion,
    TaskClass,
    /// One row: the team.
    Team,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerdictsQuery {
    pub team: String,
    #[serde(default)]
    pub by: VerdictsBy,
    /// `now-30d` or a day; empty: 30 days ago and now. Of the requests, not of the verdicts.
    #[serde(default)]
    pub from: String,
    #[serde(default)]
    pub to: String,
}

/// One model, prompt version or task class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictsRow {
    /// Empty: calls without one.
    pub of: String,
    /// Requests with an outcome.
    pub n: u32,
    pub accepted: u32,
    pub edited: u32,
    pub rejected: u32,
    /// Accepted or edited, of `n`.
    pub acceptance: Share,
    /// In hundredths of a star.
    pub rating: Spread,
    /// Median of what is known, in ten-thousandths, and of how many.
    pub edit_distance: Option<u16>,
    pub distances: u32,
    /// Won, of the blind votes with a winner.
    pub blind_wins: Share,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdicts {
    pub rows: Vec<VerdictsRow>,
    /// The span in words, with its zone.
    pub span: String,
    /// Blind votes on pairs of models.
    pub pairs: Vec<PairRow>,
}

/// A verdict of a person in the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GiveVerdict {
    pub team: String,
    pub request: RequestId,
    pub verdict: Verdict,
    /// What was kept of the answer in the end. It is measured against the answer, in place of a given distance, and dropped.
    #[serde(default)]
    pub kept: Option<String>,
}
