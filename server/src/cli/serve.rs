//! `tallygate serve`: start, say where, wait for the signal, stop cleanly.

use std::io::Write;

use tokio::signal::unix::{SignalKind, signal};

use crate::{Config, Server};

pub async fn run(config: Config) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let server = tokio::select! {
        started = Server::start(config) => started?,
        _ = interrupt.recv() => return Ok(()),
        _ = terminate.recv() => return Ok(()),
    };
    announce(&server)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("stopping: open streams may finish");
    tokio::select! {
        stopped = server.stop() => stopped?,
        // A second signal: the person does not want to wait.
        _ = interrupt.recv() => tracing::warn!("stopped before open streams had finished"),
    }
    Ok(())
}

/// The two lines that people and programs read from standard output.
fn announce(server: &Server) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "listening on http://{}", server.address())?;
    if let Some(code) = server.setup_code() {
        writeln!(out, "set up this instance at {}/setup#code={code}", server.public_url())?;
        writeln!(out, "the set-up code is {code}")?;
    }
    out.flush()
}
