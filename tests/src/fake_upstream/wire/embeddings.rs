//! Embeddings: OpenAI's list of vectors, as numbers or as base64, and Google's batch.
//!
//! A vector is a function of its text; its numbers are exact in 32 bits, so both forms hold the same.

use serde_json::{Value, json};

use super::{
    super::{
        answer::random::next,
        asked::Asked,
        base64,
        check::{At, Checked},
        events::Slip,
        tally::ReportKind,
    },
    Told, completions, params,
};

const DIMENSIONS: u64 = 8;
const MOST_DIMENSIONS: u64 = 4096;
const FIELDS: [&str; 9] =
    ["model", "input", "dimensions", "encoding_format", "user", "input_type", "truncate", "output_dtype", "metadata"];

pub fn read(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    params::notice_unknown(root, asked, &FIELDS)?;
    asked.embedding.is_base64 = root.maybe("encoding_format", |at| at.one_of(&["float", "base64"]))? == Some("base64");
    let dimensions = root.field("dimensions");
    dimension(dimensions.as_ref(), asked)?;
    let input = root.need("input")?;
    for (text, tokens) in completions::inputs(&input)? {
        if text.is_empty() && input.value.is_string() {
            return Err(input.wrong("input cannot be an empty string."));
        }
        asked.turn("user");
        asked.say(&text);
        asked.inputs.push(tokens);
    }
    asked.content = input.value.to_string().into_bytes();
    Ok(())
}

/// `batchEmbedContents`, or `embedContent` when `is_single`.
pub fn read_gemini(root: &At<'_>, asked: &mut Asked, is_single: bool) -> Checked<()> {
    const KNOWN: [&str; 5] = ["model", "content", "taskType", "title", "outputDimensionality"];
    asked.embedding.is_single = is_single;
    let requests = if is_single {
        vec![root.clone()]
    } else {
        root.known(&["requests"])?;
        root.need("requests")?.some_items()?
    };
    for request in requests {
        request.known(&KNOWN)?;
        if !is_single {
            let model = request.need("model")?;
            if model.text()?.strip_prefix("models/") != Some(asked.model.as_str()) {
                return Err(model.wrong("model does not match the model of the batch request."));
            }
        }
        dimension(request.field("outputDimensionality").as_ref(), asked)?;
        asked.turn("user");
        let mut bytes = 0;
        for part in request.need("content")?.need("parts")?.some_items()? {
            let text = part.need("text")?.text()?;
            bytes += text.len();
            asked.say(text);
        }
        asked.inputs.push(bytes.div_ceil(4).max(1) as u64);
    }
    asked.content = root.value.to_string().into_bytes();
    Ok(())
}

fn dimension(at: Option<&At<'_>>, asked: &mut Asked) -> Checked<()> {
    let Some(at) = at else { return Ok(()) };
    let count = at.positive()?;
    if count > MOST_DIMENSIONS {
        return Err(at.wrong("integer above maximum value."));
    }
    asked.embedding.dimensions = Some(count);
    asked.sample("dimensions", Some(at));
    Ok(())
}

/// The vectors, one for each input.
fn vectors(told: &Told<'_>) -> Vec<Vec<f32>> {
    let length = told.asked.embedding.dimensions.unwrap_or(DIMENSIONS);
    let one = |index: usize| {
        let mut seed = told.asked.seed().wrapping_add(index as u64);
        (0..length).map(|_| number(&mut seed)).collect()
    };
    (0..told.asked.inputs.len()).map(one).collect()
}

/// A multiple of 1/1024 between -1 and 1.
fn number(seed: &mut u64) -> f32 {
    let step = i16::try_from(next(seed) % 2049).unwrap_or(0) - 1024;
    f32::from(step) / 1024.0
}

pub fn whole(told: &Told<'_>) -> (Value, Option<Slip>) {
    let data: Vec<Value> = vectors(told)
        .into_iter()
        .enumerate()
        .map(|(index, vector)| {
            let embedding = if told.asked.embedding.is_base64 {
                let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
                json!(base64::encode(&bytes))
            } else {
                json!(vector)
            };
            json!({"object": "embedding", "index": index, "embedding": embedding})
        })
        .collect();
    let mut body = json!({"object": "list", "data": data, "model": told.model()});
    let slip = told.slip(&told.answer.classes, ReportKind::Final);
    if let Some(slip) = &slip {
        body["usage"] = slip.raw.clone();
    }
    (body, slip)
}

/// Google reports no usage here.
pub fn whole_gemini(told: &Told<'_>) -> Value {
    let mut all: Vec<Value> = vectors(told).into_iter().map(|vector| json!({"values": vector})).collect();
    if told.asked.embedding.is_single {
        return json!({"embedding": all.pop()});
    }
    json!({"embeddings": all})
}
