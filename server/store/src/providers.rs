//! Providers and their sealed credentials. A provider belongs to the whole instance or to one team.

use chrono::{DateTime, Utc};
use domain::id::{CredentialId, ProviderId, TeamId};
use sqlx::PgConnection;

use crate::Error;

/// The constraint a second provider with one slug hits.
pub const SLUG_KEY: &str = "providers_slug_key";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    pub id: ProviderId,
    /// `None`: the whole instance.
    pub team: Option<TeamId>,
    pub slug: String,
    pub kind: String,
    /// Empty when the kind needs none.
    pub base_url: String,
    /// A preset's id; empty for none.
    pub preset: String,
    pub created_at: DateTime<Utc>,
    pub revision: i64,
}

/// A provider's secret as it is stored. It opens for its own row, owner and destination only (`auth::vault`).
#[derive(Clone, Debug)]
pub struct SealedCredential {
    pub id: CredentialId,
    pub team: Option<TeamId>,
    pub sealed: Vec<u8>,
    pub last_four: String,
}

/// A provider as lists show it.
#[derive(Clone, Debug)]
pub struct Listed {
    pub provider: Provider,
    pub credential: Option<SealedCredential>,
    pub models: i64,
}

pub async fn insert(db: &mut PgConnection, provider: &Provider) -> Result<(), Error> {
    let Provider { id, team, slug, kind, base_url, preset, created_at: _, revision: _ } = provider;
    sqlx::query!(
        "INSERT INTO providers (id, team_id, slug, kind, base_url, preset) VALUES ($1, $2, $3, $4, $5, $6)",
        id.0,
        team.map(|team| team.0),
        slug,
        kind,
        base_url,
        preset
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What a team can use: its own providers and the instance's, by slug.
pub async fn list(db: &mut PgConnection, team: TeamId) -> Result<Vec<Listed>, Error> {
    let rows = sqlx::query_file!("queries/providers_list.sql", team.0).fetch_all(db).await?;
    let listed = rows.into_iter().map(|row| Listed {
        credential: row.credential_id.zip(row.sealed).map(|(id, sealed)| SealedCredential {
            id: CredentialId(id),
            team: row.credential_team.map(TeamId),
            sealed,
            last_four: row.last_four.unwrap_or_default(),
        }),
        provider: Provider {
            id: ProviderId(row.id),
            team: row.team_id.map(TeamId),
            slug: row.slug,
            kind: row.kind,
            base_url: row.base_url,
            preset: row.preset,
            created_at: row.created_at,
            revision: row.revision,
        },
        models: row.models,
    });
    Ok(listed.collect())
}

/// A provider of any owner, for who describes the whole instance. Slugs are unique across it.
pub async fn by_slug(db: &mut PgConnection, slug: &str) -> Result<Option<Provider>, Error> {
    let row = sqlx::query!(
        "SELECT id, team_id, slug, kind, base_url, preset, created_at, revision FROM providers WHERE slug = $1 AND archived_at IS NULL",
        slug
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Provider {
        id: ProviderId(row.id),
        team: row.team_id.map(TeamId),
        slug: row.slug,
        kind: row.kind,
        base_url: row.base_url,
        preset: row.preset,
        created_at: row.created_at,
        revision: row.revision,
    }))
}

/// Changes which vendor a provider is known as.
pub async fn set_preset(db: &mut PgConnection, provider: ProviderId, preset: &str) -> Result<(), Error> {
    sqlx::query!("UPDATE providers SET preset = $2, revision = revision + 1 WHERE id = $1", provider.0, preset)
        .execute(db)
        .await?;
    Ok(())
}

/// Points a provider elsewhere. Its credential stays sealed for the old destination and has to be entered again.
pub async fn set_base_url(db: &mut PgConnection, provider: ProviderId, base_url: &str) -> Result<(), Error> {
    sqlx::query!("UPDATE providers SET base_url = $2, revision = revision + 1 WHERE id = $1", provider.0, base_url)
        .execute(db)
        .await?;
    Ok(())
}

/// The newest credential of a provider.
pub async fn credential(db: &mut PgConnection, provider: ProviderId) -> Result<Option<SealedCredential>, Error> {
    let row = sqlx::query!(
        "SELECT id, team_id, sealed, last_four FROM credentials WHERE provider_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1",
        provider.0
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| SealedCredential {
        id: CredentialId(row.id),
        team: row.team_id.map(TeamId),
        sealed: row.sealed,
        last_four: row.last_four,
    }))
}

