//! Who may depend on whom. Arrows point down only, and heavy libraries live in one place each.

use super::{
    assert_none,
    workspace::{Dependency, MEMBERS, dependencies, manifest, root, strings},
};

/// Package (by folder) and the packages of ours it may name.
const ARROWS: &[(&str, &[&str])] = &[
    ("app", &["domain", "control"]),
    ("frontend", &["app"]),
    ("server", &["app", "control", "gateway", "runs", "sandbox", "auth", "llm", "store", "domain"]),
    ("server/domain", &[]),
    ("server/llm", &["domain"]),
    ("server/auth", &["domain"]),
    ("server/store", &["domain"]),
    ("server/gateway", &["auth", "store", "llm", "domain"]),
    ("server/control", &["auth", "store", "domain"]),
    ("server/sandbox", &[]),
    ("server/runs", &["gateway", "sandbox", "store", "llm", "domain"]),
    ("tests", &["server", "store", "domain"]),
    ("tests/load", &["tests"]),
    ("xtask", &["store"]),
];

/// A library and the only packages that may name it.
const HOMES: &[(&str, &[&str])] = &[
    // Tests read the tables themselves: the ledger must not be judged by the code that writes it.
    ("sqlx", &["server/store", "tests"]),
    ("reqwest", &["server/gateway", "tests", "tests/load"]),
    ("axum", &["server", "tests"]),
    ("tower-sessions", &["server"]),
    ("leptos", &["app", "frontend", "server"]),
    ("leptos_axum", &["app", "server"]),
    ("argon2", &["server/auth"]),
    ("chacha20poly1305", &["server/auth"]),
    ("getrandom", &["server"]),
    ("rand", &[]),
    ("anyhow", &["server", "tests", "tests/load", "xtask"]),
    ("wasm-bindgen-cli-support", &["xtask"]),
    ("wasm_split_cli_support", &["xtask"]),
    ("openssl", &[]),
    ("native-tls", &[]),
];

/// Packages that must build for a browser: no runtime, no network, no system.
const PURE: [&str; 2] = ["server/domain", "server/llm"];
const IMPURE: [&str; 9] =
    ["tokio", "tokio-util", "hyper", "reqwest", "sqlx", "axum", "rustix", "getrandom", "tracing-subscriber"];

/// The rows of the drawing. Tests of a package may use anything below it, drawn or not.
const ROWS: [&[&str]; 5] = [
    &["domain"],
    &["auth", "store", "llm", "sandbox"],
    &["control", "gateway"],
    &["app", "runs"],
    &["frontend", "server", "tests", "load", "xtask"],
];

fn row(name: &str) -> usize {
    ROWS.iter().position(|row| row.contains(&name)).unwrap_or(ROWS.len())
}

fn package(folder: &str) -> &str {
    folder.rsplit('/').next().unwrap_or(folder)
}

fn is_ours(name: &str) -> bool {
    MEMBERS.iter().any(|member| package(member) == name)
}

fn each(rule: impl Fn(&str, &Dependency) -> Option<String>) -> Vec<String> {
    let of_member = |member: &'static str| dependencies(member).into_iter().map(move |found| (member, found));
    MEMBERS.into_iter().flat_map(of_member).filter_map(|(member, found)| rule(member, &found)).collect()
}

#[test]
fn arrows_between_packages_point_down_only() {
    let listed: Vec<&str> = ARROWS.iter().map(|(member, _)| *member).collect();
    assert_eq!(listed, MEMBERS, "every package has its arrows");
    let violations = each(|member, found| {
        let allowed = ARROWS.iter().find(|(name, _)| *name == member).map(|(_, to)| *to).unwrap_or_default();
        let is_lower = row(&found.name) < row(package(member));
        let is_drawn = allowed.contains(&found.name.as_str()) || found.is_dev && is_lower;
        let breaks = is_ours(&found.name) && !is_drawn;
        breaks.then(|| format!("{member} must not depend on {}", found.name))
    });
    assert_none("arrows outside the drawing", &violations);
    for (from, to) in ARROWS.iter().flat_map(|(from, to)| to.iter().map(move |to| (package(from), *to))) {
        let is_test_tool = ["tests", "load"].contains(&from) && row(to) == row(from);
        assert!(row(to) < row(from) || is_test_tool, "{from} -> {to} does not point down");
    }
}

