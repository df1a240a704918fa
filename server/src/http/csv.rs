//! CSV rows (RFC 4180) that no spreadsheet takes for a formula (`security.md` RD-5).

/// One line. A cell that a spreadsheet would compute gets an apostrophe in front.
pub fn row<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.into_iter().map(cell).collect();
    format!("{}\r\n", cells.join(","))
}

fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    let needs_quotes = text.contains([',', '"', '\r', '\n', '\t']) || !guard.is_empty();
    if needs_quotes { format!("\"{guard}{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(
            row(["a", "b c", "", "d,e", "say \"x\"", "two\nlines"]),
            "a,b c,,\"d,e\",\"say \"\"x\"\"\",\"two\nlines\"\r\n"
        );
    }

    #[test]
    fn no_cell_is_a_formula() {
        for start in ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "=HYPERLINK(\"http://x\")"] {
            assert!(cell(start).starts_with("\"'"), "{start:?}");
        }
        assert_eq!(cell("a=1"), "a=1");
    }
}
