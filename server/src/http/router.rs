//! All routes and their layers. Three families that share nothing but the outermost layers: browser files, cookie routes
//! (pages, server functions, forms, events), and key routes (`/v1`).
//!
//! Order on a cookie route, outermost first: headers, panic, request id, body limits, origin, session, principal.

use std::{any::Any, time::Duration};

use app::App;
use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use domain::{ApiError, ErrorKind, id::RequestId};
use gateway::Gateway;
use http::{HeaderValue, StatusCode};
use leptos::config::LeptosOptions;
use leptos_axum::{LeptosRoutes, generate_route_list_with_exclusions, handle_server_fns_with_context};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_http::{catch_panic::CatchPanicLayer, limit::RequestBodyLimitLayer, timeout::RequestBodyTimeoutLayer};
use tower_sessions::{
    Expiry, SessionManagerLayer,
    cookie::{SameSite, time},
};

use super::{
    events, headers, health, origin, pages, principal, public_origin::PublicOrigin, requests, session,
    session_store::PostgresSessions, site::Site, v1,
};

const FORM_BYTES: usize = 64 * 1024;
const SERVER_FN_BYTES: usize = 1024 * 1024;
/// The operations that take a whole file.
const PRICE_FILES: [&str; 2] = ["/ui/prices/import/preview", "/ui/prices/import/accept"];
/// A price file inside of JSON, where its quotes take two bytes each.
const PRICE_FILE_BYTES: usize = control::prices::import::LARGEST_FILE / 2 * 3;
pub const BODY_IDLE: Duration = Duration::from_secs(30);

/// What handlers need. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    pub control: control::Context,
    pub gateway: Gateway,
    pub watch: runs::Watch,
    pub site: Site,
    pub public_origin: PublicOrigin,
    pub trusted_proxies: usize,
    pub tasks: TaskTracker,
    pub stop: CancellationToken,
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.site.options()
    }
}

/// Everything this server answers.
pub fn build(state: AppState) -> Router {
    let origin = state.public_origin.clone();
    Router::new()
        .merge(cookie_routes(&state))
        .merge(health::routes())
        .merge(v1::routes())
        .merge(requests::routes())
        .with_state(state.clone())
        .merge(state.site.routes())
        .layer(middleware::from_fn_with_state(state, request_id))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(origin, headers::add))
}

fn cookie_routes(state: &AppState) -> Router<AppState> {
    let sessions = SessionManagerLayer::new(PostgresSessions(state.control.clone()))
        .with_name(state.public_origin.cookie_name())
        .with_secure(state.public_origin.is_https())
        .with_same_site(SameSite::Lax)
        .with_path("/")
        // The server's idle and absolute limits decide; the cookie only has to live as long as the longer one.
        .with_expiry(Expiry::OnInactivity(time::Duration::days(7)));
    let forms = session::routes().layer(RequestBodyLimitLayer::new(FORM_BYTES));
    let [preview, accept] = PRICE_FILES;
    let price_files = Router::new()
        .route(preview, post(server_function))
        .route(accept, post(server_function))
        .layer(RequestBodyLimitLayer::new(PRICE_FILE_BYTES));
    // What is mounted here by itself is not mounted by the framework as well.
    let ours = ["/", preview, accept].map(str::to_owned);
    let pages = generate_route_list_with_exclusions(App, Some(ours.into()));
    let site = state.site.clone();
    Router::new()
        .route("/", get(home))
        .leptos_routes_with_context(state, pages, pages::contexts(state), move || app::shell(site.options()))
        .route("/ui/events", get(events::stream))
        .route("/ui/{*operation}", post(server_function))
        .fallback(not_found)
        .layer(RequestBodyLimitLayer::new(SERVER_FN_BYTES))
        .merge(forms)
        .merge(price_files)
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(state.clone(), principal::require))
        .layer(sessions)
        .layer(middleware::from_fn_with_state(state.public_origin.clone(), origin::check))
        .layer(RequestBodyTimeoutLayer::new(BODY_IDLE))
}

/// `/` leads to the first team of whoever is signed in.
async fn home(State(state): State<AppState>, request: Request) -> Response {
    let Some(actor) = request.extensions().get::<control::Actor>().cloned() else { return pages::see("/sign-in") };
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let me = control::teams::me(&state.control, &actor).await;
    match me {
        Ok(me) => match me.teams.first() {
            Some(team) => pages::see(&format!("/t/{}{query}", team.slug)),
            None => pages::see("/me/sessions"),
        },
        Err(error) => pages::refusal(request.uri(), error.into_api()),
    }
}

async fn server_function(State(state): State<AppState>, request: Request) -> Response {
    handle_server_fns_with_context(pages::contexts(&state), request).await.into_response()
}

/// Unknown paths: our own page for a person, our own error for a program.
async fn not_found(State(state): State<AppState>, request: Request) -> Response {
    if request.uri().path().starts_with("/ui/") || request.method() != http::Method::GET {
        return pages::refusal(request.uri(), ApiError::new(ErrorKind::NotFound, "there is nothing here"));
    }
    let site = state.site.clone();
    let render =
        leptos_axum::render_app_async_with_context(pages::contexts(&state), move || app::shell(site.options()));
    let mut response = render(request).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// Every request has an id, in its extensions and in `x-request-id` of its answer.
async fn request_id(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let id = RequestId::new(&*state.control.clock, &*state.control.entropy);
    request.extensions_mut().insert(id);
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::try_from(id.public()) {
        response.headers_mut().entry("x-request-id").or_insert(value);
    }
    response
}

/// A panic in a handler is an answer of 500, and the process lives. The text of a panic may hold anything: it is not shown.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    (StatusCode::INTERNAL_SERVER_ERROR, "something went wrong on the server\n").into_response()
}
