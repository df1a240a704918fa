//! Bad input to every operation and endpoint, generated from their valid bodies: missing, of another type, too long, unknown,
//! with characters that no database takes, doubled, stale. Each is a refusal that names the field, and nothing is written.
//!
//! A body that is still valid (a field that may be absent, a text that may be long) may succeed; what it did is taken back.

use http::Method;
use serde_json::{Value, json};
use server::http::inventory::{Class, OPERATIONS, routes};
use tests::{
    Answer, Tenants, Visitor,
    tables::{Digest, changed},
};

use crate::surface::{Form, Scene, forms, maker, routes::Call};

const SHOWN: usize = 40;
/// Longer than any name, shorter than any limit of a body.
const LONG: usize = 70_000;
const UNKNOWN: &str = "no_such_field";
/// Texts that may be long, each with its reason.
const MAY_BE_LONG: &[(&str, &str)] = &[
    ("text", "a bundle is a file"),
    ("file", "a bundle or a price file"),
    ("user", "a prompt"),
    ("system", "a prompt"),
    ("subject", "the name of a file, or words to search for: nothing stores it"),
    ("value", "the value of a button: nothing stores it"),
    ("new", "a password may hold any character; one that is too long is told so"),
];

/// Operations that judge or keep a grid as far as somebody has got with it, so that a name without end is part of the answer or
/// of the draft, and no refusal.
const UNFINISHED: [&str; 2] = ["/ui/playground/save_draft", "/ui/runs/forecast"];
/// Bodies that may be larger than others, each with its reason.
const MAY_BE_LARGE: [(&str, &str); 6] = [
    ("prices/import", "a price file"),
    ("playground/add_image", "an image"),
    ("playground/read_cases", "a table"),
    ("playground/save", "a draft and a case set hold all texts of a grid"),
    ("runs/start", "a grid"),
    ("runs/forecast", "a grid"),
];

/// A request that is fine, and who sends it.
struct Good {
    name: String,
    visitor: Visitor,
    call: Call,
}

/// What was done to a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Harm {
    Missing,
    Type,
    Long,
    Control,
    Unknown,
}

fn all(tenants: &Tenants) -> Vec<Good> {
    let mut found = Vec::new();
    let scene = |person, nr| Scene { tenants, side: tenants.alpha(), me: Some(person), nr };
    for (path, class) in OPERATIONS {
        for form in forms(class) {
            let is_instance = matches!(class, Class::Instance(_)) || *form == Form::Shared;
            let person = if is_instance { &tenants["owner"] } else { &tenants["alpha-admin"] };
            let body = maker(path, *form)(&scene(person, found.len()));
            let call = Call { method: Method::POST, path: (*path).to_owned(), body: Some(body) };
            found.push(Good { name: format!("{path} ({form:?})"), visitor: person.visitor.clone(), call });
        }
    }
    let token = tenants.stranger.bearer(&tenants.alpha().tokens["own"].secret);
    for (route, _) in routes().into_iter().filter(|(_, class)| matches!(class, Class::Token(_))) {
        let call = crate::surface::routes::call(route, Form::Plain, &scene(&tenants["alpha-admin"], found.len()));
        if call.body.is_some() {
            found.push(Good { name: route.to_owned(), visitor: token.clone(), call });
        }
    }
    found
}

