//! Small files made up in the community format.

use domain::{
    catalog::Capability,
    id::{DeploymentId, ModelId, PriceVersionId},
    price::{Pico, Price, PriceClass},
};

use super::*;

fn entry(fields: &str) -> entry::Entry {
    let text = format!(r#"{{"m": {{"mode": "chat", "litellm_provider": "openai", {fields}}}}}"#);
    let file = File::read(text.as_bytes()).expect("a price file");
    entry::read("m", file.fields("m"))
}

fn rates(entry: &entry::Entry) -> Vec<String> {
    let word = |it: &PriceComponent| {
        format!(
            "{} {} {} {}",
            it.variant.as_str(),
            it.above_input_tokens,
            it.class.as_str(),
            it.class.rate_text(it.rate)
        )
    };
    entry.components.as_deref().unwrap_or_default().iter().map(word).collect()
}

fn reviewed(entry: &entry::Entry) -> Vec<(&str, &str)> {
    entry.review.iter().map(|it| (it.field.as_str(), it.reason.as_str())).collect()
}

#[test]
fn every_class_variant_and_tier_is_read() {
    let entry = entry(
        r#""input_cost_per_token": 2e-06, "output_cost_per_token": 1e-05, "cache_read_input_token_cost": 2e-07,
        "cache_creation_input_token_cost": 2.5e-06, "cache_creation_input_token_cost_above_1hr": 4e-06,
        "output_cost_per_reasoning_token": 1.2e-05, "input_cost_per_request": 0.005,
        "input_cost_per_token_batches": 1e-06, "output_cost_per_token_flex": 5e-06, "input_cost_per_token_priority": 4e-06,
        "input_cost_per_token_above_272k_tokens": 4e-06,
        "cache_creation_input_token_cost_above_1hr_above_272k_tokens_batches": 8e-06,
        "input_cost_per_token_ultrafast": 9, "input_cost_per_second": 1, "output_vector_size": "x""#,
    );
    assert_eq!(
        rates(&entry),
        [
            "standard 0 input 2.00",
            "standard 0 cache_read 0.20",
            "standard 0 cache_write_short 2.50",
            "standard 0 cache_write_long 4.00",
            "standard 0 output 10.00",
            "standard 0 reasoning 12.00",
            "standard 0 request 5.00",
            "standard 272000 input 4.00",
            "batch 0 input 1.00",
            "batch 272000 cache_write_long 8.00",
            "flex 0 output 5.00",
            "priority 0 input 4.00",
        ]
    );
    assert_eq!(reviewed(&entry), []);
}

#[test]
fn noise_is_taken_off_and_noted() {
    let entry = entry(r#""input_cost_per_token": 3.2000000000000003e-06, "output_cost_per_token": 1e-05"#);
    assert_eq!(rates(&entry), ["standard 0 input 3.20", "standard 0 output 10.00"]);
    assert_eq!(entry.notes, ["input_cost_per_token: 3.2000000000000003e-06 read as 3.20"]);
}

#[test]
fn odd_values_are_left_out_and_listed_for_review() {
    let entry = entry(
        r#""input_cost_per_token": 2e-06, "output_cost_per_token": 1e-05, "cache_read_input_token_cost": -1e-07,
        "input_cost_per_token_batches": "1e-06", "output_cost_per_token_batches": 1.5e-12,
        "cache_creation_input_token_cost": 0.0, "output_cost_per_token_flex": null"#,
    );
    assert_eq!(rates(&entry), ["standard 0 input 2.00", "standard 0 output 10.00"]);
    assert_eq!(
        reviewed(&entry),
        [
            ("cache_creation_input_token_cost", "zero: free, or not known? If it is free, set this by hand"),
            ("cache_read_input_token_cost", "negative"),
            ("input_cost_per_token_batches", "not a plain number"),
            ("output_cost_per_token_batches", "not a whole number of pico-dollars"),
        ]
    );
}

#[test]
fn zero_is_no_price_but_an_embedding_has_no_output() {
    let free = entry(r#""input_cost_per_token": 0, "output_cost_per_token": 0.0"#);
    assert!(free.components.is_none());
    assert_eq!(free.review.len(), 3);
    for output in ["", r#", "output_cost_per_token": 0.0"#] {
        let text = format!(r#"{{"m": {{"mode": "embedding", "input_cost_per_token": 1e-07{output}}}}}"#);
        let file = File::read(text.as_bytes()).expect("a price file");
        let embedding = entry::read("m", file.fields("m"));
        assert_eq!(rates(&embedding), ["standard 0 input 0.10", "standard 0 output 0.00"]);
        assert_eq!((embedding.review.len(), embedding.facts.capabilities), (0, vec![Capability::Embeddings]));
    }
}

#[test]
fn of_two_names_for_one_rate_the_more_exact_one_counts() {
    let entry = entry(
        r#""input_cost_per_token": 2e-06, "output_cost_per_token": 1e-05,
        "cache_read_input_token_cost": 1e-07, "input_cost_per_token_cache_hit": 3e-07,
        "cache_creation_input_token_cost_above_12hr": 5e-06"#,
    );
    assert_eq!(
        rates(&entry),
        [
            "standard 0 input 2.00",
            "standard 0 cache_read 0.10",
            "standard 0 cache_write_long 5.00",
            "standard 0 output 10.00",
        ]
    );
}

#[test]
fn reasoning_at_the_price_of_output_needs_no_row() {
    let entry = entry(
        r#""input_cost_per_token": 2e-06, "output_cost_per_token": 1e-05, "output_cost_per_reasoning_token": 1e-05"#,
    );
    assert_eq!(rates(&entry), ["standard 0 input 2.00", "standard 0 output 10.00"]);
}

#[test]
fn a_list_of_ranges_is_a_list_of_tiers() {
    let tiered = entry(
        r#""tiered_pricing": [
            {"range": [0, 32000.0], "input_cost_per_token": 1e-06, "output_cost_per_token": 5e-06},
            {"range": [32000.0, 1e6], "input_cost_per_token": 2e-06, "output_cost_per_token": 9e-06}]"#,
    );
    assert_eq!(
        rates(&tiered),
        ["standard 0 input 1.00", "standard 0 output 5.00", "standard 32000 input 2.00", "standard 32000 output 9.00"]
    );
    let broken =
        entry(r#""input_cost_per_token": 1e-06, "output_cost_per_token": 5e-06, "tiered_pricing": [{"range": []}]"#);
    assert_eq!(reviewed(&broken), [("tiered_pricing", "a tier without a range")]);
}

#[test]
fn limits_abilities_and_the_last_day_are_read() {
    let facts = entry(
        r#""input_cost_per_token": 1e-06, "max_input_tokens": 128000, "max_output_tokens": "lots",
        "supports_function_calling": true, "supports_vision": false, "supports_reasoning": true,
        "deprecation_date": "2027-04-01", "off_peak_pricing": {}"#,
    );
    assert_eq!(
        facts.facts,
        ModelFacts {
            context_window: Some(128_000),
            max_output: None,
            capabilities: vec![Capability::Tools, Capability::Reasoning],
            retires_on: Some("2027-04-01".to_owned()),
        }
    );
    assert_eq!(facts.notes, ["off-peak prices are not kept apart: these rates stand for every hour"]);
}

#[test]
fn what_is_no_price_file_is_refused_in_words() {
    for (text, message) in [
        ("", "this is not a price file: expected one JSON object of models (line 1)"),
        ("[1]", "this is not a price file: expected one JSON object of models (line 1)"),
        ("{\n\"a\": }", "this is not a price file: expected one JSON object of models (line 2)"),
        ("{}", "there is no model with token prices in this file"),
        (
            r#"{"a": 1, "b": {"mode": "image_generation"}, "c": {"mode": 5}}"#,
            "there is no model with token prices in this file",
        ),
        ("\u{0}", "this is not a price file: expected one JSON object of models (line 1)"),
    ] {
        assert_eq!(File::read(text.as_bytes()).err().as_deref(), Some(message), "{text}");
    }
    assert!(File::read(b"{\"a\": \"\xff\"}").is_err());
}

fn deployment(kind: &str, preset: &str, upstream: &str, price: Option<&[PriceComponent]>) -> Deployment {
    Deployment {
        id: DeploymentId(uuid::Uuid::from_u128(1)),
        model: ModelId(uuid::Uuid::from_u128(2)),
        team: None,
        team_slug: None,
        aliases: Vec::new(),
        name: "public".to_owned(),
        upstream: upstream.to_owned(),
        provider_slug: "p".to_owned(),
        provider_kind: kind.to_owned(),
        preset: preset.to_owned(),
        base_url: String::new(),
        facts: Facts::default(),
        price: price.map(|components| Price {
            version: PriceVersionId(uuid::Uuid::from_u128(3)),
            components: components.to_vec(),
        }),
    }
}

const FILE: &str = r#"{
    "sample_spec": {"mode": "one of chat, …"},
    "gpt-x": {"mode": "chat", "litellm_provider": "openai", "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06},
    "groq/open/x": {"mode": "chat", "litellm_provider": "groq", "input_cost_per_token": 5e-06, "output_cost_per_token": 6e-06,
        "max_input_tokens": 9000},
    "azure/gpt-x": {"mode": "chat", "litellm_provider": "azure", "input_cost_per_token": 3e-06, "output_cost_per_token": 4e-06}
}"#;

#[test]
fn an_entry_matches_a_deployment_of_its_vendor_and_no_other() {
    let file = File::read(FILE.as_bytes()).expect("a price file");
    let of = |kind, preset, upstream| {
        let preview = preview_of(&file, &[deployment(kind, preset, upstream, None)]);
        preview.changes.first().map(|change| change.entry.clone()).ok_or(preview.unknown)
    };
    assert_eq!(of("openai", "", "gpt-x"), Ok("gpt-x".to_owned()));
    assert_eq!(of("azure-openai", "", "gpt-x"), Ok("azure/gpt-x".to_owned()));
    assert_eq!(of("openai-compatible", "groq", "open/x"), Ok("groq/open/x".to_owned()));
    // A server of one's own may call its model as it likes.
    assert_eq!(of("openai-compatible", "vllm", "gpt-x"), Err(vec!["p/gpt-x".to_owned()]));
    assert_eq!(of("openai-compatible", "", "gpt-x"), Err(vec!["p/gpt-x".to_owned()]));
    assert_eq!(of("anthropic", "", "gpt-x"), Err(vec!["p/gpt-x".to_owned()]));
    assert_eq!(of("demo", "", "gpt-x"), Err(vec![]));
}

#[test]
fn a_preview_shows_what_differs_and_counts_the_rest() {
    let file = File::read(FILE.as_bytes()).expect("a price file");
    let price = |input, output| {
        [PriceComponent::base(PriceClass::Input, Pico(input)), PriceComponent::base(PriceClass::Output, Pico(output))]
    };
    let old = price(100_000, 2_000_000);
    let mut known = deployment("openai", "", "gpt-x", Some(&price(1_000_000, 2_000_000)));
    known.facts.capabilities = Some(Vec::new());
    let preview = preview_of(&file, &[deployment("openai", "", "gpt-x", Some(&old)), known]);
    assert_eq!((preview.changes.len(), preview.same, preview.not_matched), (1, 1, 2));
    let change = &preview.changes[0];
    assert!(change.is_jump);
    assert_eq!(change.current, Some(PriceVersionId(uuid::Uuid::from_u128(3))));
    let lines: Vec<_> = change.lines.iter().map(|it| (it.label.as_str(), it.ratio.as_str())).collect();
    assert_eq!(lines, [("Input", "×10.00")]);
}

#[test]
fn a_rate_that_the_file_says_oddly_stays_as_it_is() {
    let odd = r#"{"gpt-x": {"mode": "chat", "litellm_provider": "openai", "input_cost_per_token": 1e-06,
        "output_cost_per_token": 2e-06, "cache_read_input_token_cost": 0.0}}"#;
    let file = File::read(odd.as_bytes()).expect("a price file");
    let old = [(PriceClass::Input, 1_000_000), (PriceClass::CacheRead, 100_000), (PriceClass::Output, 3_000_000)]
        .map(|(class, rate)| PriceComponent::base(class, Pico(rate)));
    let preview = preview_of(&file, &[deployment("openai", "", "gpt-x", Some(&old))]);
    let labels: Vec<&str> = preview.changes[0].lines.iter().map(|it| it.label.as_str()).collect();
    assert_eq!((labels, preview.review.len()), (vec!["Output"], 1));
}

#[test]
fn sizes_that_somebody_set_stay_and_missing_ones_are_filled() {
    let file = File::read(FILE.as_bytes()).expect("a price file");
    let mut mine = deployment("openai-compatible", "groq", "open/x", None);
    assert_eq!(preview_of(&file, std::slice::from_ref(&mine)).changes[0].facts, ["context 9,000 tokens"]);
    mine.facts.context_window = Some(8_000);
    assert_eq!(preview_of(&file, &[mine]).changes[0].facts, [""; 0]);
}
