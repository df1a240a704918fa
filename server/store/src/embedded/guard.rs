//! One life of the server: a small shell guard is its parent and holds a pipe to us, the leash.
//!
//! The kernel closes the leash when we end, however that happens; the guard then stops the server. So no server outlives
//! its owner, and a killed owner needs no clean-up but the wait at the next start.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::Durability;
use super::cluster::last_lines;
use super::error::Error;
use super::find;
use super::owner::Owner;

/// Only a part of the socket's file name: there is no TCP port.
pub(super) const PORT: u16 = 5432;

const POLL: Duration = Duration::from_millis(10);
/// Recovery after a crash of the machine may take a while; a server that is still at it is not hurried.
const READY_WITHIN: Duration = Duration::from_secs(300);
const END_WITHIN: Duration = Duration::from_secs(60);
const LOG_LIMIT: u64 = 4 << 20;

/// $1 folder to delete at the end or nothing, then the server and its arguments.
///
/// It touches nothing that the next start may already use: when our successor runs, it may still be at work.
/// Signals for a whole group or service must not end the guard before the server, so it ignores them; the leash is its
/// only command. The reader is a process of its own, so even a killed guard leaves no server behind.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
temporary=$1
shift
exec 3<&0 </dev/null
"$@" 3<&- >&2 &
server=$!
echo "$server"
exec >&2
( read -r _ <&3; kill -INT "$server" ) &
reader=$!
wait "$server"
status=$?
kill -KILL "$reader"
if [ -n "$temporary" ] && [ "$status" = 0 ]; then rm -rf "$temporary"; fi
exit "$status"
"#;

/// All that one start needs, kept by the supervisor for the next one.
pub(super) struct Launch {
    pub owner: Owner,
    pub program: PathBuf,
    pub cluster: PathBuf,
    pub socket_dir: PathBuf,
    pub log: PathBuf,
    pub temporary: Option<PathBuf>,
    pub durability: Durability,
    pub max_connections: u16,
}

