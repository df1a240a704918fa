//! Pages: the Leptos application rendered on the server, with the contexts that its server functions need.

use std::sync::Arc;

use app::{api::reference::Reference, forms::FormState};
use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Json, Redirect, Response},
};
use control::bundle::Secrets;
use domain::{ApiError, ErrorKind};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use leptos::{
    nonce::use_nonce,
    prelude::{provide_context, use_context},
};
use leptos_axum::ResponseOptions;

use super::{headers, router::AppState};

/// Provides what a page or a server function needs, and the page's policy with its nonce.
pub fn contexts(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let site = state.site.clone();
    let files = app::lazy::PageFiles::new(move |page| site.files_of(page));
    let control = state.control.clone();
    let secrets: Arc<dyn Secrets> = Arc::new(state.bundle_secrets.clone());
    let reference = state.reference.clone();
    move || {
        provide_context(control.clone());
        provide_context(secrets.clone());
        provide_context::<Arc<Reference>>(reference.clone());
        let nonce = use_nonce().map(|nonce| nonce.to_string());
        let policy = nonce.as_deref().and_then(headers::page_policy);
        if let (Some(policy), Some(response)) = (policy, use_context::<ResponseOptions>()) {
            response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
        provide_context(files.clone());
    }
}

/// Renders the page at `path` again for a plain form that was refused, with the status of its error.
pub async fn form_again(state: &AppState, path: &'static str, headers: &HeaderMap, form: FormState) -> Response {
    let status = form.error.as_ref().map_or(StatusCode::OK, |error| status_of(error.kind));
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = http::Uri::from_static(path);
    // The theme cookie and the like; the form's own body is gone.
    *request.headers_mut() = headers.clone();
    request.headers_mut().remove(header::CONTENT_LENGTH);
    request.headers_mut().remove(header::CONTENT_TYPE);
    let contexts = contexts(state);
    let site = state.site.clone();
    let render = leptos_axum::render_app_async_with_context(
        move || {
            contexts();
            provide_context(form.clone());
        },
        move || app::shell(site.options()),
    );
    let (head, _) = request.into_parts();
    let page = || render(Request::from_parts(head.clone(), Body::empty()));
    let mut response = state.renderers.render(page).await;
    *response.status_mut() = status;
    response
}

/// A refusal in the form that the asker can read: JSON for server functions, a short text for anything else.
pub fn refusal(uri: &Uri, error: ApiError) -> Response {
    let status = status_of(error.kind);
    if uri.path().starts_with("/ui/") {
        return (status, Json(error)).into_response();
    }
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{}\n", error.message)).into_response()
}

pub fn status_of(kind: ErrorKind) -> StatusCode {
    StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A redirect after a form post, or to the page that has to come first.
pub fn see(path: &str) -> Response {
    Redirect::to(path).into_response()
}
