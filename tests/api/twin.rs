//! Two equal teams (`security.md` T-TWIN): all that team alpha's admin, token and key can send, sent again with beta's ids.
//!
//! The session is recorded from the inventory: every operation, page, endpoint and client route in every form, as the admin
//! of alpha would send it. Then one id after another, and all at once, is replaced by its twin, and every id also by beta's
//! ids of every other kind. Nothing of beta may be shown, nothing of beta may change, and the answer must be the very answer
//! that an id of nobody gets.

use std::{collections::BTreeSet, time::Duration};

use domain::key::KeyScope;
use futures_util::StreamExt as _;
use http::Method;
use server::http::inventory::{Class, OPERATIONS, routes};
use tests::{
    Answer, Tenants, Visitor,
    tables::changed,
    tenants::{Side, mark},
};

use crate::surface::{Form, Scene, bodies, forms, maker, routes::Call};

const AT_ONCE: usize = 4;
const SHOWN: usize = 40;
/// The longest that an answer takes to its end.
const PATIENCE: Duration = Duration::from_secs(60);
/// Kinds of handles that are no UUID: they replace only their own kind.
const WORDS: [&str; 4] = ["team slug", "provider slug", "model name", "public request"];

/// One request as it was recorded, and who sent it.
struct Recorded {
    name: String,
    visitor: Visitor,
    call: Call,
}

/// One replacement: what it is called, what was there, what stands there now, and what nobody has.
#[derive(Clone)]
struct Swap {
    name: String,
    pairs: Vec<(String, String, String)>,
}

fn record(tenants: &Tenants) -> Vec<Recorded> {
    let admin = &tenants["alpha-admin"];
    let token = tenants.stranger.bearer(&tenants.alpha().tokens["own"].secret);
    let key = tenants.stranger.bearer(&admin.key.as_ref().expect("a key").secret);
    let telling = tenants.stranger.bearer(&tenants.alpha().keys["narrow"].secret);
    let scene = |nr| Scene { tenants, side: tenants.alpha(), me: Some(admin), nr };
    let mut all = Vec::new();
    for (path, class) in OPERATIONS {
        for form in forms(class) {
            let body = maker(path, *form)(&scene(all.len()));
            let call = Call { method: Method::POST, path: (*path).to_owned(), body: Some(body) };
            all.push(Recorded { name: format!("{path} ({form:?})"), visitor: admin.visitor.clone(), call });
        }
    }
    for (operation, maker) in bodies::PAGES {
        let body = maker(&scene(all.len()));
        let call = Call { method: Method::POST, path: format!("/ui/{operation}"), body: Some(body) };
        let name = format!("{} {}", call.path, written(&call).lines().last().unwrap_or_default());
        all.push(Recorded { name, visitor: admin.visitor.clone(), call });
    }
    for (route, class) in routes() {
        let visitor = match class {
            // The forms that mint a session are tried with their secrets in `links.rs`.
            Class::Public => continue,
            Class::Key(KeyScope::FeedbackWrite) => &telling,
            Class::Key(_) => &key,
            Class::Token(_) | Class::AnyToken => &token,
            Class::Person | Class::Team(_) | Class::Instance(_) | Class::OwnOr(_) | Class::TeamOrInstance(..) => {
                &admin.visitor
            }
        };
        let call = crate::surface::routes::call(route, Form::Plain, &scene(all.len()));
        all.push(Recorded { name: route.to_owned(), visitor: visitor.clone(), call });
    }
    all
}

/// All replacements that change this request.
fn swaps(call: &Call, alpha: &Side, beta: &Side, nowhere: &Side) -> Vec<Swap> {
    let text = written(call);
    let is_word = |kind: &str| WORDS.contains(&kind);
    let mut all = Vec::new();
    let mut whole = Vec::new();
    for ((kind, own), (_, none)) in alpha.handles().into_iter().zip(nowhere.handles()) {
        if own.is_empty() || replaced(&text, &own, "") == text {
            continue;
        }
        for (other, foreign) in beta.handles() {
            let fits = if is_word(kind) { kind == other } else { !is_word(other) };
            if !fits || foreign.is_empty() {
                continue;
            }
            let pair = (own.clone(), foreign, none.clone());
            if kind == other {
                whole.push(pair.clone());
            }
            all.push(Swap { name: format!("{kind} by beta's {other}"), pairs: vec![pair] });
        }
    }
    // The slug of the team is part of other slugs: what is longer goes first.
    whole.sort_by_key(|(own, _, _)| std::cmp::Reverse(own.len()));
    if whole.len() > 1 {
        all.push(Swap { name: "everything".to_owned(), pairs: whole });
    }
    all
}

fn written(call: &Call) -> String {
    format!("{}\n{}", call.path, call.body.as_ref().map(ToString::to_string).unwrap_or_default())
}

impl Swap {
    fn apply(&self, call: &Call, is_foreign: bool) -> Call {
        let swap = |text: &str| {
            self.pairs.iter().fold(text.to_owned(), |text, (own, foreign, none)| {
                replaced(&text, own, if is_foreign { foreign } else { none })
            })
        };
        let body =
            call.body.as_ref().map(|body| serde_json::from_str(&swap(&body.to_string())).expect("JSON stays JSON"));
        Call { method: call.method.clone(), path: swap(&call.path), body }
    }
}

