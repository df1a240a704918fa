//! A stored request as a grid of one variant and one case (`product.md` HI-7): to run again what a client once asked.
//!
//! | file | what |
//! |---|---|
//! | `lenient.rs` | a body of any dialect in the neutral form, less what no form can hold |
//! | `chat.rs` | the neutral form as a grid |
//!
//! Nothing is lost in silence: what the form has no field for goes into the raw JSON where that says the same, and everything
//! else is named. Templates cannot meet: braces in a stored text stand for themselves.

mod chat;
mod lenient;

use domain::grid::Grid;
use serde_json::{Map, Value, json};

/// Clients of OpenAI's chat, and this product's own calls.
const CHAT: [&str; 2] = ["openai_chat", "internal"];
const COMPLETIONS: &str = "openai_completions";

/// `None` when the dialect has no conversation, or the body cannot be read.
pub(super) fn read(dialect: &str, body: &str) -> Option<(Grid, Vec<String>)> {
    let members: Map<String, Value> = serde_json::from_str(body).ok()?;
    let mut notes = Vec::new();
    if CHAT.contains(&dialect) {
        return chat::grid(lenient::chat("openai_chat", members, true, &mut notes)?, notes);
    }
    if dialect == COMPLETIONS {
        let members = question(members, &mut notes)?;
        return chat::grid(lenient::chat("openai_chat", members, true, &mut notes)?, notes);
    }
    chat::grid(lenient::chat(dialect, members, false, &mut notes)?, notes)
}

/// A text to continue as a question: all that a chat can make of it.
fn question(mut members: Map<String, Value>, notes: &mut Vec<String>) -> Option<Map<String, Value>> {
    let prompt = match members.remove("prompt")? {
        Value::String(prompt) => prompt,
        Value::Array(prompts) => {
            if prompts.len() > 1 {
                notes.push(format!("Only the first of {} prompts is here.", prompts.len()));
            }
            prompts.first()?.as_str()?.to_owned()
        }
        _ => return None,
    };
    notes.push("This was a text to continue: the playground asks it as a message.".to_owned());
    for (name, what) in [("suffix", "The text after the gap"), ("echo", "\"echo\""), ("best_of", "\"best_of\"")] {
        if members.remove(name).is_some_and(|value| !value.is_null()) {
            notes.push(format!("{what} is left out: a chat has no place for it."));
        }
    }
    members.insert("messages".to_owned(), json!([{"role": "user", "content": prompt}]));
    Some(members)
}

#[cfg(test)]
mod tests;
