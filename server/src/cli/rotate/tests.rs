use std::{fs, os::unix::fs::PermissionsExt};

use control::{Actor, audit};
use domain::{audit::AuditQuery, id::ReplicaId};
use store::{pool, replicas};
use tempfile::TempDir;

use super::*;

const ALONE: Servers = Servers { running: 0, unproven: 0 };

fn standing(home: Home<'_>) -> Standing<'_> {
    Standing { home, has_waiting_key: false, is_alone: false, servers: Servers { running: 1, unproven: 0 } }
}

fn file() -> Home<'static> {
    Home::File(Path::new("data"))
}

#[test]
fn nothing_is_forgotten_before_every_running_server_has_the_newest_key() {
    for home in [file(), Home::Environment] {
        let good = standing(home);
        assert_eq!(good.may_finish(), Ok(()));
        let waits = Standing { has_waiting_key: true, ..good };
        assert!(waits.may_finish().is_err_and(|why| why.contains("seals nothing yet") && why.contains("restart")));
        let unproven = Standing { servers: Servers { running: 3, unproven: 2 }, ..good };
        assert!(
            unproven.may_finish().is_err_and(|why| why.contains("2 of 3 running servers") && why.contains("restart"))
        );
        let stopped = Standing { servers: ALONE, is_alone: true, ..good };
        assert_eq!(stopped.may_finish(), Ok(()));
    }
}

#[test]
fn another_command_on_the_same_file_is_waited_for() {
    let beside = Standing { servers: ALONE, ..standing(file()) };
    assert!(beside.may_finish().is_err_and(|why| why.contains("another tallygate command")));
    let elsewhere = Standing { servers: ALONE, ..standing(Home::Environment) };
    assert_eq!(elsewhere.may_finish(), Ok(()), "its keys are not ours to forget");
}

#[test]
fn one_new_key_at_a_time() {
    assert_eq!(standing(file()).may_begin(), Ok(()));
    let waits = Standing { has_waiting_key: true, ..standing(file()) };
    assert!(waits.may_begin().is_err_and(|why| why.contains("restart the server") && why.contains(FINISH)));
}

#[test]
fn what_is_told_says_what_to_do_next() {
    let running = told_of_file(Path::new("data"), &standing(file()));
    assert!(
        running.contains("data/master.key")
            && running.contains("next: restart the server")
            && running.ends_with(FINISH)
    );
    let stopped = Standing { servers: ALONE, is_alone: true, ..standing(file()) };
    assert!(told_of_file(Path::new("data"), &stopped).contains(&format!("next: {FINISH}")));
    let environment = told_of_environment();
    assert!(["MASTER_KEY_OLD", "1. ", "2. ", "3. ", FINISH].iter().all(|part| environment.contains(part)));
}

/// An embedded instance whose database the unprivileged user of the server may reach.
struct Instance(TempDir);

impl Instance {
    fn new() -> Self {
        let open = fs::Permissions::from_mode(0o711);
        Self(tempfile::Builder::new().permissions(open).tempdir_in("/tmp").unwrap())
    }

    fn config(&self) -> Config {
        let data_dir = self.0.path().to_str().unwrap();
        Config::read(|name| (name == "DATA_DIR").then(|| data_dir.to_owned())).unwrap()
    }

    fn keys(&self) -> Vec<[u8; 8]> {
        let master_key::Keys { newest, older } = master_key::known(self.0.path()).unwrap();
        std::iter::once(&newest).chain(&older).map(MasterKey::id).collect()
    }

    /// All of a server that a rotation meets: its keys, its database and its heartbeat.
    async fn start(&self, replica: ReplicaId) -> Foundation {
        let server = Foundation::lay_to_serve(&mut self.config(), String::new()).await.unwrap();
        let mut db = pool::connection(&server.pools.dashboard).await.unwrap();
        replicas::heartbeat(&mut db, replica).await.unwrap();
        server
    }

    async fn stop(server: Foundation, replica: ReplicaId) {
        let mut db = pool::connection(&server.pools.dashboard).await.unwrap();
        replicas::leave(&mut db, replica).await.unwrap();
        drop(db);
        server.remove().await.unwrap();
    }
}

fn replica(number: u128) -> ReplicaId {
    ReplicaId(uuid::Uuid::from_u128(number))
}

async fn log(server: &Foundation) -> Vec<String> {
    let query = AuditQuery { action: "master_key".to_owned(), ..AuditQuery::default() };
    let page = audit::list(&server.control, &Actor::operator(), query).await.unwrap();
    page.rows.into_iter().rev().map(|row| format!("{} by {}", row.action, row.actor)).collect()
}

#[tokio::test]
async fn a_rotation_beside_a_running_server_ends_only_after_its_restart() {
    let instance = Instance::new();
    let server = instance.start(replica(1)).await;
    let first = instance.keys();

    begin(instance.config()).await.unwrap();
    let [new, old] = instance.keys().try_into().unwrap();
    assert_eq!(old, first[0]);

    let refused = finish(instance.config()).await.unwrap_err().to_string();
    assert!(refused.contains("nothing is forgotten") && refused.contains("restart the server"), "{refused}");
    assert!(begin(instance.config()).await.is_err_and(|why| why.to_string().contains("already")));
    assert_eq!(instance.keys(), [new, old], "the refused steps have changed nothing");

    let command = Foundation::lay(&mut instance.config()).await.unwrap();
    assert_eq!(command.vault.newest_id(), old, "a command seals only with what the running server has");
    command.remove().await.unwrap();

    Instance::stop(server, replica(1)).await;
    let server = instance.start(replica(2)).await;
    assert_eq!(server.vault.newest_id(), new);
    finish(instance.config()).await.unwrap();
    assert_eq!(instance.keys(), [new]);
    let expected = ["master_key.rotate", "master_key.promote", "master_key.forget"];
    assert_eq!(log(&server).await, expected.map(|action| format!("{action} by operator")));

    Instance::stop(server, replica(2)).await;
    let server = instance.start(replica(3)).await;
    assert_eq!(server.vault.newest_id(), new, "and it still starts");
    Instance::stop(server, replica(3)).await;
}

#[tokio::test]
async fn without_a_running_server_the_second_step_does_it_all() {
    let instance = Instance::new();
    // It is killed: its heartbeat stays behind.
    instance.start(replica(1)).await.remove().await.unwrap();

    begin(instance.config()).await.unwrap();
    let [new, _] = instance.keys().try_into().unwrap();
    let command = Foundation::lay(&mut instance.config()).await.unwrap();
    assert_ne!(command.vault.newest_id(), new, "a command is no step of a rotation");
    command.remove().await.unwrap();
    finish(instance.config()).await.unwrap();

    assert_eq!(instance.keys(), [new]);
    let server = instance.start(replica(2)).await;
    assert_eq!(server.vault.newest_id(), new);
    Instance::stop(server, replica(2)).await;
}
