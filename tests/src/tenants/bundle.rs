//! The instance of two equal teams as one file.

use crate::FakeUpstream;

use super::{PEOPLE, TEAMS, email, mark};

/// Every person's password is in `PEOPLE_PASSWORD`, every credential in `LOCAL_KEY`.
pub fn text(upstream: &FakeUpstream) -> String {
    let address = upstream.address();
    let people: String = PEOPLE.iter().map(|(name, role, _)| person(name, role)).collect();
    let teams: String = TEAMS.iter().map(|team| self::team(team)).collect();
    let shared = provider("shared", "", upstream) + &model("shared-model", "shared");
    let own: String = TEAMS
        .iter()
        .map(|team| {
            let slug = format!("{team}-provider");
            provider(&slug, &format!("team = \"{team}\"\n"), upstream)
                + &model(&format!("{team}-model"), &slug)
                + &model(&format!("{team}-other"), &slug)
        })
        .collect();
    format!(
        "[instance]\nname = \"Twins\"\nstore_content = \"full\"\nallow_private = [\"{address}\"]\n{people}{teams}{shared}{own}"
    )
}

fn person(name: &str, role: &str) -> String {
    let (email, mark) = (email(name), mark(name));
    format!(
        "\n[[users]]\nemail = \"{email}\"\nname = \"{name} {mark}\"\nrole = \"{role}\"\npassword_env = \"PEOPLE_PASSWORD\"\n"
    )
}

fn team(team: &str) -> String {
    let member = |(name, _, role): &(&str, &str, Option<&str>)| {
        let role = (*role)?;
        name.starts_with(team).then(|| format!("{{ email = \"{}\", role = \"{role}\" }}", email(name)))
    };
    let members: Vec<String> = PEOPLE.iter().filter_map(member).collect();
    format!("\n[[teams]]\nslug = \"{team}\"\nname = \"Team {}\"\nmembers = [{}]\n", mark(team), members.join(", "))
}

fn provider(slug: &str, team: &str, upstream: &FakeUpstream) -> String {
    format!(
        "\n[[providers]]\nslug = \"{slug}\"\nkind = \"openai-compatible\"\nbase_url = \"{}\"\ncredential_env = \"LOCAL_KEY\"\n{team}",
        upstream.base_url()
    )
}

/// The alias tells whose it is, and nothing that a client sends names it.
fn model(slug: &str, provider: &str) -> String {
    format!(
        r#"
[[models]]
slug = "{slug}"
provider = "{provider}"
upstream_model = "fake-{slug}"
context_window = 128000
max_output = 4096
price = {{ input = "2.50", cache_read = "0.25", output = "10.00" }}
aliases = ["{slug}-{}"]
"#,
        mark(slug)
    )
}
