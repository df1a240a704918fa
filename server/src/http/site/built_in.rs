//! The browser files inside the binary: the product is one file.

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use include_dir::{Dir, include_dir};

use crate::http::routes::Routes;

static SITE: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../target/site");

pub fn text(path: &str) -> Option<&'static str> {
    SITE.get_file(path)?.contents_utf8()
}

/// Routes of `/pkg` and of the files at the root.
pub fn routes(root_files: &[&str]) -> (Routes, Routes) {
    let mut files = Routes::new();
    for name in root_files {
        files = files.get(&format!("/{name}"), serve);
    }
    (Routes::new().get("/pkg/{*path}", serve), files)
}

async fn serve(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let accepted =
        request.headers().get(header::ACCEPT_ENCODING).and_then(|list| list.to_str().ok()).unwrap_or_default();
    let accepts =
        |coding: &str| accepted.split(',').any(|one| one.split(';').next().is_some_and(|name| name.trim() == coding));
    for (coding, extension) in [("br", ".br"), ("gzip", ".gz")] {
        let packed = SITE.get_file(format!("{path}{extension}"));
        if let Some(file) = packed.filter(|_| accepts(coding)) {
            let headers = [
                (header::CONTENT_TYPE, mime(path)),
                (header::CONTENT_ENCODING, coding),
                (header::VARY, "accept-encoding"),
            ];
            return (headers, file.contents()).into_response();
        }
    }
    match SITE.get_file(path) {
        Some(file) => {
            ([(header::CONTENT_TYPE, mime(path)), (header::VARY, "accept-encoding")], file.contents()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn mime(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("js") => "text/javascript",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}
