//! Tables that people paste or drop, read as cases: CSV with a header row (RFC 4180), or one JSON object a line
//! (`product.md` PG-14). Pure. A fault names its row and column, and then nothing of the table is taken.

use domain::{
    grid::{Case, Grid, MAX_CASES, MAX_VALUES, Turn, TurnRole},
    run::{MAX_CASES_BYTES, ReadCases},
    template,
};
use serde_json::Value;

/// Characters of a value that names its row.
const NAME_CHARS: usize = 200;
/// The column whose values name their rows, too.
const NAME: &str = "name";
/// The member of a JSON object that holds the messages of its row.
const MESSAGES: &str = "messages";

/// A place in the table, from 1; the header is row 1.
type Fault = String;

pub(super) fn read(text: &str) -> Result<ReadCases, Fault> {
    if text.len() > MAX_CASES_BYTES {
        return Err(format!("this is more than {} MiB: split it", MAX_CASES_BYTES / 1024 / 1024));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let table = match text.trim_start().as_bytes().first() {
        None => return Err("this is empty: paste a table with a header row, or one JSON object a line".to_owned()),
        Some(b'{') => json_lines(text)?,
        Some(_) => csv(text)?,
    };
    within_limits(&table)?;
    Ok(table.read)
}

/// What was read, and in which row of the text each case stands.
struct Table {
    read: ReadCases,
    rows: Vec<usize>,
}

/// The limits of a grid hold for its cases wherever they come from.
fn within_limits(table: &Table) -> Result<(), Fault> {
    let Table { read: ReadCases { columns: _, cases }, rows } = table;
    if cases.is_empty() {
        return Err("there is a header and no row below it".to_owned());
    }
    if cases.len() > MAX_CASES {
        return Err(format!("there are {} rows: a grid has at most {MAX_CASES}", cases.len()));
    }
    let grid = Grid { cases: cases.clone(), ..Grid::default() };
    let wrong = grid.check().finish().err().map(|error| error.fields).unwrap_or_default();
    let first = wrong.into_iter().find_map(|wrong| {
        let (number, field) = wrong.field.strip_prefix("cases.")?.split_once('.')?;
        let row = rows.get(number.parse::<usize>().ok()?)?;
        Some(format!("row {row}, {field}: {}", wrong.message))
    });
    first.map_or(Ok(()), Err)
}

fn csv(text: &str) -> Result<Table, Fault> {
    quotes(text)?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut records = reader.records();
    // Reading from memory, of text that is UTF-8, cannot fail.
    let broken = |row: usize| move |error: csv::Error| format!("row {row}, column 1: {error}");
    let header = records.next().transpose().map_err(broken(1))?.unwrap_or_default();
    let columns = columns(header.iter())?;
    let (mut cases, mut rows) = (Vec::new(), Vec::new());
    for (number, record) in records.enumerate() {
        let row = number + 2;
        let record = record.map_err(broken(row))?;
        if record.len() != columns.len() {
            let (column, most) = (record.len().min(columns.len()) + 1, columns.len());
            return Err(match record.len() < most {
                true => format!("row {row}, column {column}: the row ends, the header has {most} columns"),
                false => format!(
                    "row {row}, column {column}: the row goes on, the header has {most} columns: put values with commas into quotes"
                ),
            });
        }
        let value = |(column, value): (&String, &str)| (column.clone(), value.to_owned());
        cases.push(named(columns.iter().zip(record.iter()).map(value).collect(), Vec::new()));
        rows.push(row);
    }
    Ok(Table { read: ReadCases { columns, cases }, rows })
}

/// A quote that nobody closes would swallow the rest of the table, and text behind a closing quote would melt into the value.
fn quotes(text: &str) -> Result<(), Fault> {
    #[derive(PartialEq)]
    enum At {
        Start,
        Plain,
        Quoted,
        /// Behind a quote that ends the value, or is half of a doubled one.
        Quote,
    }
    let (mut at, mut row, mut column, mut opened, mut is_blank) = (At::Start, 1, 1, (1, 1), true);
    for c in text.chars() {
        at = match (at, c) {
            (At::Start, '"') => {
                opened = (row, column);
                At::Quoted
            }
            (At::Quoted, '"') => At::Quote,
            (At::Quote, '"') | (At::Quoted, _) => At::Quoted,
            (At::Start | At::Plain | At::Quote, ',') => {
                column += 1;
                At::Start
            }
            (At::Start | At::Plain | At::Quote, '\n') => {
                // Blank lines are no rows.
                row += usize::from(!is_blank);
                column = 1;
                is_blank = true;
                At::Start
            }
            (At::Quote, '\r') => At::Quote,
            (At::Quote, _) => {
                return Err(format!(
                    "row {row}, column {column}: text stands behind the closing quote; write \" as \"\""
                ));
            }
            (At::Start, '\r') => At::Start,
            (At::Start | At::Plain, _) => At::Plain,
        };
        is_blank &= matches!(c, '\n' | '\r') && at == At::Start;
    }
    match at {
        At::Quoted => Err(format!("row {}, column {}: the quote that opens here is never closed", opened.0, opened.1)),
        At::Start | At::Plain | At::Quote => Ok(()),
    }
}

/// Names of variables made of the header.
fn columns<'a>(header: impl Iterator<Item = &'a str>) -> Result<Vec<String>, Fault> {
    let mut columns: Vec<String> = Vec::new();
    for (number, title) in header.enumerate() {
        let column = number + 1;
        add_column(&mut columns, title).map_err(|message| format!("row 1, column {column}: {message}"))?;
    }
    Ok(columns)
}

