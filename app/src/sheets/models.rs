//! The models of a team: what they cost, how much they take, what is to be done about their price.

use domain::{model::ModelSummary, text::thousands};

use super::{cell, figure, headers, prices::button_value};
use crate::{
    api::models::ModelChoice,
    components::sheet::{Block, Cell, Kind, Sheet},
    format::query_value,
};

pub fn choices(models: Vec<ModelSummary>) -> Vec<ModelChoice> {
    let price = |model: &ModelSummary| {
        model.price.as_ref().map(|it| format!("${} in · ${} out", it.input, it.output)).unwrap_or_default()
    };
    models.into_iter().map(|model| ModelChoice { price: price(&model), name: model.name }).collect()
}

pub fn sheet(models: Vec<ModelSummary>, team: &str) -> Sheet {
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
    Sheet { blocks, form: Vec::new() }
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
    let address = format!("/t/{team}/playground?models={}", query_value(&model.name));
    Cell { value: address, more, ..cell(Kind::Go, "Try") }
}
