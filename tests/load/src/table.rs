//! The report of a comparison as markdown: what was measured, beside what the issue aims at.

use std::fmt::Write as _;

use crate::{
    compare::{CONNECTIONS, Cell, KINDS, Report, Way, cell_times},
    figures::{Times, difference, middle, shown},
    target::Kind,
};

/// Milliseconds that a plain call may take beyond one committed insert.
const AIM_ADDED_MS: f64 = 0.4;
/// The same for the first content of a stream.
const AIM_FIRST_MS: f64 = 1.0;
const AIM_PER_SECOND: f64 = 2_000.0;
const AIM_MEMORY_MB: f64 = 120.0;

const WAYS: [Way; 3] = [Way::Direct, Way::Nginx, Way::Gateway];

pub fn render(report: &Report) -> String {
    let mut text = String::new();
    // Writing into a `String` cannot fail.
    let _written = write_all(report, &mut text);
    text
}

fn write_all(report: &Report, text: &mut String) -> std::fmt::Result {
    let seconds = report.took.as_secs_f64();
    let calls: usize = report.cells.iter().map(|cell| cell.outcome.samples.len()).sum();
    writeln!(text, "{calls} measured calls in {} rounds, {seconds:.0} s with warm-up.", report.rounds)?;
    for kind in KINDS {
        cells(report, kind, text)?;
    }
    aims(report, text)?;
    ledger(report, text)?;
    processors(report, text)?;
    failures(report, text)
}

fn cells(report: &Report, kind: Kind, text: &mut String) -> std::fmt::Result {
    let (title, what, added) = match kind {
        Kind::Plain => ("Non-streaming", "whole answer", "added"),
        Kind::Stream => ("Paced streams", "first content", "penalty"),
    };
    writeln!(text, "\n## {title}\n\nTimes in milliseconds: {what}. Rounds: lowest and highest median of a round.\n")?;
    writeln!(text, "| connections | way | p50 | p99 | {added} p50 | {added} p99 | requests/s | calls | rounds |")?;
    writeln!(text, "|---:|---|---:|---:|---:|---:|---:|---:|---|")?;
    for connections in CONNECTIONS {
        let direct = report.cell(Way::Direct, kind, connections).map(Cell::times).unwrap_or_default();
        for cell in WAYS.iter().filter_map(|way| report.cell(*way, kind, connections)) {
            let times = cell.times();
            let [p50, p99] = [50, 99].map(|percent| times.percentile_ms(percent));
            let [added50, added99] =
                [50, 99].map(|percent| difference(times.percentile_ms(percent), direct.percentile_ms(percent)));
            let added = |added: Option<f64>| if cell.way == Way::Direct { "".into() } else { shown(added) };
            writeln!(
                text,
                "| {connections} | {} | {} | {} | {} | {} | {:.0} | {} | {} |",
                cell.way.name(),
                shown(p50),
                shown(p99),
                added(added50),
                added(added99),
                cell.outcome.per_second(),
                times.len(),
                spread(&cell.medians_ms)
            )?;
        }
    }
    Ok(())
}

/// `1.10-1.32`.
fn spread(medians: &[f64]) -> String {
    let lowest = medians.iter().copied().reduce(f64::min);
    let highest = medians.iter().copied().reduce(f64::max);
    format!("{}-{}", shown(lowest), shown(highest))
}

