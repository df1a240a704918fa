//! Models of a bundle have names that a form could save too, and a price that somebody stands behind.

use control::models;
use domain::model::{ModelChange, ModelSummary};

use super::apply;
use crate::world::{BUNDLE, World, message};

async fn model(world: &World, name: &str) -> ModelSummary {
    let models = models::list(&world.ctx, &world.actor("owner").await, "alpha").await.expect("models");
    models.into_iter().find(|model| model.name == name).expect("a model of the bundle")
}

/// The bundle with other aliases of its two models.
fn aliases(big: &str, small: &str) -> String {
    let small = format!("slug = \"small\"\naliases = {small}\n");
    BUNDLE.replace("[\"big-latest\"]", big).replace("slug = \"small\"\n", &small)
}

#[tokio::test]
async fn another_name_is_one_models_alone() {
    let world = World::new().await;
    for (text, said) in [
        (aliases("[]", "[\"big\"]"), "models.small.aliases: \"big\" is a name of the model \"big\""),
        (aliases("[\"x\"]", "[\"x\"]"), "models.small.aliases: \"x\" is a name of the model \"big\""),
        (
            format!("{BUNDLE}[[models]]\nslug = \"big-latest\"\nprovider = \"local\"\n"),
            "models.big-latest.slug: \"big-latest\" is a name of the model \"big\"",
        ),
        (
            format!("{BUNDLE}[[models]]\nslug = \"big-latest\"\nprovider = \"shared\"\n"),
            "models.big-latest.slug: \"big-latest\" is a name of the model \"big\"",
        ),
    ] {
        assert!(message(world.apply(&text).await).contains(said), "{text}");
    }
    let many: Vec<String> = (0..21).map(|n| format!("\"a{n}\"")).collect();
    let text = aliases(&format!("[{}]", many.join(", ")), "[]");
    assert_eq!(message(world.apply(&text).await), "models.big.aliases: use at most 20 aliases");
}

#[tokio::test]
async fn a_name_moves_from_one_model_to_another_in_either_direction() {
    let world = World::new().await;
    for (big, small) in [("[]", "[\"big-latest\"]"), ("[\"big-latest\"]", "[]")] {
        assert_eq!(
            apply(&world, &aliases(big, small)).await,
            ["change model big: aliases", "change model small: aliases"]
        );
    }
}

#[tokio::test]
async fn a_teams_model_may_have_the_name_of_one_of_the_instance_and_hides_it() {
    let world = World::new().await;
    let text = format!("{BUNDLE}[[models]]\nslug = \"big\"\nprovider = \"local\"\naliases = [\"big-latest\"]\n");
    assert_eq!(apply(&world, &text).await, ["create model big"]);
    assert_eq!(apply(&world, &text).await, [""; 0]);
}

#[tokio::test]
async fn what_a_bundle_wrote_a_form_can_save() {
    let world = World::new().await;
    let text = aliases("[\"big-latest\"]", "[\" tiny \", \"tiny\", \"small\"]");
    assert_eq!(apply(&world, &text).await, ["change model small: aliases"]);
    assert_eq!(apply(&world, &text).await, [""; 0]);
    let small = model(&world, "small").await;
    assert_eq!(small.aliases, ["tiny"]);
    let change = ModelChange {
        team: "alpha".to_owned(),
        model: small.id,
        revision: small.revision,
        name: small.name,
        upstream: small.upstream,
        aliases: small.aliases,
        context_window: Some(1_000),
        max_output: None,
        capabilities: Vec::new(),
        retires_on: String::new(),
    };
    models::update(&world.ctx, &world.actor("owner").await, change).await.expect("a form saves it");
}

#[tokio::test]
async fn another_model_behind_a_name_keeps_its_price_only_until_somebody_confirms_it() {
    let world = World::new().await;
    let silent = BUNDLE.replace("price = { input = \"0.0375\", output = \"0.15\" }\n", "");
    let moved = silent.replace("slug = \"small\"\n", "slug = \"small\"\nupstream_model = \"dear\"\n");
    assert_eq!(apply(&world, &moved).await, ["change model small: upstream_model, price"]);
    let after = model(&world, "small").await;
    assert!(after.price_unconfirmed);
    assert_eq!(after.price.expect("price").input, "0.0375");
    assert_eq!(apply(&world, &moved).await, [""; 0]);
    // A file that says what it costs is somebody who stands behind it.
    let priced = BUNDLE.replace("\"big-2026\"", "\"big-2027\"");
    assert_eq!(apply(&world, &priced).await, ["change model big: upstream_model"]);
    assert!(!model(&world, "big").await.price_unconfirmed);
}
