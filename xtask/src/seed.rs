//! `seed`: an instance with a long history, the same in every run but for the day it ends on. For benches, and for looking at
//! pages that are full.
//!
//! People, models and prices come from a bundle, like anybody's; what would take weeks to happen comes from the statements in
//! `seed/*.sql`, which roll everything from the number of a call. One more kind of thing: a file there and its line in
//! [`script`]. Never here: anything that the product itself needs.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use store::embedded::{self, DATABASE, Embedded, Options};

use crate::instance::{Build, Instance};
use crate::shell;

/// What is kept here goes when another history is asked for.
const FOLDER: &str = "target/seed";
/// Written last: a folder without it holds half a history.
const MARK: &str = "seed.json";
const CALLS: u64 = 1_000_000;
const MOST_CALLS: u64 = 20_000_000;
/// Calls of one statement.
const BATCH: u64 = 100_000;
pub const TEAM: &str = "seed";
pub const EMAIL: &str = "seed@example.com";

/// By how much they are used, most first; dollars per million tokens in, again, out. The last one has no price.
const MODELS: [(&str, &str, &str, &str); 12] = [
    ("seed-ada", "0.15", "0.075", "0.60"),
    ("seed-babbage", "2.50", "0.25", "10.00"),
    ("seed-church", "3.00", "0.30", "15.00"),
    ("seed-dijkstra", "0.27", "0.07", "1.10"),
    ("seed-euler", "1.25", "0.125", "10.00"),
    ("seed-fermat", "0.80", "0.08", "4.00"),
    ("seed-gauss", "15.00", "1.50", "75.00"),
    ("seed-hopper", "0.10", "0.025", "0.40"),
    ("seed-jordan", "0.55", "0.14", "2.19"),
    ("seed-kepler", "2.00", "0.50", "8.00"),
    ("seed-lovelace", "0.40", "0.10", "1.60"),
    ("seed-noether", "", "", ""),
];

struct Wanted {
    calls: u64,
    database: Option<String>,
    build: Build,
}

/// A seeded instance and how to come in.
pub struct Seeded {
    pub instance: Instance,
    pub folder: PathBuf,
    pub calls: u64,
    pub password: String,
}

pub fn run(args: &[&str]) -> Result<()> {
    let wanted = wanted(args)?;
    let seeded = make(&wanted)?;
    println!("{} calls; sign in as {EMAIL} with {}", seeded.calls, seeded.password);
    if wanted.database.is_none() {
        let data = seeded.instance.data.display();
        println!("look at it: DATA_DIR={data} SITE_DIR=target/site target/release/tallygate serve");
    }
    Ok(())
}

fn wanted(args: &[&str]) -> Result<Wanted> {
    let mut wanted = Wanted { calls: CALLS, database: None, build: Build::Release };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match *arg {
            "--calls" => wanted.calls = calls(args.next())?,
            "--database" => wanted.database = Some((*args.next().context("--database wants a URL")?).to_owned()),
            "--as-built" => wanted.build = Build::AsBuilt,
            "--debug" => wanted.build = Build::Debug,
            other => bail!("seed does not know `{other}`; it knows --calls N, --database URL, --as-built and --debug"),
        }
    }
    Ok(wanted)
}

/// The number behind `--calls`.
pub fn calls(text: Option<&&str>) -> Result<u64> {
    let calls = text.and_then(|text| text.parse().ok()).filter(|calls| (1_000..=MOST_CALLS).contains(calls));
    calls.with_context(|| format!("--calls wants a number from 1000 to {MOST_CALLS}"))
}

/// The instance in its folder, made anew unless it holds so many calls.
pub fn ready(calls: Option<u64>, build: Build) -> Result<Seeded> {
    let folder = shell::absolute(FOLDER)?;
    if let Ok(text) = fs::read_to_string(folder.join(MARK)) {
        let mark: serde_json::Value = serde_json::from_str(&text)?;
        let found = mark["calls"].as_u64().unwrap_or_default();
        if calls.is_none_or(|wanted| wanted == found) {
            let password = mark["password"].as_str().unwrap_or_default().to_owned();
            let instance = Instance::new(build.program()?, &folder, None)?;
            return Ok(Seeded { instance, folder, calls: found, password });
        }
    }
    make(&Wanted { calls: calls.unwrap_or(CALLS), database: None, build })
}

