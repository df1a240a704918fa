//! Times as pages show them, in the instance's reporting zone.

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use domain::clock::Stamp;
use store::pool::Tx;

use crate::{Context, Error};

/// Formats moments in one zone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamps(Tz);

/// The formatter of this instance; UTC before set-up.
pub(crate) async fn stamps(_ctx: &Context, db: &mut store::pool::Loan) -> Result<Stamps, Error> {
    Ok(Stamps::of_instance(store::instance::load(db).await?))
}

impl Stamps {
    /// The same inside a transaction.
    pub(crate) async fn within(tx: &mut Tx) -> Result<Self, Error> {
        Ok(Self::of_instance(store::instance::load(tx).await?))
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
    fn only_zones_of_the_zone_data_are_accepted() {
        assert_eq!(zone(" Europe/Berlin ").as_deref(), Ok("Europe/Berlin"));
        for wrong in ["", "Berlin", "+01:00", "Europe/Nowhere"] {
            assert!(zone(wrong).is_err(), "{wrong}");
        }
    }
}
