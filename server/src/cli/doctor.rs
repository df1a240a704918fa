//! `tallygate doctor`: is everything there that this instance needs, and if not, what is to be done? Changes nothing.
//!
//! One more check: a function in one of the files below and its line in [`examine`]. Each finding is a line that is well, a
//! warning, or a failure, and the last two say what to do.

use std::{fmt, io::Write, process::ExitCode};

use serde::Serialize;

use crate::config::{Config, Problems};

mod database;
mod instance;
mod machine;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Ok,
    Warning,
    Failure,
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub check: &'static str,
    pub verdict: Verdict,
    pub says: String,
    /// What to do; empty when nothing is.
    pub advice: String,
}

impl Finding {
    pub fn ok(check: &'static str, says: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, says: says.into(), advice: String::new() }
    }

    pub fn warning(check: &'static str, says: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Warning, says: says.into(), advice: advice.into() }
    }

    pub fn failure(check: &'static str, says: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Failure, says: says.into(), advice: advice.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { check, verdict, says, advice } = self;
        let verdict = match verdict {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Failure => "failure",
        };
        write!(f, "{verdict:<8} {check:<11} {says}")?;
        if advice.is_empty() { Ok(()) } else { write!(f, "\n{:<21}{advice}", "") }
    }
}

/// Prints the report, for people or as JSON. Its exit code tells whether something has failed.
pub async fn run(config: Result<Config, Problems>, as_json: bool) -> anyhow::Result<ExitCode> {
    let findings = examine(config).await;
    let text = match as_json {
        true => serde_json::to_string_pretty(&findings)? + "\n",
        false => findings.iter().map(|finding| format!("{finding}\n")).collect(),
    };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    let has_failed = findings.iter().any(|finding| finding.verdict == Verdict::Failure);
    Ok(if has_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn examine(config: Result<Config, Problems>) -> Vec<Finding> {
    let mut config = match config {
        Ok(config) => config,
        Err(Problems(lines)) => {
            let wrong = |line| Finding::failure("settings", line, "see `tallygate --help` for all settings");
            return lines.into_iter().map(wrong).collect();
        }
    };
    let mut findings = vec![Finding::ok("settings", "can be read")];
    findings.extend(machine::public_url(&config));
    findings.push(machine::site(&config));
    findings.push(machine::disk(&config.data_dir));
    findings.extend(machine::sandbox());
    findings.extend(database::check(&mut config).await);
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_as_a_line_with_what_to_do_below_it() {
        assert_eq!(Finding::ok("disk", "12 GiB free").to_string(), "ok       disk        12 GiB free");
        assert_eq!(
            Finding::failure("database", "nobody answers", "start it").to_string(),
            "failure  database    nobody answers\n                     start it"
        );
    }

    #[tokio::test]
    async fn wrong_settings_are_failures_and_end_the_examination() {
        let findings = examine(Config::read(|name| (name == "LISTEN").then(|| "nowhere".to_owned()))).await;
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].verdict, Verdict::Failure);
        assert!(findings[0].says.starts_with("LISTEN must be"), "{findings:?}");
    }
}
