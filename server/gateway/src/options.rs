//! What a client may add in `x-tallygate-*` headers (`product.md` 5.2). An unknown one is refused: a silently ignored typo
//! costs money. One more: a line in `KNOWN` and its branch in `read`.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::Error;

const PREFIX: &str = "x-tallygate-";
const DEADLINE: &str = "x-tallygate-deadline-ms";
const KNOWN: &[&str] = &[DEADLINE];

/// Longest a call may take.
pub(crate) const DEADLINE_DEFAULT: Duration = Duration::from_secs(600);

/// Headers that go on to the upstream; everything else stays here.
const PASSED: &[&str] = &["openai-beta"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub deadline: Duration,
}

pub(crate) fn read(headers: &HeaderMap) -> Result<Options, Error> {
    let mut options = Options { deadline: DEADLINE_DEFAULT };
    for (name, value) in headers.iter().filter(|(name, _)| name.as_str().starts_with(PREFIX)) {
        match name.as_str() {
            DEADLINE => options.deadline = deadline(value)?,
            unknown => {
                let message = format!("there is no such option; known are: {}", KNOWN.join(", "));
                return Err(Error::Header { name: unknown.to_owned(), message });
            }
        }
    }
    Ok(options)
}

fn deadline(value: &HeaderValue) -> Result<Duration, Error> {
    let longest = DEADLINE_DEFAULT.as_millis();
    value
        .to_str()
        .ok()
        .and_then(|text| text.parse::<u32>().ok())
        .filter(|ms| *ms > 0 && u128::from(*ms) <= longest)
        .map(|ms| Duration::from_millis(ms.into()))
        .ok_or_else(|| Error::Header { name: DEADLINE.to_owned(), message: format!("use 1 to {longest} milliseconds") })
}

/// The client's headers that the upstream may see.
pub(crate) fn passed(headers: &HeaderMap) -> HeaderMap {
    let mut passed = HeaderMap::new();
    for name in PASSED {
        for value in headers.get_all(*name) {
            passed.append(HeaderName::from_static(name), value.clone());
        }
    }
    passed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))])
    }

    #[test]
    fn a_typo_is_refused_with_the_list_of_what_exists() {
        let error = read(&with("x-tallygate-dedline-ms", "5")).unwrap_err();
        assert!(error.to_string().contains(DEADLINE));
    }

    #[test]
    fn a_deadline_can_only_be_shorter_than_the_usual_one() {
        assert_eq!(read(&with(DEADLINE, "250")).unwrap().deadline, Duration::from_millis(250));
        for wrong in ["0", "-1", "1.5", "600001", "soon"] {
            assert!(read(&with(DEADLINE, wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn credentials_cookies_and_forwarding_headers_stay_here() {
        for name in ["authorization", "x-api-key", "api-key", "cookie", "x-forwarded-for", "host", "te"] {
            assert!(passed(&with(name, "x")).is_empty(), "{name}");
        }
        assert_eq!(passed(&with("openai-beta", "x")).len(), 1);
    }
}
