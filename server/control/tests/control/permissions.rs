//! The permission table: every operation x every role, as the operations really decide. A change of access is a visible
//! change of the snapshot.

use std::{fmt::Write, pin::Pin};

use control::{Actor, Context, Error};
use domain::{
    catalog::{CatalogQuery, NewCatalogModel},
    id::{KeyId, ModelId, SessionId, UserId},
    key::{KeyKind, KeyRules, NewKey},
    model::{NewModel, PriceText},
    price::{
        PriceClass, Variant,
        import::ImportChoices,
        version::{ConfirmPrice, NewPriceVersion, RateText},
    },
    provider::NewProvider,
    role::InstanceRole,
    settings::InstanceSettings,
};
use uuid::Uuid;

use crate::world::{BUNDLE, Named, World};

const PEOPLE: [&str; 7] = ["owner", "admin", "lead", "member", "viewer", "stranger", "nobody"];

/// What an operation acts on. `nr` makes every attempt's names its own.
struct Target {
    nr: usize,
    team_model: ModelId,
    shared_model: ModelId,
    service_key: KeyId,
    /// An account without any role.
    person: UserId,
    owner: UserId,
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + 'a>>;
type Operation = for<'a> fn(&'a Context, &'a Actor, &'a Target) -> Answer<'a>;

fn price() -> PriceText {
    PriceText { input: "1".to_owned(), cache_read: String::new(), output: "2".to_owned() }
}

fn provider(target: &Target, shared: bool) -> NewProvider {
    NewProvider {
        team: "alpha".to_owned(),
        shared,
        slug: format!("p-{}", target.nr),
        kind: "openai-compatible".to_owned(),
        preset: String::new(),
        base_url: "https://api.example.com".to_owned(),
        credential: String::new(),
    }
}

fn model(target: &Target, provider: &str) -> NewModel {
    NewModel {
        team: "alpha".to_owned(),
        provider: provider.to_owned(),
        name: format!("m-{}", target.nr),
        upstream: String::new(),
        context_window: None,
        max_output: None,
        price: price(),
    }
}

fn key(target: &Target, kind: KeyKind) -> NewKey {
    NewKey { team: "alpha".to_owned(), name: format!("k-{}", target.nr), kind, rules: KeyRules::default() }
}

fn user(target: &Target, role: InstanceRole) -> control::users::NewUser {
    let (email, password) = (format!("u-{}@example.com", target.nr), "some long pass phrase".to_owned());
    control::users::NewUser { email, name: "U".to_owned(), role, password }
}

fn somebody() -> control::users::NewUser {
    let (email, password) = ("somebody@example.com".to_owned(), "some long pass phrase".to_owned());
    control::users::NewUser { email, name: "Somebody".to_owned(), role: InstanceRole::User, password }
}

macro_rules! operations {
    ($(($name:literal, $ctx:ident, $actor:ident, $target:ident, $call:expr)),+ $(,)?) => {
        [$(($name, (|$ctx, $actor, $target| Box::pin(async move { let _ = $target; $call.await.map(drop) })) as Operation)),+]
    };
}

mod people;
mod work;

