//! `load history`: the operations behind the pages of a long history, each asked again and again, beside what the way to any
//! operation takes. `questions.rs` says what is asked.

use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::{
    arguments::Arguments,
    asker::Asker,
    figures::{Times, shown},
    questions::{self, Kind, Question},
};

const FLAGS: &[&str] = &["--url", "--team", "--email", "--password", "--rounds"];
/// What `ui.md` 13 and `product.md` HI-3 allow, at the 95th percentile.
const LIST_MS: f64 = 150.0;
const SEARCH_MS: f64 = 400.0;

/// One question with everything that was measured of it.
struct Measured {
    question: Question,
    times: Vec<std::time::Duration>,
    /// Rows, values or neighbours in its first answer: an empty answer is quick and proves nothing.
    found: usize,
    bytes: usize,
}

pub async fn run(words: &[&str]) -> Result<()> {
    let arguments = Arguments::read(words, FLAGS, &[])?;
    let rounds = arguments.number("--rounds", 1, 1_000)?.unwrap_or(40);
    let (url, team) = (arguments.text("--url")?, arguments.text("--team")?);
    let mut asker = Asker::sign_in(url, arguments.text("--email")?, arguments.text("--password")?).await?;
    let all = questions::all(&mut asker, team).await?;
    let mut measured: Vec<Measured> =
        all.into_iter().map(|question| Measured { question, times: Vec::new(), found: 0, bytes: 0 }).collect();
    // In turns: what disturbs the machine for a while disturbs every question alike. The first turn warms up.
    for round in 0..=rounds {
        for one in &mut measured {
            one.ask(&mut asker, round).await?;
        }
    }
    print!("{}", report(&measured, rounds));
    let empty: Vec<&str> = measured.iter().filter(|one| one.is_empty()).map(|one| one.question.name.as_str()).collect();
    ensure!(empty.is_empty(), "nothing was found by: {}", empty.join(", "));
    Ok(())
}

impl Measured {
    async fn ask(&mut self, asker: &mut Asker, round: usize) -> Result<()> {
        let Question { kind, operation, bodies, .. } = &self.question;
        let took = if *kind == Kind::Address {
            asker.get(operation).await?
        } else {
            let body = bodies.get(round % bodies.len().max(1)).context("a question without a body")?;
            let answered = asker.ask(operation, body).await?;
            if round == 0 {
                (self.found, self.bytes) = (found(&answered.value), answered.bytes);
            }
            answered.took
        };
        if round > 0 {
            self.times.push(took);
        }
        Ok(())
    }

    fn is_empty(&self) -> bool {
        matches!(self.question.kind, Kind::List | Kind::Search) && self.found == 0 && !self.question.may_be_empty
    }
}

fn found(value: &Value) -> usize {
    let length = |name: &str| value[name].as_array().map(Vec::len);
    let neighbours = || ["newer", "older"].iter().filter(|name| value[**name].is_string()).count();
    length("rows").or_else(|| length("facets")).unwrap_or_else(neighbours)
}

fn report(measured: &[Measured], rounds: usize) -> String {
    let mut text = format!("{rounds} rounds on one connection, milliseconds.\n\n");
    text.push_str("| question | found | kB | p50 | p95 | max | gate | |\n|---|---:|---:|---:|---:|---:|---:|---|\n");
    for Measured { question, times, found, bytes } in measured {
        let times = Times::new(times.iter().copied());
        let [p50, p95, max] = [50, 95, 100].map(|percent| times.percentile_ms(percent));
        let gate = match question.kind {
            Kind::Address | Kind::Baseline => None,
            Kind::List => Some(LIST_MS),
            Kind::Search => Some(SEARCH_MS),
        };
        let verdict = match (gate, p95) {
            (Some(gate), Some(p95)) if p95 <= gate => "met",
            (Some(_), _) => "missed",
            (None, _) => "baseline",
        };
        let gate = gate.map_or_else(String::new, |gate| format!("{gate:.0}"));
        let kilobytes = bytes.div_ceil(1_000);
        // Writing into a `String` cannot fail.
        let _written = writeln!(
            text,
            "| {} | {found} | {kilobytes} | {} | {} | {} | {gate} | {verdict} |",
            question.name,
            shown(p50),
            shown(p95),
            shown(max)
        );
    }
    text
}

/// A question's body around a query.
pub fn body(query: Value) -> Value {
    json!({"query": query})
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn measured(kind: Kind, ms: u64) -> Measured {
        let question =
            Question { name: "q".into(), kind, operation: "x".into(), bodies: Vec::new(), may_be_empty: false };
        Measured { question, times: vec![Duration::from_millis(ms); 3], found: 1, bytes: 1 }
    }

    #[test]
    fn a_gate_is_met_or_missed_and_a_baseline_has_none() {
        let text = report(&[measured(Kind::Baseline, 1), measured(Kind::List, 151), measured(Kind::Search, 151)], 3);
        assert!(text.contains("| 1.00 |  | baseline |"), "{text}");
        assert!(text.contains("| 150 | missed |") && text.contains("| 400 | met |"), "{text}");
    }

    #[test]
    fn rows_facets_and_neighbours_are_counted() {
        assert_eq!(found(&json!({"rows": [1, 2], "next": null})), 2);
        assert_eq!(found(&json!({"facets": [1], "counted": null})), 1);
        assert_eq!(found(&json!({"newer": null, "older": "x"})), 1);
    }
}
