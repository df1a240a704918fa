//! The bundle: an instance described in one file, applied in one transaction. A second `apply` changes nothing.
//!
//! [`plan`] runs the very same steps as [`apply`] and rolls back, so it cannot promise something else. Secrets are references
//! to environment variables or files, which the caller resolves: this crate reads neither. What a bundle does not name stays as it
//! is, and so does a field that an entry leaves out; a new thing gets the usual value. One more section: a file below with its
//! entry type and its step, a field in [`Document`], a line in [`SECTIONS`].

use std::{collections::HashSet, pin::Pin};

use domain::{
    ApiError, ErrorKind,
    bundle::{ChangeAction as Action, LARGEST_BUNDLE, PlannedChange},
    error::FieldErrors,
    id::{TeamId, UserId},
    permission::Permission,
};
use serde::{Deserialize, Serialize};
use store::pool::Tx;

use crate::{Actor, Context, Error, audit};

mod instance;
mod keys;
mod models;
mod providers;
mod secret;
mod teams;
mod users;

use secret::Brought;
pub use secret::Secrets;

/// Where a section's work happens; later sections rely on what earlier ones wrote.
struct Section {
    name: &'static str,
    step: Step,
    export: Export,
}

type Work<'r> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'r>>;
type Step = for<'r> fn(&'r mut Run<'_>) -> Work<'r>;
/// Writes what there is into the document, so that applying it would change nothing.
type Export = for<'r> fn(&'r mut Tx, &'r mut Document) -> Work<'r>;

static SECTIONS: &[Section] = &[
    Section {
        name: "instance",
        step: |run| Box::pin(instance::apply(run)),
        export: |tx, out| Box::pin(instance::export(tx, out)),
    },
    Section {
        name: "users",
        step: |run| Box::pin(users::apply(run)),
        export: |tx, out| Box::pin(users::export(tx, out)),
    },
    Section {
        name: "teams",
        step: |run| Box::pin(teams::apply(run)),
        export: |tx, out| Box::pin(teams::export(tx, out)),
    },
    Section {
        name: "providers",
        step: |run| Box::pin(providers::apply(run)),
        export: |tx, out| Box::pin(providers::export(tx, out)),
    },
    Section {
        name: "models",
        step: |run| Box::pin(models::apply(run)),
        export: |tx, out| Box::pin(models::export(tx, out)),
    },
    Section { name: "keys", step: |run| Box::pin(keys::apply(run)), export: |tx, out| Box::pin(keys::export(tx, out)) },
];

/// The file. Unknown tables and fields are refused by name and line.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    instance: instance::Entry,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    users: Vec<users::Entry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    teams: Vec<teams::Entry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    providers: Vec<providers::Entry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    models: Vec<models::Entry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keys: Vec<keys::Entry>,
    /// What an export could not write down, in words.
    #[serde(skip)]
    left_out: Vec<String>,
}

/// The secrets of a document, one for each entry: read and hashed before the transaction begins, because that takes time and
/// everybody else waits for the transaction.
struct Ready {
    users: Vec<users::Ready>,
    providers: Vec<Brought>,
    keys: Vec<keys::Ready>,
}

impl Ready {
    async fn of(ctx: &Context, document: &Document, secrets: &dyn Secrets) -> Result<Self, Error> {
        Ok(Self {
            users: users::ready(ctx, &document.users, secrets).await?,
            providers: document.providers.iter().map(|entry| providers::ready(entry, secrets)).collect(),
            keys: document.keys.iter().map(|entry| keys::ready(entry, secrets)).collect(),
        })
    }
}

/// One pass over a document, inside one transaction.
struct Run<'a> {
    ctx: &'a Context,
    actor: &'a Actor,
    tx: Tx,
    document: &'a Document,
    ready: &'a Ready,
    /// Section and key of the entries so far.
    seen: HashSet<(&'static str, String)>,
    /// Who led a team and does so no more. Somebody else has to, once all is done.
    stepped_down: Vec<(TeamId, String, UserId)>,
    errors: FieldErrors,
    changes: Vec<PlannedChange>,
}

