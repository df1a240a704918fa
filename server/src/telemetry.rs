//! Logs: structured lines on standard error. Bodies, keys, e-mail addresses and prompts never reach them.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Installs the logger; `filter` is the `LOG` setting, `info` or `info,sqlx=debug`. A second call changes nothing.
pub fn init(filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(true);
    let installed = logs.with_ansi(std::io::stderr().is_terminal()).try_init();
    if installed.is_err() {
        tracing::debug!("a logger is already installed");
    }
}

/// A panic's message may quote what was being read: the log gets the place alone.
pub fn hide_panic_messages() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, ToString::to_string);
        tracing::error!(place, "a task panicked");
    }));
}
