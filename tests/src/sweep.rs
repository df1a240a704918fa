//! Looks for planted secrets in anything a program puts out: as they are, and in the clothes that programs dress text in.
//!
//! Pure. A planted secret is 12 bytes or longer, so that no form of it occurs by chance. One more dress: a line in [`forms`].

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

const SHORTEST: usize = 12;

/// One secret in one dress.
struct Needle {
    name: String,
    form: &'static str,
    text: Vec<u8>,
}

/// Planted secrets, ready to be looked for.
#[derive(Default)]
pub struct Sweeper {
    needles: Vec<Needle>,
    search: Option<AhoCorasick>,
}

/// A planted secret that came to light.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Find {
    pub secret: String,
    pub form: &'static str,
    pub place: String,
}

impl Sweeper {
    /// One more secret. Panics when it is too short to be told from chance: the plan of the test is wrong.
    #[expect(clippy::panic, reason = "a test tool; a secret that nobody can look for is a test that cannot fail")]
    pub fn plant(&mut self, name: &str, secret: &str) {
        if secret.len() < SHORTEST {
            panic!("the planted {name} is too short");
        }
        for (form, text) in forms(secret) {
            self.needles.push(Needle { name: name.to_owned(), form, text });
        }
        self.search = None;
    }

    /// How many different secrets are planted.
    pub fn kinds(&self) -> usize {
        self.needles.iter().map(|needle| &needle.name).collect::<BTreeSet<_>>().len()
    }

    /// Every secret that `place` shows, in every form.
    #[expect(clippy::expect_used, reason = "a test tool; the automaton of some hundred needles can be built")]
    pub fn sweep(&mut self, place: &str, bytes: &[u8]) -> BTreeSet<Find> {
        let needles = &self.needles;
        let build = || AhoCorasick::new(needles.iter().map(|needle| &needle.text)).expect("an automaton");
        let search = self.search.get_or_insert_with(build);
        let found: BTreeSet<usize> =
            search.find_overlapping_iter(bytes).map(|found| found.pattern().as_usize()).collect();
        let find = |at: &usize| {
            let Needle { name, form, text: _ } = &needles[*at];
            Find { secret: name.clone(), form, place: place.to_owned() }
        };
        found.iter().map(find).collect()
    }
}

/// The secret in every dress. Plain text stays itself in most of them: what is equal is looked for once.
fn forms(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = secret.as_bytes();
    let hex =
        |upper: bool| bytes.iter().map(move |byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") });
    let percent = |upper: bool| hex(upper).map(|pair| format!("%{pair}")).collect::<String>();
    let json = serde_json::Value::from(secret).to_string();
    let mut all = vec![
        ("raw", secret.to_owned()),
        ("reversed", secret.chars().rev().collect()),
        ("hex", hex(false).collect()),
        ("hex", hex(true).collect()),
        ("list of bytes", bytes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        ("URL, every byte", percent(false)),
        ("URL, every byte", percent(true)),
        ("URL", some_percent(secret, |byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))),
        (
            "form",
            some_percent(secret, |byte| byte.is_ascii_alphanumeric() || b"-_.*".contains(&byte)).replace("%20", "+"),
        ),
        ("JSON", json[1..json.len() - 1].to_owned()),
        ("JSON, every character", secret.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()),
        ("HTML", secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")),
    ];
    for shift in 0..3 {
        all.push((
            "base64",
            inside(STANDARD_NO_PAD.encode([vec![0; shift], bytes.to_vec()].concat()), shift, bytes.len()),
        ));
        all.push((
            "base64url",
            inside(URL_SAFE_NO_PAD.encode([vec![0; shift], bytes.to_vec()].concat()), shift, bytes.len()),
        ));
    }
    let mut seen = BTreeSet::new();
    all.into_iter()
        .map(|(form, text)| (form, text.into_bytes()))
        .filter(|(_, text)| seen.insert(text.clone()))
        .collect()
}

fn some_percent(secret: &str, is_plain: impl Fn(u8) -> bool) -> String {
    let one = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    secret.bytes().map(one).collect()
}

/// The characters that depend on the secret alone, whatever stands before and after it.
fn inside(encoded: String, shift: usize, length: usize) -> String {
    let first = (shift * 8).div_ceil(6);
    let last = (shift + length) * 8 / 6;
    encoded.get(first..last).unwrap_or(&encoded).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "sk-\"planted\" & größe/123";

    fn finds(text: &[u8]) -> Vec<&'static str> {
        let mut sweeper = Sweeper::default();
        sweeper.plant("secret", SECRET);
        sweeper.sweep("here", text).into_iter().map(|find| find.form).collect()
    }

    #[test]
    fn a_leak_is_found_in_every_dress_and_anywhere() {
        let encoded = |before: &str| STANDARD_NO_PAD.encode(format!("{before}{SECRET} and more"));
        let hex: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
        let leaks = [
            format!("before {SECRET} after").into_bytes(),
            encoded("").into_bytes(),
            encoded("a").into_bytes(),
            encoded("ab").into_bytes(),
            URL_SAFE_NO_PAD.encode(format!("abc{SECRET}")).into_bytes(),
            format!("x'{hex}'").into_bytes(),
            serde_json::json!({"it": SECRET}).to_string().into_bytes(),
            b"?key=sk-%22planted%22%20%26%20gr%C3%B6%C3%9Fe%2F123&x=1".to_vec(),
            b"key=sk-%22planted%22+%26+gr%C3%B6%C3%9Fe%2F123".to_vec(),
            "<p>sk-&quot;planted&quot; &amp; größe/123</p>".as_bytes().to_vec(),
            format!("{:?}", SECRET.as_bytes()).into_bytes(),
        ];
        for leak in &leaks {
            assert!(!finds(leak).is_empty(), "{}", String::from_utf8_lossy(leak));
        }
    }

    #[test]
    fn what_is_not_the_secret_is_not_found() {
        let mut text = vec![0xff, 0xfe];
        text.extend_from_slice("sk-planted größe 123 sk-\"planted\"".as_bytes());
        assert_eq!(finds(&text), [""; 0]);
    }

    #[test]
    #[should_panic(expected = "too short")]
    fn a_secret_that_may_occur_by_chance_is_refused() {
        Sweeper::default().plant("pin", "1234");
    }
}
