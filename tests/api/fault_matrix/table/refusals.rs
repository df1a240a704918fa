//! Rows 11 to 31: answers that are no answers.

use tests::fake_upstream::{Cut, ErrorBody, Fault, Script};

use super::super::row::{
    EVERYWHERE, FROM_MESSAGES, MESSAGES, OWN, Problem, Row, Sees, TRANSLATED, released, row, uncertain,
};

const FUTURE: &str = "Fri, 01 Jan 2100 00:00:00 GMT";
const PAST: &str = "Sat, 21 Nov 2020 12:00:45 GMT";

/// Refused by the provider without charge.
pub fn refusals() -> Vec<Row> {
    let own = |id, name, status| row(id, name, Script::status(status));
    let mut rows = vec![
        own("11", "400", 400).both(Sees::Passed(400), released("caller_fault")),
        own("11", "400, translated", 400).on(TRANSLATED).both(Sees::Refused(Problem::Caller), released("caller_fault")),
        own("11", "400 of Anthropic to its own clients", 400)
            .on(&[MESSAGES])
            .both(Sees::Passed(400), released("caller_fault")),
        own("12", "413", 413).both(Sees::Passed(413), released("caller_fault")),
        own("13", "422", 422).both(Sees::Passed(422), released("caller_fault")),
        own("13", "422, translated", 422).on(TRANSLATED).both(Sees::Refused(Problem::Caller), released("caller_fault")),
    ];
    for (id, status) in [("14", 401), ("15", 403), ("16", 404)] {
        let line = own(id, "our account", status).on(EVERYWHERE);
        rows.push(line.both(Sees::Refused(Problem::Account), released("account_fault")));
    }
    let waits = [
        ("17", "429, an integer", "7", "7"),
        ("18", "429, a date in the future", FUTURE, "3600"),
        ("18", "429, a date in the past", PAST, "1"),
        ("20", "429, a year and more", "999999999999", "3600"),
        ("20", "429, less than nothing", "-5", "1"),
        ("20", "429, words", "soon", "1"),
    ];
    for (id, name, said, passed_on) in waits {
        let line = row(id, name, Script::rate_limited(said)).on(EVERYWHERE);
        rows.push(line.both(Sees::Refused(Problem::RateLimited(passed_on)), released("capacity")));
    }
    let absent = own("19", "429 without a word", 429).on(EVERYWHERE);
    rows.push(absent.both(Sees::Refused(Problem::RateLimited("1")), released("capacity")));
    let failed = own("21", "500 in the provider's own words", 500).on(EVERYWHERE);
    rows.push(failed.both(Sees::Refused(Problem::Provider), released("provider_fault")));
    for (id, status) in [("22", 503), ("23", 529)] {
        let line = own(id, "no room", status).on(EVERYWHERE);
        rows.push(line.both(Sees::Refused(Problem::NoRoom), released("capacity")));
    }
    // Followed, it would be a second request at the provider, which every line is checked for.
    for (name, status) in [("301", 301), ("302", 302), ("303", 303), ("307", 307), ("308", 308)] {
        let line = own("24", name, status).on(if status == 307 { EVERYWHERE } else { &EVERYWHERE[..1] });
        rows.push(line.both(Sees::Refused(Problem::Provider), released("provider_fault")));
    }
    rows
}

/// Nobody can know what was done and billed.
pub fn foreign() -> Vec<Row> {
    let failed =
        |id, name, script| row(id, name, script).both(Sees::Refused(Problem::Provider), uncertain("provider_fault"));
    let stalled = |id, name, fault| {
        let line = row(id, name, Script::fault(fault)).with_deadline();
        line.both(Sees::Refused(Problem::Deadline), uncertain("timeout"))
    };
    vec![
        failed("25", "502 in the provider's own words", Script::status(502)),
        failed("25", "502 of a proxy", Script::foreign(502, ErrorBody::Html)),
        failed("26", "504 in the provider's own words", Script::status(504)),
        failed("26", "504 of a proxy", Script::foreign(504, ErrorBody::Empty)),
        failed("27", "500 with a foreign body", Script::foreign(500, ErrorBody::Foreign)),
        failed("27", "500 with a page", Script::foreign(500, ErrorBody::Html)).on(EVERYWHERE),
        failed("28", "a page with 200", Script::foreign(200, ErrorBody::Html)).on(EVERYWHERE),
        failed("29", "nothing with 200", Script::foreign(200, ErrorBody::Empty)).on(EVERYWHERE),
        failed("36", "reset before the head", Script::fault(Fault::CutBeforeHead { how: Cut::Rst })),
        failed("37", "closed before the head", Script::fault(Fault::CutBeforeHead { how: Cut::Fin })),
        stalled("30", "accepts, no head", Fault::HangBeforeHead).on(EVERYWHERE),
        stalled("31", "head, no first event", Fault::HangAfter { frames: 0 }).on(EVERYWHERE),
        // Anthropic's first event counts the input: row 64.
        stalled("31", "head, no first content", Fault::HangAfter { frames: 1 }).on(&[OWN, FROM_MESSAGES]),
    ]
}
