//! JSON text into a tree, from which `tree` reads our types; and back, for the forms that are data.
//!
//! `serde_json`'s own tree would bring floating point numbers, ordered maps and messages that nobody reads into the
//! download, 30 kB of it. Never here: anything about our types.

/// As deep as `serde_json` goes; a browser's stack is small.
const DEPTH: usize = 128;

#[derive(Clone, Debug)]
pub enum Node {
    /// Not in the text: a field that its object does not have.
    Missing,
    Null,
    Bool(bool),
    Natural(u64),
    Negative(i64),
    /// A number that none of our types has: with a fraction, or too large.
    Number,
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(it) = self { Some(*it) } else { None }
    }

    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(it) = self { Some(it) } else { None }
    }

    /// What stands at `key.name` or `models.0`.
    pub fn at(&self, path: &str) -> Option<&Self> {
        let mut node = self;
        for part in path.split('.') {
            node = match node {
                Self::Object(fields) => fields.iter().find(|(name, _)| name == part).map(|(_, value)| value)?,
                Self::List(items) => items.get(part.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(node)
    }

    /// Puts `value` at `input.name`, and makes an object of whatever stands in the way.
    pub fn put(&mut self, path: &str, value: Self) {
        let mut node = self;
        for part in path.split('.') {
            node = node.field(part);
        }
        *node = value;
    }

    fn field(&mut self, name: &str) -> &mut Self {
        if !matches!(self, Self::Object(_)) {
            *self = Self::Object(Vec::new());
        }
        let Self::Object(fields) = self else { return self };
        let place = fields.iter().position(|(field, _)| field == name).unwrap_or_else(|| {
            fields.push((name.to_owned(), Self::Null));
            fields.len() - 1
        });
        // There by now: it was found, or was put there.
        #[expect(clippy::indexing_slicing, reason = "a position of the same list")]
        &mut fields[place].1
    }

    /// As JSON text. What no type of ours has is written as nothing.
    pub fn write(&self, out: &mut String) {
        match self {
            Self::Missing | Self::Null | Self::Number => out.push_str("null"),
            Self::Bool(it) => out.push_str(if *it { "true" } else { "false" }),
            Self::Natural(it) => out.push_str(&it.to_string()),
            Self::Negative(it) => out.push_str(&it.to_string()),
            Self::Text(it) => quote(it, out),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(fields) => {
                out.push('{');
                for (index, (name, value)) in fields.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    quote(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    pub fn as_u64(&self) -> Option<u64> {
        if let Self::Natural(it) = self { Some(*it) } else { None }
    }

    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Natural(it) => i64::try_from(*it).ok(),
            Self::Negative(it) => Some(*it),
            _ => None,
        }
    }
}

fn quote(text: &str, out: &mut String) {
    const DIGITS: &[char; 16] = &['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\0'..='\u{1f}' => {
                out.push_str("\\u00");
                out.extend(
                    [u32::from(c) >> 4, u32::from(c) & 15]
                        .map(|digit| DIGITS.get(digit as usize).copied().unwrap_or('0')),
                );
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

/// `None` when it is not JSON.
pub fn parse(text: &str) -> Option<Node> {
    let mut reader = Reader { text, at: 0 };
    let node = reader.node(DEPTH)?;
    reader.skip_space();
    (reader.at == text.len()).then_some(node)
}

/// `at` is always between two characters.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn take(&mut self, word: &str) -> Option<()> {
        self.skip_space();
        let found = self.text.get(self.at..)?.starts_with(word);
        self.at += if found { word.len() } else { 0 };
        found.then_some(())
    }

    fn node(&mut self, depth: usize) -> Option<Node> {
        let depth = depth.checked_sub(1)?;
        self.skip_space();
        match self.peek()? {
            b'n' => self.take("null").map(|()| Node::Null),
            b't' => self.take("true").map(|()| Node::Bool(true)),
            b'f' => self.take("false").map(|()| Node::Bool(false)),
            b'"' => self.text().map(Node::Text),
            b'[' => self.list(depth).map(Node::List),
            b'{' => self.object(depth).map(Node::Object),
            b'-' | b'0'..=b'9' => self.number(),
            _ => None,
        }
    }

    fn list(&mut self, depth: usize) -> Option<Vec<Node>> {
        self.take("[")?;
        let mut items = Vec::new();
        if self.take("]").is_some() {
            return Some(items);
        }
        loop {
            items.push(self.node(depth)?);
            if self.take("]").is_some() {
                return Some(items);
            }
            self.take(",")?;
        }
    }

    fn object(&mut self, depth: usize) -> Option<Vec<(String, Node)>> {
        self.take("{")?;
        let mut fields = Vec::new();
        if self.take("}").is_some() {
            return Some(fields);
        }
        loop {
            let name = self.text()?;
            self.take(":")?;
            fields.push((name, self.node(depth)?));
            if self.take("}").is_some() {
                return Some(fields);
            }
            self.take(",")?;
        }
    }

    fn number(&mut self) -> Option<Node> {
        let rest = self.text.get(self.at..)?;
        let is_part = |byte: u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let end = rest.bytes().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        self.at += end;
        let digits = rest.get(..end)?;
        let natural = digits.parse().ok().map(Node::Natural);
        Some(natural.or_else(|| digits.parse().ok().map(Node::Negative)).unwrap_or(Node::Number))
    }

    fn text(&mut self) -> Option<String> {
        self.take("\"")?;
        let mut text = String::new();
        loop {
            let rest = self.text.get(self.at..)?;
            let plain = rest.bytes().position(|byte| byte == b'"' || byte == b'\\' || byte < b' ')?;
            text.push_str(rest.get(..plain)?);
            self.at += plain + 1;
            match rest.as_bytes().get(plain)? {
                b'"' => return Some(text),
                b'\\' => text.push(self.escaped()?),
                _ => return None,
            }
        }
    }

    fn escaped(&mut self) -> Option<char> {
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => return self.code_point(),
            _ => return None,
        })
    }

    /// Characters outside of the first plane are written as two halves.
    fn code_point(&mut self) -> Option<char> {
        let first = self.hex()?;
        let Some(high) = first.checked_sub(0xD800).filter(|high| *high < 0x400) else {
            return char::from_u32(first);
        };
        let rest = self.text.get(self.at..)?;
        self.at += if rest.starts_with("\\u") { 2 } else { return None };
        let low = self.hex()?.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
        char::from_u32(0x1_0000 + (high << 10) + low)
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if all { u32::from_str_radix(digits, 16).ok() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same tree as `serde_json` makes.
    fn same(node: &Node, value: &serde_json::Value) -> bool {
        use serde_json::Value;
        match (node, value) {
            (Node::Null, Value::Null) => true,
            (Node::Bool(a), Value::Bool(b)) => a == b,
            (Node::Natural(a), Value::Number(b)) => b.as_u64() == Some(*a),
            (Node::Negative(a), Value::Number(b)) => b.as_i64() == Some(*a),
            (Node::Number, Value::Number(b)) => b.as_u64().is_none() && b.as_i64().is_none(),
            (Node::Text(a), Value::String(b)) => a == b,
            (Node::List(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
            (Node::Object(a), Value::Object(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|((name, a), (other, b))| name == other && same(a, b))
            }
            _ => false,
        }
    }

    #[test]
    fn good_text_is_the_tree_that_serde_json_makes() {
        let good = [
            "null",
            " [ true , false ,\r\n\tnull ] ",
            "[]",
            "{}",
            r#"{"a":{"b":[1,-1,0,18446744073709551615,-9223372036854775808]},"c":""}"#,
            "[1.5,-2e3,0.1E-2,18446744073709551616]",
            r#""plain ü 😀 \" \\ \/ \b \f \n \r \t \u00fc \u20AC \ud83d\ude00 end""#,
            r#"["","\u0000"]"#,
        ];
        for text in good {
            assert!(same(&parse(text).unwrap(), &serde_json::from_str(text).unwrap()), "{text}");
        }
        let every: String = ('\0'..='\u{10ffff}').step_by(7).collect();
        let text = serde_json::to_string(&every).unwrap();
        assert!(matches!(parse(&text), Some(Node::Text(back)) if back == every));
    }

    #[test]
    fn a_tree_is_written_as_the_text_that_it_came_from() {
        let text = r#"{"a":{"b":[1,-1,true,null,""]},"c":"ü \"q\" \\ 😀","d":{}}"#;
        let mut out = String::new();
        parse(text).unwrap().write(&mut out);
        assert_eq!(out, text);
        let every: String = ('\0'..='\u{10ffff}').step_by(3).collect();
        out.clear();
        Node::Text(every.clone()).write(&mut out);
        assert_eq!(serde_json::from_str::<String>(&out).unwrap(), every);
    }

    #[test]
    fn values_are_found_and_put_where_their_path_says() {
        let mut node = parse(r#"{"input":{"models":"all","n":1}}"#).unwrap();
        node.put("input.models.only", Node::List(vec![Node::Text("a".to_owned())]));
        node.put("input.price.input", Node::Text("2".to_owned()));
        assert_eq!(node.at("input.price.input").and_then(Node::as_text), Some("2"));
        assert!(node.at("input.n.x").is_none() && node.at("other").is_none());
        let mut out = String::new();
        node.write(&mut out);
        assert_eq!(out, r#"{"input":{"models":{"only":["a"]},"n":1,"price":{"input":"2"}}}"#);
    }

    #[test]
    fn bad_text_is_refused_where_serde_json_refuses_it() {
        let deep = "[".repeat(100_000);
        let bad = [
            "",
            " ",
            "nul",
            "truth",
            "[1,]",
            "[1 2]",
            "[",
            "{",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1,}",
            "{a:1}",
            "{1:2}",
            "1 2",
            "\"",
            "\"\\",
            "\"\\x\"",
            "\"\\ü\"",
            "\"\\u12\"",
            "\"\\u+123\"",
            "\"\\ud83d\"",
            "\"\\ud83d\\u0041\"",
            "\"\\ude00\"",
            "\"a\nb\"",
            "+1",
            "ü",
            "]",
            &deep,
        ];
        for text in bad {
            assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text}");
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
