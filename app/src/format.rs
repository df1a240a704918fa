//! Numbers for people (`ui.md` 10): pure integer functions, compiled for both sides, so that both print the same text.
//!
//! Never here: floats for money, the clock, locales. Money itself prints in `domain::money`.

use domain::{Money, history::HistoryRow, ledger::Outcome, task::TaskClass, text::thousands, usage::UsageSource};

/// Stands where a figure is missing. The reason goes into the title.
pub const MISSING: &str = "–";

/// `340 ms`, `3.1 s`, `2 m 05 s`.
pub fn duration(ms: u32) -> String {
    match ms {
        0..=999 => format!("{ms} ms"),
        // Rounded to tenths; 59,950 and more would print as 60.0 s.
        1_000..=59_949 => {
            let tenths = (ms + 50) / 100;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
        _ => {
            let seconds = (ms + 500) / 1_000;
            format!("{} m {:02} s", seconds / 60, seconds % 60)
        }
    }
}

/// A duration, or a dash.
pub fn duration_or_dash(ms: Option<u32>) -> String {
    ms.map_or_else(|| MISSING.to_owned(), duration)
}

/// `12,345`, or a dash.
pub fn count_or_dash(count: Option<u64>) -> String {
    count.map_or_else(|| MISSING.to_owned(), thousands)
}

/// `84 tok/s`: output tokens over the time after the first one.
pub fn tokens_per_second(output: u64, first_ms: u32, total_ms: u32) -> Option<String> {
    let streaming = u64::from(total_ms.checked_sub(first_ms)?);
    if streaming == 0 || output < 2 {
        return None;
    }
    Some(format!("{} tok/s", thousands(output * 1_000 / streaming)))
}

/// An amount as a cell shows it, with the exact one for its title. Unknown is never zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amount {
    pub text: String,
    pub title: String,
    pub unpriced: bool,
}

/// `$0.0042`, `~$0.0042` when the tokens behind it were estimated, `≥ $0.0042` when a part of it has no price, `unpriced`, or a
/// dash while nobody knows.
pub fn amount(cost: Option<Money>, unpriced: bool, source: Option<UsageSource>) -> Amount {
    let plain = |text: String, title: String| Amount { text, title, unpriced: false };
    match cost {
        Some(known) if unpriced && known > Money::ZERO => Amount {
            text: format!("≥ {}", known.short()),
            title: format!("${} and a part without a price", known.exact()),
            unpriced: true,
        },
        _ if unpriced => Amount {
            text: "unpriced".to_owned(),
            title: "No price was in force: the cost is unknown, not zero".to_owned(),
            unpriced: true,
        },
        None => plain(MISSING.to_owned(), "Not known yet".to_owned()),
        Some(cost) => match source {
            Some(UsageSource::Estimated | UsageSource::Partial) => {
                plain(format!("~{}", cost.short()), format!("${} from estimated tokens", cost.exact()))
            }
            _ => plain(cost.short(), format!("${}", cost.exact())),
        },
    }
}

/// What a person calls an outcome.
pub fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "ok",
        Outcome::Cancelled => "cancelled",
        Outcome::Incomplete => "cut off",
        Outcome::CallerFault => "bad request",
        Outcome::AccountFault => "credential refused",
        Outcome::Capacity => "no capacity",
        Outcome::ProviderFault => "provider error",
        Outcome::Unreachable => "unreachable",
        Outcome::DestinationBlocked => "address blocked",
        Outcome::Timeout => "timed out",
        Outcome::Abandoned => "abandoned",
    }
}

/// One sentence about an outcome.
pub fn outcome_sentence(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "The upstream answered in full.",
        Outcome::Cancelled => "The client left; what was produced until then is charged.",
        Outcome::Incomplete => "The stream broke after its first byte.",
        Outcome::CallerFault => "The upstream refused the request itself.",
        Outcome::AccountFault => "The upstream refused the stored credential or account.",
        Outcome::Capacity => "The upstream had no room.",
        Outcome::ProviderFault => "The upstream failed or answered with something else than an answer.",
        Outcome::Unreachable => "No connection: nothing was sent.",
        Outcome::DestinationBlocked => "The address is not one this instance may call.",
        Outcome::Timeout => "The deadline passed.",
        Outcome::Abandoned => "The server that owned the attempt is gone.",
    }
}

/// Input and output tokens of a row, `~` where they are not final.
pub fn row_tokens(row: &HistoryRow) -> (String, String) {
    let Some(usage) = row.usage else {
        return (MISSING.to_owned(), MISSING.to_owned());
    };
    let mark = match row.usage_source {
        Some(UsageSource::Estimated | UsageSource::Partial) => "~",
        _ => "",
    };
    (format!("{mark}{}", thousands(usage.total_input())), format!("{mark}{}", thousands(usage.total_output())))
}

