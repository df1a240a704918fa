//! Virtual keys of a team: the list, one key, and the forms that make, change, rotate and revoke one.

use control::{Access, Actor, Context, Error};
use domain::{
    id::KeyId,
    key::{
        AllowedModels, KeyChange, KeyDetail, KeyKind, KeyRules, KeyScope, KeyState, KeySummary, LONGEST_OVERLAP,
        NewKey, RetiringSecret, USUAL_OVERLAP,
    },
    model::ModelSummary,
    permission::Permission,
    task::TaskClass,
    team::StoreContent,
};
use serde_json::json;

use super::{
    asked, cell, choice, content_choices, danger, does,
    forms::FormOf,
    headers, headers_with_actions, id_of, menu, nothing, opens, page as sheet, primary,
    snippets::{Use, first_model},
    table, time, time_or,
};
use crate::{
    components::{
        form::{Choice, FieldKind, Form, Rule, Shows},
        sheet::{Ask, Block, Cell, Kind, Sheet},
    },
    format::{amount, outcome_word, row_tokens},
};

/// What a team's keys are arranged with.
struct Team<'a> {
    ctx: &'a Context,
    access: Access,
    models: Vec<ModelSummary>,
    may_create_personal: bool,
    may_manage: bool,
}

pub async fn page(ctx: &Context, actor: &Actor, ask: Ask) -> Result<Sheet, Error> {
    let access = actor.team(ctx, &ask.team).await?;
    let team = Team {
        ctx,
        models: control::models::list(ctx, actor, &ask.team).await?,
        may_create_personal: actor.may(Permission::CreatePersonalKeys, &access),
        may_manage: actor.may(Permission::ManageKeys, &access),
        access,
    };
    let (what, id) = ask.value.split_once(' ').unwrap_or((&ask.value, &ask.subject));
    match what {
        "" if ask.subject.is_empty() => Ok(list(&team, control::keys::list(ctx, actor, &ask.team).await?)),
        "" => Ok(detail(&team, control::keys::get(ctx, actor, &ask.team, id_of(&ask.subject)?).await?)),
        "new" => Ok(asked(new(&team, ""))),
        "first" => Ok(asked(new(&team, "first key"))),
        _ => {
            let key = control::keys::get(ctx, actor, &ask.team, id_of(id)?).await?.key;
            match what {
                "edit" => Ok(asked(edit(&team, key))),
                "rotate" => Ok(asked(rotate(&team, &key))),
                "revoke" => Ok(asked(revoke(&team, &key))),
                _ => Err(Error::NotFound),
            }
        }
    }
}

fn list(team: &Team<'_>, keys: Vec<KeySummary>) -> Sheet {
    let actions =
        if team.may_create_personal || team.may_manage { vec![primary("New key", "new")] } else { Vec::new() };
    let columns = headers_with_actions(&["Name", "Key", "State", "May", "Kind", "Expires", "Last used"]);
    let rows: Vec<Vec<Cell>> = keys.into_iter().map(|key| row(team, key)).collect();
    let mut blocks = Vec::new();
    if !rows.is_empty() {
        blocks.push(table("Keys", columns, rows));
        blocks.push(how_to_use(team));
    }
    Sheet { actions, ..sheet(blocks) }
}

fn how_to_use(team: &Team<'_>) -> Block {
    let url = &team.ctx.public_url;
    let words = format!(
        "Any client of OpenAI or Anthropic works: replace its key and its base URL, {url}/v1 for OpenAI's and {url} for \
         Anthropic's."
    );
    let curl = Use::with_placeholder(team.ctx, &first_model(&team.models)).curl();
    let code = Cell { note: "Shell".to_owned(), ..cell(Kind::Code, curl) };
    Block { heading: "Use a key".to_owned(), line: vec![cell(Kind::Text, words), code], ..Block::default() }
}

fn row(team: &Team<'_>, key: KeySummary) -> Vec<Cell> {
    let address = format!("/t/{}/keys/{}", team.access.slug, key.id);
    let tags: Vec<String> = key.rules.tags.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut marks = Vec::new();
    marks.extend(key.imported.then(|| cell(Kind::Tag, "bundle")));
    let actions = menu(format!("Actions for {}", key.name), &key.id.to_string(), actions(team, &key));
    vec![
        Cell { value: address, note: tags.join(" · "), more: marks, ..cell(Kind::Name, key.name.clone()) },
        cell(Kind::Mono, shown_key(&key.public, &key.last_four)),
        state(&key),
        Cell { note: limits(&key.rules), ..models(&key.rules.models) },
        Cell { note: key.owner.clone().unwrap_or_default(), ..cell(Kind::Text, key.kind.as_str()) },
        time_or(key.expires, "never"),
        time_or(key.last_used, "never used"),
        actions,
    ]
}

