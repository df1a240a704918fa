use super::{check::decimal, *};

fn grid() -> Grid {
    let mut grid = Grid { variants: vec![Variant { model: "small".into(), ..Variant::default() }], ..Grid::default() };
    grid.prompt.turns[0].text = "hello".into();
    grid
}

fn wrong(grid: &Grid) -> Vec<String> {
    let error = grid.check().finish().err();
    error.map(|error| error.fields.into_iter().map(|field| field.field).collect()).unwrap_or_default()
}

#[test]
fn pg_1_a_grid_has_1_to_12_columns_1_to_200_rows_and_1_to_10_samples() {
    let with = |variants: usize, cases: usize, samples: u8| Grid {
        variants: vec![grid().variants[0].clone(); variants],
        cases: vec![Case::default(); cases],
        samples,
        ..grid()
    };
    assert!(wrong(&with(1, 1, 1)).is_empty());
    assert!(wrong(&with(12, 200, 10)).is_empty());
    assert_eq!(wrong(&with(0, 0, 0)), ["variants", "cases", "samples"]);
    assert_eq!(wrong(&with(13, 201, 11)), ["variants", "cases", "samples"]);
}

#[test]
fn all_wrong_fields_are_named_with_their_place() {
    let mut bad = grid();
    bad.prompt.system = "a\0".into();
    bad.prompt.turns[0].text = "x".repeat(MAX_TEXT_BYTES + 1);
    bad.prompt.tools = vec![Tool { name: "a b".into(), schema: "[]".into(), ..Tool::default() }];
    bad.settings = Settings {
        max_output: Some(0),
        temperature: "hot".into(),
        top_p: "1.1".into(),
        effort: "very".into(),
        stop: vec![String::new()],
        format: AnswerFormat::Schema,
        schema: "{".into(),
        extra: "1".into(),
        ..Settings::default()
    };
    bad.variants[0].settings = Some(Settings { top_k: Some(u32::MAX), ..Settings::default() });
    bad.cases[0].values = vec![("1a".into(), String::new())];
    let fields = [
        "prompt.system",
        "prompt.turns.0.text",
        "prompt.tools.0.name",
        "prompt.tools.0.schema",
        "settings.max_output",
        "settings.temperature",
        "settings.top_p",
        "settings.stop",
        "settings.effort",
        "settings.schema",
        "settings.extra",
        "variants.0.settings.top_k",
        "cases.0.values",
    ];
    assert_eq!(wrong(&bad), fields);
}

#[test]
fn a_decimal_lies_within_its_bounds_and_is_plain() {
    for good in ["", "0", "1", "2", "0.3", "1.999999", "2.0", "0.0"] {
        assert_eq!(decimal(good, 0, 2), Ok(()), "{good:?}");
    }
    for bad in ["-0", "2.1", "3", ".5", "1.", "01", "1e0", "0,3", "1.2.3", "NaN", "0.1234567", "٣", "-", "-0.0", " 1"]
    {
        assert!(decimal(bad, 0, 2).is_err(), "{bad:?}");
    }
    assert_eq!(decimal("-2", -2, 2), Ok(()));
    assert!(decimal("-2.000001", -2, 2).is_err());
}

#[test]
fn a_cell_says_the_prompt_of_its_variant_with_the_values_of_its_case_and_the_case_s_own_messages() {
    let mut grid = grid();
    grid.prompt.system = "Speak {{language}}.".into();
    let case = Case {
        values: vec![("language".into(), "Rust".into())],
        turns: vec![Turn { text: "{{not a variable}}".into(), ..Turn::default() }, Turn::default()],
        ..Case::default()
    };
    let (system, turns) = grid.said(&grid.variants[0], &case).unwrap();
    assert_eq!(system, "Speak Rust.");
    assert_eq!(turns.iter().map(|turn| turn.text.as_str()).collect::<Vec<_>>(), ["hello", "{{not a variable}}"]);
    let own =
        Variant { prompt: Some(Prompt { system: "Own.".into(), ..Prompt::default() }), ..grid.variants[0].clone() };
    assert_eq!(grid.said(&own, &case).unwrap().0, "Own.");
    assert_eq!(grid.said(&grid.variants[0], &Case::default()).unwrap_err().line, 1);
    assert_eq!(grid.variables(), ["language"]);
}

#[test]
fn a_grid_bounds_its_variables_its_names_and_what_a_cell_would_say() {
    let mut many = grid();
    many.prompt.system = (0..=MAX_VALUES).map(|nr| format!("{{{{v{nr}}}}}")).collect();
    many.cases[0].values = (0..=MAX_VALUES).map(|nr| (format!("v{nr}"), String::new())).collect();
    many.cases[0].name = "x".repeat(MAX_NAME_CHARS + 1);
    many.variants[0].model = "a\nb".into();
    assert_eq!(wrong(&many), ["variants.0.model", "cases.0.name", "cases.0.values", "prompt"]);

    let mut large = grid();
    large.prompt.system = "{{a}}".repeat(50_000);
    large.cases[0].values = vec![("a".into(), "x".repeat(MAX_TEXT_BYTES))];
    assert!(wrong(&large).is_empty());
    let said = large.said_bytes(&large.variants[0], &large.cases[0]);
    assert_eq!(said, Ok(50_000 * MAX_TEXT_BYTES + "hello".len()));
}
