//! Models and prices: typed text is stored exactly, versions are only added.

use control::models;
use domain::{
    ErrorKind,
    model::{NewModel, PriceText},
};

use crate::world::{World, fields, kind};

fn price(input: &str, cache_read: &str, output: &str) -> PriceText {
    PriceText { input: input.to_owned(), cache_read: cache_read.to_owned(), output: output.to_owned() }
}

fn new(name: &str, price: PriceText) -> NewModel {
    NewModel {
        team: "alpha".to_owned(),
        provider: "local".to_owned(),
        name: name.to_owned(),
        upstream: String::new(),
        context_window: Some(8_000),
        max_output: None,
        price,
    }
}

#[tokio::test]
async fn a_price_is_stored_exactly_as_it_was_typed() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let created = models::create(&world.ctx, &lead, new("exact", price("0.0375", "0.000001", "$1,234.5")))
        .await
        .expect("created");
    assert_eq!(created.price, Some(price("0.0375", "0.000001", "1234.50")));
    assert_eq!((created.upstream.as_str(), created.editable, created.shared), ("exact", true, false));
    let stored = world.db.text(
        "SELECT string_agg(class || '=' || pico, ' ' ORDER BY class) FROM price_components c
           JOIN price_versions v ON v.id = c.version_id JOIN deployments d ON d.id = v.deployment_id
          WHERE d.upstream_model = 'exact'",
    );
    assert_eq!(stored.await, "cache_read=1 input=37500 output=1234500000");
}

#[tokio::test]
async fn no_price_is_unknown_and_zero_is_zero() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let unpriced = models::create(&world.ctx, &lead, new("unpriced", price("", "", ""))).await.expect("created");
    assert_eq!((unpriced.price, unpriced.priced_since), (None, None));
    let free = models::create(&world.ctx, &lead, new("free", price("0", "", "0"))).await.expect("created");
    assert_eq!(free.price, Some(price("0.00", "", "0.00")));
}

#[tokio::test]
async fn wrong_prices_and_sizes_are_field_errors() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    for (typed, wrong) in [
        (price("-1", "", "1"), "price.input"),
        (price("1", "", "0.1234567"), "price.output"),
        (price("1", "1e3", "1"), "price.cache_read"),
        (price("1", "", ""), "price.output"),
        (price("", "0.5", "1"), "price.input"),
        (price("99999999999999999999", "", "1"), "price.input"),
    ] {
        assert_eq!(fields(models::create(&world.ctx, &lead, new("wrong", typed)).await), [wrong]);
    }
    let model = NewModel {
        context_window: Some(0),
        max_output: Some(u32::MAX),
        provider: "nope".to_owned(),
        ..new("a b", price("", "", ""))
    };
    assert_eq!(
        fields(models::create(&world.ctx, &lead, model).await),
        ["provider", "name", "upstream", "context_window", "max_output"]
    );
}

#[tokio::test]
async fn a_taken_name_or_alias_is_a_conflict() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    for taken in ["small", "big-latest"] {
        let answer = models::create(&world.ctx, &lead, new(taken, price("", "", ""))).await;
        assert_eq!(kind(answer), Some(ErrorKind::Conflict), "{taken}");
    }
}

#[tokio::test]
async fn a_model_of_another_team_does_not_exist_here() {
    let world = World::new().await;
    let stranger = world.actor("stranger").await;
    let seen = models::list(&world.ctx, &stranger, "beta").await.expect("list");
    assert_eq!(seen.iter().map(|model| (model.name.as_str(), model.editable)).collect::<Vec<_>>(), [("big", false)]);
    let foreign = NewModel { team: "beta".to_owned(), ..new("theirs", price("", "", "")) };
    assert_eq!(fields(models::create(&world.ctx, &stranger, foreign).await), ["provider"]);
}
