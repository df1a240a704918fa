//! The price of one model: its versions, and the form that adds one. The form has a row for each way of being served, in the
//! base tier, in each tier there is, and in one more; what is left empty is not sent on.

use control::{Actor, Context, Error};
use domain::{
    ApiError,
    error::FieldErrors,
    id::{ModelId, PriceVersionId},
    price::{
        PriceClass, Variant,
        version::{ConfirmPrice, NewPriceVersion, PriceHistory, PriceSource, PriceVersion, RateText, VersionState},
    },
    text::thousands,
};

use super::{cell, figure, headers};
use crate::components::form::tokens;
use crate::components::sheet::{Ask, Block, Cell, Fields, Kind, Sheet};

pub async fn page(ctx: &Context, actor: &Actor, ask: Ask) -> Result<Sheet, Error> {
    let model = model(&ask)?;
    control::prices::list(ctx, actor, &ask.team, model).await.map(|it| sheet(it, model))
}

pub async fn create(ctx: &Context, actor: &Actor, ask: Ask) -> Result<String, Error> {
    let model = model(&ask)?;
    let input = read(ask.team, model, &ask.fields)?;
    control::prices::create(ctx, actor, input).await.map(|it| format!("Price of {} added", it.name))
}

pub async fn confirm(ctx: &Context, actor: &Actor, ask: Ask) -> Result<String, Error> {
    let input = confirmation(ask)?;
    control::prices::confirm(ctx, actor, input).await.map(|it| format!("Price of {} confirmed", it.name))
}

fn sheet(history: PriceHistory, id: ModelId) -> Sheet {
    let PriceHistory { model, editable, versions } = history;
    let in_force = versions.iter().find(|version| version.state == VersionState::InForce);
    let form = if editable { form(in_force.map_or(&[], |version| &version.rates)) } else { Vec::new() };
    let mut blocks = vec![Block { heading: model, ..Block::default() }];
    if versions.is_empty() {
        blocks.push(Block {
            text: "It has no price yet: what its calls cost is unknown, not zero.".to_owned(),
            ..Block::default()
        });
    }
    blocks.extend(versions.into_iter().map(|version| block(version, id, editable)));
    if let Some(last) = blocks.last_mut().filter(|last| !last.rows.is_empty()) {
        last.text = "Dollars per million tokens; per request: dollars per thousand requests.".to_owned();
    }
    Sheet { blocks, form, ..Sheet::default() }
}

fn block(version: PriceVersion, model: ModelId, editable: bool) -> Block {
    let PriceVersion {
        id,
        state,
        effective_from,
        until,
        source,
        source_url,
        source_date,
        note,
        author,
        confirmed,
        rates,
    } = version;
    let state = match state {
        VersionState::InForce => cell(Kind::Ok, "in force"),
        VersionState::Future => cell(Kind::Neutral, "to come"),
        VersionState::Past => cell(Kind::Neutral, "past"),
    };
    let how = match source {
        PriceSource::Typed => "typed by",
        PriceSource::Catalogue => "from the catalogue, added by",
        PriceSource::Import => "from a price file, accepted by",
        PriceSource::Bundle => "from a bundle, applied by",
        PriceSource::BuiltIn => "brought by the provider, connected by",
    };
    let until = until.map(|at| format!(" until {}", at.text)).unwrap_or_default();
    let mut line = vec![state, cell(Kind::Text, format!("from {}{until}, {how} {author}", effective_from.text))];
    let date = if source_date.is_empty() { String::new() } else { format!(" of {source_date}") };
    match (source_url.is_empty(), source_date.is_empty()) {
        (false, _) => line.push(Cell { value: source_url, ..cell(Kind::Link, format!("Source{date}")) }),
        (true, false) => line.push(cell(Kind::Text, format!("source{date}"))),
        (true, true) => {}
    }
    if !note.is_empty() {
        line.push(cell(Kind::Text, note));
    }
    match confirmed {
        Some(it) if source.needs_confirmation() => {
            line.push(cell(Kind::Text, format!("confirmed by {} {}", it.by, it.at.text)));
        }
        Some(_) => {}
        None => {
            line.push(cell(Kind::Warn, "unconfirmed"));
            line.extend(editable.then(|| Cell { value: button_value(model, id), ..cell(Kind::Button, "Confirm") }));
        }
    }
    Block { line, caption: "Rates".to_owned(), columns: columns(), rows: rates_rows(&rates), ..Block::default() }
}

