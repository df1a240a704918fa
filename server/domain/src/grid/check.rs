//! The limits of a grid: every broken one, under the name of its field such as `variants.0.settings.temperature`. The form, the
//! draft and the API hold to the same. What is beyond a limit has its message and is not looked at: a grid of any size is checked in
//! bounded time.

use super::{
    AnswerFormat, Case, EFFORTS, Grid, MAX_CASES, MAX_GRID_BYTES, MAX_IMAGES, MAX_NAME_CHARS, MAX_SAMPLES,
    MAX_TEXT_BYTES, MAX_TOOLS, MAX_TURNS, MAX_VALUES, MAX_VARIANTS, Prompt, Settings, Tool, Turn, TurnRole,
};
use crate::{error::FieldErrors, template};

impl Grid {
    /// Every broken limit, under the name of its field such as `variants.0.settings.temperature`. The form, the draft and the
    /// API hold to the same.
    pub fn check(&self) -> FieldErrors {
        let mut errors = FieldErrors::default();
        if !(1..=MAX_VARIANTS).contains(&self.variants.len()) {
            errors.add("variants", format!("choose 1 to {MAX_VARIANTS} models"));
        }
        if !(1..=MAX_CASES).contains(&self.cases.len()) {
            errors.add("cases", format!("use 1 to {MAX_CASES} cases"));
        }
        if !(1..=MAX_SAMPLES).contains(&self.samples) {
            errors.add("samples", format!("use 1 to {MAX_SAMPLES} samples"));
        }
        check_prompt(&mut errors, "prompt", &self.prompt);
        check_settings(&mut errors, "settings", &self.settings);
        for (index, variant) in self.variants.iter().enumerate().take(MAX_VARIANTS) {
            errors.check(&format!("variants.{index}.model"), name(&variant.model));
            if let Some(prompt) = &variant.prompt {
                check_prompt(&mut errors, &format!("variants.{index}.prompt"), prompt);
            }
            if let Some(settings) = &variant.settings {
                check_settings(&mut errors, &format!("variants.{index}.settings"), settings);
            }
        }
        for (index, case) in self.cases.iter().enumerate().take(MAX_CASES) {
            check_case(&mut errors, &format!("cases.{index}"), case);
        }
        if self.variables().len() > MAX_VALUES {
            errors.add("prompt", format!("use at most {MAX_VALUES} variables"));
        }
        if self.bytes() > MAX_GRID_BYTES {
            errors.add("cases", format!("all texts together may have at most {} MiB", MAX_GRID_BYTES / 1024 / 1024));
        }
        errors
    }

    fn bytes(&self) -> usize {
        let turns = |turns: &[Turn]| turns.iter().map(|turn| turn.text.len()).sum::<usize>();
        let tool = |tool: &Tool| tool.description.len() + tool.schema.len() + tool.result.len();
        let prompt =
            |prompt: &Prompt| prompt.system.len() + turns(&prompt.turns) + prompt.tools.iter().map(tool).sum::<usize>();
        let case = |case: &Case| turns(&case.turns) + case.values.iter().map(|(_, value)| value.len()).sum::<usize>();
        let own = self.variants.iter().filter_map(|variant| variant.prompt.as_ref()).map(prompt).sum::<usize>();
        prompt(&self.prompt) + own + self.cases.iter().map(case).sum::<usize>()
    }
}

fn check_prompt(errors: &mut FieldErrors, at: &str, prompt: &Prompt) {
    let Prompt { system, turns, tools } = prompt;
    errors.check(&format!("{at}.system"), text(system));
    check_turns(errors, at, turns);
    if tools.len() > MAX_TOOLS {
        errors.add(&format!("{at}.tools"), format!("use at most {MAX_TOOLS} tools"));
    }
    for (index, tool) in tools.iter().enumerate().take(MAX_TOOLS) {
        let at = format!("{at}.tools.{index}");
        let is_twice = tools.iter().take(index).any(|other| other.name == tool.name);
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if is_twice || tool.name.is_empty() || tool.name.len() > 64 || !tool.name.bytes().all(is_plain) {
            errors
                .add(&format!("{at}.name"), "use 1 to 64 letters, digits, _ and -, each name once, such as read_file");
        }
        errors.check(&format!("{at}.description"), text(&tool.description));
        errors.check(&format!("{at}.schema"), object(&tool.schema));
        errors.check(&format!("{at}.result"), text(&tool.result));
    }
}

