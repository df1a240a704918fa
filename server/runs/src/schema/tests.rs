use serde_json::{Map, json};

use super::*;

const PERSON: &str = r##"{
    "type": "object", "required": ["name"], "additionalProperties": false,
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0},
                   "friends": {"type": "array", "items": {"$ref": "#"}}}
}"##;

#[test]
fn pg_6_an_answer_that_fits_has_no_faults_and_one_that_does_not_names_each_place() {
    assert_eq!(faults(PERSON, " {\"name\": \"Ada\", \"friends\": [{\"name\": \"Bob\"}]}\n"), Vec::<String>::new());
    let found = faults(PERSON, r#"{"age": -1, "friends": [{"name": 3}], "x": 1}"#);
    for part in ["/age: -1", "/friends/0/name: 3", "\"name\"", "'x'"] {
        assert!(found.iter().any(|fault| fault.contains(part)), "{part} is not in {found:?}");
    }
}

#[test]
fn pg_6_what_is_no_json_and_what_is_too_long_is_told() {
    assert_eq!(faults(PERSON, "{\"name\":\n oops"), ["The answer is not JSON: line 2, column 2."]);
    assert_eq!(faults(PERSON, "").len(), 1);
    let long = format!(r#"{{"name": "{}"}}"#, "a".repeat(LONGEST_ANSWER));
    assert!(faults(PERSON, &long)[0].contains("256 KiB"));
    let many = json!({"type": "array", "items": {"type": "string"}}).to_string();
    assert_eq!(faults(&many, &json!(vec![1; 500]).to_string()).len(), MOST_FAULTS);
    let wide = json!({"const": "é".repeat(400)}).to_string();
    assert!(faults(&wide, "1")[0].len() <= LONGEST_FAULT + 3);
}

#[test]
fn pg_6_a_schema_is_checked_as_such_and_its_fault_has_a_place() {
    assert_eq!(check(PERSON), Ok(()));
    assert_eq!(check("{\n  oops"), Err("line 2, column 3: this is not JSON".to_owned()));
    assert!(check("[]").unwrap_err().contains("JSON object"));
    let fault = check(r#"{"properties": {"a": {"type": "strin"}}}"#).unwrap_err();
    assert!(fault.starts_with("/properties/a/type: "), "{fault}");
    assert!(check(r#"{"pattern": "("}"#).is_err());
}

#[test]
fn a_schema_fetches_nothing() {
    for outside in [
        r#"{"$ref": "https://example.com/schema.json"}"#,
        r#"{"$ref": "file:///etc/passwd"}"#,
        r#"{"properties": {"a": {"$ref": "other.json#/x"}}}"#,
        r#"{"$schema": "https://example.com/meta.json"}"#,
        r##"{"$ref": "#/nowhere"}"##,
    ] {
        assert!(check(outside).is_err(), "{outside}");
    }
}

#[test]
fn a_schema_that_goes_in_a_circle_is_refused() {
    for circle in [
        r##"{"$ref": "#"}"##,
        r##"{"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}"##,
        r##"{"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"not": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"}"##,
    ] {
        assert!(check(circle).unwrap_err().contains("without end"), "{circle}");
        assert_eq!(faults(circle, "{}").len(), 1);
    }
}

#[test]
fn work_that_doubles_at_every_level_is_refused_and_not_done() {
    // Two ways to the same place at each level of the answer.
    let twice = r##"{"anyOf": [{"properties": {"x": {"$ref": "#"}}, "required": ["y"]},
                               {"properties": {"x": {"$ref": "#"}}, "required": ["y"]}]}"##;
    let deep = |levels| (0..levels).fold(json!({}), |inner, _| json!({"x": inner}));
    assert!(faults(twice, &deep(60).to_string())[0].contains("too often"));
    assert!(!faults(twice, &deep(3).to_string())[0].contains("too often"));
    // A way so long that it would not fit on a stack.
    let defs: Map<String, Value> = (0..5_000)
        .map(|i| (format!("d{i}"), json!({"$ref": format!("#/$defs/d{}", i + 1)})))
        .chain([("d5000".to_owned(), json!({"properties": {"x": {"$ref": "#/$defs/d0"}}}))])
        .collect();
    assert!(check(&json!({"$defs": defs, "$ref": "#/$defs/d0"}).to_string()).is_err());
    // And in the schema alone.
    let defs: Map<String, Value> = (0..60)
        .map(|i| {
            (
                format!("d{i}"),
                json!({"allOf": [{"$ref": format!("#/$defs/d{}", i + 1)}, {"$ref": format!("#/$defs/d{}", i + 1)}]}),
            )
        })
        .chain([("d60".to_owned(), json!({"type": "string"}))])
        .collect();
    let chain = json!({"$defs": defs, "$ref": "#/$defs/d0"}).to_string();
    assert!(faults(&chain, "1")[0].contains("too often"));
}

#[test]
fn a_tree_of_a_thousand_leaves_is_no_trouble() {
    let tree = r##"{"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}, "value": {"type": "integer"}}}"##;
    fn grown(levels: u32) -> Value {
        if levels == 0 { json!({"value": 1}) } else { json!({"left": grown(levels - 1), "right": grown(levels - 1)}) }
    }
    assert_eq!(faults(tree, &grown(10).to_string()), Vec::<String>::new());
}
