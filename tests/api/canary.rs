//! Planted secrets (`security.md` T-CANARY): a server that logs everything is driven through sign-in, failures, probes,
//! calls, exports and pages, and afterwards no secret may be found in anything that came out of it: log, answers, pages,
//! browser files, CSV, bundles, output of commands, and a dump of all tables, in any dress (`tests::sweep`).
//!
//! What is shown once to whoever made it is left out at that place and for that secret alone ([`SHOWN_ONCE`]). One more
//! secret: a line where it comes to be in `canary/drive.rs`; one more act: a line there as well.

use std::{collections::BTreeSet, path::Path};

use http::Method;
use serde_json::Value;
use tests::{
    Answer, Visitor,
    sweep::{Find, Sweeper},
    tables::Tables,
};

mod drive;
mod echo;

/// Secrets and the one answer that may hold each.
const SHOWN_ONCE: &[(&str, &str)] = &[
    ("POST /ui/keys/create", "virtual key"),
    ("POST /ui/keys/rotate", "rotated key"),
    ("POST /ui/tokens/create", "management token"),
    ("POST /ui/invitations/create", "invitation"),
    ("POST /ui/users/reset_link", "reset link"),
];
const KINDS: usize = 18;
/// What is too much to be by accident: a server that logs everything has said at least this.
const LEAST_LOG: usize = 200_000;

/// What is planted, and all that came out.
#[derive(Default)]
pub struct Watch {
    sweeper: Sweeper,
    /// Addresses of people: in the log only they are secrets.
    private: Sweeper,
    seen: Vec<(String, Vec<u8>)>,
}

impl Watch {
    fn plant(&mut self, name: &str, secret: &str) {
        self.sweeper.plant(name, secret);
    }

    fn note(&mut self, place: &str, bytes: impl Into<Vec<u8>>) {
        self.seen.push((place.to_owned(), bytes.into()));
    }

    /// Keeps an answer: its status line's headers but the cookie, which is the secret's own way home, and its body.
    fn answer(&mut self, place: &str, answer: &Answer) {
        let mut text = Vec::new();
        for (name, value) in answer.headers.iter().filter(|(name, _)| *name != http::header::SET_COOKIE) {
            text.extend_from_slice(format!("{name}: ").as_bytes());
            text.extend_from_slice(value.as_bytes());
            text.push(b'\n');
        }
        text.extend_from_slice(&answer.body);
        self.note(place, text);
    }

    /// Sends something and keeps what comes back.
    pub async fn send(&mut self, who: &Visitor, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let answer = who.send(method.clone(), path, body).await.expect("an answer");
        let bare = path.split('?').next().unwrap_or_default();
        self.answer(&format!("{method} {bare}"), &answer);
        answer
    }

    pub async fn ask(&mut self, who: &Visitor, operation: &str, body: &Value) -> Answer {
        self.send(who, Method::POST, &format!("/ui/{operation}"), Some(body)).await
    }

    /// An operation that must succeed; what it says.
    pub async fn done(&mut self, who: &Visitor, operation: &str, body: &Value) -> Value {
        let answer = self.ask(who, operation, body).await;
        assert_eq!(answer.status, 200, "{operation}: {}", answer.text());
        answer.json()
    }

    pub async fn form(&mut self, who: &Visitor, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = who.form(path, fields).await.expect("an answer");
        self.answer(&format!("POST {path}"), &answer);
        answer
    }

    /// Everything that is where it must not be.
    fn finds(&mut self) -> BTreeSet<Find> {
        let mut all = BTreeSet::new();
        for (place, bytes) in &self.seen {
            all.extend(self.sweeper.sweep(place, bytes));
            if place == "log" {
                all.extend(self.private.sweep(place, bytes));
            }
        }
        all.retain(|find| !SHOWN_ONCE.contains(&(find.place.as_str(), find.secret.as_str())));
        all
    }
}

/// Every browser file that the last build made.
fn browser_files(watch: &mut Watch) -> usize {
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/site");
    let mut left = vec![site];
    let mut count = 0;
    while let Some(path) = left.pop() {
        if let Ok(entries) = std::fs::read_dir(&path) {
            left.extend(entries.flatten().map(|entry| entry.path()));
        } else if let Ok(bytes) = std::fs::read(&path) {
            watch.note(&format!("browser file {}", path.display()), bytes);
            count += 1;
        }
    }
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_planted_secret_comes_out_anywhere() {
    let mut watch = Watch::default();
    let driven = drive::everything(&mut watch).await;
    let tables = Tables::connect(&driven.database.url).await.expect("a view of the database");
    watch.note("dump", tables.dump().await.expect("a dump"));
    let log = std::fs::read(&driven.log).expect("the log");
    let logged = log.len();
    watch.note("log", log);
    let files = browser_files(&mut watch);

    let bytes: usize = watch.seen.iter().map(|(_, bytes)| bytes.len()).sum();
    let kinds = watch.sweeper.kinds();
    println!(
        "{kinds} kinds of secrets, {} places, {files} browser files, {logged} bytes of log, {bytes} bytes in all",
        watch.seen.len()
    );
    let finds = watch.finds();
    assert!(finds.is_empty(), "{} finds:\n{finds:#?}", finds.len());
    assert!(kinds >= KINDS && logged > LEAST_LOG && watch.seen.len() > 60, "{kinds} {logged} {}", watch.seen.len());

    // The same sweep finds what does leak: a row, a line of the log and an answer.
    let leak = "INSERT INTO audit_log (id, actor, action, object) VALUES (gen_random_uuid(), 'x', 'x', encode(convert_to($1, 'UTF8'), 'base64'))";
    tables.execute(leak, drive::CREDENTIAL).await.expect("a leak");
    watch.note("dump", tables.dump().await.expect("a dump"));
    watch.note("log", format!("{{\"url\": \"/invite?token={}\"}}", driven.invitation));
    watch.note("POST /ui/keys/list", driven.key.into_bytes());
    let found: BTreeSet<(String, String)> = watch.finds().into_iter().map(|find| (find.place, find.secret)).collect();
    let pair = |place: &str, secret: &str| (place.to_owned(), secret.to_owned());
    let planted = [("dump", "provider credential"), ("log", "invitation"), ("POST /ui/keys/list", "virtual key")];
    assert_eq!(found, planted.into_iter().map(|(place, secret)| pair(place, secret)).collect());
}
