//! Files that a signed-in person takes away: the audit log as CSV, the instance as a bundle, a team's history, and the images
//! of its prompts.
//!
//! Attachments in a sandbox of their own (`security.md` HD-5). One more: a handler, its line in [`routes`] and its class in the
//! inventory. Never here: rules; `control` decides and notes.

use std::io;

use axum::{
    Extension,
    body::Body,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use control::{Actor, Context, Error, audit, bundle};
use domain::{
    ApiError,
    audit::{AuditPage, AuditQuery, AuditRow},
    error::FieldErrors,
};
use futures_util::stream;
use http::{HeaderName, Uri, header};

use super::{csv, pages, router::AppState, routes::Routes};

mod history;
mod images;

pub use history::asked as history_asked;

/// Rows that are read at a time.
const PAGE: u32 = 200;
const COLUMNS: [&str; 10] =
    ["time", "actor", "email", "team", "action", "object", "fields", "address", "request_id", "id"];

pub fn routes() -> Routes {
    Routes::new()
        .get("/admin/audit.csv", audit_csv)
        .get("/admin/bundle.toml", bundle_toml)
        .get("/t/{team}/history.csv", history::as_csv)
        .get("/t/{team}/history.jsonl", history::as_json_lines)
        .get("/t/{team}/images/{image}", images::image)
}

/// The headers of a file that is to be saved and never shown.
fn attachment(media: &'static str, name: &'static str) -> [(HeaderName, String); 3] {
    [
        (header::CONTENT_TYPE, media.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CONTENT_SECURITY_POLICY, "sandbox".to_owned()),
    ]
}

/// A refusal as text; a missing permission is an entry of the audit log.
async fn refuse(ctx: &Context, actor: &Actor, uri: &Uri, error: Error) -> Response {
    if matches!(error, Error::Forbidden { .. })
        && let Err(error) = audit::refused(ctx, actor, &format!("GET {}", uri.path())).await
    {
        tracing::warn!(%error, "a refusal could not be noted");
    }
    pages::refusal(uri, error.into_api())
}

async fn bundle_toml(State(state): State<AppState>, Extension(actor): Extension<Actor>, uri: Uri) -> Response {
    let ctx = &state.control;
    match bundle::export(ctx, &actor).await {
        Ok(text) => (attachment("application/toml", "tallygate.toml"), text).into_response(),
        Err(error) => refuse(ctx, &actor, &uri, error).await,
    }
}

/// Everything that the page would show page by page. Rows are read while they are sent: a log of any length takes the room of
/// one page.
async fn audit_csv(
    State(state): State<AppState>,
    Extension(actor): Extension<Actor>,
    RawQuery(query): RawQuery,
    uri: Uri,
) -> Response {
    let ctx = state.control.clone();
    // The first page comes before the answer begins, so that a refusal is an ordinary one.
    let first = async {
        let query = asked(query.as_deref().unwrap_or_default())?;
        let page = audit::list(&ctx, &actor, query.clone()).await?;
        audit::exported(&ctx, &actor, "audit log").await?;
        Ok((query, page))
    };
    let (query, page) = match first.await {
        Ok(first) => first,
        Err(error) => return refuse(&ctx, &actor, &uri, error).await,
    };
    let next = Next { ctx, actor, query, page: Some(page), is_first: true };
    let body = Body::from_stream(stream::try_unfold(next, |next| next.chunk()));
    (attachment("text/csv; charset=utf-8", "audit-log.csv"), body).into_response()
}

/// The filters of the page. Where a page begins and how long it is has no meaning here.
fn asked(text: &str) -> Result<AuditQuery, ApiError> {
    let (mut query, mut errors) = (AuditQuery { limit: Some(PAGE), ..AuditQuery::default() }, FieldErrors::default());
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()).into_owned() {
        let AuditQuery { team, actor, action, object, from, to, after: _, limit: _ } = &mut query;
        let field = match &*name {
            "team" => team,
            "actor" => actor,
            "action" => action,
            "object" => object,
            "from" => from,
            "to" => to,
            "after" | "limit" => continue,
            _ => {
                errors.add(&name, format!("unknown parameter {name:?}"));
                continue;
            }
        };
        *field = value;
    }
    errors.finish()?;
    Ok(query)
}

/// Where the export stands.
struct Next {
    ctx: Context,
    actor: Actor,
    query: AuditQuery,
    /// Read and not yet sent.
    page: Option<AuditPage>,
    is_first: bool,
}

impl Next {
    /// One page as text. An error cuts the answer short, which its reader can tell from an end.
    async fn chunk(mut self) -> io::Result<Option<(String, Self)>> {
        let page = match (self.page.take(), self.query.after) {
            (Some(page), _) => page,
            (None, None) => return Ok(None),
            (None, Some(_)) => audit::list(&self.ctx, &self.actor, self.query.clone()).await.map_err(|error| {
                let error = error.into_api();
                tracing::warn!(%error, "the export of the audit log ends early");
                io::Error::other("the export ends early")
            })?,
        };
        let mut text = if self.is_first { csv::row(COLUMNS) } else { String::new() };
        page.rows.iter().for_each(|row| text.push_str(&line(row)));
        self.query.after = page.next;
        self.is_first = false;
        Ok(Some((text, self)))
    }
}

fn line(row: &AuditRow) -> String {
    let AuditRow { id, at, actor, email, team, action, object, fields, address, request_id } = row;
    let (id, fields) = (id.to_string(), fields.join(" "));
    csv::row([&*at.iso, actor, email, team, action, object, &fields, address, request_id, &id])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filters_of_the_page_are_read_and_nothing_else() {
        let query = asked("team=core&actor=ada%40example.com&action=key&from=&after=x&limit=7").unwrap();
        assert_eq!((&*query.team, &*query.actor, &*query.action), ("core", "ada@example.com", "key"));
        assert_eq!((query.after, query.limit), (None, Some(PAGE)));
        assert_eq!(asked("colour=red").unwrap_err().fields[0].field, "colour");
    }
}
