//! Rules of the pages: nothing that the content security policy would block, nothing that could inject HTML.

use super::{assert_none, workspace::sources};

fn in_app(rule: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| source.path.starts_with("app/")) {
        for (number, line) in source.code.lines().enumerate() {
            // An attribute is written without spaces around `=`; an assignment in code has them.
            let words = line.split(|c: char| c.is_whitespace() || c == '<').filter(|word| word.contains('='));
            found.extend(words.filter(|word| rule(word)).map(|word| format!("{}:{}: {word}", source.path, number + 1)));
        }
    }
    found
}

#[test]
fn html_is_never_inserted_as_text() {
    let all = sources();
    let app = all.iter().filter(|source| source.path.starts_with("app/") || source.path.starts_with("frontend/"));
    let words = ["inner_html", "set_inner_html", "set_outer_html", "insert_adjacent_html", "eval"];
    let places = app.flat_map(|source| words.iter().flat_map(|word| source.places(word)));
    assert_none("HTML as text", &places.collect::<Vec<_>>());
}

#[test]
fn no_view_has_an_inline_style() {
    assert_none("inline styles", &in_app(|word| word.starts_with("style=") || word.starts_with("style:")));
}

#[test]
fn no_view_has_an_inline_event_handler() {
    let is_handler = |word: &str| {
        let name = word.split('=').next().unwrap_or_default();
        name.len() > 2 && name.starts_with("on") && name.bytes().all(|b| b.is_ascii_lowercase()) && !word.contains("==")
    };
    assert_none("inline handlers", &in_app(is_handler));
}

#[test]
fn every_server_function_names_its_endpoint_and_reads_json() {
    let mut violations = Vec::new();
    for source in sources().iter().filter(|source| source.path.starts_with("app/")) {
        // `#[server(default)]` stands on an argument.
        let is_function = |at: usize| {
            let code = &source.code[at..];
            code.starts_with("#[server") && !code.starts_with("#[server(default)]")
        };
        for (at, _) in source.text.match_indices("#[server").filter(|(at, _)| is_function(*at)) {
            let attribute = source.text[at..].split(")]").next().unwrap_or_default();
            let is_complete = ["prefix = \"/ui\"", "endpoint = \"", "protocol = JsonPost"]
                .iter()
                .all(|part| attribute.contains(part));
            if !is_complete {
                violations.push(format!("{}: {attribute}", source.path));
            }
        }
    }
    assert_none("server functions", &violations);
}
