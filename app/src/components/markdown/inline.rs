//! What stands inside a block: code, strong, emphasis, links. Pure; links lead only to http, https and mailto.

/// Deeper nesting is text.
const MOST_DEPTH: usize = 6;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inline {
    Text(String),
    Code(String),
    Strong(Vec<Inline>),
    Emphasis(Vec<Inline>),
    Link { href: String, text: Vec<Inline> },
}

pub fn parse(text: &str) -> Vec<Inline> {
    Reader::new(text, 0).read()
}

/// Where a page may lead to, and how it starts.
const SCHEMES: [&str; 3] = ["https://", "http://", "mailto:"];

/// An address that a page may lead to, its scheme in small letters. Everything else, such as `javascript:`, stays text; so does
/// a web address with a name or a password in it, which looks like a host and is none (`https://bank.example@evil.example`).
pub fn safe_href(href: &str) -> Option<String> {
    let href = href.trim();
    let is_scheme = |scheme: &str| href.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let scheme = SCHEMES.into_iter().find(|scheme| is_scheme(scheme))?;
    let rest = href.get(scheme.len()..)?;
    // Browsers read a backslash as a slash: where the host ends would be unclear.
    let is_clean = !rest.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\');
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_plain = scheme == "mailto:" || (!host.is_empty() && !host.contains('@'));
    (is_clean && is_plain).then(|| format!("{scheme}{rest}"))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    plain: String,
    out: Vec<Inline>,
    /// Marks that have no partner further on: not searched for again, which keeps reading linear.
    lonely: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, depth: usize) -> Self {
        Self { text, at: 0, depth, plain: String::new(), out: Vec::new(), lonely: Vec::new() }
    }

    fn read(mut self) -> Vec<Inline> {
        while let Some(letter) = self.rest().chars().next() {
            let taken = match letter {
                '\\' => self.escape(),
                '`' => self.code(),
                '*' => self.mark("**") || self.mark("*"),
                '_' => self.mark("__") || self.mark("_"),
                '[' => self.link(0),
                '!' if self.rest().starts_with("![") => self.link(1),
                'h' => self.bare_address(),
                _ => false,
            };
            if !taken {
                self.plain.push(letter);
                self.at += letter.len_utf8();
            }
        }
        self.flush();
        self.out
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn flush(&mut self) {
        if !self.plain.is_empty() {
            self.out.push(Inline::Text(std::mem::take(&mut self.plain)));
        }
    }

    fn push(&mut self, it: Inline, length: usize) -> bool {
        self.flush();
        self.out.push(it);
        self.at += length;
        true
    }

    fn inner(&self, text: &str) -> Vec<Inline> {
        Reader::new(text, self.depth + 1).read()
    }

    fn escape(&mut self) -> bool {
        let Some(next) = self.rest().chars().nth(1).filter(char::is_ascii_punctuation) else { return false };
        self.plain.push(next);
        self.at += 2;
        true
    }

    fn code(&mut self) -> bool {
        let rest = self.rest();
        let ticks = rest.bytes().take_while(|b| *b == b'`').count();
        let Some((fence, body)) = rest.split_at_checked(ticks) else { return false };
        let Some(end) = find_run(body, fence) else {
            // The whole run is text; its parts are not tried again.
            self.plain.push_str(fence);
            self.at += ticks;
            return true;
        };
        let code = body.get(..end).unwrap_or_default();
        let trimmed = code.strip_prefix(' ').and_then(|it| it.strip_suffix(' ')).filter(|it| !it.trim().is_empty());
        self.push(Inline::Code(trimmed.unwrap_or(code).to_owned()), ticks * 2 + end)
    }

    fn mark(&mut self, mark: &'static str) -> bool {
        let Some(body) = self.rest().strip_prefix(mark) else { return false };
        let opens = body.chars().next().is_some_and(|c| !c.is_whitespace());
        // `snake_case` is not emphasis.
        let inside_word = mark.starts_with('_') && self.plain.ends_with(is_word);
        if !opens || inside_word || self.depth >= MOST_DEPTH || self.lonely.contains(&mark) {
            return false;
        }
        let Some(end) = find_close(body, mark) else {
            self.lonely.push(mark);
            return false;
        };
        let text = self.inner(body.get(..end).unwrap_or_default());
        let length = mark.len() * 2 + end;
        let it = if mark.len() == 2 { Inline::Strong(text) } else { Inline::Emphasis(text) };
        self.push(it, length)
    }

    /// `[text](href)`; images (one character further) become links to them.
    fn link(&mut self, skip: usize) -> bool {
        let Some(body) = self.rest().get(skip + 1..) else { return false };
        if self.lonely.contains(&"]") {
            return false;
        }
        let Some(close) = body.find("](") else {
            self.lonely.push("]");
            return false;
        };
        let (label, target) = (body.get(..close).unwrap_or_default(), body.get(close + 2..).unwrap_or_default());
        let Some(end) = target.find([')', '\n']).filter(|end| target.as_bytes().get(*end) == Some(&b')')) else {
            return false;
        };
        let address = target.get(..end).unwrap_or_default();
        let Some(href) = safe_href(address.split_whitespace().next().unwrap_or_default()) else { return false };
        if label.contains('\n') || self.depth >= MOST_DEPTH {
            return false;
        }
        let text = if label.is_empty() { vec![Inline::Text(href.clone())] } else { self.inner(label) };
        self.push(Inline::Link { href, text }, skip + 1 + close + 2 + end + 1)
    }

    fn bare_address(&mut self) -> bool {
        let rest = self.rest();
        let starts = rest.starts_with("https://") || rest.starts_with("http://");
        // Inside a link's text an address is only text.
        if !starts || self.depth > 0 || self.plain.ends_with(is_word) {
            return false;
        }
        let end = rest.find(|c: char| c.is_whitespace() || "<>\"`|*".contains(c)).unwrap_or(rest.len());
        let address = rest.get(..end).unwrap_or_default().trim_end_matches(['.', ',', ')', ']', ';', ':', '!', '?']);
        match safe_href(address) {
            Some(href) => {
                let length = href.len();
                self.push(Inline::Link { text: vec![Inline::Text(href.clone())], href }, length)
            }
            None => false,
        }
    }
}