impl Run<'_> {
    /// Notes a change and writes its audit row; `team` is whose thing it is, if it is one's.
    async fn note(
        &mut self,
        action: Action,
        (kind, name): (&'static str, &str),
        team: Option<TeamId>,
        fields: &[&'static str],
    ) -> Result<(), Error> {
        let (object, verb) = (format!("{kind} {name}"), format!("bundle.{}", action.as_str()));
        let act = audit::Act { team, action: &verb, object: &object, fields };
        audit::record(self.ctx, self.actor, &mut self.tx, act).await?;
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        let (kind, name) = (kind.to_owned(), name.to_owned());
        self.changes.push(PlannedChange { action, kind, name, fields, shown_once: None });
        Ok(())
    }

    /// Refuses what stands in the file before: which of the two counts would be luck.
    fn once(&mut self, section: &'static str, key: String) -> Result<(), ApiError> {
        if self.seen.insert((section, key)) {
            return Ok(());
        }
        Err(ApiError::new(ErrorKind::Invalid, "stands in the bundle twice: leave one of them"))
    }

    /// Takes over the wrong fields of one entry as `providers.local.base_url`, and what is wrong with all of it as
    /// `providers.local`; other errors end the run.
    fn entry<T>(&mut self, section: &str, name: &str, result: Result<T, Error>) -> Result<Option<T>, Error> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(Error::Invalid(error)) => {
                if error.fields.is_empty() {
                    self.errors.add(&format!("{section}.{name}"), error.message);
                }
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
pub async fn plan(
    ctx: &Context,
    actor: &Actor,
    text: &str,
    secrets: &dyn Secrets,
) -> Result<Vec<PlannedChange>, Error> {
    let (_rolled_back, mut changes) = execute(ctx, actor, text, secrets).await?;
    for change in &mut changes {
        change.shown_once = None;
    }
    Ok(changes)
}

/// Makes the instance as the bundle says, all or nothing. No changes: it was so already.
pub async fn apply(
    ctx: &Context,
    actor: &Actor,
    text: &str,
    secrets: &dyn Secrets,
) -> Result<Vec<PlannedChange>, Error> {
    let (mut tx, changes) = execute(ctx, actor, text, secrets).await?;
    if !changes.is_empty() {
        store::notify::config(&mut tx).await?;
        store::pool::commit(tx).await?;
    }
    Ok(changes)
}

/// Above the entries of an export.
const HEAD: &str = "\
# An instance of Tallygate. Secrets are not in here: set the variables that it names, or name files instead,
# then look at `tallygate plan` before `tallygate apply`.

";

/// The instance as a bundle: applying it to an empty one makes an equal one, secrets aside. These it refers to by variables
/// whose names it makes up.
pub async fn export(ctx: &Context, actor: &Actor) -> Result<String, Error> {
    actor.require_instance(Permission::ManageBundle)?;
    let mut tx = ctx.begin().await?;
    store::instance::lock(&mut tx).await?;
    let mut document = Document::default();
    for section in SECTIONS {
        (section.export)(&mut tx, &mut document).await?;
    }
    let act = audit::Act { team: None, action: "bundle.export", object: "instance", fields: &[] };
    audit::record(ctx, actor, &mut tx, act).await?;
    store::pool::commit(tx).await?;
    let body = toml::to_string(&document).map_err(|error| {
        tracing::error!(%error, "the instance cannot be written as a bundle");
        ApiError::new(ErrorKind::Internal, "something went wrong on the server")
    })?;
    let left_out: String = document.left_out.iter().map(|what| format!("\n# Left out: {what}\n")).collect();
    Ok(format!("{HEAD}{body}{left_out}"))
}

async fn execute(
    ctx: &Context,
    actor: &Actor,
    text: &str,
    secrets: &dyn Secrets,
) -> Result<(Tx, Vec<PlannedChange>), Error> {
    actor.require_instance(Permission::ManageBundle)?;
    if text.len() > LARGEST_BUNDLE {
        let message = format!("the bundle is larger than {} KiB", LARGEST_BUNDLE / 1024);
        return Err(ApiError::new(ErrorKind::Invalid, message).into());
    }
    let document = parse(text)?;
    let ready = Ready::of(ctx, &document, secrets).await?;
    let mut tx = ctx.begin().await?;
    // In the order in which people's own changes take them: the instance, teams, accounts, and so on.
    store::instance::lock(&mut tx).await?;
    store::teams::lock_all(&mut tx).await?;
    let mut run = Run {
        ctx,
        actor,
        tx,
        document: &document,
        ready: &ready,
        seen: HashSet::new(),
        stepped_down: Vec::new(),
        errors: FieldErrors::default(),
        changes: Vec::new(),
    };
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
