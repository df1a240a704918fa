//! Logs: structured lines on standard error. Bodies, keys, e-mail addresses and prompts never reach them.

use tracing_subscriber::EnvFilter;

/// Installs the logger; `filter` is the `LOG` setting, `info` or `info,sqlx=debug`. A second call changes nothing.
pub fn init(filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let installed =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(true).try_init();
    if installed.is_err() {
        tracing::debug!("a logger is already installed");
    }
}
