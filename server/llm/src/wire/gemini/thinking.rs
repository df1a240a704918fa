//! What a model's name tells of its abilities, and how much it is to think.
//!
//! Gemini 3 and later take a level, 2.5 a budget of tokens; both in one request are refused by the API. Which levels there
//! are depends on the model. A level or budget for each effort: the table of the API's own OpenAI compatibility layer.

use serde::Serialize;

use super::Dropped;
use crate::chat::{Effort, Reasoning};

/// The upstream's name of a model, read as `gemini-<major>[.<minor>]-…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Model<'a> {
    name: &'a str,
    /// `None` for names without a version, such as `gemini-flash-latest`: nothing is assumed of them.
    version: Option<(u32, u32)>,
}

impl<'a> Model<'a> {
    pub(super) fn new(upstream_model: &'a str) -> Self {
        let name = upstream_model.strip_prefix("models/").unwrap_or(upstream_model);
        let version = name.strip_prefix("gemini-").and_then(|rest| {
            let number = rest.split('-').next()?;
            let (major, minor) = number.split_once('.').unwrap_or((number, "0"));
            Some((major.parse().ok()?, minor.parse().ok()?))
        });
        Self { name, version }
    }

    /// `models/<name>`, as bodies spell it.
    pub(super) fn resource(self) -> String {
        format!("models/{}", self.name)
    }

    pub(super) fn is_before(self, major: u32, minor: u32) -> bool {
        self.version.is_some_and(|version| version < (major, minor))
    }

    pub(super) fn is_at_least(self, major: u32, minor: u32) -> bool {
        self.version.is_some_and(|version| version >= (major, minor))
    }

    fn is_flash(self) -> bool {
        self.name.contains("flash")
    }

