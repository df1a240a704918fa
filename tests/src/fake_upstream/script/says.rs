//! What an answer says when the fake does not compose it: a text of the test's own, or the last words of the request.
//!
//! Data only; `answer` acts on it. One more source of texts is a variant of [`Says`] and its arm in [`Speech::text`].

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::super::base64;

/// Where the text of an answer comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Says {
    /// Prose, JSON or calls, as the request asks, by its seed.
    #[default]
    Composed,
    /// This text, whatever is asked.
    Text { text: String },
    /// The last message of the user; behind `base64:` what that decodes to, so that a prompt can carry anything.
    Echo,
}

/// A text and the size of its pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Speech {
    pub source: Says,
    /// Characters of a piece; absent: pieces are words. 1 streams a text split at every place there is.
    pub letters: Option<NonZeroUsize>,
}

impl Speech {
    /// `None`: the answer is composed.
    pub fn pieces(&self, asked: Option<&str>) -> Option<Vec<String>> {
        let text = self.text(asked)?;
        let pieces: Vec<String> = match self.letters {
            None => text.split_inclusive(' ').map(str::to_owned).collect(),
            Some(size) => {
                let letters: Vec<char> = text.chars().collect();
                letters.chunks(size.get()).map(|piece| piece.iter().collect()).collect()
            }
        };
        // An answer has at least one token, even one of nothing.
        Some(if pieces.is_empty() { vec![String::new()] } else { pieces })
    }

    fn text(&self, asked: Option<&str>) -> Option<String> {
        match &self.source {
            Says::Composed => None,
            Says::Text { text } => Some(text.clone()),
            Says::Echo => Some(decoded(asked.unwrap_or_default())),
        }
    }
}

fn decoded(text: &str) -> String {
    match text.trim().strip_prefix("base64:").and_then(base64::decode) {
        Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn echo(letters: usize) -> Speech {
        Speech { source: Says::Echo, letters: NonZeroUsize::new(letters) }
    }

    #[test]
    fn an_echo_says_what_it_hears_in_pieces_of_the_size_asked_for() {
        assert_eq!(echo(0).pieces(Some("a größe b")).unwrap(), ["a ", "größe ", "b"]);
        assert_eq!(echo(1).pieces(Some("größ")).unwrap(), ["g", "r", "ö", "ß"]);
        assert_eq!(echo(3).pieces(Some("größe")).unwrap(), ["grö", "ße"]);
        assert_eq!(echo(1).pieces(None).unwrap(), [""]);
    }

    #[test]
    fn base64_is_decoded_and_anything_else_is_said_as_it_is() {
        assert_eq!(echo(0).pieces(Some("base64:PGltZz4=")).unwrap(), ["<img>"]);
        assert_eq!(echo(0).pieces(Some("base64:?")).unwrap(), ["base64:?"]);
    }

    #[test]
    fn a_text_is_said_whatever_is_asked_and_nothing_is_said_by_default() {
        let speech = Speech { source: Says::Text { text: "yes no".into() }, letters: None };
        assert_eq!(speech.pieces(Some("what?")).unwrap(), ["yes ", "no"]);
        assert_eq!(Speech::default().pieces(Some("what?")), None);
    }
}
