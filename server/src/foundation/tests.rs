use store::testing::{TestDatabase, database};

use super::*;

const KEY: &str = "9f1c27d6508be34a7d2290c1fb6e83457ac0185de9364f72b1d85c3e0a964bf8";
const OTHER: &str = "1bd2c37f9e4a60855ccf0e913ab7d824f6e1905b73ac284d06e7bb15c9d3fa42";

fn config(url: &str, key: &str) -> Config {
    let settings = [("DATABASE_URL", url), ("MASTER_KEY", key)];
    Config::read(|name| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())).unwrap()
}

async fn check_values(database: &TestDatabase) -> i64 {
    database.number("SELECT count(*) FROM vault_check").await
}

#[tokio::test]
async fn looking_makes_no_check_value() {
    let database = database().await;
    Foundation::look(&mut config(&database.url, KEY)).await.unwrap();
    assert_eq!(check_values(&database).await, 0);
    Foundation::lay(&mut config(&database.url, KEY)).await.unwrap();
    assert_eq!(check_values(&database).await, 1);
}

#[tokio::test]
async fn looking_with_another_key_says_so() {
    let database = database().await;
    Foundation::lay(&mut config(&database.url, KEY)).await.unwrap();
    let refused = Foundation::look(&mut config(&database.url, OTHER)).await.err();
    assert!(matches!(refused, Some(Error::Control(control::Error::OtherMasterKey))), "{refused:?}");
}

#[tokio::test]
async fn looking_at_an_older_schema_leaves_it_as_it_is() {
    let database = database().await;
    let newest = "SELECT max(version) FROM _sqlx_migrations";
    let before = database.number(newest).await;
    database.execute("DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)").await;
    let refused = Foundation::look(&mut config(&database.url, KEY)).await.err();
    assert!(matches!(refused, Some(Error::SchemaOlder)), "{refused:?}");
    assert!(database.number(newest).await < before);
}
