//! `tallygate migrate`: explicit, for a database of one's own. The embedded database migrates by itself.

use crate::{Config, config::Database};

pub async fn run(config: Config) -> anyhow::Result<()> {
    match &config.database {
        Database::External(url) => store::migrate::run(url).await?,
        Database::Embedded => anyhow::bail!("DATABASE_URL is not set: the embedded database migrates when it starts"),
    }
    println!("the schema is up to date");
    Ok(())
}
