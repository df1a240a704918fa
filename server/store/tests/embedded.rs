//! The embedded server as its owners meet it: real PostgreSQL, real processes, killed for real.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test, in helpers as well")]
#![expect(
    clippy::disallowed_methods,
    reason = "these tests start and kill processes, and pass a folder to one of them"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use store::embedded::{DATABASE, Durability, Embedded, Error, Event, Options, SUPERUSER, running};

const HELPER_FOLDER: &str = "EMBEDDED_TEST_FOLDER";
/// Generous: an event that does not come is the failure, not a slow machine.
const SOON: Duration = Duration::from_secs(60);

/// A folder that the server's user may pass through, deleted at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new("/tmp").join(format!("embedded-test-{name}-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o711)).unwrap();
        Self(path)
    }

    fn options(&self) -> Options {
        Options { durability: Durability::Tests, ..Options::new(&self.0) }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

/// One value from one statement.
fn query(url: &str, statement: &str) -> Result<String, String> {
    let output =
        Command::new("psql").args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement, url]).output().unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn server_pid(cluster: &Path) -> String {
    fs::read_to_string(cluster.join("postmaster.pid")).unwrap().lines().next().unwrap().to_owned()
}

fn kill(signal: &str, pid: &str) {
    assert!(Command::new("kill").args([signal, pid]).status().unwrap().success());
}

/// A process that owns an embedded server and waits: this test binary again, running `owner_process` below.
fn spawn_owner(folder: &Folder) -> (Child, String) {
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["owner_process", "--exact", "--ignored", "--nocapture"])
        .env(HELPER_FOLDER, &folder.0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(owner.stdout.take().unwrap()).lines();
    let url = lines.map(Result::unwrap).find_map(|line| line.split_once("address ").map(|(_, url)| url.to_owned()));
    (owner, url.unwrap())
}

#[test]
#[ignore = "not a test: the owner that the tests below start and kill"]
fn owner_process() {
    let Some(folder) = std::env::var_os(HELPER_FOLDER) else { return };
    let options = Options { durability: Durability::Tests, ..Options::new(folder) };
    let embedded = Embedded::start(&options).unwrap();
    println!("address {}", embedded.database_url(DATABASE));
    // Until whoever started us ends.
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn a_cluster_is_made_once_and_keeps_what_was_written() {
    let folder = Folder::new("keeps");
    let first = Embedded::start(&folder.options()).unwrap();
    query(&first.database_url(DATABASE), "create table kept (word text); insert into kept values ('ä')").unwrap();
    first.stop().unwrap();
    assert!(!folder.0.join("postgres/postmaster.pid").exists());

    let second = Embedded::start(&folder.options()).unwrap();

    assert_eq!(query(&second.database_url(DATABASE), "select upper(word) from kept").unwrap(), "Ä");
    second.stop().unwrap();
}

#[test]
fn the_server_has_a_private_socket_and_no_port() {
    let folder = Folder::new("private");
    let embedded = Embedded::start(&folder.options()).unwrap();
    let url = embedded.database_url(DATABASE);

    assert_eq!(query(&url, "show listen_addresses").unwrap(), "");
    assert_eq!(query(&url, "show server_encoding").unwrap(), "UTF8");
    assert_eq!(query(&url, "select current_user").unwrap(), SUPERUSER);
    let socket_dir = PathBuf::from(query(&url, "show unix_socket_directories").unwrap());
    assert_eq!(fs::metadata(&socket_dir).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(socket_dir.join(".s.PGSQL.5432").as_os_str().len() <= 107);
    embedded.stop().unwrap();
    assert!(!socket_dir.exists());
}

#[test]
fn root_hands_the_server_to_another_user() {
    let folder = Folder::new("user");
    let embedded = Embedded::start(&folder.options()).unwrap();
    let pid = server_pid(&folder.0.join("postgres"));
    let server = fs::metadata(format!("/proc/{pid}")).unwrap().uid();
    let cluster = fs::metadata(folder.0.join("postgres")).unwrap();

    assert_ne!(server, 0);
    assert_eq!((cluster.uid(), cluster.mode() & 0o777), (server, 0o700));
    embedded.stop().unwrap();
}

#[test]
fn a_closed_folder_moves_the_cluster_of_root_and_links_it() {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        // Nobody else runs the server as a user that is shut out of a folder of the starter's own.
        return;
    }
    let folder = Folder::new("closed");
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o700)).unwrap();
    let (sender, events) = mpsc::channel();
    let options =
        Options { on_event: Arc::new(move |event| sender.send(event.to_string()).unwrap()), ..folder.options() };

    let embedded = Embedded::start(&options).unwrap();
    assert_eq!(query(&embedded.database_url(DATABASE), "select 1").unwrap(), "1");
    embedded.stop().unwrap();
    let again = Embedded::start(&options).unwrap();
    again.stop().unwrap();

    let cluster = fs::read_link(folder.0.join("postgres")).unwrap();
    assert!(events.recv().unwrap().contains(cluster.to_str().unwrap()));
    assert!(events.try_recv().is_err(), "the second start finds the link and moves nothing");
    fs::remove_dir_all(cluster.parent().unwrap()).unwrap();
}

#[test]
fn a_second_start_in_the_same_folder_is_refused() {
    let folder = Folder::new("twice");
    let embedded = Embedded::start(&folder.options()).unwrap();

    let second = Embedded::start(&folder.options()).map(drop).unwrap_err();

    assert!(matches!(second, Error::InUse { .. }), "{second}");
    assert_eq!(query(&embedded.database_url(DATABASE), "select 1").unwrap(), "1");
    embedded.stop().unwrap();
}

