//! The legacy completions wire, with prefix and suffix, and the request side of Mistral's fill-in-the-middle.

use serde_json::{Value, json};

use super::{
    super::{
        answer::{Choice, Finish},
        asked::Asked,
        check::{At, Checked, Complaint},
        endpoint::Wire,
        events::{Event, Part, Slip},
        faults::terminate,
        tally::{Classes, ReportKind},
    },
    Told, params,
};

const FIELDS: [&str; 20] = [
    "model",
    "prompt",
    "suffix",
    "max_tokens",
    "stream",
    "stream_options",
    "n",
    "best_of",
    "echo",
    "stop",
    "temperature",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "logit_bias",
    "logprobs",
    "user",
    "min_tokens",
    "random_seed",
];

pub fn read(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    params::notice_unknown(root, asked, &FIELDS)?;
    params::stream(root, asked)?;
    params::choices(root, asked)?;
    params::cap(root, asked, "max_tokens")?;
    params::stops(root, asked)?;
    params::sampling(root, asked)?;
    root.maybe("echo", At::flag)?;
    root.maybe("logprobs", |at| at.within(0.0, 5.0))?;
    if root.maybe("best_of", At::positive)?.is_some_and(|best| best < asked.n) {
        let message = "You requested that the server return more choices than it will generate (best_of must be greater than or equal to n).";
        return Err(Complaint::on("best_of", message));
    }
    let prompt = root.need("prompt")?;
    if asked.wire == Wire::Fim {
        prompt.text()?;
    }
    for (text, tokens) in inputs(&prompt)? {
        asked.turn("user");
        asked.say(&text);
        asked.inputs.push(tokens);
    }
    if let Some(suffix) = root.maybe("suffix", At::text)? {
        asked.weigh(suffix.len());
        asked.summary.sampling.insert("suffix".into(), json!(suffix));
    }
    asked.content = format!("{}\u{0}{}", prompt.value, root.value["suffix"]).into_bytes();
    Ok(())
}

/// One text, several texts, one list of tokens or several: what was said, and how many tokens it is.
pub fn inputs(at: &At<'_>) -> Checked<Vec<(String, u64)>> {
    if let Some(text) = at.value.as_str() {
        return Ok(vec![of_text(text)]);
    }
    let items = at.some_items()?;
    if items[0].value.is_u64() {
        return Ok(vec![of_tokens(&items)?]);
    }
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        match item.value.is_array() {
            true => all.push(of_tokens(&item.some_items()?)?),
            false => all.push(of_text(item.text()?)),
        }
    }
    Ok(all)
}

fn of_text(text: &str) -> (String, u64) {
    (text.to_owned(), text.len().div_ceil(4).max(1) as u64)
}

fn of_tokens(items: &[At<'_>]) -> Checked<(String, u64)> {
    for item in items {
        item.count()?;
    }
    Ok((String::new(), items.len() as u64))
}

fn finish_word(choice: &Choice) -> &'static str {
    match choice.finish {
        Finish::Length => "length",
        Finish::Filter => "content_filter",
        Finish::Stop | Finish::Calls | Finish::Failed => "stop",
    }
}

fn envelope(told: &Told<'_>) -> Value {
    let mut body = json!({});
    if let Some(id) = told.id("cmpl-") {
        body["id"] = json!(id);
    }
    body["object"] = json!("text_completion");
    body["created"] = json!(told.envelope.created);
    body["model"] = json!(told.model());
    body
}

pub fn whole(told: &Told<'_>) -> (Value, Option<Slip>) {
    let slip = told.slip(&told.answer.classes, ReportKind::Final);
    let mut body = envelope(told);
    let choice = |(index, choice): (usize, &Choice)| json!({"text": choice.text(), "index": index, "logprobs": null, "finish_reason": finish_word(choice)});
    body["choices"] = told.answer.choices.iter().enumerate().map(choice).collect();
    if let Some(slip) = &slip {
        body["usage"] = slip.raw.clone();
    }
    (body, slip)
}

pub fn events(told: &Told<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    let chunk = |text: &str, index: usize, finish: Option<&str>| {
        let mut body = envelope(told);
        body["choices"] = json!([{"text": text, "index": index, "logprobs": null, "finish_reason": finish}]);
        if told.asked.include_usage {
            body["usage"] = Value::Null;
        }
        body
    };
    let longest = told.answer.choices.iter().map(|choice| choice.pieces.len()).max().unwrap_or(0);
    for at in 0..longest {
        for (index, choice) in told.answer.choices.iter().enumerate() {
            if let Some(piece) = choice.pieces.get(at) {
                let part = Part::Content { index, tokens: 1 };
                events.push(Event::data(part, &chunk(piece, index, None)).gives(Event::output(1)));
            }
        }
        if told.script.comments {
            events.push(Event::comment(": keep-alive"));
        }
    }
    for (index, choice) in told.answer.choices.iter().enumerate() {
        events.push(Event::data(Part::Finish, &chunk("", index, Some(finish_word(choice)))));
    }
    let slip = told.slip(&told.answer.classes, ReportKind::Final).filter(|_| told.asked.include_usage);
    if let Some(slip) = slip {
        let mut body = envelope(told);
        body["choices"] = json!([]);
        body["usage"] = slip.raw.clone();
        events.push(Event::data(Part::Usage, &body).tells(Some(slip)));
    }
    events.push(Event::plain(Part::Done, "[DONE]").gives(Classes::default()));
    terminate(&mut events, told.script, Event::data(Part::Comment, &chunk("late", 0, None)));
    events
}
