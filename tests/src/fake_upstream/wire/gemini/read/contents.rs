//! The turns of a Google request: parts, and what ties responses to calls and signatures to thoughts.

use super::super::{
    super::super::{
        asked::Asked,
        base64,
        check::{At, Checked, Complaint},
        endpoint::Vendor,
        seal,
        summary::{Call, ToolResult},
    },
    TEXT, call_seal,
};

const PART: [&str; 14] = [
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "thought",
    "thoughtSignature",
    "videoMetadata",
    "mediaResolution",
    "partMetadata",
    "toolCall",
    "toolResponse",
];
const DATA: [&str; 7] =
    ["text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode", "codeExecutionResult"];
/// Signatures that Google documents for calls that no model of it made.
const DUMMIES: [&str; 2] = ["skip_thought_signature_validator", "context_engineering_is_the_way_to_go"];

pub fn read(contents: &At<'_>, asked: &mut Asked) -> Checked<()> {
    let turns = contents.items()?;
    if turns.is_empty() {
        return Err(Complaint::on("contents", "* GenerateContentRequest.contents: contents is not specified"));
    }
    let mut conversation = Conversation::default();
    for turn in &turns {
        turn.known(&["role", "parts"])?;
        let role = turn.maybe("role", At::text)?.unwrap_or("user");
        if !matches!(role, "user" | "model") {
            return Err(Complaint::on(
                &format!("{}.role", turn.path),
                format!("Please use a valid role: user, model. ({}.role)", turn.path),
            ));
        }
        let parts = turn.list("parts")?;
        if parts.is_empty() {
            let message = format!("* GenerateContentRequest.{0}.parts: {0}.parts must not be empty.", turn.path);
            return Err(Complaint::on(&format!("{}.parts", turn.path), message));
        }
        conversation.turn(role, turn, &parts, asked)?;
    }
    conversation.end(contents, asked)
}

#[derive(Default)]
struct Conversation {
    /// The calls of the model's turn that was just read.
    open: Vec<String>,
    /// The first call of a turn since the user last spoke has no signature.
    unsigned: Option<String>,
    has_user: bool,
}

