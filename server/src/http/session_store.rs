//! Sign-in sessions behind tower-sessions: our own rows (`security.md` 4).
//!
//! Only SHA-256 of an id is stored; `create` is an INSERT and `save` an UPDATE of a live row and nothing else, so a session
//! that was signed out cannot come back. Idle and absolute limits are the database clock's.

use std::{collections::HashMap, fmt};

use async_trait::async_trait;
use control::{Context, sessions};
use domain::id::UserId;
use serde_json::Value;
use tower_sessions::{
    SessionStore,
    cookie::time::{Duration, OffsetDateTime},
    session::{Id, Record},
    session_store::{Error, Result},
};

/// Keys of the session's data that have columns of their own.
pub const USER: &str = "user";
pub const SESSION: &str = "session";
pub const DEVICE: &str = "device";
pub const ADDRESS: &str = "address";

#[derive(Clone)]
pub struct PostgresSessions(pub Context);

impl fmt::Debug for PostgresSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresSessions")
    }
}

/// What the cookie names, as the bytes whose hash is stored.
fn token(id: &Id) -> [u8; 16] {
    id.0.to_le_bytes()
}

fn backend(error: impl fmt::Display) -> Error {
    Error::Backend(error.to_string())
}

fn text<'a>(record: &'a Record, key: &str) -> &'a str {
    record.data.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The data without the keys that have columns of their own.
fn rest(record: &Record) -> Value {
    let own = [USER, SESSION, DEVICE, ADDRESS];
    record.data.iter().filter(|(key, _)| !own.contains(&key.as_str())).map(|(k, v)| (k.clone(), v.clone())).collect()
}

#[async_trait]
impl SessionStore for PostgresSessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let user: UserId = text(record, USER).parse().map_err(|_| backend("a session needs a user"))?;
        // The library's own id comes from a thread's generator; ours comes from the operating system.
        let mut fresh = [0u8; 16];
        self.0.entropy.fill(&mut fresh);
        record.id = Id(i128::from_le_bytes(fresh));
        let (device, address) = (text(record, DEVICE), text(record, ADDRESS));
        let session = sessions::start(&self.0, &fresh, user, &rest(record), device, address).await.map_err(backend)?;
        record.data.insert(SESSION.to_owned(), Value::String(session.to_string()));
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let live = sessions::save(&self.0, &token(&record.id), &rest(record)).await.map_err(backend)?;
        tracing::debug!(live, "session saved");
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let Some(loaded) = sessions::load(&self.0, &token(id)).await.map_err(backend)? else { return Ok(None) };
        let mut data: HashMap<String, Value> =
            serde_json::from_value(loaded.data).map_err(|error| Error::Decode(error.to_string()))?;
        data.insert(USER.to_owned(), Value::String(loaded.user.to_string()));
        data.insert(SESSION.to_owned(), Value::String(loaded.id.to_string()));
        // The database decides about expiry; the library only wants a date that lies in the future.
        let now = OffsetDateTime::from_unix_timestamp(self.0.clock.now().timestamp()).map_err(backend)?;
        Ok(Some(Record { id: *id, data, expiry_date: now + Duration::days(7) }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        sessions::end(&self.0, &token(id)).await.map_err(backend)
    }
}
