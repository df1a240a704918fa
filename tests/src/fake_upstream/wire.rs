//! Wires: how each vendor's API asks and answers, one folder or file each.
//!
//! Pure: an answer and a script in, JSON and events out. Field order, spacing and the place of `usage` follow what the
//! real APIs send, because clients and gateways lean on all three. `read` turns a request into `Asked`, as strictly as
//! the vendor; `Told` writes the answer. One more wire is one more file here and its arms below.

use serde_json::{Value, json};

use super::{
    answer::Answer,
    asked::Asked,
    check::{At, Checked, Complaint},
    endpoint::{Endpoint, Vendor, Wire},
    errors,
    events::{Event, Part, Slip},
    script::{Ending, IdForm, Script},
    tally::{Classes, ReportKind},
};

mod anthropic;
mod completions;
mod embeddings;
mod gemini;
mod openai_chat;
mod params;
mod responses;
mod usage;

/// What differs from answer to answer without being content.
#[derive(Clone, Debug)]
pub struct Envelope {
    pub seq: u64,
    pub created: u64,
}

/// Everything an answer is written from.
pub struct Told<'a> {
    pub endpoint: &'a Endpoint,
    pub asked: &'a Asked,
    pub answer: &'a Answer,
    pub script: &'a Script,
    pub envelope: &'a Envelope,
}

/// Reads a request body, refusing what the vendor refuses.
pub fn read(endpoint: &Endpoint, body: &Value) -> Checked<Asked> {
    let root = At::root(body, endpoint.vendor);
    if !body.is_object() {
        return Err(Complaint::new("Invalid request body: expected an object."));
    }
    let mut asked = Asked::new(endpoint.wire);
    asked.is_stream = endpoint.is_stream;
    asked.model = match &endpoint.model {
        Some(model) => model.clone(),
        None => match root.need("model")?.text()? {
            "" => return Err(Complaint::on("model", "you must provide a model parameter")),
            name => name.to_owned(),
        },
    };
    match endpoint.wire {
        Wire::OpenaiChat => openai_chat::read::read(&root, &mut asked)?,
        Wire::Completions | Wire::Fim => completions::read(&root, &mut asked)?,
        Wire::Responses => responses::read::read(&root, &mut asked)?,
        Wire::Embeddings => embeddings::read(&root, &mut asked)?,
        Wire::Anthropic | Wire::AnthropicCount => anthropic::read::read(&root, &mut asked)?,
        Wire::Gemini => gemini::read::read(&root, &mut asked)?,
        Wire::GeminiCount => gemini::read::count(&root, &mut asked)?,
        Wire::GeminiEmbed => embeddings::read_gemini(&root, &mut asked, endpoint.is_single)?,
    }
    Ok(asked)
}

impl Told<'_> {
    /// A complete answer and the usage it reports.
    pub fn whole(&self) -> (Value, Option<Slip>) {
        match self.asked.wire {
            Wire::OpenaiChat | Wire::Fim => openai_chat::whole(self),
            Wire::Completions => completions::whole(self),
            Wire::Responses => responses::whole(self),
            Wire::Embeddings => embeddings::whole(self),
            Wire::Anthropic => anthropic::whole(self),
            Wire::Gemini => gemini::whole(self),
            Wire::GeminiEmbed => (embeddings::whole_gemini(self), None),
            Wire::AnthropicCount => (json!({"input_tokens": self.answer.classes.prompt()}), None),
            Wire::GeminiCount => {
                let count = self.answer.classes.prompt();
                let details = json!([{"modality": "TEXT", "tokenCount": count}]);
                (json!({"totalTokens": count, "promptTokensDetails": details}), None)
            }
        }
    }

    /// A streamed answer, well formed; `faults` does the rest.
    pub fn events(&self) -> Vec<Event> {
        let mut events = match self.asked.wire {
            Wire::Completions => completions::events(self),
            Wire::Responses => responses::events(self),
            Wire::Anthropic => anthropic::events(self),
            Wire::Gemini | Wire::GeminiCount | Wire::GeminiEmbed => gemini::events(self),
            _ => openai_chat::events(self),
        };
        if self.script.ending == Ending::Failed && self.asked.wire != Wire::Responses {
            // Only this wire has an end that is a failure; elsewhere it is an error where the end would be.
            events.retain(|event| !matches!(event.part, Part::Finish | Part::Usage | Part::Done));
            events.push(self.error(events.len(), Some(&self.answer.classes)));
        }
        events
    }

    /// The error event that breaks a stream, number `number` of its stream, with the usage so far when asked for.
    pub fn error(&self, number: usize, usage: Option<&Classes>) -> Event {
        let slip = usage.and_then(|classes| self.slip(classes, ReportKind::Final));
        if self.asked.wire == Wire::Responses {
            return responses::error(self, number, slip);
        }
        let mut body = errors::in_stream(self.endpoint.vendor);
        let field = if self.endpoint.vendor == Vendor::Gemini { "usageMetadata" } else { "usage" };
        if let Some(slip) = &slip {
            body[field] = slip.raw.clone();
        }
        let name = (self.endpoint.vendor == Vendor::Anthropic).then_some("error");
        Event::named(Part::Usage, name, &body).tells(slip)
    }

    /// Usage of `classes` in the wire's fields and the script's form; `None` leaves it out.
    pub fn slip(&self, classes: &Classes, kind: ReportKind) -> Option<Slip> {
        usage::slip(self, classes, kind)
    }

    /// The id of this answer under the vendor's prefix; `None` when the script gives none.
    pub fn id(&self, prefix: &str) -> Option<String> {
        match self.script.id {
            IdForm::Unique => Some(format!("{prefix}{}{}", &self.answer.id[..20], self.envelope.seq)),
            IdForm::Same => Some(format!("{prefix}always-the-same")),
            IdForm::Missing => None,
        }
    }

    /// The model the answer names.
    pub fn model(&self) -> &str {
        self.script.served_model.as_deref().unwrap_or(&self.asked.model)
    }

    /// Reasoning that was produced and is not shown.
    pub fn hidden_reasoning(&self) -> Classes {
        let shown: usize = self.answer.choices.iter().map(|choice| choice.reasoning.len()).sum();
        Event::thought(self.answer.classes.reasoning.saturating_sub(shown as u64))
    }
}

#[cfg(test)]
mod tests;
