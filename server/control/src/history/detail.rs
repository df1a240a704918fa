//! One request in full: its attempts with their receipts, why it went where it went, and what was said about it.

use domain::{
    history::{AttemptDetail, HistoryRow, RequestDetail},
    id::{RequestId, TeamId},
    ledger::Outcome,
    price::Variant,
};
use store::{attempts::Labels, feedback::Source, history::Attempt, pool::Connection};

use crate::{Error, stamps::Stamps};

/// Who looks.
pub(super) struct Reader {
    pub stamps: Stamps,
    /// As whom they say how a request went.
    pub source: Option<Source>,
    pub may_label: bool,
}

pub(super) async fn whole(
    db: &mut Connection,
    reader: &Reader,
    team: TeamId,
    request: RequestId,
    attempts: Vec<Attempt>,
) -> Result<RequestDetail, Error> {
    let first = attempts.first().ok_or(Error::NotFound)?;
    let (model_asked, dialect, stream, run) =
        (first.model_asked.clone(), first.dialect.clone(), first.stream, first.run);
    let route = route(&attempts);
    let count = attempts.last().map_or(0, |last| u16::try_from(last.number).unwrap_or(u16::MAX));
    let mut details = Vec::with_capacity(attempts.len());
    for attempt in attempts {
        let mut detail = detail(db, reader.stamps, attempt).await?;
        detail.row.attempts = count;
        details.push(detail);
    }
    let Labels { task, tags, conversation } = store::history::labels(db, team, request).await?;
    let verdicts = crate::feedback::of_request(db, reader.stamps, team, request, reader.source).await?;
    Ok(RequestDetail {
        request,
        public: request.public(),
        model_asked,
        dialect,
        stream,
        run,
        task,
        may_label: reader.may_label,
        tags,
        conversation,
        attempts: details,
        verdicts,
        route,
    })
}

pub(super) fn row(stamps: Stamps, attempt: &Attempt) -> HistoryRow {
    let caller = attempt.key_name.clone().or_else(|| attempt.user_name.clone());
    HistoryRow {
        request: attempt.request,
        attempt: attempt.id,
        time: stamps.of(attempt.admitted_at),
        origin: attempt.origin.clone(),
        caller: caller.unwrap_or_else(|| attempt.origin.clone()),
        model: attempt.model.clone(),
        provider: attempt.provider.clone().unwrap_or_default(),
        state: attempt.state,
        outcome: attempt.outcome,
        usage: attempt.usage,
        usage_source: attempt.usage_source,
        cost: attempt.cost,
        unpriced: attempt.flags.iter().any(|flag| flag == "unpriced"),
        first_byte_ms: attempt.first_byte_ms,
        total_ms: attempt.total_ms,
        task: attempt.task,
        tags: attempt.tags.clone(),
        verdict: attempt.verdict,
        // The last attempt of a request stands in a list.
        attempts: u16::try_from(attempt.number).unwrap_or(u16::MAX),
        run: attempt.run,
    }
}

/// The tier that the provider says it served in; its flag names it.
fn served_as(flags: &[String]) -> Variant {
    let tier = flags.iter().find_map(|flag| flag.strip_prefix("tier_"));
    tier.and_then(Variant::parse).unwrap_or_default()
}

async fn detail(db: &mut Connection, stamps: Stamps, attempt: Attempt) -> Result<AttemptDetail, Error> {
    let price = match attempt.price_version {
        Some(version) => store::history::price(db, version, served_as(&attempt.flags)).await?,
        None => None,
    };
    let (since, components) = price.unzip();
    Ok(AttemptDetail {
        row: row(stamps, &attempt),
        number: attempt.number,
        upstream_model: attempt.upstream_model.unwrap_or_default(),
        model_served: attempt.model_served,
        upstream_id: attempt.upstream_id,
        http_status: attempt.http_status,
        finish_reason: attempt.finish_reason,
        client_aborted: attempt.client_aborted,
        flags: attempt.flags,
        reserved: attempt.reserved,
        charged: attempt.charged,
        input_bound: attempt.input_bound,
        output_cap: attempt.output_cap,
        price: components,
        price_since: since.map(|at| stamps.of(at)),
        resolved: attempt.resolved_at.map(|at| stamps.of(at)),
    })
}

