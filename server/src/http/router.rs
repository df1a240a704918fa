//! All routes and their layers. Three families that share nothing but the outermost layers: browser files, cookie routes
//! (pages, server functions, forms, events), and bearer routes (`/v1`, `/api/v1`).
//!
//! Order on a cookie route, outermost first: headers, panic, request id, body limits, origin, session, principal.
//! [`mounted`] names everything, for the inventory.

use std::{any::Any, collections::BTreeSet, sync::Arc, time::Duration};

use app::{App, api::reference::Reference};
use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, FromRef, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use domain::{ApiError, ErrorKind, id::RequestId};
use gateway::Gateway;
use http::{HeaderValue, StatusCode};
use leptos::config::LeptosOptions;
use leptos_axum::{
    AxumRouteListing, LeptosRoutes, generate_route_list_with_exclusions, handle_server_fns_with_context,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_http::{catch_panic::CatchPanicLayer, limit::RequestBodyLimitLayer, timeout::RequestBodyTimeoutLayer};
use tower_sessions::{
    Expiry, SessionManagerLayer,
    cookie::{SameSite, time},
};

use super::{
    admin, downloads, events, feedback, headers, health, inventory, origin, pages, principal,
    public_origin::PublicOrigin,
    render::{self, Renderers},
    requests,
    routes::Routes,
    session,
    session_store::PostgresSessions,
    site::Site,
    v1,
};
use crate::config::BundleSecrets;

const FORM_BYTES: usize = 64 * 1024;
const SERVER_FN_BYTES: usize = 1024 * 1024;
/// The operations that take a whole file or a whole grid, and how large their bodies may be: inside of JSON its quotes and line
/// ends take two bytes each.
const FILES: [(&str, usize); 13] = [
    ("/ui/prices/import/preview", PRICE_FILE),
    ("/ui/prices/import/accept", PRICE_FILE),
    ("/ui/bundle/page", BUNDLE),
    ("/ui/bundle/plan", BUNDLE),
    ("/ui/bundle/apply", BUNDLE),
    ("/ui/bundle/apply_file", BUNDLE),
    ("/ui/playground/add_image", IMAGE),
    ("/ui/playground/read_cases", CASES),
    ("/ui/playground/save_case_set", GRID),
    ("/ui/playground/save_draft", GRID),
    ("/ui/runs/forecast", GRID),
    ("/ui/runs/start", GRID),
    ("/ui/feedback/give", KEPT),
];
/// A new password brings a new session id.
const NEW_PASSWORD: &str = "/ui/profile/change_password";
const PRICE_FILE: usize = control::prices::import::LARGEST_FILE / 2 * 3;
const BUNDLE: usize = domain::bundle::LARGEST_BUNDLE / 2 * 3;
/// Base64, and what lies around it.
const IMAGE: usize = domain::grid::MAX_IMAGE_BYTES / 3 * 4 + 64 * 1024;
const CASES: usize = domain::run::MAX_CASES_BYTES / 2 * 3;
const GRID: usize = domain::grid::MAX_GRID_BYTES / 2 * 3;
const KEPT: usize = domain::feedback::MAX_KEPT_BYTES / 2 * 3;
pub const BODY_IDLE: Duration = Duration::from_secs(30);

/// What handlers need. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    pub control: control::Context,
    pub gateway: Gateway,
    pub watch: runs::Watch,
    pub site: Site,
    pub public_origin: PublicOrigin,
    /// What a bundle that comes from a browser may name.
    pub bundle_secrets: BundleSecrets,
    /// The public API as its page shows it.
    pub reference: Arc<Reference>,
    pub trusted_proxies: usize,
    pub renderers: Renderers,
    pub tasks: TaskTracker,
    pub stop: CancellationToken,
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.site.options()
    }
}

/// Our own routes by what lies around them. Pages come from the application's own list.
struct Families {
    /// Cookie routes with the usual body limit.
    dashboard: Routes,
    /// Plain form posts.
    forms: Routes,
    /// Operations that take a whole file, or that have something to do with the cookie.
    operations: Routes,
    /// Without a cookie.
    open: Routes,
}

