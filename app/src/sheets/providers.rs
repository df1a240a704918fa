//! Providers of a team: the list, and the forms that change one, give it a new credential, take over its models, archive it.

use control::{Actor, Context, Error};
use domain::{
    id::ProviderId,
    permission::Permission,
    provider::{CredentialState, ImportModels, OfferedModel, ProviderChange, ProviderSummary},
    text::thousands,
};
use serde_json::json;

use super::{
    asked, cell, choice, danger, does, forms::FormOf, headers, id_of, menu, nothing, opens, page as sheet, primary,
    table, time,
};
use crate::{
    components::{
        form::{Choice, FieldKind, Form},
        sheet::{Ask, Cell, Kind, Sheet},
    },
    format::plural,
};

pub async fn page(ctx: &Context, actor: &Actor, ask: Ask) -> Result<Sheet, Error> {
    let team = ask.team.as_str();
    let providers = control::providers::list(ctx, actor, team).await?;
    let Some((what, id)) = ask.value.split_once(' ') else {
        let access = actor.team(ctx, team).await?;
        return Ok(list(team, actor.may(Permission::ManageTeamProviders, &access), providers));
    };
    let id: ProviderId = id_of(id)?;
    let provider = providers.into_iter().find(|it| it.id == id).ok_or(Error::NotFound)?;
    match what {
        "edit" => Ok(asked(edit(ctx, team, &provider))),
        "credential" => Ok(asked(credential(team, &provider))),
        "archive" => Ok(asked(archive(team, &provider))),
        "offered" => {
            let offered = control::providers::offered(ctx, actor, team, id).await?;
            Ok(asked(import(team, &provider, offered)))
        }
        _ => Err(Error::NotFound),
    }
}

fn list(team: &str, may_connect: bool, providers: Vec<ProviderSummary>) -> Sheet {
    let actions = if may_connect { vec![primary("Connect", "new")] } else { Vec::new() };
    let mut columns = headers(&["Name", "Kind", "Address", "Credential"], &["Models"]);
    columns.extend([cell(Kind::Text, "Connected"), cell(Kind::Button, "Actions")]);
    let rows: Vec<Vec<Cell>> = providers.into_iter().map(|it| row(team, it)).collect();
    let blocks = if rows.is_empty() { Vec::new() } else { vec![table("Providers", columns, rows)] };
    Sheet { actions, ..sheet(blocks) }
}

fn row(team: &str, it: ProviderSummary) -> Vec<Cell> {
    let actions = actions(team, &it);
    let ProviderSummary { slug, title, base_url, shared, credential, models, created, .. } = it;
    let marks = shared.then(|| cell(Kind::Tag, "shared")).into_iter().collect();
    let address = match base_url.is_empty() {
        true => nothing("inside this server"),
        false => cell(Kind::Mono, base_url),
    };
    vec![
        Cell { more: marks, ..cell(Kind::Mono, slug) },
        cell(Kind::Text, title),
        address,
        credential_cell(credential),
        cell(Kind::Figures, thousands(models)),
        time(created),
        actions,
    ]
}

fn credential_cell(state: CredentialState) -> Cell {
    match state {
        CredentialState::None => nothing("none needed"),
        CredentialState::Stored { last_four } => cell(Kind::Mono, format!("••••{last_four}")),
        CredentialState::Unreadable { last_four } => {
            let words = format!(
                "••••{last_four} was sealed with another master key or for another address. Start the server with that \
                 master key, or replace the credential."
            );
            Cell { note: words, ..cell(Kind::Bad, "cannot decrypt") }
        }
    }
}

fn actions(team: &str, it: &ProviderSummary) -> Cell {
    if !it.editable {
        return cell(Kind::Text, "");
    }
    let id = it.id;
    let input = json!({ "team": team, "provider": id });
    let mut items = vec![opens("Add its models", format!("offered {id}"))];
    // The demo answers inside this server: it has no address and no credential.
    if !it.base_url.is_empty() {
        items.extend([opens("Edit", format!("edit {id}")), opens("Replace credential", format!("credential {id}"))]);
    }
    items.push(danger("Archive", format!("archive {id}")));
    let more = menu(format!("More for {}", it.slug), &id.to_string(), items);
    Cell { more: vec![more], ..does("Test", "providers/test_stored", &input, "") }
}

