//! Invitations: the hash of a link's secret, what the link gives, and who answers for it. The database clock decides expiry.

use chrono::{DateTime, Utc};
use domain::{
    id::{InvitationId, TeamId, UserId},
    role::{InstanceRole, TeamRole},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;

/// An invitation as it is inserted.
#[derive(Clone, Copy, Debug)]
pub struct NewInvitation<'a> {
    pub id: InvitationId,
    pub token_hash: &'a [u8],
    pub role: TeamRole,
    /// Lower case; empty: whoever holds the link.
    pub email: &'a str,
    /// `None`: the operator.
    pub invited_by: Option<UserId>,
    pub days: i32,
}

/// Who invited, with the rights they have now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inviter {
    pub name: String,
    pub role: InstanceRole,
    pub team_role: Option<TeamRole>,
    pub disabled: bool,
}

#[derive(Clone, Debug)]
pub struct Invitation {
    pub id: InvitationId,
    pub team: TeamId,
    pub team_slug: String,
    pub team_name: String,
    pub role: TeamRole,
    pub email: String,
    /// `None`: the operator of the command line.
    pub inviter: Option<Inviter>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub is_redeemed: bool,
    pub is_revoked: bool,
    pub is_expired: bool,
}

impl Invitation {
    /// Nobody used it, nobody took it back, and its time is not over. Whether its inviter may still invite is not asked here.
    pub fn is_open(&self) -> bool {
        !self.is_redeemed && !self.is_revoked && !self.is_expired
    }
}

struct Row {
    id: Uuid,
    team_id: Uuid,
    team_slug: String,
    team_name: String,
    role: String,
    email: String,
    inviter_name: Option<String>,
    inviter_role: Option<String>,
    inviter_team_role: Option<String>,
    inviter_disabled: bool,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    is_redeemed: bool,
    is_revoked: bool,
    is_expired: bool,
}

fn team_role(text: String) -> Result<TeamRole, Error> {
    TeamRole::parse(&text).ok_or(Error::Unknown { column: "invitations.role", value: text })
}

fn instance_role(text: String) -> Result<InstanceRole, Error> {
    InstanceRole::parse(&text).ok_or(Error::Unknown { column: "users.role", value: text })
}

impl TryFrom<Row> for Invitation {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let Row { inviter_name, inviter_role, inviter_team_role, inviter_disabled, .. } = row;
        let inviter = match inviter_name.zip(inviter_role) {
            None => None,
            Some((name, role)) => Some(Inviter {
                name,
                role: instance_role(role)?,
                team_role: inviter_team_role.map(team_role).transpose()?,
                disabled: inviter_disabled,
            }),
        };
        Ok(Self {
            id: InvitationId(row.id),
            team: TeamId(row.team_id),
            team_slug: row.team_slug,
            team_name: row.team_name,
            role: team_role(row.role)?,
            email: row.email,
            inviter,
            created_at: row.created_at,
            expires_at: row.expires_at,
            is_redeemed: row.is_redeemed,
            is_revoked: row.is_revoked,
            is_expired: row.is_expired,
        })
    }
}

/// The end of its life.
pub async fn insert(
    db: &mut PgConnection,
    team: TeamId,
    invitation: &NewInvitation<'_>,
) -> Result<DateTime<Utc>, Error> {
    let NewInvitation { id, token_hash, role, email, invited_by, days } = *invitation;
    let expires_at = sqlx::query_scalar!(
        "INSERT INTO invitations (id, team_id, token_hash, role, email, invited_by, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + make_interval(days => $7)) RETURNING expires_at",
        id.0,
        team.0,
        token_hash,
        role.as_str(),
        email,
        invited_by.map(|user| user.0),
        days
    );
    Ok(expires_at.fetch_one(db).await?)
}

/// Those of one team that can be used or could be in the last month: first the open ones, each newest first. At most 500.
pub async fn list(db: &mut PgConnection, team: TeamId) -> Result<Vec<Invitation>, Error> {
    let rows = sqlx::query_file_as!(Row, "queries/invitations_list.sql", team.0).fetch_all(db).await?;
    rows.into_iter().map(Invitation::try_from).collect()
}

pub async fn get(db: &mut PgConnection, team: TeamId, invitation: InvitationId) -> Result<Option<Invitation>, Error> {
    let row = sqlx::query_file_as!(Row, "queries/invitations_get.sql", team.0, invitation.0).fetch_optional(db).await?;
    row.map(Invitation::try_from).transpose()
}

/// How many of one team nobody has used, taken back or let expire.
pub async fn count_open(db: &mut PgConnection, team: TeamId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM invitations
            WHERE team_id = $1 AND redeemed_at IS NULL AND revoked_at IS NULL AND expires_at > clock_timestamp()"#,
        team.0
    );
    Ok(count.fetch_one(db).await?)
}

/// The one whose link has a secret with this hash, whatever has become of it.
pub async fn by_token(db: &mut PgConnection, token_hash: &[u8]) -> Result<Option<Invitation>, Error> {
    let row = sqlx::query_file_as!(Row, "queries/invitations_by_token.sql", token_hash).fetch_optional(db).await?;
    row.map(Invitation::try_from).transpose()
}

/// The open ones that this person made, in all teams.
pub async fn open_of(db: &mut PgConnection, inviter: UserId) -> Result<Vec<Invitation>, Error> {
    let rows = sqlx::query_file_as!(Row, "queries/invitations_open_of.sql", inviter.0).fetch_all(db).await?;
    rows.into_iter().map(Invitation::try_from).collect()
}

/// Uses it up. `false`: it is not open, and nothing was written. Of many at once exactly one gets `true`.
pub async fn redeem(db: &mut PgConnection, token_hash: &[u8], user: UserId) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE invitations SET redeemed_at = clock_timestamp(), redeemed_by = $2
          WHERE token_hash = $1 AND redeemed_at IS NULL AND revoked_at IS NULL AND expires_at > clock_timestamp()",
        token_hash,
        user.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// `false`: there is none in this team that could still be used.
pub async fn revoke(db: &mut PgConnection, team: TeamId, invitation: InvitationId) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE invitations SET revoked_at = clock_timestamp()
          WHERE id = $2 AND team_id = $1 AND redeemed_at IS NULL AND revoked_at IS NULL",
        team.0,
        invitation.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// A tick: forgets what ended a month ago; the audit log remembers who let whom in.
pub async fn prune(db: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!("DELETE FROM invitations WHERE expires_at < clock_timestamp() - interval '30 days'")
        .execute(db)
        .await?;
    Ok(())
}