fn check_turns(errors: &mut FieldErrors, at: &str, turns: &[Turn]) {
    if turns.len() > MAX_TURNS {
        errors.add(&format!("{at}.turns"), format!("use at most {MAX_TURNS} messages"));
    }
    for (index, turn) in turns.iter().enumerate().take(MAX_TURNS) {
        errors.check(&format!("{at}.turns.{index}.text"), text(&turn.text));
        if turn.images.len() > MAX_IMAGES || turn.role == TurnRole::Assistant && !turn.images.is_empty() {
            let message = format!("use at most {MAX_IMAGES} images, in messages of the user");
            errors.add(&format!("{at}.turns.{index}.images"), message);
        }
    }
}

fn check_case(errors: &mut FieldErrors, at: &str, case: &Case) {
    errors.check(&format!("{at}.name"), name(&case.name));
    check_turns(errors, at, &case.turns);
    if case.values.len() > MAX_VALUES {
        errors.add(&format!("{at}.values"), format!("use at most {MAX_VALUES} values"));
    }
    for (name, value) in case.values.iter().take(MAX_VALUES) {
        if !template::is_name(name) {
            let message = "name variables by letters, digits and _, such as topic or file_2".to_owned();
            errors.add(&format!("{at}.values"), message);
        }
        errors.check(&format!("{at}.values"), text(value));
    }
}

fn check_settings(errors: &mut FieldErrors, at: &str, settings: &Settings) {
    let mut check = |name: &str, result: Result<(), String>| {
        errors.check(&format!("{at}.{name}"), result);
    };
    let whole = |value: Option<u32>| match value {
        Some(0) => Err("use a whole number from 1, or leave it empty".to_owned()),
        Some(most) if i32::try_from(most).is_err() => Err("use a smaller number".to_owned()),
        _ => Ok(()),
    };
    check("max_output", whole(settings.max_output));
    check("top_k", whole(settings.top_k));
    check("temperature", decimal(&settings.temperature, 0, 2));
    check("top_p", decimal(&settings.top_p, 0, 1));
    check("frequency_penalty", decimal(&settings.frequency_penalty, -2, 2));
    check("presence_penalty", decimal(&settings.presence_penalty, -2, 2));
    let is_stop = |stop: &String| !stop.is_empty() && stop.len() <= 256 && !stop.contains('\0');
    if settings.stop.len() > 4 || !settings.stop.iter().all(is_stop) {
        check("stop", Err("use at most 4 stop texts of 1 to 256 bytes".to_owned()));
    }
    if !EFFORTS.contains(&settings.effort.as_str()) {
        check("effort", Err(format!("use one of {}", EFFORTS[1..].join(", "))));
    }
    if settings.format == AnswerFormat::Schema {
        check("schema", object(&settings.schema));
    }
    if settings.tool_choice.len() > 64 || settings.tool_choice.contains('\0') {
        check("tool_choice", Err("use auto, none, required or the name of a tool".to_owned()));
    }
    if !settings.extra.trim().is_empty() {
        check("extra", object(&settings.extra));
    }
}

fn name(text: &str) -> Result<(), String> {
    if text.chars().count() > MAX_NAME_CHARS || text.contains(char::is_control) {
        return Err(format!("use at most {MAX_NAME_CHARS} characters, none of them a control character"));
    }
    Ok(())
}

fn text(text: &str) -> Result<(), String> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(format!("use at most {} KiB", MAX_TEXT_BYTES / 1024));
    }
    if text.contains('\0') {
        return Err("remove the NUL character".to_owned());
    }
    Ok(())
}

fn object(json: &str) -> Result<(), String> {
    text(json)?;
    match serde_json::from_str::<serde_json::Value>(json) {
        Ok(serde_json::Value::Object(_)) => Ok(()),
        Ok(_) => Err("write a JSON object such as {\"type\": \"object\"}".to_owned()),
        Err(error) => Err(format!("line {}, column {}: this is not JSON", error.line(), error.column())),
    }
}

/// Empty, or a plain decimal within the bounds, without exponent: it is sent as it was typed.
pub(super) fn decimal(text: &str, least: i64, most: i64) -> Result<(), String> {
    let wrong = || Err(format!("use a number from {least} to {most} such as 0.3, or leave it empty"));
    if text.is_empty() {
        return Ok(());
    }
    let (is_negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |text: &str| (1..=6).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let has_zero_first = whole.len() > 1 && whole.starts_with('0');
    if !is_digits(whole) || !is_digits(fraction) || has_zero_first {
        return wrong();
    }
    let (Ok(whole), Ok(part)) = (whole.parse::<i64>(), format!("{fraction:0<6}").parse::<i64>()) else {
        return wrong();
    };
    let millionths = (whole * 1_000_000 + part) * if is_negative { -1 } else { 1 };
    let bounds = least * 1_000_000..=most * 1_000_000;
    // `-0` is a number nobody means.
    if bounds.contains(&millionths) && !(is_negative && millionths == 0) { Ok(()) } else { wrong() }
}
