//! Price versions on a real database: added and never changed, confirmed once, taken over from the catalogue.

use control::{catalog, models, prices};
use domain::{
    ErrorKind,
    catalog::{Capability, CatalogQuery, NewCatalogModel},
    id::ModelId,
    model::ModelSummary,
    price::{
        PriceClass, Variant,
        version::{ConfirmPrice, NewPriceVersion, PriceSource, PriceVersion, RateText, VersionState},
    },
};

use crate::world::{World, fields, kind};

fn rate(class: PriceClass, variant: Variant, above_input_tokens: u32, rate: &str) -> RateText {
    RateText { class, variant, above_input_tokens, rate: rate.to_owned() }
}

pub fn base(input: &str, output: &str) -> Vec<RateText> {
    let standard = |class, text| rate(class, Variant::Standard, 0, text);
    vec![standard(PriceClass::Input, input), standard(PriceClass::Output, output)]
}

pub fn version(model: ModelId, rates: Vec<RateText>) -> NewPriceVersion {
    NewPriceVersion {
        team: "alpha".to_owned(),
        model,
        rates,
        effective_from: String::new(),
        source_url: String::new(),
        source_date: String::new(),
        note: String::new(),
    }
}

pub async fn model(world: &World, name: &str) -> ModelSummary {
    let lead = world.actor("lead").await;
    let models = models::list(&world.ctx, &lead, "alpha").await.expect("models");
    models.into_iter().find(|model| model.name == name).expect("the model")
}

async fn versions(world: &World, name: &str) -> Vec<PriceVersion> {
    let lead = world.actor("lead").await;
    let history = prices::list(&world.ctx, &lead, "alpha", model(world, name).await.id).await.expect("versions");
    assert_eq!((history.model.as_str(), history.editable), (name, true));
    history.versions
}

#[tokio::test]
async fn a_version_holds_every_class_variant_and_tier_and_reads_the_same_again() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let mut rates = base("1.25", "10");
    rates.push(rate(PriceClass::CacheRead, Variant::Standard, 0, "0.125"));
    rates.push(rate(PriceClass::CacheWriteLong, Variant::Standard, 0, "0.0375"));
    rates.push(rate(PriceClass::Request, Variant::Standard, 0, "5"));
    rates.push(rate(PriceClass::Input, Variant::Standard, 200_000, "2.50"));
    rates.push(rate(PriceClass::Output, Variant::Batch, 0, "5"));
    rates.push(rate(PriceClass::Reasoning, Variant::Standard, 0, ""));
    let id = model(&world, "small").await.id;
    let input = NewPriceVersion {
        source_url: "https://example.com/pricing".to_owned(),
        source_date: "2026-11-12".to_owned(),
        note: "list price".to_owned(),
        ..version(id, rates)
    };
    let saved = prices::create(&world.ctx, &lead, input).await.expect("created");
    assert_eq!(saved.price.expect("a price").input, "1.25");
    assert_eq!((saved.price_source, saved.price_unconfirmed), (Some(PriceSource::Typed), false));

    let all = versions(&world, "small").await;
    let states: Vec<_> = all.iter().map(|it| (it.state, it.source, it.author.as_str())).collect();
    assert_eq!(
        states,
        [
            (VersionState::InForce, PriceSource::Typed, "Lead"),
            (VersionState::Past, PriceSource::Bundle, "the operator")
        ]
    );
    assert_eq!(all[1].until, Some(all[0].effective_from.clone()));
    let newest = &all[0];
    assert_eq!(
        (newest.source_url.as_str(), newest.source_date.as_str(), newest.note.as_str()),
        ("https://example.com/pricing", "2026-11-12", "list price")
    );
    assert_eq!(newest.confirmed.as_ref().map(|it| it.by.as_str()), Some("Lead"));
    let shown: Vec<String> = newest
        .rates
        .iter()
        .map(|it| format!("{} {} {} {}", it.variant.as_str(), it.above_input_tokens, it.class.as_str(), it.rate))
        .collect();
    assert_eq!(
        shown,
        [
            "standard 0 input 1.25",
            "standard 0 cache_read 0.125",
            "standard 0 cache_write_long 0.0375",
            "standard 0 output 10.00",
            "standard 0 request 5.00",
            "standard 200000 input 2.50",
            "batch 0 output 5.00",
        ]
    );
}

