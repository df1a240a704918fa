//! Vendors and servers of one's own whose ways are known. Facts as their documentation had them in 2026-11; the page
//! stands beside each. One more: an entry in [`VENDORS`], and its answer in `fixtures/vendors/`.
//!
//! `reasoning: Auto` is for those that pass on the counts of many others; `cap_covers_reasoning: false` where the
//! documentation does not promise that the limit holds for thoughts, because a bound must never be too low.

use domain::provider::Preset;

use crate::wire::openai::{CachedAt, Fill, PLAIN, Quirks, ReasoningCount, Responses, UsageAt};

/// A preset, and what is different about it.
#[derive(Debug)]
pub struct Vendor {
    pub preset: Preset,
    pub quirks: Quirks,
}

const COUNT: usize = 11;

/// For forms.
pub static PRESETS: [Preset; COUNT] = {
    let mut presets = [VENDORS[0].preset; COUNT];
    let mut i = 0;
    while i < COUNT {
        presets[i] = VENDORS[i].preset;
        i += 1;
    }
    presets
};

/// The vendor with this id.
pub fn find(id: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.preset.id == id)
}

/// The quirks of a preset; an unknown one, or none, has none.
pub fn quirks_of(id: &str) -> &'static Quirks {
    find(id).map_or(&PLAIN, |vendor| &vendor.quirks)
}

const fn hosted(id: &'static str, title: &'static str, base_url: &'static str) -> Preset {
    Preset { id, title, base_url, is_local: false }
}

const fn local(id: &'static str, title: &'static str, base_url: &'static str) -> Preset {
    Preset { id, title, base_url, is_local: true }
}

pub static VENDORS: [Vendor; COUNT] = [
    Vendor {
        // https://api-docs.deepseek.com/api/create-chat-completion and https://api-docs.deepseek.com/api/create-completion
        preset: hosted("deepseek", "DeepSeek", "https://api.deepseek.com"),
        quirks: Quirks {
            reasoning: ReasoningCount::Included,
            cached_at: CachedAt::HitMiss,
            // Its guide on thinking mode: a tool loop without the thoughts of its turn is refused.
            keeps_thoughts: true,
            fill: Fill::Beta,
            embeddings: false,
            ..PLAIN
        },
    },
    Vendor {
        // https://www.alibabacloud.com/help/en/model-studio/context-cache: writes are counted when `cache_control` asks for
        // them. Its responses live at another address, its fill-in-the-middle is a prompt template and not a field.
        preset: hosted("qwen", "Qwen (DashScope)", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
        quirks: Quirks {
            reasoning: ReasoningCount::Included,
            cache_write_at: "cache_creation_input_tokens",
            cap_covers_reasoning: false,
            cache_markers: true,
            fill: Fill::None,
            ..PLAIN
        },
    },
    Vendor {
        // https://docs.mistral.ai/api: unknown fields are refused with 422, `stream_options` among them; the last chunk of a
        // stream has usage anyway. `/v1/fim/completions` answers like chat.
        preset: hosted("mistral", "Mistral", "https://api.mistral.ai/v1"),
        quirks: Quirks {
            include_usage: false,
            seed_field: "random_seed",
            top_k: false,
            fill: Fill::ChatShaped,
            ..PLAIN
        },
    },
    Vendor {
        // https://console.groq.com/docs/openai and https://console.groq.com/docs/responses-api: usage of a stream is in
        // `x_groq` as well; no state, no embeddings.
        preset: hosted("groq", "Groq", "https://api.groq.com/openai/v1"),
        quirks: Quirks {
            usage_at: UsageAt::XGroq,
            reasoning: ReasoningCount::Included,
            cap_field: "max_completion_tokens",
            fill: Fill::None,
            embeddings: false,
            responses: Responses::Stateless,
            ..PLAIN
        },
    },
    Vendor {
        // https://openrouter.ai/docs/use-cases/usage-accounting and https://openrouter.ai/docs/features/prompt-caching:
        // Anthropic's markers are understood in content parts. Its plain list of models is public, so it says nothing about
        // a credential; https://openrouter.ai/docs/api/api-reference/models has one of what this account may use.
        preset: hosted("openrouter", "OpenRouter", "https://openrouter.ai/api/v1"),
        quirks: Quirks {
            cache_markers: true,
            fill: Fill::Completions { suffix: false },
            responses: Responses::Stateless,
            models_path: "/models/user",
            ..PLAIN
        },
    },
    Vendor {
        // https://docs.together.ai/docs/inference/openai-compatibility
        preset: hosted("together", "Together", "https://api.together.ai/v1"),
        quirks: Quirks { cached_at: CachedAt::TopLevel, fill: Fill::Completions { suffix: false }, ..PLAIN },
    },
    Vendor {
        // https://docs.x.ai/developers/model-capabilities/text/comparison: reasoning models have no text completions.
        // Reasoning is counted on top: https://github.com/vercel/ai/issues/12425.
        preset: hosted("xai", "xAI", "https://api.x.ai/v1"),
        quirks: Quirks {
            reasoning: ReasoningCount::Additive,
            cap_field: "max_completion_tokens",
            cap_covers_reasoning: false,
            fill: Fill::None,
            responses: Responses::Stateful,
            ..PLAIN
        },
    },
    Vendor {
        // https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html: `suffix` is answered with 400.
        preset: local("vllm", "vLLM", "http://localhost:8000/v1"),
        quirks: Quirks { fill: Fill::Completions { suffix: false }, responses: Responses::Stateful, ..PLAIN },
    },
    Vendor {
        // https://docs.ollama.com/api/openai-compatibility: the responses keep nothing. The prompt that counts zero:
        // https://github.com/ollama/ollama/issues/5370.
        preset: local("ollama", "Ollama", "http://localhost:11434/v1"),
        quirks: Quirks { prompt_zero_means_missing: true, responses: Responses::Stateless, ..PLAIN },
    },
    Vendor {
        // https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md: `suffix` is answered with an error, its
        // own way is `/infill`.
        preset: local("llama-cpp", "llama.cpp", "http://localhost:8080/v1"),
        quirks: Quirks { fill: Fill::Completions { suffix: false }, ..PLAIN },
    },
    Vendor {
        // https://lmstudio.ai/docs/developer/openai-compat: `suffix` is not among the fields of its completions.
        preset: local("lm-studio", "LM Studio", "http://localhost:1234/v1"),
        quirks: Quirks { fill: Fill::Completions { suffix: false }, responses: Responses::Stateful, ..PLAIN },
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_has_its_own_quirks_and_a_stranger_has_none() {
        for preset in &PRESETS {
            assert_ne!(*quirks_of(preset.id), PLAIN, "{}", preset.id);
        }
        assert_eq!((*quirks_of(""), *quirks_of("nobody")), (PLAIN, PLAIN));
    }

    #[test]
    fn ids_are_unique_and_addresses_have_no_end_slash() {
        let mut ids: Vec<&str> = PRESETS.iter().map(|preset| preset.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), COUNT);
        for preset in &PRESETS {
            let scheme = if preset.is_local { "http://localhost:" } else { "https://" };
            assert!(preset.base_url.starts_with(scheme) && !preset.base_url.ends_with('/'), "{}", preset.base_url);
        }
    }
}
