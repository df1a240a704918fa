//! Who may enter what: one reviewed list of every server function and every route (`security.md` AC-1). What is not listed
//! fails a test, and whatever happens needs a session.
//!
//! One more operation or page: its line here. The endpoints of the public API stand in `http::admin` with their scopes, and
//! [`routes`] brings both together. Never here: decisions. `control` checks the permission; this says which one.

use domain::{
    key::KeyScope,
    permission::Permission::{
        self, ManageBundle, ManageInstance, ManageInstanceProviders, ManageKeys, ManageMembers, ManageTeam,
        ManageTeamProviders, ManageTeams, ManageUsers, ReadAudit, ReadContent, ReadTeam, ReadTeamHistory,
        RunPlayground,
    },
    token::TokenScope,
};

use super::admin;

/// What is asked of whoever comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Nothing.
    Public,
    /// Any signed-in person, on their own things.
    Person,
    Team(Permission),
    Instance(Permission),
    /// One's own object, or the permission in the team.
    OwnOr(Permission),
    /// By an argument: the team's, or everybody's.
    TeamOrInstance(Permission, Permission),
    /// A virtual key with the scope. Cookies are ignored.
    Key(KeyScope),
    /// A management token with the scope. Cookies are ignored.
    Token(TokenScope),
    /// Any management token: the answer holds what its owner may see.
    AnyToken,
}

use Class::{AnyToken, Instance, Key, OwnOr, Person, Public, Team, TeamOrInstance, Token};

const PROVIDERS: Class = TeamOrInstance(ManageTeamProviders, ManageInstanceProviders);

