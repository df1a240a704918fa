//! The built-in catalogue: what was found, and one button for each provider that can serve it.

use control::{Actor, Context, Error};
use domain::{
    catalog::{CatalogEntry, CatalogPage, CatalogQuery, NewCatalogModel},
    price::{PriceClass, Variant},
    text::thousands,
};

use super::{cell, figure, headers};
use crate::components::{
    form::{Field, FieldKind},
    sheet::{Ask, Block, Cell, Kind, Sheet},
};

pub async fn page(ctx: &Context, actor: &Actor, ask: Ask) -> Result<Sheet, Error> {
    let text = ask.field("q");
    let label = "Vendor or model".to_owned();
    let search =
        Field { name: "q".to_owned(), kind: FieldKind::Search, label, value: text.clone(), ..Field::default() };
    let found = control::catalog::search(ctx, actor, CatalogQuery { team: ask.team, text }).await?;
    Ok(Sheet { filters: vec![search], ..sheet(found) })
}

pub async fn add(ctx: &Context, actor: &Actor, ask: Ask) -> Result<String, Error> {
    control::catalog::add(ctx, actor, new_model(ask)).await.map(|it| format!("{} added", it.name))
}

/// Of the button that was pressed: provider, vendor and model, parted by spaces.
fn new_model(ask: Ask) -> NewCatalogModel {
    let mut parts = ask.value.splitn(3, ' ').map(str::to_owned);
    let mut part = || parts.next().unwrap_or_default();
    let (provider, vendor, upstream) = (part(), part(), part());
    NewCatalogModel { team: ask.team, provider, vendor, upstream, name: String::new() }
}

fn sheet(page: CatalogPage) -> Sheet {
    let CatalogPage { entries, total } = page;
    if entries.is_empty() {
        let text =
            "Nothing found. The catalogue holds current models of the main vendors; any other model is added by hand.";
        return super::page(vec![super::words(text)]);
    }
    let text = format!(
        "{} of {total}. Dollars per million tokens. What is added stays unconfirmed until somebody has checked its price.",
        entries.len()
    );
    let mut columns = headers(&["Model", "Vendor"], &["Input", "Cached", "Output", "Context"]);
    columns.extend([cell(Kind::Text, "Source"), cell(Kind::Button, "Add")]);
    let rows = entries.into_iter().map(row).collect();
    super::page(vec![Block { caption: "Catalogue".to_owned(), columns, rows, text, ..Block::default() }])
}

fn row(entry: CatalogEntry) -> Vec<Cell> {
    let CatalogEntry { vendor, vendor_title, upstream, facts, rates, source, source_date, providers, present } = entry;
    let rate = |class| {
        let is_base = |place: (PriceClass, Variant, u32)| place == (class, Variant::Standard, 0);
        let found = rates.iter().find(|it| is_base((it.class, it.variant, it.above_input_tokens)));
        figure(found.map_or("", |it| &it.rate), "–")
    };
    let long = rates.iter().any(|it| it.above_input_tokens > 0).then(|| "long context costs more".to_owned());
    let retires = facts.retires_on.as_ref().map(|day| format!("retires {day}"));
    let notes: Vec<String> = [long, retires].into_iter().flatten().collect();
    let context = facts.context_window.map(|tokens| thousands(tokens.into())).unwrap_or_default();
    let source = match source.starts_with("https://") {
        true => Cell { value: source, ..cell(Kind::Link, source_date) },
        false => Cell { note: source, ..cell(Kind::Text, source_date) },
    };
    vec![
        Cell { note: notes.join(" · "), ..cell(Kind::Mono, upstream.clone()) },
        cell(Kind::Text, vendor_title.clone()),
        rate(PriceClass::Input),
        rate(PriceClass::CacheRead),
        rate(PriceClass::Output),
        figure(&context, "–"),
        source,
        action(present, providers, &vendor, &vendor_title, &upstream),
    ]
}

/// A button's value is provider, vendor and model, parted by spaces: none of them holds one.
fn action(present: Option<String>, providers: Vec<String>, vendor: &str, title: &str, upstream: &str) -> Cell {
    if let Some(name) = present {
        return cell(Kind::Neutral, format!("added as {name}"));
    }
    let button = |provider: String| Cell {
        value: format!("{provider} {vendor} {upstream}"),
        ..cell(Kind::Button, format!("Add to {provider}"))
    };
    let mut buttons = providers.into_iter().map(button);
    match buttons.next() {
        Some(first) => Cell { more: buttons.collect(), ..first },
        None => cell(Kind::Text, format!("connect {title} first")),
    }
}
