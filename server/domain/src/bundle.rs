//! What a bundle would change, or has changed, as pages and the command line show it.

use serde::{Deserialize, Serialize};

/// Largest bundle that is read, in bytes.
pub const LARGEST_BUNDLE: usize = 1024 * 1024;

/// The file as text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleText {
    pub text: String,
}

/// The file may hold a secret by mistake.
impl std::fmt::Debug for BundleText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BundleText({} bytes)", self.text.len())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeAction {
    Create,
    Change,
}

impl ChangeAction {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
        }
    }
}

/// One line of a plan.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedChange {
    pub action: ChangeAction,
    /// `team`, `provider`, `key`.
    pub kind: String,
    pub name: String,
    /// Names of the fields that differ; empty for what is new.
    pub fields: Vec<String>,
    /// The secret of a key that was made, once.
    pub shown_once: Option<String>,
}

/// `change model gpt-4o: price, aliases`.
impl std::fmt::Display for PlannedChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { action, kind, name, fields, shown_once: _ } = self;
        write!(f, "{} {kind} {name}", action.as_str())?;
        if *action == ChangeAction::Change { write!(f, ": {}", fields.join(", ")) } else { Ok(()) }
    }
}

/// Never with the secret.
impl std::fmt::Debug for PlannedChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}
