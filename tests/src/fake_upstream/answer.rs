//! The answer the fake gives: text, calls, reasoning and token counts, a pure function of the request and the script.
//!
//! No clock, no randomness and no wire: the same request gets the same answer in every process, so a test can predict
//! it. Text holds multi-byte UTF-8 and, when long enough, a Markdown code block. How an answer is written is in `wire`;
//! one more kind of answer is one more arm in `choice`.

use anyhow::{Result, bail};
use serde_json::Value;

use super::{
    asked::{Asked, Thinks},
    endpoint::Wire,
    script::{CachePlace, Ending, Script, UsageForm},
    summary::Format,
    tally::Classes,
};

pub mod random;
mod schema;
mod text;

use self::random::{base62, next};

/// One finished completion, cut into the pieces a stream sends; each piece is one token.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    /// Visible thoughts; empty when the wire hides them.
    pub reasoning: Vec<String>,
    pub pieces: Vec<String>,
    pub calls: Vec<Call>,
    pub finish: Finish,
    /// The stop string the text ran into.
    pub stopped_by: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Call {
    /// 24 characters, the tail of the call's id.
    pub id: String,
    pub name: String,
    pub arguments: Value,
    /// The text of the arguments, split at awkward places.
    pub pieces: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Finish {
    #[default]
    Stop,
    Length,
    Calls,
    Filter,
    Failed,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// 29 characters that differ for every request content, the tail of `chatcmpl-…`.
    pub id: String,
    pub choices: Vec<Choice>,
    /// Everything truly read and produced.
    pub classes: Classes,
    /// A token of reasoning was produced and must be sealed.
    pub is_sealed: bool,
}

impl Choice {
    pub fn text(&self) -> String {
        self.pieces.concat()
    }

    pub fn thoughts(&self) -> String {
        self.reasoning.concat()
    }

    pub fn output_tokens(&self) -> u64 {
        (self.pieces.len() + self.calls.iter().map(Call::tokens).sum::<usize>()) as u64
    }
}

impl Call {
    /// One for the name, one for each piece.
    pub fn tokens(&self) -> usize {
        1 + self.pieces.len()
    }

    pub fn text(&self) -> String {
        self.pieces.concat()
    }
}

/// What the fake answers to `asked` under `script`.
pub fn answer(asked: &Asked, script: &Script) -> Result<Answer> {
    let mut seed = asked.seed();
    let id = base62(&mut seed.clone(), 29);
    let drawn = next(&mut seed);
    let mut classes = input(asked, script);
    if matches!(asked.wire, Wire::Embeddings | Wire::GeminiEmbed | Wire::AnthropicCount | Wire::GeminiCount) {
        return Ok(Answer { id, choices: Vec::new(), classes, is_sealed: false });
    }
    let cap = if script.ignores_cap { u64::MAX } else { asked.cap.unwrap_or(u64::MAX) };
    if cap == 0 {
        bail!("an answer has at least one token");
    }
    let reasoning = reasoning(asked, script, drawn).min(cap - 1);
    let room = usize::try_from(cap - reasoning).unwrap_or(usize::MAX);
    let is_visible = matches!(asked.thinks, Thinks::Asked { is_visible: true, .. }) || script.shows_reasoning;
    let prompts = asked.inputs.len().max(1) as u64;

    let mut choices = Vec::new();
    for _ in 0..asked.n.max(1) * prompts {
        let mut choice = choice(asked, script, &mut seed, room);
        if is_visible && asked.wire != Wire::Completions && asked.wire != Wire::Fim {
            choice.reasoning = text::thoughts(&mut seed, usize::try_from(reasoning)?);
        }
        end(&mut choice, script);
        choices.push(choice);
    }
    classes.output = choices.iter().map(Choice::output_tokens).sum();
    classes.reasoning = reasoning * choices.len() as u64;
    let is_sealed = reasoning > 0 && matches!(asked.thinks, Thinks::Asked { is_sealed: true, .. });
    Ok(Answer { id, choices, classes, is_sealed })
}

/// What the script says, if anything; else calls when there is something to call and nothing was called yet, JSON when a
/// form was asked for, and prose.
fn choice(asked: &Asked, script: &Script, seed: &mut u64, room: usize) -> Choice {
    let summary = &asked.summary;
    let heard = summary.messages.iter().rev().find(|message| message.role == "user").map(|message| &*message.text);
    if let Some(pieces) = script.speech.pieces(heard) {
        return prose(asked, pieces, room);
    }
    let may_call = !summary.tools.is_empty() && summary.tool_choice != "none" && !asked.ends_with_result;
    if may_call {
        return calls(asked, script, seed, room);
    }
    let pieces = match &summary.format {
        Some(Format::JsonObject) => text::awkward(&schema::object(seed).to_string()),
        Some(Format::JsonSchema { schema, .. }) => text::awkward(&schema::value(schema, seed).to_string()),
        None if asked.ends_with_result => text::about(seed, &summary.results, script.words),
        None => text::prose(seed, script.words, room),
    };
    prose(asked, pieces, room)
}

fn prose(asked: &Asked, mut pieces: Vec<String>, room: usize) -> Choice {
    let mut choice = Choice::default();
    if pieces.len() > room {
        pieces.truncate(room);
        choice.finish = Finish::Length;
    }
    choice.stopped_by = text::stop(&mut pieces, &asked.stops);
    if choice.stopped_by.is_some() {
        choice.finish = Finish::Stop;
    }
    choice.pieces = pieces;
    choice
}

fn calls(asked: &Asked, script: &Script, seed: &mut u64, room: usize) -> Choice {
    let summary = &asked.summary;
    let forced = summary.tool_choice.strip_prefix('=');
    let count = if forced.is_some() || !summary.is_parallel { 1 } else { 2 };
    let start = usize::try_from(next(seed) % summary.tools.len() as u64).unwrap_or(0);
    let mut choice = Choice { finish: Finish::Calls, ..Choice::default() };
    if script.speaks_before_calls {
        choice.pieces = vec!["Ich ".into(), "prüfe ".into(), "das: ".into()];
        choice.pieces.truncate(room.saturating_sub(1));
    }
    let mut left = room - choice.pieces.len();
    for at in 0..count {
        let chosen = match forced {
            Some(name) => summary.tools.iter().find(|tool| tool.name == name),
            None => summary.tools.get((start + at) % summary.tools.len()),
        };
        let Some(tool) = chosen else { continue };
        if left == 0 {
            choice.finish = Finish::Length;
            break;
        }
        let arguments = schema::arguments(&tool.schema, seed);
        let mut pieces = text::awkward(&arguments.to_string());
        if pieces.len() + 1 > left {
            pieces.truncate(left - 1);
            choice.finish = Finish::Length;
        }
        left -= pieces.len() + 1;
        choice.calls.push(Call { id: base62(seed, 24), name: tool.name.clone(), arguments, pieces });
    }
    choice
}

/// The script's word about how it ends stands above everything else.
fn end(choice: &mut Choice, script: &Script) {
    match script.ending {
        Ending::Normal => {}
        Ending::ContentFilter => choice.finish = Finish::Filter,
        Ending::Incomplete => choice.finish = Finish::Length,
        Ending::Failed => choice.finish = Finish::Failed,
    }
}

fn reasoning(asked: &Asked, script: &Script, drawn: u64) -> u64 {
    let hides = matches!(asked.wire, Wire::OpenaiChat | Wire::Responses | Wire::Gemini);
    let count = match asked.thinks {
        Thinks::Never => 0,
        Thinks::Unasked if script.shows_reasoning => script.reasoning_tokens.unwrap_or(12 + drawn % 20),
        Thinks::Unasked if hides => script.reasoning_tokens.unwrap_or(drawn % 7),
        Thinks::Unasked => 0,
        Thinks::Asked { .. } => script.reasoning_tokens.unwrap_or(12 + drawn % 20),
    };
    match asked.thinks {
        Thinks::Asked { budget: Some(budget), .. } => count.min(budget),
        _ => count,
    }
}

/// The input, split into what was new, read from a cache and written to one.
fn input(asked: &Asked, script: &Script) -> Classes {
    let total = script.prompt_tokens.unwrap_or_else(|| match asked.wire {
        Wire::Embeddings | Wire::GeminiEmbed => asked.inputs.iter().sum(),
        // A prompt may come as tokens, which are no text.
        _ => asked.prompt_tokens().max(asked.inputs.iter().sum()),
    });
    let markers = &asked.summary.cache_markers;
    let has_long = markers.iter().any(|ttl| ttl == "1h" || ttl == "24h");
    let has_short = markers.iter().any(|ttl| ttl == "5m");
    let caches_alone = matches!(asked.wire, Wire::OpenaiChat | Wire::Responses | Wire::Gemini);
    let part = |is_there: bool, share: u64| if is_there { total / share } else { 0 };
    // A script that says anything about writes says all of it.
    let is_said = script.cache_write_tokens.is_some() || script.cache_write_long_tokens.is_some();

    let mut classes = Classes {
        cache_read: script.cached_tokens.unwrap_or_else(|| part(caches_alone || !markers.is_empty(), 4)),
        cache_write_short: script.cache_write_tokens.unwrap_or_else(|| part(has_short && !is_said, 8)),
        cache_write_long: script.cache_write_long_tokens.unwrap_or_else(|| part(has_long && !is_said, 16)),
        ..Classes::default()
    };
    match asked.wire {
        Wire::Anthropic => {}
        // One field for both lifetimes: the request decides which one it is.
        Wire::OpenaiChat | Wire::Responses => {
            let written = classes.cache_write();
            let tells = !matches!(script.cache_place, CachePlace::TopLevel | CachePlace::HitMiss);
            let written = if tells { written } else { 0 };
            (classes.cache_write_short, classes.cache_write_long) = if has_long { (0, written) } else { (written, 0) };
        }
        // Google stores its cached content apart and says nothing of writes here.
        Wire::Gemini => (classes.cache_write_short, classes.cache_write_long) = (0, 0),
        _ => classes = Classes::default(),
    }
    let cached = classes.prompt();
    classes.input = total.saturating_sub(cached).max(1);
    if script.usage == UsageForm::CachedAbovePrompt && asked.wire != Wire::Anthropic {
        // What a reader makes of it: the part is clamped to the whole.
        classes = Classes { cache_read: total.max(1), ..Classes::default() };
    }
    classes
}

#[cfg(test)]
mod tests;
