//! The command line. One more command: a variant of [`Command`], its file in `cli/`, and its line in [`Command::run`].

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::config::Config;

mod admin;
mod apply;
mod migrate;
mod prices;
mod secrets;
mod serve;

/// One gateway, one prompt library, one ledger and one benchmark table for every code model a team uses.
#[derive(Debug, Parser)]
#[command(name = "tallygate", version, arg_required_else_help = true)]
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
    /// Show what `apply` would change, without changing anything.
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

/// Parses the arguments, reads the settings and runs the command.
pub async fn run() -> anyhow::Result<()> {
    let Arguments { command } = Arguments::parse();
    // Making a key needs no settings and no database.
    if let Command::Admin(admin::Admin::NewKey) = command {
        return admin::new_key();
    }
    let config = Config::from_env()?;
    crate::telemetry::init(&config.log);
    crate::telemetry::hide_panic_messages();
    match command {
        Command::Serve => serve::run(config).await,
        Command::Migrate => migrate::run(config).await,
        Command::Plan { bundle } => apply::run(config, &bundle, apply::Mode::Plan).await,
        Command::Apply { bundle } => apply::run(config, &bundle, apply::Mode::Apply).await,
        Command::Prices(command) => prices::run(config, command).await,
        Command::Admin(command) => admin::run(config, command).await,
    }
}