#[test]
fn every_heavy_library_has_one_home() {
    let violations = each(|member, found| {
        let (_, homes) = HOMES.iter().find(|(name, _)| *name == found.name)?;
        (!homes.contains(&member)).then(|| format!("{member} must not use {}", found.name))
    });
    assert_none("libraries outside their home", &violations);
}

#[test]
fn domain_and_llm_name_nothing_that_a_browser_lacks() {
    let violations = each(|member, found| {
        let breaks = PURE.contains(&member) && IMPURE.contains(&found.name.as_str());
        breaks.then(|| format!("{member} must not use {}", found.name))
    });
    assert_none("impure dependencies", &violations);
}

#[test]
fn app_reaches_the_server_side_only_through_its_ssr_feature() {
    let server_side = ["control", "leptos_axum", "tracing"];
    let manifest = manifest("app");
    let features = manifest["features"].as_table().unwrap();
    let ssr = strings(features.get("ssr"));
    let hydrate = strings(features.get("hydrate"));
    let mut violations = Vec::new();
    for found in dependencies("app").iter().filter(|found| server_side.contains(&found.name.as_str()) && !found.is_dev)
    {
        let switch = format!("dep:{}", found.name);
        if !found.is_optional || !ssr.contains(&switch) || hydrate.contains(&switch) {
            violations.push(format!("{} must be optional and switched on by `ssr` alone", found.name));
        }
    }
    if features.contains_key("default") {
        violations.push("app must have no default features".to_owned());
    }
    assert_none("app", &violations);
}

#[test]
fn frontend_names_app_for_wasm_only_so_that_ssr_and_hydrate_never_meet() {
    let wasm = "cfg(target_arch = \"wasm32\")";
    let found = dependencies("frontend");
    let outside = found.iter().filter(|found| found.target.as_deref() != Some(wasm));
    assert_none("frontend on the host", &outside.map(|found| found.name.clone()).collect::<Vec<_>>());
    assert!(found.iter().any(|found| found.name == "app" && found.features == ["hydrate"]));
}

#[test]
fn xtask_takes_the_embedded_database_and_nothing_else_of_store() {
    let workspace = manifest(".");
    let store = &workspace["workspace"]["dependencies"]["store"];
    assert_eq!(store.get("default-features").and_then(toml::Value::as_bool), Some(false));
    let found = dependencies("xtask").into_iter().find(|found| found.name == "store").unwrap();
    assert!(found.features.is_empty(), "xtask asks for {:?} of store", found.features);
}

#[test]
fn test_helpers_are_never_part_of_the_product() {
    let violations = each(|member, found| {
        let breaks = found.features.iter().any(|feature| feature == "testing") && !found.is_dev && member != "tests";
        breaks.then(|| format!("{member} switches on `testing` of {}", found.name))
    });
    assert_none("testing features", &violations);
}

#[test]
fn members_are_listed_one_by_one() {
    let workspace = manifest(".")["workspace"].clone();
    assert_eq!(strings(workspace.get("members")), MEMBERS);
    assert_eq!(strings(workspace.get("default-members")), ["server"]);
    let unlisted = super::workspace::files(&["toml"]).into_iter().filter(|path| path.ends_with("/Cargo.toml"));
    let unlisted = unlisted.filter(|path| !MEMBERS.iter().any(|member| *path == format!("{member}/Cargo.toml")));
    assert_none("manifests of no member", &unlisted.collect::<Vec<_>>());
    assert!(root().join("Cargo.lock").is_file());
}

#[test]
fn every_package_takes_edition_lints_and_versions_from_the_workspace() {
    let mut violations = Vec::new();
    for member in MEMBERS {
        let manifest = manifest(member);
        let inherits = |section: &str, key: &str| {
            manifest
                .get(section)
                .and_then(|s| s.get(key))
                .and_then(|k| k.get("workspace").or(Some(k)))
                .and_then(toml::Value::as_bool)
                == Some(true)
        };
        if !inherits("package", "edition") || !inherits("package", "publish") {
            violations.push(format!("{member}: edition and publish come from the workspace"));
        }
        // The sandbox alone may write `unsafe`, so it may have lints of its own.
        if member != "server/sandbox" && !inherits("lints", "workspace") {
            violations.push(format!("{member}: lints come from the workspace"));
        }
    }
    assert_none("packages apart", &violations);
}