/// One step of the way.
struct Step<'a> {
    number: u32,
    model: &'a str,
    provider: &'a str,
    outcome: Option<Outcome>,
    http_status: Option<u16>,
}

/// Why this model and this provider, in words.
fn route(attempts: &[Attempt]) -> String {
    let steps: Vec<Step<'_>> = attempts
        .iter()
        .map(|attempt| Step {
            number: attempt.number,
            model: &attempt.model,
            provider: attempt.provider.as_deref().unwrap_or("a provider that is gone"),
            outcome: attempt.outcome,
            http_status: attempt.http_status,
        })
        .collect();
    told(attempts.first().map(|attempt| attempt.model_asked.as_str()).unwrap_or_default(), &steps)
}

fn told(asked: &str, steps: &[Step<'_>]) -> String {
    let Some(first) = steps.first() else { return String::new() };
    let name = match asked == first.model {
        true => format!("{asked} is the name of the model"),
        false => format!("{asked} is another name of {}", first.model),
    };
    let mut text = format!("{name}; its first deployment is at {}.", first.provider);
    for pair in steps.windows(2) {
        let [before, step] = pair else { continue };
        let place = match (step.provider == before.provider, step.model == before.model) {
            (true, true) => format!("another try went to {}", step.provider),
            (false, true) => format!("the next deployment took over, at {}", step.provider),
            (_, false) => format!("{} took over, at {}", step.model, step.provider),
        };
        text.push_str(&format!(" Attempt {} failed because {}: {place}.", before.number, cause(before)));
    }
    text
}

/// Why an attempt had a successor.
fn cause(step: &Step<'_>) -> String {
    let because = match step.outcome {
        None => "it has not ended yet",
        Some(Outcome::Success) => "its answer was of no use",
        Some(Outcome::Cancelled) => "the client left",
        Some(Outcome::Incomplete) => "the stream broke",
        Some(Outcome::CallerFault) => "the upstream refused the request",
        Some(Outcome::AccountFault) => "the upstream refused our credential or account",
        Some(Outcome::Capacity) => "the upstream had no room",
        Some(Outcome::ProviderFault) => "the upstream failed",
        Some(Outcome::Unreachable) => "there was no connection",
        Some(Outcome::DestinationBlocked) => "this instance may not call that address",
        Some(Outcome::Timeout) => "its time was up",
        Some(Outcome::Abandoned) => "the server that ran it stopped",
    };
    match step.http_status {
        Some(status) if status >= 400 => format!("{because} (status {status})"),
        _ => because.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(number: u32, provider: &'static str, outcome: Outcome, http_status: Option<u16>) -> Step<'static> {
        Step { number, model: "big", provider, outcome: Some(outcome), http_status }
    }

    #[test]
    fn hi_4_the_way_of_a_request_is_told_in_words() {
        let direct = [step(1, "shared", Outcome::Success, Some(200))];
        assert_eq!(told("big", &direct), "big is the name of the model; its first deployment is at shared.");
        let way = [
            step(1, "shared", Outcome::Unreachable, None),
            step(2, "shared", Outcome::Capacity, Some(429)),
            step(3, "backup", Outcome::Success, Some(200)),
        ];
        assert_eq!(
            told("big-latest", &way),
            "big-latest is another name of big; its first deployment is at shared. Attempt 1 failed because there was no \
             connection: another try went to shared. Attempt 2 failed because the upstream had no room \
             (status 429): the next deployment took over, at backup."
        );
        assert_eq!(told("big", &[]), "");
    }
}
