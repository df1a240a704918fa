//! What compatible servers do differently on the chat wire and beside it. Data only: presets fill it, the codecs read it.
//!
//! One more way to differ: a field here with its value in [`PLAIN`], and the rule in the codec that reads it.

/// Where a stream reports usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageAt {
    /// `usage` of a chunk.
    Chunk,
    /// `choices[0].usage`.
    Choice,
    /// `x_groq.usage`, besides the usual place.
    XGroq,
}

/// Does `completion_tokens` include reasoning?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReasoningCount {
    /// As the sum check says; included where it says nothing.
    Auto,
    Included,
    Additive,
}

/// Where cached input is counted. Where that place is empty, the usual one is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CachedAt {
    /// `prompt_tokens_details.cached_tokens`, the usual place.
    Details,
    /// `cached_tokens` of the usage object itself.
    TopLevel,
    /// `prompt_cache_hit_tokens` and `prompt_cache_miss_tokens`.
    HitMiss,
}

/// How a server continues a text, or fills the gap before a suffix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Not at all.
    None,
    /// `/completions` as OpenAI has it. Some servers do not know `suffix`: they refuse it, or forget it in silence.
    Completions { suffix: bool },
    /// The same at `/beta/completions`, beside the `/v1` of the base URL.
    Beta,
    /// `/fim/completions`: one prompt, a few fields of its own, and answers in chat shape.
    ChatShaped,
}

/// Does a server speak OpenAI's responses at `/responses`?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Responses {
    No,
    /// Yes, but it keeps nothing: `previous_response_id` and `conversation` mean nothing to it.
    Stateless,
    Stateful,
}

/// One vendor's ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quirks {
    /// Send `stream_options.include_usage`. Some refuse the field and report usage anyway.
    pub include_usage: bool,
    pub usage_at: UsageAt,
    pub reasoning: ReasoningCount,
    pub cached_at: CachedAt,
    /// Field of `prompt_tokens_details` that counts cache writes.
    pub cache_write_at: &'static str,
    /// `prompt_tokens: 0` says that the prompt was cached, not that there was none.
    pub prompt_zero_means_missing: bool,
    /// Name of the field that limits the answer.
    pub cap_field: &'static str,
    /// The limit holds for reasoning as well.
    pub cap_covers_reasoning: bool,
    /// Name of the field of the seed.
    pub seed_field: &'static str,
    /// `top_k` is understood.
    pub top_k: bool,
    /// Its own thoughts come back to it with the tool calls they led to, as `reasoning_content`.
    pub keeps_thoughts: bool,
    /// `cache_control` in content parts is understood.
    pub cache_markers: bool,
    pub fill: Fill,
    /// `/embeddings` exists.
    pub embeddings: bool,
    pub responses: Responses,
    /// Where the list of models is, below the base URL.
    pub models_path: &'static str,
}

/// A server without any.
pub const PLAIN: Quirks = Quirks {
    include_usage: true,
    usage_at: UsageAt::Chunk,
    reasoning: ReasoningCount::Auto,
    cached_at: CachedAt::Details,
    cache_write_at: "cache_write_tokens",
    prompt_zero_means_missing: false,
    cap_field: "max_tokens",
    cap_covers_reasoning: true,
    seed_field: "seed",
    top_k: true,
    keeps_thoughts: false,
    cache_markers: false,
    fill: Fill::Completions { suffix: true },
    embeddings: true,
    responses: Responses::No,
    models_path: "/models",
};

/// OpenAI itself.
pub const OPENAI: Quirks = Quirks {
    reasoning: ReasoningCount::Included,
    // `max_tokens` is refused by models that reason; `max_completion_tokens` by none.
    cap_field: "max_completion_tokens",
    top_k: false,
    responses: Responses::Stateful,
    ..PLAIN
};
