//! The state of a plain form post that was refused: `server` provides it, the page shows it, without JavaScript too.

use domain::ApiError;
use serde::{Deserialize, Serialize};

/// Why the form was refused and what had been typed (never passwords or codes). Provided as context by the server's plain
/// form routes when they render the page again; absent on a first visit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormState {
    pub error: Option<ApiError>,
    /// Field name and value.
    pub values: Vec<(String, String)>,
}

impl FormState {
    pub fn value(&self, field: &str) -> String {
        self.values.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone()).unwrap_or_default()
    }
}
