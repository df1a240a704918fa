//! Makes one of everything, through the server functions that a person would use. SQL only for ids, and to let time pass.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use domain::{
    role::{InstanceRole, TeamRole},
    token::TokenScope,
};
use serde_json::{Value, json};

use super::{Issued, PASSWORD, PEOPLE, Person, Shared, Side, TEAMS, Tenants, email, mark};
use crate::{dialect::QUESTION, tables::Tables};

const LATER: &str = "2099-01-31";

pub async fn all(tenants: &mut Tenants) -> Result<()> {
    for (name, role, team) in PEOPLE {
        let person = person(tenants, name, role, *team).await?;
        tenants.people.insert(name, person);
    }
    tenants.shared = shared(&tenants.tables).await?;
    for (number, team) in TEAMS.into_iter().enumerate() {
        tenants.sides[number] = side(tenants, team).await?;
    }
    for number in 0..TEAMS.len() {
        finish(tenants, number).await?;
    }
    tenants.revisions = revisions(&tenants.tables).await?;
    tenants.tables.keep().await?;
    Ok(())
}

async fn revisions(tables: &Tables) -> Result<BTreeMap<String, i64>> {
    let statement = "SELECT id::text, revision FROM virtual_keys UNION ALL SELECT id::text, revision FROM models
                     UNION ALL SELECT id::text, revision FROM providers UNION ALL SELECT id::text, revision FROM teams
                     UNION ALL SELECT 'instance', revision FROM instance";
    let rows: Vec<(String, i64)> = sqlx::query_as(statement).fetch_all(tables.pool()).await?;
    Ok(rows.into_iter().collect())
}

async fn person(tenants: &Tenants, name: &'static str, role: &str, team: Option<&str>) -> Result<Person> {
    let email = email(name);
    let visitor = tenants.stranger.sign_in(&email, PASSWORD).await?;
    let other = tenants.stranger.sign_in(&email, PASSWORD).await?;
    let list = other.done("sessions/list", &json!({})).await?;
    let rest = list.as_array().context("a list of sessions")?;
    let session = rest.iter().find(|one| one["current"] == true).map(|one| text(&one["id"])).context("a session")?;
    let scopes: Vec<&str> = TokenScope::ALL.into_iter().map(TokenScope::as_str).collect();
    let token = token(&visitor, "everything", &scopes, "", LATER).await?;
    let id = tenants.tables.text("SELECT id::text FROM users WHERE email = $1", &email).await?;
    let instance = InstanceRole::parse(role).context("a role of the list")?;
    let role = team.map(|role| TeamRole::parse(role).context("a role of the list")).transpose()?;
    let key = match role {
        Some(TeamRole::Admin | TeamRole::Member) => {
            let slug = name.split('-').next().unwrap_or_default();
            Some(
                key(&visitor, slug, &format!("{name} {}", mark(name)), "personal", &["inference", "usage.read"])
                    .await?,
            )
        }
        Some(TeamRole::Viewer) | None => None,
    };
    Ok(Person { name, id, email, instance, team: role, visitor, session, token, key })
}