fn families(site: &Site) -> Families {
    let mut operations =
        Routes::new().post(NEW_PASSWORD, session::change_password).layer(RequestBodyLimitLayer::new(SERVER_FN_BYTES));
    for (path, most) in FILES {
        let file = Routes::new().post(path, server_function).layer(RequestBodyLimitLayer::new(most));
        operations = operations.join(file);
    }
    let dashboard = Routes::new()
        .get("/", home)
        .get("/ui/events", events::stream)
        .post("/ui/{*operation}", server_function)
        .join(downloads::routes())
        .layer(RequestBodyLimitLayer::new(SERVER_FN_BYTES));
    let forms = session::routes().layer(RequestBodyLimitLayer::new(FORM_BYTES));
    let open = health::routes()
        .join(v1::routes())
        .join(requests::routes())
        .join(feedback::routes())
        .join(admin::routes())
        .join(site.routes());
    Families { dashboard, forms, operations, open }
}

/// What is mounted here by itself is not mounted by the framework as well.
fn ours() -> impl Iterator<Item = &'static str> {
    FILES.into_iter().map(|(path, _)| path).chain(["/", NEW_PASSWORD])
}

/// The pages, and the server functions that the framework mounts itself.
fn pages() -> Vec<AxumRouteListing> {
    render::prepare();
    generate_route_list_with_exclusions(App, Some(ours().map(str::to_owned).collect()))
}

/// Every route but the server functions, as `METHOD path`.
pub fn mounted(site: &Site) -> BTreeSet<String> {
    let Families { dashboard, forms, operations: _, open } = families(site);
    let mut all: BTreeSet<String> = [dashboard, forms, open].iter().flat_map(Routes::mounted).cloned().collect();
    let of_app = pages().into_iter().filter(|page| !ours().any(|path| path == page.path()));
    all.extend(of_app.flat_map(|page| {
        let path = page.path().to_owned();
        page.methods().map(|method| format!("{} {path}", format!("{method:?}").to_uppercase())).collect::<Vec<_>>()
    }));
    all
}

/// Everything this server answers.
pub fn build(state: AppState) -> Router {
    let Families { dashboard, forms, operations, open } = families(&state.site);
    let own = [dashboard, forms, operations].into_iter().fold(Routes::new(), Routes::join);
    let origin = state.public_origin.clone();
    Router::new()
        .merge(cookie_routes(&state, own.into_router()))
        .merge(open.into_router())
        .with_state(state.clone())
        .layer(middleware::from_fn_with_state(state, request_id))
        .layer(CatchPanicLayer::custom(|_: Box<dyn Any + Send>| panicked()))
        .layer(middleware::from_fn_with_state(origin, headers::add))
}

fn cookie_routes(state: &AppState, own: Router<AppState>) -> Router<AppState> {
    let sessions = SessionManagerLayer::new(PostgresSessions(state.control.clone()))
        .with_name(state.public_origin.cookie_name())
        .with_secure(state.public_origin.is_https())
        .with_same_site(SameSite::Lax)
        .with_path("/")
        // The server's idle and absolute limits decide; the cookie only has to live as long as the longer one.
        .with_expiry(Expiry::OnInactivity(time::Duration::days(7)));
    let site = state.site.clone();
    Router::new()
        .leptos_routes_with_context(state, pages(), pages::contexts(state), move || app::shell(site.options()))
        .fallback(not_found)
        .layer(middleware::from_fn_with_state(state.clone(), rendered))
        .layer(RequestBodyLimitLayer::new(SERVER_FN_BYTES))
        .merge(own)
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

pub async fn server_function(State(state): State<AppState>, request: Request) -> Response {
    // The framework answers an unknown one in words for its own users.
    if !inventory::OPERATIONS.iter().any(|(path, _)| *path == request.uri().path()) {
        return not_found(State(state), request).await;
    }
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

async fn rendered(State(state): State<AppState>, request: Request, next: Next) -> Response {
    // The framework brings the server functions as well.
    if request.uri().path().starts_with("/ui/") {
        return next.run(request).await;
    }
    // A page is asked for without a body.
    let (head, _) = request.into_parts();
    let page = || {
        let (next, request) = (next.clone(), Request::from_parts(head.clone(), Body::empty()));
        async move { next.run(request).await }
    };
    state.renderers.render(page).await
}

/// A panic in a handler is an answer of 500, and the process lives. The text of a panic may hold anything: it is not shown.
pub fn panicked() -> Response {
    tracing::error!("a handler panicked");
    (StatusCode::INTERNAL_SERVER_ERROR, "something went wrong on the server\n").into_response()
}