/// Every server function: POST, by its path.
pub const OPERATIONS: &[(&str, Class)] = &[
    ("/ui/audit/list", Instance(ReadAudit)),
    ("/ui/audit/page", Instance(ReadAudit)),
    ("/ui/bundle/apply", Instance(ManageBundle)),
    ("/ui/bundle/apply_file", Instance(ManageBundle)),
    ("/ui/bundle/export", Instance(ManageBundle)),
    ("/ui/bundle/page", Instance(ManageBundle)),
    ("/ui/bundle/plan", Instance(ManageBundle)),
    ("/ui/catalog/add", PROVIDERS),
    ("/ui/catalog/search", Team(ReadTeam)),
    ("/ui/feedback/give", OwnOr(ManageTeam)),
    ("/ui/feedback/pairs", Team(ReadContent)),
    ("/ui/feedback/report", Team(ReadTeam)),
    ("/ui/feedback/vote", Team(RunPlayground)),
    ("/ui/history/around", Team(ReadTeam)),
    ("/ui/history/compare", Team(ReadContent)),
    ("/ui/history/content", Team(ReadContent)),
    ("/ui/history/facets", Team(ReadTeam)),
    ("/ui/history/get", OwnOr(ReadTeamHistory)),
    ("/ui/history/list", Team(ReadTeam)),
    ("/ui/history/remove_view", Team(RunPlayground)),
    ("/ui/history/replay", Team(RunPlayground)),
    ("/ui/history/save_view", Team(RunPlayground)),
    ("/ui/history/set_task", OwnOr(ManageTeam)),
    ("/ui/history/views", Team(ReadTeam)),
    ("/ui/invitations/create", Team(ManageMembers)),
    ("/ui/invitations/list", Team(ManageMembers)),
    ("/ui/invitations/revoke", Team(ManageMembers)),
    ("/ui/keys/create", OwnOr(ManageKeys)),
    ("/ui/keys/get", OwnOr(ManageKeys)),
    ("/ui/keys/list", Team(ReadTeam)),
    ("/ui/keys/page", Team(ReadTeam)),
    ("/ui/keys/pause", OwnOr(ManageKeys)),
    ("/ui/keys/resume", OwnOr(ManageKeys)),
    ("/ui/keys/revoke", OwnOr(ManageKeys)),
    ("/ui/keys/rotate", OwnOr(ManageKeys)),
    ("/ui/keys/update", OwnOr(ManageKeys)),
    ("/ui/members/join", Instance(ManageTeams)),
    ("/ui/members/leave", Person),
    ("/ui/members/list", Team(ReadTeam)),
    ("/ui/members/page", Team(ReadTeam)),
    ("/ui/members/remove", Team(ManageMembers)),
    ("/ui/members/set_role", Team(ManageMembers)),
    ("/ui/models/archive", PROVIDERS),
    ("/ui/models/create", PROVIDERS),
    ("/ui/models/get", Team(ReadTeam)),
    ("/ui/models/list", Team(ReadTeam)),
    ("/ui/models/page", Team(ReadTeam)),
    ("/ui/models/update", PROVIDERS),
    ("/ui/permissions/table", Person),
    ("/ui/playground/add_image", Team(RunPlayground)),
    ("/ui/playground/case_set", Team(RunPlayground)),
    ("/ui/playground/case_sets", Team(RunPlayground)),
    ("/ui/playground/draft", Team(RunPlayground)),
    ("/ui/playground/read_cases", Person),
    ("/ui/playground/remove_case_set", Team(RunPlayground)),
    ("/ui/playground/save_case_set", Team(RunPlayground)),
    ("/ui/playground/save_draft", Team(RunPlayground)),
    ("/ui/prices/confirm", PROVIDERS),
    ("/ui/prices/create", PROVIDERS),
    ("/ui/prices/import/accept", Instance(ManageInstanceProviders)),
    ("/ui/prices/import/preview", Instance(ManageInstanceProviders)),
    ("/ui/prices/list", Team(ReadTeam)),
    ("/ui/profile/change_password", Person),
    ("/ui/profile/get", Person),
    ("/ui/profile/page", Person),
    ("/ui/profile/update", Person),
    ("/ui/providers/archive", PROVIDERS),
    ("/ui/providers/connect_demo", Team(ManageTeamProviders)),
    ("/ui/providers/create", PROVIDERS),
    ("/ui/providers/import", PROVIDERS),
    ("/ui/providers/kinds", Person),
    ("/ui/providers/list", Team(ReadTeam)),
    ("/ui/providers/offered", PROVIDERS),
    ("/ui/providers/page", Team(ReadTeam)),
    ("/ui/providers/test", PROVIDERS),
    ("/ui/providers/test_stored", PROVIDERS),
    ("/ui/providers/update", PROVIDERS),
    ("/ui/reference/page", Person),
    ("/ui/runs/again", Team(RunPlayground)),
    ("/ui/runs/cancel", Team(RunPlayground)),
    ("/ui/runs/continue", Team(RunPlayground)),
    ("/ui/runs/diff", Team(ReadContent)),
    ("/ui/runs/exact", Team(ReadContent)),
    ("/ui/runs/forecast", Team(RunPlayground)),
    ("/ui/runs/get", Team(ReadContent)),
    ("/ui/runs/list", Team(ReadContent)),
    ("/ui/runs/rename", Team(RunPlayground)),
    ("/ui/runs/start", Team(RunPlayground)),
    ("/ui/runs/stop_cell", Team(RunPlayground)),
    ("/ui/sessions/list", Person),
    ("/ui/sessions/page", Person),
    ("/ui/sessions/revoke", Person),
    ("/ui/sessions/revoke_others", Person),
    ("/ui/settings/get", Instance(ManageInstance)),
    ("/ui/settings/page", Instance(ManageInstance)),
    ("/ui/settings/update", Instance(ManageInstance)),
    ("/ui/teams/create", Instance(ManageTeams)),
    ("/ui/teams/home", Team(ReadTeam)),
    ("/ui/teams/list", Instance(ManageTeams)),
    ("/ui/teams/me", Person),
    ("/ui/teams/page", Instance(ManageTeams)),
    ("/ui/teams/reader", Person),
    ("/ui/teams/settings", Team(ReadTeam)),
    ("/ui/teams/settings_page", Team(ReadTeam)),
    ("/ui/teams/update", Team(ManageTeam)),
    ("/ui/tokens/create", Person),
    ("/ui/tokens/list", Person),
    ("/ui/tokens/page", Person),
    ("/ui/tokens/revoke", Person),
    ("/ui/users/disable", Instance(ManageUsers)),
    ("/ui/users/enable", Instance(ManageUsers)),
    ("/ui/users/end_sessions", Instance(ManageUsers)),
    ("/ui/users/list", Instance(ManageUsers)),
    ("/ui/users/page", Instance(ManageUsers)),
    ("/ui/users/reset_link", Instance(ManageUsers)),
    ("/ui/users/set_role", Instance(ManageUsers)),
];

