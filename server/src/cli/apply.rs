//! `tallygate plan` and `tallygate apply`: an instance described in one file.

use std::path::Path;

use anyhow::Context as _;
use control::{Actor, bundle};

use super::secrets::FromShell;
use crate::{Config, foundation::Foundation};

/// Look, or do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Plan,
    Apply,
}

pub async fn run(mut config: Config, path: &Path, mode: Mode) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(path).with_context(|| format!("bundle {}", path.display()))?;
    let foundation = Foundation::lay(&mut config).await?;
    let (actor, secrets) = (Actor::operator(), FromShell { data_dir: config.data_dir.clone() });
    let outcome = match mode {
        Mode::Plan => bundle::plan(&foundation.control, &actor, &text, &secrets).await,
        Mode::Apply => bundle::apply(&foundation.control, &actor, &text, &secrets).await,
    };
    foundation.remove().await?;
    let changes = outcome.map_err(|error| anyhow::anyhow!("{}", describe(error.into_api())))?;
    for change in &changes {
        println!("{change}");
    }
    match (mode, changes.len()) {
        (_, 0) => println!("nothing to change"),
        (Mode::Plan, n) => println!("{n} changes planned"),
        (Mode::Apply, n) => println!("{n} changes applied"),
    }
    Ok(())
}

/// The refusal with every wrong field on a line of its own.
fn describe(error: domain::ApiError) -> String {
    let fields = error.fields.iter().map(|field| format!("\n  {}: {}", field.field, field.message));
    std::iter::once(error.message.clone()).chain(fields).collect()
}