fn operations() -> Vec<(&'static str, Operation)> {
    operations![
        ("teams::me", c, a, t, control::teams::me(c, a)),
        ("teams::home", c, a, t, control::teams::home(c, a, "alpha")),
        ("settings::get", c, a, t, control::settings::get(c, a)),
        ("settings::update", c, a, t, control::settings::update(c, a, settings())),
        ("providers::kinds", c, a, t, control::providers::kinds(c, a)),
        ("providers::list", c, a, t, control::providers::list(c, a, "alpha")),
        ("providers::create (team)", c, a, t, control::providers::create(c, a, provider(t, false))),
        ("providers::create (shared)", c, a, t, control::providers::create(c, a, provider(t, true))),
        ("providers::connect_demo", c, a, t, control::providers::connect_demo(c, a, "alpha")),
        ("models::list", c, a, t, control::models::list(c, a, "alpha")),
        ("models::create (team)", c, a, t, control::models::create(c, a, model(t, "local"))),
        ("models::create (shared)", c, a, t, control::models::create(c, a, model(t, "shared"))),
        ("prices::list", c, a, t, control::prices::list(c, a, "alpha", t.shared_model)),
        ("prices::create (team)", c, a, t, control::prices::create(c, a, new_version(t.team_model))),
        ("prices::create (shared)", c, a, t, control::prices::create(c, a, new_version(t.shared_model))),
        ("prices::confirm (team)", c, a, t, confirm_first(c, a, t.team_model)),
        ("prices::confirm (shared)", c, a, t, confirm_first(c, a, t.shared_model)),
        ("prices::import::preview", c, a, t, control::prices::import::preview(c, a, PRICE_FILE)),
        ("prices::import::accept", c, a, t, import_all(c, a)),
        ("catalog::search", c, a, t, control::catalog::search(c, a, catalog_query())),
        ("catalog::add (team)", c, a, t, control::catalog::add(c, a, from_catalog(t, "local"))),
        ("catalog::add (shared)", c, a, t, control::catalog::add(c, a, from_catalog(t, "shared"))),
        ("keys::list", c, a, t, control::keys::list(c, a, "alpha")),
        ("keys::create (personal)", c, a, t, control::keys::create(c, a, key(t, KeyKind::Personal))),
        ("keys::create (service)", c, a, t, control::keys::create(c, a, key(t, KeyKind::Service))),
        ("keys::revoke (service)", c, a, t, control::keys::revoke(c, a, "alpha", t.service_key)),
        ("sessions::list", c, a, t, control::sessions::list(c, a)),
        ("sessions::revoke (foreign)", c, a, t, control::sessions::revoke(c, a, SessionId(Uuid::from_u128(9)))),
        ("sessions::revoke_others", c, a, t, control::sessions::revoke_others(c, a)),
        ("users::create (user)", c, a, t, control::users::create(c, a, user(t, InstanceRole::User))),
        ("users::create (admin)", c, a, t, control::users::create(c, a, user(t, InstanceRole::Admin))),
        ("users::reset_password (user)", c, a, t, reset(c, a, "nobody@example.com")),
        ("users::reset_password (owner)", c, a, t, reset(c, a, "owner@example.com")),
        ("bundle::plan", c, a, t, control::bundle::plan(c, a, BUNDLE, &Named::usual())),
        ("bundle::apply", c, a, t, control::bundle::apply(c, a, BUNDLE, &Named::usual())),
    ]
    .into()
}

fn settings() -> InstanceSettings {
    let allow_private = vec!["127.0.0.1:9000".to_owned()];
    let store_content = domain::team::StoreContent::Metadata;
    InstanceSettings {
        revision: 1,
        name: "Acme".to_owned(),
        reporting_zone: "UTC".to_owned(),
        allow_private,
        store_content,
    }
}

fn new_version(model: ModelId) -> NewPriceVersion {
    let rate = |class, rate: &str| RateText {
        class,
        variant: Variant::Standard,
        above_input_tokens: 0,
        rate: rate.to_owned(),
    };
    NewPriceVersion {
        team: "alpha".to_owned(),
        model,
        rates: vec![rate(PriceClass::Input, "1"), rate(PriceClass::Output, "2")],
        effective_from: String::new(),
        source_url: String::new(),
        source_date: String::new(),
        note: String::new(),
    }
}

/// Confirms whichever version is the newest; confirming twice changes nothing.
async fn confirm_first(ctx: &Context, actor: &Actor, model: ModelId) -> Result<(), Error> {
    let history = control::prices::list(ctx, &Actor::operator(), "alpha", model).await?;
    let version = history.versions.first().expect("a version of the bundle").id;
    let input = ConfirmPrice { team: "alpha".to_owned(), model, version };
    control::prices::confirm(ctx, actor, input).await.map(drop)
}

const PRICE_FILE: &[u8] = br#"{"big-2026": {"mode": "chat"}}"#;

