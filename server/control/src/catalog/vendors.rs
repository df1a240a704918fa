//! Whose models a provider serves: the vendor follows from its kind, its preset or its host.
//!
//! One more vendor: an entry in [`VENDORS`]. A server of one's own serves models of many names and has none.

use url::Url;

/// A vendor of the catalogue and of price files.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Vendor {
    /// As the catalogue spells it.
    pub id: &'static str,
    pub title: &'static str,
    /// What the community price file calls it, the usual name first.
    pub community: &'static [&'static str],
    kinds: &'static [&'static str],
    presets: &'static [&'static str],
    hosts: &'static [&'static str],
}

const NONE: Vendor = Vendor { id: "", title: "", community: &[], kinds: &[], presets: &[], hosts: &[] };

pub(crate) static VENDORS: &[Vendor] = &[
    Vendor {
        id: "openai",
        title: "OpenAI",
        community: &["openai"],
        kinds: &["openai"],
        hosts: &["api.openai.com"],
        ..NONE
    },
    Vendor {
        id: "anthropic",
        title: "Anthropic",
        community: &["anthropic"],
        kinds: &["anthropic"],
        hosts: &["api.anthropic.com"],
        ..NONE
    },
    Vendor {
        id: "google",
        title: "Google",
        community: &["gemini"],
        kinds: &["gemini"],
        hosts: &["generativelanguage.googleapis.com"],
        ..NONE
    },
    Vendor { id: "azure", title: "Azure OpenAI", community: &["azure"], kinds: &["azure-openai"], ..NONE },
    Vendor {
        id: "deepseek",
        title: "DeepSeek",
        community: &["deepseek"],
        presets: &["deepseek"],
        hosts: &["api.deepseek.com"],
        ..NONE
    },
    Vendor {
        id: "mistral",
        title: "Mistral",
        community: &["mistral", "codestral"],
        presets: &["mistral"],
        hosts: &["api.mistral.ai", "codestral.mistral.ai"],
        ..NONE
    },
    Vendor {
        id: "qwen",
        title: "Qwen",
        community: &["dashscope", "qwen_ai_platform"],
        presets: &["qwen"],
        hosts: &["dashscope-intl.aliyuncs.com"],
        ..NONE
    },
    Vendor { id: "xai", title: "xAI", community: &["xai"], presets: &["xai"], hosts: &["api.x.ai"], ..NONE },
    Vendor { id: "groq", title: "Groq", community: &["groq"], presets: &["groq"], hosts: &["api.groq.com"], ..NONE },
    Vendor {
        id: "together",
        title: "Together",
        community: &["together_ai"],
        presets: &["together"],
        hosts: &["api.together.ai", "api.together.xyz"],
        ..NONE
    },
    Vendor {
        id: "openrouter",
        title: "OpenRouter",
        community: &["openrouter"],
        presets: &["openrouter"],
        hosts: &["openrouter.ai"],
        ..NONE
    },
    Vendor { id: "moonshot", title: "Moonshot", community: &["moonshot"], hosts: &["api.moonshot.ai"], ..NONE },
    Vendor { id: "zai", title: "Z.ai", community: &["zai"], hosts: &["api.z.ai"], ..NONE },
];

/// The vendor of a provider, if its kind, its preset or its host says so.
pub(crate) fn of(kind: &str, preset: &str, base_url: &str) -> Option<&'static Vendor> {
    let host = Url::parse(base_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let by_kind = |vendor: &&Vendor| vendor.kinds.contains(&kind);
    let by_preset = |vendor: &&Vendor| vendor.presets.contains(&preset);
    let by_host = |vendor: &&Vendor| preset.is_empty() && host.as_deref().is_some_and(|it| vendor.hosts.contains(&it));
    VENDORS.iter().find(by_kind).or_else(|| VENDORS.iter().find(by_preset)).or_else(|| VENDORS.iter().find(by_host))
}

pub(crate) fn find(id: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_preset_or_host_tells_the_vendor() {
        for (kind, preset, base_url, vendor) in [
            ("openai", "", "https://api.openai.com/v1", Some("openai")),
            ("gemini", "", "", Some("google")),
            ("azure-openai", "", "https://acme.openai.azure.com", Some("azure")),
            ("openai-compatible", "groq", "https://api.groq.com/openai/v1", Some("groq")),
            ("openai-compatible", "", "https://api.deepseek.com/v1", Some("deepseek")),
            ("openai-compatible", "", "https://api.z.ai/api/paas/v4", Some("zai")),
            ("openai-compatible", "vllm", "https://api.deepseek.com", None),
            ("openai-compatible", "", "http://10.0.0.1:8000/v1", None),
            ("openai-compatible", "", "", None),
            ("demo", "", "", None),
        ] {
            assert_eq!(of(kind, preset, base_url).map(|it| it.id), vendor, "{kind} {preset} {base_url}");
        }
    }
}
