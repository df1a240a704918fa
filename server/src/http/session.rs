//! The plain form routes that begin and end a session: the cookie is written in this file and nowhere else, and signing in
//! works before the page is hydrated, or without JavaScript at all.
//!
//! Four acts mint a session: signing in, accepting an invitation, a new password by a reset link, and set-up. Their pages change
//! nothing when they are opened. A refused form comes back with what was typed, but never with a password.

use std::net::IpAddr;

use app::forms::FormState;
use axum::{
    Form,
    extract::{Request, State, rejection::FormRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use control::{Actor, invitations::Redeem, setup::NewOwner};
use domain::{
    ApiError, ErrorKind,
    id::{SessionId, UserId},
    person::{Density, Profile, Theme},
    team::StoreContent,
};
use http::{HeaderValue, header};
use serde::Deserialize;
use tower_sessions::Session;

use super::{
    caller::client_address,
    pages,
    router::{AppState, server_function},
    routes::Routes,
    session_store::{ADDRESS, DEVICE, SESSION, USER},
};

/// How long the browser remembers a choice of looks.
const LOOKS_SECONDS: u32 = 31_536_000;

pub fn routes() -> Routes {
    Routes::new()
        .post("/sign-in", sign_in)
        .post("/sign-out", sign_out)
        .post("/setup", set_up)
        .post("/invite", accept)
        .post("/reset", reset)
}

/// Where a form came from: what the session rows and the throttle need.
struct Source {
    /// `None`: unknown, which is counted as one network of its own.
    address: Option<IpAddr>,
    headers: HeaderMap,
}

impl Source {
    fn of(request: &Request, state: &AppState) -> Self {
        Self { address: client_address(request, state.trusted_proxies), headers: request.headers().clone() }
    }

    fn address(&self) -> Option<String> {
        self.address.map(|address| address.to_string())
    }

    fn cookie(&self, name: &str) -> Option<&str> {
        let pairs = self.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        pairs.flat_map(|pairs| pairs.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
    }

    /// The user agent, cut: it is shown to the session's owner and to nobody else.
    fn device(&self) -> String {
        let agent = self.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("unknown");
        agent.chars().take(200).collect()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

async fn sign_in(State(state): State<AppState>, session: Session, request: Request) -> Response {
    let source = Source::of(&request, &state);
    let form: SignIn = match read(request).await {
        Ok(form) => form,
        Err(error) => return again(&state, "/sign-in", &source, error, vec![]).await,
    };
    let values = vec![("email".to_owned(), form.email.clone()), ("next".to_owned(), form.next.clone())];
    match control::sessions::sign_in(&state.control, &form.email, form.password, source.address).await {
        Ok(user) => match begin(&session, user, &source).await {
            Ok(()) => with_looks(&state, &session, user, &source, pages::see(own_path(&form.next))).await,
            Err(error) => again(&state, "/sign-in", &source, error, values).await,
        },
        Err(error) => again(&state, "/sign-in", &source, error.into_api(), values).await,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Accept {
    token: String,
    /// Name, address and password of a new account; nothing for who is signed in.
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

/// Joins a team by its link: as who is signed in, or with a new account.
async fn accept(State(state): State<AppState>, session: Session, request: Request) -> Response {
    let source = Source::of(&request, &state);
    let actor = request.extensions().get::<Actor>().cloned();
    let Accept { token, name, email, password } = match read(request).await {
        Ok(form) => form,
        Err(error) => return again(&state, "/invite", &source, error, vec![]).await,
    };
    let typed = [("name", name.clone()), ("email", email.clone())];
    let values = |token: Option<String>| named(typed.clone(), token);
    let address = source.address();
    let redeem = Redeem { token: token.clone(), name, email, password };
    let joined = match control::invitations::redeem(&state.control, actor.as_ref(), redeem, address.as_deref()).await {
        Ok(joined) => joined,
        Err(error) => {
            let error = error.into_api();
            let values = values(kept(&error, token));
            return again(&state, "/invite", &source, error, values).await;
        }
    };
    let joined_page = pages::see(&format!("/t/{}", joined.team));
    if actor.is_some() {
        return joined_page;
    }
    match begin(&session, joined.user, &source).await {
        Ok(()) => joined_page,
        // The account is there: signing in is what is left.
        Err(error) => again(&state, "/sign-in", &source, error, values(None)).await,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reset {
    token: String,
    password: String,
}

/// Sets a new password by the link that an admin made, and signs in.
async fn reset(State(state): State<AppState>, session: Session, request: Request) -> Response {
    let source = Source::of(&request, &state);
    let Reset { token, password } = match read(request).await {
        Ok(form) => form,
        Err(error) => return again(&state, "/reset", &source, error, vec![]).await,
    };
    let address = source.address();
    match control::users::redeem_reset(&state.control, &token, password, address.as_deref()).await {
        Ok(user) => match begin(&session, user, &source).await {
            Ok(()) => with_looks(&state, &session, user, &source, pages::see("/")).await,
            Err(error) => again(&state, "/sign-in", &source, error, vec![]).await,
        },
        Err(error) => {
            let error = error.into_api();
            let values = named([], kept(&error, token));
            again(&state, "/reset", &source, error, values).await
        }
    }
}

/// The operation of that name, and after it a session with a new id for who has changed their password: whoever had the old
/// cookie, too, is out (`security.md` SS-4).
pub async fn change_password(State(state): State<AppState>, session: Session, request: Request) -> Response {
    let source = Source::of(&request, &state);
    let user = request.extensions().get::<Actor>().and_then(Actor::user);
    let response = server_function(State(state), request).await;
    let Some(user) = user.filter(|_| response.status().is_success()) else { return response };
    match begin(&session, user, &source).await {
        Ok(()) => response,
        // The password is changed, and the old id is as dead as the others: signing in is what is left.
        Err(error) => {
            tracing::warn!(%error, "no new session after a new password");
            response
        }
    }
}

/// The secret of a link comes back into its field unless it was the secret that was wrong.
fn kept(error: &ApiError, token: String) -> Option<String> {
    let is_untried =
        matches!(error.kind, ErrorKind::Invalid | ErrorKind::Conflict | ErrorKind::Unavailable | ErrorKind::Throttled);
    is_untried.then_some(token)
}

fn named<const N: usize>(typed: [(&str, String); N], token: Option<String>) -> Vec<(String, String)> {
    let token = token.map(|token| ("token", token));
    typed.into_iter().chain(token).map(|(field, value)| (field.to_owned(), value)).collect()
}

async fn sign_out(session: Session) -> Response {
    let ended = if session.id().is_some() { session.flush().await } else { Ok(()) };
    if let Err(error) = ended {
        tracing::warn!(%error, "session cannot be ended");
        let problem = "the session could not be ended: try again";
        return (http::StatusCode::SERVICE_UNAVAILABLE, problem).into_response();
    }
    let mut response = pages::see("/sign-in");
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\", \"storage\""));
    response
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetUp {
    code: String,
    instance: String,
    email: String,
    name: String,
    password: String,
    zone: String,
    team: String,
    #[serde(default)]
    store_content: String,
}

async fn set_up(State(state): State<AppState>, session: Session, request: Request) -> Response {
    let source = Source::of(&request, &state);
    let form: SetUp = match read(request).await {
        Ok(form) => form,
        Err(error) => return again(&state, "/setup", &source, error, vec![]).await,
    };
    // Everything typed comes back, except the password; the code only when it was not the code that was wrong.
    let SetUp { code, instance, email, name, password: _, zone, team, store_content } = &form;
    let code = code.clone();
    let mut values = [
        ("instance", instance),
        ("email", email),
        ("name", name),
        ("zone", zone),
        ("team", team),
        ("store_content", store_content),
    ]
    .map(|(field, value)| (field.to_owned(), value.clone()))
    .to_vec();
    let owner = NewOwner {
        code: form.code,
        instance: form.instance,
        email: form.email,
        name: form.name,
        password: form.password,
        zone: form.zone,
        store_content: StoreContent::parse(&form.store_content),
        team_name: form.team,
    };
    let address = source.address();
    match control::setup::create_owner(&state.control, owner, address.as_deref()).await {
        Ok(user) => match begin(&session, user, &source).await {
            Ok(()) => pages::see("/?welcome=1"),
            Err(error) => again(&state, "/setup", &source, error, values).await,
        },
        Err(error) => {
            let error = error.into_api();
            values.extend(kept(&error, code).map(|code| ("code".to_owned(), code)));
            again(&state, "/setup", &source, error, values).await
        }
    }
}

/// Mints the session: a new id, whatever cookie came along.
async fn begin(session: &Session, user: UserId, source: &Source) -> Result<(), ApiError> {
    let failed = |error: tower_sessions::session::Error| {
        tracing::warn!(%error, "session cannot be started");
        ApiError::new(ErrorKind::Unavailable, "signing in is not possible right now: try again in a moment")
    };
    if session.id().is_some() {
        session.flush().await.map_err(failed)?;
    }
    session.insert(USER, user).await.map_err(failed)?;
    session.insert(DEVICE, source.device()).await.map_err(failed)?;
    session.insert(ADDRESS, source.address().unwrap_or_else(|| "unknown".to_owned())).await.map_err(failed)?;
    session.save().await.map_err(failed)
}

/// Adds the looks that the person has chosen, as cookies that the shell reads: the first page is already light or dark. What the
/// browser has already is not said again.
async fn with_looks(
    state: &AppState,
    session: &Session,
    user: UserId,
    source: &Source,
    mut response: Response,
) -> Response {
    let Some(profile) = profile(state, session, user).await else { return response };
    let Profile { name: _, zone: _, theme, density } = profile;
    let secure = if state.public_origin.is_https() { "; Secure" } else { "" };
    let looks = [
        ("theme", Some(theme.as_str()).filter(|_| theme != Theme::default())),
        ("density", Some(density.as_str()).filter(|_| density != Density::default())),
    ];
    for (name, chosen) in looks {
        if source.cookie(name) == chosen {
            continue;
        }
        // Scripts change these two at once when a person chooses again, so they are not hidden from them.
        let (value, age) = (chosen.unwrap_or_default(), if chosen.is_some() { LOOKS_SECONDS } else { 0 });
        let cookie = format!("{name}={value}; Path=/; Max-Age={age}; SameSite=Lax{secure}");
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

/// The profile behind the session that has just begun. Without it the page has its usual looks.
async fn profile(state: &AppState, session: &Session, user: UserId) -> Option<Profile> {
    let id: SessionId = session.get(SESSION).await.ok()??;
    let found = async {
        let actor = control::actor::load(&state.control, user, id).await?.ok_or(control::Error::NotFound)?;
        control::profile::get(&state.control, &actor).await
    };
    found.await.inspect_err(|error| tracing::warn!(%error, "looks cannot be read")).ok()
}

async fn read<T: serde::de::DeserializeOwned>(request: Request) -> Result<T, ApiError> {
    use axum::extract::FromRequest;
    let form: Result<Form<T>, FormRejection> = Form::from_request(request, &()).await;
    form.map(|Form(form)| form).map_err(|rejection| {
        tracing::debug!(%rejection, "form cannot be read");
        ApiError::new(ErrorKind::Invalid, "the form could not be read: reload the page and try again")
    })
}

async fn again(
    state: &AppState,
    path: &'static str,
    source: &Source,
    error: ApiError,
    values: Vec<(String, String)>,
) -> Response {
    pages::form_again(state, path, &source.headers, FormState { error: Some(error), values }).await
}

/// The page the person wanted, when it is a path of ours; anything else is ignored.
fn own_path(next: &str) -> &str {
    let strange = next.contains(['\\', '\r', '\n']) || next.chars().any(char::is_control);
    if next.starts_with('/') && !next.starts_with("//") && !strange { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fragment of the link is gone from the address: what is forgotten here has to be looked for again.
    #[test]
    fn the_secret_of_a_link_comes_back_unless_it_was_wrong() {
        let comes_back = |kind| kept(&ApiError::new(kind, "no"), "secret".to_owned()).is_some();
        for kind in [ErrorKind::Invalid, ErrorKind::Conflict, ErrorKind::Unavailable, ErrorKind::Throttled] {
            assert!(comes_back(kind), "{kind:?}");
        }
        assert!(!comes_back(ErrorKind::NotFound));
    }

    #[test]
    fn after_sign_in_only_our_own_paths_are_followed() {
        for good in ["/", "/t/core/history?model=a", "/me/sessions"] {
            assert_eq!(own_path(good), good);
        }
        for bad in ["", "//elsewhere", "https://elsewhere", "/\\elsewhere", "/a\r\nset-cookie: x", "t/core"] {
            assert_eq!(own_path(bad), "/");
        }
    }
}
