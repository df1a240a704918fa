//! Static settings: read once from the environment, all problems reported together. Everything a team changes lives in the
//! database instead.
//!
//! `NAME_FILE` names a file that holds the value, for mounted secrets. One more setting: a field, a line in [`Config::read`] and a
//! line in [`SETTINGS`], which the help prints.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use auth::MasterKey;
use url::Url;

mod bundle_secrets;
mod parse;

pub use bundle_secrets::BundleSecrets;
use parse::Reader;

/// Name, default and meaning of every setting, for people.
pub const SETTINGS: &[(&str, &str, &str)] = &[
    ("DATABASE_URL", "embedded", "a PostgreSQL of your own, 14 or newer; unset: one under DATA_DIR"),
    ("DATA_DIR", ".tallygate", "the embedded database and the master key"),
    ("MASTER_KEY", "made once", "32 random bytes in hexadecimal; required with DATABASE_URL"),
    ("MASTER_KEY_OLD", "none", "older master keys that may still open what they sealed, comma separated"),
    ("PUBLIC_URL", "http://localhost:<port>", "the address people type; https makes cookies secure"),
    ("LISTEN", "127.0.0.1:3000", "address and port"),
    ("SITE_DIR", "built in, or target/site", "the browser files"),
    ("TRUSTED_PROXIES", "0", "proxies in front whose X-Forwarded-For is believed"),
    ("SHUTDOWN_GRACE", "30s", "how long open streams may go on at a stop"),
    ("LOG", "info", "such as info,sqlx=debug"),
];

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// A private Postgres under `DATA_DIR`.
    Embedded,
    /// A connection URL.
    External(String),
}

/// All static settings of one server process.
pub struct Config {
    pub database: Database,
    pub data_dir: PathBuf,
    /// `None`: with the embedded database, `DATA_DIR/master.key`, made at the first start.
    pub master_key: Option<MasterKey>,
    /// They open what they sealed and seal nothing: a rotation is under way.
    pub old_master_keys: Vec<MasterKey>,
    /// What a bundle that comes from a browser may name.
    pub bundle_secrets: BundleSecrets,
    pub listen: SocketAddr,
    /// The one trusted origin; `None`: `http://localhost:` and the port that is listened on.
    pub public_url: Option<Url>,
    /// Browser files: a folder made by `cargo xtask site`.
    pub site_dir: Option<PathBuf>,
    /// Forwarding hops to believe for the client's address.
    pub trusted_proxies: usize,
    /// How long open streams may go on at shutdown.
    pub shutdown_grace: Duration,
    pub log: String,
    /// The files that `NAME_FILE` settings name: no bundle may name them for a secret of its own.
    pub own_files: Vec<PathBuf>,
}

impl Config {
    /// Reads the process environment.
    pub fn from_env() -> Result<Self, Problems> {
        let config = Self::read(variable)?;
        let text = |text: std::ffi::OsString| text.into_string().ok();
        let all = std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?)));
        Ok(Self { bundle_secrets: all.collect(), ..config })
    }

    /// Reads settings through `lookup`; the error lists everything that is wrong. [`Config::bundle_secrets`] stay empty: their
    /// names are not known beforehand.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut from = Reader::new(&lookup);
        let database = match from.text("DATABASE_URL") {
            Some(url) => Database::External(url),
            None => Database::Embedded,
        };
        let master_key = from.parsed("MASTER_KEY", |text| MasterKey::parse(text).map_err(|error| error.to_string()));
        if matches!(database, Database::External(_)) && master_key.is_none() && !from.failed("MASTER_KEY") {
            from.problem("MASTER_KEY", "is required with DATABASE_URL: 32 random bytes as 64 hexadecimal digits");
        }
        let old_master_keys = from.parsed("MASTER_KEY_OLD", parse::master_keys).unwrap_or_default();
        match &master_key {
            None if !old_master_keys.is_empty() && !from.failed("MASTER_KEY") => {
                from.problem("MASTER_KEY_OLD", "needs MASTER_KEY, the key that seals from now on");
            }
            Some(newest) if old_master_keys.iter().any(|old| old.id() == newest.id()) => {
                from.problem("MASTER_KEY_OLD", "holds the very key of MASTER_KEY: name only older ones");
            }
            _ => {}
        }
        let config = Self {
            database,
            data_dir: from.text("DATA_DIR").map_or_else(|| PathBuf::from(".tallygate"), PathBuf::from),
            master_key,
            old_master_keys,
            bundle_secrets: BundleSecrets::default(),
            listen: from.parsed("LISTEN", parse::address).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 3000))),
            public_url: from.parsed("PUBLIC_URL", parse::public_url),
            site_dir: from.text("SITE_DIR").map(PathBuf::from),
            trusted_proxies: from.parsed("TRUSTED_PROXIES", parse::count).unwrap_or(0),
            shutdown_grace: from.parsed("SHUTDOWN_GRACE", parse::duration).unwrap_or(Duration::from_secs(30)),
            log: from.text("LOG").unwrap_or_else(|| "info".to_owned()),
            // Last: now all of them are known.
            own_files: from.files(),
        };
        from.finish().map(|()| config)
    }
}