fn make(wanted: &Wanted) -> Result<Seeded> {
    let folder = shell::absolute(FOLDER)?;
    let is_ours = wanted.database.is_none();
    let program = wanted.build.program()?;
    if is_ours && folder.exists() {
        ensure!(embedded::running(&folder.join("data"), DATABASE).is_none(), "{} is in use", folder.display());
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    let instance = Instance::new(program, &folder, wanted.database.clone())?;
    let password = random()?;
    let file = folder.join("bundle.toml");
    fs::write(&file, bundle(is_ours))?;
    let file = file.to_str().context("the folder has a plain name")?;
    let secrets = [("SEED_PASSWORD", &*password), ("SEED_CREDENTIAL", "sk-nobody-is-ever-called")];
    let began = Instant::now();
    println!("{}", instance.run(&["apply", file], &secrets)?);

    let script = script(wanted.calls);
    match &wanted.database {
        Some(url) => fill(&shell::find(&["psql"]).context("psql is missing")?, url, &script)?,
        None => {
            let server = Embedded::start(&Options::new(&instance.data))?;
            let filled = fill(&shell::psql(server.programs())?, &server.database_url(DATABASE), &script);
            server.stop()?;
            filled?;
            let mark = serde_json::json!({"calls": wanted.calls, "password": password});
            fs::write(folder.join(MARK), mark.to_string())?;
        }
    }
    println!("seeded in {:.0} s", began.elapsed().as_secs_f64());
    Ok(Seeded { instance, folder, calls: wanted.calls, password })
}

/// A password for this one instance: a known one would open whatever somebody seeds.
fn random() -> Result<String> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// In an instance of its own the person owns everything; in somebody else's, they lead their team.
fn bundle(is_ours: bool) -> String {
    let instance = if is_ours { "[instance]\nname = \"Seeded\"\nstore_content = \"full\"\n" } else { "" };
    let role = if is_ours { "owner" } else { "user" };
    let mut text = format!(
        r#"{instance}
[[users]]
email = "{EMAIL}"
name = "Sophie Seed"
role = "{role}"
password_env = "SEED_PASSWORD"

[[teams]]
slug = "{TEAM}"
name = "Seeded team"
store_content = "full"
members = [{{ email = "{EMAIL}", role = "admin" }}]

[[providers]]
slug = "{TEAM}"
kind = "openai"
credential_env = "SEED_CREDENTIAL"
team = "{TEAM}"
"#
    );
    for (name, input, again, output) in MODELS {
        let price = match input {
            "" => String::new(),
            _ => format!("price = {{ input = \"{input}\", cache_read = \"{again}\", output = \"{output}\" }}\n"),
        };
        // Writing into a `String` cannot fail.
        let _written = write!(
            text,
            "\n[[models]]\nslug = \"{name}\"\nprovider = \"{TEAM}\"\nupstream_model = \"{name}-2026\"\ncontext_window = 128000\nmax_output = 8192\n{price}"
        );
    }
    text
}

/// Everything in one session, because what it rolls with is gone when that ends.
fn script(calls: u64) -> String {
    let (bodies, runs) = (calls / 5, (calls / 4_000).clamp(20, 400));
    let mut text = format!(
        "\\set team {TEAM}\n\\set email {EMAIL}\n\\set calls {calls}\n\\set bodies {bodies}\n\\set runs {runs}\n\
         SELECT date_trunc('second', clock_timestamp()) AS until \\gset\nSET synchronous_commit = off;\n\
         SET maintenance_work_mem = '512MB';\n"
    );
    text.push_str(include_str!("seed/dice.sql"));
    text.push_str(include_str!("seed/people.sql"));
    for first in (1..=calls).step_by(usize::try_from(BATCH).unwrap_or(usize::MAX)) {
        let last = (first + BATCH - 1).min(calls);
        let _written = writeln!(text, "\\set first {first}\n\\set last {last}");
        text.push_str(include_str!("seed/calls.sql"));
        text.push_str(include_str!("seed/bodies.sql"));
        text.push_str(include_str!("seed/feedback.sql"));
        let _written = writeln!(text, "\\echo {last} of {calls} calls");
    }
    text.push_str(include_str!("seed/runs.sql"));
    text.push_str(include_str!("seed/after.sql"));
    text
}

fn fill(psql: &Path, url: &str, script: &str) -> Result<()> {
    let mut session = shell::program(psql, &["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", "-"]);
    let mut running = session.stdin(Stdio::piped()).spawn().with_context(|| format!("{}", psql.display()))?;
    let written = running.stdin.take().context("its input is a pipe")?.write_all(script.as_bytes());
    let status = running.wait()?;
    ensure!(status.success(), "psql ended with {status}; see above");
    Ok(written?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_in_one_batch_and_no_call_is_in_two() {
        let script = script(250_000);
        let numbers = |name: &str| -> Vec<u64> {
            let marked = script.lines().filter_map(|line| line.strip_prefix(name)?.parse().ok());
            marked.collect()
        };
        assert_eq!(numbers("\\set first "), [1, 100_001, 200_001]);
        assert_eq!(numbers("\\set last "), [100_000, 200_000, 250_000]);
    }

    #[test]
    fn nobody_but_the_owner_of_an_own_instance_owns_anything() {
        assert!(bundle(true).contains("[instance]") && bundle(true).contains("role = \"owner\""));
        assert!(!bundle(false).contains("[instance]") && !bundle(false).contains("\"owner\""));
    }
}
