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

#[tokio::test]
async fn pr_7_a_model_changes_all_at_once_and_takes_nobody_elses_name() {
    let world = World::new().await;
    let (lead, admin) = (world.actor("lead").await, world.actor("admin").await);
    let all = models::list(&world.ctx, &lead, "alpha").await.expect("list");
    let find = |name: &str| all.iter().find(|model| model.name == name).expect("model").clone();
    let change = |of: &domain::model::ModelSummary| domain::model::ModelChange {
        team: "alpha".to_owned(),
        model: of.id,
        revision: of.revision,
        name: of.name.clone(),
        upstream: of.upstream.clone(),
        aliases: of.aliases.clone(),
        context_window: of.context_window,
        max_output: of.max_output,
        capabilities: of.capabilities.clone(),
        retires_on: String::new(),
    };
    let small = find("small");
    let input = domain::model::ModelChange {
        aliases: vec!["tiny".to_owned(), " tiny ".to_owned()],
        context_window: Some(32_000),
        capabilities: vec![domain::catalog::Capability::Tools],
        retires_on: "2027-01-14".to_owned(),
        ..change(&small)
    };
    let changed = models::update(&world.ctx, &lead, input).await.expect("changed");
    assert_eq!(changed.aliases, ["tiny"]);
    assert_eq!((changed.context_window, changed.retires_on.as_deref()), (Some(32_000), Some("2027-01-14")));
    assert_eq!(changed.price, small.price);
    let named = "SELECT array_to_string(fields, ',') FROM audit_log WHERE action = 'model.update'";
    assert_eq!(world.db.text(named).await, "aliases,context_window,capabilities,retires_on");

    let taken = domain::model::ModelChange {
        revision: changed.revision,
        aliases: vec!["big-latest".to_owned()],
        ..change(&small)
    };
    assert_eq!(fields(models::update(&world.ctx, &lead, taken).await), ["aliases"]);
    let stale = models::update(&world.ctx, &lead, change(&small)).await;
    assert_eq!(kind(stale), Some(domain::ErrorKind::Conflict));
    let shared = change(&find("big"));
    assert_eq!(kind(models::update(&world.ctx, &lead, shared.clone()).await), Some(domain::ErrorKind::Forbidden));
    models::update(&world.ctx, &admin, shared).await.expect("an instance admin may");
    models::archive(&world.ctx, &lead, "alpha", small.id).await.expect("archived");
    assert_eq!(models::list(&world.ctx, &lead, "alpha").await.expect("list").len(), 1);
}