/// Pointers to every field of every object in a body, and to every object.
fn places(value: &Value, at: &str, fields: &mut Vec<String>, objects: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            objects.push(at.to_owned());
            for (name, inner) in object {
                fields.push(format!("{at}/{name}"));
                places(inner, &format!("{at}/{name}"), fields, objects);
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{number}"), fields, objects);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The body with one thing wrong, and the field that the refusal must name.
fn harmed(body: &Value) -> Vec<(Harm, String, Value)> {
    let (mut fields, mut objects, mut out) = (Vec::new(), Vec::new(), Vec::new());
    places(body, "", &mut fields, &mut objects);
    let name = |pointer: &str| pointer.rsplit('/').next().unwrap_or_default().to_owned();
    for pointer in &fields {
        let with = |value: Value| {
            let mut copy = body.clone();
            if let Some(place) = copy.pointer_mut(pointer) {
                *place = value;
            }
            copy
        };
        let mut without = body.clone();
        let (parent, last) = pointer.rsplit_once('/').unwrap_or_default();
        if let Some(object) = without.pointer_mut(parent).and_then(Value::as_object_mut) {
            object.remove(last);
        }
        out.push((Harm::Missing, name(pointer), without));
        let other = if body.pointer(pointer).is_some_and(Value::is_array) { json!({"a": 1}) } else { json!([[1]]) };
        out.push((Harm::Type, name(pointer), with(other)));
        if body.pointer(pointer).is_some_and(Value::is_string) {
            out.push((Harm::Long, name(pointer), with(json!("x".repeat(LONG)))));
            out.push((Harm::Control, name(pointer), with(json!("nul\u{0}and\u{7}bell"))));
        }
    }
    for pointer in &objects {
        let mut copy = body.clone();
        if let Some(object) = copy.pointer_mut(pointer).and_then(Value::as_object_mut) {
            object.insert(UNKNOWN.to_owned(), json!("canary of a field"));
        }
        out.push((Harm::Unknown, UNKNOWN.to_owned(), copy));
    }
    out
}

/// `None`: as it must be.
fn judged(good: &Good, harm: Harm, field: &str, answer: &Answer) -> Option<String> {
    let is_free = MAY_BE_LONG.iter().any(|(name, _)| *name == field);
    let is_unfinished = UNFINISHED.iter().any(|name| good.name.starts_with(name));
    let may_be_fine = harm == Harm::Missing || (is_free || is_unfinished) && matches!(harm, Harm::Long | Harm::Control);
    // What names a thing is found or not; a text that names none is not found.
    let names_a_thing = matches!(harm, Harm::Long | Harm::Control) && answer.status == 404;
    // What is wrong inside of a file is told by its line, and a file of nothing by what is missing for it.
    let is_told = answer.text().contains(field) || names_a_thing || may_be_fine && is_free;
    let is_refused = (400..500).contains(&answer.status) && (is_told || answer.status == 413);
    let is_success = (200..300).contains(&answer.status);
    if is_refused || may_be_fine && (is_success || answer.status == 404) {
        return None;
    }
    let text: String = answer.text().chars().take(140).collect();
    Some(format!("{}: {harm:?} {field}: {} {text}", good.name, answer.status))
}

/// A refusal may come while a large body is still on its way, and the connection end before the answer is read: then it is sent
/// again.
async fn send(good: &Good, body: &Value) -> Answer {
    for _ in 0..8 {
        if let Ok(answer) = good.visitor.send(good.call.method.clone(), &good.call.path, Some(body)).await {
            return answer;
        }
    }
    good.visitor.send(good.call.method.clone(), &good.call.path, Some(body)).await.unwrap()
}

/// Every harm to one request; how many there were.
async fn spoil(tenants: &Tenants, kept: &Digest, good: &Good, wrong: &mut Vec<String>) -> usize {
    let body = good.call.body.clone().unwrap_or_default();
    let harms = harmed(&body);
    for (harm, field, body) in &harms {
        let answer = send(good, body).await;
        wrong.extend(judged(good, *harm, field, &answer));
        if answer.text().contains("canary of a field") {
            wrong.push(format!("{}: repeats the value of {field}", good.name));
        }
        if (200..300).contains(&answer.status) {
            if ["runs/start", "runs/again"].iter().any(|name| good.name.contains(name)) {
                crate::matrix::at_rest(tenants).await;
            }
            tenants.tables.restore(kept).await.unwrap();
        }
    }
    for text in ["", "{", "[]", "null", "\"text\"", "{\"input\": 1}", "\u{feff}{}"] {
        let request = good.visitor.request(good.call.method.clone(), &good.call.path);
        let request = request.header("content-type", "application/json").body(text);
        let answer = Answer::read(request.send().await.unwrap()).await;
        if answer.status >= 500 {
            wrong.push(format!("{}: {text:?}: {} {}", good.name, answer.status, answer.text()));
        }
        if (200..300).contains(&answer.status) {
            tenants.tables.restore(kept).await.unwrap();
        }
    }
    let written = changed(kept, &tenants.tables.digest().await.unwrap());
    if !written.is_empty() {
        wrong.push(format!("{}: refused input wrote {written:?}", good.name));
        tenants.tables.restore(kept).await.unwrap();
    }
    harms.len()
}

#[track_caller]
fn assert_right(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} are wrong\n{}", wrong.len(), wrong[..wrong.len().min(SHOWN)].join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_wrong_field_is_refused_by_name_and_nothing_is_written() {
    let tenants = Tenants::new().await;
    let kept = tenants.tables.keep().await.unwrap();
    let (mut wrong, mut count) = (Vec::new(), 0);
    let all = all(&tenants);
    for good in &all {
        count += spoil(&tenants, &kept, good, &mut wrong).await;
    }
    println!("{count} bad inputs to {} operations and endpoints", all.len());
    assert_right(&wrong);
    assert!(count > 800, "{count}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_is_taken_is_a_conflict_and_a_stale_save_is_one_too() {
    let tenants = Tenants::new().await;
    let kept = tenants.tables.keep().await.unwrap();
    let (mut wrong, mut doubled, mut stale) = (Vec::new(), 0, 0);
    for good in all(&tenants) {
        let mut body = good.call.body.clone().unwrap_or_default();
        let makes = [
            "/keys/create",
            "/models/create",
            "/providers/create",
            "/teams/create",
            "/tokens/create",
            "POST /api/v1/teams/{team}/keys",
            "POST /api/v1/teams/{team}/models",
        ];
        if makes.iter().any(|name| good.name.split(" (").next().is_some_and(|path| path.ends_with(name))) {
            doubled += 1;
            let first = send(&good, &body).await;
            let second = send(&good, &body).await;
            if !(200..300).contains(&first.status)
                || !matches!(second.status, 400 | 409)
                || !second.text().contains("name") && !second.text().contains("slug")
            {
                wrong.push(format!("{}: twice: {} then {} {}", good.name, first.status, second.status, second.text()));
            }
            tenants.tables.restore(&kept).await.unwrap();
        }
        if let Some(revision) = body.pointer("/input/revision").and_then(Value::as_i64) {
            stale += 1;
            let kept_before = tenants.tables.digest().await.unwrap();
            for other in [revision - 1, revision + 1, i64::MAX, i64::MIN] {
                body["input"]["revision"] = json!(other);
                let answer = send(&good, &body).await;
                if answer.status != 409 {
                    wrong.push(format!("{}: revision {other}: {} {}", good.name, answer.status, answer.text()));
                }
            }
            if tenants.tables.digest().await.unwrap() != kept_before {
                wrong.push(format!("{}: a stale save was written", good.name));
                tenants.tables.restore(&kept).await.unwrap();
            }
        }
    }
    println!("{doubled} names taken, {stale} stale saves");
    assert_right(&wrong);
    assert!(doubled >= 7 && stale >= 5, "{doubled} {stale}");
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_wherever_it_goes() {
    let tenants = Tenants::new().await;
    let before = tenants.tables.digest().await.unwrap();
    let huge = "x".repeat(3 << 20);
    let is_usual = |good: &&Good| !MAY_BE_LARGE.iter().any(|(name, _)| good.name.contains(name));
    for good in all(&tenants).iter().filter(is_usual) {
        let answer = send(good, &json!({"input": {"name": huge}})).await;
        assert_eq!(answer.status, 413, "{}: {}", good.name, answer.text());
    }
    for path in ["/sign-in", "/setup", "/invite", "/reset"] {
        let answer = tenants.stranger.form(path, &[("email", &huge[..100_000])]).await.unwrap();
        assert_eq!(answer.status, 413, "{path}");
    }
    assert_eq!(tenants.tables.digest().await.unwrap(), before);
}
