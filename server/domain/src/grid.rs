//! What a run is made of: variants, cases, and what they share. The form on the page, a draft, a run and a shared link all hold
//! this one type.
//!
//! Here: the shape and its limits; `check` says which fields break them. Never here: which models there are, what a call costs.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{
    id::ImageId,
    task::TaskClass,
    template::{self, Fault},
};

mod check;

/// Most columns (`product.md` PG-1).
pub const MAX_VARIANTS: usize = 12;
/// Most rows.
pub const MAX_CASES: usize = 200;
/// Most samples of a cell (PG-3).
pub const MAX_SAMPLES: u8 = 10;
/// Most messages of a prompt or a case.
pub const MAX_TURNS: usize = 100;
pub const MAX_TOOLS: usize = 64;
/// Most images of one message.
pub const MAX_IMAGES: usize = 8;
/// Most bytes of one text.
pub const MAX_TEXT_BYTES: usize = 256 * 1024;
/// Most variables of a grid, and most values of a case.
pub const MAX_VALUES: usize = 100;
/// Most characters of a name of a case or a model.
const MAX_NAME_CHARS: usize = 200;
/// Most bytes of all texts of a grid, and of what one cell says when its values are put in.
pub const MAX_GRID_BYTES: usize = 4 * 1024 * 1024;
/// Most bytes of all images of one cell, each counted as often as it is shown.
pub const MAX_CELL_IMAGE_BYTES: u64 = 16 * 1024 * 1024;
/// Most bytes of one image.
pub const MAX_IMAGE_BYTES: usize = 5 * 1024 * 1024;
/// How thorough a model may be asked to think; empty leaves it to the model.
pub const EFFORTS: [&str; 7] = ["", "none", "minimal", "low", "medium", "high", "xhigh"];

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Grid {
    /// What every variant says that has no prompt of its own.
    pub prompt: Prompt,
    /// The parameters of every variant that has none of its own.
    pub settings: Settings,
    pub variants: Vec<Variant>,
    /// At least one; a single case without values is the plain playground.
    pub cases: Vec<Case>,
    /// Of each cell.
    pub samples: u8,
    pub task: Option<TaskClass>,
}

impl Default for Grid {
    fn default() -> Self {
        Self {
            prompt: Prompt { turns: vec![Turn::default()], ..Prompt::default() },
            settings: Settings::default(),
            variants: Vec::new(),
            cases: vec![Case::default()],
            samples: 1,
            task: None,
        }
    }
}

/// A column: a model, and what it does not share with the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Variant {
    /// Public name.
    pub model: String,
    pub prompt: Option<Prompt>,
    pub settings: Option<Settings>,
}

/// What is said before the model answers. Texts are templates, see [`crate::template`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prompt {
    pub system: String,
    pub turns: Vec<Turn>,
    pub tools: Vec<Tool>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnRole {
    #[default]
    User,
    Assistant,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Turn {
    pub role: TurnRole,
    pub text: String,
    /// Of a user only.
    pub images: Vec<ImageRef>,
}

/// An image that was uploaded before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageRef {
    pub id: ImageId,
    /// `image/png`, `image/jpeg`, `image/gif` or `image/webp`, as its bytes say.
    pub media_type: String,
    pub bytes: u32,
    pub width: u32,
    pub height: u32,
}

/// How a call of a tool is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolReply {
    /// A person types the result into the cell.
    #[default]
    Typed,
    /// Always [`Tool::result`].
    Fixed,
    /// The arguments come back.
    Echo,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tool {
    pub name: String,
    pub description: String,
    /// JSON schema of the arguments, as text.
    pub schema: String,
    pub reply: ToolReply,
    pub result: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerFormat {
    #[default]
    Text,
    /// Any JSON object.
    Json,
    /// JSON of [`Settings::schema`].
    Schema,
}

/// Parameters. Empty text and `None` leave the provider's own default; decimal text is sent as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub max_output: Option<u32>,
    pub temperature: String,
    pub top_p: String,
    pub top_k: Option<u32>,
    pub frequency_penalty: String,
    pub presence_penalty: String,
    pub seed: Option<i64>,
    pub stop: Vec<String>,
    /// One of [`EFFORTS`].
    pub effort: String,
    pub format: AnswerFormat,
    /// JSON schema as text.
    pub schema: String,
    /// Name of a tool, `auto`, `none` or `required`; empty is `auto`.
    pub tool_choice: String,
    /// A JSON object as text: members of the request that have no field above.
    pub extra: String,
}

/// A row: values for the variables of the prompt, and messages that follow it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Case {
    /// What people call it; may be empty.
    pub name: String,
    pub values: Vec<(String, String)>,
    pub turns: Vec<Turn>,
}

impl Prompt {
    pub fn image_bytes(&self) -> u64 {
        image_bytes(&self.turns)
    }
}

impl Case {
    pub fn image_bytes(&self) -> u64 {
        image_bytes(&self.turns)
    }
}

fn image_bytes(turns: &[Turn]) -> u64 {
    turns.iter().flat_map(|turn| &turn.images).map(|image| u64::from(image.bytes)).sum()
}

impl Grid {
    /// The prompt of a variant: its own, or the shared one.
    pub fn prompt_of<'a>(&'a self, variant: &'a Variant) -> &'a Prompt {
        variant.prompt.as_ref().unwrap_or(&self.prompt)
    }

    pub fn settings_of<'a>(&'a self, variant: &'a Variant) -> &'a Settings {
        variant.settings.as_ref().unwrap_or(&self.settings)
    }

    /// The variables of all prompts, each once.
    pub fn variables(&self) -> Vec<String> {
        let (mut names, mut known) = (Vec::new(), HashSet::new());
        let prompts = self.variants.iter().filter_map(|variant| variant.prompt.as_ref());
        for prompt in std::iter::once(&self.prompt).chain(prompts) {
            for text in std::iter::once(&prompt.system).chain(prompt.turns.iter().map(|turn| &turn.text)) {
                let new = template::variables(text).into_iter().filter(|name| known.insert(*name));
                names.extend(new.map(str::to_owned));
            }
        }
        names
    }

    /// How many bytes [`Grid::said`] would make of the texts of a cell, without making them.
    pub fn said_bytes(&self, variant: &Variant, case: &Case) -> Result<usize, Fault> {
        let prompt = self.prompt_of(variant);
        let mut bytes = template::expanded_len(&prompt.system, &case.values)?;
        for turn in &prompt.turns {
            bytes = bytes.saturating_add(template::expanded_len(&turn.text, &case.values)?);
        }
        Ok(case.turns.iter().fold(bytes, |bytes, turn| bytes.saturating_add(turn.text.len())))
    }

    /// What a cell says, values put in: the system prompt and all messages.
    pub fn said(&self, variant: &Variant, case: &Case) -> Result<(String, Vec<Turn>), Fault> {
        let prompt = self.prompt_of(variant);
        let system = template::expand(&prompt.system, &case.values)?;
        let mut turns = Vec::with_capacity(prompt.turns.len() + case.turns.len());
        for turn in &prompt.turns {
            turns.push(Turn { text: template::expand(&turn.text, &case.values)?, ..turn.clone() });
        }
        turns.extend(case.turns.iter().cloned());
        // A message of nothing is what the form shows before somebody types; it is not sent.
        turns.retain(|turn| !turn.text.is_empty() || !turn.images.is_empty());
        Ok((system, turns))
    }
}

#[cfg(test)]
mod tests;
