//! Keys that can still be used, of every team: for who describes the whole instance.

use domain::{id::TeamId, key::AllowedModels, task::TaskClass};
use sqlx::PgConnection;

use super::Rules;
use crate::Error;

/// A key as somebody describes it: without its secret.
#[derive(Clone, Debug)]
pub struct Live {
    pub team: TeamId,
    /// E-mail address of whom a personal key belongs to.
    pub owner: Option<String>,
    pub name: String,
    pub paused: bool,
    pub rules: Rules,
}

/// All that are neither revoked nor expired, by name.
pub async fn all(db: &mut PgConnection) -> Result<Vec<Live>, Error> {
    let rows = sqlx::query!(
        r#"SELECT k.team_id, u.email AS "owner?", k.name, k.paused_at IS NOT NULL AS "paused!", k.all_models, k.models,
                  k.scopes, k.expires_at, k.networks, k.tags, k.task, k.max_output, k.store_content
             FROM virtual_keys AS k LEFT JOIN users AS u ON u.id = k.user_id
            WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
            ORDER BY k.name COLLATE "C", k.id"#
    )
    .fetch_all(db)
    .await?;
    let live = rows.into_iter().map(|row| Live {
        team: TeamId(row.team_id),
        owner: row.owner,
        name: row.name,
        paused: row.paused,
        rules: Rules {
            models: if row.all_models { AllowedModels::All } else { AllowedModels::Only(row.models) },
            scopes: super::scopes(&row.scopes),
            expires_at: row.expires_at,
            networks: row.networks,
            tags: super::tags(row.tags),
            task: TaskClass::parse(&row.task),
            max_output: row.max_output.and_then(|most| u32::try_from(most).ok()),
            store_content: row.store_content.as_deref().map(super::policy),
        },
    });
    Ok(live.collect())
}
