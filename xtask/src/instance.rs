//! An instance of the product that a bench or `seed` starts: its program, its folders, its commands.
//!
//! Nothing is inherited from whoever calls but `PATH`, and for a database of somebody else's the key that opens its secrets.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::shell;

/// How it was built, and whether to build it first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// As it is shipped, built now.
    Release,
    /// As it lies there: sources that others edit meanwhile would be another product at every run.
    AsBuilt,
    /// For work on the tools themselves.
    Debug,
}

impl Build {
    /// The program, built when it is to be. A build together with tools could switch on more of its libraries.
    pub fn program(self) -> Result<PathBuf> {
        if self == Self::Release {
            shell::run(&mut shell::cargo(&["build", "--release", "-p", "server", "--bin", "tallygate"]))?;
        }
        let program = if self == Self::Debug { "target/debug/tallygate" } else { "target/release/tallygate" };
        let program = shell::absolute(program)?;
        if !program.is_file() {
            bail!("there is no {}", program.display());
        }
        Ok(program)
    }

    /// As a report says it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::AsBuilt => "release, as built before",
            Self::Debug => "debug: figures mean nothing",
        }
    }
}

pub struct Instance {
    program: PathBuf,
    pub data: PathBuf,
    site: PathBuf,
    /// `None`: a Postgres of its own in `data`.
    database: Option<String>,
}

impl Instance {
    /// Everything it keeps is in `folder`.
    pub fn new(program: PathBuf, folder: &Path, database: Option<String>) -> Result<Self> {
        let site = folder.join("site");
        fs::create_dir_all(&site).with_context(|| format!("cannot make {}", site.display()))?;
        // No browser comes here, so browser files without content will do.
        fs::write(site.join("site.json"), r#"{"hash": "none"}"#)?;
        Ok(Self { program, data: folder.join("data"), site, database })
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = shell::program(&self.program, args);
        command.env_clear().env("LISTEN", "127.0.0.1:0").env("LOG", "warn");
        command.env("DATA_DIR", &self.data).env("SITE_DIR", &self.site);
        let mut inherited = vec!["PATH"];
        if let Some(url) = &self.database {
            command.env("DATABASE_URL", url);
            inherited.extend(["MASTER_KEY", "MASTER_KEY_FILE"]);
        }
        for name in inherited {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    /// Runs a command to its end; what it printed.
    pub fn run(&self, args: &[&str], secrets: &[(&str, &str)]) -> Result<String> {
        let mut command = self.command(args);
        let output = command.envs(secrets.iter().copied()).stdin(Stdio::null()).output().context("tallygate")?;
        if !output.status.success() {
            std::io::stderr().write_all(&output.stderr)?;
            bail!("tallygate {} ended with {}", args.join(" "), output.status);
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}
