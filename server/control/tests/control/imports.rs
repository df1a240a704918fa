//! The community price file on a real database: a preview that writes nothing, then what is accepted, all or none.

use control::prices;
use domain::{
    ErrorKind,
    price::{
        import::{ImportChoice, ImportChoices, ImportPreview},
        version::PriceSource,
    },
};

use crate::{
    prices::{base, model, version},
    world::{World, fields, kind, message},
};

/// Two models at a vendor that the file knows, one without a price.
const VENDOR: &str = r#"
[[providers]]
slug = "deep"
kind = "openai-compatible"
base_url = "https://api.deepseek.com"
[[models]]
slug = "chat"
provider = "deep"
upstream_model = "deepseek-chat"
context_window = 64000
price = { input = "0.27", output = "1.10" }
[[models]]
slug = "new"
provider = "deep"
upstream_model = "deepseek-new"
"#;

const FILE: &str = r#"{
    "deepseek/deepseek-chat": {
        "mode": "chat", "litellm_provider": "deepseek", "source": "https://api-docs.deepseek.com/pricing",
        "input_cost_per_token": 2.7e-07, "output_cost_per_token": 1.2000000000000002e-06, "cache_read_input_token_cost": 7e-08,
        "cache_creation_input_token_cost": 0.0, "max_input_tokens": 128000, "max_output_tokens": 8192,
        "supports_function_calling": true, "deprecation_date": "2027-03-01"
    },
    "deepseek-new": {
        "mode": "chat", "litellm_provider": "deepseek", "source": "prices to come",
        "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06, "output_cost_per_token_batches": 1e-06
    },
    "deepseek-old": {"mode": "chat", "litellm_provider": "deepseek", "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06}
}"#;

async fn vendor_world() -> (World, control::Actor) {
    let world = World::new().await;
    world.apply(VENDOR).await.expect("the vendor");
    let admin = world.actor("admin").await;
    (world, admin)
}

fn accept(preview: &ImportPreview) -> ImportChoices {
    ImportChoices {
        file: "prices.json".to_owned(),
        file_date: "2026-11-12".to_owned(),
        choices: preview.changes.iter().map(ImportChoice::from).collect(),
        confirmed_jumps: Vec::new(),
    }
}

#[tokio::test]
async fn an_imported_file_shows_what_would_change_and_writes_nothing() {
    let (world, admin) = vendor_world().await;
    let before = world.db.number("SELECT count(*) FROM price_versions").await;
    let preview = prices::import::preview(&world.ctx, &admin, FILE.as_bytes()).await.expect("a preview");
    let shown: Vec<String> = preview
        .changes
        .iter()
        .flat_map(|change| change.lines.iter().map(move |line| (change, line)))
        .map(|(change, line)| format!("{} {}: {} → {} {}", change.model, line.label, line.old, line.new, line.ratio))
        .collect();
    assert_eq!(
        shown,
        [
            "chat Cached read:  → 0.07 ",
            "chat Output: 1.10 → 1.20 ×1.09",
            "new Input:  → 1.00 ",
            "new Output:  → 2.00 ",
            "new Output, batch:  → 1.00 ",
        ]
    );
    let chat = &preview.changes[0];
    // A size that somebody has set stays; what nobody has set is filled.
    assert_eq!(chat.facts, ["maximum output 8,192 tokens", "can tools", "retires on 2027-03-01"]);
    assert_eq!((chat.place.as_str(), chat.notes.len()), ("deep/deepseek-chat", 1));
    let review: Vec<_> = preview.review.iter().map(|it| (it.entry.as_str(), it.field.as_str())).collect();
    assert_eq!(review, [("deepseek/deepseek-chat", "cache_creation_input_token_cost")]);
    assert_eq!((preview.same, preview.not_matched), (0, 1));
    assert_eq!(preview.unknown, ["local/small", "shared/big-2026"]);
    assert_eq!(world.db.number("SELECT count(*) FROM price_versions").await, before);
}