/// Letters and digits; of other scripts everything, since their tables would weigh more than this is worth.
fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || !letter.is_ascii()
}

/// Where a run of exactly this fence starts.
fn find_run(body: &str, fence: &str) -> Option<usize> {
    let bytes = body.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let run = bytes.iter().skip(at).take_while(|b| **b == b'`').count();
        if run == fence.len() {
            return Some(at);
        }
        at += run.max(1);
    }
    None
}

/// Where `mark` closes: after something that is not white space, and as a run of its own length or the end of a longer one.
fn find_close(body: &str, mark: &str) -> Option<usize> {
    let letter = mark.as_bytes().first().copied()?;
    let bytes = body.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let run = bytes.iter().skip(at).take_while(|b| **b == letter).count();
        let after_text = at > 0 && bytes.get(at - 1).is_some_and(|b| !b.is_ascii_whitespace());
        let fits = if mark.len() == 2 { run >= 2 } else { run == 1 || run >= 3 };
        if run > 0 && fits && after_text {
            return Some(at + run - mark.len());
        }
        at += run.max(1);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Inline {
        Inline::Text(text.to_owned())
    }

    #[test]
    fn marks_become_types() {
        assert_eq!(
            parse("a **b *c* d** `e`"),
            [
                text("a "),
                Inline::Strong(vec![text("b "), Inline::Emphasis(vec![text("c")]), text(" d")]),
                text(" "),
                Inline::Code("e".to_owned()),
            ]
        );
    }

    #[test]
    fn what_has_no_end_yet_is_text() {
        for open in ["**bold", "`code", "[label](/a", "*", "2 * 3 * 4", "snake_case_name"] {
            assert_eq!(parse(open), [text(open)], "{open}");
        }
    }

    #[test]
    fn links_lead_only_to_known_schemes() {
        let link = |href: &str, label: &str| Inline::Link { href: href.to_owned(), text: vec![text(label)] };
        assert_eq!(parse("[a](https://b.example)"), [link("https://b.example", "a")]);
        assert_eq!(parse("![a](https://b.example/c.png)"), [link("https://b.example/c.png", "a")]);
        assert_eq!(parse("https://b.example/x."), [link("https://b.example/x", "https://b.example/x"), text(".")]);
        assert_eq!(parse("[a](HTTPS://B.example/X)"), [link("https://B.example/X", "a")]);
        let bad = [
            "[a](javascript:alert(1))",
            "[a](data:text/html,x)",
            "[a](//evil.example)",
            "[a](java\tscript:x)",
            "[a](https://)",
            "[a](https://bank.example@evil.example/)",
            "https://name:word@evil.example",
            "[a](https://bank.example\\@evil.example)",
        ];
        for bad in bad {
            assert!(!parse(bad).iter().any(|it| matches!(it, Inline::Link { .. })), "{bad}");
        }
    }

    #[test]
    fn escapes_and_double_ticks_are_literal() {
        assert_eq!(parse(r"\*a\*"), [text("*a*")]);
        assert_eq!(parse("`` a`b ``"), [Inline::Code("a`b".to_owned())]);
    }

    #[test]
    fn a_long_row_of_marks_is_read_in_one_go() {
        let long = "**a ".repeat(20_000);
        assert_eq!(parse(&long), [text(&long)]);
        assert!(parse(&"[".repeat(50_000)).len() <= 1);
        assert!(parse(&"`".repeat(50_000)).len() <= 1);
    }
}
