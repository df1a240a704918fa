//! The reader's own sign-in sessions: which device, where from, end one or all others.

use control::{Actor, Context, Error};
use domain::session::SessionSummary;
use serde_json::json;

use super::{cell, does, headers_with_actions, page as sheet, table, time, words};
use crate::components::sheet::{Ask, Cell, Kind, Sheet};

pub async fn page(ctx: &Context, actor: &Actor, _ask: Ask) -> Result<Sheet, Error> {
    let sessions = control::sessions::list(ctx, actor).await?;
    let intro =
        "Each browser you are signed in with. A session ends after 8 hours without use, and after 7 days in any case.";
    let all = does("End all others", "sessions/revoke_others", &json!({}), "All other sessions ended");
    let actions = if sessions.len() > 1 { vec![all] } else { Vec::new() };
    let columns = headers_with_actions(&["Device", "Address", "Signed in", "Last used"]);
    let rows = sessions.into_iter().map(row).collect();
    Ok(Sheet { actions, ..sheet(vec![words(intro), table("Your sessions", columns, rows)]) })
}

fn row(it: SessionSummary) -> Vec<Cell> {
    let SessionSummary { id, device, address, created, last_seen, current } = it;
    let last = match current {
        true => cell(Kind::Ok, "this browser"),
        false => does("End", "sessions/revoke", &json!({ "session": id }), "Session ended"),
    };
    vec![cell(Kind::Text, device), cell(Kind::Mono, address), time(created), time(last_seen), last]
}
