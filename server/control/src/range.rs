//! Spans of time as addresses name them: `now-7d`, days, moments (`ui.md` 9). What cannot be read falls back with a notice.

use chrono::{DateTime, TimeDelta, Utc};

use crate::stamps::{Stamps, day};

/// From a moment on, until another or until now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub from: DateTime<Utc>,
    /// The first moment after it; `None`: now, whenever that is.
    pub to: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    From,
    To,
}

/// Longest way back: ten years.
const MOST_MINUTES: i64 = 10 * 366 * 24 * 60;

impl Range {
    /// `usual` is how far back it goes when `from` says nothing.
    pub(crate) fn read(
        stamps: Stamps,
        now: DateTime<Utc>,
        from: &str,
        to: &str,
        usual: TimeDelta,
        notices: &mut Vec<String>,
    ) -> Self {
        let to = edge(stamps, now, to, Edge::To).unwrap_or_else(|message| {
            notices.push(format!("the end of the range was left out: {message}"));
            None
        });
        let start = |to: Option<DateTime<Utc>>| to.unwrap_or(now) - usual;
        let asked = edge(stamps, now, from, Edge::From).unwrap_or_else(|message| {
            notices.push(format!("the start of the range was left out: {message}"));
            None
        });
        let from = asked.unwrap_or_else(|| start(to));
        if to.unwrap_or(now) <= from {
            notices.push("the range ends before it begins: its usual length is shown".to_owned());
            return Self { from: start(to), to };
        }
        Self { from, to }
    }

    /// In words, with its zone.
    pub(crate) fn words(&self, stamps: Stamps) -> String {
        let to = self.to.map_or_else(|| "now".to_owned(), |to| stamps.of(to).text);
        format!("{} to {to}, {}", stamps.of(self.from).text, stamps.zone())
    }
}

/// `None`: nothing was asked for, or `now`.
fn edge(stamps: Stamps, now: DateTime<Utc>, text: &str, edge: Edge) -> Result<Option<DateTime<Utc>>, String> {
    let text = text.trim();
    if text.is_empty() || text == "now" && edge == Edge::To {
        return Ok(None);
    }
    if let Some(rest) = text.strip_prefix("now") {
        return match rest.strip_prefix('-').and_then(ago) {
            Some(ago) => Ok(Some(now - ago)),
            None => Err("use a time such as now-7d, now-24h, 2026-12-01 or 2026-12-01T08:30Z".to_owned()),
        };
    }
    // A last day is part of the range.
    if let (Edge::To, Ok(day)) = (edge, day(text)) {
        return stamps.end_of(day).map(Some).ok_or_else(|| "this day is too far away".to_owned());
    }
    stamps.moment(text).map(Some).map_err(|_| "use a time such as now-7d, 2026-12-01 or 2026-12-01T08:30Z".to_owned())
}

/// `7d`, `24h`, `30m`, `2w`.
fn ago(text: &str) -> Option<TimeDelta> {
    let unit = text.chars().last()?;
    let number: i64 = text.strip_suffix(unit)?.parse().ok().filter(|number| *number > 0)?;
    let minutes = match unit {
        'm' => 1,
        'h' => 60,
        'd' => 24 * 60,
        'w' => 7 * 24 * 60,
        _ => return None,
    };
    number.checked_mul(minutes).filter(|minutes| *minutes <= MOST_MINUTES).and_then(TimeDelta::try_minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(from: &str, to: &str) -> (String, usize) {
        let (now, mut notices) = ("2026-11-21T13:05:00Z".parse().unwrap(), Vec::new());
        let stamps = Stamps::in_zone("Europe/Berlin");
        let range = Range::read(stamps, now, from, to, TimeDelta::days(30), &mut notices);
        (range.words(stamps), notices.len())
    }

    #[test]
    fn hi_2_a_range_is_relative_days_or_moments_and_is_told_with_its_zone() {
        for (from, to, wanted) in [
            ("", "", "2026-10-22 15:05 to now, Europe/Berlin"),
            ("now-7d", "now", "2026-11-14 14:05 to now, Europe/Berlin"),
            ("now-24h", "", "2026-11-20 14:05 to now, Europe/Berlin"),
            ("now-90m", "", "2026-11-21 12:35 to now, Europe/Berlin"),
            ("now-2w", "now-1w", "2026-11-07 14:05 to 2026-11-14 14:05, Europe/Berlin"),
            ("2026-11-01", "2026-11-02", "2026-11-01 00:00 to 2026-11-03 00:00, Europe/Berlin"),
            ("2026-11-01T08:30:00+00:00", "", "2026-11-01 09:30 to now, Europe/Berlin"),
            ("2026-11-01T08:30", "", "2026-11-01 08:30 to now, Europe/Berlin"),
            ("", "2026-10-31", "2026-10-02 01:00 to 2026-11-01 00:00, Europe/Berlin"),
        ] {
            assert_eq!(read(from, to), (wanted.to_owned(), 0), "{from:?} {to:?}");
        }
    }

    #[test]
    fn hi_2_what_cannot_be_read_falls_back_with_a_notice() {
        let usual = "2026-10-22 15:05 to now, Europe/Berlin";
        for bad in [
            "now",
            "now-",
            "now-7",
            "now-7x",
            "now+7d",
            "now-0d",
            "now--7d",
            "now-99999999999d",
            "7d",
            "x",
            "é",
            "now-é",
        ] {
            assert_eq!(read(bad, ""), (usual.to_owned(), 1), "{bad:?}");
        }
        assert_eq!(read("", "soon"), (usual.to_owned(), 1));
        assert_eq!(read("now-1d", "now-2d"), ("2026-10-20 15:05 to 2026-11-19 14:05, Europe/Berlin".to_owned(), 1));
        assert_eq!(read("2027-01-01", "").1, 1);
    }
}