impl Launch {
    /// Starts guard and server and waits until the server accepts connections.
    pub fn start(&self) -> Result<(Child, ChildStdin), Error> {
        self.end_previous()?;
        if !super::place::private_folder(&self.socket_dir, &self.owner)? {
            return Err(Error::NoSocketFolder);
        }
        let (mut log, log_start) = self.open_log()?;
        let output = log.try_clone().map_err(Error::io("open", &self.log))?;
        let mut guard = self.guard().stderr(output).spawn().map_err(Error::io("start", &self.program))?;
        let (Some(leash), Some(stdout)) = (guard.stdin.take(), guard.stdout.take()) else {
            return Err(Error::io("talk to", &self.program)(io::ErrorKind::BrokenPipe.into()));
        };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).map_err(Error::io("talk to", &self.program))?;
        if self.wait_until_ready(&mut guard, line.trim())? {
            return Ok((guard, leash));
        }
        drop(leash);
        guard.wait().map_err(Error::io("wait for", &self.program))?;
        let mut said = String::new();
        let read = log.seek(SeekFrom::Start(log_start)).and_then(|_| log.read_to_string(&mut said));
        read.map_err(Error::io("read", &self.log))?;
        Err(Error::Program { name: "postgres", output: last_lines(&said) })
    }

    fn guard(&self) -> Command {
        let mut guard = self.owner.command(Path::new("/bin/sh"));
        guard.args(["-c", SCRIPT, "tallygate-postgres"]);
        guard.arg(self.temporary.as_deref().unwrap_or(Path::new("")));
        guard.arg(&self.program).arg("-D").arg(&self.cluster);
        for (name, value) in self.settings() {
            guard.arg("-c").arg(format!("{name}={value}"));
        }
        // A group of its own: Ctrl-C in a terminal must reach us, not the server under us.
        guard.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        guard
    }

    /// Given at every start rather than written once, so that a newer Tallygate brings its own.
    fn settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = vec![
            ("listen_addresses", String::new()),
            ("unix_socket_directories", self.socket_dir.display().to_string()),
            ("unix_socket_permissions", "0700".to_owned()),
            ("port", PORT.to_string()),
            ("max_connections", self.max_connections.to_string()),
            ("timezone", "UTC".to_owned()),
            ("log_timezone", "UTC".to_owned()),
            // Its own life only: statements and the rows in error details may be secret, and we report errors ourselves.
            ("log_min_messages", "log".to_owned()),
            ("log_min_error_statement", "panic".to_owned()),
            ("log_error_verbosity", "terse".to_owned()),
            ("logging_collector", "off".to_owned()),
        ];
        if self.durability == Durability::Tests {
            for name in ["fsync", "synchronous_commit", "full_page_writes"] {
                settings.push((name, "off".to_owned()));
            }
            settings.push(("wal_level", "minimal".to_owned()));
            settings.push(("max_wal_senders", "0".to_owned()));
        }
        settings
    }

    /// The log file and where this life's part of it starts. One older file is kept.
    fn open_log(&self) -> Result<(File, u64), Error> {
        let length = fs::metadata(&self.log).map_or(0, |found| found.len());
        if length > LOG_LIMIT {
            fs::rename(&self.log, self.log.with_extension("log.old")).map_err(Error::io("rotate", &self.log))?;
        }
        let opened = File::options().create(true).append(true).read(true).mode(0o600).open(&self.log);
        let file = opened.map_err(Error::io("open", &self.log))?;
        let start = file.metadata().map_err(Error::io("look at", &self.log))?.len();
        Ok((file, start))
    }

    /// False when the server ended first, or took too long.
    fn wait_until_ready(&self, guard: &mut Child, pid: &str) -> Result<bool, Error> {
        let began = Instant::now();
        while began.elapsed() < READY_WITHIN {
            if guard.try_wait().map_err(Error::io("wait for", &self.program))?.is_some() {
                return Ok(false);
            }
            if PidFile::read(&self.cluster).is_some_and(|file| file.ready && file.pid.to_string() == pid) {
                return Ok(true);
            }
            thread::sleep(POLL);
        }
        Ok(false)
    }

    /// We hold the lock, so a server that still runs here has lost its owner: its guard is stopping it, or was killed
    /// too. Asking again to stop does no harm.
    fn end_previous(&self) -> Result<(), Error> {
        let began = Instant::now();
        let mut asked = false;
        while let Some(file) = PidFile::read(&self.cluster) {
            if !is_server(file.pid, &self.cluster) {
                return self.forget(&file);
            }
            if began.elapsed() > END_WITHIN {
                return Err(Error::StillRunning { pid: file.pid });
            }
            if !asked && let Some(pid) = Pid::from_raw(file.pid) {
                // It may just have ended; the next look at the file tells.
                asked = kill_process(pid, Signal::INT).is_ok();
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// After a crash the file is left behind. The server sorts that out by itself, unless its number has meanwhile been
    /// given to a process of another kind: then the server would take that one for its rival.
    fn forget(&self, file: &PidFile) -> Result<(), Error> {
        let Some(pid) = Pid::from_raw(file.pid) else { return Ok(()) };
        if test_kill_process(pid).is_err() {
            return Ok(());
        }
        let path = self.cluster.join(PidFile::NAME);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", &path)(source)),
            _ => Ok(()),
        }
    }
}

/// Socket folder of the server that runs on `cluster`, if one does and accepts connections.
pub(super) fn running(cluster: &Path) -> Option<PathBuf> {
    let file = PidFile::read(cluster)?;
    (file.ready && is_server(file.pid, cluster)).then_some(file.socket_dir)
}

/// What the server writes into its own folder: process, folder, start, port, socket folder, address, memory, state.
struct PidFile {
    pid: i32,
    socket_dir: PathBuf,
    ready: bool,
}

impl PidFile {
    const NAME: &str = "postmaster.pid";

    fn read(cluster: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(cluster.join(Self::NAME)).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let pid: i32 = lines.first()?.parse().ok()?;
        let socket_dir = PathBuf::from(lines.get(4).copied().unwrap_or_default());
        Some(Self { pid, socket_dir, ready: lines.get(7) == Some(&"ready") })
    }
}

/// Is this process the server of `cluster`? Numbers are reused, so its command line must name the folder. A zombie has
/// none.
fn is_server(pid: i32, cluster: &Path) -> bool {
    let line = if cfg!(target_os = "linux") {
        fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()
    } else {
        let mut ps = find::command(Path::new("/bin/ps"));
        ps.args(["-o", "command=", "-p", &pid.to_string()]).output().map(|output| output.stdout).unwrap_or_default()
    };
    String::from_utf8_lossy(&line).contains(&*cluster.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_starting_server_is_not_ready() {
        let text = "812\n/data/postgres\n1700000000\n5432\n/tmp/tg\n\n 5001 3\nstarting\n";
        let starting = PidFile::parse(text).unwrap();
        let ready = PidFile::parse(&text.replace("starting", "ready   ")).unwrap();
        assert!(!starting.ready && ready.ready);
        assert_eq!((ready.pid, ready.socket_dir), (812, PathBuf::from("/tmp/tg")));
    }

    #[test]
    fn a_process_of_another_kind_is_not_taken_for_the_server() {
        let ourselves = i32::try_from(std::process::id()).unwrap();
        assert!(!is_server(ourselves, Path::new("/data/postgres")));
    }
}
