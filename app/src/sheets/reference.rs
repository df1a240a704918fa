//! The public API as a page for people.

use std::sync::Arc;

use control::{Actor, Error};
use leptos::prelude::use_context;

use super::{cell, headers, page as sheet, table};
use crate::{
    api::reference::{Endpoint, Group, Parameter, Reference},
    components::sheet::{Ask, Block, Cell, Kind, Sheet},
};

pub async fn page(_actor: &Actor, _ask: Ask) -> Result<Sheet, Error> {
    // Shared by all requests: it is long, and contexts are made for every one of them.
    Ok(use_context::<Arc<Reference>>().map(|it| arrange(Reference::clone(&it))).unwrap_or_default())
}

fn arrange(reference: Reference) -> Sheet {
    let Reference { base_url, introduction, groups } = reference;
    let address = Cell { note: "Copy address".to_owned(), ..cell(Kind::Copy, base_url) };
    let document = Cell { value: "/api/v1/openapi.json".to_owned(), ..cell(Kind::File, "OpenAPI document") };
    let tokens = Cell { value: "/me/tokens".to_owned(), ..cell(Kind::Name, "Your tokens") };
    let mut blocks = vec![Block { line: vec![address, document, tokens], text: introduction, ..Block::default() }];
    for Group { title, endpoints } in groups {
        blocks.push(Block { heading: title, ..Block::default() });
        blocks.extend(endpoints.into_iter().map(endpoint));
    }
    sheet(blocks)
}

fn endpoint(it: Endpoint) -> Block {
    let Endpoint { method, path, summary, scope, parameters, request, response } = it;
    let mut line = vec![cell(Kind::Tag, method), cell(Kind::Mono, path), cell(Kind::Text, summary)];
    let scope = if scope.is_empty() { "no token needed".to_owned() } else { format!("scope {scope}") };
    line.push(cell(Kind::Tag, scope));
    let code = |label: &str, text: String| {
        (!text.is_empty()).then(|| Cell { note: label.to_owned(), ..cell(Kind::Code, text) })
    };
    line.extend(code("Request", request));
    line.extend(code("Answer", response));
    let rows = parameters.into_iter().map(parameter).collect();
    Block { line, ..table("Parameters", headers(&["Name", "In", "Kind", "What it is"], &[]), rows) }
}

fn parameter(it: Parameter) -> Vec<Cell> {
    let Parameter { name, place, kind, required, text } = it;
    let more = required.then(|| cell(Kind::Tag, "required")).into_iter().collect();
    vec![
        Cell { more, ..cell(Kind::Mono, name) },
        cell(Kind::Text, place),
        cell(Kind::Text, kind),
        cell(Kind::Text, text),
    ]
}
