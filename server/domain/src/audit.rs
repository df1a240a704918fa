//! The audit log as people read it: who did what to which object, when and from where. Fields are named, values never.

use serde::{Deserialize, Serialize};

use crate::{clock::Stamp, id::AuditId};

/// What somebody looks for. Empty text: any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuditQuery {
    /// Slug of a team.
    pub team: String,
    /// E-mail address of a person, or `operator`, `anonymous`.
    pub actor: String,
    /// An action such as `key.create`, or the start of one such as `key`.
    pub action: String,
    /// Part of the object's text.
    pub object: String,
    /// First and last day, such as `2026-11-21`, in the reader's zone.
    pub from: String,
    pub to: String,
    /// The last entry of the page before.
    pub after: Option<AuditId>,
    /// 1 to 200; absent: 50.
    pub limit: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    pub id: AuditId,
    pub at: Stamp,
    /// The name of a person, or of the operator or job that acted.
    pub actor: String,
    /// Their e-mail address; empty for what is no person.
    pub email: String,
    /// Slug; empty: the whole instance.
    pub team: String,
    pub action: String,
    pub object: String,
    pub fields: Vec<String>,
    pub address: String,
    pub request_id: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    pub rows: Vec<AuditRow>,
    /// For [`AuditQuery::after`]; `None`: this was the last page.
    pub next: Option<AuditId>,
}
