//! Static settings: read once from the environment, all problems reported together. Everything a team changes lives in the
//! database instead.
//!
//! `NAME_FILE` names a file that holds the value, for mounted secrets. One more setting: a field and a line in [`Config::read`].

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use auth::MasterKey;
use url::Url;

mod parse;

use parse::Reader;

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
}

impl Config {
    /// Reads the process environment.
    pub fn from_env() -> Result<Self, Problems> {
        Self::read(variable)
    }

    /// Reads settings through `lookup`; the error lists everything that is wrong.
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
        let config = Self {
            database,
            data_dir: from.text("DATA_DIR").map_or_else(|| PathBuf::from(".tallygate"), PathBuf::from),
            master_key,
            listen: from.parsed("LISTEN", parse::address).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 3000))),
            public_url: from.parsed("PUBLIC_URL", parse::public_url),
            site_dir: from.text("SITE_DIR").map(PathBuf::from),
            trusted_proxies: from.parsed("TRUSTED_PROXIES", parse::count).unwrap_or(0),
            shutdown_grace: from.parsed("SHUTDOWN_GRACE", parse::duration).unwrap_or(Duration::from_secs(30)),
            log: from.text("LOG").unwrap_or_else(|| "info".to_owned()),
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

    #[test]
    fn a_setting_and_its_file_form_together_are_a_problem() {
        let Problems(lines) = read(&[("LOG", "info"), ("LOG_FILE", "/nowhere")]).err().unwrap();
        assert_eq!(lines, ["LOG and LOG_FILE are both set: keep one"]);
    }
}