#[test]
fn a_killed_owner_leaves_no_server_and_loses_nothing() {
    let folder = Folder::new("killed");
    let (mut owner, url) = spawn_owner(&folder);
    query(&url, "create table kept (word text); insert into kept values ('kept')").unwrap();
    assert_eq!(running(&folder.0, DATABASE), Some(url));

    owner.kill().unwrap();
    owner.wait().unwrap();
    // At once: the guard is still stopping the old server.
    let next = Embedded::start(&folder.options()).unwrap();

    assert_eq!(query(&next.database_url(DATABASE), "select word from kept").unwrap(), "kept");
    next.stop().unwrap();
    assert_eq!(running(&folder.0, DATABASE), None);
}

#[test]
fn a_server_that_lost_owner_and_guard_is_stopped_by_the_next_start() {
    let folder = Folder::new("orphan");
    let (mut owner, url) = spawn_owner(&folder);
    query(&url, "create table kept (word text); insert into kept values ('kept')").unwrap();
    let server = server_pid(&folder.0.join("postgres"));
    let guard = parent(&server);
    for child in children(&guard).into_iter().filter(|child| *child != server) {
        kill("-KILL", &child);
    }
    kill("-KILL", &guard);
    owner.kill().unwrap();
    owner.wait().unwrap();

    let next = Embedded::start(&folder.options()).unwrap();

    assert_eq!(query(&next.database_url(DATABASE), "select word from kept").unwrap(), "kept");
    assert_ne!(server_pid(&folder.0.join("postgres")), server);
    next.stop().unwrap();
}

#[test]
fn a_killed_server_is_restarted_and_both_are_reported() {
    let folder = Folder::new("restart");
    let (sender, events) = mpsc::channel();
    let on_event = Arc::new(move |event: &Event| sender.send(event.to_string()).unwrap());
    let embedded = Embedded::start(&Options { on_event, ..folder.options() }).unwrap();

    kill("-KILL", &server_pid(&folder.0.join("postgres")));

    assert!(events.recv_timeout(SOON).unwrap().contains("ended unexpectedly"));
    assert!(events.recv_timeout(SOON).unwrap().contains("is back"));
    assert_eq!(query(&embedded.database_url(DATABASE), "select 1").unwrap(), "1");
    embedded.stop().unwrap();
}

#[test]
fn a_left_over_first_start_is_thrown_away() {
    let folder = Folder::new("half");
    fs::create_dir(folder.0.join("postgres.new")).unwrap();
    fs::write(folder.0.join("postgres.new/PG_VERSION"), "15\n").unwrap();

    let embedded = Embedded::start(&folder.options()).unwrap();

    assert_eq!(query(&embedded.database_url(DATABASE), "select 1").unwrap(), "1");
    assert!(!folder.0.join("postgres.new").exists());
    embedded.stop().unwrap();
}

#[test]
fn a_stale_process_file_whose_number_was_reused_does_not_block_the_start() {
    let folder = Folder::new("stale");
    Embedded::start(&folder.options()).unwrap().stop().unwrap();
    let ourselves = std::process::id();
    let stale =
        format!("{ourselves}\n{}\n1\n5432\n/tmp\n\n        1         1\nready\n", folder.0.join("postgres").display());
    fs::write(folder.0.join("postgres/postmaster.pid"), stale).unwrap();

    let embedded = Embedded::start(&folder.options()).unwrap();

    assert_eq!(query(&embedded.database_url(DATABASE), "select 1").unwrap(), "1");
    embedded.stop().unwrap();
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let folder = Folder::new("broken");
    Embedded::start(&folder.options()).unwrap().stop().unwrap();
    fs::remove_file(folder.0.join("postgres/global/pg_control")).unwrap();

    let error = Embedded::start(&folder.options()).map(drop).unwrap_err().to_string();

    assert!(error.contains("pg_control"), "{error}");
}

#[test]
fn a_temporary_cluster_leaves_nothing_behind() {
    let embedded = Embedded::start(&Options::temporary()).unwrap();
    let url = embedded.database_url(DATABASE);
    let folder = PathBuf::from(query(&url, "show unix_socket_directories").unwrap());
    assert_eq!(query(&url, "show fsync").unwrap(), "off");

    embedded.stop().unwrap();

    assert!(!folder.exists());
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn sqlx_reads_the_address() {
    use sqlx::Connection;

    let embedded = Embedded::start(&Options::temporary()).unwrap();
    let mut connection = sqlx::PgConnection::connect(&embedded.database_url(DATABASE)).await.unwrap();

    let (name,): (String,) =
        sqlx::query_as("select current_database()::text").fetch_one(&mut connection).await.unwrap();

    assert_eq!(name, DATABASE);
}

fn parent(pid: &str) -> String {
    stat_fields(pid)[1].clone()
}

fn children(of: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    processes
        .filter(|pid| pid.parse::<u32>().is_ok())
        .filter(|pid| stat_fields(pid).get(1).is_some_and(|p| p == of))
        .collect()
}

/// What follows the program's name in `/proc/<pid>/stat`: state, parent, …; empty when the process is gone.
fn stat_fields(pid: &str) -> Vec<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(") ").map(|(_, fields)| fields.to_owned()).unwrap_or_default();
    fields.split_whitespace().map(str::to_owned).collect()
}
