//! The wire of Google's Gemini API as an upstream: `generateContent`, `countTokens` and `batchEmbedContents`.
//!
//! | file | what |
//! |---|---|
//! | `request.rs` | bodies from the neutral form: tools, generation config, counts |
//! | `contents.rs` `parts.rs` | messages as `contents` and `systemInstruction`, call ids and thought signatures |
//! | `thinking.rs` | what a model's name tells, and `thinkingConfig` |
//! | `answer.rs` `stream.rs` | complete and streamed answers, error bodies |
//! | `usage.rs` | `usageMetadata`, made disjoint |
//! | `embeddings.rs` | embeddings and the answers of counts |
//!
//! Sources: the v1beta reference (ai.google.dev/api: generate-content, caching#Part, tokens, embeddings) and the guides
//! function-calling, structured-output, thinking, thought-signatures, file-input-methods and troubleshooting beside it.
//! Never here: a client's side; nobody speaks this wire to us.
//!
//! Call ids. Gemini 3 names its calls, earlier models do not. A nameless call is `call_g<hash>_<n>`, of the response's
//! own id and the number of the call in it: other vendors want ids that differ over a whole conversation. On the way back
//! such an id is left out again and the result is found by name and order, as the API does it. Any other id, of whatever vendor, goes back as it is.

mod answer;
mod contents;
mod embeddings;
mod parts;
mod request;
mod stream;
mod thinking;
mod usage;

pub use answer::{decode_whole, error_reason, is_error_body};
pub use embeddings::{decode_count, decode_embeddings, encode_embeddings};
pub use request::{encode_chat, encode_count};
pub use stream::StreamDecoder;

/// As refusals name it.
const VENDOR: &str = "Gemini";

/// Ids for the calls of a response that does not name them.
#[derive(Clone, Copy, Debug, Default)]
struct Calls {
    response: u32,
    next: u32,
}

impl Calls {
    /// `response` is the response's own id.
    fn of(response: Option<&str>) -> Self {
        // FNV-1a: a name, not a secret.
        let hash = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        Self { response: response.unwrap_or_default().bytes().fold(0x811c_9dc5, hash), next: 0 }
    }

    /// The id of the next call.
    fn id(&mut self) -> String {
        self.next = self.next.saturating_add(1);
        format!("{MADE}{:08x}_{}", self.response, self.next - 1)
    }
}

const MADE: &str = "call_g";

/// Is it one of ours?
fn is_made_id(id: &str) -> bool {
    let parts = id.strip_prefix(MADE).and_then(|rest| rest.split_once('_'));
    parts.is_some_and(|(hash, n)| {
        hash.len() == 8
            && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
            && !n.is_empty()
            && n.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Names of fields that do not go out, each once.
#[derive(Debug, Default)]
struct Dropped(Vec<String>);

impl Dropped {
    fn add(&mut self, name: &str) {
        if !self.0.iter().any(|known| known == name) {
            self.0.push(name.to_owned());
        }
    }
}
