//! Attenuation (`security.md` VK-4) and guessing (T-AUTHFUZZ): a key is never more than who made it and the team it is in,
//! however scopes, models, expiry and roles are drawn; and what is no key or token opens nothing.
//!
//! Draws come from a seed, so a failure names its number and happens again.

use std::{collections::BTreeSet, time::Duration};

use domain::{
    key::KeyScope,
    permission::Permission,
    role::{InstanceRole, TeamRole},
};
use futures_util::StreamExt as _;
use http::Method;
use serde_json::{Value, json};
use tests::{
    Answer, Tenants, Visitor,
    tenants::{Person, Side},
    virtual_key,
};

const DRAWS: u64 = 300;
const GUESSES: u64 = 100_000;
/// Guesses that go over the wire; the rest meet the same reader without a socket.
const SENT: u64 = 4_000;
const AT_ONCE: usize = 8;

/// A small generator, seeded: the n-th draw is the n-th draw.
struct Draw(u64);

impl Draw {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x1234_5678_9abc_def1))
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 20).unwrap_or(0) % limit
    }

    fn some<'a, T>(&mut self, of: &'a [T]) -> Vec<&'a T> {
        of.iter().filter(|_| self.below(2) == 0).collect()
    }
}

/// One key somebody asks for.
struct Asked<'a> {
    nr: u64,
    person: &'a Person,
    is_personal: bool,
    /// `None`: all.
    models: Option<Vec<String>>,
    scopes: Vec<KeyScope>,
    expires: &'static str,
}

const PEOPLE: [&str; 8] =
    ["owner", "admin", "loner", "alpha-admin", "alpha-member", "alpha-viewer", "alpha-spare", "beta-admin"];
const EXPIRIES: [&str; 4] = ["", "2099-01-31", "2001-01-31", "2099-01-31T10:00:00Z"];

fn draw<'a>(tenants: &'a Tenants, nr: u64) -> Asked<'a> {
    let mut draw = Draw::new(nr);
    let names = ["alpha-model", "alpha-other", "shared-model", "beta-model", "no-such-model"].map(str::to_owned);
    let person = &tenants[PEOPLE[draw.below(PEOPLE.len())]];
    let models = (draw.below(3) > 0).then(|| draw.some(&names).into_iter().cloned().collect());
    let scopes = draw.some(&KeyScope::ALL).into_iter().copied().collect();
    Asked { nr, person, is_personal: draw.below(2) == 0, models, scopes, expires: EXPIRIES[draw.below(EXPIRIES.len())] }
}

impl Asked<'_> {
    fn role(&self) -> Option<TeamRole> {
        self.person.team.filter(|_| self.person.name.starts_with("alpha-"))
    }

    fn body(&self) -> Value {
        let models = self.models.as_ref().map_or_else(|| json!("all"), |names| json!({"only": names}));
        let kind = if self.is_personal { "personal" } else { "service" };
        let scopes: Vec<&str> = self.scopes.iter().map(|scope| scope.as_str()).collect();
        let rules = json!({"models": models, "scopes": scopes, "expires": self.expires});
        json!({"input": {"team": "alpha", "name": format!("drawn {}", self.nr), "kind": kind, "rules": rules}})
    }

    /// What may never be made.
    fn is_too_much(&self) -> bool {
        let permission = if self.is_personal { Permission::CreatePersonalKeys } else { Permission::ManageKeys };
        let is_foreign = |name: &String| name.starts_with("beta") || name.starts_with("no-such");
        !permission.held_by(self.person.instance, self.role())
            || self.models.iter().flatten().any(is_foreign)
            || self.expires.starts_with("2001")
    }

    /// The models it may ever list.
    fn most(&self) -> BTreeSet<String> {
        let all = ["alpha-model", "alpha-other", "shared-model"].map(str::to_owned);
        let is_asked = |name: &String| self.models.as_ref().is_none_or(|names| names.contains(name));
        all.into_iter().filter(is_asked).collect()
    }
}

async fn listed(visitor: &Visitor) -> (u16, BTreeSet<String>) {
    let answer = visitor.get("/v1/models").await.unwrap();
    let names = answer.json()["data"].as_array().cloned().unwrap_or_default();
    // An alias is another name of a model, not another model.
    let name = |one: &Value| {
        one["id"]
            .as_str()
            .unwrap_or_default()
            .split("-zqx")
            .next()
            .unwrap_or_default()
            .trim_end_matches("-ofall")
            .to_owned()
    };
    (answer.status, names.iter().map(name).collect())
}