/// Every other route but those of the public API, as `METHOD path`. A page asks for a session; what it shows comes through
/// operations, each with a class of its own.
pub const ROUTES: &[(&str, Class)] = &[
    // How a session begins: the forms and their pages, which change nothing.
    ("GET /invite", Public),
    ("GET /reset", Public),
    ("GET /setup", Public),
    ("GET /sign-in", Public),
    ("POST /invite", Public),
    ("POST /reset", Public),
    ("POST /setup", Public),
    ("POST /sign-in", Public),
    // Ends whatever session the cookie names.
    ("POST /sign-out", Public),
    // Tell only that the process lives and that its database answers.
    ("GET /health", Public),
    ("GET /ready", Public),
    // The browser files, the same for everyone.
    ("GET /favicon.svg", Public),
    ("GET /icons.svg", Public),
    ("GET /pkg/{*path}", Public),
    ("GET /robots.txt", Public),
    // The shape of the public API, which is the same for everyone.
    ("GET /api/v1/openapi.json", Public),
    // What is none of the paths below: a refusal in the words of the API.
    ("ANY /api/v1/{*rest}", Public),
    ("ANY /v1/{*rest}", Public),
    ("GET /", Person),
    ("GET /admin/audit", Person),
    ("GET /admin/audit.csv", Instance(ReadAudit)),
    ("GET /admin/bundle", Person),
    ("GET /admin/bundle.toml", Instance(ManageBundle)),
    ("GET /admin/people", Person),
    ("GET /admin/prices", Person),
    ("GET /admin/settings", Person),
    ("GET /admin/teams", Person),
    ("GET /api-reference", Person),
    ("GET /me", Person),
    ("GET /me/sessions", Person),
    ("GET /me/tokens", Person),
    ("GET /permissions", Person),
    ("GET /t/{team}", Person),
    ("GET /t/{team}/history", Person),
    ("GET /t/{team}/history.csv", Team(ReadTeam)),
    ("GET /t/{team}/history.jsonl", Team(ReadTeam)),
    ("GET /t/{team}/history/compare", Person),
    ("GET /t/{team}/history/{request}", Person),
    ("GET /t/{team}/images/{image}", Team(ReadContent)),
    ("GET /t/{team}/keys", Person),
    ("GET /t/{team}/keys/{key}", Person),
    ("GET /t/{team}/members", Person),
    ("GET /t/{team}/models", Person),
    ("GET /t/{team}/models/catalogue", Person),
    ("GET /t/{team}/models/{model}", Person),
    ("GET /t/{team}/playground", Person),
    ("GET /t/{team}/playground/{run}", Person),
    ("GET /t/{team}/providers", Person),
    ("GET /t/{team}/runs", Person),
    ("GET /t/{team}/settings", Person),
    ("GET /t/{team}/verdicts", Person),
    // Each topic asks for its own: a run for its content, a history for the team.
    ("GET /ui/events", Team(ReadContent)),
    // What is no operation: a refusal.
    ("POST /ui/{*operation}", Person),
    ("GET /api/v1/requests/{id}", Key(KeyScope::Inference)),
    ("POST /api/v1/feedback", Key(KeyScope::FeedbackWrite)),
    ("GET /v1/models", Key(KeyScope::Inference)),
    ("GET /v1/models/{*id}", Key(KeyScope::Inference)),
    ("POST /v1/chat/completions", Key(KeyScope::Inference)),
    ("POST /v1/completions", Key(KeyScope::Inference)),
    ("POST /v1/embeddings", Key(KeyScope::Inference)),
    ("POST /v1/messages", Key(KeyScope::Inference)),
    ("POST /v1/messages/count_tokens", Key(KeyScope::Inference)),
    ("POST /v1/responses", Key(KeyScope::Inference)),
];

/// All routes: [`ROUTES`] and the endpoints of the public API.
pub fn routes() -> Vec<(&'static str, Class)> {
    let endpoints = admin::endpoints().map(|endpoint| (endpoint.route, endpoint.scope.map_or(AnyToken, Token)));
    ROUTES.iter().copied().chain(endpoints).collect()
}

/// What a route asks for before its handler is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone.
    Public,
    /// A signed-in person; the operation checks the rest.
    Session,
    /// A key or a token of its own; cookies are ignored.
    Bearer,
}

/// What a matched route asks for, by its pattern such as `/t/{team}`: the strictest of its methods. What is not listed asks for
/// a session.
pub fn access(path: &str) -> Access {
    let mut found = None;
    for (route, class) in ROUTES {
        if route.split_once(' ').is_none_or(|(_, listed)| listed != path) {
            continue;
        }
        let asked = match class {
            Public => Access::Public,
            Key(_) | Token(_) | AnyToken => Access::Bearer,
            Person | Team(_) | Instance(_) | OwnOr(_) | TeamOrInstance(..) => Access::Session,
        };
        if found.is_some_and(|found| found != asked) {
            return Access::Session;
        }
        found = Some(asked);
    }
    found.unwrap_or(Access::Session)
}

/// Every server function with its method: what tests send strangers to.
pub fn operations() -> Vec<(&'static str, http::Method)> {
    leptos::server_fn::axum::server_fn_paths().collect()
}

#[cfg(test)]
mod tests;
