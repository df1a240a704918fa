//! The journal, the ledger and the clients, call by call: three observers of the same calls must tell one story.
//!
//! Pure. A rule that is broken is a line of text; the test shows them all.

use std::collections::{BTreeMap, HashMap, HashSet};

use tests::{
    Attempt,
    dialect::Dialect,
    fake_upstream::{Classes, End, ReportKind, Request},
    kinds, price,
};

use super::{
    arrange::{Row, upstream_model},
    client::{Called, Heard},
    count::{classes, is_final},
    faults::{self, CANCELLED, Fault, NO_ROOM, SUCCESS, UNREACHABLE, UNSENT},
    mix::{Ask, CALLS, Target, Work},
};

/// Marks a settled row of the mix may carry; an overrun or an unpriced row never.
const MARKS: [&str; 6] =
    ["price_gap", "usage_mismatch", "usage_malformed", "bad_frames", "no_terminal", "hidden_reasoning"];
const MOST_ATTEMPTS: usize = 3;

type Checked = Result<(), String>;

/// Rows of each call in the order of its attempts, and the journal by attempt.
pub struct Books<'a> {
    rows: BTreeMap<usize, Vec<&'a Row>>,
    seen: HashMap<&'a str, &'a Request>,
}

impl<'a> Books<'a> {
    /// Joins both by attempt id; what does not join is wrong.
    pub fn join(rows: &'a [Row], requests: &'a [Request]) -> (Self, Vec<String>) {
        let mut wrong = Vec::new();
        let ids: HashSet<String> = rows.iter().map(|row| row.attempt.id.to_string()).collect();
        let mut seen = HashMap::new();
        for request in requests {
            match request.attempt.as_deref() {
                None => wrong.push(format!("a request without an attempt: {request:?}")),
                Some(id) if !ids.contains(id) => wrong.push(format!("a request without a row: {request:?}")),
                Some(id) => {
                    if seen.insert(id, request).is_some() {
                        wrong.push(format!("one attempt, two requests: {request:?}"));
                    }
                }
            }
        }
        let mut by_call: BTreeMap<usize, Vec<&Row>> = BTreeMap::new();
        for row in rows {
            by_call.entry(row.call).or_default().push(row);
        }
        by_call.values_mut().for_each(|rows| rows.sort_by_key(|row| row.number));
        wrong.extend(by_call.keys().filter(|call| **call >= CALLS).map(|call| format!("rows of no call: {call}")));
        (Self { rows: by_call, seen }, wrong)
    }

    pub fn rows(&self, call: usize) -> &[&'a Row] {
        self.rows.get(&call).map_or(&[], Vec::as_slice)
    }

    pub fn seen(&self, row: &Attempt) -> Option<&'a Request> {
        self.seen.get(row.id.to_string().as_str()).copied()
    }

    /// Everything that is wrong with one call.
    pub fn check(&self, called: &Called) -> Vec<String> {
        let rows = self.rows(called.ask.index);
        let mut checks: Vec<Checked> = called.wrong.iter().cloned().map(Err).collect();
        checks.push(chain(called, rows));
        checks.extend(rows.iter().map(|row| {
            let (row, seen) = (&row.attempt, self.seen(&row.attempt));
            end(called, row, seen)
                .and(money(called, row))
                .and(tokens(called, row, seen))
                .map_err(|error| format!("{error}\n  row {row:?}\n  seen {seen:?}"))
        }));
        if let (Some(last), Some(heard)) = (rows.last(), &called.heard) {
            let seen = self.seen(&last.attempt);
            checks.push(
                answer(&called.ask, heard, &last.attempt, seen)
                    .map_err(|error| format!("{error}\n  heard {heard:?}\n  row {:?}\n  seen {seen:?}", last.attempt)),
            );
        }
        let name = format!("call {} {:?}", called.ask.index, called.ask);
        checks.into_iter().filter_map(Result::err).map(|error| format!("{name}\n  {error}")).collect()
    }
}

fn ensure(is_so: bool, otherwise: impl FnOnce() -> String) -> Checked {
    if is_so { Ok(()) } else { Err(otherwise()) }
}

fn fault_of(ask: &Ask) -> Option<&'static Fault> {
    match ask.target {
        Target::Bad(fault) => Some(fault),
        _ => None,
    }
}

