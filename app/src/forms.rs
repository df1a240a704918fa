//! The state of a plain form post that was refused: `server` provides it, the page shows it, without JavaScript too.

use domain::ApiError;
use leptos::prelude::*;
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
    /// The state of the page's form, the same on both sides: it travels as text, which costs the browser no reader of its own.
    pub fn of_page() -> Self {
        let text = SharedValue::new_str(|| {
            // In the browser there is none: a page that was reached by a link has a fresh form.
            let state = if cfg!(feature = "ssr") { use_context::<Self>() } else { None };
            state.and_then(|state| serde_json::to_string(&state).ok()).unwrap_or_default()
        });
        crate::api::tree::read(text.into_inner().as_bytes()).unwrap_or_default()
    }

    pub fn value(&self, field: &str) -> String {
        self.values.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone()).unwrap_or_default()
    }
}