/// Nano-dollars with all the digits that pico-dollars × tokens can have: the exact product of one line of a receipt.
pub fn exact_product(tokens: u32, pico_per_token: i64) -> String {
    let sign = if pico_per_token < 0 { "-" } else { "" };
    // Four thousand million tokens at four dollars each still fit; above that nobody needs the twelfth decimal.
    let Some(pico) = u64::from(tokens).checked_mul(pico_per_token.unsigned_abs()) else { return MISSING.to_owned() };
    let fraction = format!("{:012}", pico % 1_000_000_000_000);
    let fraction = fraction.trim_end_matches('0');
    format!("{sign}${}.{fraction:0<2}", pico / 1_000_000_000_000)
}

/// `n thing` or `n things`.
pub fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(count), if count == 1 { one } else { many })
}

/// What a person calls a task class.
pub fn task_word(task: TaskClass) -> &'static str {
    match task {
        TaskClass::Boilerplate => "Boilerplate",
        TaskClass::Completion => "Completion",
        TaskClass::MultiFile => "Multi-file",
        TaskClass::Refactoring => "Refactoring",
        TaskClass::Review => "Review",
        TaskClass::BugFix => "Bug fix",
        TaskClass::Algorithms => "Algorithms",
        TaskClass::Tests => "Tests",
    }
}

/// All of them for a choice; the first is none.
pub fn task_choices() -> Vec<(String, String)> {
    let mut choices = vec![(String::new(), "Not said".to_owned())];
    choices.extend(TaskClass::ALL.map(|task| (task.as_str().to_owned(), task_word(task).to_owned())));
    choices
}

/// `78.4 %` of ten-thousandths.
pub fn percent(parts: u16) -> String {
    let tenths = (u32::from(parts) + 5) / 10;
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// `4.25` of hundredths.
pub fn hundredths(value: u32) -> String {
    format!("{}.{:02}", value / 100, value % 100)
}

/// Text with marks where it holds characters that nobody sees but that change what people read: those that turn the
/// direction of writing, and those without a width (`security.md` RD-4).
pub fn marked(text: &str) -> String {
    let is_hidden =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match is_hidden(c) {
            true => out.push_str(&format!("⟦U+{:04X}⟧", u32::from(c))),
            false => out.push(c),
        }
    }
    out
}

/// A value for the query part of an address.
pub fn query_value(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b':' | b',' => {
                out.push(char::from(byte));
            }
            // Writing to a string cannot fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_change_their_unit_before_they_grow_long() {
        for (ms, text) in [
            (0, "0 ms"),
            (340, "340 ms"),
            (999, "999 ms"),
            (1_000, "1.0 s"),
            (3_149, "3.1 s"),
            (59_949, "59.9 s"),
            (59_950, "1 m 00 s"),
            (125_000, "2 m 05 s"),
        ] {
            assert_eq!(duration(ms), text, "{ms}");
        }
    }

    #[test]
    fn an_unknown_cost_is_never_printed_as_zero() {
        assert_eq!(amount(Some(Money(0)), true, None).text, "unpriced");
        assert_eq!(amount(None, true, None).text, "unpriced");
        assert_eq!(amount(Some(Money(4_200_000)), true, None).text, "≥ $0.0042");
        assert_eq!(amount(None, false, None).text, MISSING);
        assert_eq!(amount(Some(Money(0)), false, None).text, "$0");
        assert_eq!(amount(Some(Money(4_200_000)), false, Some(UsageSource::Estimated)).text, "~$0.0042");
    }

    #[test]
    fn one_line_of_a_receipt_is_exact_to_the_pico_dollar() {
        assert_eq!(exact_product(1_234, 2_500_000), "$0.003085");
        assert_eq!(exact_product(1, 1), "$0.000000000001");
        assert_eq!(exact_product(0, 2_500_000), "$0.00");
        assert_eq!(exact_product(4_000_000, 1_000_000), "$4.00");
    }

    #[test]
    fn speed_needs_a_stretch_of_time() {
        assert_eq!(tokens_per_second(84, 500, 1_500).as_deref(), Some("84 tok/s"));
        assert_eq!(tokens_per_second(84, 500, 500), None);
        assert_eq!(tokens_per_second(84, 500, 400), None);
    }

    #[test]
    fn shares_and_means_are_printed_from_whole_numbers() {
        assert_eq!(percent(10_000), "100.0 %");
        assert_eq!(percent(4_902), "49.0 %");
        assert_eq!(percent(5), "0.1 %");
        assert_eq!(hundredths(425), "4.25");
        assert_eq!(hundredths(300), "3.00");
    }

    #[test]
    fn rd_4_characters_that_nobody_sees_become_marks() {
        assert_eq!(marked("a\u{202e}b\u{200b}"), "a⟦U+202E⟧b⟦U+200B⟧");
        assert_eq!(marked("é 東京\n\t"), "é 東京\n\t");
    }

    #[test]
    fn query_values_keep_model_names_readable_and_escape_the_rest() {
        assert_eq!(query_value("acme/gpt-4o:latest"), "acme/gpt-4o:latest");
        assert_eq!(query_value("a b&c=ü"), "a%20b%26c%3D%C3%BC");
    }
}
