//! Who may act: every operation knows its actor, every statement over a tenant's rows knows its team.

use std::collections::BTreeSet;

use super::{
    assert_none,
    workspace::{Function, Source, block_len, files, root, sources},
};

/// Operations without an actor, each with its reason.
const WITHOUT_ACTOR: &[(&str, &str)] = &[
    ("actor::load", "makes the actor of a request out of its session"),
    ("actor::of_token", "the token itself is the proof, and the actor follows from it"),
    ("feedback::by_key", "a key that the gateway has authenticated says how its team's calls went"),
    ("history::receipt", "a key that the gateway has authenticated reads its own calls"),
    ("sessions::sign_in", "nobody is signed in yet"),
    ("sessions::start", "mints the session of the person that was just checked"),
    ("sessions::load", "the token itself is the proof, and the actor follows from it"),
    ("sessions::save", "the token itself is the proof"),
    ("sessions::end", "the token itself is the proof"),
    ("sessions::prune", "a tick of the server: removes what has expired"),
    ("setup::ensure_code", "the start of the server: makes the one-time code"),
    ("setup::is_open", "tells whether there is an owner, for the set-up page"),
    ("setup::create_owner", "the one-time code is the proof; there is nobody yet"),
    ("users::redeem_reset", "the reset link is the proof; whoever lost a password is not signed in"),
    ("vault::check", "the start of the server: is this the master key of this database?"),
    ("vault::rewrap", "a tick of the server: seals what is stored under the newest master key, without showing it"),
    ("vault::sealed_by", "the command line counts what each master key sealed; it reads no secret"),
];

/// Store functions over tenant tables that do not name a team, each with its reason.
const WITHOUT_TEAM: &[(&str, &str)] = &[
    ("attempts/settle::lock", "the ledger's writer settles attempts of all teams in one batch"),
    ("attempts/settle::resolve", "the ledger's writer settles attempts of all teams in one batch"),
    ("attempts/sweep::sweep", "a tick: expired attempts of all teams"),
    ("attempts::touch_keys", "coarse last use, batched over the keys of all teams"),
    (
        "audit::at",
        "a page of the log starts behind a row that the page before has shown; the log is for instance admins only",
    ),
    ("bodies::expire", "a tick: the old text of the calls of all teams"),
    (
        "history::price",
        "versions of shared deployments belong to nobody; the id comes from an attempt read with its team",
    ),
    ("invitations::by_token", "the secret of the link is the right, and it names its team"),
    ("invitations::open_of", "what a person invited to dies with their rights, in every team"),
    ("invitations::prune", "a tick: links of all teams that nobody can use any more"),
    ("invitations::redeem", "the secret of the link is the right, and it names its team"),
    ("members::lock_led_by", "the teams of one person, which must not lose their last admin with the account"),
    ("members::of_everybody", "the list of all people, for instance admins only"),
    ("models::lock", "the model was read with its owner before"),
    ("prices::current_and_future", "the gateway's snapshot holds the settings of all teams"),
    ("prices::deployments", "an import compares a price file with the models of all teams, for instance admins only"),
    ("prices::version", "versions of shared deployments belong to nobody; the id comes from a row read with its team"),
    ("providers::all", "the export describes all of the instance, for its owners only"),
    ("providers::by_slug", "slugs are unique across the instance, and the bundle describes all of it"),
    ("providers::credential", "the provider was read with its owner before"),
    ("providers::lock", "the provider was read with its owner before"),
    ("providers::reseal", "a tick: the same secret under another master key, whoever owns it"),
    ("providers::sealed_after", "a tick: what is stored under an older master key, whoever owns it"),
    ("providers::set_base_url", "the provider was read with its owner before"),
    ("providers::set_preset", "the provider was read with its owner before"),
    ("providers::touch", "the provider was read with its owner before"),
    ("runs::team_of", "tells whose run it is; rights are checked against the answer"),
    ("runs/samples::add_wire", "the lease, taken by a claim, is the right to write"),
    ("runs/samples::append", "the lease, taken by a claim, is the right to write"),
    ("runs/samples::claim", "the queue is one table for all teams; the claimed sample names its team"),
    ("runs/samples::events_of_sample_after", "the lease, taken by a claim, is the right to read back"),
    ("runs/samples::finish", "the lease, taken by a claim, is the right to write"),
    ("runs/samples::note_request", "the lease, taken by a claim, is the right to write"),
    ("runs/samples::renew", "leases belong to one executor, not to a team"),
    ("snapshot::load", "the gateway's snapshot holds the settings of all teams"),
    ("teams::list", "the list of all teams, for instance admins only"),
    ("teams::memberships", "the teams of one person are what an actor is made of"),
    ("tokens::list", "tokens belong to a person, not to a team"),
    ("tokens::live", "the token itself is the right; its team, if it has one, bounds what it may"),
    ("tokens::revoke", "tokens belong to a person, not to a team"),
    ("tokens::touch", "a token that was just accepted was used"),
    ("audit::is_repeated", "looks for a refusal of one actor, whatever team it was about"),
    ("keys/live::all", "the bundle describes the keys of all teams"),
    ("keys/retired::former", "who brings a secret in must learn that it is a former one, whosever it was"),
    ("keys::by_public", "public parts are unique across the instance, and a bundle brings keys in"),
    ("models::names", "the bundle compares the names of the models of all teams"),
    ("tokens::revoke_all", "a person's tokens are theirs, whatever team each is for"),
];