/// The attempts of a call: numbered, of one request, and a next one only after one that cost nothing.
fn chain(called: &Called, rows: &[&Row]) -> Checked {
    let ask = &called.ask;
    let is_local_count =
        !ask.has_attempt() && called.heard.as_ref().is_none_or(|heard| heard.is_complete && heard.is_estimated_count);
    if rows.is_empty() {
        let has_left = called.heard.is_none() && called.request_id.is_none() && called.wrong.is_empty();
        return ensure(is_local_count || has_left, || format!("no row for {:?}", called.heard));
    }
    ensure(ask.has_attempt(), || "a row for a count that no upstream made".into())?;
    let most = if ask.may_retry { MOST_ATTEMPTS } else { 1 };
    let numbers: Vec<i16> = rows.iter().map(|row| row.number).collect();
    let is_numbered = numbers.iter().zip(1..).all(|(number, want)| *number == want) && numbers.len() <= most;
    ensure(is_numbered, || format!("attempts {numbers:?}"))?;
    let request = rows[0].attempt.request_id;
    let public = format!("req_{}", request.simple());
    let is_one = rows.iter().all(|row| row.attempt.request_id == request);
    ensure(is_one && called.request_id.as_ref().is_none_or(|id| *id == public), || format!("request {public}"))?;
    let is_followed = |row: &Attempt| row.state == "released" && row.outcome.as_deref() != Some("cancelled");
    ensure(rows.iter().rev().skip(1).all(|row| is_followed(&row.attempt)), || "a paid attempt was followed".into())
}

/// The row ended as its fault allows, and as the upstream saw it.
fn end(called: &Called, row: &Attempt, seen: Option<&Request>) -> Checked {
    let ask = &called.ask;
    let end = (row.state.as_str(), row.outcome.as_deref().unwrap_or("(none)"));
    let of_target: &[faults::End] = match ask.target {
        Target::Good | Target::Slow => &[SUCCESS],
        Target::Flaky => &[SUCCESS, NO_ROOM],
        Target::Dead => &[UNREACHABLE],
        Target::Full => &[],
        Target::Bad(fault) => fault.ends(ask.stream),
    };
    let has_left = called.heard.is_none();
    // A plain call is read to its end, whoever waits for it.
    let of_leaving: &[faults::End] = match (has_left, ask.stream) {
        (true, true) if matches!(ask.target, Target::Dead | Target::Full) => &[UNSENT],
        (true, true) => &[UNSENT, CANCELLED],
        (true, false) => &[UNSENT],
        (false, _) => &[],
    };
    ensure(of_target.contains(&end) || of_leaving.contains(&end), || format!("ended as {end:?}"))?;
    ensure(has_left || !row.client_aborted, || "nobody left".into())?;
    let Some(seen) = seen else {
        let is_unsent = end.0 == "released" || is_lost(called, row);
        return ensure(is_unsent, || format!("{end:?} and never seen upstream"));
    };
    let is_refused = matches!(seen.end, End::Refused(_));
    ensure(end.0 != "released" || is_refused, || "released, and not refused upstream".into())?;
    let is_the_same = seen.model == upstream_model(ask.kind, ask.target) && seen.stream == ask.stream;
    ensure(is_the_same && row.stream == ask.stream && row.model == ask.model(), || "another request".into())
}

/// The client left while its request was on the way: the input is charged from the moment it was sent (`ledger.md` 10), and
/// a server that finds the connection closed behind a request may never look at it.
pub fn is_lost(called: &Called, row: &Attempt) -> bool {
    let has_left_early = called.heard.is_none() && called.request_id.is_none() && called.ask.stream;
    has_left_early
        && row.outcome.as_deref() == Some("cancelled")
        && row.usage_source.as_deref() == Some("estimated")
        && row.output_tokens == Some(0)
        && row.reasoning_tokens == Some(0)
}

/// Nothing above its bound, nothing charged that is free, nothing settled at another price.
fn money(called: &Called, row: &Attempt) -> Checked {
    let is_count = called.ask.work == Work::Count;
    ensure(row.reserved_nano > 0 || is_count, || "nothing reserved".into())?;
    ensure(row.charged_nano <= row.reserved_nano, || "charged above the bound".into())?;
    let is_marked = row.flags.iter().all(|flag| MARKS.contains(&flag.as_str()));
    ensure(is_marked, || format!("flags {:?}", row.flags))?;
    match row.state.as_str() {
        "released" => ensure(row.charged_nano == 0 && row.cost_nano.unwrap_or(0) == 0, || "a refusal costs".into()),
        "uncertain" => ensure(row.charged_nano == row.reserved_nano, || "not charged as reserved".into()),
        _ => {
            let cost = kinds::cost_nano(&classes(row).ok_or("settled without counts")?);
            ensure(row.cost_nano == Some(cost) && row.charged_nano == cost, || format!("costs {cost}"))
        }
    }
}

