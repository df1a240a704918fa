use std::collections::BTreeSet;

use super::*;
use crate::http::{router, site::Site};

/// What stands in one set and not in the other.
fn differs(listed: &BTreeSet<String>, found: &BTreeSet<String>) -> Vec<String> {
    let missing = found.difference(listed).map(|it| format!("{it} is not listed"));
    let stale = listed.difference(found).map(|it| format!("{it} is listed and does not exist"));
    missing.chain(stale).collect()
}

fn names(list: &[(&'static str, Class)]) -> BTreeSet<String> {
    let names: BTreeSet<String> = list.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names.len(), list.len(), "something is listed twice");
    names
}

#[test]
fn every_server_function_has_a_class() {
    let found: BTreeSet<String> = operations().into_iter().map(|(path, _)| path.to_owned()).collect();
    assert_eq!(differs(&names(OPERATIONS), &found), [""; 0]);
    assert!(operations().iter().all(|(_, method)| method == http::Method::POST), "nothing that writes is a GET");
}

#[test]
fn every_operation_asks_for_a_session() {
    let open = OPERATIONS.iter().filter(|(_, class)| matches!(class, Public | Key(_) | Token(_) | AnyToken));
    assert_eq!(open.count(), 0);
}

#[tokio::test]
async fn every_route_that_is_mounted_has_a_class() {
    assert_eq!(differs(&names(&routes()), &router::mounted(&Site::Folder("nowhere".into()))), [""; 0]);
}

/// `Routes` remembers what it mounts; a route beside it would be in no list.
#[test]
fn routes_are_mounted_in_one_place() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut left = vec![folder];
    let mut found = Vec::new();
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let mounts = [".route(", ".route_service(", ".nest(", ".nest_service(", ".fallback_service("];
        let is_home = path.ends_with("http/routes.rs") || path.ends_with("inventory/tests.rs");
        if !is_home && mounts.iter().any(|call| text.contains(call)) {
            found.push(path);
        }
    }
    assert!(found.is_empty(), "{found:?} mount routes past http/routes.rs");
}

#[test]
fn what_is_not_listed_needs_a_session() {
    for path in
        ["/", "/t/{team}", "/t/core", "/ui/keys/list", "/ui/events", "/setup/x", "/sign-in/", "/healthz", "/pkg", ""]
    {
        assert_eq!(access(path), Access::Session, "{path}");
    }
    for path in ["/setup", "/sign-in", "/invite", "/reset", "/pkg/{*path}", "/health"] {
        assert_eq!(access(path), Access::Public, "{path}");
    }
    assert_eq!(access("/v1/models"), Access::Bearer);
    assert_eq!(access("/api/v1/requests/{id}"), Access::Bearer);
}

/// What was said is asked for by another permission than that it was said (`security.md` AC-8).
#[test]
fn stored_text_asks_for_the_right_to_read_it() {
    let class = |name| OPERATIONS.iter().find(|(listed, _)| *listed == name).map(|(_, class)| *class);
    assert_eq!(class("/ui/history/content"), Some(Team(ReadContent)));
    assert_eq!(class("/ui/history/get"), Some(OwnOr(ReadTeamHistory)));
}