fn shown_key(public: &str, last_four: &str) -> String {
    format!("tg_{public}_…{last_four}")
}

fn state(key: &KeySummary) -> Cell {
    let since = key.revoked.as_ref().map(|at| at.text.clone()).unwrap_or_default();
    let retiring = match key.retiring.as_slice() {
        [] => String::new(),
        [one] => format!("old secret until {}", one.until.text),
        more => format!("{} old secrets still work", more.len()),
    };
    match key.state {
        KeyState::Active => Cell { note: retiring, ..cell(Kind::Ok, "active") },
        KeyState::Paused => cell(Kind::Warn, "paused"),
        KeyState::Expired => cell(Kind::Warn, "expired"),
        KeyState::Revoked => Cell { note: since, ..cell(Kind::Neutral, "revoked") },
        KeyState::Orphaned => Cell { note: "its owner left or is disabled".to_owned(), ..cell(Kind::Bad, "orphaned") },
    }
}

fn models(allowed: &AllowedModels) -> Cell {
    match allowed {
        AllowedModels::All => cell(Kind::Text, "all models"),
        AllowedModels::Only(names) => match names.as_slice() {
            [] => nothing("no model: it can call nothing"),
            [one] => cell(Kind::Mono, one.clone()),
            [one, rest @ ..] => cell(Kind::Text, format!("{one} + {}", rest.len())),
        },
    }
}

/// What narrows a key besides its models, in a few words.
fn limits(rules: &KeyRules) -> String {
    let mut limits = Vec::new();
    if rules.scopes != [KeyScope::Inference] {
        limits.push(rules.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", "));
    }
    match rules.networks.as_slice() {
        [] => {}
        [one] => limits.push(format!("from {one}")),
        more => limits.push(format!("from {} networks", more.len())),
    }
    limits.join(" · ")
}

/// What can be done with a key, in the order of how often it is.
fn actions(team: &Team<'_>, key: &KeySummary) -> Vec<Cell> {
    if !key.stoppable {
        return Vec::new();
    }
    let id = key.id;
    let input = json!({ "team": team.access.slug, "key": id });
    let mut all = Vec::new();
    if key.editable {
        all.extend([opens("Edit", format!("edit {id}")), opens("Rotate", format!("rotate {id}"))]);
    }
    match key.state {
        KeyState::Active => all.push(does("Pause", "keys/pause", &input, "Key paused")),
        KeyState::Paused => all.push(does("Resume", "keys/resume", &input, "Key resumed")),
        _ => {}
    }
    all.push(danger("Revoke", format!("revoke {id}")));
    all
}

fn detail(team: &Team<'_>, detail: KeyDetail) -> Sheet {
    let KeyDetail { key, requests } = detail;
    let actions = actions(team, &key);
    let public = Cell { note: "Copy public id".to_owned(), ..cell(Kind::Copy, format!("tg_{}", key.public)) };
    let whose = key.owner.as_ref().map_or_else(|| "the team's".to_owned(), |owner| format!("{owner}'s"));
    let made = cell(
        Kind::Text,
        format!("{} key, {whose}; made by {} {}", key.kind.as_str(), key.created_by, key.created.text),
    );
    let mut line = vec![state(&key), public, made];
    line.extend(key.imported.then(|| cell(Kind::Tag, "bundle")));
    let mut blocks = vec![Block { heading: key.name.clone(), line, ..Block::default() }, rules(&key)];
    blocks.extend((!key.retiring.is_empty()).then(|| retiring(key.retiring)));
    blocks.push(last_requests(requests, &team.access.slug));
    Sheet { actions, ..sheet(blocks) }
}

