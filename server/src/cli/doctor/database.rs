//! Is the database there, is it the right one, and may we do there what we have to?

use domain::clock::Clock;
use store::{doctor::Facts, pool};

use super::{Finding, Verdict, instance, machine::database_name};
use crate::{
    clock::SystemClock,
    config::{Config, Database},
    foundation::{self, Foundation},
};

/// 14.0
const OLDEST: i32 = 140_000;
/// What the embedded database is kept in, below DATA_DIR.
const CLUSTER: &str = "postgres";
/// Expiry and windows go by the database clock; logs and ids by ours.
const APART_WARNS: i64 = 2_000;
const APART_FAILS: i64 = 60_000;

/// Everything that takes a database. An embedded one that is not running is started for it, as every other command does, but
/// never made, and its schema stays as it is.
pub async fn check(config: &mut Config) -> Vec<Finding> {
    let name = database_name(&config.database);
    let is_external = matches!(config.database, Database::External(_));
    if !is_external && !config.data_dir.join(CLUSTER).exists() {
        return vec![Finding::ok("database", format!("{name} is not there yet: the first `tallygate serve` makes it"))];
    }
    let foundation = match Foundation::look(config).await {
        Ok(foundation) => foundation,
        Err(error) => {
            tracing::debug!(%error, "the instance cannot be looked at");
            return vec![not_there(&error, &name, is_external)];
        }
    };
    let mut findings = facts(&foundation, &name, is_external).await;
    if findings.iter().all(|finding| finding.verdict != Verdict::Failure) {
        findings.extend(instance::check(&foundation).await);
    }
    if let Err(error) = foundation.remove().await {
        findings.push(Finding::warning("database", error.to_string(), "look at the log of the embedded database"));
    }
    findings
}

/// What keeps the instance from being looked at.
fn not_there(error: &foundation::Error, name: &str, is_external: bool) -> Finding {
    use control::Error as Control;
    use foundation::Error as Why;
    match error {
        Why::SchemaOlder => {
            let says = format!("{name}: its schema is older than this binary");
            match is_external {
                true => Finding::failure("database", says, "run `tallygate migrate`"),
                false => {
                    let advice = "the next `tallygate serve` brings it up to date; back DATA_DIR up first: afterwards an older \
                                  version cannot use it";
                    Finding::warning("database", says, advice)
                }
            }
        }
        Why::SchemaNewer => {
            let says = format!("{name}: its schema is newer than this binary");
            Finding::failure("database", says, "start the newer version")
        }
        Why::MasterKey(why) => {
            Finding::failure("secrets", why.clone(), "without the right keys no stored credential can be read")
        }
        Why::Control(Control::OtherMasterKey) => {
            let advice = "start with the key that was used before; during a rotation name it in MASTER_KEY_OLD";
            Finding::failure("secrets", error.to_string(), advice)
        }
        Why::Embedded(_) => {
            Finding::failure("database", error.to_string(), "look at the log under DATA_DIR, and at its free space")
        }
        _ => {
            let advice = match is_external {
                true => "check DATABASE_URL: host, port, name, user and password; LOG=debug says more",
                false => "check DATA_DIR; LOG=debug says more",
            };
            Finding::failure("database", format!("{name} cannot be used"), advice)
        }
    }
}

async fn facts(foundation: &Foundation, name: &str, is_external: bool) -> Vec<Finding> {
    let before = SystemClock.now();
    let facts = async {
        let mut db = pool::connection(&foundation.pools.dashboard).await?;
        store::doctor::facts(&mut db).await
    };
    let facts = match facts.await {
        Ok(facts) => facts,
        Err(error) => {
            tracing::debug!(%error, "the database cannot be asked about itself");
            return vec![Finding::failure(
                "database",
                format!("{name} does not answer"),
                "see whether it is overloaded or full",
            )];
        }
    };
    let after = SystemClock.now();
    // The database looked at its clock somewhere in between.
    let ours = before + (after - before) / 2;
    vec![version(facts.version, name), role(&facts, is_external), clock((facts.now - ours).num_milliseconds().abs())]
}

fn version(version: i32, name: &str) -> Finding {
    let says = format!("{name}, version {}.{}, with our schema", version / 10_000, version % 10_000);
    match version >= OLDEST {
        true => Finding::ok("database", says),
        false => Finding::failure("database", says, "PostgreSQL 14 or newer is needed"),
    }
}

