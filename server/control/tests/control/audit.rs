//! Every change is one audit row in its own transaction, and a row never changes.

use domain::{
    key::{AllowedModels, KeyKind, NewKey},
    model::{NewModel, PriceText},
    provider::NewProvider,
};

use crate::world::World;

const ROWS: &str = "SELECT count(*) FROM audit_log";

#[tokio::test]
async fn each_change_gives_exactly_one_row_and_each_refusal_none() {
    let world = World::new().await;
    let lead = world.actor("lead").await.at(Some("192.0.2.1".to_owned()), Some("req_1".to_owned()));
    let mut before = world.db.number(ROWS).await;
    let provider = NewProvider {
        team: "alpha".to_owned(),
        shared: false,
        slug: "mine".to_owned(),
        kind: "openai-compatible".to_owned(),
        preset: String::new(),
        base_url: "https://api.example.com".to_owned(),
        credential: "sk-canary-0123456789".to_owned(),
    };
    let model = NewModel {
        team: "alpha".to_owned(),
        provider: "mine".to_owned(),
        name: "new".to_owned(),
        upstream: String::new(),
        context_window: None,
        max_output: None,
        price: PriceText::default(),
    };
    let key =
        NewKey { team: "alpha".to_owned(), name: "k".to_owned(), kind: KeyKind::Personal, models: AllowedModels::All };

    for (action, done) in [
        ("provider.create", control::providers::create(&world.ctx, &lead, provider.clone()).await.map(drop)),
        ("model.create", control::models::create(&world.ctx, &lead, model.clone()).await.map(drop)),
        ("key.create", control::keys::create(&world.ctx, &lead, key.clone()).await.map(drop)),
    ] {
        done.expect(action);
        before += 1;
    }
    assert_eq!(world.db.number(ROWS).await, before);
    let newest = "SELECT string_agg(action || ' ' || address || ' ' || request_id, ', ' ORDER BY at) FROM audit_log WHERE address IS NOT NULL";
    assert_eq!(
        world.db.text(newest).await,
        "provider.create 192.0.2.1 req_1, model.create 192.0.2.1 req_1, key.create 192.0.2.1 req_1"
    );

    assert!(control::providers::create(&world.ctx, &lead, provider).await.is_err());
    assert!(control::models::create(&world.ctx, &lead, model).await.is_err());
    assert!(control::keys::create(&world.ctx, &lead, key).await.is_err());
    assert_eq!(world.db.number(ROWS).await, before);
    assert_eq!(world.db.number("SELECT count(*) FROM audit_log a WHERE a::text LIKE '%canary%'").await, 0);
}