#[tokio::test]
async fn the_gateway_reads_all_components_of_the_versions_in_force_and_to_come() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let id = model(&world, "small").await.id;
    let mut rates = base("1", "2");
    rates.push(rate(PriceClass::Input, Variant::Batch, 32_000, "0.5"));
    let later = NewPriceVersion { effective_from: "2150-01-01".to_owned(), ..version(id, rates) };
    let saved = prices::create(&world.ctx, &lead, later).await.expect("created");
    assert_eq!(saved.price.expect("still the old price").input, "0.0375");
    assert_eq!(versions(&world, "small").await[0].state, VersionState::Future);

    let mut db = store::pool::connection(&world.db.pools.dashboard).await.expect("connection");
    let all = store::prices::current_and_future(&mut db).await.expect("versions");
    let newest = all.first().expect("the one to come, first");
    let batch = newest.price.components.iter().find(|it| it.variant == Variant::Batch).expect("the batch rate");
    assert_eq!((batch.above_input_tokens, batch.rate.0), (32_000, 500_000));
    assert_eq!(all.len(), 3);
}

#[tokio::test]
async fn a_model_of_another_team_has_no_price_here() {
    let world = World::new().await;
    let stranger = world.actor("stranger").await;
    let id = model(&world, "small").await.id;
    let input = NewPriceVersion { team: "beta".to_owned(), ..version(id, base("1", "1")) };
    assert_eq!(kind(prices::create(&world.ctx, &stranger, input).await), Some(ErrorKind::NotFound));
    assert_eq!(kind(prices::list(&world.ctx, &stranger, "beta", id).await), Some(ErrorKind::NotFound));
}

#[tokio::test]
async fn a_second_version_from_the_same_moment_names_the_first() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let id = model(&world, "small").await.id;
    let input = NewPriceVersion { effective_from: "2150-01-01T08:30".to_owned(), ..version(id, base("1", "2")) };
    prices::create(&world.ctx, &lead, input.clone()).await.expect("created");
    let refused = prices::create(&world.ctx, &lead, input).await.expect_err("refused").into_api();
    assert_eq!(refused.kind, ErrorKind::Conflict);
    assert_eq!(
        refused.of_field("effective_from"),
        Some("the version of 2150-01-01 08:30 (typed, by Lead) begins at the same moment: choose another")
    );
}

#[tokio::test]
async fn wrong_versions_are_field_errors() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let id = model(&world, "small").await.id;
    let wrong = NewPriceVersion {
        effective_from: "soon".to_owned(),
        source_url: "javascript:alert(1)".to_owned(),
        source_date: "yesterday".to_owned(),
        note: "a\nb".to_owned(),
        ..version(id, base("-1", "0.0000001"))
    };
    assert_eq!(
        fields(prices::create(&world.ctx, &lead, wrong).await),
        ["rates.0", "rates.1", "effective_from", "source_url", "source_date", "note"]
    );
    assert_eq!(versions(&world, "small").await.len(), 1);
}

#[tokio::test]
async fn a_version_never_changes_but_for_being_confirmed() {
    let world = World::new().await;
    let attempt = "CREATE FUNCTION attempt(sql text) RETURNS text LANGUAGE plpgsql AS
        $$ BEGIN EXECUTE sql; RETURN 'done'; EXCEPTION WHEN OTHERS THEN RETURN SQLERRM; END $$";
    world.db.execute(attempt).await;
    for change in [
        "SELECT attempt('UPDATE price_versions SET note = source')",
        "SELECT attempt('UPDATE price_versions SET confirmed_at = NULL')",
        "SELECT attempt('DELETE FROM price_versions')",
        "SELECT attempt('UPDATE price_components SET pico = 0')",
        "SELECT attempt('DELETE FROM price_components')",
    ] {
        assert_eq!(world.db.text(change).await, "price versions never change", "{change}");
    }
}

fn catalog_model(upstream: &str) -> NewCatalogModel {
    NewCatalogModel {
        team: "alpha".to_owned(),
        provider: "local".to_owned(),
        vendor: "google".to_owned(),
        upstream: upstream.to_owned(),
        name: String::new(),
    }
}

