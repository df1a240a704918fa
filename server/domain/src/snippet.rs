//! One call as code in four languages (`product.md` PG-13), made of the JSON that a client sends. The key stays in the
//! environment variable `TALLYGATE_KEY`.
//!
//! One more language: a function and its line in [`snippets`].

use serde_json::Value;

use crate::run::Snippet;

/// What OpenAI's own libraries take by name; everything else goes through their door for extra members.
const KNOWN: [&str; 24] = [
    "model",
    "messages",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "frequency_penalty",
    "presence_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "n",
    "seed",
    "stop",
    "stream",
    "stream_options",
    "reasoning_effort",
    "service_tier",
    "metadata",
    "user",
];

/// The same call in every language. `url` is the address of this instance; `body` a JSON object.
pub fn snippets(url: &str, body: &Value) -> Vec<Snippet> {
    let snippet = |label: &str, code: String| Snippet { label: label.to_owned(), code };
    vec![
        snippet("curl", curl(url, body)),
        snippet("Python", python(url, body)),
        snippet("TypeScript", typescript(url, body)),
        snippet("Rust", rust(url, body)),
    ]
}

fn pretty(body: &Value) -> String {
    // A value of JSON always has a text.
    serde_json::to_string_pretty(body).unwrap_or_default()
}

fn indented(text: &str, by: &str) -> String {
    text.replace('\n', &format!("\n{by}"))
}

/// The body comes from a here-document: nothing in it means anything to the shell.
fn curl(url: &str, body: &Value) -> String {
    format!(
        "curl {url}/v1/chat/completions \\\n  -H \"Authorization: Bearer $TALLYGATE_KEY\" \\\n  \
         -H \"Content-Type: application/json\" \\\n  --data-binary @- <<'JSON'\n{}\nJSON\n",
        pretty(body)
    )
}

fn python(url: &str, body: &Value) -> String {
    let mut arguments = String::new();
    let mut extra = Vec::new();
    for (name, value) in body.as_object().into_iter().flatten() {
        if KNOWN.contains(&name.as_str()) {
            arguments.push_str(&format!("    {name}={},\n", literal(value, "    ")));
        } else {
            extra.push(format!("        {}: {},\n", Value::from(name.as_str()), literal(value, "        ")));
        }
    }
    if !extra.is_empty() {
        arguments.push_str(&format!("    extra_body={{\n{}    }},\n", extra.concat()));
    }
    let print = match is_stream(body) {
        true => {
            "for chunk in answer:\n    if chunk.choices and chunk.choices[0].delta.content:\n        \
             print(chunk.choices[0].delta.content, end=\"\", flush=True)\n"
        }
        false => "print(answer.choices[0].message.content)\n",
    };
    format!(
        "import os\n\nfrom openai import OpenAI\n\nclient = OpenAI(base_url=\"{url}/v1\", \
         api_key=os.environ[\"TALLYGATE_KEY\"])\nanswer = client.chat.completions.create(\n{arguments})\n{print}"
    )
}

/// JSON as Python writes it: strings and numbers are the same in both.
fn literal(value: &Value, indent: &str) -> String {
    let inner = format!("{indent}    ");
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(_) | Value::String(_) => value.to_string(),
        Value::Array(items) if items.is_empty() => "[]".to_owned(),
        Value::Array(items) => {
            let items: String = items.iter().map(|item| format!("{inner}{},\n", literal(item, &inner))).collect();
            format!("[\n{items}{indent}]")
        }
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let members: String = members
                .iter()
                .map(|(name, value)| format!("{inner}{}: {},\n", Value::from(name.as_str()), literal(value, &inner)))
                .collect();
            format!("{{\n{members}{indent}}}")
        }
    }
}

fn typescript(url: &str, body: &Value) -> String {
    let (kind, print) = match is_stream(body) {
        true => (
            "Streaming",
            "for await (const chunk of answer) {\n  process.stdout.write(chunk.choices[0]?.delta?.content ?? \"\");\n}\n",
        ),
        false => ("NonStreaming", "console.log(answer.choices[0].message.content);\n"),
    };
    format!(
        "import OpenAI from \"openai\";\n\nconst client = new OpenAI({{\n  baseURL: \"{url}/v1\",\n  \
         apiKey: process.env.TALLYGATE_KEY,\n}});\nconst body = {};\nconst answer = await client.chat.completions.create(\n  \
         body as OpenAI.ChatCompletionCreateParams{kind},\n);\n{print}",
        pretty(body)
    )
}

fn rust(url: &str, body: &Value) -> String {
    format!(
        "// Cargo.toml: anyhow, futures-util, serde_json, reqwest with \"json\" and \"stream\", tokio with \"full\".\n\
         use futures_util::TryStreamExt;\n\n#[tokio::main]\nasync fn main() -> anyhow::Result<()> {{\n    \
         let body = serde_json::json!({});\n    let answer = reqwest::Client::new()\n        \
         .post(\"{url}/v1/chat/completions\")\n        .bearer_auth(std::env::var(\"TALLYGATE_KEY\")?)\n        \
         .json(&body)\n        .send()\n        .await?\n        .error_for_status()?;\n    \
         let mut bytes = answer.bytes_stream();\n    while let Some(piece) = bytes.try_next().await? {{\n        \
         print!(\"{{}}\", String::from_utf8_lossy(&piece));\n    }}\n    Ok(())\n}}\n",
        indented(&pretty(body), "    ")
    )
}

fn is_stream(body: &Value) -> bool {
    body.get("stream").and_then(Value::as_bool).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn code(label: &str, body: &Value) -> String {
        let all = snippets("https://gate.example", body);
        all.into_iter().find(|snippet| snippet.label == label).unwrap().code
    }

    #[test]
    fn pg_13_a_shell_sees_nothing_in_a_prompt() {
        let body = json!({"model": "m", "messages": [{"role": "user", "content": "it's $HOME `id` \\ \n JSON\nJSON"}]});
        let code = code("curl", &body);
        let (_, document) = code.split_once("<<'JSON'\n").unwrap();
        // Only the last line ends the document.
        assert_eq!(document.lines().filter(|line| *line == "JSON").count(), 1);
        let sent: Value = serde_json::from_str(document.trim_end().strip_suffix("JSON").unwrap()).unwrap();
        assert_eq!(sent, body);
    }

    #[test]
    fn pg_13_python_writes_its_own_words_and_hands_on_what_its_library_does_not_know() {
        let body =
            json!({"model": "m", "stream": true, "top_k": 3, "stop": null, "tools": [], "messages": [{"a": "\"é\n"}]});
        let code = code("Python", &body);
        for line in ["    stream=True,\n", "    stop=None,\n", "    tools=[],\n"] {
            assert!(code.contains(line), "{code}");
        }
        assert!(code.contains("    extra_body={\n        \"top_k\": 3,\n    },\n"), "{code}");
        assert!(code.contains("\"a\": \"\\\"é\\n\""), "{code}");
        assert!(code.contains("for chunk in answer:"));
    }

    #[test]
    fn pg_13_the_key_is_never_in_the_code() {
        for snippet in snippets("https://gate.example", &json!({"model": "m", "messages": []})) {
            assert!(snippet.code.contains("TALLYGATE_KEY"), "{}", snippet.label);
            assert!(snippet.code.contains("https://gate.example/v1"), "{}", snippet.label);
        }
    }
}
