//! The bundle: an instance described in one file, applied in one transaction. A second `apply` changes nothing.
//!
//! [`plan`] runs the very same steps as [`apply`] and rolls back, so it cannot promise something else. Secrets are references
//! to environment variables or files, which the caller resolves: this crate reads neither. What a bundle does not name stays as it
//! is. One more section: a file below with its entry type and its step, a field in [`Document`], a line in [`SECTIONS`].

use std::{fmt, pin::Pin};

use domain::{ApiError, ErrorKind, error::FieldErrors, permission::Permission};
use serde::Deserialize;
use store::pool::Tx;

use crate::{Actor, Context, Error, audit};

mod instance;
mod keys;
mod models;
mod providers;
mod secret;
mod teams;
mod users;

pub use secret::Secrets;

/// Where a section's work happens; later sections rely on what earlier ones wrote.
struct Section {
    name: &'static str,
    step: Step,
}

type Step = for<'r> fn(&'r mut Run<'_>) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'r>>;

static SECTIONS: &[Section] = &[
    Section { name: "instance", step: |run| Box::pin(instance::apply(run)) },
    Section { name: "users", step: |run| Box::pin(users::apply(run)) },
    Section { name: "teams", step: |run| Box::pin(teams::apply(run)) },
    Section { name: "providers", step: |run| Box::pin(providers::apply(run)) },
    Section { name: "models", step: |run| Box::pin(models::apply(run)) },
    Section { name: "keys", step: |run| Box::pin(keys::apply(run)) },
];

/// The file. Unknown tables and fields are refused by name and line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    instance: instance::Entry,
    #[serde(default)]
    users: Vec<users::Entry>,
    #[serde(default)]
    teams: Vec<teams::Entry>,
    #[serde(default)]
    providers: Vec<providers::Entry>,
    #[serde(default)]
    models: Vec<models::Entry>,
    #[serde(default)]
    keys: Vec<keys::Entry>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Create,
    Change,
}

impl Action {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
        }
    }
}

/// One line of the plan: `change model gpt-4o: price, aliases`.
#[derive(Clone, PartialEq, Eq)]
pub struct Change {
    pub action: Action,
    /// `team`, `provider`, …
    pub kind: &'static str,
    pub name: String,
    /// Which fields a change is about.
    pub fields: Vec<&'static str>,
    /// The secret of a key that `apply` has just made, to be printed once. Never in a plan.
    pub shown_once: Option<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, kind, name, fields, shown_once: _ } = self;
        write!(f, "{} {kind} {name}", action.as_str())?;
        if *action == Action::Change { write!(f, ": {}", fields.join(", ")) } else { Ok(()) }
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One pass over a document, inside one transaction.
struct Run<'a> {
    ctx: &'a Context,
    actor: &'a Actor,
    tx: Tx,
    document: &'a Document,
    secrets: &'a dyn Secrets,
    errors: FieldErrors,
    changes: Vec<Change>,
}

impl Run<'_> {
    /// Notes a change and writes its audit row.
    async fn note(
        &mut self,
        action: Action,
        kind: &'static str,
        name: &str,
        fields: &[&'static str],
    ) -> Result<(), Error> {
        let (object, verb) = (format!("{kind} {name}"), format!("bundle.{}", action.as_str()));
        let act = audit::Act { team: None, action: &verb, object: &object, fields };
        audit::record(self.ctx, self.actor, &mut self.tx, act).await?;
        let (name, fields) = (name.to_owned(), fields.to_vec());
        self.changes.push(Change { action, kind, name, fields, shown_once: None });
        Ok(())
    }

    /// Takes over the wrong fields of one entry as `providers.local.base_url`; other errors end the run.
    fn entry<T>(&mut self, section: &str, name: &str, result: Result<T, Error>) -> Result<Option<T>, Error> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(Error::Invalid(error)) => {
                for field in &error.fields {
                    self.errors.add(&format!("{section}.{name}.{}", field.field), field.message.clone());
                }
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// What [`apply`] would do. Nothing is written.
pub async fn plan(ctx: &Context, actor: &Actor, text: &str, secrets: &dyn Secrets) -> Result<Vec<Change>, Error> {
    let (_rolled_back, mut changes) = execute(ctx, actor, text, secrets).await?;
    for change in &mut changes {
        change.shown_once = None;
    }
    Ok(changes)
}

/// Makes the instance as the bundle says, all or nothing. No changes: it was so already.
pub async fn apply(ctx: &Context, actor: &Actor, text: &str, secrets: &dyn Secrets) -> Result<Vec<Change>, Error> {
    let (mut tx, changes) = execute(ctx, actor, text, secrets).await?;
    if !changes.is_empty() {
        store::notify::config(&mut tx).await?;
        store::pool::commit(tx).await?;
    }
    Ok(changes)
}

async fn execute(ctx: &Context, actor: &Actor, text: &str, secrets: &dyn Secrets) -> Result<(Tx, Vec<Change>), Error> {
    // A bundle may make owners, so it takes who may make them.
    actor.require_instance(Permission::GrantInstanceAdmin)?;
    let document = parse(text)?;
    let mut tx = ctx.begin().await?;
    store::instance::lock(&mut tx).await?;
    let mut run =
        Run { ctx, actor, tx, document: &document, secrets, errors: FieldErrors::default(), changes: Vec::new() };
    for section in SECTIONS {
        tracing::debug!(section = section.name, "applying bundle section");
        (section.step)(&mut run).await?;
    }
    let Run { tx, errors, changes, .. } = run;
    errors.finish().map_err(all_at_once)?;
    Ok((tx, changes))
}

/// A bundle is read in a terminal: the message lists every wrong field.
fn all_at_once(error: ApiError) -> ApiError {
    let lines: Vec<String> = error.fields.iter().map(|field| format!("{}: {}", field.field, field.message)).collect();
    ApiError { message: lines.join("\n"), ..error }
}

/// Reads the file. The message names the line and the field, and never quotes the line: somebody may have written a secret
/// into it.
fn parse(text: &str) -> Result<Document, ApiError> {
    toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
        ApiError::new(ErrorKind::Invalid, format!("line {line}: {}", error.message()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        parse(text).err().map(|error| error.message).expect("refused")
    }

    #[test]
    fn unknown_tables_and_fields_are_named_with_their_line() {
        assert!(
            refused("[instance]\nname = \"x\"\n\n[[routes]]\nslug = \"a\"\n")
                .starts_with("line 4: unknown field `routes`")
        );
        assert!(
            refused("[[teams]]\nslug = \"a\"\nname = \"A\"\ncolour = \"red\"\n")
                .starts_with("line 4: unknown field `colour`")
        );
        let unknown = refused("[[models]]\nslug = \"a\"\nprovider = \"p\"\nprice = { inptu = \"1\" }\n");
        assert!(unknown.starts_with("line 4: unknown field `inptu`"), "{unknown}");
    }

    #[test]
    fn a_secret_that_stands_in_the_file_by_mistake_is_not_repeated() {
        let message = refused("[[providers]]\nslug = \"a\"\nkind = \"demo\"\ncredential = \"sk-canary-123\"\n");
        assert!(message.contains("`credential`") && !message.contains("canary"), "{message}");
    }

    #[test]
    fn a_price_is_text_because_numbers_would_be_floats() {
        let message = refused("[[models]]\nslug = \"a\"\nprovider = \"p\"\nprice = { input = 2.5, output = \"1\" }\n");
        assert!(message.starts_with("line 4: ") && message.contains("expected a string"), "{message}");
    }
}