fn columns() -> Vec<Cell> {
    headers(&["Applies to"], &PriceClass::ALL.map(PriceClass::words))
}

/// The ways of being served and tiers that have rates, in their order.
fn places(rates: &[RateText]) -> Vec<(u32, Variant)> {
    let mut places: Vec<_> = rates.iter().map(|rate| (rate.above_input_tokens, rate.variant)).collect();
    places.sort_unstable();
    places.dedup();
    places
}

fn rate_of(rates: &[RateText], place: (u32, Variant), class: PriceClass) -> &str {
    let is_it = |rate: &&RateText| (rate.above_input_tokens, rate.variant, rate.class) == (place.0, place.1, class);
    rates.iter().find(is_it).map_or("", |rate| &rate.rate)
}

fn rates_rows(rates: &[RateText]) -> Vec<Vec<Cell>> {
    let row = |place: (u32, Variant)| {
        let tier =
            if place.0 == 0 { String::new() } else { format!("above {} input tokens", thousands(place.0.into())) };
        let head = Cell { note: tier, ..cell(Kind::Text, place.1.words()) };
        let cells = PriceClass::ALL.map(|class| figure(rate_of(rates, place, class), "–"));
        std::iter::once(head).chain(cells).collect()
    };
    places(rates).into_iter().map(row).collect()
}

/// `rates.<n>` counts row by row; `tier.<n>` is above how many input tokens the tier begins.
fn form(rates: &[RateText]) -> Vec<Block> {
    let mut tiers: Vec<u32> = places(rates).into_iter().map(|(above, _)| above).filter(|above| *above > 0).collect();
    tiers.dedup();
    let tiers = std::iter::once(Some(0)).chain(tiers.into_iter().map(Some)).chain([None]);
    let mut number = 0;
    let block = |(tier, above): (usize, Option<u32>)| {
        let mut row = |variant: Variant| {
            let cells = PriceClass::ALL.map(|class| {
                let text = above.map_or("", |above| rate_of(rates, (above, variant), class)).to_owned();
                let value = format!("rates.{number}");
                number += 1;
                let note = format!("{}, {}, tier {tier}", class.words(), variant.words());
                Cell { value, note, ..cell(Kind::Input, text) }
            });
            std::iter::once(cell(Kind::Text, variant.words())).chain(cells).collect()
        };
        let rows = Variant::ALL.into_iter().map(&mut row).collect();
        let text = above.map_or_else(String::new, |above| above.to_string());
        let threshold = Cell {
            value: format!("tier.{tier}"),
            note: format!("Tier {tier} begins above"),
            ..cell(Kind::Input, text)
        };
        let line = match above {
            Some(0) => Vec::new(),
            Some(_) => vec![cell(Kind::Text, "Above"), threshold, cell(Kind::Text, "input tokens")],
            None => vec![cell(Kind::Text, "One more tier: above"), threshold, cell(Kind::Text, "input tokens")],
        };
        let caption = format!("Rates of tier {tier}");
        Block { line, caption, columns: columns(), rows, ..Block::default() }
    };
    tiers.enumerate().map(block).collect()
}

/// The model that the address names.
fn model(ask: &Ask) -> Result<ModelId, Error> {
    ask.subject.parse().map_err(|_| Error::NotFound)
}

/// What a button that confirms a version carries.
pub fn button_value(model: ModelId, version: PriceVersionId) -> String {
    format!("{model} {version}")
}

/// The version whose button was pressed.
fn confirmation(ask: Ask) -> Result<ConfirmPrice, Error> {
    let (model, version) = ask.value.split_once(' ').ok_or(Error::NotFound)?;
    let model = model.parse().map_err(|_| Error::NotFound)?;
    let version = version.parse().map_err(|_| Error::NotFound)?;
    Ok(ConfirmPrice { team: ask.team, model, version })
}

