//! Who may do what (`security.md` T-MATRIX): every operation and route of the inventory x everybody who may ask x own team,
//! other team, no team. The expected answer follows from the class in the inventory and the permission table alone.
//!
//! What is refused is refused before anything is written: all tables are compared. What is allowed is a success, and is taken
//! back before the next case, so that every case meets the same instance. Cases are generated; nothing is listed here but
//! exceptions (`matrix/expected.rs`), each with its reason. One more principal: a line in `matrix/askers.rs`.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt as _;
use http::Method;
use server::http::inventory::{Class, OPERATIONS, routes};
use tests::{
    Answer, Tenants,
    tables::{Digest, changed},
    tenants::{Side, mark},
};

pub use self::expected::at_rest;
use self::{
    askers::{Asker, askers},
    expected::{Expect, expected, is_success},
};
use crate::surface::{Form, Scene, forms, maker, routes::Call};

mod askers;
mod expected;

const AT_ONCE: usize = 8;
const SHOWN: usize = 40;

/// One request of one asker.
struct Case<'a> {
    /// `POST /ui/keys/create`
    name: String,
    class: Class,
    form: Form,
    asker: &'a Asker<'a>,
    side: &'a Side,
    call: Call,
    expect: Expect,
}

impl Case<'_> {
    fn told(&self, answer: &Answer, what: &str) -> String {
        let (form, side) = (self.form, &self.side.slug);
        let text: String = answer.text().chars().take(160).collect();
        format!("{} ({form:?}) on {side} as {}: {what}, not {} {text}", self.name, self.asker.name, answer.status)
    }

    async fn send(&self) -> Answer {
        let Call { method, path, body } = &self.call;
        self.asker.visitor.send(method.clone(), path, body.as_ref()).await.unwrap()
    }
}

/// All cases, grouped by what they act on: one group is refused as a whole before the tables are looked at.
fn cases<'a>(tenants: &'a Tenants, askers: &'a [Asker<'a>], nowhere: &'a Side) -> Vec<Vec<Case<'a>>> {
    let operations = OPERATIONS.iter().map(|(path, class)| (format!("POST {path}"), *class));
    let routes = routes().into_iter().map(|(route, class)| (route.to_owned(), class));
    let mut groups = Vec::new();
    let mut nr = 0;
    for (name, class) in operations.chain(routes) {
        for form in forms(&expected::acting(&name, class)) {
            for side in expected::targets(&name, class, tenants, nowhere) {
                let mut group = Vec::new();
                for asker in askers {
                    nr += 1;
                    let scene = Scene { tenants, side, me: asker.person(), nr };
                    let Some(expect) = expected(&name, class, *form, asker, &scene) else { continue };
                    let call = request(&name, *form, &scene);
                    group.push(Case { name: name.clone(), class, form: *form, asker, side, call, expect });
                }
                groups.push(group);
            }
        }
    }
    groups
}

fn request(name: &str, form: Form, scene: &Scene<'_>) -> Call {
    match name.strip_prefix("POST ").filter(|path| OPERATIONS.iter().any(|(operation, _)| operation == path)) {
        Some(path) => Call { method: Method::POST, path: path.to_owned(), body: Some(maker(path, form)(scene)) },
        None => crate::surface::routes::call(name, form, scene),
    }
}

/// Does an answer show what belongs to a team that the asker must not see?
fn shows_strangers(case: &Case<'_>, answer: &Answer) -> bool {
    let others = tests::tenants::TEAMS.iter().filter(|team| !case.asker.sees(team));
    others.into_iter().any(|team| answer.text().contains(&mark(team)))
}

/// Sends what must be refused, many at once, and compares the tables once for the group.
async fn refuse(tenants: &Tenants, kept: &Digest, group: &[Case<'_>], wrong: &mut Vec<String>) -> usize {
    let refused: Vec<&Case<'_>> = group.iter().filter(|case| matches!(case.expect, Expect::Refused(_))).collect();
    let answers = futures_util::stream::iter(&refused).map(|case| async move { (case, case.send().await) });
    let answers: Vec<_> = answers.buffer_unordered(AT_ONCE).collect().await;
    for (case, answer) in &answers {
        let Expect::Refused(statuses) = case.expect else { continue };
        if !statuses.contains(&answer.status) {
            wrong.push(case.told(answer, &format!("must be {statuses:?}")));
        }
        if shows_strangers(case, answer) {
            wrong.push(case.told(answer, "must not show another team"));
        }
    }
    let written = changed(kept, &tenants.tables.digest().await.unwrap());
    if let (false, Some(case)) = (written.is_empty(), refused.first()) {
        wrong
            .push(format!("{} ({:?}) on {}: refused requests wrote {written:?}", case.name, case.form, case.side.slug));
        tenants.tables.restore(kept).await.unwrap();
    }
    refused.len()
}

/// Sends what must be allowed, one by one, and takes back what it did.
async fn allow(tenants: &Tenants, kept: &Digest, case: &Case<'_>, wrong: &mut Vec<String>) {
    let answer = case.send().await;
    if case.expect == Expect::Allowed && !is_success(&case.name, case.form, &answer) {
        wrong.push(case.told(&answer, "must be allowed"));
    }
    if answer.status >= 500 {
        wrong.push(case.told(&answer, "must be answered"));
    }
    if shows_strangers(case, &answer) {
        wrong.push(case.told(&answer, "must not show another team"));
    }
    let is_call = matches!(case.class, Class::Key(_))
        || ["/runs/start", "/runs/again"].iter().any(|name| case.name.contains(name));
    if is_call {
        at_rest(tenants).await;
    }
    let written = tenants.tables.restore(kept).await.unwrap();
    let ledger = BTreeSet::from(["attempts", "bodies", "request_words", "retried"].map(str::to_owned));
    let is_expected = case.call.method != Method::GET || written.is_subset(&ledger);
    if !is_expected {
        wrong.push(format!("{} as {} changed {written:?}", case.name, case.asker.name));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let tenants = Tenants::new().await;
    let nowhere = Side::nowhere();
    let askers = askers(&tenants).await;
    let groups = cases(&tenants, &askers, &nowhere);
    let kept = tenants.tables.keep().await.unwrap();
    let audited = tenants.tables.audit_rows().await.unwrap();
    let mut wrong = Vec::new();

    let mut refused = 0;
    for group in &groups {
        refused += refuse(&tenants, &kept, group, &mut wrong).await;
    }
    let noted = tenants.tables.audited(audited).await.unwrap();
    let others: Vec<_> = noted.iter().filter(|(action, _)| action != "access.refused").collect();
    assert!(others.is_empty(), "refusals left audit rows of acts: {others:?}");
    assert!(noted.len() > 100, "only {} refusals are in the audit log", noted.len());

    let allowed: Vec<&Case<'_>> =
        groups.iter().flatten().filter(|case| !matches!(case.expect, Expect::Refused(_))).collect();
    for case in &allowed {
        allow(&tenants, &kept, case, &mut wrong).await;
    }

    let mut by_asker = BTreeMap::<&str, usize>::new();
    for case in groups.iter().flatten() {
        *by_asker.entry(&case.asker.name).or_default() += 1;
    }
    println!(
        "{} cases of {} principals: {refused} refused, {} allowed",
        refused + allowed.len(),
        by_asker.len(),
        allowed.len()
    );
    assert!(wrong.is_empty(), "{} are wrong\n{}", wrong.len(), wrong[..wrong.len().min(SHOWN)].join("\n"));
    assert!(refused > 5_000 && allowed.len() > 500, "{refused} {}", allowed.len());
}
