//! Teams: made by instance admins, changed by their own, and never over somebody else's change.

use control::{Actor, teams};
use domain::{
    ErrorKind,
    role::TeamRole,
    team::{NewTeam, StoreContent, TeamSettings},
};

use crate::world::{World, fields, kind};

fn new(name: &str, slug: &str) -> NewTeam {
    NewTeam { name: name.to_owned(), slug: slug.to_owned() }
}

#[tokio::test]
async fn tm_1_whoever_creates_a_team_is_its_first_admin() {
    let world = World::new().await;
    let admin = world.actor("admin").await;
    let team = teams::create(&world.ctx, &admin, new(" R&D Süd ", "")).await.expect("team");
    assert_eq!((team.slug.as_str(), team.name.as_str()), ("r-d-s-d", "R&D Süd"));
    assert_eq!((team.members, team.keys, team.role), (1, 0, Some(TeamRole::Admin)));
    assert_eq!(world.actor("admin").await.memberships()[0].slug, "r-d-s-d");
    let operators = teams::create(&world.ctx, &Actor::operator(), new("Gamma", "gamma")).await.expect("team");
    assert_eq!((operators.members, operators.role), (0, None));
}

#[tokio::test]
async fn a_new_team_stores_what_the_instance_says() {
    let world = World::new().await;
    world.db.execute("UPDATE instance SET store_content = 'full'").await;
    let admin = world.actor("admin").await;
    let team = teams::create(&world.ctx, &admin, new("Gamma", "")).await.expect("team");
    assert_eq!(team.store_content, StoreContent::Full);
}

#[tokio::test]
async fn names_slugs_and_duplicates_are_refused_in_words() {
    let world = World::new().await;
    let admin = world.actor("admin").await;
    let wrong = teams::create(&world.ctx, &admin, new("\u{7}", "Not A Slug")).await;
    assert_eq!(fields(wrong), ["name", "slug"]);
    let taken = teams::create(&world.ctx, &admin, new("Alpha", "")).await.expect_err("taken").into_api();
    assert_eq!((taken.kind, taken.fields[0].field.as_str()), (ErrorKind::Conflict, "slug"));
}

#[tokio::test]
async fn the_list_of_all_teams_counts_members_and_keys() {
    let world = World::new().await;
    let owner = world.actor("owner").await;
    let listed = teams::list(&world.ctx, &owner).await.expect("list");
    let seen: Vec<_> = listed.iter().map(|it| (it.slug.as_str(), it.members, it.keys, it.role)).collect();
    assert_eq!(seen, [("alpha", 3, 1, None), ("beta", 1, 0, None)]);
    world.db.execute("UPDATE virtual_keys SET revoked_at = clock_timestamp()").await;
    assert_eq!(teams::list(&world.ctx, &owner).await.expect("list")[0].keys, 0);
}

#[tokio::test]
async fn settings_change_together_and_the_audit_row_names_what_differs() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let before = teams::settings(&world.ctx, &lead, "alpha").await.expect("settings");
    let asked = TeamSettings { store_content: StoreContent::Redacted, ..before.clone() };
    let after = teams::update(&world.ctx, &lead, asked.clone()).await.expect("update");
    assert_eq!(after, TeamSettings { revision: before.revision + 1, ..asked });
    assert_eq!(teams::settings(&world.ctx, &lead, "alpha").await.expect("settings"), after);
    let named = "SELECT array_to_string(fields, ',') FROM audit_log WHERE action = 'team.update'";
    assert_eq!(world.db.text(named).await, "store_content");

    teams::update(&world.ctx, &lead, after.clone()).await.expect("nothing differs");
    assert_eq!(world.db.number("SELECT count(*) FROM audit_log WHERE action = 'team.update'").await, 1);
    let nameless = TeamSettings { name: " ".to_owned(), ..after };
    assert_eq!(fields(teams::update(&world.ctx, &lead, nameless).await), ["name"]);
}

#[tokio::test]
async fn all_10_a_save_over_somebody_elses_is_refused_and_says_what_theirs_says() {
    let world = World::new().await;
    let (lead, admin) = (world.actor("lead").await, world.actor("admin").await);
    let read = teams::settings(&world.ctx, &lead, "alpha").await.expect("settings");
    let theirs = TeamSettings { name: "Theirs".to_owned(), ..read.clone() };
    teams::update(&world.ctx, &admin, theirs.clone()).await.expect("first save");
    let mine = TeamSettings { name: "Mine".to_owned(), ..read };
    let refusal = teams::update(&world.ctx, &lead, mine).await.expect_err("stale").into_api();
    assert_eq!(refusal.kind, ErrorKind::Conflict);
    assert_eq!(refusal.of_field("name"), Some("now \"Theirs\""));
    assert_eq!(refusal.fields.len(), 1);
    teams::update(&world.ctx, &lead, theirs).await.expect("the same as theirs is no conflict");
}

#[tokio::test]
async fn of_two_saves_at_once_one_is_told() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let read = teams::settings(&world.ctx, &lead, "alpha").await.expect("settings");
    let (one, other) = tokio::join!(
        teams::update(&world.ctx, &lead, TeamSettings { name: "One".to_owned(), ..read.clone() }),
        teams::update(&world.ctx, &lead, TeamSettings { name: "Other".to_owned(), ..read }),
    );
    assert!(one.is_ok() != other.is_ok());
}

#[tokio::test]
async fn strangers_see_no_settings() {
    let world = World::new().await;
    let stranger = world.actor("stranger").await;
    assert_eq!(kind(teams::settings(&world.ctx, &stranger, "alpha").await), Some(ErrorKind::NotFound));
    let settings = TeamSettings {
        slug: "alpha".to_owned(),
        revision: 1,
        name: "Mine".to_owned(),
        store_content: StoreContent::Full,
    };
    assert_eq!(kind(teams::update(&world.ctx, &stranger, settings).await), Some(ErrorKind::NotFound));
}

#[tokio::test]
async fn people_can_open_their_own_teams_and_instance_admins_all() {
    let world = World::new().await;
    for (name, slugs) in [("viewer", &["alpha"][..]), ("nobody", &[]), ("admin", &["alpha", "beta"])] {
        let actor = world.actor(name).await;
        let links = teams::links(&world.ctx, &actor).await.expect("links");
        assert_eq!(links.iter().map(|it| it.slug.as_str()).collect::<Vec<_>>(), slugs, "{name}");
    }
}
