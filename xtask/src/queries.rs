//! Offline query data: what sqlx's macros know about each statement, kept in `server/store/.sqlx`.
//!
//! The macros write it themselves when they see a database, so a throw-away server with our migrations is all it takes.

use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use store::embedded::{DATABASE, Embedded, Options};

use crate::shell;

const KEPT: &str = "server/store/.sqlx";
const FRESH: &str = "target/sqlx";
const MIGRATIONS: &str = "migrations";
/// Cargo compiles the crate again when this file looks newer than its last result.
const TRIGGER: &str = "server/store/src/lib.rs";

/// File name to content.
type QueryData = BTreeMap<String, String>;

/// Compares the kept data with the database; with `fix` rewrites it.
pub fn run(fix: bool) -> Result<()> {
    let embedded = Embedded::start(&Options::temporary())?;
    let url = embedded.database_url(DATABASE);
    migrate(&embedded, &url)?;
    let checked = describe(&url);
    embedded.stop()?;

    let fresh = read(FRESH)?;
    let kept = read(KEPT)?;
    if let Err(error) = checked {
        if fix {
            // The crate may not compile only because data is missing elsewhere in it: what is known already helps.
            write(&fresh, &kept)?;
        }
        return Err(error);
    }
    if fix {
        write(&fresh, &kept)?;
        let stale = kept.keys().filter(|name| !fresh.contains_key(*name));
        for name in stale {
            fs::remove_file(Path::new(KEPT).join(name)).with_context(|| format!("cannot remove {name}"))?;
        }
        println!("{KEPT}: {} statements", fresh.len());
        return Ok(());
    }
    compare(&fresh, &kept)
}

/// With psql, so that this works before anything of ours compiles.
fn migrate(embedded: &Embedded, url: &str) -> Result<()> {
    let psql = shell::psql(embedded.programs())?;
    let mut files: Vec<PathBuf> = fs::read_dir(MIGRATIONS)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    for file in files {
        let mut apply = shell::program(&psql, &["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url]);
        // The same directive that sqlx's migrator reads.
        if !fs::read_to_string(&file)?.starts_with("-- no-transaction") {
            apply.arg("--single-transaction");
        }
        let output = apply.env("PGOPTIONS", "-c client_min_messages=warning").arg("-f").arg(&file).output()?;
        if !output.status.success() {
            bail!("{}: {}", file.display(), String::from_utf8_lossy(&output.stderr).trim());
        }
    }
    Ok(())
}

/// Lets the macros look at the database and write what they see.
fn describe(url: &str) -> Result<()> {
    if Path::new(FRESH).exists() {
        fs::remove_dir_all(FRESH)?;
    }
    fs::create_dir_all(FRESH)?;
    let newer = Newer::make(TRIGGER)?;
    let mut check = shell::cargo(&["check", "--quiet", "-p", "store", "--lib", "--features", "testing"]);
    check.env("SQLX_OFFLINE", "false").env("SQLX_OFFLINE_DIR", shell::absolute(FRESH)?).env("DATABASE_URL", url);
    let checked = shell::run(&mut check);
    newer.undo()?;
    checked
}

/// A file that looks just changed, for one build. Afterwards its old time comes back, so that the results of other
/// builds, which did not see the database, stay good.
struct Newer {
    file: File,
    before: SystemTime,
    during: SystemTime,
}

impl Newer {
    fn make(path: &str) -> Result<Self> {
        let file = File::options().append(true).open(path).with_context(|| format!("cannot open {path}"))?;
        let before = file.metadata()?.modified()?;
        #[expect(clippy::disallowed_methods, reason = "the time of a file, not of the product")]
        file.set_modified(SystemTime::now())?;
        let during = file.metadata()?.modified()?;
        Ok(Self { file, before, during })
    }

    fn undo(self) -> Result<()> {
        // Somebody may have edited it meanwhile, and that must be seen.
        if self.file.metadata()?.modified()? == self.during {
            self.file.set_times(FileTimes::new().set_modified(self.before))?;
        }
        Ok(())
    }
}

fn read(folder: &str) -> Result<QueryData> {
    let mut data = QueryData::new();
    if !Path::new(folder).exists() {
        return Ok(data);
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        data.insert(entry.file_name().to_string_lossy().into_owned(), fs::read_to_string(entry.path())?);
    }
    Ok(data)
}

fn write(fresh: &QueryData, kept: &QueryData) -> Result<()> {
    fs::create_dir_all(KEPT)?;
    for (name, content) in fresh.iter().filter(|(name, content)| kept.get(*name) != Some(content)) {
        fs::write(Path::new(KEPT).join(name), content).with_context(|| format!("cannot write {name}"))?;
    }
    Ok(())
}

fn compare(fresh: &QueryData, kept: &QueryData) -> Result<()> {
    let missing = fresh.iter().filter(|(name, _)| !kept.contains_key(*name)).map(|(_, data)| ("new", data));
    let changed = fresh.iter().filter(|(name, data)| kept.get(*name).is_some_and(|old| old != *data));
    let changed = changed.map(|(_, data)| ("changed", data));
    let stale = kept.iter().filter(|(name, _)| !fresh.contains_key(*name)).map(|(_, data)| ("no longer used", data));
    let differences: Vec<String> =
        missing.chain(changed).chain(stale).map(|(what, data)| format!("  {what}: {}", statement(data))).collect();
    if differences.is_empty() {
        println!("{KEPT}: {} statements, all as the database says", kept.len());
        return Ok(());
    }
    bail!("{KEPT} is out of date; run `cargo xtask verify --only queries --fix`\n{}", differences.join("\n"))
}

/// The beginning of the statement that a file of query data describes.
fn statement(data: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(data).unwrap_or_default();
    let words: Vec<&str> = value["query"].as_str().unwrap_or("unreadable data").split_whitespace().collect();
    words.join(" ").chars().take(100).collect()
}
