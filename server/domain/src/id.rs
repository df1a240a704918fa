//! Ids: newtypes over UUIDv7, made from a clock reading and randomness that the caller passes in.
//!
//! One more id is one line in the `id!` list at the end.

use crate::clock::{Clock, Entropy};

/// A UUIDv7 from the given clock and randomness: milliseconds first, so ids sort by time.
pub fn new_v7(clock: &dyn Clock, entropy: &dyn Entropy) -> uuid::Uuid {
    let millis = u64::try_from(clock.now().timestamp_millis()).unwrap_or(0);
    let mut random = [0u8; 10];
    entropy.fill(&mut random);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl $name {
            pub fn new(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
                Self(new_v7(clock, entropy))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                uuid::Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

id! {
    UserId, TeamId, KeyId, ProviderId, CredentialId, ModelId, DeploymentId, PriceVersionId,
    /// One upstream request: one ledger row.
    AttemptId,
    /// One client request; clients read it as `req_…`.
    RequestId,
    InvitationId, ResetId, TokenId,
    RunId, VariantId, CaseId, CellId, SampleId, SessionId, AuditId,
    ImageId, CaseSetId, ViewId, FeedbackId,
    /// One boot of one server process.
    ReplicaId,
}

impl RequestId {
    /// The form clients see: `req_` and 32 hexadecimal digits.
    pub fn public(&self) -> String {
        format!("req_{}", self.0.simple())
    }

    /// Reads the public form, or a bare UUID.
    pub fn parse(text: &str) -> Option<Self> {
        uuid::Uuid::parse_str(text.strip_prefix("req_").unwrap_or(text)).ok().map(Self)
    }
}
