//! `dev`: set up, build, run, and rebuild what a change needs. A change that does not compile leaves the old server on.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use notify::{EventKind, RecursiveMode, Watcher};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::{setup, shell, site};

const WATCHED: &[&str] = &["app", "frontend", "server", "migrations", "style", "public", "Cargo.toml"];
/// Editors write a file in several steps; a change counts when nothing followed for this long.
const QUIET: Duration = Duration::from_millis(200);
const LOOK_AT_SERVER: Duration = Duration::from_millis(500);

enum Event {
    Changed(PathBuf),
    Stop,
}

/// What a set of changes makes necessary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Work {
    program: bool,
    files: bool,
    server: bool,
}

impl Work {
    /// Adds what one changed path needs. One more source folder is one line.
    fn add(&mut self, path: &Path) {
        let starts = |folders: &[&str]| folders.iter().any(|folder| path.starts_with(folder));
        self.program |= starts(&["app", "frontend", "server/domain", "Cargo.toml"]);
        self.server |= starts(&["app", "server", "migrations", "Cargo.toml"]);
        self.files |= starts(&["style", "public"]);
    }

    fn and(self, other: Self) -> Self {
        Self {
            program: self.program || other.program,
            files: self.files || other.files,
            server: self.server || other.server,
        }
    }
}

pub fn run() -> Result<()> {
    setup::run(setup::For::Running)?;
    let (sender, events) = mpsc::channel();
    stop_on_signal(sender.clone())?;
    let _watcher = watch(sender)?;

    build(Work { program: true, files: true, server: true })?;
    let mut server = Server::start()?;
    let ended = serve(&events, &mut server);
    server.stop()?;
    ended
}

fn serve(events: &Receiver<Event>, server: &mut Server) -> Result<()> {
    // What a failed build still owes: the next change may repair it from another folder.
    let mut owed = Work::default();
    loop {
        let Some(work) = next_work(events, server)? else { return Ok(()) };
        let work = work.and(owed);
        // The old server stays until the new one exists.
        match build(work) {
            Ok(()) => {
                owed = Work::default();
                // New browser files need no restart: the server looks up their folder for every page.
                if work.server {
                    server.stop()?;
                    *server = Server::start()?;
                }
            }
            Err(error) => {
                owed = work;
                eprintln!("error: {error:#}\nthe server from before this change is still running");
            }
        }
    }
}

/// Waits for changes until they pause; `None` is the order to stop.
fn next_work(events: &Receiver<Event>, server: &mut Server) -> Result<Option<Work>> {
    let root = shell::absolute(".")?;
    let mut work = Work::default();
    loop {
        let patience = if work == Work::default() { LOOK_AT_SERVER } else { QUIET };
        match events.recv_timeout(patience) {
            Ok(Event::Stop) => return Ok(None),
            Ok(Event::Changed(path)) => work.add(path.strip_prefix(&root).unwrap_or(&path)),
            Err(RecvTimeoutError::Timeout) if work != Work::default() => return Ok(Some(work)),
            Err(RecvTimeoutError::Timeout) => server.report_end()?,
            Err(RecvTimeoutError::Disconnected) => bail!("the watch on the source files ended"),
        }
    }
}

fn build(work: Work) -> Result<()> {
    if work.program {
        site::build_program(site::Profile::Dev)?;
    }
    if work.program || work.files {
        site::assemble(site::Profile::Dev)?;
    }
    if work.server {
        shell::run(&mut shell::cargo(&["build", "-p", "server"]))?;
    }
    Ok(())
}

fn watch(sender: Sender<Event>) -> Result<impl Watcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        if matches!(event.kind, EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_)) {
            for path in event.paths {
                // Nobody listens any more once we are stopping.
                let _ = sender.send(Event::Changed(path));
            }
        }
    })?;
    for path in WATCHED {
        let path = shell::absolute(path)?;
        watcher.watch(&path, RecursiveMode::Recursive).with_context(|| format!("cannot watch {}", path.display()))?;
    }
    Ok(watcher)
}

fn stop_on_signal(sender: Sender<Event>) -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::Builder::new().spawn(move || {
        let mut signals = signals.forever();
        if signals.next().is_some() {
            let _ = sender.send(Event::Stop);
        }
        // The second Ctrl-C is impatience with a build or with a drain.
        if signals.next().is_some() {
            std::process::exit(130);
        }
    })?;
    Ok(())
}

/// `tallygate serve` as a child; its output, with the address and the set-up code, goes straight to ours.
struct Server {
    child: Child,
    reported: bool,
}

impl Server {
    fn start() -> Result<Self> {
        let mut serve = shell::program("target/debug/tallygate", &["serve"]);
        serve.env("SITE_DIR", shell::absolute(site::OUTPUT)?);
        // A group of its own, so that Ctrl-C reaches it once, from us, and we can wait for its end.
        let child = serve.process_group(0).spawn().context("cannot start target/debug/tallygate")?;
        Ok(Self { child, reported: false })
    }

    fn report_end(&mut self) -> Result<()> {
        if !self.reported
            && let Some(status) = self.child.try_wait()?
        {
            eprintln!("the server ended with {status}; it starts again after the next change");
            self.reported = true;
        }
        Ok(())
    }

    fn stop(&mut self) -> Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM)?;
        }
        self.child.wait()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(path: &str) -> Work {
        let mut work = Work::default();
        work.add(Path::new(path));
        work
    }

    #[test]
    fn a_style_file_compiles_no_rust() {
        assert_eq!(work("style/table.css"), Work { files: true, ..Work::default() });
    }

    #[test]
    fn a_page_is_built_for_both_sides_and_the_gateway_for_one() {
        assert_eq!(work("app/src/pages/keys.rs"), Work { program: true, server: true, files: false });
        assert_eq!(work("server/gateway/src/plan.rs"), Work { server: true, ..Work::default() });
    }

    #[test]
    fn a_test_changes_nothing_that_runs() {
        assert_eq!(work("tests/api/keys.rs"), Work::default());
    }
}
