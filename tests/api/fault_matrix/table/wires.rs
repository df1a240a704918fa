//! Lines that exist on one wire only, in its own dialect: rows 46 to 48 of responses, 63 and 64 of Anthropic.

use tests::fake_upstream::{Cut, Ending, Fault, Script, UsageForm};

use super::super::row::{
    Charge, Finish, MESSAGES, Problem, RESPONSES, Row, Sees, TO_ANTHROPIC, incomplete, released, row, settled,
    uncertain,
};

pub fn wires() -> Vec<Row> {
    let done = Sees::Complete(Finish::Stop);
    let ending = |ending| Script { ending, ..Script::words(20) };
    let error = |fault| Script { fault, ..Script::words(20) };
    let started = Script { fault: Fault::CutAfter { frames: 10, how: Cut::Fin }, ..Script::words(30) };
    let placeholder = Script { usage: UsageForm::PlaceholderStart, ..Script::words(30) };
    vec![
        row("46", "response.incomplete with usage", ending(Ending::Incomplete))
            .on(&[RESPONSES])
            .both(Sees::Complete(Finish::Length), settled()),
        row("46", "response.failed with usage", ending(Ending::Failed))
            .on(&[RESPONSES])
            .stream(Sees::BrokenByUpstream, settled().outcome("incomplete"))
            .whole(Sees::Complete(Finish::Failed), settled().outcome("incomplete")),
        row("47", "response.failed in the middle, with usage", error(Fault::ErrorWithUsageAfter { frames: 12 }))
            .on(&[RESPONSES])
            .stream(Sees::BrokenByUpstream, settled().outcome("incomplete"))
            .whole(Sees::Refused(Problem::Provider), released("provider_fault")),
        row("48", "an error without usage", error(Fault::ErrorAfter { frames: 12 }))
            .on(&[RESPONSES])
            .stream(Sees::BrokenByUpstream, incomplete())
            .whole(Sees::Refused(Problem::Provider), released("provider_fault")),
        row("48", "an error of Anthropic", error(Fault::ErrorAfter { frames: 12 }))
            .on(&[MESSAGES])
            .stream(Sees::BrokenByUpstream, incomplete().source("estimated", Charge::InputReported))
            .whole(Sees::Refused(Problem::Provider), released("provider_fault")),
        row("63", "the start corrected by the delta", usage(UsageForm::StartCorrected))
            .on(&[MESSAGES, TO_ANTHROPIC])
            .both(done, settled()),
        row("63", "the start zeroed by the delta", usage(UsageForm::StartZeroed))
            .on(&[MESSAGES, TO_ANTHROPIC])
            .both(done, settled()),
        row("64", "a start, then cut", started)
            .on(&[MESSAGES, TO_ANTHROPIC])
            .stream(Sees::Broken(Problem::Provider), incomplete().source("estimated", Charge::InputReported))
            .whole(Sees::Refused(Problem::Provider), uncertain("provider_fault")),
        // Nothing of it has reached the client, so it is told as a plain error; what was counted stays counted.
        row("64", "a start only, then cut", error(Fault::CutAfter { frames: 1, how: Cut::Fin }))
            .on(&[MESSAGES, TO_ANTHROPIC])
            .stream(Sees::Refused(Problem::Provider), incomplete().source("estimated", Charge::InputReported)),
        row("64", "a start only, then a stall", error(Fault::HangAfter { frames: 1 }))
            .with_deadline()
            .on(&[MESSAGES, TO_ANTHROPIC])
            .stream(Sees::Refused(Problem::Deadline), incomplete().source("estimated", Charge::InputReported)),
        row("64", "a start that nothing corrects", placeholder)
            .on(&[MESSAGES, TO_ANTHROPIC])
            .stream(done, settled().source("estimated", Charge::InputReported)),
    ]
}

fn usage(usage: UsageForm) -> Script {
    Script { usage, ..Script::words(30) }
}

/// Every route once without any fault: what the lines above are compared with.
pub fn others() -> Vec<Row> {
    use super::super::row::{FROM_MESSAGES, OWN, TO_GEMINI};
    let routes = &[OWN, FROM_MESSAGES, TO_ANTHROPIC, MESSAGES, RESPONSES, TO_GEMINI];
    vec![row("0", "no fault", Script::words(20)).on(routes).both(Sees::Complete(Finish::Stop), settled())]
}
