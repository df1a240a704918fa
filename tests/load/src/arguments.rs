//! Flags with values: each known by name, each at most once, nothing ignored.

use std::{collections::BTreeMap, fmt::Display, str::FromStr};

use anyhow::{Context, Result, bail, ensure};

use crate::USAGE;

#[derive(Debug)]
pub struct Arguments {
    given: BTreeMap<String, String>,
}

impl Arguments {
    /// Flags in `switches` have no value and read as `on`.
    pub fn read(words: &[&str], known: &[&str], switches: &[&str]) -> Result<Self> {
        let mut given = BTreeMap::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let value = match *word {
                word if switches.contains(&word) => "on",
                word if known.contains(&word) => {
                    words.next().with_context(|| format!("{word} needs a value\n\n{USAGE}"))?
                }
                word => bail!("unknown flag {word:?}\n\n{USAGE}"),
            };
            let before = given.insert((*word).to_owned(), value.to_owned());
            ensure!(before.is_none(), "{word} is given twice");
        }
        Ok(Self { given })
    }

    pub fn find(&self, flag: &str) -> Option<&str> {
        self.given.get(flag).map(String::as_str)
    }

    pub fn text(&self, flag: &str) -> Result<&str> {
        self.find(flag).with_context(|| format!("{flag} is missing\n\n{USAGE}"))
    }

    /// A whole number from `least` to `most`; `None` when the flag is absent.
    pub fn number<N: FromStr + PartialOrd + Display>(&self, flag: &str, least: N, most: N) -> Result<Option<N>> {
        let Some(text) = self.find(flag) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| (&least..=&most).contains(&number));
        Ok(Some(number.with_context(|| format!("{flag} must be a whole number from {least} to {most}"))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_repeated_and_empty_flags_are_refused() {
        let read = |words: &[&str]| Arguments::read(words, &["--key"], &["--stream"]);
        assert!(read(&["--key", "k", "--stream"]).is_ok());
        for words in [["--forever", "1"].as_slice(), &["--key"], &["--key", "a", "--key", "b"]] {
            assert!(read(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn a_number_is_bounded() {
        let number = |text| Arguments::read(&["--n", text], &["--n"], &[]).unwrap().number("--n", 1, 6);
        assert_eq!(number("6").unwrap(), Some(6));
        assert!(number("7").is_err() && number("0").is_err() && number("x").is_err());
    }
}