/// `server/store/src/runs/cells.rs` and `claim` → `runs/cells::claim`.
fn name_of(source: &Source, base: &str, function: &Function<'_>) -> String {
    let module = source.path.trim_start_matches(base).trim_end_matches(".rs");
    format!("{module}::{}", function.name)
}

/// Compares what breaks a rule with its list of exceptions, in both directions.
#[track_caller]
fn assert_listed(what: &str, found: &BTreeSet<String>, exceptions: &[(&str, &str)]) {
    let is_listed = |name: &&String| exceptions.iter().any(|(listed, _)| listed == name);
    let unlisted: Vec<String> = found.iter().filter(|name| !is_listed(name)).cloned().collect();
    assert_none(what, &unlisted);
    let stale = exceptions.iter().filter(|(listed, _)| !found.contains(*listed));
    assert_none(
        "exceptions that are no longer needed",
        &stale.map(|(listed, _)| (*listed).to_owned()).collect::<Vec<_>>(),
    );
    assert!(exceptions.iter().all(|(_, reason)| reason.len() > 10), "every exception has a reason");
}

fn is_public(function: &Function<'_>) -> bool {
    function.signature.trim_start().starts_with("pub async fn") || function.signature.trim_start().starts_with("pub fn")
}

#[test]
fn every_operation_of_control_takes_its_actor() {
    let base = "server/control/src/";
    let all = sources();
    let mut without = BTreeSet::new();
    let map = all.iter().find(|source| source.path == format!("{base}lib.rs")).unwrap();
    for source in all.iter().filter(|source| source.path.starts_with(base) && !source.is_test) {
        let module = source.path.trim_start_matches(base).split(['/', '.']).next().unwrap_or_default();
        // What only `control` itself can reach is part of an operation, not one.
        if !map.code.contains(&format!("pub mod {module};")) {
            continue;
        }
        for function in source.functions().iter().filter(|f| is_public(f) && f.signature.contains("async fn")) {
            let is_method_of_actor = source.path.ends_with("/actor.rs") && function.signature.contains("&self");
            if !function.signature.contains("&Actor") && !is_method_of_actor {
                without.insert(name_of(source, base, function));
            }
        }
    }
    assert_listed("operations without an actor", &without, WITHOUT_ACTOR);
}