fn role(facts: &Facts, is_external: bool) -> Finding {
    let Facts { version: _, now: _, is_superuser, owns_tables, out_of_reach } = facts;
    if !out_of_reach.is_empty() {
        let says = format!("our role may not read and write: {}", out_of_reach.join(", "));
        return Finding::failure(
            "role",
            says,
            "GRANT SELECT, INSERT, UPDATE, DELETE on the tables of the schema public to it",
        );
    }
    if !owns_tables {
        let says = "our role does not own the tables: partitions for new months cannot be made";
        return Finding::failure("role", says, "connect as the role that ran `tallygate migrate`");
    }
    if *is_superuser && is_external {
        let says = "our role is a superuser, which is more than it needs";
        return Finding::warning("role", says, "give this instance a role of its own that owns its database");
    }
    Finding::ok("role", "may do what it has to")
}

fn clock(apart_millis: i64) -> Finding {
    let says = format!("{}.{:03} s apart from the database", apart_millis / 1000, apart_millis % 1000);
    let advice = "synchronise the clocks of this machine and of the database's";
    match apart_millis {
        ..APART_WARNS => Finding::ok("clock", says),
        APART_WARNS..APART_FAILS => Finding::warning("clock", says, advice),
        _ => Finding::failure("clock", says, advice),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let now = SystemClock.now();
        Facts { version: 170_002, now, is_superuser: false, owns_tables: true, out_of_reach: Vec::new() }
    }

    #[test]
    fn an_old_database_and_missing_rights_are_failures() {
        assert_eq!(version(170_002, "it").says, "it, version 17.2, with our schema");
        assert_eq!(version(130_014, "it").verdict, Verdict::Failure);
        assert_eq!(role(&facts(), true).verdict, Verdict::Ok);
        assert_eq!(role(&Facts { owns_tables: false, ..facts() }, true).verdict, Verdict::Failure);
        let hidden = Facts { out_of_reach: vec!["users".to_owned()], ..facts() };
        assert!(role(&hidden, false).says.contains("users"));
        let superuser = Facts { is_superuser: true, ..facts() };
        assert_eq!(role(&superuser, true).verdict, Verdict::Warning);
        assert_eq!(role(&superuser, false).verdict, Verdict::Ok, "of the embedded database it is");
    }

    #[test]
    fn what_cannot_be_looked_at_says_what_to_do() {
        let found = |error, is_external| not_there(&error, "it", is_external);
        let older = || foundation::Error::SchemaOlder;
        assert_eq!(found(older(), true).verdict, Verdict::Failure);
        assert_eq!(found(older(), false).verdict, Verdict::Warning, "the next start sees to it");
        assert!(found(older(), false).advice.contains("back DATA_DIR up first"));
        assert_eq!(found(foundation::Error::SchemaNewer, false).verdict, Verdict::Failure);
        let lost = found(foundation::Error::MasterKey("master.key: is not there".to_owned()), false);
        assert_eq!((lost.check, lost.says.as_str()), ("secrets", "master.key: is not there"));
        assert!(found(control::Error::OtherMasterKey.into(), true).advice.contains("MASTER_KEY_OLD"));
    }

    #[tokio::test]
    async fn a_look_at_an_instance_changes_nothing() {
        let database = store::testing::database().await;
        let key = "9f1c27d6508be34a7d2290c1fb6e83457ac0185de9364f72b1d85c3e0a964bf8";
        let settings = [("DATABASE_URL", database.url.as_str()), ("MASTER_KEY", key)];
        let value =
            |name: &str| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let findings = check(&mut Config::read(value).unwrap()).await;
        assert!(findings.iter().all(|finding| finding.verdict != Verdict::Failure), "{findings:?}");
        assert_eq!(database.number("SELECT count(*) FROM vault_check").await, 0);
        assert_eq!(database.number("SELECT count(*) FROM audit_log").await, 0);
    }

    #[test]
    fn clocks_that_are_apart_are_noticed() {
        assert_eq!(clock(12).verdict, Verdict::Ok);
        assert_eq!(clock(2_000).verdict, Verdict::Warning);
        assert_eq!(clock(60_000).verdict, Verdict::Failure);
        assert_eq!(clock(61_005).says, "61.005 s apart from the database");
    }
}
