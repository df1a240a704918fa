//! Rows 33, 49 to 62 and 82 to 87: complete answers whose counts, caps or names are odd.

use serde_json::json;
use tests::fake_upstream::{IdForm, Script, UsageForm};

use super::super::row::{
    EVERYWHERE, FROM_MESSAGES, Finish, MESSAGES, OWN, Problem, Row, Sees, TO_ANTHROPIC, TO_GEMINI, estimated, row,
    settled,
};

const MALFORMED: [(&str, UsageForm); 5] = [
    ("52", UsageForm::Negative),
    ("53", UsageForm::Huge),
    ("54", UsageForm::Fraction),
    ("55", UsageForm::Text),
    ("56", UsageForm::Object),
];

pub fn usage() -> Vec<Row> {
    let done = Sees::Complete(Finish::Stop);
    let form = |id, name, form| row(id, name, Script { usage: form, ..Script::words(30) });
    let counted = |id, name, usage| form(id, name, usage).both(done, settled());
    let mut rows = vec![
        row("33", "interim answers before the head", Script { interim: true, ..Script::words(10) })
            .on(EVERYWHERE)
            .both(done, settled()),
        form("49", "no usage", UsageForm::Missing).on(EVERYWHERE).both(done, estimated()),
        form("50", "usage is null", UsageForm::Null).on(EVERYWHERE).both(done, estimated()),
        // Counts of zero are counts, and nothing costs nothing.
        form("51", "usage is zero", UsageForm::Zero).on(EVERYWHERE).both(done, settled()),
        counted("57", "12.0", UsageForm::WholeFloat).on(EVERYWHERE),
        counted("58", "usage twice", UsageForm::TwoChunks).on(&[OWN, FROM_MESSAGES, TO_ANTHROPIC, TO_GEMINI]),
        counted("59", "running counts", UsageForm::Cumulative).on(&[OWN, FROM_MESSAGES, TO_ANTHROPIC, TO_GEMINI]),
        form("60", "a wrong sum", UsageForm::SumMismatch).both(done, settled().flag("usage_mismatch")),
        row(
            "61",
            "reasoning on top",
            Script { usage: UsageForm::AdditiveReasoning, reasoning_tokens: Some(9), ..Script::words(30) },
        )
        .both(done, settled()),
        form("62", "more cached than read", UsageForm::CachedAbovePrompt).both(done, settled().flag("usage_mismatch")),
    ];
    for (id, usage) in MALFORMED {
        let line = form(id, "malformed", usage).on(if id == "52" { EVERYWHERE } else { &EVERYWHERE[..1] });
        rows.push(line.both(done, estimated().flag("usage_malformed")));
    }
    rows.extend(odd_answers());
    rows
}

fn odd_answers() -> Vec<Row> {
    let done = Sees::Complete(Finish::Stop);
    let talkative = Script { ignores_cap: true, ..Script::words(3_000) };
    let three = Script::words(12);
    vec![
        // The stream is cut by what can be seen of it; a plain answer is there, and its usage says what it is.
        row("82", "ignores max_tokens", talkative)
            .asking("max_tokens", json!(20))
            .on(EVERYWHERE)
            .stream(Sees::Complete(Finish::Length), estimated().flag("cap_ignored"))
            .whole(done, settled().flag("cap_ignored").flag("overrun")),
        // Where parts of a stream open and close, only its provider can end it well.
        row("82", "ignores its limit, in a stream of blocks", Script { ignores_cap: true, ..Script::words(3_000) })
            .asking("max_tokens", json!(20))
            .on(&[MESSAGES])
            .stream(Sees::Broken(Problem::Provider), estimated().outcome("incomplete").flag("cap_ignored")),
        row("83", "three answers", three).asking("n", json!(3)).on(&[OWN, TO_GEMINI]).both(done, settled()),
        row("84", "the same id for every answer", Script { id: IdForm::Same, ..Script::words(10) })
            .on(EVERYWHERE)
            .both(done, settled()),
        row("85", "no id", Script { id: IdForm::Missing, ..Script::words(10) }).on(EVERYWHERE).both(done, settled()),
        row("86", "another model", Script { served_model: Some("fake-b-2026".into()), ..Script::words(10) })
            .on(EVERYWHERE)
            .both(done, settled().served_by("fake-b-2026")),
        // There is no price for it, so the standard one is taken, and the row says so and which tier it was.
        row("87", "another service tier", Script { service_tier: Some("priority".into()), ..Script::words(10) })
            .on(EVERYWHERE)
            .both(done, settled().flag("variant_gap").flag("tier_priority")),
    ]
}