#[tokio::test]
async fn a_model_of_the_catalogue_is_unconfirmed_until_somebody_confirms_it_once() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let made = catalog::add(&world.ctx, &lead, catalog_model("gemini-2.5-pro")).await.expect("added");
    assert_eq!((made.name.as_str(), made.price_unconfirmed), ("gemini-2.5-pro", true));
    assert_eq!(made.price_source, Some(PriceSource::Catalogue));
    assert!(made.capabilities.contains(&Capability::Tools) && made.context_window.is_some());
    let newest = versions(&world, "gemini-2.5-pro").await.remove(0);
    assert!(newest.source_url.starts_with("https://") && !newest.source_date.is_empty());
    assert!(newest.rates.iter().any(|it| it.above_input_tokens == 200_000 && it.variant == Variant::Batch));

    let audits = "SELECT count(*) FROM audit_log WHERE action = 'price.confirm'";
    for _ in 0..2 {
        let input = ConfirmPrice { team: "alpha".to_owned(), model: made.id, version: newest.id };
        let confirmed = prices::confirm(&world.ctx, &lead, input).await.expect("confirmed");
        assert!(!confirmed.price_unconfirmed);
        assert_eq!(world.db.number(audits).await, 1);
    }
    let confirmed = versions(&world, "gemini-2.5-pro").await.remove(0).confirmed.expect("confirmed");
    assert_eq!(confirmed.by, "Lead");
    let foreign = versions(&world, "small").await.remove(0).id;
    let input = ConfirmPrice { team: "alpha".to_owned(), model: made.id, version: foreign };
    assert_eq!(kind(prices::confirm(&world.ctx, &lead, input).await), Some(ErrorKind::NotFound));
}

#[tokio::test]
async fn the_catalogue_is_searched_by_vendor_and_name() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let search = async |text: &str| {
        let query = CatalogQuery { team: "alpha".to_owned(), text: text.to_owned() };
        catalog::search(&world.ctx, &lead, query).await.expect("a page")
    };
    let page = search("").await;
    assert!(page.total >= 80 && page.entries.len() == 30);
    // The server of one's own may serve anything; the shared one is not this person's to change.
    assert_eq!(page.entries[0].providers, ["local"]);
    let found = search("google 2.5 PRO").await;
    assert_eq!(found.entries.iter().map(|it| it.upstream.as_str()).collect::<Vec<_>>(), ["gemini-2.5-pro"]);
    assert_eq!((found.total, found.entries[0].present.as_deref()), (1, None));
    assert_eq!(search("no such model").await.total, 0);

    catalog::add(&world.ctx, &lead, catalog_model("gemini-2.5-pro")).await.expect("added");
    assert_eq!(search("gemini-2.5-pro").await.entries[0].present.as_deref(), Some("gemini-2.5-pro"));
    let again = catalog::add(&world.ctx, &lead, catalog_model("gemini-2.5-pro")).await;
    assert_eq!(kind(again), Some(ErrorKind::Conflict));
    let unknown = catalog::add(&world.ctx, &lead, catalog_model("gemini-0")).await;
    assert_eq!(kind(unknown), Some(ErrorKind::NotFound));
}

#[tokio::test]
async fn a_receipt_shows_the_rates_of_the_tier_that_served_and_standard_where_it_has_none() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let model = model(&world, "small").await;
    let mut rates = base("2.50", "10");
    rates.push(rate(PriceClass::Input, Variant::Priority, 0, "5"));
    prices::create(&world.ctx, &lead, version(model.id, rates)).await.expect("a version");
    let newest = &versions(&world, "small").await[0];
    let mut db = store::pool::connection(&world.ctx.pools.dashboard).await.expect("connection");
    for (tier, want) in [(Variant::Standard, ["2.50", "10.00"]), (Variant::Priority, ["5.00", "10.00"])] {
        let (_, rates) = store::history::price(&mut db, newest.id, tier).await.expect("rates").expect("a version");
        let rates: Vec<String> = rates.iter().map(|component| component.rate.per_million()).collect();
        assert_eq!(rates, want, "{tier:?}");
    }
}
