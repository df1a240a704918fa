//! Rows 34 to 48 and 65 to 68: answers that go wrong in their middle or at their end.

use std::num::NonZeroUsize;

use tests::fake_upstream::{Cut, Fault, LengthForm, Script, Terminator, UsageForm};

use super::super::row::{
    Charge, EVERYWHERE, FROM_MESSAGES, Finish, MARKED, MESSAGES, OWN, Problem, Row, Sees, TO_ANTHROPIC, TO_GEMINI,
    TRANSLATED, incomplete, released, row, settled, uncertain,
};

/// On every wire this is behind the first content and long before the end.
const MIDDLE: usize = 8;

fn fault(id: &'static str, name: &'static str, fault: Fault) -> Row {
    row(id, name, Script { fault, ..Script::words(40) })
}

/// Stalls until the deadline.
pub fn stalls() -> Vec<Row> {
    let stalled = |row: Row| {
        let row = row.with_deadline().stream(Sees::Broken(Problem::Deadline), incomplete());
        row.whole(Sees::Refused(Problem::Deadline), uncertain("timeout"))
    };
    let hang = Fault::HangAfter { frames: MIDDLE };
    let running = Script { usage: UsageForm::Cumulative, fault: hang.clone(), ..Script::words(40) };
    let dripping = Script { split_bytes: NonZeroUsize::new(60), between_pieces_ms: 40, ..Script::words(1_000) };
    let counted = incomplete().source("partial", Charge::Reported);
    vec![
        stalled(fault("34", "a stall", hang)).on(EVERYWHERE),
        stalled(row("34", "a stall after running counts", running)).stream(Sees::Broken(Problem::Deadline), counted),
        stalled(row("35", "a drip", dripping)).on(EVERYWHERE),
    ]
}

/// Connections and lengths that break.
pub fn breaks() -> Vec<Row> {
    let broken = |row: Row| {
        let row = row.stream(Sees::Broken(Problem::Provider), incomplete());
        row.whole(Sees::Refused(Problem::Provider), uncertain("provider_fault"))
    };
    let cut = |id, name, how| broken(fault(id, name, Fault::CutAfter { frames: MIDDLE, how }));
    let too_long = Script {
        length: LengthForm::TooLong,
        fault: Fault::CutAfter { frames: MIDDLE, how: Cut::Fin },
        ..Script::words(40)
    };
    let wholly_too_long = Script {
        length: LengthForm::TooLong,
        fault: Fault::CutAfter { frames: usize::MAX, how: Cut::Fin },
        ..Script::words(40)
    };
    let too_short = Script { length: LengthForm::TooShort, ..Script::words(40) };
    let running = Script {
        usage: UsageForm::Cumulative,
        fault: Fault::CutAfter { frames: MIDDLE, how: Cut::Fin },
        ..Script::words(40)
    };
    let counted = incomplete().source("partial", Charge::Reported);
    vec![
        cut("36", "reset in the middle", Cut::Rst).on(EVERYWHERE),
        cut("37", "closed before the end", Cut::Fin).on(&[OWN]),
        cut("37", "closed before the end, translated", Cut::Fin).on(TRANSLATED),
        broken(row("37", "closed after running counts", running))
            .on(&[OWN, TO_GEMINI])
            .stream(Sees::Broken(Problem::Provider), counted),
        cut("40", "a bad chunk size", Cut::BadChunk),
        broken(row("41", "content-length too long", too_long)),
        // The end marker was seen: what the length claims beyond it is of no interest to a stream.
        broken(row("41", "content-length too long, at the end", wholly_too_long))
            .stream(Sees::Complete(Finish::Stop), settled()),
        broken(row("42", "content-length too short", too_short)),
        broken(fault("42", "truncated JSON", Fault::BadFrameAfter { frames: 1 }))
            .stream(Sees::Complete(Finish::Stop), settled().flag("bad_frames")),
    ]
}

/// Frames that are not what they should be.
pub fn frames() -> Vec<Row> {
    let normal = |row: Row| row.both(Sees::Complete(Finish::Stop), settled());
    let no_answer = |row: Row| row.whole(Sees::Refused(Problem::Provider), uncertain("provider_fault"));
    let skipped = |id, name, fault: Fault| {
        let row = no_answer(self::fault(id, name, fault));
        row.stream(Sees::Complete(Finish::Stop), settled().flag("bad_frames"))
    };
    let ended = |id, name, terminator| normal(row(id, name, Script { terminator, ..Script::words(20) })).on(MARKED);
    let gives_up = |id, name, fault: Fault, books| {
        no_answer(self::fault(id, name, fault)).stream(Sees::Broken(Problem::Provider), books)
    };
    vec![
        ended("43", "finished, and no terminator", Terminator::Missing)
            .stream(Sees::Complete(Finish::Stop), settled().flag("no_terminal")),
        ended("44", "two terminators", Terminator::Doubled),
        ended("45", "data behind the terminator", Terminator::DataAfter),
        fault("47", "an error with usage", Fault::ErrorWithUsageAfter { frames: MIDDLE })
            .on(&[OWN, MESSAGES])
            .stream(Sees::BrokenByUpstream, incomplete().source("final", Charge::Reported))
            .whole(Sees::Refused(Problem::Provider), released("provider_fault")),
        fault("47", "an error with usage, translated", Fault::ErrorWithUsageAfter { frames: MIDDLE })
            .on(&[FROM_MESSAGES, TO_ANTHROPIC, TO_GEMINI])
            .stream(Sees::Broken(Problem::Provider), incomplete().source("final", Charge::Reported))
            .whole(Sees::Refused(Problem::Provider), released("provider_fault")),
        fault("48", "an error without usage", Fault::ErrorAfter { frames: MIDDLE })
            .stream(Sees::BrokenByUpstream, incomplete())
            .whole(Sees::Refused(Problem::Provider), released("provider_fault")),
        fault("48", "an error without usage, translated", Fault::ErrorAfter { frames: MIDDLE })
            .on(TRANSLATED)
            .stream(Sees::Broken(Problem::Provider), incomplete())
            .whole(Sees::Refused(Problem::Provider), released("provider_fault")),
        skipped("65", "a frame that is no JSON", Fault::BadFrameAfter { frames: MIDDLE }).on(EVERYWHERE),
        skipped("65", "two of them", Fault::BadFramesAfter { frames: MIDDLE, count: 2 }),
        gives_up(
            "65",
            "three in a row",
            Fault::BadFramesAfter { frames: MIDDLE, count: 3 },
            incomplete().flag("bad_frames"),
        )
        .on(EVERYWHERE),
        skipped("66", "a frame that is no UTF-8", Fault::BadUtf8After { frames: MIDDLE }).on(EVERYWHERE),
        skipped("67", "two objects in one line", Fault::TwoObjectsAfter { frames: MIDDLE }),
        skipped("68", "one object over two events", Fault::SplitObjectAfter { frames: MIDDLE }),
        gives_up("80", "a line of 100 MB", Fault::HugeLineAfter { frames: MIDDLE, megabytes: 100 }, incomplete())
            .endless(),
        // Nobody asked for gzip, so it is never unpacked: the bomb is a foreign body, and nothing of it is content.
        row("81", "a gzip bomb", Script::fault(Fault::GzipBomb { megabytes: 64 }))
            .both(Sees::Refused(Problem::Provider), uncertain("provider_fault")),
    ]
}