/// A variable that a bundle names for a secret. Here, because this file is the only reader of the environment.
pub fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Every setting that is wrong, and what would be right. Values are never repeated: they may be secrets.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Problems(pub Vec<String>);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, Problems> {
        let pairs: Vec<(String, String)> = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Config::read(move |name| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()))
    }

    #[test]
    fn nothing_set_means_an_embedded_database_on_port_3000() {
        let config = read(&[]).unwrap();
        assert_eq!(config.database, Database::Embedded);
        assert_eq!(config.listen.to_string(), "127.0.0.1:3000");
        assert_eq!(config.shutdown_grace, Duration::from_secs(30));
    }

    #[test]
    fn every_problem_is_reported_at_once_and_no_value_is_repeated() {
        let Problems(lines) = read(&[
            ("DATABASE_URL", "postgres://x"),
            ("LISTEN", "nowhere"),
            ("PUBLIC_URL", "ftp://secret.example"),
            ("SHUTDOWN_GRACE", "soon"),
        ])
        .err()
        .unwrap();
        assert_eq!(lines.len(), 4, "{lines:?}");
        assert!(lines.iter().all(|line| !line.contains("secret") && !line.contains("nowhere")));
    }

    const KEY: &str = "9f1c27d6508be34a7d2290c1fb6e83457ac0185de9364f72b1d85c3e0a964bf8";
    const OTHER: &str = "1bd2c37f9e4a60855ccf0e913ab7d824f6e1905b73ac284d06e7bb15c9d3fa42";

    /// `security.md` CR-5: what refuses to start, each with what to do, and none with the key.
    #[test]
    fn a_missing_weak_or_doubled_master_key_refuses_to_start() {
        let (database, counting) =
            (("DATABASE_URL", "postgres://x"), (0..32).map(|n| format!("{n:02x}")).collect::<String>());
        let (repeated, both) = ("ab".repeat(32), format!("{OTHER}, short"));
        for (pairs, says) in [
            (vec![database], "MASTER_KEY is required with DATABASE_URL"),
            (vec![database, ("MASTER_KEY", "short")], "MASTER_KEY the master key must be 32 random bytes"),
            (vec![("MASTER_KEY", &repeated)], "MASTER_KEY the master key repeats"),
            (vec![("MASTER_KEY", &counting)], "MASTER_KEY the master key is a published example"),
            (vec![("MASTER_KEY", KEY), ("MASTER_KEY_OLD", "short")], "MASTER_KEY_OLD the master key must be"),
            (vec![("MASTER_KEY", KEY), ("MASTER_KEY_OLD", &both)], "MASTER_KEY_OLD the master key must be"),
            (vec![("MASTER_KEY", KEY), ("MASTER_KEY_OLD", KEY)], "MASTER_KEY_OLD holds the very key"),
            (vec![("MASTER_KEY_OLD", OTHER)], "MASTER_KEY_OLD needs MASTER_KEY"),
            (vec![("MASTER_KEY_FILE", "/nowhere/at/all")], "MASTER_KEY_FILE names a file that cannot be read"),
        ] {
            let Problems(lines) = read(&pairs).err().unwrap();
            assert_eq!(lines.len(), 1, "{says}: {lines:?}");
            assert!(lines[0].starts_with(says), "{says}: {lines:?}");
            assert!(!lines[0].contains(KEY) && !lines[0].contains("short"), "{lines:?}");
        }
        let config = read(&[("MASTER_KEY", KEY), ("MASTER_KEY_OLD", &format!("{OTHER}\n"))]).unwrap();
        assert_eq!(config.old_master_keys.len(), 1);
    }

    #[test]
    fn every_setting_is_described() {
        let source = include_str!("config.rs");
        let read: Vec<&str> = source
            .split("from.")
            .skip(1)
            .filter_map(|rest| rest.strip_prefix("text(\"").or_else(|| rest.strip_prefix("parsed(\"")))
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert!(read.len() >= SETTINGS.len());
        for name in read {
            assert!(SETTINGS.iter().any(|(known, ..)| *known == name), "{name} is not described");
        }
    }

    #[test]
    fn the_files_that_hold_settings_are_known() {
        let folder = tempfile::tempdir().unwrap();
        let (key, url) = (folder.path().join("mk"), folder.path().join("url"));
        std::fs::write(&key, KEY).unwrap();
        std::fs::write(&url, "postgres://x").unwrap();
        let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
        let config = read(&[("MASTER_KEY_FILE", &text(&key)), ("DATABASE_URL_FILE", &text(&url))]).unwrap();
        assert!(config.master_key.is_some());
        assert_eq!(config.own_files, [url, key]);
    }

    #[test]
    fn a_setting_and_its_file_form_together_are_a_problem() {
        let Problems(lines) = read(&[("LOG", "info"), ("LOG_FILE", "/nowhere")]).err().unwrap();
        assert_eq!(lines, ["LOG and LOG_FILE are both set: keep one"]);
    }
}