/// Stores a credential, or replaces the one with this id; deployments of the provider that had none use it.
pub async fn put_credential(
    db: &mut PgConnection,
    provider: ProviderId,
    credential: &SealedCredential,
) -> Result<(), Error> {
    let SealedCredential { id, team, sealed, last_four } = credential;
    sqlx::query!(
        "INSERT INTO credentials (id, provider_id, team_id, sealed, last_four) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed, last_four = excluded.last_four",
        id.0,
        provider.0,
        team.map(|team| team.0),
        sealed,
        last_four
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "UPDATE deployments SET credential_id = $2 WHERE provider_id = $1 AND credential_id IS NULL",
        provider.0,
        id.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes a provider and the models that nobody else serves out of service and out of lists, and forgets its credential. Calls and
/// prices stay.
pub async fn archive(db: &mut PgConnection, owner: Option<TeamId>, provider: ProviderId) -> Result<(), Error> {
    sqlx::query_file!("queries/providers_archive.sql", owner.map(|team| team.0), provider.0).execute(db).await?;
    Ok(())
}

/// Raises the revision: something that belongs to the provider has changed.
pub async fn touch(db: &mut PgConnection, provider: ProviderId) -> Result<(), Error> {
    sqlx::query!("UPDATE providers SET revision = revision + 1 WHERE id = $1", provider.0).execute(db).await?;
    Ok(())
}

/// A stored credential with the address it was sealed for: for the change of the master key.
#[derive(Clone, Debug)]
pub struct Sealed {
    pub credential: SealedCredential,
    pub base_url: String,
}

/// Credentials after this one, in order of id; those of archived providers too.
pub async fn sealed_after(db: &mut PgConnection, after: Option<CredentialId>, most: i64) -> Result<Vec<Sealed>, Error> {
    let rows = sqlx::query!(
        "SELECT c.id, c.team_id, c.sealed, c.last_four, p.base_url
           FROM credentials c JOIN providers p ON p.id = c.provider_id
          WHERE $1::uuid IS NULL OR c.id > $1 ORDER BY c.id LIMIT $2",
        after.map(|credential| credential.0),
        most
    )
    .fetch_all(db)
    .await?;
    let sealed = rows.into_iter().map(|row| Sealed {
        credential: SealedCredential {
            id: CredentialId(row.id),
            team: row.team_id.map(TeamId),
            sealed: row.sealed,
            last_four: row.last_four,
        },
        base_url: row.base_url,
    });
    Ok(sealed.collect())
}

/// Replaces a sealed secret by the same one under another master key, unless it has changed meanwhile.
pub async fn reseal(db: &mut PgConnection, credential: CredentialId, old: &[u8], new: &[u8]) -> Result<bool, Error> {
    let done = sqlx::query!("UPDATE credentials SET sealed = $3 WHERE id = $1 AND sealed = $2", credential.0, old, new)
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Makes changes of one provider wait for each other until the end of the transaction.
pub async fn lock(db: &mut PgConnection, provider: ProviderId) -> Result<(), Error> {
    sqlx::query!("SELECT id FROM providers WHERE id = $1 FOR UPDATE", provider.0).fetch_optional(db).await?;
    Ok(())
}

/// All providers in service, of every owner, by slug, and whether each has a credential: for who describes the whole instance.
pub async fn all(db: &mut PgConnection) -> Result<Vec<(Provider, bool)>, Error> {
    let rows = sqlx::query!(
        r#"SELECT id, team_id, slug, kind, base_url, preset, created_at, revision,
                  EXISTS (SELECT FROM credentials c WHERE c.provider_id = p.id) AS "has_credential!"
             FROM providers p WHERE archived_at IS NULL ORDER BY slug"#
    )
    .fetch_all(db)
    .await?;
    let providers = rows.into_iter().map(|row| {
        let provider = Provider {
            id: ProviderId(row.id),
            team: row.team_id.map(TeamId),
            slug: row.slug,
            kind: row.kind,
            base_url: row.base_url,
            preset: row.preset,
            created_at: row.created_at,
            revision: row.revision,
        };
        (provider, row.has_credential)
    });
    Ok(providers.collect())
}
