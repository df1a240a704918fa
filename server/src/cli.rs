//! The command line. One more command: a variant of [`Command`], its file in `cli/`, and its line in [`run`].

use std::{path::PathBuf, process::ExitCode};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::{Config, SETTINGS};

mod admin;
mod apply;
mod doctor;
mod migrate;
mod prices;
mod rotate;
mod secrets;
mod serve;

/// One gateway, one prompt library, one ledger and one benchmark table for every code model a team uses.
#[derive(Debug, Parser)]
#[command(name = "tallygate", version, arg_required_else_help = true, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway and the dashboard. Without DATABASE_URL it brings its own Postgres under DATA_DIR.
    Serve,
    /// Bring the schema of the database at DATABASE_URL up to date.
    Migrate,
    /// Say what is missing or wrong, and what to do about it. Changes nothing.
    #[command(after_help = "Exit code 0: nothing has failed, though there may be warnings. 1: something has failed.")]
    Doctor {
        /// Print the findings as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write the instance as a bundle. Its secrets are named, never written.
    Export {
        /// The file to write; absent: standard output.
        #[arg(long, short)]
        output: Option<PathBuf>,
    },
    /// Show what `apply` would change, without changing anything.
    #[command(
        after_help = "`+` makes something, `~` changes the fields that are named. What the bundle does not name stays."
    )]
    Plan {
        /// The bundle: a TOML file that describes users, teams, providers, models and keys.
        bundle: PathBuf,
    },
    /// Make the instance as the bundle describes it. A second time changes nothing.
    Apply {
        /// The bundle: a TOML file that describes users, teams, providers, models and keys.
        bundle: PathBuf,
    },
    /// Price files: what they would change, and taking it over.
    #[command(subcommand)]
    Prices(prices::Prices),
    /// Acts of the operator, who has the shell and the database.
    #[command(subcommand)]
    Admin(admin::Admin),
}

const EXAMPLES: &str = "\
Examples:
  tallygate serve                              run it; the first start prints where to set it up
  tallygate doctor                             is everything well?
  tallygate plan acme.toml                     what would this bundle change?
  CI_KEY=$(tallygate admin new-key) tallygate apply acme.toml
  tallygate export --output acme.toml          describe this instance in one file
  tallygate admin reset-password --email ada@example.com < password.txt
  tallygate admin rotate-master-key            then restart, then again with --finish
";

/// Examples and settings, below the list of commands.
fn after_help() -> String {
    let wide = |width: fn(&(&str, &str, &str)) -> usize| SETTINGS.iter().map(width).max().unwrap_or(0);
    let (name_wide, default_wide) = (wide(|setting| setting.0.len()), wide(|setting| setting.1.len()));
    let line = |(name, default, about): &(&str, &str, &str)| {
        format!("  {name:<name_wide$}  {default:<default_wide$}  {about}\n")
    };
    let settings: String = SETTINGS.iter().map(line).collect();
    format!(
        "{EXAMPLES}\nSettings come from the environment. NAME_FILE names a file that holds the value of NAME.\n{settings}"
    )
}

/// Parses the arguments, reads the settings and runs the command.
pub async fn run() -> anyhow::Result<ExitCode> {
    let matches = Arguments::command().after_help(after_help()).get_matches();
    let Arguments { command } = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // Making a key needs no settings and no database.
    if let Command::Admin(admin::Admin::NewKey) = command {
        return admin::new_key().map(|()| ExitCode::SUCCESS);
    }
    let config = Config::from_env();
    crate::telemetry::init(config.as_ref().map_or("info", |config| &config.log));
    crate::telemetry::hide_panic_messages();
    // Wrong settings are among its findings.
    if let Command::Doctor { json } = command {
        return doctor::run(config, json).await;
    }
    let config = config?;
    match command {
        Command::Serve => serve::run(config).await?,
        Command::Migrate => migrate::run(config).await?,
        Command::Doctor { .. } => {}
        Command::Export { output } => apply::export(config, output).await?,
        Command::Plan { bundle } => apply::run(config, &bundle, apply::Mode::Plan).await?,
        Command::Apply { bundle } => apply::run(config, &bundle, apply::Mode::Apply).await?,
        Command::Prices(command) => prices::run(config, command).await?,
        Command::Admin(command) => admin::run(config, command).await?,
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_fit_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_help_names_every_command_every_setting_and_shows_examples() {
        let help = Arguments::command().after_help(after_help()).render_help().to_string();
        for command in Arguments::command().get_subcommands() {
            assert!(help.contains(&format!("  {} ", command.get_name())), "{}", command.get_name());
        }
        for (name, ..) in SETTINGS {
            assert!(help.contains(name), "{name}");
        }
        assert!(help.lines().all(|line| line.chars().count() <= 140), "{help}");
    }
}
