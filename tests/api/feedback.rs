//! Verdicts by key (`product.md` 16): what an editor does with public endpoints alone, and the tables that come of it, counted a
//! second time from what it sent.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};
use tests::{Answer, Tenants, Visitor};

const CALLS: usize = 90;
const TASKS: [&str; 3] = ["review", "tests", ""];

/// An editor: it calls, keeps the request's id and the answer, and tells later what became of it.
struct Editor<'a> {
    caller: &'a Visitor,
}

impl Editor<'_> {
    /// The request's id and the text that came; every third call is a stream.
    async fn call(&self, model: &str, task: &str, number: usize) -> (String, String) {
        let stream = number.is_multiple_of(3);
        let messages = json!([{"role": "user", "content": format!("Complete line {number}.")}]);
        let body = json!({"model": model, "stream": stream, "messages": messages});
        let mut request = self.caller.request(Method::POST, "/v1/chat/completions");
        if !task.is_empty() {
            request = request.header("x-tallygate-task", task);
        }
        let request = request.header("content-type", "application/json").body(body.to_string());
        let answer = Answer::read(request.send().await.expect("an answer")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let text = if stream {
            answer.streamed_text()
        } else {
            answer.json()["choices"][0]["message"]["content"].as_str().expect("a text").to_owned()
        };
        (answer.header("x-request-id").expect("an id").to_owned(), text)
    }

    async fn tell(&self, items: &[Value]) -> Answer {
        let body = json!({"feedback": items});
        self.caller.send(Method::POST, "/api/v1/feedback", Some(&body)).await.expect("an answer")
    }

    /// Tells what must be taken.
    async fn done(&self, items: &[Value]) {
        let answer = self.tell(items).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["accepted"], items.len(), "{}", answer.text());
    }
}

/// What was sent about one model or task.
#[derive(Clone, Debug, Default)]
struct Sent {
    outcomes: [u32; 3],
    ratings: Vec<u32>,
    distances: Vec<u32>,
}

const OUTCOMES: [&str; 3] = ["accepted", "edited", "rejected"];

fn parts(share: f64) -> u32 {
    (share.clamp(0.0, 1.0) * 10_000.0).round() as u32
}

/// Wilson's interval, worked out again.
fn share(hits: u32, n: u32) -> Value {
    let (p, count, z) = (f64::from(hits) / f64::from(n), f64::from(n), 1.959_964_f64);
    let middle = (p + z * z / (2.0 * count)) / (1.0 + z * z / count);
    let half = z * (p * (1.0 - p) / count + z * z / (4.0 * count * count)).sqrt() / (1.0 + z * z / count);
    json!({"n": n, "value": parts(p), "low": parts(middle - half), "high": parts(middle + half)})
}

