//! Migrations: forward-only, embedded in the binary, checked at start.

use std::str::FromStr;

use sqlx::{Connection, PgConnection, migrate::Migrator, postgres::PgConnectOptions};

use crate::Error;

/// All migrations, from `/migrations`.
pub static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// Applies what is missing. Safe to repeat and to race: sqlx holds an advisory lock.
pub async fn run(database_url: &str) -> Result<(), Error> {
    let options = PgConnectOptions::from_str(database_url)?.options([("client_min_messages", "warning")]);
    let mut connection = PgConnection::connect_with(&options).await?;
    MIGRATOR.run(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// How the database's schema compares with this binary's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    Current,
    /// `tallygate migrate` is due.
    Older,
    /// A newer binary was here.
    Newer,
}

/// Compares versions without changing anything. A database without our tables is [`Schema::Older`].
pub async fn schema(database_url: &str) -> Result<Schema, Error> {
    let mut connection = PgConnection::connect(database_url).await?;
    let applied = sqlx::query_scalar!("SELECT to_regclass('public._sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut connection)
        .await?;
    let newest = match applied {
        Some(true) => {
            sqlx::query_scalar::<_, Option<i64>>("SELECT max(version) FROM _sqlx_migrations WHERE success")
                .fetch_one(&mut connection)
                .await?
        }
        _ => None,
    };
    connection.close().await?;
    let ours = MIGRATOR.iter().map(|migration| migration.version).max();
    Ok(match newest.cmp(&ours) {
        std::cmp::Ordering::Less => Schema::Older,
        std::cmp::Ordering::Equal => Schema::Current,
        std::cmp::Ordering::Greater => Schema::Newer,
    })
}

#[cfg(test)]
mod tests {
    use domain::id::{RunId, TeamId};
    use uuid::Uuid;

    use super::*;
    use crate::{runs, testing};

    /// A team with runs of two models, as they were before grids.
    const RUNS: [&str; 5] = [
        "INSERT INTO teams (id, slug, name, store_content) VALUES (lpad('1', 32, '0')::uuid, 'team', 'Team', 'full')",
        "INSERT INTO users (id, email, name, role, password_hash) VALUES (lpad('2', 32, '0')::uuid, 'a@example.com', 'A', 'user', '')",
        "INSERT INTO runs (id, team_id, started_by, kind)
         SELECT lpad(n::text, 32, '0')::uuid, t.id, u.id, 'playground' FROM generate_series(10, 11) AS n, teams t, users u",
        "INSERT INTO variants (id, run_id, position, model, system, max_output, temperature)
         SELECT gen_random_uuid(), r.id, n, 'm' || n, CASE WHEN right(r.id::text, 1) = '0' THEN 'Fill {{name}} in' ELSE 'Be brief' END, 99, '0.5'
           FROM runs r, generate_series(0, 1) AS n",
        "INSERT INTO cases (id, run_id, position, \"user\")
         SELECT gen_random_uuid(), r.id, 0, CASE WHEN right(r.id::text, 1) = '0' THEN E'{{ a }}\n{{b' ELSE 'Why?' END FROM runs r",
    ];

    #[tokio::test]
    async fn prompts_from_before_grids_are_said_as_they_were() {
        let url = testing::unmigrated().await;
        let mut db = PgConnection::connect(&url).await.unwrap();
        let before = MIGRATOR.iter().filter(|migration| migration.version < 12).cloned().collect();
        Migrator::with_migrations(before).run(&mut db).await.unwrap();
        for sql in RUNS {
            sqlx::query(sql).execute(&mut db).await.unwrap();
        }
        run(&url).await.unwrap();

        let id = |number: &str| Uuid::parse_str(&format!("{number:0>32}")).unwrap();
        for (run, system, user) in [("10", "Fill {{name}} in", "{{ a }}\n{{b"), ("11", "Be brief", "Why?")] {
            let grid = runs::grid(&mut db, TeamId(id("1")), RunId(id(run))).await.unwrap().unwrap();
            assert_eq!(grid.check().finish(), Ok(()));
            assert_eq!(grid.variants.iter().map(|it| it.model.as_str()).collect::<Vec<_>>(), ["m0", "m1"]);
            assert_eq!((grid.settings.max_output, grid.settings.temperature.as_str()), (Some(99), "0.5"));
            for variant in &grid.variants {
                let (said, turns) = grid.said(variant, &grid.cases[0]).unwrap();
                assert_eq!((said.as_str(), turns[0].text.as_str(), turns.len()), (system, user, 1));
            }
        }
    }
}
