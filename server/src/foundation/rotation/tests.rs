use chrono::TimeDelta;
use domain::id::ReplicaId;
use store::testing::{TestDatabase, database};
use uuid::Uuid;

use super::*;
use crate::{Config, foundation::Error as Refused};

const OLD: &str = "9f1c27d6508be34a7d2290c1fb6e83457ac0185de9364f72b1d85c3e0a964bf8";
const NEW: &str = "1bd2c37f9e4a60855ccf0e913ab7d824f6e1905b73ac284d06e7bb15c9d3fa42";

#[test]
fn a_server_that_started_before_the_new_key_began_to_seal_has_proven_nothing() {
    let at = |minute| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::minutes(minute);
    let servers = |started: &[DateTime<Utc>], promoted| Servers::new(started, promoted);
    assert_eq!(servers(&[], Some(at(5))), Servers::default());
    assert_eq!(servers(&[at(1), at(5), at(6)], Some(at(5))), Servers { running: 3, unproven: 1 });
    assert_eq!(servers(&[at(1)], None), Servers { running: 1, unproven: 0 }, "there never was a rotation");
}

fn config(database: &TestDatabase, key: &str, old: Option<&str>) -> Config {
    let settings = [("DATABASE_URL", Some(database.url.as_str())), ("MASTER_KEY", Some(key)), ("MASTER_KEY_OLD", old)];
    let value = |name: &str| settings.iter().find(|(key, _)| *key == name).and_then(|(_, value)| *value);
    Config::read(|name| value(name).map(str::to_owned)).unwrap()
}

async fn serve(database: &TestDatabase, key: &str, old: Option<&str>) -> Result<Foundation, Refused> {
    Foundation::lay_to_serve(&mut config(database, key, old), String::new()).await
}

async fn beat(server: &Foundation, number: u128) {
    let mut db = pool::connection(&server.pools.dashboard).await.unwrap();
    replicas::heartbeat(&mut db, ReplicaId(Uuid::from_u128(number))).await.unwrap();
}

#[tokio::test]
async fn servers_that_restart_one_after_another_prove_their_keys_one_by_one() {
    let database = database().await;
    let a = serve(&database, OLD, None).await.unwrap();
    beat(&a, 1).await;
    let b = serve(&database, OLD, Some(NEW)).await.unwrap();
    beat(&b, 2).await;
    assert!(!b.has_waiting_key(), "a key that is only read does not wait for anything");

    let command = Foundation::lay_to_rotate(&mut config(&database, NEW, Some(OLD))).await.unwrap();
    assert!(command.has_waiting_key(), "servers run: the operator's step promotes nothing");
    assert_eq!(command.vault.newest_id(), a.vault.newest_id());

    let c = serve(&database, NEW, Some(OLD)).await.unwrap();
    beat(&c, 3).await;
    assert_eq!(sealing(&c.pools).await.unwrap(), Some(c.newest_key()));
    assert_eq!(Servers::of(&c).await.unwrap(), Servers { running: 3, unproven: 2 });
    assert!(matches!(serve(&database, OLD, None).await, Err(Refused::Control(Error::OtherMasterKey))));

    for server in [1, 2] {
        let mut db = pool::connection(&a.pools.dashboard).await.unwrap();
        replicas::leave(&mut db, ReplicaId(Uuid::from_u128(server))).await.unwrap();
    }
    let again = serve(&database, NEW, Some(OLD)).await.unwrap();
    beat(&again, 4).await;
    assert_eq!(Servers::of(&again).await.unwrap(), Servers { running: 2, unproven: 0 });
}

#[tokio::test]
async fn while_no_server_runs_the_operators_step_promotes_the_new_key() {
    let database = database().await;
    serve(&database, OLD, None).await.unwrap();
    let command = Foundation::lay(&mut config(&database, NEW, Some(OLD))).await.unwrap();
    assert!(command.has_waiting_key(), "any other command promotes nothing");
    let step = Foundation::lay_to_rotate(&mut config(&database, NEW, Some(OLD))).await.unwrap();
    assert!(!step.has_waiting_key());
    assert_eq!(sealing(&step.pools).await.unwrap(), Some(step.newest_key()));
}
