//! The grid: every client dialect at every kind of provider, in every scenario, whole and streamed. Each cell is compared
//! with what the provider saw, what it reported, and what the ledger holds; a cell that cannot be is a documented refusal.

use serde_json::{Value, json};
use tests::{
    World,
    dialect::{Dialect, QUESTION, RESULTS, SYSTEM, Said, Scenario},
    fake_upstream::{End, Request},
    kinds::{self, KINDS, Kind},
};

/// Cells that are a 400 naming a field, and why.
const REFUSED: &[(Dialect, &str, Scenario, &str)] = &[];

/// One call and everything there is to say about it.
struct Cell {
    said: Said,
    seen: Request,
    dropped: String,
}

async fn cell(
    world: &World,
    dialect: Dialect,
    kind: Kind,
    scenario: Scenario,
    stream: bool,
    before: Option<&Said>,
) -> Result<Cell, String> {
    let count = world.upstream.journal().requests().unwrap().len();
    let body = dialect.request(scenario, kind.name, stream, before);
    let answer = world.call(dialect.path(), &body).await;
    if answer.status != 200 {
        return Err(format!("{} {}\n{body}", answer.status, answer.text()));
    }
    let is_over = |all: &[Request]| all.len() > count && all.iter().all(|one| one.end != End::Open);
    let requests = world.upstream.journal().until(is_over).await.map_err(|error| error.to_string())?;
    let said = dialect.read(&answer, stream).map_err(|error| format!("{error:#}\n{}", answer.text()))?;
    if requests.len() != count + 1 {
        return Err(format!("{} requests", requests.len() - count));
    }
    let dropped = answer.header("x-tallygate-dropped").unwrap_or_default().to_owned();
    Ok(Cell { said, seen: requests[count].clone(), dropped })
}

/// The ledger's row is the provider's report, class by class, and costs what it must.
async fn check_row(world: &World, count: usize, seen: &Request, said: &Said) -> Result<(), String> {
    let rows = world.ledger.at_rest(count).await.map_err(|error| error.to_string())?;
    let row = rows.iter().find(|row| Some(row.id.to_string()) == seen.attempt).ok_or("no row for the request")?;
    let is_final = row.state == "settled" && row.usage_source.as_deref() == Some("final");
    if !is_final || !row.flags.iter().all(|flag| flag == "price_gap") {
        return Err(format!("{row:?}"));
    }
    let classes = seen.reported.classes;
    let counted = [
        row.input_tokens,
        row.cache_read_tokens,
        row.cache_write_short_tokens,
        row.cache_write_long_tokens,
        row.output_tokens,
        row.reasoning_tokens,
    ];
    let reported = [
        classes.input,
        classes.cache_read,
        classes.cache_write_short,
        classes.cache_write_long,
        classes.output,
        classes.reasoning,
    ];
    if counted != reported.map(|count| i64::try_from(count).ok()) {
        return Err(format!("counted {counted:?}, reported {reported:?}"));
    }
    if row.cost_nano != Some(kinds::cost_nano(&classes)) || row.charged_nano > row.reserved_nano {
        return Err(format!("{row:?} for {classes:?}"));
    }
    let told = [classes.prompt(), classes.completion(), classes.cache_read];
    if said.usage != Some(told) {
        return Err(format!("the client was told {:?} of {told:?}", said.usage));
    }
    Ok(())
}