/// Whole handles only: the slug `alpha` is not replaced inside of `alpha-model`.
fn replaced(text: &str, own: &str, other: &str) -> String {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-');
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(own) {
        let (before, after) = (rest[..at].chars().next_back(), rest[at + own.len()..].chars().next());
        out.push_str(&rest[..at]);
        out.push_str(if is_part(before) || is_part(after) { own } else { other });
        rest = &rest[at + own.len()..];
    }
    out + rest
}

async fn send(visitor: &Visitor, call: &Call) -> Answer {
    let answer = visitor.send(call.method.clone(), &call.path, call.body.as_ref());
    let answer = tokio::time::timeout(PATIENCE, answer).await;
    answer.unwrap_or_else(|_| panic!("no end of {}", written(call))).expect("an answer")
}

/// An answer without what differs from request to request, and without the ids that were asked for.
fn plain(answer: &Answer, swap: &Swap, is_foreign: bool) -> (u16, String) {
    let mut text = answer.text().to_owned();
    for (_, foreign, none) in &swap.pairs {
        text = replaced(&text, if is_foreign { foreign } else { none }, "(asked for)");
    }
    let id = answer.header("x-request-id").unwrap_or("(no id)");
    text = text.replace(id, "(id)").replace(id.trim_start_matches("req_"), "(id)");
    if let Some(nonce) = answer.header("content-security-policy").and_then(|policy| policy.split("'nonce-").nth(1)) {
        text = text.replace(nonce.split('\'').next().unwrap_or_default(), "(nonce)");
    }
    // The data of a page stands in the order in which it was ready.
    text = text.replace("__RESOLVED_RESOURCES", "<");
    let mut parts: Vec<&str> = text.split('<').collect();
    if text.contains("<html") {
        parts.sort_unstable();
        // How many pieces it comes in is a matter of time as well.
        parts.dedup();
    }
    (answer.status, parts.concat())
}

/// One replacement, compared with the same request for what nobody has. What is shown, or is no answer, is wrong at once; the
/// comparison is made again, with both, before it counts: a page may print the time, and a minute may end between the two.
async fn try_swap(one: &Recorded, swap: &Swap) -> Vec<String> {
    let (mut wrong, difference) = try_once(one, swap).await;
    if difference.is_some() {
        let (more, difference) = try_once(one, swap).await;
        wrong.extend(more.into_iter().chain(difference));
    }
    wrong
}

/// What is wrong with the answer for beta's id, and how it differs from the one for nobody's.
async fn try_once(one: &Recorded, swap: &Swap) -> (Vec<String>, Option<String>) {
    let mut wrong = Vec::new();
    let foreign = send(&one.visitor, &swap.apply(&one.call, true)).await;
    let tell = |what: &str| {
        let text: String = foreign.text().chars().take(160).collect();
        format!("{}, {}: {what}: {} {text}", one.name, swap.name, foreign.status)
    };
    if foreign.text().contains(&mark("beta")) {
        wrong.push(tell("shows beta"));
    }
    if foreign.status >= 500 {
        wrong.push(tell("is no answer"));
    }
    let nobody = send(&one.visitor, &swap.apply(&one.call, false)).await;
    let (theirs, none) = (plain(&foreign, swap, true), plain(&nobody, swap, false));
    let difference = (theirs != none).then(|| {
        let (theirs, none) = (format!("{} {}", theirs.0, theirs.1), format!("{} {}", none.0, none.1));
        let at = theirs.chars().zip(none.chars()).take_while(|(one, other)| one == other).count();
        let around = |text: &str| text.chars().skip(at.saturating_sub(40)).take(120).collect::<String>();
        let (theirs, none) = (around(&theirs), around(&none));
        format!("{}, {}: an id of beta's and one of nobody's: {theirs:?} and {none:?}", one.name, swap.name)
    });
    (wrong, difference)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_ids_of_the_other_team_nothing_is_read_and_nothing_is_written() {
    let tenants = Tenants::new().await;
    let nowhere = Side::nowhere();
    let (alpha, beta) = (tenants.alpha(), tenants.beta());
    let kept = tenants.tables.keep().await.expect("a copy");
    let words: Vec<String> = beta.handles().into_iter().map(|(_, text)| text).chain([mark("beta")]).collect();
    let theirs = tenants.tables.digest_of(&words).await.expect("a digest");
    let session = record(&tenants);
    let (mut wrong, mut count, mut touched) = (Vec::new(), 0, BTreeSet::new());
    for one in &session {
        let swaps = swaps(&one.call, alpha, beta, &nowhere);
        count += swaps.len();
        let tries = futures_util::stream::iter(&swaps).map(|swap| try_swap(one, swap));
        wrong.extend(tries.buffer_unordered(AT_ONCE).collect::<Vec<_>>().await.concat());
        let written = changed(&theirs, &tenants.tables.digest_of(&words).await.expect("a digest"));
        if !written.is_empty() {
            wrong.push(format!("{} wrote beta's {written:?}", one.name));
        }
        touched.extend(tenants.tables.restore(&kept).await.expect("as it was"));
    }
    println!("{count} substitutions in {} recorded requests; own rows touched on the way: {touched:?}", session.len());
    assert!(wrong.is_empty(), "{} are wrong\n{}", wrong.len(), wrong[..wrong.len().min(SHOWN)].join("\n"));
    assert!(count >= 700, "{count}");
}

#[test]
fn only_whole_handles_are_replaced() {
    assert_eq!(replaced("/t/alpha/models?x=alpha-model,alpha", "alpha", "beta"), "/t/beta/models?x=alpha-model,beta");
}
