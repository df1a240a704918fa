//! What the permission table says about one case. The exceptions of single operations are at the end, each with its reason.

use std::time::Duration;

use domain::permission::Permission;
use server::http::inventory::Class;
use tests::{
    Answer, Tenants,
    tenants::{Person, Side},
};

use super::askers::{Asker, Who, role_in, sees};
use crate::surface::{Form, Scene, routes};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// With one of these.
    Refused(&'static [u16]),
    Allowed,
    /// A page is shown to everybody who is signed in; what it must not hold is looked for in it.
    Shown,
}

const UNKNOWN: Expect = Expect::Refused(&[401]);
const FORBIDDEN: Expect = Expect::Refused(&[403]);
const MISSING: Expect = Expect::Refused(&[404]);
const NOT_A_MEMBER: Expect = Expect::Refused(&[409]);
/// A token without the scope, for a team it does not see either: both answers tell nothing.
const EITHER: Expect = Expect::Refused(&[403, 404]);
/// A page leads to where one signs in.
const ELSEWHERE: Expect = Expect::Refused(&[303]);

/// The class that decides: of an endpoint, that of the operation it stands for.
pub fn acting(name: &str, class: Class) -> Class {
    if matches!(class, Class::Token(_)) { routes::needs(name) } else { class }
}

fn is_page(name: &str) -> bool {
    name.starts_with("GET /")
        && !name.starts_with("GET /ui/")
        && !name.starts_with("GET /api/")
        && !name.starts_with("GET /v1/")
}

/// Which teams' things a route is tried on.
pub fn targets<'a>(name: &str, class: Class, tenants: &'a Tenants, nowhere: &'a Side) -> Vec<&'a Side> {
    let is_of_team = name.contains("{team}")
        || ["/ui/events", "/ui/members/leave"].iter().any(|path| name.ends_with(path))
        || matches!(acting(name, class), Class::Team(_) | Class::OwnOr(_) | Class::TeamOrInstance(..) | Class::Key(_));
    if is_of_team { vec![tenants.alpha(), tenants.beta(), nowhere] } else { vec![tenants.alpha()] }
}

/// `None`: there is no such case, because the asker has nothing of the kind.
pub fn expected(name: &str, class: Class, form: Form, asker: &Asker<'_>, scene: &Scene<'_>) -> Option<Expect> {
    match class {
        Class::Public => public(name, asker),
        Class::Key(_) => Some(of_key(name, asker, scene)),
        Class::AnyToken => Some(if matches!(asker.who, Who::Token { .. }) { Expect::Allowed } else { UNKNOWN }),
        Class::Token(scope) => {
            let Who::Token { owner, scopes, team } = &asker.who else { return Some(UNKNOWN) };
            let is_foreign = team.is_some_and(|team| team != scene.side.slug) || !sees_side(owner, scene.side);
            match (scopes.contains(&scope), is_foreign) {
                (false, true) => Some(EITHER),
                (false, false) => Some(FORBIDDEN),
                (true, true) => Some(MISSING),
                // What belongs to everybody is not in the hands of one team's token.
                (true, false) if team.is_some() && form == Form::Shared => Some(FORBIDDEN),
                (true, false) => of_person(name, routes::needs(name), form, owner, scene),
            }
        }
        Class::Person | Class::Team(_) | Class::Instance(_) | Class::OwnOr(_) | Class::TeamOrInstance(..) => {
            let Who::Person(person) = &asker.who else { return Some(if is_page(name) { ELSEWHERE } else { UNKNOWN }) };
            of_person(name, class, form, person, scene)
        }
    }
}

/// Nobody needs anything here; forms are tried where they belong (`edge.rs`, `links.rs`).
fn public(name: &str, asker: &Asker<'_>) -> Option<Expect> {
    let is_tried = name.starts_with("GET ") && !name.contains('*') && asker.name == "nobody";
    is_tried.then_some(Expect::Shown)
}

