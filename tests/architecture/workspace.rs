//! What the rules look at: manifests, source files and the functions in them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::scrub::scrub;

/// The members, as the root manifest must list them.
pub const MEMBERS: [&str; 14] = [
    "app",
    "frontend",
    "server",
    "server/domain",
    "server/llm",
    "server/auth",
    "server/store",
    "server/gateway",
    "server/control",
    "server/sandbox",
    "server/runs",
    "tests",
    "tests/load",
    "xtask",
];

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

pub fn manifest(member: &str) -> Table {
    let path = root().join(member).join("Cargo.toml");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// One dependency as a manifest declares it.
#[derive(Debug)]
pub struct Dependency {
    pub name: String,
    /// `None`, or the `cfg` it is restricted to.
    pub target: Option<String>,
    pub is_dev: bool,
    pub is_optional: bool,
    pub features: Vec<String>,
}

/// Every dependency of a member: plain, development and build ones, for all targets.
pub fn dependencies(member: &str) -> Vec<Dependency> {
    let manifest = manifest(member);
    let mut found = of_tables(&manifest, None);
    for (target, table) in manifest.get("target").and_then(Value::as_table).into_iter().flatten() {
        found.extend(of_tables(table.as_table().unwrap(), Some(target)));
    }
    found
}

fn of_tables(tables: &Table, target: Option<&str>) -> Vec<Dependency> {
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    let declared = kinds.iter().filter_map(|kind| Some((*kind, tables.get(*kind)?.as_table()?)));
    let all = declared.flat_map(|(kind, table)| table.iter().map(move |(name, value)| (kind, name, value)));
    all.map(|(kind, name, value)| Dependency {
        name: value.get("package").and_then(Value::as_str).unwrap_or(name).to_owned(),
        target: target.map(str::to_owned),
        is_dev: kind == "dev-dependencies",
        is_optional: value.get("optional").and_then(Value::as_bool).unwrap_or(false),
        features: strings(value.get("features")),
    })
    .collect()
}

pub fn strings(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// Parts of paths that only tests have.
const TEST_PLACES: [&str; 4] = ["/tests/", "/tests.rs", "/testing.rs", "/testing/"];

/// A Rust file of ours.
pub struct Source {
    /// From the root, with forward slashes: `server/store/src/runs.rs`.
    pub path: String,
    pub text: String,
    /// Without comments, literals and `#[cfg(test)]` blocks; byte positions as in `text`.
    pub code: String,
    pub is_test: bool,
}

/// All Rust files of the workspace.
pub fn sources() -> Vec<Source> {
    let read = |path: String| {
        let text = fs::read_to_string(root().join(&path)).unwrap();
        let code = without_test_blocks(&scrub(&text));
        let is_test = path.starts_with("tests/") || TEST_PLACES.iter().any(|place| path.contains(place));
        Source { path, text, code, is_test }
    };
    files(&["rs"]).into_iter().map(read).collect()
}

/// Paths from the root of all files of ours with one of these extensions.
pub fn files(extensions: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> =
        ["app", "frontend", "migrations", "server", "style", "tests", "xtask"].map(|top| root().join(top)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "node_modules" && name != "target" {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extensions.iter().any(|e| extension == *e)) {
                let relative = path.strip_prefix(root()).unwrap();
                found.push(relative.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

fn without_test_blocks(code: &str) -> String {
    let mut code = code.to_owned();
    while let Some(start) = code.find("#[cfg(test)]") {
        let rest = &code[start..];
        let brace = rest.find('{').unwrap_or(usize::MAX);
        let semicolon = rest.find(';').unwrap_or(usize::MAX);
        let end = if brace < semicolon { start + brace + block_len(&rest[brace..]) } else { start + semicolon + 1 };
        let blank: String = code[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        code.replace_range(start..end, &blank);
    }
    code
}

/// Length of the block that opens at the start of `code`, both braces included.
pub fn block_len(code: &str) -> usize {
    let mut depth = 0usize;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return at + 1;
        }
    }
    code.len()
}

/// A function as the rules see it.
pub struct Function<'a> {
    pub name: &'a str,
    /// From its visibility to its body, without comments.
    pub signature: &'a str,
    /// The body in the original text, literals included.
    pub body: &'a str,
    /// The body without comments and literals.
    pub code: &'a str,
    pub line: usize,
}

impl Source {
    /// All functions that have a body and are not tests.
    pub fn functions(&self) -> Vec<Function<'_>> {
        let code = self.code.as_str();
        let starts = code.match_indices("fn ").map(|(at, _)| at);
        let starts = starts.filter(|at| *at == 0 || code.as_bytes()[at - 1].is_ascii_whitespace());
        starts.filter_map(|at| self.function(at)).collect()
    }

    fn function(&self, at: usize) -> Option<Function<'_>> {
        let code = self.code.as_str();
        let name = code[at + 3..].split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
        // `fn` as a type has no name; a declaration in a trait ends before any block.
        if name.is_empty() {
            return None;
        }
        let open = at + code[at..].find('{')?;
        if declaration_ends(&code[at..open]) {
            return None;
        }
        let end = open + block_len(&code[open..]);
        let start = code[..at].rfind(['\n', '{', '}', ';']).map_or(0, |before| before + 1);
        let line = code[..at].matches('\n').count() + 1;
        let [signature, code_body, body] = [&code[start..open], &code[open..end], &self.text[open..end]];
        Some(Function { name, signature, body, code: code_body, line })
    }

    /// `path:line` of every place in the code where `word` occurs on its own.
    pub fn places(&self, word: &str) -> Vec<String> {
        let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let starts_a_word = is_part(word.chars().next());
        let hits = self.code.match_indices(word).filter(|(at, _)| {
            let is_inside = starts_a_word && is_part(self.code[..*at].chars().next_back());
            let goes_on = is_part(word.chars().next_back()) && is_part(self.code[at + word.len()..].chars().next());
            !is_inside && !goes_on
        });
        hits.map(|(at, _)| format!("{}:{}: {word}", self.path, self.code[..at].matches('\n').count() + 1)).collect()
    }
}

/// Is there a `;` outside brackets? `[u8; 32]` in a signature does not end it.
fn declaration_ends(signature: &str) -> bool {
    let mut depth = 0i32;
    signature.bytes().any(|byte| {
        match byte {
            b'[' | b'(' => depth += 1,
            b']' | b')' => depth -= 1,
            _ => {}
        }
        byte == b';' && depth == 0
    })
}