fn rules(key: &KeySummary) -> Block {
    let KeyRules { models, scopes, expires: _, networks, tags, task, max_output, store_content } = &key.rules;
    let list = |items: Vec<String>, none: &str| match items.is_empty() {
        true => nothing(none),
        false => cell(Kind::Text, items.join(", ")),
    };
    let models = match models {
        AllowedModels::All => cell(Kind::Text, "all models of the team, also later ones"),
        AllowedModels::Only(names) => list(names.clone(), "none: it can call nothing"),
    };
    let stored = store_content.and_then(|policy| label_of(&content_choices(), policy.as_str()));
    let rows = [
        ("Models", models),
        ("Scopes", list(scopes.iter().map(|it| it.as_str().to_owned()).collect(), "none")),
        ("Expires", time_or(key.expires.clone(), "never")),
        ("Last used", time_or(key.last_used.clone(), "never used")),
        ("Networks", list(networks.clone(), "any")),
        ("Tags", list(tags.iter().map(|(name, value)| format!("{name}={value}")).collect(), "none")),
        ("Task class", list(task.iter().map(|it| it.as_str().to_owned()).collect(), "none")),
        ("Longest answer", list(max_output.iter().map(|it| format!("{it} tokens")).collect(), "as the model allows")),
        ("Content", list(stored.into_iter().collect(), "as the team")),
    ];
    let rows = rows.into_iter().map(|(name, value)| vec![cell(Kind::Text, name), value]).collect();
    table("Rules", headers(&["Rule", "Value"], &[]), rows)
}

fn label_of(choices: &[Choice], value: &str) -> Option<String> {
    choices.iter().find(|it| it.value == value).map(|it| it.label.clone())
}

fn retiring(secrets: Vec<RetiringSecret>) -> Block {
    let row = |it: RetiringSecret| vec![cell(Kind::Mono, shown_key(&it.public, &it.last_four)), time(it.until)];
    let rows = secrets.into_iter().map(row).collect();
    Block { heading: "Old secrets".to_owned(), ..table("Old secrets", headers(&["Secret", "Works until"], &[]), rows) }
}

fn last_requests(requests: Vec<domain::history::HistoryRow>, team: &str) -> Block {
    let heading = "Last requests".to_owned();
    if requests.is_empty() {
        let text = "None that you may see: a key that was never used has none.".to_owned();
        return Block { heading, text, ..Block::default() };
    }
    let row = |it: domain::history::HistoryRow| {
        let (input, output) = row_tokens(&it);
        let cost = amount(it.cost, it.unpriced, it.usage_source);
        let address = format!("/t/{team}/history/{}", it.request);
        let outcome = it.outcome.map_or("running", outcome_word);
        let tone = if outcome == "ok" { Kind::Ok } else { Kind::Neutral };
        vec![
            Cell { value: address, ..cell(Kind::Name, it.time.text) },
            cell(Kind::Mono, it.model),
            cell(tone, outcome),
            cell(Kind::Figures, input),
            cell(Kind::Figures, output),
            cell(Kind::Figures, cost.text),
        ]
    };
    let columns = headers(&["Time", "Model", "Status"], &["In", "Out", "Cost"]);
    let rows = requests.into_iter().map(row).collect();
    Block { heading, ..table("Last requests", columns, rows) }
}

fn new(team: &Team<'_>, name: &str) -> Form {
    let kind = if team.may_create_personal { KeyKind::Personal } else { KeyKind::Service };
    let input = NewKey { team: team.access.slug.clone(), name: name.to_owned(), kind, rules: KeyRules::default() };
    let kinds = [
        (team.may_create_personal, choice("personal", "Personal", "")),
        (team.may_manage, choice("service", "Service", "")),
    ];
    let kinds = kinds.into_iter().filter(|(may, _)| *may).map(|(_, choice)| choice).collect();
    let form = FormOf::new("New key", "keys/create", json!({ "input": input }))
        .field(FieldKind::Text, "input.name", "Name")
        .hint("What uses it, such as editor or nightly-ci.")
        .rule(Rule::Name)
        .required()
        .field(FieldKind::Select, "input.kind", "Kind")
        .hint("A personal key ends with your membership, a service key belongs to the team.")
        .choices(kinds);
    rule_fields(form, team, "").shows(shows(team)).submit("Create key", "")
}

fn edit(team: &Team<'_>, key: KeySummary) -> Form {
    let KeySummary { id, revision, name, rules, .. } = key;
    let expires = rules.expires.clone();
    let usual = KeyRules { models: rules.models.clone(), expires: expires.clone(), ..KeyRules::default() };
    let is_special = rules != usual;
    let title = format!("Edit {name}");
    let input = KeyChange { team: team.access.slug.clone(), key: id, revision, name, rules };
    let form = FormOf::new(title, "keys/update", json!({ "input": input }))
        .text("What changes here holds within a second. Its secret stays the same.")
        .field(FieldKind::Text, "input.name", "Name")
        .rule(Rule::Name)
        .required();
    rule_fields(form, team, &expires).unfolded(is_special).again(&format!("edit {id}")).submit("Save key", "Key saved")
}

