//! What may occur only in certain places: the environment, clocks, randomness, tasks, processes, secrets, unsafe code.

use super::{
    assert_none,
    workspace::{Source, sources},
};

/// Fails for every use of one of `words` in product code outside the places that start with one of `homes`.
#[track_caller]
fn assert_only_in(words: &[&str], homes: &[&str]) {
    let is_home = |source: &Source| homes.iter().any(|home| source.path.starts_with(home));
    let outside = |source: &&Source| !source.is_test && !is_home(source);
    let all = sources();
    let places = all.iter().filter(outside).flat_map(|source| words.iter().flat_map(|word| source.places(word)));
    assert_none("out of place", &places.collect::<Vec<_>>());
}

#[test]
fn the_environment_is_read_in_server_config_only() {
    // Finding PostgreSQL means looking along PATH, in a file that also builds without the rest of the server.
    let homes = ["server/src/config", "server/store/src/embedded", "xtask/"];
    assert_only_in(&["std::env", "env::var", "env::vars", "env::var_os", "env::args", "option_env!"], &homes);
}

#[test]
fn the_real_clock_and_randomness_are_made_in_server_only() {
    let words = [
        "Utc::now",
        "Local::now",
        "SystemTime::now",
        "thread_rng",
        "OsRng",
        "ThreadRng",
        "getrandom",
        "new_v4",
        "now_v7",
    ];
    assert_only_in(&words, &["server/src/", "server/store/src/embedded", "xtask/"]);
}

#[test]
fn every_task_belongs_to_a_tracker() {
    // A page's tasks end with its thread, and the server waits for the page.
    let pages = "server/src/http/render.rs";
    assert_only_in(&["tokio::spawn", "task::spawn", "tokio::task::spawn_local", "spawn_unchecked"], &[pages]);
    // In the browser a task ends with its page; there is no shutdown that could wait for it.
    assert_only_in(&["spawn_local"], &["app/", "frontend/", pages]);
}

#[test]
fn programs_are_started_by_the_embedded_database_the_sandbox_and_the_tools_only() {
    let homes = ["server/store/src/embedded", "server/sandbox/", "xtask/"];
    assert_only_in(&["Command::new", "process::Command", "posix_spawn", "execve"], &homes);
}

#[test]
fn secrets_are_opened_in_auth_and_in_the_upstream_client_only() {
    let homes = [
        "server/auth/",
        "server/gateway/src/upstream.rs",
        // New or given keys and the set-up code: shown once to whoever made them, or read from a bundle.
        "server/control/src/keys.rs",
        "server/control/src/bundle/keys.rs",
        "server/control/src/setup.rs",
        "server/src/cli/admin.rs",
    ];
    assert_only_in(&["expose_secret", "expose_secret_mut", "ExposeSecret"], &homes);
}

#[test]
fn unsafe_code_is_in_the_sandbox_only_and_says_why_it_is_sound() {
    assert_only_in(&["unsafe"], &["server/sandbox/"]);
    let mut violations = Vec::new();
    for source in sources().iter().filter(|source| source.path.starts_with("server/sandbox/")) {
        let lines: Vec<&str> = source.text.lines().collect();
        let unsafe_lines = source.code.lines().enumerate().filter(|(_, line)| line.contains("unsafe {"));
        for (number, _) in unsafe_lines {
            let before = &lines[number.saturating_sub(4)..number];
            if !before.iter().any(|line| line.contains("// SAFETY: ")) {
                violations.push(format!("{}:{}: unsafe without SAFETY", source.path, number + 1));
            }
        }
    }
    assert_none("unsafe blocks", &violations);
}

#[test]
fn money_never_meets_a_float() {
    let all = sources();
    let with_money = all.iter().filter(|source| !source.is_test && !source.places("Money").is_empty());
    let floats = with_money.flat_map(|source| ["f32", "f64"].iter().flat_map(|word| source.places(word)));
    assert_none("floats beside Money", &floats.collect::<Vec<_>>());
}

#[test]
fn statements_are_never_built_as_text() {
    // `sqlx::query(` without the macro is not checked against the schema; AssertSqlSafe switches the library's own guard off.
    let all = sources();
    let in_store = all.iter().filter(|source| source.path.starts_with("server/store/src/"));
    let unchecked = in_store
        .filter(|source| !UNCHECKED_SQL.iter().any(|(path, _)| source.path.starts_with(path)))
        .flat_map(|source| {
            [
                "sqlx::query(",
                "sqlx::query_as(",
                "sqlx::query_scalar(",
                "sqlx::query_scalar::<",
                "sqlx::query_as::<",
                "AssertSqlSafe",
                "raw_sql",
            ]
            .iter()
            .flat_map(|word| source.places(word))
        });
    assert_none("statements that nothing checks", &unchecked.collect::<Vec<_>>());
}

/// Files that may hold statements the macros cannot check, each with its reason.
const UNCHECKED_SQL: &[(&str, &str)] = &[
    ("server/store/src/migrate.rs", "reads the migration table, which exists before the schema does"),
    ("server/store/src/testing", "creates and copies databases by name"),
];
