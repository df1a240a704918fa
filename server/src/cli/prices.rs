//! `tallygate prices`: a community price file compared with this instance, and taken over model by model.

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::{Context as _, bail};
use clap::{Subcommand, ValueEnum};
use control::{
    Actor,
    prices::import::{self, LARGEST_FILE},
};
use domain::price::import::{ImportChange, ImportChoice, ImportChoices, ImportLine, ImportPreview};

use crate::{Config, foundation::Foundation};

#[derive(Debug, Subcommand)]
pub enum Prices {
    /// Show what a community price file would change. Nothing is written unless models are accepted.
    Import {
        file: PathBuf,
        /// Accept the changes of every model.
        #[arg(long)]
        accept: Option<Everything>,
        /// Accept the changes of this model; may be given more than once.
        #[arg(long = "model", conflicts_with = "accept")]
        models: Vec<String>,
        /// Accept a change of more than five times for this model; may be given more than once.
        #[arg(long = "confirm-jump")]
        jumps: Vec<String>,
        /// The day the file was made, such as 2026-11-12.
        #[arg(long, default_value = "")]
        date: String,
    },
}

/// `--accept all`: spelled out, so that nobody accepts everything by a slip.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Everything {
    All,
}

pub async fn run(mut config: Config, command: Prices) -> anyhow::Result<()> {
    let Prices::Import { file, accept, models, jumps, date } = command;
    let size = std::fs::metadata(&file).with_context(|| format!("price file {}", file.display()))?.len();
    if size > LARGEST_FILE as u64 {
        bail!("price file {}: larger than 16 MiB", file.display());
    }
    let bytes = std::fs::read(&file).with_context(|| format!("price file {}", file.display()))?;
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let wanted = Wanted { everything: accept.is_some(), models, jumps };
    let foundation = Foundation::lay(&mut config).await?;
    let outcome = act(&foundation, &bytes, name, date, &wanted).await;
    foundation.remove().await?;
    println!("{}", outcome?);
    Ok(())
}

/// What the arguments accept.
struct Wanted {
    everything: bool,
    models: Vec<String>,
    jumps: Vec<String>,
}

impl Wanted {
    fn takes(&self, change: &ImportChange) -> bool {
        self.everything || self.models.contains(&change.model)
    }
}

async fn act(
    foundation: &Foundation,
    bytes: &[u8],
    file: String,
    file_date: String,
    wanted: &Wanted,
) -> anyhow::Result<String> {
    let (ctx, actor) = (&foundation.control, Actor::operator());
    let preview = import::preview(ctx, &actor, bytes).await.map_err(words)?;
    print!("{}", describe(&preview));
    let chosen: Vec<&ImportChange> = preview.changes.iter().filter(|change| wanted.takes(change)).collect();
    let known: BTreeSet<&str> = preview.changes.iter().map(|change| change.model.as_str()).collect();
    if let Some(unknown) = wanted.models.iter().chain(&wanted.jumps).find(|name| !known.contains(name.as_str())) {
        bail!("the file changes nothing for a model {unknown:?}");
    }
    if chosen.is_empty() {
        return Ok("nothing accepted, nothing written".to_owned());
    }
    let is_sure = |change: &&&ImportChange| wanted.jumps.contains(&change.model);
    let choices = ImportChoices {
        file,
        file_date,
        choices: chosen.iter().map(|change| ImportChoice::from(*change)).collect(),
        confirmed_jumps: chosen.iter().filter(is_sure).map(|change| change.deployment).collect(),
    };
    let done = import::accept(ctx, &actor, bytes, choices).await.map_err(words)?;
    Ok(format!("prices taken over: {}, models described: {}; they stay unconfirmed", done.versions, done.models))
}

fn words(error: control::Error) -> anyhow::Error {
    let error = error.into_api();
    let fields: BTreeSet<&str> = error.fields.iter().map(|field| field.message.as_str()).collect();
    if fields.is_empty() {
        return anyhow::anyhow!("{}", error.message);
    }
    anyhow::anyhow!("{}", fields.into_iter().collect::<Vec<_>>().join("\n"))
}

/// The same difference that the page shows.
fn describe(preview: &ImportPreview) -> String {
    let mut text = String::new();
    for change in &preview.changes {
        text += &format!("{} ({}, from {})\n", change.model, change.place, change.entry);
        change.lines.iter().for_each(|line| text += &format!("  {}\n", rate(line)));
        change.facts.iter().for_each(|fact| text += &format!("  {fact}\n"));
        change.notes.iter().for_each(|note| text += &format!("  note: {note}\n"));
    }
    for it in &preview.review {
        text += &format!("review {} {} {}: {}\n", it.entry, it.field, it.value, it.reason);
    }
    if !preview.unknown.is_empty() {
        text += &format!("not in the file: {}\n", preview.unknown.join(", "));
    }
    let (changes, same, rest) = (preview.changes.len(), preview.same, preview.not_matched);
    text + &format!("models that differ: {changes}, the same: {same}; entries of the file not used here: {rest}\n")
}

fn rate(line: &ImportLine) -> String {
    let side = |rate: &str| if rate.is_empty() { "none".to_owned() } else { rate.to_owned() };
    let ratio = if line.ratio.is_empty() { String::new() } else { format!(" {}", line.ratio) };
    let jump = if line.is_jump { " JUMP" } else { "" };
    format!("{}: {} -> {}{ratio}{jump}", line.label, side(&line.old), side(&line.new))
}

#[cfg(test)]
mod tests {
    use domain::price::{Pico, PriceClass, PriceComponent, Variant, import::differences};

    use super::*;

    #[test]
    fn a_line_names_its_place_both_rates_and_a_jump() {
        let at = |variant, above_input_tokens, rate| PriceComponent {
            class: PriceClass::Output,
            variant,
            above_input_tokens,
            rate: Pico(rate),
        };
        let old = [at(Variant::Standard, 0, 1_000_000), at(Variant::Batch, 0, 500_000)];
        let new = [at(Variant::Standard, 0, 6_000_000), at(Variant::Batch, 200_000, 500_000)];
        let lines: Vec<String> = differences(&old, &new).iter().map(rate).collect();
        assert_eq!(
            lines,
            [
                "Output: 1.00 -> 6.00 ×6.00 JUMP",
                "Output, batch: 0.50 -> none",
                "Output, batch, above 200,000 input tokens: none -> 0.50",
            ]
        );
    }
}