/// Final usage is the upstream's own, class by class; what is not final is never free.
fn tokens(called: &Called, row: &Attempt, seen: Option<&Request>) -> Checked {
    let source = row.usage_source.as_deref().unwrap_or("(none)");
    if row.state != "settled" {
        return ensure(source == "none", || format!("{} with usage {source}", row.state));
    }
    let Some(seen) = seen else {
        return ensure(is_lost(called, row), || "settled and never seen upstream".into());
    };
    let counted = classes(row).ok_or("settled without counts")?;
    let reported = seen.reported;
    if called.ask.work == Work::Count {
        let is_free = is_final(row) && counted == Classes::default() && seen.produced == counted;
        return ensure(is_free, || "a count that costs".into());
    }
    if is_final(row) {
        let is_same = reported.kind == ReportKind::Final && counted == reported.classes;
        return ensure(is_same, || format!("counted {counted:?}, reported {reported:?}"));
    }
    let may_miss = called.heard.is_none() || fault_of(&called.ask).is_some_and(|fault| fault.is_lossy);
    ensure(reported.kind != ReportKind::Final || may_miss, || "final usage was reported".into())?;
    if source == "partial" {
        let is_same = counted.input_side() == reported.classes.input_side();
        ensure(is_same, || format!("counted {counted:?}, reported {reported:?}"))?;
    }
    let is_paid = row.charged_nano > 0 && matches!(source, "partial" | "estimated");
    ensure(is_paid, || format!("usage {source}, produced {:?}", seen.produced))
}

/// What the client heard is what the last row says.
fn answer(ask: &Ask, heard: &Heard, row: &Attempt, seen: Option<&Request>) -> Checked {
    let outcome = row.outcome.as_deref().unwrap_or("(none)");
    let statuses: &[u16] = match (row.state.as_str(), outcome) {
        ("settled", "success") => return success(ask, heard, row, seen),
        ("settled", "incomplete") if heard.status == 200 && ask.stream => {
            return ensure(heard.has_error && !heard.is_complete, || "a broken stream with an end".into());
        }
        // A complete answer that says so itself.
        ("settled", "incomplete") if heard.status == 200 => {
            return ensure(heard.finish == "failed", || format!("a failed answer finished as {:?}", heard.finish));
        }
        ("released", "capacity") => {
            let is_limit = matches!(ask.target, Target::Bad(fault) if fault.word == "429=1");
            ensure(!is_limit || (heard.status == 429 && heard.has_retry_after), || "a limit without its wait".into())?;
            &[429, 503, 529]
        }
        ("released", "caller_fault") => &[400, 413, 422],
        _ => &[502],
    };
    let is_refused = statuses.contains(&heard.status) && heard.has_error && !heard.is_complete;
    ensure(is_refused, || format!("status {} for {outcome}", heard.status))
}

/// A complete answer tells the row's cost and the upstream's tokens.
fn success(ask: &Ask, heard: &Heard, row: &Attempt, seen: Option<&Request>) -> Checked {
    ensure(heard.status == 200 && heard.is_complete && !heard.has_error, || "no complete answer".into())?;
    let cost = row.cost_nano.map(price::dollars);
    let source = match row.usage_source.as_deref() {
        Some("final") => "provider_final",
        Some("partial") => "provider_partial",
        other => other.unwrap_or("(none)"),
    };
    let is_told = heard.cost == cost && heard.source.as_deref() == Some(source);
    ensure(is_told, || format!("told {:?} {:?} of {cost:?} {source}", heard.cost, heard.source))?;
    let hides = ask.stream && !ask.wants_usage && matches!(ask.work, Work::Fill | Work::Chat(Dialect::Chat, _));
    if hides {
        return ensure(heard.told.is_none(), || format!("told {:?} unasked", heard.told));
    }
    let is_odd = fault_of(ask).is_some_and(|fault| fault.is_odd_usage);
    if is_odd || !is_final(row) || ask.work == Work::Count {
        return Ok(());
    }
    let classes = seen.ok_or("settled and never seen upstream")?.reported.classes;
    let told = Some([classes.prompt(), classes.completion(), classes.cache_read]);
    ensure(heard.told == told, || format!("told {:?} of {told:?}", heard.told))
}