fn aims(report: &Report, text: &mut String) -> std::fmt::Result {
    // Medians of rounds: a quiet round makes more calls and more inserts, and must not count for more.
    let more = |kind, ms: f64| middle(&report.inserts_before(kind)).map(|insert| insert + ms);
    let added = |kind| middle(&report.added_by_round(kind));
    let per_second = report.cell(Way::Gateway, Kind::Plain, CONNECTIONS[2]).map(|cell| cell.outcome.per_second());
    let parity = if report.parity.is_whole() { "100 %" } else { "broken" };
    writeln!(
        text,
        "\n## Aims\n\nOne committed insert on the same Postgres, measured in every round by a client of its own:"
    )?;
    writeln!(
        text,
        "p50 {} ms, p99 {} ms, {} inserts, rounds {}.\n",
        shown(report.inserts.percentile_ms(50)),
        shown(report.inserts.percentile_ms(99)),
        report.inserts.len(),
        spread(&report.insert_medians_ms)
    )?;
    writeln!(text, "| aim on 2 shared cores | wanted | measured | |")?;
    writeln!(text, "|---|---:|---:|---|")?;
    let mut row = |name: &str, sign: &str, unit: &str, aim: Option<f64>, measured: Option<f64>| {
        let is_met = match (aim, measured) {
            (Some(aim), Some(measured)) if sign == "<=" => {
                if measured <= aim {
                    "met"
                } else {
                    "missed"
                }
            }
            (Some(aim), Some(measured)) => {
                if measured >= aim {
                    "met"
                } else {
                    "missed"
                }
            }
            _ => "not measured",
        };
        writeln!(text, "| {name} | {sign} {} {unit} | {} {unit} | {is_met} |", shown(aim), shown(measured))
    };
    let (plain, stream) = (Kind::Plain, Kind::Stream);
    row("added p50, 1 connection: one insert + 0.4 ms", "<=", "ms", more(plain, AIM_ADDED_MS), added(plain))?;
    row(
        "first-content penalty p50, 1 connection: one insert + 1 ms",
        "<=",
        "ms",
        more(stream, AIM_FIRST_MS),
        added(stream),
    )?;
    row(&format!("requests per second, 64 connections, rows {parity}"), ">=", "/s", Some(AIM_PER_SECOND), per_second)?;
    row("resident memory of the server after the run", "<=", "MB", Some(AIM_MEMORY_MB), report.server_mb)?;
    writeln!(text, "\nThe first two are medians of rounds. Round by round, one connection:\n")?;
    writeln!(text, "| round | insert | added | insert | penalty |\n|---:|---:|---:|---:|---:|")?;
    let columns = [Kind::Plain, Kind::Stream].map(|kind| (report.inserts_before(kind), report.added_by_round(kind)));
    for round in 0..columns[0].1.len() {
        let cells = columns.iter().flat_map(|(insert, added)| [insert.get(round), added.get(round)]);
        let cells: Vec<String> = cells.map(|cell| shown(cell.copied())).collect();
        writeln!(text, "| {} | {} |", round + 1, cells.join(" | "))?;
    }
    Ok(())
}

fn ledger(report: &Report, text: &mut String) -> std::fmt::Result {
    let parity = &report.parity;
    let share = if parity.accepted == 0 { 0.0 } else { parity.settled as f64 / parity.accepted as f64 * 100.0 };
    writeln!(text, "\n## Ledger and memory\n\n| what | |\n|---|---:|")?;
    writeln!(text, "| answered through Tallygate, warm-up included | {} |", parity.answered)?;
    writeln!(text, "| accepted by the provider from Tallygate | {} |", parity.accepted)?;
    writeln!(text, "| rows settled | {} |", parity.settled)?;
    writeln!(text, "| rows in any other state | {} |", parity.other)?;
    writeln!(text, "| settled rows whose usage is not the provider's | {} |", parity.not_final)?;
    writeln!(text, "| row parity | {share:.3} % |")?;
    writeln!(text, "| last row settled after the last answer, ms | {:.0} |", parity.settled_after.as_secs_f64() * 1e3)?;
    writeln!(text, "| resident memory of the server before, MB | {} |", shown(report.server_before_mb))?;
    writeln!(text, "| resident memory of the server after, MB | {} |", shown(report.server_mb))?;
    writeln!(text, "| its peak, MB | {} |", shown(report.server_peak_mb))?;
    writeln!(text, "| memory of Postgres, shared pages counted once, MB | {} |", shown(report.postgres_mb))
}