fn add_column(columns: &mut Vec<String>, title: &str) -> Result<(), String> {
    let name = variable(title).ok_or_else(|| {
        format!("name the column by letters, digits and _, 64 at most: {:?} is no name", shortened(title))
    })?;
    if columns.contains(&name) {
        return Err(format!("a column before this one is called {name}, too"));
    }
    if columns.len() >= MAX_VALUES {
        return Err(format!("use at most {MAX_VALUES} columns"));
    }
    columns.push(name);
    Ok(())
}

/// `First name` is `First_name`: what is no letter, digit or `_` becomes one `_`.
fn variable(title: &str) -> Option<String> {
    let mut name = String::new();
    for c in title.trim().chars() {
        match c {
            c if c.is_ascii_alphanumeric() || c == '_' => name.push(c),
            _ if name.ends_with('_') => {}
            _ => name.push('_'),
        }
    }
    let has_word = name.bytes().any(|b| b.is_ascii_alphanumeric());
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    (has_word && template::is_name(&name)).then_some(name)
}

/// A value called `name` names its case and stays a value: a prompt may say it.
fn named(values: Vec<(String, String)>, turns: Vec<Turn>) -> Case {
    let name = values.iter().find(|(column, _)| column == NAME).map(|(_, value)| value.trim()).unwrap_or_default();
    let line = name.lines().next().unwrap_or_default();
    Case { name: line.chars().take(NAME_CHARS).collect(), values, turns }
}

fn json_lines(text: &str) -> Result<Table, Fault> {
    let mut table = Table { read: ReadCases { columns: Vec::new(), cases: Vec::new() }, rows: Vec::new() };
    // By the title as it is written: the next row most likely has the same ones.
    let mut known: Vec<(String, String)> = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let row = number + 1;
        let object = match serde_json::from_str::<Value>(line) {
            Ok(Value::Object(object)) => object,
            Ok(_) => return Err(format!("row {row}, column 1: write one JSON object a line")),
            Err(error) => return Err(format!("row {row}, column {}: this is not JSON", error.column())),
        };
        let (mut values, mut turns): (Vec<(String, String)>, _) = (Vec::new(), Vec::new());
        for (title, value) in object {
            let fault = |message: String| format!("row {row}, column {:?}: {message}", shortened(&title));
            if title == MESSAGES && value.is_array() {
                turns = messages(value).map_err(fault)?;
                continue;
            }
            let column = match known.iter().find(|(written, _)| *written == title) {
                Some((_, column)) => column.clone(),
                None => {
                    add_column(&mut table.read.columns, &title).map_err(fault)?;
                    let column = table.read.columns.last().cloned().unwrap_or_default();
                    known.push((title.clone(), column.clone()));
                    column
                }
            };
            values.push((column, as_text(value)));
        }
        table.read.cases.push(named(values, turns));
        table.rows.push(row);
        if table.rows.len() > MAX_CASES {
            return Err(format!("there are more than {MAX_CASES} rows: a grid has no more"));
        }
    }
    Ok(table)
}

fn as_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// `[{"role": "user", "content": "…"}, …]`, as the APIs write it.
fn messages(value: Value) -> Result<Vec<Turn>, String> {
    let Value::Array(list) = value else { return Ok(Vec::new()) };
    let turn = |(number, message): (usize, Value)| {
        let number = number + 1;
        let role = match message.get("role").and_then(Value::as_str) {
            Some("user") => TurnRole::User,
            Some("assistant") => TurnRole::Assistant,
            _ => return Err(format!("message {number}: the role of a row's message is user or assistant")),
        };
        let text = message.get("content").and_then(content);
        let text = text.ok_or_else(|| format!("message {number}: its content is no text"))?;
        Ok(Turn { role, text, images: Vec::new() })
    };
    list.into_iter().enumerate().map(turn).collect()
}

/// Text, or a list of parts that are text.
fn content(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => parts.iter().map(|part| part.get("text").and_then(Value::as_str)).collect(),
        _ => None,
    }
}

fn shortened(title: &str) -> String {
    title.chars().take(40).collect()
}

#[cfg(test)]
mod tests;
