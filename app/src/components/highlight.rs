//! Colours for code: a small lexer that knows comments, texts, numbers, keywords and types of the languages that answers are
//! written in. It yields stretches of the text with a kind, never markup (`security.md` RD-4).
//!
//! One more language: its words and its marks in [`language`]. An unknown one is left plain.

/// What a stretch of code is. Its class is fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Plain,
    Comment,
    Text,
    Number,
    Keyword,
    Type,
}

impl Kind {
    pub fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Comment => "hl-comment",
            Self::Text => "hl-text",
            Self::Number => "hl-number",
            Self::Keyword => "hl-keyword",
            Self::Type => "hl-type",
        }
    }
}

/// Longer code is shown plain: every stretch is an element.
const MOST_BYTES: usize = 24_000;

struct Language {
    /// Parted by spaces, with one at each end.
    keywords: &'static str,
    line_comments: &'static [&'static str],
    block_comments: bool,
    quotes: &'static str,
    /// Capitals name types.
    has_types: bool,
}

const C_KEYWORDS: &str = " abstract async await bool break byte case catch char class const constexpr continue debugger default defer delete do double else enum explicit export extends extern false final finally float fn for foreach friend func function go goto if impl implements import in inline instanceof int interface internal is let long loop map match mod module move mut namespace new nil null nullptr object of operator out override package private protected pub public readonly ref return sealed self short signed sizeof static struct super switch template this throw throws trait true try type typedef typename typeof undefined union unsafe unsigned use using val var virtual void volatile when where while with yield ";
const PYTHON_KEYWORDS: &str = " False None True and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return self try while with yield ";
const RUBY_KEYWORDS: &str = " alias and begin break case class def defined? do else elsif end ensure false for if in module next nil not or redo require rescue retry return self super then true undef unless until when while yield ";
const SHELL_KEYWORDS: &str = " case cd do done echo elif else esac exit export fi for function if in local read return set sudo then until while ";
const SQL_KEYWORDS: &str = " add all alter and as asc begin between by case check column commit constraint create cross default delete desc distinct drop else end exists foreign from full group having if in index inner insert into is join key left like limit not null offset on or order outer primary references returning right rollback select set table then truncate union unique update using values view when where with ";
const DATA_KEYWORDS: &str = " false no null on off true yes ";

const C_LIKE: Language =
    Language { keywords: C_KEYWORDS, line_comments: &["//"], block_comments: true, quotes: "\"'`", has_types: true };

fn language(name: &str) -> Option<Language> {
    Some(match name.to_ascii_lowercase().as_str() {
        "rust" | "rs" => Language { quotes: "\"", ..C_LIKE },
        "c" | "h" | "cpp" | "c++" | "cs" | "csharp" | "java" | "kotlin" | "kt" | "go" | "golang" | "swift"
        | "scala" | "dart" | "js" | "jsx" | "javascript" | "ts" | "tsx" | "typescript" | "zig" => C_LIKE,
        "css" | "scss" | "less" => Language { keywords: " important ", has_types: false, ..C_LIKE },
        "php" => Language { line_comments: &["//", "#"], ..C_LIKE },
        "json" | "jsonc" => Language { keywords: DATA_KEYWORDS, quotes: "\"", has_types: false, ..C_LIKE },
        "py" | "python" => Language {
            keywords: PYTHON_KEYWORDS,
            line_comments: &["#"],
            block_comments: false,
            quotes: "\"'",
            has_types: true,
        },
        "rb" | "ruby" => Language {
            keywords: RUBY_KEYWORDS,
            line_comments: &["#"],
            block_comments: false,
            quotes: "\"'`",
            has_types: true,
        },
        "sh" | "bash" | "shell" | "zsh" | "console" | "dockerfile" | "makefile" => Language {
            keywords: SHELL_KEYWORDS,
            line_comments: &["#"],
            block_comments: false,
            quotes: "\"'",
            has_types: false,
        },
        "yaml" | "yml" | "toml" | "ini" => Language {
            keywords: DATA_KEYWORDS,
            line_comments: &["#"],
            block_comments: false,
            quotes: "\"'",
            has_types: false,
        },
        "sql" | "postgres" | "postgresql" | "mysql" | "sqlite" => Language {
            keywords: SQL_KEYWORDS,
            line_comments: &["--"],
            block_comments: true,
            quotes: "'\"",
            has_types: false,
        },
        _ => return None,
    })
}

/// The text in stretches, in order and without gaps.
pub fn stretches<'a>(name: &str, text: &'a str) -> Vec<(Kind, &'a str)> {
    match language(name) {
        Some(language) if text.len() <= MOST_BYTES => Lexer { language, text, at: 0, plain: 0, out: Vec::new() }.run(),
        _ => vec![(Kind::Plain, text)],
    }
}

struct Lexer<'a> {
    language: Language,
    text: &'a str,
    at: usize,
    /// Where the plain stretch before `at` starts.
    plain: usize,
    out: Vec<(Kind, &'a str)>,
}