impl Conversation {
    fn turn(&mut self, role: &str, turn: &At<'_>, parts: &[At<'_>], asked: &mut Asked) -> Checked<()> {
        let responses = parts.iter().filter(|part| part.field("functionResponse").is_some()).count();
        let calls = parts.iter().filter(|part| part.field("functionCall").is_some()).count();
        if calls > 0 && (role != "model" || !self.has_user) {
            let message = "Please ensure that function call turn comes immediately after a user turn or after a function response turn.";
            return Err(Complaint::on(&turn.path, format!("{message} ({})", turn.path)));
        }
        if responses != self.open.len() {
            let message = if self.open.is_empty() {
                "Please ensure that function response turn comes immediately after a function call turn."
            } else {
                "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn."
            };
            return Err(Complaint::on(&turn.path, format!("{message} ({})", turn.path)));
        }
        self.has_user |= role == "user";
        asked.ends_with_result = responses > 0;
        if responses == 0 {
            asked.turn(role);
            if role == "user" {
                self.unsigned = None;
            }
        }
        let mut made = Vec::new();
        for part in parts {
            self.part(part, &mut made, asked)?;
        }
        self.open = made;
        Ok(())
    }

    fn part(&mut self, part: &At<'_>, made: &mut Vec<String>, asked: &mut Asked) -> Checked<()> {
        part.known(&PART)?;
        let is_thought = part.maybe("thought", At::flag)?.unwrap_or(false);
        let data: Vec<&str> = DATA.into_iter().filter(|name| part.field(name).is_some()).collect();
        let [kind] = data.as_slice() else {
            let message = format!(
                "* GenerateContentRequest.{}.data: required oneof field 'data' must have one initialized field",
                part.path
            );
            return Err(Complaint::on(&part.path, message));
        };
        let value = part.need(kind)?;
        match *kind {
            "text" if is_thought => asked.weigh(value.text()?.len()),
            "text" => asked.say(value.text()?),
            "inlineData" => inline(&value, asked)?,
            "fileData" => {
                value.known(&["fileUri", "mimeType", "displayName"])?;
                asked.summary.files.push(format!("file {}", value.need("fileUri")?.text()?));
            }
            "functionCall" => {
                value.known(&["id", "name", "args"])?;
                let name = value.need("name")?.text()?;
                value.maybe("args", At::object)?;
                let arguments = value.field("args").map_or(serde_json::json!({}), |args| args.value.clone());
                asked.weigh(name.len() + arguments.to_string().len());
                asked.summary.calls.push(Call { name: name.into(), arguments });
                if made.is_empty() && part.field("thoughtSignature").is_none() {
                    self.unsigned = Some(part.path.clone());
                }
                made.push(name.into());
            }
            "functionResponse" => self.response(&value, asked)?,
            kind => asked.summary.files.push(kind.into()),
        }
        signature(part, made, asked)
    }

    fn response(&mut self, value: &At<'_>, asked: &mut Asked) -> Checked<()> {
        value.known(&["id", "name", "response", "willContinue", "scheduling", "parts"])?;
        let name = value.need("name")?;
        let text = name.text()?;
        let Some(at) = self.open.iter().position(|open| open == text) else {
            return Err(
                name.wrong(&format!("function response '{text}' does not match any function call of the turn before."))
            );
        };
        self.open.remove(at);
        let response = value.need("response")?;
        let object = response.object()?;
        for part in value.list("parts")? {
            inline(&part.need("inlineData")?, asked)?;
        }
        // The usual ways to put a text into what must be an object.
        let wrapped = ["result", "output", "content", "error"].iter().find_map(|key| object.get(*key)?.as_str());
        let said = match wrapped {
            Some(text) if object.len() == 1 => text.to_owned(),
            _ => response.value.to_string(),
        };
        asked.aside(said.len());
        let is_error = object.contains_key("error");
        asked.summary.results.push(ToolResult { tool: text.into(), text: said, is_error });
        Ok(())
    }

    fn end(&self, contents: &At<'_>, asked: &Asked) -> Checked<()> {
        if !self.open.is_empty() {
            let message = "Please ensure that function call turn is followed by a function response turn. (contents)";
            return Err(Complaint::on(&contents.path, message));
        }
        match &self.unsigned {
            // Models of the third generation insist.
            Some(path) if asked.model.contains("gemini-3") => {
                let message = format!(
                    "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly. ({path})"
                );
                Err(Complaint::on(path, message))
            }
            _ => Ok(()),
        }
    }
}

fn inline(data: &At<'_>, asked: &mut Asked) -> Checked<()> {
    data.known(&["mimeType", "data", "displayName"])?;
    let (kind, bytes) = (data.need("mimeType")?.text()?, data.need("data")?);
    let is_image = kind.starts_with("image/");
    let is_data = if is_image {
        asked.image(kind, bytes.text()?)
    } else {
        asked.summary.files.push(kind.into());
        base64::decode(bytes.text()?).is_some()
    };
    if is_data { Ok(()) } else { Err(bytes.wrong("(TYPE_BYTES), Base64 decoding failed")) }
}

/// A signature must be one that was given out for this kind of part.
fn signature(part: &At<'_>, made: &[String], asked: &mut Asked) -> Checked<()> {
    let Some(signature) = part.field("thoughtSignature") else { return Ok(()) };
    let text = signature.text()?;
    if DUMMIES.contains(&text) {
        asked.summary.unsealed_reasoning += 1;
        return Ok(());
    }
    if base64::decode(text).is_none() {
        return Err(signature.wrong("(TYPE_BYTES), Base64 decoding failed"));
    }
    let about = seal::open(Vendor::Gemini, text);
    let is_true = match part.field("functionCall") {
        Some(_) => about.as_deref() == made.last().map(|name| call_seal(name)).as_deref(),
        None => about.as_deref() == Some(TEXT),
    };
    if !is_true {
        let message = format!("Corrupted thought signature. ({})", signature.path);
        return Err(Complaint::on(&signature.path, message));
    }
    asked.summary.sealed_reasoning += 1;
    Ok(())
}
