//! The HTTP edge: security headers, origins, strangers, set-up and sign-in.

use http::{StatusCode, header};
use reqwest::{RequestBuilder, Response};
use tests::{World, http_client};

const PASSWORD: &str = "a long and dull password";

/// A form post from our own page.
fn form(world: &World, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
    let body: String = fields.iter().map(|(name, value)| format!("{name}={}&", value.replace(' ', "+"))).collect();
    http_client()
        .post(world.url(path))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(body)
}

fn set_up(code: &str) -> Vec<(&str, &str)> {
    vec![
        ("code", code),
        ("instance", "Acme"),
        ("email", "ada@example.com"),
        ("name", "Ada"),
        ("password", PASSWORD),
        ("zone", "UTC"),
        ("team", "Core"),
        ("store_content", "metadata"),
    ]
}

fn cookie(answer: &Response) -> String {
    let set = answer.headers().get(header::SET_COOKIE).unwrap().to_str().unwrap();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax") && set.contains("Path=/"), "{set}");
    set.split(';').next().unwrap().to_owned()
}

/// Makes the owner and returns the cookie of the session.
async fn owner(world: &World) -> String {
    let code = world.server.setup_code().unwrap().to_owned();
    let answer = form(world, "/setup", &set_up(&code)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    cookie(&answer)
}

async fn sign_in(world: &World, email: &str, password: &str) -> Response {
    form(world, "/sign-in", &[("email", email), ("password", password)]).send().await.unwrap()
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let world = World::new().await;
    for path in
        ["/sign-in", "/setup", "/", "/nowhere", "/v1/models", "/v1/nowhere", "/health", "/pkg/none", "/ui/events"]
    {
        let answer = http_client().get(world.url(path)).send().await.unwrap();
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.headers().get(name).unwrap(), value, "{name} of {path}");
        }
        let policy = answer.headers().get("content-security-policy").unwrap().to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains('*'), "{path}: {policy}");
        assert!(answer.headers().contains_key("x-request-id"), "{path}");
        assert!(!answer.headers().contains_key("strict-transport-security"), "plain http: {path}");
    }
}

#[tokio::test]
async fn every_page_has_a_nonce_of_its_own() {
    let world = World::new().await;
    let mut nonces = std::collections::HashSet::new();
    for _ in 0..50 {
        let answer = http_client().get(world.url("/sign-in")).send().await.unwrap();
        let policy = answer.headers().get("content-security-policy").unwrap().to_str().unwrap().to_owned();
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        let page = answer.text().await.unwrap();
        assert_eq!(
            page.matches("<script").count(),
            page.matches(&format!("nonce=\"{nonce}\"")).count() - page.matches("<link rel=\"modulepreload\"").count()
        );
        assert!(!page.contains(" style=") && !page.contains(" onclick="), "inline style or handler");
        nonces.insert(nonce);
    }
    assert_eq!(nonces.len(), 50);
}

#[tokio::test]
async fn every_operation_refuses_a_stranger_and_a_foreign_origin() {
    let world = World::new().await;
    let session = owner(&world).await;
    let operations = server::http::inventory::operations();
    assert!(operations.len() >= 20, "{operations:?}");
    for (path, method) in operations {
        assert_eq!(method, http::Method::POST, "{path}: nothing that writes is a GET");
        let post = || http_client().post(world.url(path)).header(header::CONTENT_TYPE, "application/json").body("{}");
        let stranger = post().header("sec-fetch-site", "same-origin").send().await.unwrap();
        assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED, "{path} without a session");
        let foreign =
            post().header(header::COOKIE, &session).header("origin", "https://elsewhere.example").send().await.unwrap();
        assert_eq!(foreign.status(), StatusCode::FORBIDDEN, "{path} from a foreign origin");
        let bearer = post().bearer_auth(&world.key).header("sec-fetch-site", "same-origin").send().await.unwrap();
        assert_eq!(bearer.status(), StatusCode::UNAUTHORIZED, "{path} with a key");
    }
}

#[tokio::test]
async fn forms_from_elsewhere_change_nothing() {
    let world = World::new().await;
    let code = world.server.setup_code().unwrap().to_owned();
    for site in ["cross-site", "same-site", "none"] {
        let answer = form(&world, "/setup", &set_up(&code)).header("sec-fetch-site", site).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{site}");
    }
    // The code still works: nothing of the above was let in.
    owner(&world).await;
}

#[tokio::test]
async fn only_the_set_up_code_makes_the_owner_and_only_once() {
    let world = World::new().await;
    let code = world.server.setup_code().unwrap().to_owned();
    let wrong = form(&world, "/setup", &set_up("guess")).send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::FORBIDDEN);
    let page = wrong.text().await.unwrap();
    assert!(page.contains("ada@example.com"), "what was typed comes back");
    assert!(!page.contains(PASSWORD) && !page.contains("guess"), "secrets do not");
    owner(&world).await;
    let again = form(&world, "/setup", &set_up(&code)).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::CONFLICT);
}

#[tokio::test]
async fn unknown_people_and_wrong_passwords_get_the_same_answer() {
    let world = World::new().await;
    owner(&world).await;
    let mut pages = Vec::new();
    for (email, password) in [("ada@example.com", "not the password"), ("eve@example.com", "not the password")] {
        let answer = sign_in(&world, email, password).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        let policy = answer.headers().get("content-security-policy").unwrap().to_str().unwrap().to_owned();
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        let page = answer.text().await.unwrap();
        assert!(!page.contains(password));
        pages.push(page.replace(&nonce, "").replace(email, ""));
    }
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn a_session_that_signed_out_is_dead() {
    let world = World::new().await;
    owner(&world).await;
    let session = cookie(&sign_in(&world, "ADA@example.com", PASSWORD).await);
    let page = |session: &str| http_client().get(world.url("/t/core")).header(header::COOKIE, session).send();
    assert_eq!(page(&session).await.unwrap().status(), StatusCode::OK);
    let out = form(&world, "/sign-out", &[]).header(header::COOKIE, &session).send().await.unwrap();
    assert_eq!(out.status(), StatusCode::SEE_OTHER);
    assert_eq!(out.headers().get("clear-site-data").unwrap(), "\"cache\", \"storage\"");
    let after = page(&session).await.unwrap();
    assert_eq!(after.status(), StatusCode::SEE_OTHER);
    assert_eq!(after.headers().get(header::LOCATION).unwrap(), "/sign-in?next=%2Ft%2Fcore");
}

#[tokio::test]
async fn a_signed_in_person_who_belongs_to_no_such_team_finds_nothing() {
    let world = World::new().await;
    let session = owner(&world).await;
    let ask = |team: &str| {
        http_client()
            .post(world.url("/ui/runs/list"))
            .header(header::CONTENT_TYPE, "application/json")
            .header("sec-fetch-site", "same-origin")
            .header(header::COOKIE, &session)
            .body(format!("{{\"query\":{{\"team\":\"{team}\"}}}}"))
            .send()
    };
    assert_eq!(ask("core").await.unwrap().status(), StatusCode::OK);
    assert_eq!(ask("nobody").await.unwrap().status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_key_in_a_cookie_route_and_a_cookie_in_a_key_route_open_nothing() {
    let world = World::new().await;
    let session = owner(&world).await;
    let by_cookie = http_client().get(world.url("/v1/models")).header(header::COOKIE, session).send().await.unwrap();
    assert_eq!(by_cookie.status(), StatusCode::UNAUTHORIZED);
    let by_key = http_client().get(world.url("/t/core")).bearer_auth(&world.key).send().await.unwrap();
    assert_eq!(by_key.status(), StatusCode::SEE_OTHER);
}
