//! The log of who did what: filters in the address, pages by the last entry, and the same as a file.

use control::{Actor, Context, Error};
use domain::audit::{AuditPage, AuditQuery, AuditRow};

use super::{cell, headers, nothing, page as sheet, table, time, words};
use crate::{
    components::{
        form::{Field, FieldKind},
        sheet::{Ask, Block, Cell, Kind, Sheet},
    },
    format::query_value,
};

pub async fn page(ctx: &Context, actor: &Actor, ask: Ask) -> Result<Sheet, Error> {
    let query = AuditQuery {
        team: ask.field("team"),
        actor: ask.field("actor"),
        action: ask.field("action"),
        object: ask.field("object"),
        from: ask.field("from"),
        to: ask.field("to"),
        after: ask.field("after").parse().ok(),
        limit: None,
    };
    let filters = filters(&ask);
    let is_filtered = filters.iter().any(|it| !it.value.is_empty());
    let AuditPage { rows, next } = control::audit::list(ctx, actor, query).await?;
    let file = Cell { value: format!("/admin/audit.csv{}", address(&ask, "")), ..cell(Kind::File, "Download CSV") };
    let mut foot = Vec::new();
    if !ask.field("after").is_empty() {
        foot.push(Cell { value: format!("/admin/audit{}", address(&ask, "")), ..cell(Kind::Go, "Back to the newest") });
    }
    foot.extend(next.map(|id| {
        let value = format!("/admin/audit{}", address(&ask, &id.to_string()));
        Cell { value, ..cell(Kind::Go, "Older") }
    }));
    let columns = headers(&["Time", "Who", "What", "Object", "Team", "Address", "Request"], &[]);
    let mut blocks = match rows.is_empty() {
        true if is_filtered => vec![words("No entry fits these filters.")],
        true => vec![words("Nothing has happened yet.")],
        false => vec![table("Audit log", columns, rows.into_iter().map(row).collect())],
    };
    blocks.extend((!foot.is_empty()).then(|| Block { line: foot, ..Block::default() }));
    Ok(Sheet { actions: vec![file], filters, ..sheet(blocks) })
}

fn filters(ask: &Ask) -> Vec<Field> {
    let field = |name: &str, label: &str, hint: &str, kind| Field {
        name: name.to_owned(),
        kind,
        label: label.to_owned(),
        hint: hint.to_owned(),
        value: ask.field(name),
        ..Field::default()
    };
    vec![
        field("actor", "Who", "", FieldKind::Text),
        field("action", "What", "", FieldKind::Text),
        field("object", "Object", "", FieldKind::Text),
        field("team", "Team", "", FieldKind::Text),
        field("from", "From", "", FieldKind::Day),
        field("to", "To", "", FieldKind::Day),
    ]
}

/// The filters as the address has them.
fn address(ask: &Ask, after: &str) -> String {
    let names = ["team", "actor", "action", "object", "from", "to"];
    let mut parts: Vec<String> = names
        .into_iter()
        .map(|name| (name, ask.field(name)))
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", query_value(&value)))
        .collect();
    if !after.is_empty() {
        parts.push(format!("after={}", query_value(after)));
    }
    if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
}

fn row(it: AuditRow) -> Vec<Cell> {
    let AuditRow { id: _, at, actor, email, team, action, object, fields, address, request_id } = it;
    let or = |text: String, why: &str, kind| if text.is_empty() { nothing(why) } else { cell(kind, text) };
    let request = match request_id.is_empty() {
        true => nothing("none"),
        false => Cell { note: "Copy request id".to_owned(), ..cell(Kind::Copy, request_id) },
    };
    vec![
        time(at),
        Cell { note: email, ..cell(Kind::Text, actor) },
        Cell { note: fields.join(", "), ..cell(Kind::Mono, action) },
        cell(Kind::Text, object),
        or(team, "instance", Kind::Text),
        or(address, "none", Kind::Mono),
        request,
    ]
}