/// Who used the processors while the gateway was measured. `Others` includes the kernel's own threads.
fn processors(report: &Report, text: &mut String) -> std::fmt::Result {
    writeln!(text, "\n## Processor time of a call through Tallygate\n\nMilliseconds of one core per call.\n")?;
    writeln!(
        text,
        "| kind | connections | server | Postgres | provider | generator | others | busy cores | own overhead p50 |"
    )?;
    writeln!(text, "|---|---:|---:|---:|---:|---:|---:|---:|---:|")?;
    let places = KINDS.into_iter().flat_map(|kind| CONNECTIONS.map(|connections| (kind, connections)));
    for cell in places.filter_map(|(kind, connections)| report.cell(Way::Gateway, kind, connections)) {
        // The unmeasured first calls of each round are in the time as well.
        let calls = (cell.outcome.samples.len() + cell.connections * cell.medians_ms.len()).max(1) as f64;
        let spent = cell.spent;
        let per_call = |seconds: f64| shown(Some(seconds * 1000.0 / calls));
        let overheads = cell.outcome.samples.iter().filter_map(|sample| sample.overhead_ms);
        let overhead = Times::new(overheads.map(|ms| std::time::Duration::from_secs_f64(ms.max(0.0) / 1000.0)));
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            if cell.kind == Kind::Plain { "plain" } else { "stream" },
            cell.connections,
            per_call(spent.server),
            per_call(spent.postgres),
            per_call(spent.upstream),
            per_call(spent.generator),
            per_call(spent.others()),
            shown(Some(spent.machine / cell.outcome.elapsed.as_secs_f64().max(f64::EPSILON))),
            shown(overhead.percentile_ms(50))
        )?;
    }
    Ok(())
}

fn failures(report: &Report, text: &mut String) -> std::fmt::Result {
    for cell in &report.cells {
        for (error, count) in &cell.outcome.failures {
            let (way, connections) = (cell.way.name(), cell.connections);
            writeln!(text, "\nFAILED {count} x {way}, {:?}, {connections} connections: {error}", cell.kind)?;
        }
    }
    Ok(())
}

impl Cell {
    fn times(&self) -> Times {
        cell_times(self.kind, &self.outcome)
    }
}

impl Report {
    fn cell(&self, way: Way, kind: Kind, connections: usize) -> Option<&Cell> {
        self.cells.iter().find(|cell| (cell.way, cell.kind, cell.connections) == (way, kind, connections))
    }

    /// What the gateway adds to the provider's own time on one connection, median of each round.
    fn added_by_round(&self, kind: Kind) -> Vec<f64> {
        let medians = |way| self.cell(way, kind, CONNECTIONS[0]).map(|cell| cell.medians_ms.iter());
        let (Some(gateway), Some(direct)) = (medians(Way::Gateway), medians(Way::Direct)) else { return Vec::new() };
        gateway.zip(direct).map(|(gateway, direct)| gateway - direct).collect()
    }

    /// The inserts measured right before those calls, median of each round.
    fn inserts_before(&self, kind: Kind) -> Vec<f64> {
        let place = KINDS.iter().position(|one| *one == kind).unwrap_or(0);
        self.insert_medians_ms.iter().skip(place).step_by(KINDS.len()).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        compare::Parity,
        machine::Spent,
        worker::{Outcome, Sample},
    };

    fn cell(way: Way, ms: u64) -> Cell {
        let time = Duration::from_millis(ms);
        let samples = vec![Sample { first_content: time, total: time, overhead_ms: None }; 4];
        let outcome = Outcome { samples, elapsed: Duration::from_secs(1), ..Outcome::default() };
        let medians_ms = vec![ms as f64];
        Cell { way, kind: Kind::Plain, connections: 1, outcome, medians_ms, spent: Spent::default() }
    }

    fn report(settled: u64) -> Report {
        Report {
            rounds: 1,
            took: Duration::from_secs(1),
            cells: vec![cell(Way::Direct, 1), cell(Way::Gateway, 3)],
            inserts: Times::new([Duration::from_millis(2)]),
            insert_medians_ms: vec![2.0],
            parity: Parity { answered: 4, accepted: 4, settled, other: 0, not_final: 0, settled_after: Duration::ZERO },
            server_mb: Some(130.0),
            server_peak_mb: None,
            server_before_mb: None,
            postgres_mb: None,
        }
    }

    #[test]
    fn an_aim_is_judged_by_what_was_added_to_direct() {
        let text = render(&report(4));
        assert!(text.contains("| <= 2.40 ms | 2.00 ms | met |"), "{text}");
        assert!(text.contains("| <= 120.00 MB | 130.00 MB | missed |"), "{text}");
        assert!(text.contains("| >= 2000.00 /s | - /s | not measured |"), "{text}");
        assert!(text.contains("| 1 | 2.00 | 2.00 | - | - |"), "{text}");
    }

    #[test]
    fn a_missing_row_breaks_parity() {
        assert!(report(4).parity.is_whole());
        assert!(!report(3).parity.is_whole());
        assert!(render(&report(3)).contains("| row parity | 75.000 % |"));
    }
}
