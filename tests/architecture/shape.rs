//! The shape of the text: size of files and functions, maps, lints, no way to panic.

use super::{
    assert_none,
    workspace::{MEMBERS, files, root, sources},
};

const MOST_LINES_OF_A_FILE: usize = 400;
const MOST_LINES_OF_A_FUNCTION: usize = 60;

#[test]
fn no_file_is_longer_than_400_lines() {
    let too_long = files(&["rs", "css", "mjs", "sql", "py"]).into_iter().filter_map(|path| {
        let lines = std::fs::read_to_string(root().join(&path)).unwrap().lines().count();
        (lines > MOST_LINES_OF_A_FILE).then(|| format!("{path}: {lines} lines"))
    });
    assert_none("long files", &too_long.collect::<Vec<_>>());
}

#[test]
fn no_function_is_longer_than_60_lines() {
    let all = sources();
    let functions =
        all.iter().flat_map(|source| source.functions().into_iter().map(move |function| (source, function)));
    let too_long = functions.filter_map(|(source, function)| {
        // The lines between the braces, without blanks and comments: what clippy counts.
        let lines = function.code.lines().filter(|line| !line.trim().is_empty()).count().saturating_sub(2);
        (lines > MOST_LINES_OF_A_FUNCTION)
            .then(|| format!("{}:{}: {} has {lines} lines", source.path, function.line, function.name))
    });
    assert_none("long functions", &too_long.collect::<Vec<_>>());
}

#[test]
fn nothing_outside_tests_can_panic_on_purpose() {
    let words =
        [".unwrap()", ".expect(", ".unwrap_err()", ".expect_err(", "panic!", "unreachable!", "todo!", "unimplemented!"];
    let all = sources();
    let product = all.iter().filter(|source| !source.is_test);
    let places = product.flat_map(|source| words.iter().flat_map(|word| source.places(word)));
    assert_none("ways to panic", &places.collect::<Vec<_>>());
}

#[test]
fn lints_are_expected_with_a_reason_never_allowed() {
    let mut violations = Vec::new();
    for source in sources() {
        violations.extend(["#[allow", "#![allow"].iter().flat_map(|word| source.places(word)));
        let all = source.text.match_indices("expect(clippy::");
        violations.extend(all.filter_map(|(at, _)| {
            let attribute = source.text[at..].split(")]").next()?;
            let is_code = source.code[at..].starts_with("expect(");
            (is_code && !attribute.contains("reason = \""))
                .then(|| format!("{}: #[{attribute} has no reason", source.path))
        }));
    }
    assert_none("silenced lints", &violations);
}

#[test]
fn every_package_opens_with_a_map_that_says_what_must_never_be_here() {
    let mut violations = Vec::new();
    for member in MEMBERS {
        let library = root().join(member).join("src/lib.rs");
        let path = if library.is_file() { library } else { root().join(member).join("src/main.rs") };
        let text = std::fs::read_to_string(&path).unwrap();
        let map: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        if map.len() < 3 || !map.join(" ").to_lowercase().contains("never") {
            violations.push(format!("{member}: {} says too little", path.display()));
        }
    }
    assert_none("packages without a map", &violations);
}

#[test]
fn every_file_opens_with_what_it_is() {
    let all = sources();
    let silent = all.iter().filter(|source| !source.text.starts_with("//!") && !source.path.ends_with("build.rs"));
    // A test module in a file of its own is explained by the module it tests.
    let silent = silent.filter(|source| !source.path.ends_with("/tests.rs"));
    assert_none("files without a doc", &silent.map(|source| source.path.clone()).collect::<Vec<_>>());
}
