//! The system prompt and alternating turns. Tool results stand first in the user's turn that brings them.

use serde::Serialize;

use super::{
    super::{
        block::{Block, Content, Marker, SealForm, Source, seal_form, tool_id, tool_input},
        read::drop_field,
    },
    VENDOR,
};
use crate::{
    Error,
    chat::{Cache, Message, Part, Role, Seal},
};

#[derive(Serialize)]
pub(super) struct Turn<'a> {
    role: &'static str,
    content: Content<'a>,
}

/// A turn that still grows.
struct Draft<'a> {
    role: &'static str,
    results: Vec<Block<'a>>,
    rest: Vec<Block<'a>>,
}

type Written<'a> = (Option<Content<'a>>, Vec<Turn<'a>>);

pub(super) fn write<'a>(messages: &'a [Message], dropped: &mut Vec<String>) -> Result<Written<'a>, Error> {
    let mut system = Vec::new();
    let mut drafts: Vec<Draft<'a>> = Vec::new();
    let mut is_under_way = false;
    for (i, message) in messages.iter().enumerate() {
        let path = format!("messages[{i}]");
        let role = match message.role {
            Role::System if is_under_way => return Err(Error::unsupported(format!("{path}.role"), VENDOR)),
            Role::System => {
                system.extend(blocks(message, &path, dropped)?);
                continue;
            }
            Role::User | Role::Tool => "user",
            Role::Assistant => "assistant",
        };
        is_under_way = true;
        let written = blocks(message, &path, dropped)?;
        // A message of nothing says nothing, and the vendor takes none.
        if written.is_empty() {
            continue;
        }
        if drafts.last().is_none_or(|last| last.role != role) {
            drafts.push(Draft { role, results: Vec::new(), rest: Vec::new() });
        }
        if let Some(draft) = drafts.last_mut() {
            let (results, rest): (Vec<_>, Vec<_>) =
                written.into_iter().partition(|block| matches!(block, Block::ToolResult { .. }));
            draft.results.extend(results);
            draft.rest.extend(rest);
        }
    }
    let turn = |draft: Draft<'a>| {
        let mut blocks = draft.results;
        blocks.extend(draft.rest);
        Turn { role: draft.role, content: Content::new(blocks) }
    };
    let system = (!system.is_empty()).then(|| Content::new(system));
    Ok((system, drafts.into_iter().map(turn).collect()))
}

fn blocks<'a>(message: &'a Message, path: &str, dropped: &mut Vec<String>) -> Result<Vec<Block<'a>>, Error> {
    list(&message.parts, message.role, &format!("{path}.content"), dropped)
}

fn list<'a>(parts: &'a [Part], role: Role, path: &str, dropped: &mut Vec<String>) -> Result<Vec<Block<'a>>, Error> {
    let mut blocks = Vec::new();
    for (i, part) in parts.iter().enumerate() {
        match block(part, role, &format!("{path}[{i}]"), dropped) {
            Ok(written) => blocks.extend(written),
            Err(error) => return Err(error),
        }
    }
    Ok(blocks)
}

/// `None` for a part that says nothing to this vendor.
fn block<'a>(part: &'a Part, role: Role, path: &str, dropped: &mut Vec<String>) -> Result<Option<Block<'a>>, Error> {
    Ok(match (part, role) {
        (Part::Text { text, cache }, _) => written_text(text, *cache, dropped),
        (Part::Image { image, detail, cache }, Role::User | Role::Tool) => {
            if detail.as_ref().is_some_and(|detail| detail != "auto") {
                drop_field(dropped, "detail");
            }
            Some(Block::Image { source: Source::from(image), cache_control: cache.map(Marker::from) })
        }
        (Part::Reasoning { text, seal }, Role::Assistant) => thought(text, seal.as_ref(), dropped),
        (Part::ToolCall { id, name, arguments, cache }, Role::Assistant) => Some(Block::ToolUse {
            id: tool_id(id),
            name,
            input: tool_input(arguments),
            cache_control: cache.map(Marker::from),
        }),
        (Part::ToolResult { id, content, is_error, cache }, Role::Tool | Role::User) => Some(Block::ToolResult {
            tool_use_id: tool_id(id),
            content: Content::new(list(content, Role::Tool, path, dropped)?),
            is_error: *is_error,
            cache_control: cache.map(Marker::from),
        }),
        (
            Part::Image { .. } | Part::Reasoning { .. } | Part::ToolCall { .. } | Part::ToolResult { .. },
            Role::System | Role::User | Role::Assistant | Role::Tool,
        ) => return Err(Error::unsupported(path, VENDOR)),
    })
}

/// The vendor takes no empty text, and no marker on one.
fn written_text<'a>(text: &'a str, cache: Option<Cache>, dropped: &mut Vec<String>) -> Option<Block<'a>> {
    if text.is_empty() {
        if cache.is_some() {
            drop_field(dropped, "cache_control");
        }
        return None;
    }
    Some(Block::Text { text, cache_control: cache.map(Marker::from) })
}

/// Only what the vendor sealed itself goes back to it.
fn thought<'a>(text: &'a str, seal: Option<&'a Seal>, dropped: &mut Vec<String>) -> Option<Block<'a>> {
    match seal.map(seal_form) {
        Some(SealForm::Signature(signature)) => Some(Block::Thinking { thinking: text, signature: signature.into() }),
        Some(SealForm::Redacted(data)) => Some(Block::RedactedThinking { data: data.into() }),
        Some(SealForm::Foreign(_)) | None => {
            drop_field(dropped, "reasoning");
            None
        }
    }
}