async fn shared(tables: &Tables) -> Result<Shared> {
    let id = |statement: &'static str| tables.text(statement, "shared");
    Ok(Shared {
        provider: id("SELECT id::text FROM providers WHERE slug = $1").await?,
        model: id("SELECT id::text FROM models WHERE name = $1 || '-model'").await?,
        deployment: id(
            "SELECT d.id::text FROM deployments d JOIN models m ON m.id = d.model_id WHERE m.name = $1 || '-model'",
        )
        .await?,
        price: id("SELECT v.id::text FROM price_versions v JOIN deployments d ON d.id = v.deployment_id
                     JOIN models m ON m.id = d.model_id WHERE m.name = $1 || '-model'")
        .await?,
    })
}

async fn side(tenants: &Tenants, team: &str) -> Result<Side> {
    let tables = &tenants.tables;
    let id = |statement: &'static str| tables.text(statement, team);
    let person = |role: &str| tenants.people.get(format!("{team}-{role}").as_str()).context("a person of the list");
    let admin = person("admin")?.visitor.clone();
    let mark = mark(team);
    let mut keys = BTreeMap::new();
    for name in ["narrow", "paused", "expired", "revoked", "spare"] {
        let scopes: &[&str] = if name == "narrow" { &["feedback.write"] } else { &["inference", "usage.read"] };
        keys.insert(name, key(&admin, team, &format!("{name} {mark}"), "service", scopes).await?);
    }
    admin.done("keys/pause", &json!({"team": team, "key": keys["paused"].id})).await?;
    admin.done("keys/revoke", &json!({"team": team, "key": keys["revoked"].id})).await?;
    tables
        .execute(
            "UPDATE virtual_keys SET expires_at = clock_timestamp() - interval '1 minute' WHERE id = $1::uuid",
            &keys["expired"].id,
        )
        .await?;
    Ok(Side {
        slug: team.to_owned(),
        id: id("SELECT id::text FROM teams WHERE slug = $1").await?,
        admin: person("admin")?.id.clone(),
        member: person("member")?.id.clone(),
        spare: person("spare")?.id.clone(),
        provider: id("SELECT id::text FROM providers WHERE slug = $1 || '-provider'").await?,
        provider_slug: format!("{team}-provider"),
        model: id("SELECT id::text FROM models WHERE name = $1 || '-model'").await?,
        model_name: format!("{team}-model"),
        deployment: id(
            "SELECT d.id::text FROM deployments d JOIN models m ON m.id = d.model_id WHERE m.name = $1 || '-model'",
        )
        .await?,
        price: id("SELECT v.id::text FROM price_versions v JOIN deployments d ON d.id = v.deployment_id
                     JOIN models m ON m.id = d.model_id WHERE m.name = $1 || '-model'")
        .await?,
        key: key(&admin, team, &format!("service {mark}"), "service", &["inference", "usage.read"]).await?,
        keys,
        invitation: invitation(tenants, team, &format!("guest-{mark}@example.com")).await?,
        reset: reset(tenants, &person("spare")?.id).await?,
        tokens: tokens(tenants, team).await?,
        ..Side::default()
    })
}

/// What takes a working key and a model: a run, and a request made with the member's key.
async fn finish(tenants: &mut Tenants, number: usize) -> Result<()> {
    let side = &tenants.sides[number];
    let (team, mark) = (side.slug.clone(), mark(&side.slug));
    let member = tenants.people.get(format!("{team}-member").as_str()).context("a member")?;
    let said = format!("{QUESTION} {mark}");
    let input = json!({"team": team, "grid": grid(&side.model_name, &said)});
    let run = text(&member.visitor.done("runs/start", &json!({"input": input})).await?);
    let caller = tenants.stranger.bearer(&member.key.as_ref().context("a key of a member")?.secret);
    let body = json!({"model": side.model_name, "messages": [{"role": "user", "content": said}]});
    let answer =
        until(|| caller.send(http::Method::POST, "/v1/chat/completions", Some(&body)), |it| it.status != 401).await?;
    ensure!(answer.status == 200, "the call was answered with {}: {}", answer.status, answer.text());
    let request = answer.header("x-request-id").context("a request id")?.to_owned();
    let ask = json!({"team": team, "run": run});
    let view = until(|| member.visitor.done("runs/get", &ask), |view| view["finished"] == true).await?;
    let bare = uuid::Uuid::parse_str(request.trim_start_matches("req_"))?.to_string();
    let attempt =
        "SELECT coalesce((SELECT id::text FROM attempts WHERE request_id = $1::uuid AND state <> 'reserved'), '')";
    let attempt = until(|| tenants.tables.text(attempt, &bare), |id| !id.is_empty()).await?;
    let content = json!({"team": team, "request": bare});
    until(|| member.visitor.done("history/content", &content), |it| it["lock"].is_null()).await?;
    let kept = keep(&member.visitor, &team, &mark).await?;
    disable(tenants, &team).await?;
    let cell = &view["cells"][0];
    let side = &mut tenants.sides[number];
    (side.run, side.cell, side.request, side.attempt) = (run, text(&cell["id"]), bare, attempt);
    side.run_request = text(&cell["samples"][0]["metrics"]["request"]);
    [side.case_set, side.view, side.image] = kept;
    Ok(())
}

/// A grid of two columns and one row.
pub fn grid(model: &str, said: &str) -> Value {
    let prompt = json!({"turns": [{"text": said}]});
    json!({"prompt": prompt, "variants": [{"model": model}, {"model": model}], "cases": [{"name": "one"}], "samples": 1})
}

/// The smallest picture, as a page sends it.
pub const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// Case set, view and image of a member.
async fn keep(member: &crate::Visitor, team: &str, mark: &str) -> Result<[String; 3]> {
    let cases = json!([{"name": mark, "values": [["topic", mark]]}]);
    let set = json!({"team": team, "name": format!("set {mark}"), "shared": true, "cases": cases});
    let set = text(&member.done("playground/save_case_set", &json!({"input": set})).await?);
    let view = json!({"team": team, "name": format!("view {mark}"), "query": "f=status:in:success", "shared": true});
    let view = text(&member.done("history/save_view", &json!({"input": view})).await?);
    let image = member.done("playground/add_image", &json!({"team": team, "data_base64": PICTURE})).await?;
    Ok([set, view, text(&image["id"])])
}

async fn disable(tenants: &Tenants, team: &str) -> Result<()> {
    let gone = tenants.people.get(format!("{team}-gone").as_str()).context("somebody to disable")?;
    tenants["owner"].visitor.done("users/disable", &json!({"user": gone.id})).await?;
    Ok(())
}

async fn tokens(tenants: &Tenants, team: &str) -> Result<BTreeMap<&'static str, Issued>> {
    let admin = &tenants.people.get(format!("{team}-admin").as_str()).context("an admin")?.visitor;
    let owner = &tenants["owner"].visitor;
    let all: Vec<&str> = TokenScope::ALL.into_iter().map(TokenScope::as_str).collect();
    let mut tokens = BTreeMap::new();
    for scope in &all {
        let name: &'static str = scope;
        tokens.insert(name, token(admin, scope, &[scope], "", "").await?);
    }
    for name in ["expired", "revoked"] {
        tokens.insert(name, token(admin, name, &all, "", LATER).await?);
    }
    tokens.insert("own", token(admin, "own", &all, team, LATER).await?);
    // Of somebody who may do everything everywhere, for this team only.
    tokens.insert("bound", token(owner, &format!("bound to {team}"), &all, team, LATER).await?);
    admin.done("tokens/revoke", &json!({"token": tokens["revoked"].id})).await?;
    let past = "UPDATE management_tokens SET expires_at = clock_timestamp() - interval '1 minute' WHERE id = $1::uuid";
    tenants.tables.execute(past, &tokens["expired"].id).await?;
    Ok(tokens)
}

pub async fn key(who: &crate::Visitor, team: &str, name: &str, kind: &str, scopes: &[&str]) -> Result<Issued> {
    let rules = json!({"models": "all", "scopes": scopes});
    let made =
        who.done("keys/create", &json!({"input": {"team": team, "name": name, "kind": kind, "rules": rules}})).await?;
    Ok(Issued { id: text(&made["key"]["id"]), secret: text(&made["secret"]) })
}

async fn token(who: &crate::Visitor, name: &str, scopes: &[&str], team: &str, expires: &str) -> Result<Issued> {
    let input = json!({"name": name, "scopes": scopes, "team": team, "expires": expires});
    let made = who.done("tokens/create", &json!({"input": input})).await?;
    Ok(Issued { id: text(&made["token"]["id"]), secret: text(&made["secret"]) })
}

async fn invitation(tenants: &Tenants, team: &str, email: &str) -> Result<Issued> {
    let admin = &tenants.people.get(format!("{team}-admin").as_str()).context("an admin")?.visitor;
    let input = json!({"team": team, "role": "member", "email": email});
    let link = admin.done("invitations/create", &json!({"input": input})).await?;
    let list = admin.done("invitations/list", &json!({"team": team})).await?;
    let made =
        list.as_array().and_then(|all| all.iter().find(|one| one["email"] == email)).context("the invitation")?;
    Ok(Issued { id: text(&made["id"]), secret: of_link(&link)? })
}

async fn reset(tenants: &Tenants, user: &str) -> Result<Issued> {
    let link = tenants["owner"].visitor.done("users/reset_link", &json!({"user": user})).await?;
    Ok(Issued { id: user.to_owned(), secret: of_link(&link)? })
}

/// The secret in the fragment of a link that is shown once.
pub fn of_link(link: &Value) -> Result<String> {
    let url = link["url"].as_str().context("a link")?;
    let fragment = url.split_once('#').context("the secret stands in the fragment")?.1;
    Ok(fragment.rsplit('=').next().unwrap_or(fragment).to_owned())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Asks again until the answer is there; the product tells nobody outside when it is.
async fn until<T, F: Future<Output = Result<T>>>(ask: impl Fn() -> F, is_there: impl Fn(&T) -> bool) -> Result<T> {
    let look = async {
        loop {
            let found = ask().await?;
            if is_there(&found) {
                return Ok(found);
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), look).await.context("it never got there")?
}