/// Nothing of the request got lost on the way, and nothing of the answer on the way back.
fn check_content(
    dialect: Dialect,
    kind: Kind,
    scenario: Scenario,
    cell: &Cell,
    before: Option<&Said>,
) -> Result<(), String> {
    let summary = cell.seen.summary.as_ref().ok_or("the provider found the request invalid")?;
    let wrong = |what: &str| Err(format!("{what}: {:?}\n{summary:#?}", cell.said));
    if summary.system != SYSTEM || !summary.messages.iter().any(|message| message.text.contains(QUESTION)) {
        return wrong("texts");
    }
    let calls = |said: &Said| {
        said.calls.iter().map(|(name, _, arguments)| (name.clone(), arguments.clone())).collect::<Vec<_>>()
    };
    match scenario {
        Scenario::Plain if cell.said.text.is_empty() => wrong("no text"),
        Scenario::Tools if summary.tools.len() != 1 || cell.said.calls.len() != 2 => wrong("tools"),
        Scenario::Results => {
            let results: Vec<&str> = summary.results.iter().map(|result| result.text.as_str()).collect();
            let sent: Vec<(String, Value)> =
                summary.calls.iter().map(|call| (call.name.clone(), call.arguments.clone())).collect();
            let is_same = |result: &str, want: &str| {
                let value = |text: &str| serde_json::from_str::<Value>(text).ok();
                result == want || value(result).is_some() && value(result) == value(want) || result.contains(want)
            };
            if results.len() != 2 || !results.iter().zip(RESULTS).all(|(result, want)| is_same(result, want)) {
                return wrong("results");
            }
            if before.is_some_and(|before| sent != calls(before)) || cell.said.text.is_empty() {
                return wrong("calls");
            }
            Ok(())
        }
        Scenario::Schema => {
            let value: Value = serde_json::from_str(&cell.said.text).map_err(|error| error.to_string())?;
            let has_all = ["verdict", "reason", "count"].iter().all(|name| !value[name].is_null());
            if summary.format.is_none() || !has_all { wrong("schema") } else { Ok(()) }
        }
        Scenario::Image if summary.images.len() != 1 => wrong("image"),
        Scenario::Reasoning => {
            // OpenAI's chat completions count thoughts and never show them.
            let shows = match kind.name {
                "anthropic" | "gemini" => true,
                "openai" | "azure-openai" => dialect != Dialect::Chat,
                _ => false,
            };
            let is_lost =
                summary.reasoning.is_none() || (shows && cell.said.reasoning.is_empty() && cell.said.seals.is_empty());
            if is_lost { wrong("reasoning") } else { Ok(()) }
        }
        Scenario::Cached => {
            let is_marked = !summary.cache_markers.is_empty();
            let is_named = cell.dropped.contains("cache_control") || cell.dropped.contains("prompt_cache_key");
            // The field of this dialect is one of its own provider's, whose bytes passed as they came.
            let is_native = dialect == Dialect::Responses && matches!(kind.name, "openai" | "azure-openai");
            if is_marked || is_named || is_native { Ok(()) } else { wrong("cache markers") }
        }
        Scenario::Plain | Scenario::Tools | Scenario::Image => Ok(()),
    }
}

async fn run(dialect: Dialect) {
    let world = World::with_every_kind().await;
    let (mut wrong, mut count) = (Vec::new(), 0);
    for kind in KINDS {
        for stream in [false, true] {
            let mut before = None;
            for scenario in Scenario::ALL {
                let first = before.as_ref().filter(|_| scenario == Scenario::Results);
                let name = format!("{dialect:?} {} {scenario:?} stream={stream}", kind.name);
                let refused = REFUSED.iter().find(|cell| (cell.0, cell.1, cell.2) == (dialect, kind.name, scenario));
                let result = cell(&world, dialect, kind, scenario, stream, first).await;
                let result = match (result, refused) {
                    (Ok(cell), None) => {
                        count += 1;
                        let row = check_row(&world, count, &cell.seen, &cell.said).await;
                        let content = check_content(dialect, kind, scenario, &cell, first);
                        if scenario == Scenario::Tools {
                            before = Some(cell.said);
                        }
                        row.and(content)
                    }
                    (Ok(_), Some(_)) => Err("was not refused".to_owned()),
                    (Err(answer), Some((.., param))) if answer.contains(&json!(param).to_string()) => Ok(()),
                    (Err(error), _) => Err(error),
                };
                if let Err(error) = result {
                    wrong.push(format!("--- {name}\n{error}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} cells are wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn gw_8_openai_chat_reaches_every_provider_and_nothing_is_lost() {
    run(Dialect::Chat).await;
}

#[tokio::test]
async fn gw_8_openai_responses_reach_every_provider_and_nothing_is_lost() {
    run(Dialect::Responses).await;
}

#[tokio::test]
async fn gw_8_anthropic_messages_reach_every_provider_and_nothing_is_lost() {
    run(Dialect::Messages).await;
}