/// A key that certainly came after all others: once it works, they are all known.
async fn known(tenants: &Tenants) {
    let admin = &tenants["alpha-admin"].visitor;
    let input = json!({"team": "alpha", "name": "the last", "kind": "service", "rules": {"models": "all"}});
    let made = admin.done("keys/create", &json!({"input": input})).await.unwrap();
    let last = tenants.stranger.bearer(made["secret"].as_str().unwrap());
    let wait = async {
        while last.get("/v1/models").await.unwrap().status != 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), wait).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_never_more_than_its_maker_and_its_team() {
    let tenants = Tenants::new().await;
    let (mut made, mut wrong) = (Vec::new(), Vec::new());
    for asked in (0..DRAWS).map(|nr| draw(&tenants, nr)) {
        let answer = asked.person.visitor.ask("keys/create", &asked.body()).await.unwrap();
        match answer.status {
            200 if asked.is_too_much() => wrong.push(format!("{} got {}", asked.person.name, asked.body())),
            200 => made.push((tenants.stranger.bearer(answer.json()["secret"].as_str().unwrap()), asked)),
            400 | 403 | 404 => {}
            _ => wrong.push(format!("{} {}: {}", answer.status, asked.body(), answer.text())),
        }
    }
    known(&tenants).await;
    for (key, asked) in &made {
        let (status, names) = listed(key).await;
        let may_call = asked.scopes.contains(&KeyScope::Inference);
        if !names.is_subset(&asked.most()) || (status == 200) != may_call {
            wrong.push(format!("{} of {}: {status} {names:?}", asked.body(), asked.person.name));
        }
        // One resolver for listing and calling (AC-6).
        let body = json!({"model": "alpha-other", "messages": [{"role": "user", "content": "x"}]});
        let called = key.send(Method::POST, "/v1/chat/completions", Some(&body)).await.unwrap();
        if (called.status == 200) != names.contains("alpha-other") {
            wrong.push(format!("{}: lists {names:?} and is answered {}", asked.body(), called.status));
        }
    }
    println!("{DRAWS} draws, {} keys made", made.len());
    assert!(wrong.is_empty(), "{} are wrong\n{}", wrong.len(), wrong.join("\n"));
    assert!(made.len() > 20, "{}", made.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_personal_key_stops_when_its_owner_may_not_call_models_any_more() {
    let tenants = Tenants::new().await;
    let person = &tenants["alpha-spare"];
    known(&tenants).await;
    let key = tenants.stranger.bearer(&person.key.as_ref().unwrap().secret);
    assert_eq!(key.get("/v1/models").await.unwrap().status, 200);
    let body = json!({"team": "alpha", "user": person.id, "role": "viewer"});
    tenants["alpha-admin"].visitor.done("members/set_role", &body).await.unwrap();
    let wait = async {
        while key.get("/v1/models").await.unwrap().status == 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let gone = tokio::time::timeout(Duration::from_secs(2), wait).await;
    assert!(gone.is_ok(), "a viewer's personal key still calls models");
}

/// A text that is nearly a key, or nothing like one.
fn guess(nr: u64, real: &[String]) -> String {
    let mut draw = Draw::new(nr ^ 0xfeed);
    let one = &real[draw.below(real.len())];
    let other = &real[draw.below(real.len())];
    let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-. ";
    let mut text: Vec<char> = one.chars().collect();
    let at = draw.below(text.len());
    let fresh = char::from(digits[draw.below(digits.len())]);
    match draw.below(9) {
        0 => text[at] = if text[at] == fresh { '!' } else { fresh },
        1 => text.truncate(at),
        2 => text.insert(at, fresh),
        3 => text.push(fresh),
        4 if at > 0 && text[at] != text[at - 1] => text.swap(at, at - 1),
        5 => return format!("{}{}", &one[..one.len() / 2], &other[other.len() / 2..]) + "x",
        6 => return one.to_ascii_uppercase(),
        7 => return virtual_key(&format!("guess {nr}")),
        _ => return (0..draw.below(80)).map(|_| char::from(digits[draw.below(digits.len())])).collect(),
    }
    text.into_iter().collect()
}

fn real(tenants: &Tenants) -> Vec<String> {
    let of = |side: &Side| [side.key.secret.clone(), side.tokens["own"].secret.clone(), side.invitation.secret.clone()];
    let mut all: Vec<String> = tenants.sides.iter().flat_map(of).collect();
    all.extend(tenants.people.values().map(|person| person.token.secret.clone()));
    assert!(tenants.people.values().any(|person| person.instance == InstanceRole::Owner));
    all
}

/// 401 with one text, whatever is wrong.
fn is_refused(answer: &Answer) -> bool {
    answer.status == 401
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_nearly_a_key_or_a_token_opens_nothing() {
    let tenants = Tenants::new().await;
    let real = real(&tenants);
    let (mut well_formed, mut accepted) = (0_u64, Vec::new());
    for nr in 0..GUESSES {
        let text = guess(nr, &real);
        let is_read = auth::api_key::parse(&text).is_ok() || auth::api_token::parse(&text).is_ok();
        well_formed += u64::from(is_read);
        // A right checksum is made on purpose only, and case 7 makes some.
        if is_read && (real.contains(&text) || nr > SENT && !text.starts_with("tg_")) {
            accepted.push(text);
        }
    }
    assert_eq!(accepted, [""; 0]);
    let texts = (0..SENT).map(|nr| guess(nr, &real)).filter(|text| !real.iter().any(|one| one == text.trim()));
    let sent = futures_util::stream::iter(texts).map(|text| {
        let stranger = tenants.stranger.bearer(text.trim());
        async move {
            let mut wrong = Vec::new();
            for path in ["/v1/models", "/api/v1/teams"] {
                let answer = stranger.get(path).await.unwrap();
                if !is_refused(&answer) || !text.is_empty() && text.len() > 12 && answer.text().contains(&text) {
                    wrong.push(format!("{text}: {path} {} {}", answer.status, answer.text()));
                }
            }
            wrong
        }
    });
    let wrong: Vec<String> = sent.buffer_unordered(AT_ONCE).collect::<Vec<_>>().await.concat();
    println!("{GUESSES} guesses, {well_formed} of them with a right checksum, {SENT} sent twice");
    assert!(wrong.is_empty(), "{} are wrong\n{}", wrong.len(), wrong.join("\n"));
    assert!(well_formed > 5_000, "the guesses are too wild to say anything: {well_formed}");
}