fn change(team: &str, it: &ProviderSummary) -> ProviderChange {
    ProviderChange {
        team: team.to_owned(),
        provider: it.id,
        revision: it.revision,
        preset: it.preset.clone(),
        base_url: it.base_url.clone(),
        credential: String::new(),
    }
}

fn edit(ctx: &Context, team: &str, it: &ProviderSummary) -> Form {
    let mut form = FormOf::new(format!("Edit {}", it.slug), "providers/update", json!({ "input": change(team, it) }))
        .text("Its name and its kind are fixed: models, prices and history refer to them.");
    let presets = ctx.provider_kind(&it.kind).map(|kind| kind.presets).unwrap_or_default();
    if !presets.is_empty() {
        let mut choices = vec![choice("", "No known vendor", "")];
        choices.extend(presets.iter().map(|it| choice(it.id, it.title, "")));
        form =
            form.field(FieldKind::Select, "input.preset", "Vendor").hint("Whose quirks are honoured.").choices(choices);
    }
    form.field(FieldKind::Mono, "input.base_url", "Base URL")
        .required()
        .field(FieldKind::Secret, "input.credential", "API key")
        .hint("Empty: the stored one stays. A new address needs the key again, because it was sealed for the old one.")
        .again(&format!("edit {}", it.id))
        .submit("Save provider", "Provider saved")
}

fn credential(team: &str, it: &ProviderSummary) -> Form {
    FormOf::new(
        format!("Replace the credential of {}", it.slug),
        "providers/update",
        json!({ "input": change(team, it) }),
    )
    .text("The new one is used within a second. It is stored encrypted, for this address only, and never shown again.")
    .field(FieldKind::Secret, "input.credential", "API key")
    .required()
    .again(&format!("credential {}", it.id))
    .submit("Replace credential", "Credential replaced: test it now")
}

fn archive(team: &str, it: &ProviderSummary) -> Form {
    let models = match it.models {
        0 => "It has no models.".to_owned(),
        n => format!("Calls to its {} are refused within a second.", plural(n, "model", "models")),
    };
    FormOf::new(format!("Archive {}", it.slug), "providers/archive", json!({ "team": team, "provider": it.id }))
        .text(format!("{models} Its credential is erased; history and costs stay."))
        .confirm(&it.slug)
        .danger()
        .submit("Archive provider", "Provider archived")
}

fn import(team: &str, it: &ProviderSummary, offered: Vec<OfferedModel>) -> Form {
    let all = offered.len();
    let open: Vec<OfferedModel> = offered.into_iter().filter(|it| it.present.is_none()).collect();
    let text = match (all, open.len()) {
        (0, _) => "It offers no models that could be listed: add them by hand.".to_owned(),
        (_, 0) => format!("All {} that it offers are there already.", plural(all as u64, "model", "models")),
        (_, open) => format!(
            "{} not added yet, of {all} that it offers. Prices come from the built-in catalogue and stay unconfirmed until \
             somebody has checked them.",
            plural(open as u64, "model is", "models are")
        ),
    };
    let input = ImportModels { team: team.to_owned(), provider: it.id, models: Vec::new() };
    let form = FormOf::new(format!("Add models of {}", it.slug), "providers/import", json!({ "input": input }))
        .text(text)
        .then(|then| then.go = format!("/t/{team}/models"));
    let form = match open.is_empty() {
        true => form,
        false => form
            .field(FieldKind::Checks, "input.models", "Models")
            .choices(open.into_iter().map(offered_choice).collect())
            .required(),
    };
    form.submit("Add what is ticked", "Models added")
}

fn offered_choice(it: OfferedModel) -> Choice {
    let OfferedModel { upstream, known: _, input, output, context_window, present: _ } = it;
    let price = match input.is_empty() && output.is_empty() {
        true => "unpriced".to_owned(),
        false => format!("${input} in · ${output} out"),
    };
    let context = context_window.map(|tokens| format!(" · {} tokens", thousands(tokens.into()))).unwrap_or_default();
    choice(&upstream, &upstream, &format!("{price}{context}"))
}
