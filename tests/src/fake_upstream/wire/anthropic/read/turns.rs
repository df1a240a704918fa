//! The turns of an Anthropic request: blocks, and what ties calls to results and thoughts to their signatures.
//!
//! Turns of the same role that follow each other are one, as to the API.

use super::{
    super::super::super::{
        asked::{Asked, IMAGE_TYPES},
        check::{At, Checked, Complaint},
        endpoint::Vendor,
        seal,
        summary::{Call, ToolResult},
    },
    marker,
};

pub fn read(messages: &At<'_>, asked: &mut Asked) -> Checked<()> {
    let mut turns = Turns::default();
    let all = messages.items()?;
    if all.is_empty() {
        return Err(Complaint::on("messages", "messages: at least one message is required"));
    }
    for (number, message) in all.iter().enumerate() {
        message.known(&["role", "content"])?;
        let role = role(message)?;
        if number == 0 && role != "user" {
            return Err(Complaint::on("messages.0.role", "messages: first message must use the \"user\" role"));
        }
        turns.enter(role, message, asked)?;
        let content = message.need("content")?;
        if content.value.is_string() {
            turns.text(&content, number + 1 == all.len(), asked)?;
            continue;
        }
        let blocks = content.items()?;
        if blocks.is_empty() && !(role == "assistant" && number + 1 == all.len()) {
            let message = format!(
                "{}: all messages must have non-empty content except for the optional final assistant message",
                message.path
            );
            return Err(Complaint::on(&content.path, message));
        }
        for block in blocks {
            turns.block(&block, asked)?;
        }
    }
    turns.end(messages, asked)
}