impl<'a> Lexer<'a> {
    fn run(mut self) -> Vec<(Kind, &'a str)> {
        while let Some(rest) = self.text.get(self.at..).filter(|rest| !rest.is_empty()) {
            let (kind, length) = self.next(rest);
            if kind == Kind::Plain {
                self.at += length;
                continue;
            }
            self.flush();
            self.out.extend(rest.get(..length).map(|it| (kind, it)));
            self.at += length;
            self.plain = self.at;
        }
        self.flush();
        self.out
    }

    fn flush(&mut self) {
        self.out.extend(self.text.get(self.plain..self.at).filter(|it| !it.is_empty()).map(|it| (Kind::Plain, it)));
    }

    /// What begins here, and how long it is.
    fn next(&self, rest: &str) -> (Kind, usize) {
        if self.language.line_comments.iter().any(|mark| rest.starts_with(mark)) {
            return (Kind::Comment, rest.find('\n').unwrap_or(rest.len()));
        }
        if self.language.block_comments && rest.starts_with("/*") {
            return (Kind::Comment, rest.find("*/").map_or(rest.len(), |end| end + 2));
        }
        let Some(first) = rest.chars().next() else { return (Kind::Plain, 1) };
        if self.language.quotes.contains(first) {
            return (Kind::Text, quoted(rest, first));
        }
        if first.is_ascii_digit() {
            return (Kind::Number, run(rest, |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_')));
        }
        if first.is_ascii_alphabetic() || first == '_' {
            let length = run(rest, |c| c.is_ascii_alphanumeric() || c == '_');
            return (self.word(rest.get(..length).unwrap_or_default()), length);
        }
        (Kind::Plain, first.len_utf8())
    }

    fn word(&self, word: &str) -> Kind {
        let lower = word.to_ascii_lowercase();
        // SQL is written in either case; elsewhere a capital is no keyword, except for Python's three.
        let is_keyword = |word: &str| {
            self.language.keywords.match_indices(word).any(|(at, _)| {
                let before = at.checked_sub(1).and_then(|at| self.language.keywords.as_bytes().get(at));
                before == Some(&b' ') && self.language.keywords.as_bytes().get(at + word.len()) == Some(&b' ')
            })
        };
        if is_keyword(word) || self.language.line_comments == ["--"] && is_keyword(&lower) {
            return Kind::Keyword;
        }
        let is_type = self.language.has_types && word.starts_with(|c: char| c.is_ascii_uppercase());
        if is_type { Kind::Type } else { Kind::Plain }
    }
}

fn run(text: &str, belongs: fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// How long a text in quotes is. Three of them open a longer one; without an end it ends with its line.
fn quoted(rest: &str, quote: char) -> usize {
    let three: String = [quote; 3].iter().collect();
    if let Some(inside) = rest.strip_prefix(&three) {
        return inside.find(&three).map_or(rest.len(), |end| end + 6);
    }
    let mut is_escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '\n' if quote != '`' => return at,
            letter if letter == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(name: &str, text: &str) -> Vec<(Kind, String)> {
        stretches(name, text).into_iter().map(|(kind, text)| (kind, text.to_owned())).collect()
    }

    fn all(list: &[(Kind, &str)]) -> Vec<(Kind, String)> {
        list.iter().map(|(kind, text)| (*kind, (*text).to_owned())).collect()
    }

    #[test]
    fn code_is_cut_into_kinds() {
        use Kind::*;
        assert_eq!(
            kinds("rust", "let x: Vec<u8> = \"a\\\"b\"; // end"),
            all(&[
                (Keyword, "let"),
                (Plain, " x: "),
                (Type, "Vec"),
                (Plain, "<u8> = "),
                (Text, "\"a\\\"b\""),
                (Plain, "; "),
                (Comment, "// end"),
            ])
        );
        assert_eq!(
            kinds("SQL", "SELECT 1 -- x"),
            all(&[(Keyword, "SELECT"), (Plain, " "), (Number, "1"), (Plain, " "), (Comment, "-- x")])
        );
        assert_eq!(
            kinds("python", "x = '''a\nb''' + None"),
            all(&[(Plain, "x = "), (Text, "'''a\nb'''"), (Plain, " + "), (Keyword, "None")])
        );
    }

    #[test]
    fn nothing_is_lost_whatever_the_text() {
        for text in ["", "\"open", "/* open", "'\n'", "é → \"ü\\", "`a\nb`", "0x_ff.5e3", "\u{202e}x"] {
            for name in ["rust", "js", "py", "sql", "bash", "json", "unknown", ""] {
                let together: String = stretches(name, text).into_iter().map(|(_, text)| text).collect();
                assert_eq!(together, text, "{name}");
            }
        }
    }

    #[test]
    fn long_code_is_plain_and_read_at_once() {
        let long = "\"".repeat(MOST_BYTES + 1);
        assert_eq!(stretches("rust", &long).len(), 1);
        assert!(!stretches("rust", &"\\\"".repeat(10_000)).is_empty());
    }
}