#[tokio::test]
async fn accepted_changes_are_new_unconfirmed_versions_and_a_second_preview_is_empty() {
    let (world, admin) = vendor_world().await;
    let preview = prices::import::preview(&world.ctx, &admin, FILE.as_bytes()).await.expect("a preview");
    let done = prices::import::accept(&world.ctx, &admin, FILE.as_bytes(), accept(&preview)).await.expect("accepted");
    assert_eq!((done.versions, done.models), (2, 1));
    let chat = model(&world, "chat").await;
    assert_eq!(chat.price.expect("a price").output, "1.20");
    assert_eq!((chat.price_source, chat.price_unconfirmed), (Some(PriceSource::Import), true));
    assert_eq!((chat.context_window, chat.max_output), (Some(64_000), Some(8_192)));
    assert_eq!(chat.retires_on.as_deref(), Some("2027-03-01"));
    let lead = world.actor("lead").await;
    let history = prices::list(&world.ctx, &lead, "alpha", chat.id).await.expect("versions");
    // The model is the instance's: a team's admin reads its price and does not change it.
    assert!(!history.editable);
    let newest = &history.versions[0];
    assert_eq!(newest.source_url, "https://api-docs.deepseek.com/pricing");
    assert_eq!(
        (newest.note.as_str(), newest.source_date.as_str()),
        ("prices.json: deepseek/deepseek-chat", "2026-11-12")
    );
    assert_eq!(world.db.number("SELECT count(*) FROM audit_log WHERE action = 'price.import'").await, 2);

    let again = prices::import::preview(&world.ctx, &admin, FILE.as_bytes()).await.expect("a preview");
    assert_eq!((again.changes.len(), again.same), (0, 2));
}

#[tokio::test]
async fn a_jump_of_more_than_five_times_needs_its_own_confirmation() {
    let (world, admin) = vendor_world().await;
    let file = FILE.replace("1.2000000000000002e-06", "5.6e-06");
    let preview = prices::import::preview(&world.ctx, &admin, file.as_bytes()).await.expect("a preview");
    assert_eq!(preview.changes.iter().map(|it| it.is_jump).collect::<Vec<_>>(), [true, false]);
    let mut choices = accept(&preview);
    let before = world.db.number("SELECT count(*) FROM price_versions").await;
    let refused = message(prices::import::accept(&world.ctx, &admin, file.as_bytes(), choices.clone()).await);
    assert_eq!(refused, "chat would change more than five times: confirm this jump by itself");
    // All or none: the other model was fine.
    assert_eq!(world.db.number("SELECT count(*) FROM price_versions").await, before);
    choices.confirmed_jumps = vec![preview.changes[0].deployment];
    let done = prices::import::accept(&world.ctx, &admin, file.as_bytes(), choices).await.expect("accepted");
    assert_eq!(done.versions, 2);
}

#[tokio::test]
async fn a_price_that_changed_since_the_preview_is_not_overwritten() {
    let (world, admin) = vendor_world().await;
    let preview = prices::import::preview(&world.ctx, &admin, FILE.as_bytes()).await.expect("a preview");
    let id = model(&world, "chat").await.id;
    prices::create(&world.ctx, &admin, version(id, base("9", "9"))).await.expect("typed meanwhile");
    let refused = prices::import::accept(&world.ctx, &admin, FILE.as_bytes(), accept(&preview))
        .await
        .expect_err("refused")
        .into_api();
    assert_eq!(refused.kind, ErrorKind::Conflict);
    assert_eq!(refused.message, "chat has changed since the file was compared: read the file again");
    assert_eq!(model(&world, "new").await.price, None);
}

#[tokio::test]
async fn wrong_choices_and_files_are_refused_in_words() {
    let (world, admin) = vendor_world().await;
    let preview = prices::import::preview(&world.ctx, &admin, FILE.as_bytes()).await.expect("a preview");
    let accept_of =
        async |file: &str, choices| prices::import::accept(&world.ctx, &admin, file.as_bytes(), choices).await;
    let none = ImportChoices { choices: Vec::new(), file_date: "soon".to_owned(), ..accept(&preview) };
    assert_eq!(fields(accept_of(FILE, none).await), ["file_date", "choices"]);
    let mut twice = accept(&preview);
    twice.choices.push(twice.choices[0]);
    assert_eq!(kind(accept_of(FILE, twice).await), Some(ErrorKind::Conflict));
    // A file that no longer knows the model.
    let other = FILE.replace("deepseek-new", "deepseek-newer");
    assert_eq!(kind(accept_of(&other, accept(&preview)).await), Some(ErrorKind::Conflict));

    let too_large = vec![b' '; prices::import::LARGEST_FILE + 1];
    assert_eq!(
        message(prices::import::preview(&world.ctx, &admin, &too_large).await),
        "the file is larger than 16 MiB"
    );
    let no_file = prices::import::preview(&world.ctx, &admin, b"<html>").await;
    assert!(message(no_file).starts_with("this is not a price file"));
}