/// A row of rates for each way of being served, tier by tier.
fn read(team: String, model: ModelId, fields: &Fields) -> Result<NewPriceVersion, ApiError> {
    let text =
        |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, text)| text.clone()).unwrap_or_default();
    let mut wrong = FieldErrors::default();
    let mut rates = Vec::new();
    for tier in 0.. {
        let in_tier = Variant::ALL.len() * PriceClass::ALL.len();
        let first = tier * in_tier;
        if !fields.iter().any(|(field, _)| *field == format!("rates.{first}")) {
            break;
        }
        let field = format!("tier.{tier}");
        let above = if tier == 0 { Some(0) } else { wrong.check(&field, tokens(&text(&field))).flatten() };
        let places = Variant::ALL.into_iter().flat_map(|variant| PriceClass::ALL.map(|class| (variant, class)));
        for (place, (variant, class)) in places.enumerate() {
            let rate = text(&format!("rates.{}", first + place));
            if above.is_none() && !rate.trim().is_empty() {
                wrong.add(&field, "enter above how many input tokens this tier begins");
            }
            rates.push(RateText { class, variant, above_input_tokens: above.unwrap_or(0), rate });
        }
    }
    wrong.finish()?;
    Ok(NewPriceVersion {
        team,
        model,
        rates,
        effective_from: text("effective_from"),
        source_url: text("source_url"),
        source_date: text("source_date"),
        note: text("note"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(class: PriceClass, variant: Variant, above_input_tokens: u32, rate: &str) -> RateText {
        RateText { class, variant, above_input_tokens, rate: rate.to_owned() }
    }

    /// What the browser would send back of a form.
    fn sent(form: &[Block]) -> Fields {
        let cells = form.iter().flat_map(|block| block.line.iter().chain(block.rows.iter().flatten()));
        let inputs = cells.filter(|cell| cell.kind == Kind::Input);
        inputs.map(|cell| (cell.value.clone(), cell.text.clone())).collect()
    }

    #[test]
    fn a_form_that_nobody_touches_sends_the_same_rates_back() {
        let rates = vec![
            rate(PriceClass::Input, Variant::Standard, 0, "1.25"),
            rate(PriceClass::Output, Variant::Standard, 0, "10.00"),
            rate(PriceClass::Request, Variant::Priority, 0, "5.00"),
            rate(PriceClass::CacheRead, Variant::Batch, 200_000, "0.25"),
        ];
        let fields = sent(&form(&rates));
        // Base tier, its own tier, one more: four variants of seven classes each, and two thresholds.
        assert_eq!(fields.len(), 3 * 28 + 2);
        let input = read("t".to_owned(), ModelId(uuid::Uuid::nil()), &fields).unwrap();
        let back: Vec<RateText> = input.rates.into_iter().filter(|it| !it.rate.is_empty()).collect();
        assert_eq!(back, rates);
    }

    #[test]
    fn a_rate_is_found_again_by_the_place_that_names_it() {
        let mut fields = sent(&form(&[]));
        assert_eq!(fields.len(), 2 * 28 + 1);
        for (name, text) in &mut fields {
            *text = name.clone();
            if name == "tier.1" {
                "128,000".clone_into(text);
            }
        }
        let input = read(String::new(), ModelId(uuid::Uuid::nil()), &fields).unwrap();
        let names: Vec<String> = (0..56).map(|number| format!("rates.{number}")).collect();
        assert_eq!(input.rates.iter().map(|it| it.rate.clone()).collect::<Vec<_>>(), names);
        let of = |number: usize| {
            (input.rates[number].above_input_tokens, input.rates[number].variant, input.rates[number].class)
        };
        assert_eq!(of(0), (0, Variant::Standard, PriceClass::Input));
        assert_eq!(of(28 + 7), (128_000, Variant::Batch, PriceClass::Input));
    }

    #[test]
    fn a_tier_with_rates_needs_its_threshold() {
        let mut fields = sent(&form(&[]));
        fields.iter_mut().find(|(name, _)| name == "rates.30").unwrap().1 = "1".to_owned();
        let error = read(String::new(), ModelId(uuid::Uuid::nil()), &fields).unwrap_err();
        assert_eq!(error.of_field("tier.1"), Some("enter above how many input tokens this tier begins"));
    }
}
