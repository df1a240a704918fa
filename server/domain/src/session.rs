//! Sign-in sessions as their owner sees them.

use serde::{Deserialize, Serialize};

use crate::{clock::Stamp, id::SessionId};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionSummary {
    pub id: SessionId,
    /// Browser and system, as far as the user agent tells.
    pub device: String,
    pub address: String,
    pub created: Stamp,
    pub last_seen: Stamp,
    /// The session that asks.
    pub current: bool,
}
