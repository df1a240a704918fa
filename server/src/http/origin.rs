//! The origin check: every request that may change something on a cookie route proves that our own page sent it
//! (`security.md` CS-1). Server functions have none of their own, so this one layer does it.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::{ApiError, ErrorKind};
use http::{HeaderMap, Method, header};

use super::{pages, public_origin::PublicOrigin};

/// Refuses unsafe requests that do not come from our own pages. Runs before the session is even read.
pub async fn check(State(own): State<PublicOrigin>, request: Request, next: Next) -> Response {
    if is_safe(request.method()) || is_own(request.headers(), &own) {
        return next.run(request).await;
    }
    let problem = ApiError::new(
        ErrorKind::Forbidden,
        "this request did not come from a page of this instance: reload and try again",
    );
    pages::refusal(request.uri(), problem).into_response()
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// `Sec-Fetch-Site: same-origin` passes, and nothing beside it; where a browser does not send it, `Origin` must be ours.
fn is_own(headers: &HeaderMap, own: &PublicOrigin) -> bool {
    match headers.contains_key("sec-fetch-site") {
        true => headers.get_all("sec-fetch-site").iter().all(|site| site == "same-origin"),
        false => {
            headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).is_some_and(|origin| own.trusts(origin))
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_our_own_pages_pass_the_origin_check() {
        let own = PublicOrigin::new(Some(&"https://tally.example".parse().unwrap()), 443);
        let table: &[(&[(&str, &str)], bool)] = &[
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "same-site"), ("origin", "https://tally.example")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("origin", "https://tally.example")], true),
            (&[("origin", "https://tally.example.evil.example")], false),
            (&[("origin", "http://tally.example")], false),
            (&[("origin", "null")], false),
            (&[("host", "tally.example")], false),
            (&[], false),
        ];
        for (pairs, passes) in table {
            let mut headers = HeaderMap::new();
            for (name, value) in *pairs {
                headers.insert(http::HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
            }
            assert_eq!(is_own(&headers, &own), *passes, "{pairs:?}");
        }
    }
}
