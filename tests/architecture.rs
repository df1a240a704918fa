//! The rules of the house as tests: which package may know which, where secrets, clocks, tasks and SQL may occur, how large
//! files and functions may grow, who may call what.
//!
//! `workspace` reads manifests and sources, `scrub` blanks comments and strings out of them; the other modules hold the
//! rules, each test named as the sentence it enforces. One more rule: a test beside its kind. One more exception: a line
//! with its reason in the list of that rule; an exception that is no longer needed fails as well.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop where they fail, and say where")]

#[path = "architecture/access.rs"]
mod access;
#[path = "architecture/arrows.rs"]
mod arrows;
#[path = "architecture/placement.rs"]
mod placement;
#[path = "architecture/scrub.rs"]
mod scrub;
#[path = "architecture/shape.rs"]
mod shape;
#[path = "architecture/views.rs"]
mod views;
#[path = "architecture/workspace.rs"]
mod workspace;

/// Fails with one line per broken rule.
#[track_caller]
fn assert_none(what: &str, violations: &[String]) {
    assert!(violations.is_empty(), "{what}:\n  {}", violations.join("\n  "));
}