fn of_key(name: &str, asker: &Asker<'_>, scene: &Scene<'_>) -> Expect {
    let Who::Key { team, may_call, may_tell, owner } = &asker.who else { return UNKNOWN };
    let is_own = *team == scene.side.slug;
    let is_receipt = name.contains("/requests/");
    match name {
        // What a foreign request is told stands in the answer, item by item (`feedback.rs`).
        "POST /api/v1/feedback" => {
            if *may_tell {
                Expect::Allowed
            } else {
                FORBIDDEN
            }
        }
        _ if !may_call => FORBIDDEN,
        // A receipt is for the key that made the call.
        _ if is_receipt && !owner.is_some_and(|owner| owner.id == scene.side.member) => MISSING,
        // What no team has to be named for.
        "GET /v1/models" => Expect::Allowed,
        _ if is_own => Expect::Allowed,
        _ => MISSING,
    }
}

fn sees_side(person: &Person, side: &Side) -> bool {
    tests::tenants::TEAMS.contains(&side.slug.as_str()) && sees(person, &side.slug)
}

fn of_person(name: &str, class: Class, form: Form, me: &Person, scene: &Scene<'_>) -> Option<Expect> {
    let role = role_in(me, &scene.side.slug);
    let of_team = |permission: Permission| {
        if !sees_side(me, scene.side) {
            MISSING
        } else if permission.held_by(me.instance, role) {
            Expect::Allowed
        } else {
            FORBIDDEN
        }
    };
    let of_instance =
        |permission: Permission| if permission.held_by(me.instance, None) { Expect::Allowed } else { FORBIDDEN };
    if let Some(expect) = special(name, me, scene, of_team) {
        return Some(expect);
    }
    match (class, form) {
        (Class::Person, _) if is_page(name) => Some(Expect::Shown),
        (Class::Person, _) => Some(Expect::Allowed),
        (Class::Team(permission), _) => Some(of_team(permission)),
        (Class::Instance(permission), _) => Some(of_instance(permission)),
        (Class::OwnOr(_), Form::Own) => of_own(name, me, scene, of_team),
        (Class::OwnOr(permission), _) => Some(of_team(permission)),
        (Class::TeamOrInstance(_, permission), Form::Shared) => {
            Some(if sees_side(me, scene.side) { of_instance(permission) } else { MISSING })
        }
        (Class::TeamOrInstance(permission, _), _) => Some(of_team(permission)),
        (Class::Public | Class::Key(_) | Class::Token(_) | Class::AnyToken, _) => None,
    }
}

/// Things of one's own are personal keys.
fn of_own(name: &str, me: &Person, scene: &Scene<'_>, of_team: impl Fn(Permission) -> Expect) -> Option<Expect> {
    let creates = name.ends_with("/keys/create") || name.ends_with("/keys");
    let has_one = me.key.is_some() && role_in(me, &scene.side.slug).is_some();
    (creates || has_one).then(|| of_team(Permission::CreatePersonalKeys))
}