#[test]
fn every_statement_over_a_tenants_rows_names_the_team() {
    let base = "server/store/src/";
    let tables = tenant_tables();
    let all = sources();
    let mut without = BTreeSet::new();
    for source in all.iter().filter(|source| source.path.starts_with(base) && !source.is_test) {
        let functions = source.functions();
        for function in functions.iter().filter(|f| is_public(f)) {
            let sql = statements(function, &functions);
            let touches = tables.iter().any(|table| touches(&sql, table));
            if touches && !takes_team(source, function) {
                without.insert(name_of(source, base, function));
            }
        }
    }
    assert_listed("statements without a team", &without, WITHOUT_TEAM);
}

#[test]
fn the_tenant_tables_are_read_from_the_migrations() {
    let tables = tenant_tables();
    for table in ["virtual_keys", "attempts", "runs", "cells", "run_events"] {
        assert!(tables.contains(table), "{table} is missing in {tables:?}");
    }
    for table in ["users", "sessions", "instance"] {
        assert!(!tables.contains(table), "{table} belongs to no team");
    }
}

/// Is a team among the parameters, as one of its own or as a field of a struct of the same file?
fn takes_team(source: &Source, function: &Function<'_>) -> bool {
    let parameters = function.signature.rsplit_once("->").map_or(function.signature, |(before, _)| before);
    let mut words = parameters.split(|c: char| !c.is_alphanumeric() && c != '_');
    let has_team = |name: &str| {
        let found = [format!("struct {name} {{"), format!("struct {name}<")].iter().find_map(|it| source.code.find(it));
        let fields = found.and_then(|at| Some(&source.code[at + source.code[at..].find('{')?..]));
        fields.is_some_and(|fields| fields[..block_len(fields)].contains("TeamId"))
    };
    words.any(|word| word == "TeamId" || word.starts_with(char::is_uppercase) && has_team(word))
}

/// The text of a function, of the private ones of its file that it calls, and of the statement files they name.
fn statements(function: &Function<'_>, all: &[Function<'_>]) -> String {
    let mut text = function.body.to_owned();
    let mut seen = BTreeSet::from([function.name]);
    loop {
        let called = all.iter().find(|other| {
            !seen.contains(other.name)
                && text
                    .match_indices(&format!("{}(", other.name))
                    .any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.'))
        });
        let Some(called) = called else { break };
        seen.insert(called.name);
        text.push_str(called.body);
    }
    let named: Vec<String> = text.split('"').filter(|part| part.starts_with("queries/")).map(str::to_owned).collect();
    for query in named {
        text.push_str(&std::fs::read_to_string(root().join("server/store").join(query)).unwrap());
    }
    text
}

fn touches(sql: &str, table: &str) -> bool {
    let words: Vec<&str> =
        sql.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
    words.windows(2).any(|pair| matches!(pair[0], "FROM" | "JOIN" | "INTO" | "UPDATE") && pair[1] == table)
}

/// Tables with a `team_id`, and those whose rows belong to a row of such a table.
fn tenant_tables() -> BTreeSet<String> {
    let mut sql = String::new();
    for path in files(&["sql"]).iter().filter(|path| path.starts_with("migrations/")) {
        sql.push_str(&std::fs::read_to_string(root().join(path)).unwrap());
    }
    let mut tables = BTreeSet::new();
    // Twice, because a child may stand before the table its parent refers to.
    for _ in 0..2 {
        for part in sql.split("CREATE TABLE ").skip(1) {
            let body = part.split("\n)").next().unwrap_or_default();
            let name = body.split([' ', '(']).next().unwrap_or_default();
            let has_team = body.lines().any(|line| line.trim_start().starts_with("team_id "));
            let parent = body.split("REFERENCES ").skip(1).filter_map(|rest| rest.split([',', ' ', '(', '\n']).next());
            let mut parents = parent.filter(|parent| *parent != "teams" && *parent != "users");
            if has_team || parents.any(|parent| tables.contains(parent)) {
                tables.insert(name.to_owned());
            }
        }
    }
    tables
}
