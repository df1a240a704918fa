//! `tallygate export`, `plan` and `apply`: an instance described in one file.

use std::{
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use control::{Actor, bundle};
use domain::bundle::{ChangeAction, LARGEST_BUNDLE, PlannedChange};

use super::secrets::FromShell;
use crate::{Config, foundation::Foundation};

/// Look, or do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Plan,
    Apply,
}

pub async fn run(mut config: Config, path: &Path, mode: Mode) -> anyhow::Result<()> {
    let text = read(path).with_context(|| format!("bundle {}", path.display()))?;
    let foundation = Foundation::lay(&mut config).await?;
    let (actor, secrets) = (Actor::operator(), FromShell::new(&config));
    let outcome = match mode {
        Mode::Plan => bundle::plan(&foundation.control, &actor, &text, &secrets).await,
        Mode::Apply => bundle::apply(&foundation.control, &actor, &text, &secrets).await,
    };
    foundation.remove().await?;
    let changes = outcome.map_err(|error| anyhow::anyhow!("{}", describe(error.into_api())))?;
    print!("{}", report(&changes, mode));
    Ok(())
}

/// Writes the instance as a bundle, to a file of its own or to standard output.
pub async fn export(mut config: Config, output: Option<PathBuf>) -> anyhow::Result<()> {
    let foundation = Foundation::lay(&mut config).await?;
    let outcome = bundle::export(&foundation.control, &Actor::operator()).await;
    foundation.remove().await?;
    let text = outcome.map_err(|error| anyhow::anyhow!("{}", describe(error.into_api())))?;
    match output {
        None => Ok(std::io::stdout().lock().write_all(text.as_bytes())?),
        Some(path) => {
            write(&path, &text).with_context(|| format!("bundle {}", path.display()))?;
            eprintln!("written to {}; it holds no secrets, but the names of people and providers", path.display());
            Ok(())
        }
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    if std::fs::metadata(path)?.len() > LARGEST_BUNDLE as u64 {
        bail!("larger than 1 MiB");
    }
    Ok(std::fs::read_to_string(path)?)
}

/// It names everybody and every address: readable by its owner alone. A file that is there already is replaced as a whole.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".draft");
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(std::fs::rename(&draft, path)?)
}

/// A line for each change: `+` makes, `~` changes, with the fields that differ. Secrets that were made stand below their key.
fn report(changes: &[PlannedChange], mode: Mode) -> String {
    let mut text = String::new();
    for PlannedChange { action, kind, name, fields, shown_once } in changes {
        let line = match action {
            ChangeAction::Create => format!("+ {kind} {name}\n"),
            ChangeAction::Change => format!("~ {kind} {name}: {}\n", fields.join(", ")),
        };
        text.push_str(&line);
        if let Some(secret) = shown_once {
            text.push_str(&format!("  its secret, shown this once: {secret}\n"));
        }
    }
    let new = changes.iter().filter(|change| change.action == ChangeAction::Create).count();
    let (changed, done) = (changes.len() - new, if mode == Mode::Plan { "planned" } else { "applied" });
    text + &match changes.len() {
        0 => "nothing to change\n".to_owned(),
        1 => format!("1 change {done}\n"),
        all => format!("{all} changes {done}: {new} new, {changed} different\n"),
    }
}

/// The refusal, with every wrong field that it does not tell of itself on a line of its own.
fn describe(error: domain::ApiError) -> String {
    let untold = error.fields.iter().filter(|field| !error.message.contains(&field.message));
    let lines = untold.map(|field| format!("\n  {}: {}", field.field, field.message));
    std::iter::once(error.message.clone()).chain(lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(action: ChangeAction, kind: &str, name: &str, fields: &[&str]) -> PlannedChange {
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        PlannedChange { action, kind: kind.to_owned(), name: name.to_owned(), fields, shown_once: None }
    }

    #[test]
    fn a_plan_reads_as_a_difference() {
        let changes = [
            change(ChangeAction::Create, "team", "payments", &[]),
            change(ChangeAction::Change, "model", "gpt-4o", &["price", "aliases"]),
        ];
        assert_eq!(
            report(&changes, Mode::Plan),
            "+ team payments\n~ model gpt-4o: price, aliases\n2 changes planned: 1 new, 1 different\n"
        );
        assert_eq!(report(&[], Mode::Apply), "nothing to change\n");
    }

    #[test]
    fn a_secret_that_was_made_stands_below_its_key() {
        let mut key = change(ChangeAction::Create, "key", "ci", &[]);
        key.shown_once = Some("tg_x".to_owned());
        assert!(report(&[key], Mode::Apply).starts_with("+ key ci\n  its secret, shown this once: tg_x\n"));
    }
}