/// The mean of the ratings with its interval, in hundredths.
fn mean(ratings: &[u32]) -> Value {
    let count = ratings.len() as f64;
    let mean = ratings.iter().map(|rating| f64::from(*rating)).sum::<f64>() / count;
    let variance = ratings.iter().map(|rating| (f64::from(*rating) - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let half = 1.959_964 * (variance / count).sqrt();
    let shown = |value: f64| (value.clamp(1.0, 5.0) * 100.0).round() as u32;
    json!({"n": ratings.len(), "mean": shown(mean), "low": shown(mean - half), "high": shown(mean + half)})
}

fn recounted(of: &str, sent: &Sent) -> Value {
    let [accepted, edited, rejected] = sent.outcomes;
    let n = accepted + edited + rejected;
    let mut distances = sent.distances.clone();
    distances.sort_unstable();
    json!({
        "of": of, "n": n, "accepted": accepted, "edited": edited, "rejected": rejected,
        "acceptance": share(accepted + edited, n), "rating": mean(&sent.ratings),
        // Of two in the middle, the lower one.
        "edit_distance": distances[(distances.len() - 1) / 2], "distances": distances.len(),
        "blind_wins": {"n": 0, "value": 0, "low": 0, "high": 0},
    })
}

/// What becomes of the answer of call `number`: an item, and what it must count as.
fn item(number: usize, id: &str, text: &str, sent: &mut Sent) -> Value {
    let outcome = [0, 0, 0, 1, 1, 2][number % 6];
    sent.outcomes[outcome] += 1;
    let mut item = json!({"request_id": id, "outcome": OUTCOMES[outcome]});
    if outcome == 1 && number.is_multiple_of(2) {
        let share = 1 + u32::try_from(number).expect("a small number") * 37;
        item["edit_distance"] = json!(f64::from(share) / 10_000.0);
        sent.distances.push(share);
    } else if outcome == 1 {
        // So many characters at the end are others: that is the distance, of the longer text.
        let kept: Vec<char> = text.chars().collect();
        let changed = 1 + number % 7;
        let start: String = kept[..kept.len() - changed].iter().collect();
        item["final_text"] = json!(start + &"\u{2603}".repeat(changed));
        sent.distances.push((changed as f64 * 10_000.0 / kept.len() as f64).round() as u32);
    }
    if number % 4 < 2 {
        let rating = 1 + u32::try_from(number % 5).expect("a small number");
        item["rating"] = json!(rating);
        sent.ratings.push(rating);
    }
    item
}

async fn editor_key(tenants: &Tenants, scopes: &[&str]) -> Visitor {
    let rules = json!({"models": "all", "scopes": scopes});
    let input = json!({"team": "alpha", "name": format!("editor {}", scopes.len()), "kind": "service", "rules": rules});
    let made = tenants["alpha-admin"].visitor.done("keys/create", &json!({"input": input})).await.expect("a key");
    let caller = tenants.stranger.bearer(made["secret"].as_str().expect("a secret"));
    while caller.get("/v1/models").await.expect("an answer").status == 401 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    caller
}

async fn report(tenants: &Tenants, by: &str) -> BTreeMap<String, Value> {
    let query = json!({"query": {"team": "alpha", "by": by}});
    let told = tenants["alpha-viewer"].visitor.done("feedback/report", &query).await.expect("a report");
    let rows = told["rows"].as_array().expect("rows").clone();
    rows.into_iter().map(|row| (row["of"].as_str().expect("a name").to_owned(), row)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fb_6_an_editor_with_public_endpoints_alone_reproduces_the_table() {
    let tenants = Tenants::new().await;
    let caller = editor_key(&tenants, &["inference", "feedback.write"]).await;
    let editor = Editor { caller: &caller };
    let (mut by_model, mut by_task, mut all) = (BTreeMap::new(), BTreeMap::new(), Sent::default());
    let mut items = Vec::new();
    for number in 0..CALLS {
        // Not in step with the outcomes, or a model would have one of them alone.
        let (model, task) = (["alpha-model", "alpha-other"][number / 6 % 2], TASKS[number / 12 % 3]);
        let (id, text) = editor.call(model, task, number).await;
        let item = {
            let mut sent = Sent::default();
            let item = item(number, &id, &text, &mut sent);
            for total in
                [by_model.entry(model).or_insert_with(Sent::default), by_task.entry(task).or_default(), &mut all]
            {
                for (sum, more) in total.outcomes.iter_mut().zip(sent.outcomes) {
                    *sum += more;
                }
                total.ratings.extend(&sent.ratings);
                total.distances.extend(&sent.distances);
            }
            item
        };
        items.push(item);
    }
    // Two were there before.
    tenants.tables.until_written("bodies", 2 + CALLS).await.expect("what was said is stored");
    editor.done(&items).await;

    let rows = report(&tenants, "model").await;
    for (model, sent) in &by_model {
        assert_eq!(rows[*model], recounted(model, sent));
    }
    let rows = report(&tenants, "task_class").await;
    for (task, sent) in &by_task {
        assert_eq!(rows[*task], recounted(task, sent));
    }
    assert_eq!(report(&tenants, "team").await.values().map(|row| row["n"].clone()).collect::<Vec<_>>(), [json!(CALLS)]);

    // Sent twice is said once.
    editor.done(&items).await;
    let again = report(&tenants, "model").await;
    for (model, sent) in &by_model {
        assert_eq!(again[*model], recounted(model, sent));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fb_2_the_same_source_replaces_what_it_said_and_another_one_does_not() {
    let tenants = Tenants::new().await;
    let caller = editor_key(&tenants, &["inference", "feedback.write"]).await;
    let editor = Editor { caller: &caller };
    let (id, _) = editor.call("alpha-model", "", 1).await;
    for (outcome, wanted) in [("accepted", [1, 0]), ("rejected", [0, 1]), ("rejected", [0, 1])] {
        editor.done(&[json!({"request_id": id, "outcome": outcome})]).await;
        let row = report(&tenants, "model").await.remove("alpha-model").expect("a row");
        assert_eq!([&row["accepted"], &row["rejected"]], wanted.map(|count| json!(count)).each_ref());
    }
    let other = tenants.stranger.bearer(&tenants.alpha().keys["narrow"].secret);
    Editor { caller: &other }.done(&[json!({"request_id": id, "outcome": "accepted"})]).await;
    let kept = tenants.tables.rows("feedback", &[]).await.expect("rows");
    let of_request = |row: &&String| row.contains(&uuid::Uuid::parse_str(&id[4..]).expect("an id").to_string());
    assert_eq!(kept.iter().filter(of_request).count(), 3, "two words of the editor, one of the other key: {kept:?}");
    assert_eq!(kept.iter().filter(of_request).filter(|row| row.contains("\"is_current\": true")).count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fb_1_a_wrong_item_is_told_in_its_place_and_the_good_ones_count() {
    let tenants = Tenants::new().await;
    let caller = editor_key(&tenants, &["inference", "feedback.write"]).await;
    let editor = Editor { caller: &caller };
    let (id, _) = editor.call("alpha-model", "", 1).await;
    let foreign = format!("req_{}", tenants.beta().request.replace('-', ""));
    let good = json!({"request_id": id, "outcome": "accepted", "tags": ["größe"], "comment": "fine"});
    let wrong = [
        ("rating", json!({"request_id": id, "rating": 0})),
        ("rating", json!({"request_id": id, "rating": 6})),
        ("outcome", json!({"request_id": id, "outcome": "loved"})),
        ("edit_distance", json!({"request_id": id, "edit_distance": 1.2})),
        ("request_id", json!({"request_id": foreign, "outcome": "accepted"})),
        ("request_id", json!({"request_id": "req_00000000000000000000000000000000", "outcome": "accepted"})),
        ("request_id", json!({"request_id": "no id", "outcome": "accepted"})),
        ("colour", json!({"request_id": id, "colour": "blue"})),
        ("outcome", json!({"request_id": id})),
    ];
    let mut items: Vec<Value> = wrong.iter().map(|(_, item)| item.clone()).collect();
    items.insert(4, good);
    let answer = editor.tell(&items).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.json();
    assert_eq!(told["accepted"], 1);
    let results = told["results"].as_array().expect("results");
    assert_eq!(results.len(), items.len());
    assert_eq!(results[4], json!({"status": "ok"}));
    let others: Vec<&Value> = results.iter().enumerate().filter(|(at, _)| *at != 4).map(|(_, result)| result).collect();
    for ((field, item), result) in wrong.iter().zip(&others) {
        assert_eq!(result["error"]["field"], *field, "{item}: {result}");
    }
    assert_eq!(others[4], others[5], "a foreign request is told as one that there is not");
    assert!(!answer.text().contains(&tests::tenants::mark("beta")));

    // Also when there is no good one among them.
    let answer = editor.tell(&[json!({"request_id": id, "colour": "blue"})]).await;
    assert_eq!((answer.status, &answer.json()["accepted"]), (200, &json!(0)), "{}", answer.text());
    assert_eq!(answer.json()["results"][0]["error"]["field"], "colour");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fb_1_only_a_key_with_the_scope_tells_at_most_a_hundred_at_once() {
    let tenants = Tenants::new().await;
    let caller = editor_key(&tenants, &["inference"]).await;
    let (id, _) = Editor { caller: &caller }.call("alpha-model", "", 1).await;
    let item = json!({"request_id": id, "outcome": "accepted"});
    assert_eq!(Editor { caller: &caller }.tell(std::slice::from_ref(&item)).await.status, 403);
    assert_eq!(Editor { caller: &tenants.stranger }.tell(std::slice::from_ref(&item)).await.status, 401);
    assert_eq!(Editor { caller: &tenants["alpha-admin"].visitor }.tell(std::slice::from_ref(&item)).await.status, 401);

    let telling = tenants.stranger.bearer(&tenants.alpha().keys["narrow"].secret);
    let editor = Editor { caller: &telling };
    assert_eq!(editor.tell(&vec![item.clone(); 101]).await.status, 400);
    assert_eq!(editor.tell(&[]).await.status, 400);
    for body in [json!({}), json!([item]), json!({"feedback": item}), json!({"feedback": [item], "more": 1})] {
        let answer = telling.send(Method::POST, "/api/v1/feedback", Some(&body)).await.expect("an answer");
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
    }
    editor.done(&vec![item; 100]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fb_3_a_final_text_is_measured_and_never_kept_and_without_the_answer_a_distance_is_asked_for() {
    let tenants = Tenants::new().await;
    let caller = editor_key(&tenants, &["inference", "feedback.write"]).await;
    let editor = Editor { caller: &caller };
    let (id, text) = editor.call("alpha-model", "", 1).await;
    tenants.tables.until_written("bodies", 3).await.expect("what was said is stored");
    editor.done(&[json!({"request_id": id, "outcome": "edited", "final_text": format!("{text}zqxkept")})]).await;
    let dump = String::from_utf8_lossy(&tenants.tables.dump().await.expect("a dump")).into_owned();
    assert!(!dump.contains("zqxkept"), "what somebody made of an answer is not ours to keep");

    let request = caller.request(Method::POST, "/v1/chat/completions").header("x-tallygate-store", "metadata");
    let body = json!({"model": "alpha-model", "messages": [{"role": "user", "content": "Keep nothing."}]});
    let request = request.header("content-type", "application/json").body(body.to_string());
    let answer = Answer::read(request.send().await.expect("an answer")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let quiet = answer.header("x-request-id").expect("an id").to_owned();
    let told = editor.tell(&[json!({"request_id": quiet, "outcome": "edited", "final_text": "x"})]).await.json();
    assert_eq!(told["accepted"], 0);
    let error = &told["results"][0]["error"];
    assert!(error["message"].as_str().is_some_and(|message| message.contains("edit_distance")), "{error}");
    editor.done(&[json!({"request_id": quiet, "outcome": "edited", "edit_distance": "0.25"})]).await;
}
