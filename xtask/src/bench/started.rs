//! Programs that a bench starts, waits for and stops: each ends with its owner, however that ends.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::shell;

const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(20);

/// A running program. Dropping it asks it to end and waits.
pub struct Started {
    child: Child,
    /// Kept open: a program that cannot write must not be what is measured.
    _output: Option<BufReader<ChildStdout>>,
}

impl Started {
    /// Starts it and waits for its line `listening on URL`; what it says besides goes to `log`.
    pub fn listening(command: &mut Command, log: &Path) -> Result<(Self, String)> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(append(log)?).spawn();
        let mut child = child.with_context(|| format!("cannot start {name}"))?;
        let mut output = BufReader::new(child.stdout.take().context("its output is a pipe")?);
        let mut line = String::new();
        let read = output.read_line(&mut line);
        let started = Self { child, _output: Some(output) };
        read?;
        match line.trim().strip_prefix("listening on ") {
            Some(url) => Ok((started, url.to_owned())),
            None => bail!("{name} did not listen; see {}", log.display()),
        }
    }

    /// Starts it and waits until `address` accepts.
    pub fn accepting(command: &mut Command, address: SocketAddr, log: &Path) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.stdin(Stdio::null()).stdout(append(log)?).stderr(append(log)?).spawn();
        let mut started = Self { child: child.with_context(|| format!("cannot start {name}"))?, _output: None };
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            if started.child.try_wait()?.is_some() || began.elapsed() > PATIENCE {
                bail!("{name} does not accept on {address}; see {}", log.display());
            }
            std::thread::sleep(LOOK);
        }
        Ok(started)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end and waits until it has.
    pub fn stop(&mut self) -> Result<()> {
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

impl Drop for Started {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("a program of the bench may still run: {error:#}");
        }
    }
}

fn append(log: &Path) -> Result<File> {
    File::options().create(true).append(true).open(log).with_context(|| format!("cannot open {}", log.display()))
}

/// A folder that goes away with its owner. The database's own user must be able to pass through it.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn temporary() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("tallygate-bench-{}", std::process::id()));
        fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }

    /// Writes a file and returns its path.
    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.0.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("{} stays: {error}", self.0.display());
        }
    }
}

/// nginx as the plain proxy that everybody knows; `None` when the machine has none.
pub fn nginx(upstream: SocketAddr, folder: &Folder, log: &Path) -> Result<Option<(Started, SocketAddr)>> {
    let Some(program) = shell::find(&["nginx"]) else { return Ok(None) };
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let settings = folder.write("nginx.conf", &nginx_settings(upstream, address, &folder.0))?;
    let mut command = shell::program(program, &[]);
    command.arg("-p").arg(&folder.0).arg("-c").arg(settings);
    Ok(Some((Started::accepting(&mut command, address, log)?, address)))
}

fn nginx_settings(upstream: SocketAddr, address: SocketAddr, folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "daemon off;
worker_processes auto;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/nginx-body;
    proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-fastcgi;
    uwsgi_temp_path {folder}/nginx-uwsgi;
    scgi_temp_path {folder}/nginx-scgi;
    keepalive_requests 100000000;
    upstream provider {{
        server {upstream};
        keepalive 256;
        keepalive_requests 100000000;
    }}
    server {{
        listen {address};
        location / {{
            proxy_pass http://provider;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
            proxy_buffering off;
        }}
    }}
}}
"
    )
}
