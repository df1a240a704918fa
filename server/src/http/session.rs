//! The plain form routes that begin and end a session: the cookie is written in this file and nowhere else, and signing in
//! works before the page is hydrated, or without JavaScript at all.

use app::forms::FormState;
use axum::{
    Form, Router,
    extract::{Request, State, rejection::FormRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::post,
};
use control::setup::NewOwner;
use domain::{ApiError, ErrorKind, id::UserId, team::StoreContent};
use http::{HeaderValue, header};
use serde::Deserialize;
use tower_sessions::Session;

use super::{
    caller::client_address,
    pages,
    router::AppState,
    session_store::{ADDRESS, DEVICE, USER},
};

pub fn routes() -> Router<AppState> {
    Router::new().route("/sign-in", post(sign_in)).route("/sign-out", post(sign_out)).route("/setup", post(set_up))
}

/// Where a form came from: what the session rows and the throttle need.
struct Source {
    address: std::net::IpAddr,
    headers: HeaderMap,
}

impl Source {
    fn of(request: &Request, state: &AppState) -> Self {
        let unknown = std::net::IpAddr::from([0, 0, 0, 0]);
        let address = client_address(request, state.trusted_proxies).unwrap_or(unknown);
        Self { address, headers: request.headers().clone() }
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
            Ok(()) => pages::see(own_path(&form.next)),
            Err(error) => again(&state, "/sign-in", &source, error, values).await,
        },
        Err(error) => again(&state, "/sign-in", &source, error.into_api(), values).await,
    }
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
    let address = source.address.to_string();
    match control::setup::create_owner(&state.control, owner, Some(&address)).await {
        Ok(user) => match begin(&session, user, &source).await {
            Ok(()) => pages::see("/?welcome=1"),
            Err(error) => again(&state, "/setup", &source, error, values).await,
        },
        Err(error) => {
            let error = error.into_api();
            if error.kind == ErrorKind::Invalid {
                values.push(("code".to_owned(), code));
            }
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
    session.insert(ADDRESS, source.address.to_string()).await.map_err(failed)?;
    session.save().await.map_err(failed)
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