/// What decides about a key, the same for a new one and for one that is changed.
fn rule_fields(form: FormOf, team: &Team<'_>, expires: &str) -> FormOf {
    let models = team.models.iter().map(|it| choice(&it.name, &it.name, &it.provider)).collect();
    let which = vec![choice("all", "All models of the team", ""), choice("only", "Only these", "")];
    let scopes = KeyScope::ALL.iter().map(|it| choice(it.as_str(), it.as_str(), it.summary())).collect();
    let mut tasks = vec![choice("", "None", "")];
    tasks.extend(TaskClass::ALL.iter().map(|it| choice(it.as_str(), it.as_str(), "")));
    let mut contents = vec![choice("", "As the team", "")];
    let policies = content_choices().into_iter();
    contents.extend(policies.filter(|it| StoreContent::parse(&it.value) >= Some(team.access.store_content)));
    // A moment that a script has set does not fit into a field for days.
    let is_day = expires.is_empty() || expires.len() == "2027-01-31".len();
    form.fold("More rules: networks, tags, scopes, limits")
        .field(FieldKind::Select, "input.rules.models", "Models")
        .choices(which)
        .field(FieldKind::Checks, "input.rules.models.only", "Only these models")
        .choices(models)
        .only_if("input.rules.models", "only")
        .field(if is_day { FieldKind::Day } else { FieldKind::Mono }, "input.rules.expires", "Expires")
        .hint("Works to the end of that day. Empty: it does not expire.")
        .field(FieldKind::Lines, "input.rules.networks", "Networks")
        .hint("Where it may be used from, one to a line: 203.0.113.0/24, or a single address. Empty: anywhere.")
        .rule(Rule::Networks)
        .folded()
        .field(FieldKind::Pairs, "input.rules.tags", "Tags")
        .hint("What its calls are tagged with unless they say otherwise, one to a line: stage=test.")
        .folded()
        .field(FieldKind::Checks, "input.rules.scopes", "Scopes")
        .choices(scopes)
        .folded()
        .field(FieldKind::Maybe, "input.rules.task", "Task class")
        .hint("Of calls that name none.")
        .choices(tasks)
        .share(2)
        .folded()
        .field(FieldKind::Number, "input.rules.max_output", "Longest answer, in tokens")
        .hint("Empty: as the model allows.")
        .share(2)
        .folded()
        .field(FieldKind::Maybe, "input.rules.store_content", "Content")
        .hint("How much of what is said is kept; a key can only be stricter than its team.")
        .choices(contents)
        .folded()
}

/// The secret, once, in the languages that it will be used in.
fn shows(team: &Team<'_>) -> Shows {
    let model = format!("¤key.rules.models.only.0|{}¤", first_model(&team.models));
    let with = Use { public_url: &team.ctx.public_url, secret: "¤secret¤", model: &model };
    Shows {
        title: "Key ¤key.name¤".to_owned(),
        warning: "This is the only time the key is shown. Store it where you keep secrets.".to_owned(),
        copy: "Copy key".to_owned(),
        secret: "¤secret¤".to_owned(),
        snippets: with.all(),
    }
}

fn rotate(team: &Team<'_>, key: &KeySummary) -> Form {
    let base = json!({ "team": team.access.slug, "key": key.id, "overlap_hours": USUAL_OVERLAP });
    FormOf::new(format!("Rotate {}", key.name), "keys/rotate", base)
        .text("Makes a new secret, with the same rules. The old one goes on for a while, so that nothing breaks meanwhile.")
        .field(FieldKind::Number, "overlap_hours", "Hours in which the old secret still works")
        .hint(format!("0 to {LONGEST_OVERLAP}. With 0 it is refused within a second."))
        .required()
        .shows(shows(team))
        .submit("Rotate key", "")
}

fn revoke(team: &Team<'_>, key: &KeySummary) -> Form {
    let base = json!({ "team": team.access.slug, "key": KeyId::clone(&key.id) });
    FormOf::new(format!("Revoke {}", key.name), "keys/revoke", base)
        .text("Programs that use it are refused within a second. This cannot be undone.")
        .confirm(&key.name)
        .danger()
        .submit("Revoke key", "Key revoked")
}
