//! The models of a team: what they cost, how much they take, what is to be done about their price.

use control::{Actor, Context, Error};
use domain::{
    ApiError, ErrorKind,
    catalog::Capability,
    id::ModelId,
    model::{ModelChange, ModelSummary, NewModel, PriceText},
    permission::Permission,
    provider::ProviderSummary,
    text::thousands,
};
use serde_json::json;

use super::{
    asked, cell, choice, danger, figure, forms::FormOf, headers, id_of, menu, opens, prices::button_value, primary,
};
use crate::{
    api::models::ModelChoice,
    components::{
        form::{FieldKind, Form, Rule},
        sheet::{Ask, Block, Cell, Kind, Sheet},
    },
    format::query_value,
};

pub async fn page(ctx: &Context, actor: &Actor, ask: Ask) -> Result<Sheet, Error> {
    let team = ask.team.as_str();
    let Some((what, id)) = ask.value.split_once(' ') else {
        let providers = control::providers::list(ctx, actor, team).await?;
        if ask.value == "new" {
            return new(team, &providers).map(asked);
        }
        let access = actor.team(ctx, team).await?;
        let may_add = actor.may(Permission::ManageTeamProviders, &access);
        let models = control::models::list(ctx, actor, team).await?;
        return Ok(Sheet { actions: header(team, may_add, &providers), ..sheet(models, team) });
    };
    let id: ModelId = id_of(id)?;
    let model = control::models::get(ctx, actor, team, id).await?;
    match what {
        "edit" => Ok(asked(edit(team, model))),
        "archive" => Ok(asked(archive(team, &model))),
        _ => Err(Error::NotFound),
    }
}

fn header(team: &str, may_add: bool, providers: &[ProviderSummary]) -> Vec<Cell> {
    let go = |label, address| Cell { value: format!("/t/{team}/{address}"), ..cell(Kind::Go, label) };
    match (may_add, providers.is_empty()) {
        (false, _) => vec![go("Catalogue", "models/catalogue")],
        (true, true) => vec![go("Catalogue", "models/catalogue"), go("Connect a provider", "providers?connect=1")],
        (true, false) => vec![go("Catalogue", "models/catalogue"), primary("Add model", "new")],
    }
}

fn new(team: &str, providers: &[ProviderSummary]) -> Result<Form, Error> {
    let Some(first) = providers.first() else {
        let text = "a model is reached through a provider, and none is connected yet: connect one first";
        return Err(ApiError::new(ErrorKind::Invalid, text).into());
    };
    let input = NewModel {
        team: team.to_owned(),
        provider: first.slug.clone(),
        name: String::new(),
        upstream: String::new(),
        context_window: None,
        max_output: None,
        price: PriceText::default(),
    };
    let choices = providers.iter().map(|it| choice(&it.slug, &format!("{} ({})", it.slug, it.title), "")).collect();
    let form = FormOf::new("Add a model", "models/create", json!({ "input": input }))
        .field(FieldKind::Select, "input.provider", "Provider")
        .choices(choices);
    let form = sizes(names(form).share(2))
        .words("Price in dollars per million tokens. Leave all three empty when you do not know it yet: what calls cost then counts as unknown, not as zero.")
        .field(FieldKind::Mono, "input.price.input", "Input")
        .share(3)
        .field(FieldKind::Mono, "input.price.cache_read", "Cached input")
        .share(3)
        .field(FieldKind::Mono, "input.price.output", "Output")
        .share(3);
    Ok(form.submit("Add model", ""))
}

fn names(form: FormOf) -> FormOf {
    form.field(FieldKind::Mono, "input.name", "Model name")
        .hint("What clients send, such as gpt-4o.")
        .rule(Rule::ModelName)
        .required()
        .share(2)
        .field(FieldKind::Mono, "input.upstream", "Name at the provider")
        .hint("Empty: the same.")
        .rule(Rule::ModelName)
}

fn sizes(form: FormOf) -> FormOf {
    form.field(FieldKind::Number, "input.context_window", "Context window")
        .hint("Most tokens of a question with its answer.")
        .share(2)
        .field(FieldKind::Number, "input.max_output", "Longest answer")
        .hint("Most tokens of one answer.")
        .share(2)
}

fn edit(team: &str, model: ModelSummary) -> Form {
    let ModelSummary { id, revision, name, aliases, upstream, context_window, max_output, capabilities, .. } = model;
    let title = format!("Edit {name}");
    let retires_on = model.retires_on.unwrap_or_default();
    let team = team.to_owned();
    let input = ModelChange {
        team,
        model: id,
        revision,
        name,
        upstream,
        aliases,
        context_window,
        max_output,
        capabilities,
        retires_on,
    };
    let form = FormOf::new(title, "models/update", json!({ "input": input }))
        .text("Its price has versions of its own, on the page of the price.");
    let capabilities =
        Capability::ALL.iter().map(|it| choice(it.as_str(), &it.as_str().replace('_', " "), "")).collect();
    sizes(
        names(form)
            .share(2)
            .field(FieldKind::Lines, "input.aliases", "Also known as")
            .hint("Other names that clients may send, one to a line.")
            .rule(Rule::ModelNames),
    )
    .field(FieldKind::Checks, "input.capabilities", "What it can do")
    .hint("Nothing ticked: not known.")
    .choices(capabilities)
    .field(FieldKind::Day, "input.retires_on", "Retires on")
    .hint("The vendor's last day for it, where one is known.")
    .again(&format!("edit {id}"))
    .submit("Save model", "Model saved")
}

