//! The real `tallygate` binary as a child process: for what only a process can show, such as dying.
//!
//! Its output is read all the time; a test waits for lines, never for a time.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

const PATIENCE: Duration = Duration::from_secs(120);

/// Settings of one instance, as environment variables. Nothing is inherited but `PATH`.
pub type Environment = BTreeMap<String, String>;

/// The binary named by `TALLYGATE_BIN`, else the one that was built beside this test.
pub fn tallygate() -> Result<PathBuf> {
    let beside = || {
        let test = std::env::current_exe().ok()?;
        Some(test.parent()?.parent()?.join("tallygate"))
    };
    let path = std::env::var_os("TALLYGATE_BIN").map(PathBuf::from).or_else(beside);
    match path {
        Some(path) if path.is_file() => Ok(path),
        other => bail!("no tallygate binary at {other:?}: build it with `cargo build -p server`"),
    }
}

fn command(environment: &Environment, words: &[&str]) -> Result<Command> {
    let mut command = Command::new(tallygate()?);
    command.args(words).env_clear().envs(environment).stdin(Stdio::null()).kill_on_drop(true);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    Ok(command)
}

/// What a command printed on both of its outputs, and whether it succeeded.
pub struct Output {
    pub is_success: bool,
    pub text: String,
}

/// Runs a command to its end, however that is.
pub async fn output(environment: &Environment, words: &[&str]) -> Result<Output> {
    let output = tokio::time::timeout(PATIENCE, command(environment, words)?.output()).await??;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Ok(Output { is_success: output.status.success(), text: format!("{out}{err}") })
}

/// Runs a command to its end; its standard output.
pub async fn run(environment: &Environment, words: &[&str]) -> Result<String> {
    let output = tokio::time::timeout(PATIENCE, command(environment, words)?.output()).await??;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "tallygate {words:?} ended with {}:\n{out}{err}", output.status);
    Ok(out.into_owned())
}

/// Applies a bundle text; the folder keeps the file.
pub async fn apply(environment: &Environment, folder: &Path, bundle: &str) -> Result<String> {
    let path = folder.join("bundle.toml");
    std::fs::write(&path, bundle)?;
    run(environment, &["apply", path.to_str().context("the folder has a plain name")?]).await
}

/// `tallygate serve` in a process of its own.
pub struct Serving {
    child: Child,
    /// Kept open: a server that cannot write its output must not be what a test sees.
    lines: Lines<BufReader<ChildStdout>>,
    pub url: String,
}

impl Serving {
    /// Starts it and waits for the line that says where.
    pub async fn start(environment: &Environment) -> Result<Self> {
        Self::spawn(command(environment, &["serve"])?).await
    }

    /// The same with its log in a file.
    pub async fn start_logged(environment: &Environment, log: &Path) -> Result<Self> {
        let mut command = command(environment, &["serve"])?;
        command.stderr(std::fs::File::create(log)?);
        Self::spawn(command).await
    }

    async fn spawn(mut command: Command) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("its output is a pipe")?).lines();
        let find = async {
            while let Some(line) = lines.next_line().await? {
                if let Some(url) = line.strip_prefix("listening on ") {
                    return Ok(url.trim().to_owned());
                }
            }
            bail!("tallygate serve ended before it listened")
        };
        let url = tokio::time::timeout(PATIENCE, find).await.context("tallygate serve did not listen")??;
        Ok(Self { child, lines, url })
    }

    /// The one-time code, which a server without an owner prints after where it listens.
    pub async fn setup_code(&mut self) -> Result<String> {
        let find = async {
            while let Some(line) = self.lines.next_line().await? {
                if let Some(code) = line.strip_prefix("the set-up code is ") {
                    return Ok(code.trim().to_owned());
                }
            }
            bail!("tallygate serve ended before it printed a code")
        };
        tokio::time::timeout(PATIENCE, find).await.context("no set-up code was printed")?
    }

    /// SIGKILL: no handler runs, nothing is flushed. Returns when the process is gone.
    pub async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}
