//! What to do with a key: the same first call in several languages, with the address of this instance.

use control::Context;
use domain::model::ModelSummary;

/// Where a snippet calls, and with what.
pub struct Use<'a> {
    pub public_url: &'a str,
    pub secret: &'a str,
    pub model: &'a str,
}

/// A model that a snippet can name.
pub fn first_model(models: &[ModelSummary]) -> String {
    models.first().map_or_else(|| "model-name".to_owned(), |it| it.name.clone())
}

impl<'a> Use<'a> {
    /// With a variable in the place of the secret.
    pub fn with_placeholder(ctx: &'a Context, model: &'a str) -> Self {
        Self { public_url: &ctx.public_url, secret: "$TALLYGATE_KEY", model }
    }

    /// Label and text, the shortest first.
    pub fn all(&self) -> Vec<(String, String)> {
        let all = [
            ("curl", self.curl()),
            ("Python", self.python()),
            ("TypeScript", self.typescript()),
            ("Rust", self.rust()),
            ("Anthropic", self.anthropic()),
            ("Environment", self.environment()),
        ];
        all.into_iter().map(|(label, text)| (label.to_owned(), text)).collect()
    }

    pub fn curl(&self) -> String {
        let Self { public_url, secret, model } = self;
        format!(
            "curl {public_url}/v1/chat/completions \\\n  -H \"Authorization: Bearer {secret}\" \\\n  -H 'Content-Type: application/json' \\\n  -d '{{\"model\": \"{model}\", \"messages\": [{{\"role\": \"user\", \"content\": \"Hello\"}}]}}'\n"
        )
    }

    fn python(&self) -> String {
        let Self { public_url, secret, model } = self;
        format!(
            "from openai import OpenAI\n\nclient = OpenAI(base_url=\"{public_url}/v1\", api_key=\"{secret}\")\nreply = client.chat.completions.create(\n    model=\"{model}\",\n    messages=[{{\"role\": \"user\", \"content\": \"Hello\"}}],\n)\nprint(reply.choices[0].message.content)\n"
        )
    }

    fn typescript(&self) -> String {
        let Self { public_url, secret, model } = self;
        format!(
            "import OpenAI from \"openai\";\n\nconst client = new OpenAI({{ baseURL: \"{public_url}/v1\", apiKey: \"{secret}\" }});\nconst reply = await client.chat.completions.create({{\n  model: \"{model}\",\n  messages: [{{ role: \"user\", content: \"Hello\" }}],\n}});\nconsole.log(reply.choices[0].message.content);\n"
        )
    }

    fn rust(&self) -> String {
        let Self { public_url, secret, model } = self;
        format!(
            "// cargo add serde_json; cargo add reqwest --features blocking,json\nfn main() -> Result<(), Box<dyn std::error::Error>> {{\n    let body = serde_json::json!({{\n        \"model\": \"{model}\",\n        \"messages\": [{{\"role\": \"user\", \"content\": \"Hello\"}}],\n    }});\n    let client = reqwest::blocking::Client::new();\n    let request = client.post(\"{public_url}/v1/chat/completions\").bearer_auth(\"{secret}\").json(&body);\n    let reply: serde_json::Value = request.send()?.error_for_status()?.json()?;\n    println!(\"{{}}\", reply[\"choices\"][0][\"message\"][\"content\"]);\n    Ok(())\n}}\n"
        )
    }

    fn anthropic(&self) -> String {
        let Self { public_url, secret, model } = self;
        format!(
            "from anthropic import Anthropic\n\nclient = Anthropic(base_url=\"{public_url}\", api_key=\"{secret}\")\nreply = client.messages.create(\n    model=\"{model}\",\n    max_tokens=1024,\n    messages=[{{\"role\": \"user\", \"content\": \"Hello\"}}],\n)\nprint(reply.content[0].text)\n"
        )
    }

    fn environment(&self) -> String {
        let Self { public_url, secret, model: _ } = self;
        format!(
            "OPENAI_BASE_URL={public_url}/v1\nOPENAI_API_KEY={secret}\nANTHROPIC_BASE_URL={public_url}\nANTHROPIC_API_KEY={secret}\n"
        )
    }
}
