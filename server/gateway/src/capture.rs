//! The exact exchange of each attempt, kept where somebody asked for it (`product.md` PG-16): what went to a provider and what
//! came back, with every secret gone.
//!
//! A call that nobody looks at has no [`Capture`], and pays nothing for this. Here: the record. Never here: where it is stored,
//! and who may read it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::run::Wire;
use http::{HeaderMap, header};
use url::Url;

use crate::{content::images, snapshot::Deployment, upstream};

/// Most bytes of one body that are kept, of a request and of an answer each.
pub(crate) const LIMIT: usize = 1024 * 1024;
/// Longer runs of base64 are images or files: they are kept as hash and size. Signatures are shorter.
const LONG_BASE64: usize = 16 * 1024;
/// Parameters of an address that are no secret. All others are hidden.
const OPEN_PARAMETERS: [&str; 3] = ["alt", "api-version", "beta"];
const HIDDEN: &str = "[redacted]";

/// The exchanges of one call. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Capture(Arc<Mutex<Vec<Record>>>);

#[derive(Debug)]
struct Record {
    wire: Wire,
    /// The answer as it came; its text and its secrets are only whole when all of it is here.
    answer: Vec<u8>,
}

impl Capture {
    /// A request goes out. Its credential is not among these headers yet.
    pub(crate) fn asked(&self, deployment: &Deployment, url: &str, headers: &HeaderMap, body: &[u8]) {
        let clean = |text: &str| upstream::scrubbed_text(deployment, text);
        let shown = |name: &header::HeaderName| !is_credential(name.as_str());
        let header = |(name, value): (&header::HeaderName, &header::HeaderValue)| {
            (name.as_str().to_owned(), clean(&String::from_utf8_lossy(value.as_bytes())))
        };
        let body = clean(&images::by_hash_above(&String::from_utf8_lossy(body), LONG_BASE64));
        let wire = Wire {
            url: clean(&without_parameters(url)),
            headers: headers.iter().filter(|(name, _)| shown(name)).map(header).collect(),
            body: storable(cut_with_a_note(body)),
            ..Wire::default()
        };
        self.records().push(Record { wire, answer: Vec::new() });
    }

    /// The head of the answer is here.
    pub(crate) fn answered(&self, status: u16) {
        if let Some(record) = self.records().last_mut() {
            record.wire.status = Some(status);
        }
    }

    /// A piece of the answer.
    pub(crate) fn heard(&self, bytes: &[u8]) {
        if let Some(record) = self.records().last_mut() {
            let room = LIMIT - record.answer.len();
            record.wire.is_cut |= bytes.len() > room;
            record.answer.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        }
    }

    /// The attempt is over: the answer becomes text without secrets.
    pub(crate) fn close(&self, deployment: &Deployment) {
        for record in self.records().iter_mut().filter(|record| !record.answer.is_empty()) {
            let answer = std::mem::take(&mut record.answer);
            let text = String::from_utf8_lossy(whole_characters(&answer));
            record.wire.answer = storable(upstream::scrubbed_text(deployment, &text));
        }
    }

    /// Takes out what there is, in order.
    pub(crate) fn take(&self) -> Vec<Wire> {
        self.records().drain(..).map(|record| record.wire).collect()
    }

    fn records(&self) -> MutexGuard<'_, Vec<Record>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_credential(name: &str) -> bool {
    let has = |part: &str| name.contains(part);
    has("authorization") || has("cookie") || has("key") || has("token") || has("secret")
}

/// The address with the values of its parameters hidden, but for those that are known to be harmless.
fn without_parameters(url: &str) -> String {
    let Some((base, query)) = url.split_once('?') else { return url.to_owned() };
    // Reading it as an address makes sure that both readers see the same parameters.
    let Ok(parsed) = Url::parse(url) else { return format!("{base}?{HIDDEN}") };
    if parsed.query() != Some(query) {
        return format!("{base}?{HIDDEN}");
    }
    let shown = |pair: &str| {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        if OPEN_PARAMETERS.contains(&name) { pair.to_owned() } else { format!("{name}={HIDDEN}") }
    };
    format!("{base}?{}", query.split('&').map(shown).collect::<Vec<_>>().join("&"))
}

/// Less a character that was cut in two at the end.
fn whole_characters(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => bytes.get(..error.valid_up_to()).unwrap_or(bytes),
        _ => bytes,
    }
}

fn cut_with_a_note(mut text: String) -> String {
    if text.len() > LIMIT {
        let kept = text.floor_char_boundary(LIMIT);
        let rest = text.len() - kept;
        text.truncate(kept);
        text.push_str(&format!("\n[{rest} more bytes]"));
    }
    text
}

/// Postgres stores no NUL.
fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

#[cfg(test)]
mod tests;