fn archive(team: &str, model: &ModelSummary) -> Form {
    FormOf::new(format!("Archive {}", model.name), "models/archive", json!({ "team": team, "model": model.id }))
        .text("Clients that ask for it are refused within a second, by this name and by its aliases. Its history, its prices and its costs stay.")
        .danger()
        .submit("Archive model", "Model archived")
}

pub fn choices(models: Vec<ModelSummary>) -> Vec<ModelChoice> {
    let price = |model: &ModelSummary| {
        model.price.as_ref().map(|it| format!("${} in · ${} out", it.input, it.output)).unwrap_or_default()
    };
    models.into_iter().map(|model| ModelChoice { price: price(&model), name: model.name }).collect()
}

fn sheet(models: Vec<ModelSummary>, team: &str) -> Sheet {
    if models.is_empty() {
        return Sheet::default();
    }
    let unpriced = models.iter().filter(|model| model.price.is_none()).count();
    let unconfirmed = models.iter().filter(|model| model.price_unconfirmed).count();
    let mut line = Vec::new();
    if unpriced > 0 {
        let words = "what their calls cost is unknown and missing from every sum";
        line.push(Cell { note: words.to_owned(), ..cell(Kind::Warn, format!("{unpriced} without a price")) });
    }
    if unconfirmed > 0 {
        let words = "taken over from the catalogue or a file: check it at the vendor, then confirm it";
        line.push(Cell { note: words.to_owned(), ..cell(Kind::Warn, format!("{unconfirmed} unconfirmed")) });
    }
    let mut columns =
        headers(&["Model", "Provider"], &["Input $/M", "Cached $/M", "Output $/M", "Context", "Max output"]);
    columns.push(cell(Kind::Button, "Actions"));
    let rows = models.into_iter().map(|model| row(model, team)).collect();
    let text = "Prices are dollars per million tokens of the base tier; cache writes, long context and batch are on the page of the price.";
    let table = Block { caption: "Models".to_owned(), columns, rows, text: text.to_owned(), ..Block::default() };
    let head = Block { line, ..Block::default() };
    let blocks = if head.line.is_empty() { vec![table] } else { vec![head, table] };
    super::page(blocks)
}

fn row(model: ModelSummary, team: &str) -> Vec<Cell> {
    let alias = (!model.aliases.is_empty()).then(|| format!("also {}", model.aliases.join(", ")));
    let retires = model.retires_on.as_ref().map(|day| format!("retires {day}"));
    let sub: Vec<String> = [alias, retires].into_iter().flatten().collect();
    let mut marks = Vec::new();
    marks.extend(model.shared.then(|| cell(Kind::Tag, "shared")));
    marks.extend(model.price_unconfirmed.then(|| cell(Kind::Warn, "unconfirmed")));
    let upstream = if model.upstream == model.name { String::new() } else { model.upstream.clone() };
    let [input, cached, output] = match &model.price {
        Some(price) => [&price.input, &price.cache_read, &price.output].map(|rate| figure(rate, "–")),
        None => [cell(Kind::Warn, "unpriced"), figure("", "–"), figure("", "–")],
    };
    let tokens = |count: Option<u32>| figure(&count.map(|it| thousands(it.into())).unwrap_or_default(), "–");
    vec![
        Cell { note: sub.join(" · "), more: marks, ..cell(Kind::Mono, model.name.clone()) },
        Cell { note: upstream, ..cell(Kind::Text, model.provider.clone()) },
        input,
        cached,
        output,
        tokens(model.context_window),
        tokens(model.max_output),
        actions(&model, team),
    ]
}

fn actions(model: &ModelSummary, team: &str) -> Cell {
    let label = match (model.price.is_some(), model.editable) {
        (false, true) => "Set price",
        (true, true) => "Change price",
        (_, false) => "Price",
    };
    let mut more = Vec::new();
    if let Some(version) = model.price_version.filter(|_| model.price_unconfirmed && model.editable) {
        more.push(Cell { value: button_value(model.id, version), ..cell(Kind::Button, "Confirm") });
    }
    more.push(Cell { value: format!("/t/{team}/models/{}", model.id), ..cell(Kind::Go, label) });
    if model.editable {
        let items =
            vec![opens("Edit", format!("edit {}", model.id)), danger("Archive", format!("archive {}", model.id))];
        more.push(menu(format!("More for {}", model.name), &model.id.to_string(), items));
    }
    let address = format!("/t/{team}/playground?models={}", query_value(&model.name));
    Cell { value: address, more, ..cell(Kind::Go, "Try") }
}
