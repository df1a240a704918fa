//! Settings of the instance.

use serde::{Deserialize, Serialize};

use crate::team::StoreContent;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceSettings {
    /// That of the settings that were read; a save over a newer one is refused.
    pub revision: i64,
    pub name: String,
    /// IANA zone of reports, `Europe/Berlin`.
    pub reporting_zone: String,
    /// Private addresses that providers may have: `127.0.0.1:9000`, `10.0.0.0/8`, `::1`.
    pub allow_private: Vec<String>,
    /// For new teams.
    pub store_content: StoreContent,
}