fn role(message: &At<'_>) -> Checked<&'static str> {
    let role = message.need("role")?;
    if role.text()? == "system" {
        let text = "messages: Unexpected role \"system\". The Messages API accepts a top-level `system` parameter, not \"system\" as an input message role.";
        return Err(Complaint::on(&role.path, text));
    }
    role.one_of(&["user", "assistant"])
}

#[derive(Default)]
struct Turns {
    role: &'static str,
    /// Every id of a call so far.
    ids: Vec<String>,
    /// The calls of the turn before a user's turn: id and name.
    made: Vec<(String, String)>,
    answered: Vec<String>,
    /// The user's turn has something else than results already.
    has_other: bool,
    /// The assistant's turn opens with a thought.
    thinks_first: bool,
    blocks: usize,
    place: String,
}

impl Turns {
    fn enter(&mut self, role: &'static str, message: &At<'_>, asked: &mut Asked) -> Checked<()> {
        asked.turn(role);
        if self.role == role {
            return Ok(());
        }
        if role == "assistant" {
            self.all_answered()?;
            (self.made, self.answered) = (Vec::new(), Vec::new());
            self.thinks_first = false;
        }
        (self.role, self.place) = (role, message.path.clone());
        (self.has_other, self.blocks) = (false, 0);
        asked.ends_with_result = false;
        Ok(())
    }

    fn all_answered(&self) -> Checked<()> {
        let open = self.made.iter().find(|(id, _)| !self.answered.contains(id));
        match open {
            Some((id, _)) => {
                let message = format!(
                    "{}: `tool_use` ids were found without `tool_result` blocks immediately after: {id}. Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
                    self.place
                );
                Err(Complaint::on(&self.place, message))
            }
            None => Ok(()),
        }
    }

    fn end(&self, messages: &At<'_>, asked: &Asked) -> Checked<()> {
        self.all_answered()?;
        let thinks = asked.thinks.is_asked();
        if self.role == "assistant" && thinks {
            let message =
                "messages: When thinking is enabled, the final message must not be a prefilled assistant message.";
            return Err(Complaint::on(&messages.path, message));
        }
        let needs_thought = asked.summary.reasoning.as_deref().is_some_and(|word| word.parse::<u64>().is_ok());
        if thinks && needs_thought && !self.made.is_empty() && !self.thinks_first {
            let message = "messages: Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks).";
            return Err(Complaint::on(&messages.path, message));
        }
        Ok(())
    }

    fn text(&mut self, content: &At<'_>, is_last: bool, asked: &mut Asked) -> Checked<()> {
        let text = content.text()?;
        if text.is_empty() && !(self.role == "assistant" && is_last) {
            return Err(Complaint::on(&content.path, format!("{}: text content must be non-empty", content.path)));
        }
        if self.role == "assistant" && is_last && text.ends_with(char::is_whitespace) {
            let message = "messages: final assistant content cannot end with trailing whitespace";
            return Err(Complaint::on(&content.path, message));
        }
        self.other(asked);
        asked.say(text);
        Ok(())
    }

    fn other(&mut self, asked: &mut Asked) {
        self.has_other = true;
        self.blocks += 1;
        asked.ends_with_result = false;
    }

    fn block(&mut self, block: &At<'_>, asked: &mut Asked) -> Checked<()> {
        let known: &[&'static str] = match self.role {
            "user" => &["text", "image", "document", "tool_result", "search_result"],
            _ => &["text", "thinking", "redacted_thinking", "tool_use"],
        };
        match block.need("type")?.one_of(known)? {
            "text" => {
                block.known(&["type", "text", "cache_control", "citations"])?;
                let text = block.need("text")?.text()?;
                if text.is_empty() {
                    let message = "messages: text content blocks must be non-empty";
                    return Err(Complaint::on(&block.path, format!("{}: {message}", block.path)));
                }
                self.other(asked);
                asked.say(text);
            }
            "image" => {
                self.other(asked);
                image(block, asked)?;
            }
            "document" | "search_result" => {
                self.other(asked);
                let kind = block.need("source")?.value["type"].as_str().unwrap_or("search_result").to_owned();
                asked.summary.files.push(format!("document {kind}"));
            }
            "tool_result" => self.result(block, asked)?,
            "tool_use" => self.call(block, asked)?,
            kind => {
                self.thinks_first |= self.blocks == 0;
                self.blocks += 1;
                thought(block, kind, asked)?;
                return Ok(());
            }
        }
        marker(block, asked)
    }

    fn call(&mut self, block: &At<'_>, asked: &mut Asked) -> Checked<()> {
        block.known(&["type", "id", "name", "input", "cache_control", "caller"])?;
        self.blocks += 1;
        let id = block.need("id")?;
        let text = id.text()?;
        if text.is_empty() || !text.chars().all(|one| one.is_ascii_alphanumeric() || one == '_' || one == '-') {
            return Err(id.wrong("String should match pattern '^[a-zA-Z0-9_-]+$'"));
        }
        if self.ids.iter().any(|earlier| earlier == text) {
            return Err(id.wrong("`tool_use` ids must be unique"));
        }
        let (name, input) = (block.need("name")?.text()?, block.need("input")?);
        input.object()?;
        asked.weigh(name.len() + input.value.to_string().len());
        asked.summary.calls.push(Call { name: name.into(), arguments: input.value.clone() });
        self.ids.push(text.into());
        self.made.push((text.into(), name.into()));
        Ok(())
    }

    fn result(&mut self, block: &At<'_>, asked: &mut Asked) -> Checked<()> {
        block.known(&["type", "tool_use_id", "content", "is_error", "cache_control"])?;
        let id = block.need("tool_use_id")?.text()?;
        let Some((_, tool)) = self.made.iter().find(|(made, _)| made == id) else {
            let message = format!(
                "{}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.",
                block.path
            );
            return Err(Complaint::on(&block.path, message));
        };
        if self.has_other {
            let message = format!(
                "{}: `tool_use` ids were found without `tool_result` blocks immediately after: {id}.",
                self.place
            );
            return Err(Complaint::on(&block.path, message));
        }
        let mut said = String::new();
        if let Some(content) = block.field("content") {
            if content.value.is_string() {
                said.push_str(content.text()?);
            } else {
                for part in content.items()? {
                    match part.need("type")?.one_of(&["text", "image", "document", "search_result"])? {
                        "text" => said.push_str(part.need("text")?.text()?),
                        "image" => image(&part, asked)?,
                        kind => asked.summary.files.push(kind.into()),
                    }
                    marker(&part, asked)?;
                }
            }
        }
        asked.weigh(said.len() + 16);
        let is_error = block.maybe("is_error", At::flag)?.unwrap_or(false);
        asked.summary.results.push(ToolResult { tool: tool.clone(), text: said, is_error });
        asked.ends_with_result = true;
        self.answered.push(id.into());
        Ok(())
    }
}

fn image(block: &At<'_>, asked: &mut Asked) -> Checked<()> {
    block.known(&["type", "source", "cache_control"])?;
    let source = block.need("source")?;
    match source.need("type")?.one_of(&["base64", "url", "file"])? {
        "base64" => {
            source.known(&["type", "media_type", "data"])?;
            let kind = source.need("media_type")?.one_of(&IMAGE_TYPES)?;
            let data = source.need("data")?;
            if !asked.image(kind, data.text()?) {
                return Err(data.wrong("invalid base64 data"));
            }
        }
        "url" => {
            let url = source.need("url")?;
            if !url.text()?.starts_with("https://") && !url.text()?.starts_with("http://") {
                return Err(url.wrong("Only HTTPS URLs are supported."));
            }
            asked.image_at(url.text()?);
        }
        _ => asked.image_at(source.need("file_id")?.text()?),
    }
    Ok(())
}

fn thought(block: &At<'_>, kind: &str, asked: &mut Asked) -> Checked<()> {
    let is_true = if kind == "thinking" {
        block.known(&["type", "thinking", "signature"])?;
        let text = block.need("thinking")?.text()?;
        asked.weigh(text.len());
        seal::is_sealed(Vendor::Anthropic, text, block.need("signature")?.text()?)
    } else {
        block.known(&["type", "data"])?;
        seal::open(Vendor::Anthropic, block.need("data")?.text()?).is_some()
    };
    if !is_true {
        let what = if kind == "thinking" { "signature" } else { "data" };
        let message = format!("{}: Invalid `{what}` in `{kind}` block", block.path);
        return Err(Complaint::on(&format!("{}.{what}", block.path), message));
    }
    asked.summary.sealed_reasoning += 1;
    Ok(())
}
