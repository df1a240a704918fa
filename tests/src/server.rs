//! The product in this process, through the same door as `tallygate serve`, on a database of its own.

use anyhow::{Context, Result};
use server::{Config, Server};

use crate::program::{self, Environment};

/// A running server and the settings it was started with.
pub struct TestServer {
    server: Server,
    pub environment: Environment,
    _folder: tempfile::TempDir,
}

impl TestServer {
    /// Applies `bundle` and starts. `secrets` are the variables that the bundle names.
    pub async fn start(database_url: &str, bundle: &str, secrets: &[(&str, &str)]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut environment = settings(folder.path())?;
        environment.insert("DATABASE_URL".into(), database_url.to_owned());
        environment.extend(secrets.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        program::apply(&environment, folder.path(), bundle).await?;

        let config = Config::read(|name| environment.get(name).cloned())?;
        let server = Server::start(config).await.context("the server did not start")?;
        Ok(Self { server, environment, _folder: folder })
    }

    /// A second server on the same database, with the same settings.
    pub async fn beside(&self) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let environment = self.environment.clone();
        let config = Config::read(|name| environment.get(name).cloned())?;
        let server = Server::start(config).await.context("the second server did not start")?;
        Ok(Self { server, environment, _folder: folder })
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address())
    }

    /// The one-time code, while there is no owner.
    pub fn setup_code(&self) -> Option<&str> {
        self.server.setup_code()
    }

    pub async fn stop(self) -> Result<()> {
        Ok(self.server.stop().await?)
    }
}

/// Settings every test instance shares: a free port, a key, browser files that hold nothing.
pub fn settings(folder: &std::path::Path) -> Result<Environment> {
    let site = folder.join("site");
    std::fs::create_dir_all(&site)?;
    std::fs::write(site.join("site.json"), r#"{"hash": "none"}"#)?;
    let text = |path: &std::path::Path| path.to_str().map(str::to_owned).context("the folder has a plain name");
    Ok(Environment::from([
        ("DATA_DIR".into(), text(&folder.join("data"))?),
        ("SITE_DIR".into(), text(&site)?),
        ("LISTEN".into(), "127.0.0.1:0".into()),
        ("MASTER_KEY".into(), MASTER_KEY.into()),
        ("LOG".into(), "warn".into()),
    ]))
}

const MASTER_KEY: &str = "9f1c27d6508be34a7d2290c1fb6e83457ac0185de9364f72b1d85c3e0a964bf8";
