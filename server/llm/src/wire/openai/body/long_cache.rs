//! Does a body ask for the long cache lifetime, in whatever place it may stand?

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// Is there a `cache_control` with `ttl: "1h"` anywhere?
pub(super) fn is_asked(text: &str) -> bool {
    // Bodies are large and these markers rare: nearly all are settled by this look.
    text.contains("1h") && serde_json::from_str::<Found>(text).is_ok_and(|found| found.0)
}

fn is_long(marker: &str) -> bool {
    #[derive(Deserialize)]
    struct Marker<'a> {
        #[serde(borrow)]
        ttl: &'a RawValue,
    }
    serde_json::from_str::<Marker<'_>>(marker).is_ok_and(|marker| marker.ttl.get() == "\"1h\"")
}

struct Found(bool);

impl<'de> Deserialize<'de> for Found {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Finder)
    }
}

struct Finder;

impl<'de> Visitor<'de> for Finder {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Found, E> {
        Ok(Found(false))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Found, E> {
        Ok(Found(false))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Found, E> {
        Ok(Found(false))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Found, E> {
        Ok(Found(false))
    }

    fn visit_str<E>(self, _: &str) -> Result<Found, E> {
        Ok(Found(false))
    }

    fn visit_unit<E>(self) -> Result<Found, E> {
        Ok(Found(false))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Found, A::Error> {
        let mut found = false;
        while let Some(item) = items.next_element::<Found>()? {
            found |= item.0;
        }
        Ok(Found(found))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Found, A::Error> {
        let mut found = false;
        while let Some(name) = fields.next_key::<String>()? {
            found |= match name.as_str() {
                "cache_control" => is_long(fields.next_value::<&RawValue>()?.get()),
                _ => fields.next_value::<Found>()?.0,
            };
        }
        Ok(Found(found))
    }
}
