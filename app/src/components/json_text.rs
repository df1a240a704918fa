//! JSON text put in lines for people. Numbers and the order of members stay as they were written.

use crate::api::json::parse;

/// Indented by two spaces; `None` when it is not JSON. A fence around it, as models like to write one, is taken off.
pub fn pretty(text: &str) -> Option<String> {
    let text = unfenced(text.trim());
    parse(text)?;
    let mut out = String::with_capacity(text.len() * 2);
    let (mut depth, mut in_text, mut is_escaped) = (0usize, false, false);
    for letter in text.chars() {
        if in_text {
            out.push(letter);
            in_text = is_escaped || letter != '"';
            is_escaped = letter == '\\' && !is_escaped;
            continue;
        }
        match letter {
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                // Nothing stood between the two.
                if !out.ends_with(['{', '[']) {
                    line(&mut out, depth);
                }
                out.push(letter);
            }
            letter if letter.is_ascii_whitespace() => {}
            letter => {
                if out.ends_with(['{', '[']) {
                    line(&mut out, depth);
                }
                out.push(letter);
                match letter {
                    '"' => in_text = true,
                    '{' | '[' => depth += 1,
                    ',' => line(&mut out, depth),
                    ':' => out.push(' '),
                    _ => {}
                }
            }
        }
    }
    Some(out)
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn unfenced(text: &str) -> &str {
    let Some(rest) = text.strip_prefix("```") else { return text };
    let inside = rest.split_once('\n').map_or(rest, |(_, inside)| inside).trim_end();
    inside.strip_suffix("```").unwrap_or(inside).trim()
}

#[cfg(test)]
mod tests {
    use super::pretty;

    #[test]
    fn json_is_put_in_lines_and_kept_as_it_was_written() {
        let text = r#"{"b":[1.50,{"x":"a, {b}: \"c\""}],"a":{},"e":[ ]}"#;
        let lines = "{\n  \"b\": [\n    1.50,\n    {\n      \"x\": \"a, {b}: \\\"c\\\"\"\n    }\n  ],\n  \"a\": {},\n  \"e\": []\n}";
        assert_eq!(pretty(text).as_deref(), Some(lines));
        assert_eq!(pretty(&format!("```json\n{text}\n```")).as_deref(), Some(lines));
        assert_eq!(pretty(lines).as_deref(), Some(lines));
    }

    #[test]
    fn what_is_no_json_stays_alone() {
        for bad in ["", "{", "hello", "{\"a\":}"] {
            assert_eq!(pretty(bad), None, "{bad}");
        }
    }
}
