use super::*;

fn values(text: &str) -> Vec<Vec<(String, String)>> {
    read(text).unwrap().cases.into_iter().map(|case| case.values).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn fault(text: &str) -> String {
    read(text).unwrap_err()
}

#[test]
fn pg_14_csv_has_its_columns_in_the_first_row() {
    let text = "\u{feff}topic,First name\r\nrust,\"Ada, \"\"the\"\" first\nof many\"\r\n\r\ngo,\r\n";
    assert_eq!(read(text).unwrap().columns, ["topic", "First_name"]);
    assert_eq!(
        values(text),
        [
            pairs(&[("topic", "rust"), ("First_name", "Ada, \"the\" first\nof many")]),
            pairs(&[("topic", "go"), ("First_name", "")]),
        ]
    );
}

#[test]
fn pg_14_a_fault_in_csv_is_named_by_row_and_column() {
    for (text, wanted) in [
        ("a,b\n1,2\n3\n", "row 3, column 2: the row ends, the header has 2 columns"),
        (
            "a,b\n1,2,3\n",
            "row 2, column 3: the row goes on, the header has 2 columns: put values with commas into quotes",
        ),
        ("a,b\n\n1,\"x\ny\"\n1,\"open\n", "row 3, column 2: the quote that opens here is never closed"),
        ("a,b\n\"x\"y,2\n", "row 2, column 1: text stands behind the closing quote; write \" as \"\""),
        ("a,\n1,2\n", "row 1, column 2: name the column by letters, digits and _, 64 at most: \"\" is no name"),
        ("a b,a-b\n1,2\n", "row 1, column 2: a column before this one is called a_b, too"),
        ("a,b\n1,x\0\n", "row 2, values: remove the NUL character"),
        ("a,b\n", "there is a header and no row below it"),
        (" \n", "this is empty: paste a table with a header row, or one JSON object a line"),
    ] {
        assert_eq!(fault(text), wanted, "{text:?}");
    }
}

#[test]
fn pg_14_a_quote_inside_of_a_plain_value_is_text() {
    assert_eq!(values("a\n5\" disk\n"), [pairs(&[("a", "5\" disk")])]);
}

#[test]
fn pg_14_there_are_limits_of_rows_columns_and_bytes() {
    assert!(read(&format!("a\n{}", "x\n".repeat(MAX_CASES))).is_ok());
    assert_eq!(fault(&format!("a\n{}", "x\n".repeat(MAX_CASES + 1))), "there are 201 rows: a grid has at most 200");
    assert_eq!(fault(&"{}\n".repeat(MAX_CASES + 1)), "there are more than 200 rows: a grid has no more");
    assert_eq!(fault(&"x".repeat(MAX_CASES_BYTES + 1)), "this is more than 2 MiB: split it");
    assert_eq!(fault(&format!("a\n{}", "x".repeat(300_000))), "row 2, values: use at most 256 KiB");
    let wide: Vec<String> = (0..=MAX_VALUES).map(|nr| format!("c{nr}")).collect();
    assert_eq!(fault(&wide.join(",")), "row 1, column 101: use at most 100 columns");
}

#[test]
fn pg_14_json_lines_keep_strings_and_show_other_values_as_json() {
    let text = "{\"a\":\"x\",\"n\":1.50,\"list\":[1,{\"k\":null}]}\n\n{\"b b\":true,\"a\":null}\n";
    assert_eq!(read(text).unwrap().columns, ["a", "n", "list", "b_b"]);
    assert_eq!(
        values(text),
        [pairs(&[("a", "x"), ("n", "1.5"), ("list", "[1,{\"k\":null}]")]), pairs(&[("b_b", "true"), ("a", "")])]
    );
}

#[test]
fn pg_14_messages_of_a_json_line_are_the_turns_of_its_case() {
    let line = r#"{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}],"x":"1"}"#;
    let read = read(line).unwrap();
    let turns: Vec<_> = read.cases[0].turns.iter().map(|turn| (turn.role, turn.text.as_str())).collect();
    assert_eq!(turns, [(TurnRole::User, "hi"), (TurnRole::Assistant, "ab")]);
    assert_eq!(read.columns, ["x"]);
    // A text called so is a value like any other.
    assert_eq!(values(r#"{"messages":"none"}"#), [pairs(&[("messages", "none")])]);
}

#[test]
fn pg_14_a_fault_in_json_lines_is_named_by_row_and_column() {
    for (text, wanted) in [
        ("{\"a\":1}\n{\"a\":}\n", "row 2, column 6: this is not JSON"),
        ("{\"a\":1}\n[1]\n", "row 2, column 1: write one JSON object a line"),
        ("{\"a b\":1,\"a_b\":2}", "row 1, column \"a_b\": a column before this one is called a_b, too"),
        (
            "{\"messages\":[{\"role\":\"system\",\"content\":\"x\"}]}",
            "row 1, column \"messages\": message 1: the role of a row's message is user or assistant",
        ),
        (
            "{\"messages\":[{\"role\":\"user\",\"content\":1}]}",
            "row 1, column \"messages\": message 1: its content is no text",
        ),
    ] {
        assert_eq!(fault(text), wanted, "{text:?}");
    }
}

#[test]
fn pg_14_a_value_called_name_names_its_case_and_stays_a_value() {
    let case = read("name,x\nfirst one,1\n").unwrap().cases.remove(0);
    assert_eq!((case.name.as_str(), case.values.len()), ("first one", 2));
    assert_eq!(read("{\"name\":\"two\\nlines\"}").unwrap().cases[0].name, "two");
}

#[test]
fn titles_become_names_of_variables() {
    for (title, name) in [
        ("topic", Some("topic")),
        (" First  Name ", Some("First_Name")),
        ("2nd", Some("_2nd")),
        ("Größe", Some("Gr_e")),
        ("_", None),
        ("—", None),
        ("", None),
    ] {
        assert_eq!(variable(title).as_deref(), name, "{title:?}");
    }
    assert_eq!(variable(&"x".repeat(65)), None);
}
