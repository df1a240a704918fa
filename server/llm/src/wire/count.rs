//! Counts in usage objects, read the same way on every wire (`ledger.md` 3).

use domain::usage::Count;
use serde_json::Value;

/// Most bytes of a raw usage object that a row keeps.
pub(super) const RAW_LIMIT: usize = 4 * 1024;
/// Counts above this are nonsense.
const COUNT_LIMIT: u64 = 1 << 31;

/// Absent and null are missing, `12.0` is 12; negative, fractional, text and too large are malformed.
pub(super) fn count(value: Option<&Value>) -> Count {
    let number = match value {
        None | Some(Value::Null) => return Count::Missing,
        Some(Value::Number(number)) => number,
        Some(_) => return Count::Malformed,
    };
    let whole = number.as_u64().or_else(|| {
        let text = number.to_string();
        text.strip_suffix(".0").and_then(|whole| whole.parse().ok())
    });
    match whole.filter(|n| *n <= COUNT_LIMIT).and_then(|n| u32::try_from(n).ok()) {
        Some(n) => Count::Value(n),
        None => Count::Malformed,
    }
}

/// The object as it was reported, when it is short enough to keep.
pub(super) fn raw(usage: &Value) -> Option<String> {
    Some(usage.to_string()).filter(|raw| raw.len() <= RAW_LIMIT)
}
