//! Links that let somebody in (`security.md` 11): opening one changes nothing, posting it works once, and whatever is wrong
//! with one, the answer is the same.

use futures_util::StreamExt as _;
use serde_json::json;
use tests::{
    Answer, Tenants,
    tenants::{PASSWORD, of_link},
};

const AT_ONCE: usize = 40;

async fn invitation(tenants: &Tenants, email: &str) -> String {
    let input = json!({"team": "alpha", "role": "member", "email": email});
    let link = tenants["alpha-admin"].visitor.done("invitations/create", &json!({"input": input})).await.unwrap();
    of_link(&link).unwrap()
}

async fn redeem(tenants: &Tenants, token: &str, email: &str) -> Answer {
    let form = [("token", token), ("name", "Somebody"), ("email", email), ("password", "nobody guesses this one")];
    tenants.stranger.form("/invite", &form).await.unwrap()
}

/// An answer without what differs from page to page.
fn plain(answer: &Answer, typed: &str) -> (u16, String) {
    let policy = answer.header("content-security-policy").unwrap_or_default();
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or("(none)");
    let text = answer.text().replace(nonce, "").replace(answer.header("x-request-id").unwrap_or("(none)"), "");
    (answer.status, if typed.is_empty() { text } else { text.replace(typed, "") })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_redeem_one_invitation_exactly_once() {
    let tenants = Tenants::new().await;
    let token = invitation(&tenants, "").await;
    let emails: Vec<String> = (0..AT_ONCE).map(|number| format!("guest-{number}@example.com")).collect();
    let all = futures_util::stream::iter(&emails).map(|email| redeem(&tenants, &token, email));
    let statuses: Vec<u16> = all.buffer_unordered(AT_ONCE).map(|answer| answer.status).collect().await;
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 303 | 404 | 429 | 503)), "{statuses:?}");
    let joined = "SELECT count(*)::text FROM memberships m JOIN users u ON u.id = m.user_id WHERE u.email LIKE $1";
    assert_eq!(tenants.tables.text(joined, "guest-%").await.unwrap(), "1");
    let people = "SELECT count(*)::text FROM users WHERE email LIKE $1";
    assert_eq!(tenants.tables.text(people, "guest-%").await.unwrap(), "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_a_link_changes_nothing() {
    let tenants = Tenants::new().await;
    let token = invitation(&tenants, "late@example.com").await;
    let before = tenants.tables.digest().await.unwrap();
    for path in ["/invite", "/reset", "/setup"] {
        for who in [&tenants.stranger, &tenants["loner"].visitor] {
            for method in [http::Method::GET, http::Method::HEAD] {
                let answer = who.send(method.clone(), &format!("{path}?token={token}"), None).await.unwrap();
                assert!(answer.status < 400, "{method} {path} as {:?}: {}", who.credential, answer.status);
                assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
                assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
            }
        }
    }
    assert_eq!(tenants.tables.digest().await.unwrap(), before);
    assert_eq!(redeem(&tenants, &token, "late@example.com").await.status, 303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_is_used_revoked_expired_or_unknown_gets_one_answer() {
    let tenants = Tenants::new().await;
    let admin = &tenants["alpha-admin"].visitor;
    let used = invitation(&tenants, "first@example.com").await;
    assert_eq!(redeem(&tenants, &used, "first@example.com").await.status, 303);
    let revoked = invitation(&tenants, "second@example.com").await;
    let list = admin.done("invitations/list", &json!({"team": "alpha"})).await.unwrap();
    let of = |email: &str| {
        list.as_array().and_then(|all| all.iter().find(|one| one["email"] == email)).map(|one| one["id"].clone())
    };
    admin.done("invitations/revoke", &json!({"team": "alpha", "id": of("second@example.com")})).await.unwrap();
    let expired = invitation(&tenants, "third@example.com").await;
    let past = "UPDATE invitations SET expires_at = clock_timestamp() - interval '1 second' WHERE email = $1";
    assert_eq!(tenants.tables.execute(past, "third@example.com").await.unwrap(), 1);
    let before = tenants.tables.digest().await.unwrap();
    let reset = tenants.alpha().reset.secret.clone();
    let mut answers = Vec::new();
    for token in
        [used.as_str(), &revoked, &expired, &reset, "no-such-link-000000000000000000", "", " ", "null", "\u{0}"]
    {
        answers.push(plain(&redeem(&tenants, token, "eve@example.com").await, token));
        tenants.tables.execute("DELETE FROM sign_in_failures WHERE subject <> $1", "").await.unwrap();
    }
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer.0, answers[0].0, "link {number}");
    }
    assert_eq!(answers[0].0, 404);
    for number in 1..5 {
        assert!(answers[number].1 == answers[0].1, "link {number} is told apart: {}", answers[number].1);
    }
    assert_eq!(tenants.tables.digest().await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_link_sets_one_password_and_an_invitation_none() {
    let tenants = Tenants::new().await;
    let person = &tenants["alpha-spare"];
    let reset = tenants.alpha().reset.secret.clone();
    let set = |token: String, password: &'static str| {
        let stranger = tenants.stranger.clone();
        async move { stranger.form("/reset", &[("token", &token), ("password", password)]).await.unwrap().status }
    };
    assert_eq!(set(tenants.alpha().invitation.secret.clone(), "an invitation is no reset").await, 404);
    assert_eq!(set(reset.clone(), "short").await, 400);
    assert_eq!(set(reset.clone(), "thirteen tiny violins of paganini").await, 303);
    assert_eq!(set(reset, "a second time with the same link").await, 404);
    assert_eq!(person.visitor.ask("teams/me", &json!({})).await.unwrap().status, 401, "their sessions ended");
    assert!(tenants.stranger.sign_in(&person.email, PASSWORD).await.is_err());
    tenants.stranger.sign_in(&person.email, "thirteen tiny violins of paganini").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_of_somebody_who_may_not_invite_any_more_is_dead() {
    let tenants = Tenants::new().await;
    let deputy = &tenants["alpha-deputy"];
    let input = json!({"team": "alpha", "role": "admin", "email": ""});
    let link = deputy.visitor.done("invitations/create", &json!({"input": input})).await.unwrap();
    let token = of_link(&link).unwrap();
    let body = json!({"team": "alpha", "user": deputy.id, "role": "member"});
    tenants["alpha-admin"].visitor.done("members/set_role", &body).await.unwrap();
    assert_eq!(redeem(&tenants, &token, "eve@example.com").await.status, 404);
}
