//! The model list: exactly what a key may call.

use tests::World;

async fn names(world: &World, key: &str) -> Vec<String> {
    let request = tests::http_client().get(world.url("/v1/models")).bearer_auth(key);
    let list: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(list["object"], "list");
    let models = list["data"].as_array().unwrap();
    assert!(models.iter().all(|model| model["object"] == "model" && model["created"].is_u64()), "{models:?}");
    let mut names: Vec<String> = models.iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_key_for_all_models_sees_all() {
    let world = World::new().await;
    assert_eq!(names(&world, &world.key).await, ["a", "b"]);
}

#[tokio::test]
async fn a_narrow_key_sees_only_its_own() {
    let world = World::new().await;
    assert_eq!(names(&world, &world.narrow_key).await, ["a"]);
}

#[tokio::test]
async fn without_a_key_there_is_no_list() {
    let world = World::new().await;
    let answer = tests::http_client().get(world.url("/v1/models")).send().await.unwrap();
    assert_eq!(answer.status(), 401);
}

#[tokio::test]
async fn listing_models_leaves_no_attempt() {
    let world = World::new().await;
    names(&world, &world.key).await;
    assert_eq!(world.ledger.attempts().await.unwrap(), []);
}
