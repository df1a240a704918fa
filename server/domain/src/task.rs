//! Task classes: what kind of work a call was for (`product.md` RT-3). Set by people, never guessed in silence.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskClass {
    Boilerplate,
    Completion,
    MultiFile,
    Refactoring,
    Review,
    BugFix,
    Algorithms,
    Tests,
}

impl TaskClass {
    pub const ALL: [Self; 8] = [
        Self::Boilerplate,
        Self::Completion,
        Self::MultiFile,
        Self::Refactoring,
        Self::Review,
        Self::BugFix,
        Self::Algorithms,
        Self::Tests,
    ];

    /// The form in headers, bundles and Postgres.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Boilerplate => "boilerplate",
            Self::Completion => "completion",
            Self::MultiFile => "multi_file",
            Self::Refactoring => "refactoring",
            Self::Review => "review",
            Self::BugFix => "bug_fix",
            Self::Algorithms => "algorithms",
            Self::Tests => "tests",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_reads_back_what_it_writes() {
        for class in TaskClass::ALL {
            assert_eq!(TaskClass::parse(class.as_str()), Some(class));
        }
        assert_eq!(TaskClass::parse("guessing"), None);
    }
}