/// Operations whose class says less than they do.
fn special(name: &str, me: &Person, scene: &Scene<'_>, of_team: impl Fn(Permission) -> Expect) -> Option<Expect> {
    let is_members = me.id == scene.side.member;
    let own_or_history = |expect: Expect| {
        // Who may not read the history of others finds only their own requests.
        let may_read = is_members || of_team(Permission::ReadTeamHistory) == Expect::Allowed;
        if expect == Expect::Allowed && !may_read { MISSING } else { expect }
    };
    // What somebody keeps for the team is taken away by them, and by who manages the team.
    let own_or_managed = || match of_team(Permission::RunPlayground) {
        Expect::Allowed if !is_members => of_team(Permission::ManageTeam),
        other => other,
    };
    match name.trim_start_matches("POST /ui/").trim_start_matches("GET /ui/") {
        "history/get" => Some(own_or_history(of_team(Permission::ReadTeam))),
        "history/content" | "history/compare" => Some(own_or_history(of_team(Permission::ReadContent))),
        "history/around" => Some(own_or_history(of_team(Permission::ReadTeam))),
        // Whoever may not read a request cannot tell it from none.
        "history/replay" | "history/set_task" | "feedback/give" => {
            let may_read = is_members || of_team(Permission::ManageTeam) == Expect::Allowed;
            let expect = of_team(Permission::RunPlayground);
            Some(if expect == Expect::Allowed && !may_read { MISSING } else { expect })
        }
        "history/remove_view" | "playground/remove_case_set" => Some(own_or_managed()),
        // The team's runs are the team's, whoever started them.
        "runs/get" => Some(of_team(Permission::ReadContent)),
        "events" => {
            Some(if of_team(Permission::ReadContent) == MISSING { MISSING } else { of_team(Permission::ReadContent) })
        }
        // Only a member can leave; who sees the team without being one is told so.
        "members/leave" if role_in(me, &scene.side.slug).is_some() => Some(Expect::Allowed),
        "members/leave" => Some(if sees_side(me, scene.side) { NOT_A_MEMBER } else { MISSING }),
        // The team that one joins is a team of strangers to everybody else.
        "members/join" => Some(if sees_side(me, scene.side) { of_team(Permission::ManageTeams) } else { MISSING }),
        "{*operation}" => Some(MISSING),
        _ => None,
    }
}

/// Allowed requests that are rightly answered with something else than success, each with its reason.
const DOMAIN_REFUSALS: &[(&str, Form, u16, &str)] = &[
    ("POST /v1/completions", Form::Plain, 400, "the provider of this model completes chats only"),
    ("POST /v1/embeddings", Form::Plain, 400, "this model embeds nothing"),
    ("POST /ui/runs/continue", Form::Plain, 409, "the run called no tool, so nothing waits for a result"),
    (
        "POST /ui/prices/import/accept",
        Form::Plain,
        400,
        "the file has no model of this instance, so there is nothing to choose",
    ),
];

/// Was what is allowed done?
pub fn is_success(name: &str, form: Form, answer: &Answer) -> bool {
    let is_listed =
        |(route, of, status, _): &(&str, Form, u16, &str)| (*route, *of, *status) == (name, form, answer.status);
    (200..300).contains(&answer.status)
        || answer.status == 303 && name == "GET /"
        || DOMAIN_REFUSALS.iter().any(is_listed)
}

/// Waits until no call and no run is under way: what they write late would count as the next case's.
pub async fn at_rest(tenants: &Tenants) {
    let statement = "SELECT (SELECT count(*) FROM attempts WHERE state = 'reserved')
                          + (SELECT count(*) FROM samples WHERE state IN ('queued', 'running'))
                          + (SELECT count(*) FROM runs WHERE finished_at IS NULL)
                          + (SELECT count(*) FROM attempts a WHERE a.resolved_at > clock_timestamp() - interval '30 milliseconds')
                       FROM instance WHERE $1 = ''";
    let wait = async {
        loop {
            let open: i64 = sqlx::query_scalar(statement).bind("").fetch_one(tenants.tables.pool()).await.unwrap();
            if open == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("calls and runs end");
}

/// Waits until the gateway has heard of every key.
pub async fn known_keys(askers: &[Asker<'_>]) {
    for asker in askers {
        let wanted = match &asker.who {
            Who::Key { may_call: true, .. } => 200,
            Who::Key { may_call: false, .. } => 403,
            Who::Nobody if asker.name.ends_with("key") => 401,
            Who::Nobody | Who::Person(_) | Who::Token { .. } => continue,
        };
        let look = async {
            while asker.visitor.get("/v1/models").await.unwrap().status != wanted {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), look)
            .await
            .unwrap_or_else(|_| panic!("{} is never {wanted}", asker.name));
    }
}
