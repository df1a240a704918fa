//! Templates of prompts: `{{name}}` stands for a value. Nothing is computed, and what is put in is never expanded again.
//!
//! Here: finding and replacing variables. Sections and partials of `product.md` PL-7 join with the prompt library.

use std::collections::HashSet;

/// A place where a template is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    pub what: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.what)
    }
}

/// A template in pieces, in order.
enum Piece<'a> {
    Text(&'a str),
    /// A variable and where it stands.
    Variable(&'a str, usize),
}

/// Is it a name that may stand between the braces: a letter or `_`, then letters, digits and `_`, 64 bytes at most?
pub fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    let first = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    first && text.len() <= 64 && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Braces around anything but a name are text: prompts about code are full of them.
fn pieces(template: &str) -> Vec<Piece<'_>> {
    let (mut list, mut from, mut at) = (Vec::new(), 0, 0);
    while let Some(open) = template[at..].find("{{").map(|found| at + found) {
        let inside = open + 2;
        let Some(close) = template[inside..].find("}}").map(|found| inside + found) else { break };
        let name = template[inside..close].trim();
        if is_name(name) {
            list.push(Piece::Text(&template[from..open]));
            list.push(Piece::Variable(name, open));
            from = close + 2;
            at = from;
        } else {
            at = open + 1;
        }
    }
    list.push(Piece::Text(&template[from..]));
    list
}

/// The variables of a template, each once, in the order of their first use.
pub fn variables(template: &str) -> Vec<&str> {
    let (mut names, mut known) = (Vec::new(), HashSet::new());
    for piece in pieces(template) {
        if let Piece::Variable(name, _) = piece
            && known.insert(name)
        {
            names.push(name);
        }
    }
    names
}

/// How many bytes [`expand`] would make, without making them.
pub fn expanded_len(template: &str, values: &[(String, String)]) -> Result<usize, Fault> {
    let mut bytes = 0_usize;
    for piece in pieces(template) {
        bytes = bytes.saturating_add(match piece {
            Piece::Text(part) => part.len(),
            Piece::Variable(name, at) => value_of(template, name, at, values)?.len(),
        });
    }
    Ok(bytes)
}

/// Puts the values in. A variable without a value is a fault.
pub fn expand(template: &str, values: &[(String, String)]) -> Result<String, Fault> {
    let mut text = String::with_capacity(template.len());
    for piece in pieces(template) {
        match piece {
            Piece::Text(part) => text.push_str(part),
            Piece::Variable(name, at) => text.push_str(value_of(template, name, at, values)?),
        }
    }
    Ok(text)
}

fn value_of<'a>(template: &str, name: &str, at: usize, values: &'a [(String, String)]) -> Result<&'a str, Fault> {
    if let Some((_, value)) = values.iter().find(|(known, _)| known == name) {
        return Ok(value);
    }
    let before = template.get(..at).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let (line, column) = (before.matches('\n').count() + 1, before[start..].chars().count() + 1);
    Err(Fault { line, column, what: format!("nothing is given for {{{{{name}}}}}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn pl_7_values_are_put_in_and_never_expanded_again() {
        let given = values(&[("a", "{{b}}"), ("b", "x")]);
        assert_eq!(expand("{{a}} and {{ b }}.", &given).unwrap(), "{{b}} and x.");
        assert_eq!(expanded_len("{{a}} and {{ b }}.", &given), Ok("{{b}} and x.".len()));
    }

    #[test]
    fn pl_7_a_missing_value_is_named_with_its_line_and_column() {
        let fault = expand("é\nab {{name}}", &[]).unwrap_err();
        assert_eq!(fault.to_string(), "line 2, column 4: nothing is given for {{name}}");
    }

    #[test]
    fn braces_around_anything_but_a_name_are_text() {
        for text in ["{{}}", "{{ }}", "{{1a}}", "{{a b}}", "{{a", "a}}", "{", "{{{}}}", "f(){{return 1;}}"] {
            assert_eq!(expand(text, &[]).unwrap(), text);
            assert!(variables(text).is_empty(), "{text}");
        }
        assert_eq!(expand("{{{a}}}", &values(&[("a", "x")])).unwrap(), "{x}");
    }

    #[test]
    fn variables_are_listed_once_in_their_order() {
        assert_eq!(variables("{{b}} {{a}} {{b}} {{_c1}}"), ["b", "a", "_c1"]);
    }
}
