//! Times as pages show them: in the zone that the reader chose, else in the instance's reporting zone. What counts for all, such
//! as the end of a key, is read in the instance's zone.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, SecondsFormat, TimeZone, Utc};
use chrono_tz::Tz;
use domain::clock::Stamp;
use store::pool::Connection;

use crate::{Actor, Error};

/// Formats moments in one zone: [`Stamps::of_reader`] for what somebody reads, [`Stamps::within`] for what counts for all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamps(Tz);

impl Stamps {
    /// Times as this reader wants them.
    pub(crate) async fn of_reader(actor: &Actor, db: &mut Connection) -> Result<Self, Error> {
        match actor.zone().parse() {
            Ok(zone) => Ok(Self(zone)),
            Err(_) => Self::within(db).await,
        }
    }

    /// Times of a zone that a test names.
    #[cfg(test)]
    pub(crate) fn in_zone(name: &str) -> Self {
        Self(name.parse().unwrap_or(Tz::UTC))
    }

    /// Name of the zone.
    pub(crate) fn zone(self) -> &'static str {
        self.0.name()
    }

    /// The first moment of a day. Where the clock change skips midnight, the day begins later.
    pub(crate) fn start_of(self, day: NaiveDate) -> Option<DateTime<Utc>> {
        let at = |minute: u32| self.0.from_local_datetime(&day.and_hms_opt(minute / 60, minute % 60, 0)?).earliest();
        (0..24 * 60).step_by(15).find_map(at).map(|at| at.to_utc())
    }

    /// The first moment after a day.
    pub(crate) fn end_of(self, day: NaiveDate) -> Option<DateTime<Utc>> {
        self.start_of(day.checked_add_days(Days::new(1))?)
    }

    /// The day that ends at this moment in this zone, if one does.
    pub(crate) fn day_ending_at(self, at: DateTime<Utc>) -> Option<NaiveDate> {
        let day = at.with_timezone(&self.0).date_naive().pred_opt()?;
        self.end_of(day).filter(|end| *end == at).map(|_| day)
    }

    /// In the zone of the instance; UTC before set-up.
    pub(crate) async fn within(db: &mut Connection) -> Result<Self, Error> {
        Ok(Self::of_instance(store::instance::load(db).await?))
    }

    fn of_instance(instance: Option<store::instance::Instance>) -> Self {
        Self(instance.and_then(|instance| instance.reporting_zone.parse().ok()).unwrap_or(Tz::UTC))
    }

    pub(crate) fn of(self, at: DateTime<Utc>) -> Stamp {
        let local = at.with_timezone(&self.0);
        Stamp {
            iso: at.to_rfc3339_opts(SecondsFormat::Millis, true),
            text: local.format("%Y-%m-%d %H:%M").to_string(),
            title: local.format("%Y-%m-%d %H:%M:%S %:z %Z").to_string(),
        }
    }

    /// The moment that somebody typed: a day (its midnight) or a minute in this zone, or a time with a zone of its own.
    pub(crate) fn moment(self, text: &str) -> Result<DateTime<Utc>, String> {
        let text = text.trim();
        let in_zone = || {
            let minute = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"];
            let typed = minute.into_iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
            let typed = typed.or_else(|| day(text).ok()?.and_hms_opt(0, 0, 0))?;
            // A time that the clock change repeats is its first; one that it skips is none.
            self.0.from_local_datetime(&typed).earliest()
        };
        let with_zone = DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc());
        let moment = with_zone.or_else(|| in_zone().map(|at| at.to_utc()));
        moment
            .filter(|at| (2000..2200).contains(&at.year()))
            .ok_or_else(|| "enter a day such as 2026-12-01, or a time such as 2026-12-01T08:30".to_owned())
    }
}

/// A calendar day that somebody typed.
pub(crate) fn day(text: &str) -> Result<NaiveDate, String> {
    NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").map_err(|_| "enter a day such as 2026-11-12".to_owned())
}

/// An IANA zone name as it is spelled in the zone data.
pub(crate) fn zone(text: &str) -> Result<String, String> {
    let zone: Tz = text.trim().parse().map_err(|_| "enter an IANA zone such as Europe/Berlin or UTC".to_owned())?;
    Ok(zone.name().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_printed_in_the_zone_and_its_summer_time() {
        let berlin = Stamps("Europe/Berlin".parse().unwrap());
        let winter = berlin.of("2026-11-21T13:05:09.120Z".parse().unwrap());
        assert_eq!((winter.iso.as_str(), winter.text.as_str()), ("2026-11-21T13:05:09.120Z", "2026-11-21 14:05"));
        assert_eq!(winter.title, "2026-11-21 14:05:09 +01:00 CET");
        assert_eq!(berlin.of("2026-07-01T22:30:00Z".parse().unwrap()).text, "2026-07-02 00:30");
        assert_eq!(
            Stamps("Asia/Kathmandu".parse().unwrap()).of("2026-01-01T00:00:00Z".parse().unwrap()).text,
            "2026-01-01 05:45"
        );
    }

    #[test]
    fn a_typed_moment_is_one_of_the_zone_unless_it_brings_its_own() {
        let berlin = Stamps("Europe/Berlin".parse().unwrap());
        for (typed, moment) in [
            ("2026-12-01", "2026-11-30T23:00:00Z"),
            (" 2026-07-01T08:30 ", "2026-07-01T06:30:00Z"),
            ("2026-12-01T08:30:00Z", "2026-12-01T08:30:00Z"),
            ("2026-10-25T02:30", "2026-10-25T00:30:00Z"),
        ] {
            assert_eq!(berlin.moment(typed), Ok(moment.parse().unwrap()), "{typed}");
        }
        for wrong in ["", "tomorrow", "2026-13-01", "2026-03-29T02:30", "1999-01-01", "9999-01-01"] {
            assert!(berlin.moment(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_day_has_the_length_that_the_clock_change_leaves_it() {
        let berlin = Stamps("Europe/Berlin".parse().unwrap());
        for (day, hours) in [("2026-11-21", 24), ("2026-03-29", 23), ("2026-10-25", 25)] {
            let day = day.parse().unwrap();
            assert_eq!((berlin.end_of(day).unwrap() - berlin.start_of(day).unwrap()).num_hours(), hours);
        }
        // Beirut goes from 23:59 to 01:00 on that day.
        let beirut = Stamps("Asia/Beirut".parse().unwrap());
        let start = beirut.start_of("2025-03-30".parse().unwrap()).unwrap();
        assert_eq!(beirut.of(start).text, "2025-03-30 01:00");
    }

    #[test]
    fn only_zones_of_the_zone_data_are_accepted() {
        assert_eq!(zone(" Europe/Berlin ").as_deref(), Ok("Europe/Berlin"));
        for wrong in ["", "Berlin", "+01:00", "Europe/Nowhere"] {
            assert!(zone(wrong).is_err(), "{wrong}");
        }
    }
}
