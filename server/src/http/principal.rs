//! Who asks: the session of a cookie route becomes an `Actor`, or the request does not enter (`security.md` AC-2).

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use control::Actor;
use domain::{
    ApiError, ErrorKind,
    id::{RequestId, SessionId, UserId},
};
use http::{Method, Uri, header};
use tower_sessions::Session;

use super::{
    caller::client_address,
    inventory::{Access, access},
    pages,
    router::AppState,
    session_store::{SESSION, USER},
};

/// Puts the `Actor` into the request, or answers in its place: server functions get 401, pages lead to sign-in or set-up.
pub async fn require(State(state): State<AppState>, session: Session, mut request: Request, next: Next) -> Response {
    let address = client_address(&request, state.trusted_proxies).map(|address| address.to_string());
    let request_id = request.extensions().get::<RequestId>().map(RequestId::public);
    // Without a cookie there is nothing to look up: a stranger costs no database call.
    let cookie = request.headers().contains_key(header::COOKIE) && session.id().is_some();
    let found = if cookie { actor(&state, &session).await } else { Ok(None) };
    match found {
        Ok(Some(actor)) => {
            request.extensions_mut().insert(actor.at(address, request_id));
            next.run(request).await
        }
        Ok(None) if is_public(&request) => next.run(request).await,
        Ok(None) => refuse(&state, request.method(), request.uri()).await,
        Err(error) => pages::refusal(request.uri(), error),
    }
}

/// Decided on the route that was matched, never on the text of the path (`security.md` AC-3).
fn is_public(request: &Request) -> bool {
    request.extensions().get::<MatchedPath>().is_some_and(|path| access(path.as_str()) == Access::Public)
}

async fn actor(state: &AppState, session: &Session) -> Result<Option<Actor>, ApiError> {
    let unavailable = |error: tower_sessions::session::Error| {
        tracing::warn!(%error, "session cannot be read");
        ApiError::new(ErrorKind::Unavailable, "the database is not available: try again in a moment")
    };
    let user: Option<UserId> = session.get(USER).await.map_err(unavailable)?;
    let id: Option<SessionId> = session.get(SESSION).await.map_err(unavailable)?;
    let (Some(user), Some(id)) = (user, id) else { return Ok(None) };
    control::actor::load(&state.control, user, id).await.map_err(control::Error::into_api)
}

/// Pages lead where the person has to go first; everything else is told to sign in.
async fn refuse(state: &AppState, method: &Method, uri: &Uri) -> Response {
    let path = uri.path();
    if *method != Method::GET || path.starts_with("/ui/") {
        return pages::refusal(uri, ApiError::new(ErrorKind::Unauthenticated, "sign in to go on"));
    }
    match control::setup::is_open(&state.control).await {
        Ok(true) => pages::see("/setup"),
        Ok(false) if path == "/" => pages::see("/sign-in"),
        Ok(false) => {
            let wanted = uri.path_and_query().map_or(path, |wanted| wanted.as_str());
            let next: String = url::form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
            pages::see(&format!("/sign-in?next={next}"))
        }
        Err(error) => pages::refusal(uri, error.into_api()),
    }
}