    fn is_pro(self) -> bool {
        self.name.contains("-pro")
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ThinkingConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    include_thoughts: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_budget: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_level: Option<&'static str>,
}

/// What is asked for, as the model can take it. Where that is less than was asked for, `reasoning` is named as dropped.
pub(super) fn config(reasoning: &Reasoning, model: Model<'_>, dropped: &mut Dropped) -> Option<ThinkingConfig> {
    // A budget of nothing says what `Off` says.
    let (effort, budget) = match reasoning.budget {
        Some(0) => (Some(Effort::Off), None),
        budget => (reasoning.effort, budget),
    };
    if model.is_before(2, 5) {
        // Models that never think.
        if effort != Some(Effort::Off) {
            dropped.add("reasoning");
        }
        return None;
    }
    let is_shown = reasoning.show && effort != Some(Effort::Off);
    let mut config = ThinkingConfig { include_thoughts: is_shown.then_some(true), ..ThinkingConfig::default() };
    if effort.is_some() && budget.is_some() {
        dropped.add("reasoning");
    }
    match (effort, budget) {
        (Some(effort), _) if model.is_at_least(3, 0) => config.thinking_level = Some(level(effort, model, dropped)),
        (_, Some(budget)) => config.thinking_budget = Some(budget.min(most_tokens(model))),
        (Some(effort), None) => config.thinking_budget = Some(tokens(effort, model, dropped)),
        (None, None) => {}
    }
    Some(config).filter(|config| *config != ThinkingConfig::default())
}

/// `MINIMAL` exists on the Flash models up to 3.6 only, `MEDIUM` on all but 3 Pro. No Gemini 3 can be kept from thinking.
fn level(effort: Effort, model: Model<'_>, dropped: &mut Dropped) -> &'static str {
    let lowest = if model.is_flash() && model.is_before(3, 7) { "MINIMAL" } else { "LOW" };
    match effort {
        Effort::Off => {
            dropped.add("reasoning");
            lowest
        }
        Effort::Minimal => lowest,
        Effort::Low => "LOW",
        Effort::Medium if model.is_pro() && model.is_before(3, 1) => "HIGH",
        Effort::Medium => "MEDIUM",
        Effort::High | Effort::Max => "HIGH",
    }
}

fn tokens(effort: Effort, model: Model<'_>, dropped: &mut Dropped) -> u32 {
    match effort {
        Effort::Off if model.is_pro() => {
            // The Pro models cannot be kept from thinking: their least budget.
            dropped.add("reasoning");
            128
        }
        Effort::Off => 0,
        Effort::Minimal | Effort::Low => 1_024,
        Effort::Medium => 8_192,
        Effort::High => 24_576,
        Effort::Max if model.is_pro() => 32_768,
        Effort::Max => 24_576,
    }
}

/// The largest budget the 2.5 models take. A client's budget is a limit, so less of it keeps what was asked for.
fn most_tokens(model: Model<'_>) -> u32 {
    match model.version {
        Some((2, 5)) if model.is_pro() => 32_768,
        Some((2, 5)) => 24_576,
        _ => u32::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(effort: Option<Effort>, budget: Option<u32>, show: bool, model: &str) -> (String, Vec<String>) {
        let mut dropped = Dropped::default();
        let config = config(&Reasoning { effort, budget, show }, Model::new(model), &mut dropped);
        (serde_json::to_string(&config).unwrap(), dropped.0)
    }

    #[test]
    fn a_version_is_read_from_the_name_or_not_at_all() {
        for (name, version) in [
            ("gemini-3-pro-preview", Some((3, 0))),
            ("models/gemini-3.1-flash-lite", Some((3, 1))),
            ("gemini-2.5-flash", Some((2, 5))),
            ("gemini-4-hydrogen", Some((4, 0))),
            ("gemini-3", Some((3, 0))),
            ("gemini-flash-latest", None),
            ("gemini-embedding-001", None),
            ("learnlm-2.0", None),
        ] {
            assert_eq!(Model::new(name).version, version, "{name}");
        }
        assert_eq!(Model::new("models/gemini-3").resource(), "models/gemini-3");
    }

    #[test]
    fn gemini_3_takes_the_levels_it_has() {
        use Effort::{High, Low, Max, Medium, Minimal, Off};
        for (model, effort, level, is_less) in [
            ("gemini-3-flash-preview", Minimal, "MINIMAL", false),
            ("gemini-3-flash-preview", Off, "MINIMAL", true),
            ("gemini-3-flash-preview", Medium, "MEDIUM", false),
            ("gemini-3.7-flash", Minimal, "LOW", false),
            ("gemini-3-pro-preview", Minimal, "LOW", false),
            ("gemini-3-pro-preview", Off, "LOW", true),
            ("gemini-3-pro-preview", Low, "LOW", false),
            ("gemini-3-pro-preview", Medium, "HIGH", false),
            ("gemini-3.1-pro-preview", Medium, "MEDIUM", false),
            ("gemini-3.1-pro-preview", High, "HIGH", false),
            ("gemini-4-hydrogen", Max, "HIGH", false),
        ] {
            let (config, dropped) = said(Some(effort), None, false, model);
            assert_eq!(config, format!(r#"{{"thinkingLevel":"{level}"}}"#), "{model} {effort:?}");
            assert_eq!(!dropped.is_empty(), is_less, "{model} {effort:?}");
        }
    }

    #[test]
    fn gemini_2_5_takes_tokens() {
        use Effort::{High, Low, Max, Medium, Off};
        for (model, effort, tokens, is_less) in [
            ("gemini-2.5-flash", Off, 0, false),
            ("gemini-2.5-pro", Off, 128, true),
            ("gemini-2.5-flash", Low, 1_024, false),
            ("gemini-2.5-flash", Medium, 8_192, false),
            ("gemini-2.5-pro", High, 24_576, false),
            ("gemini-2.5-pro", Max, 32_768, false),
            ("gemini-flash-latest", Max, 24_576, false),
        ] {
            let (config, dropped) = said(Some(effort), None, false, model);
            assert_eq!(config, format!(r#"{{"thinkingBudget":{tokens}}}"#), "{model} {effort:?}");
            assert_eq!(!dropped.is_empty(), is_less, "{model} {effort:?}");
        }
    }

    #[test]
    fn a_budget_is_a_limit_and_never_stands_beside_a_level() {
        let reasoning = vec!["reasoning".to_owned()];
        for (effort, budget, show, model, config, dropped) in [
            (None, Some(2_048), true, "gemini-2.5-pro", r#"{"includeThoughts":true,"thinkingBudget":2048}"#, &[][..]),
            (None, Some(31_999), false, "gemini-2.5-flash", r#"{"thinkingBudget":24576}"#, &[]),
            (None, Some(31_999), false, "gemini-3-pro-preview", r#"{"thinkingBudget":31999}"#, &[]),
            (None, Some(0), true, "gemini-2.5-flash", r#"{"thinkingBudget":0}"#, &[]),
            (Some(Effort::Low), Some(9_000), false, "gemini-3-flash", r#"{"thinkingLevel":"LOW"}"#, &reasoning),
            (Some(Effort::Low), Some(9_000), false, "gemini-2.5-pro", r#"{"thinkingBudget":9000}"#, &reasoning),
            (None, None, true, "gemini-3-flash", r#"{"includeThoughts":true}"#, &[]),
            (Some(Effort::High), None, true, "gemini-2.0-flash", "null", &reasoning),
            (Some(Effort::Off), None, false, "gemini-2.0-flash", "null", &[]),
        ] {
            assert_eq!(said(effort, budget, show, model), (config.to_owned(), dropped.to_vec()), "{model}");
        }
    }
}