/// Accepts what nobody has: whoever may import gets so far as to hear it.
async fn import_all(ctx: &Context, actor: &Actor) -> Result<(), Error> {
    let choices =
        ImportChoices { file: String::new(), file_date: String::new(), choices: vec![], confirmed_jumps: vec![] };
    control::prices::import::accept(ctx, actor, PRICE_FILE, choices).await.map(drop)
}

fn catalog_query() -> CatalogQuery {
    CatalogQuery { team: "alpha".to_owned(), text: String::new() }
}

fn from_catalog(target: &Target, provider: &str) -> NewCatalogModel {
    NewCatalogModel {
        team: "alpha".to_owned(),
        provider: provider.to_owned(),
        vendor: "deepseek".to_owned(),
        upstream: "deepseek-v4-flash".to_owned(),
        name: format!("c-{}", target.nr),
    }
}

async fn reset(ctx: &Context, actor: &Actor, email: &str) -> Result<(), Error> {
    control::users::reset_password(ctx, actor, email, "some long pass phrase".to_owned()).await
}

#[tokio::test]
async fn the_permission_table_is_what_was_reviewed() {
    let world = World::new().await;
    let mut actors = Vec::new();
    for name in PEOPLE {
        actors.push((name, world.actor(name).await));
    }
    actors.push(("operator", Actor::operator()));
    let lead = world.actor("lead").await;
    let models = control::models::list(&world.ctx, &lead, "alpha").await.expect("models");
    let id_of = |name: &str| models.iter().find(|model| model.name == name).expect("model of the bundle").id;

    let mut table = format!("{:32}", "operation on team alpha");
    for (name, _) in &actors {
        write!(table, "{name:>9}").expect("text");
    }
    let mut nr = 0;
    let person = control::users::create(&world.ctx, &Actor::operator(), somebody()).await.expect("account");
    let owner = world.user("owner").await;
    for (name, operation) in operations().into_iter().chain(work::operations()).chain(people::operations()) {
        write!(table, "\n{name:32}").expect("text");
        for (_, actor) in &actors {
            nr += 1;
            let fresh = NewKey {
                team: "alpha".to_owned(),
                name: format!("service-{nr}"),
                kind: KeyKind::Service,
                rules: KeyRules::default(),
            };
            let service_key = control::keys::create(&world.ctx, &lead, fresh).await.expect("key").key.id;
            let target =
                Target { nr, team_model: id_of("small"), shared_model: id_of("big"), service_key, person, owner };
            let answer = match operation(&world.ctx, actor, &target).await {
                Ok(()) => "yes".to_owned(),
                Err(error) => error.into_api().kind.status().to_string(),
            };
            write!(table, "{answer:>9}").expect("text");
        }
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn a_team_of_strangers_and_none_at_all_are_the_same_answer() {
    let world = World::new().await;
    let stranger = world.actor("stranger").await;
    let foreign = control::teams::home(&world.ctx, &stranger, "alpha").await.expect_err("refused").into_api();
    let missing = control::teams::home(&world.ctx, &stranger, "no-such-team").await.expect_err("refused").into_api();
    assert_eq!(foreign, missing);
}

#[tokio::test]
async fn a_lost_membership_and_a_disabled_account_act_with_the_next_request() {
    let world = World::new().await;
    let member = world.user("member").await;
    let session = SessionId(Uuid::from_u128(1));
    world
        .db
        .execute("DELETE FROM memberships WHERE user_id = (SELECT id FROM users WHERE email = 'member@example.com')")
        .await;
    let actor = control::actor::load(&world.ctx, member, session).await.expect("query").expect("still enabled");
    assert!(matches!(actor.team(&world.ctx, "alpha").await, Err(Error::NotFound)));
    world.db.execute("UPDATE users SET disabled_at = clock_timestamp() WHERE email = 'member@example.com'").await;
    assert!(control::actor::load(&world.ctx, member, session).await.expect("query").is_none());
}
