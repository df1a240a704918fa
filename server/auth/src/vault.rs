//! The vault: provider credentials sealed for one row, one owner, one field and one destination.
//!
//! Each secret has a random data key of its own (XChaCha20-Poly1305) that the master key wraps. Where the secret belongs is
//! associated data, so a sealed value that moved to another row, team or origin does not open (`security.md` CR-1 to CR-3).
//! A sealed value reads: version, id of the master key, nonce and wrapped data key, nonce and sealed text.
//!
//! A vault may know several master keys: the newest seals, every one of them opens, and [`Vault::rewrap`] moves a value from
//! an older one to the newest (CR-8). Which key wrapped the data key is bound to the wrap alone, so that the sealed text stays
//! as it is. Version 1 bound it to both, so its values are sealed anew when they move.
//!
//! Never here: storage. One more format is a version byte and its branch in [`Bound::new`].

use std::sync::Arc;

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use domain::{clock::Entropy, id::TeamId};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::MasterKey;

/// The format in which values are sealed.
const VERSION: u8 = 2;
/// The first format, which is still read.
const FIRST: u8 = 1;
const NONCE: usize = 24;
const TAG: usize = 16;
const DATA_KEY: usize = 32;
const HEAD: usize = 1 + 8;
const WRAPPED: usize = NONCE + DATA_KEY + TAG;

/// A provider's secret in clear. Zeroed on drop; no way to print or serialise it.
pub struct Credential(SecretString);

impl Credential {
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }

    /// Is it the same secret? Constant time for texts of one length.
    pub fn is_same(&self, other: &Self) -> bool {
        self.expose_secret().as_bytes().ct_eq(other.expose_secret().as_bytes()).into()
    }

    /// The last four characters, for lists. Empty when the secret is so short that they would tell too much.
    pub fn last_four(&self) -> String {
        let text = self.0.expose_secret();
        let count = text.chars().count();
        if count < 12 { String::new() } else { text.chars().skip(count - 4).collect() }
    }
}

/// Where a secret may be sent: scheme, host and port of the very [`url::Url`] that will be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// `None` when the URL has no host or no port, as `data:` has not.
    pub fn of(url: &url::Url) -> Option<Self> {
        let (host, port) = (url.host_str()?, url.port_or_known_default()?);
        Some(Self(format!("{}://{host}:{port}", url.scheme())))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a sealed value is bound to.
#[derive(Clone, Copy, Debug)]
pub struct SealContext<'a> {
    pub table: &'static str,
    pub row: Uuid,
    /// `None`: the whole instance.
    pub owner: Option<TeamId>,
    pub field: &'static str,
    pub origin: &'a Origin,
}

/// Why a sealed value does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("sealed by another version of the product")]
    Version,
    #[error("sealed with a master key that is not here")]
    OtherKey,
    #[error("changed, or bound to another row, owner or destination")]
    Forged,
}

/// Seals with the newest master key, opens with any. Cheap to share.
pub struct Vault {
    newest: MasterKey,
    older: Vec<MasterKey>,
    entropy: Arc<dyn Entropy>,
}

impl Vault {
    pub fn new(master: MasterKey, entropy: Arc<dyn Entropy>) -> Self {
        Self::with_old(master, Vec::new(), entropy)
    }

    /// During a rotation: `newest` seals, and what `older` ones sealed still opens.
    pub fn with_old(newest: MasterKey, older: Vec<MasterKey>, entropy: Arc<dyn Entropy>) -> Self {
        Self { newest, older, entropy }
    }

    /// Seals a credential for exactly this context. Errors only when the text is too long for the cipher.
    pub fn seal(&self, context: &SealContext<'_>, secret: &Credential) -> Result<Vec<u8>, Error> {
        self.seal_bytes(&Place::Context(context), secret.expose_secret().as_bytes())
    }

    /// Opens what [`Vault::seal`] made for the same context.
    pub fn open(&self, context: &SealContext<'_>, sealed: &[u8]) -> Result<Credential, Error> {
        let plain = self.open_bytes(&Place::Context(context), sealed)?;
        let text = String::from_utf8(plain.to_vec()).map_err(|_| Error::Forged)?;
        Ok(Credential::new(text))
    }

    /// The same value under the newest master key; `None` when it is there already.
    ///
    /// The value is opened first, so what is forged, damaged or out of place is never passed on as fresh. Only the wrapped data
    /// key changes; the sealed text stays byte for byte, unless it is of the first format.
    pub fn rewrap(&self, context: &SealContext<'_>, sealed: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let place = Place::Context(context);
        let parts = Parts::read(sealed)?;
        let (data_key, plain) = self.open_parts(&place, &parts)?;
        if parts.key == self.newest.id() {
            return Ok(None);
        }
        if parts.version != VERSION {
            return self.seal_bytes(&place, &plain).map(Some);
        }
        let mut moved = self.wrapped(&place, &data_key)?;
        moved.extend_from_slice(parts.body);
        Ok(Some(moved))
    }

    /// The id of the key that seals.
    pub fn newest_id(&self) -> [u8; 8] {
        self.newest.id()
    }

    /// A value that only these master keys open. It is stored, so that a later start with another key can tell.
    pub fn check_value(&self) -> Result<Vec<u8>, Error> {
        self.seal_bytes(&Place::Check, CHECK)
    }

    /// Does the stored check value open? [`Error::OtherKey`] is what a person can act on.
    pub fn check(&self, stored: &[u8]) -> Result<(), Error> {
        self.open_bytes(&Place::Check, stored).map(drop)
    }

    fn seal_bytes(&self, place: &Place<'_>, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let mut data_key = Zeroizing::new([0u8; DATA_KEY]);
        self.entropy.fill(data_key.as_mut());
        let mut sealed = self.wrapped(place, &data_key)?;
        self.encrypt(&data_key, &Bound::new(VERSION, self.newest.id(), place).seal, plain, &mut sealed)?;
        Ok(sealed)
    }

    /// What stands before the sealed text: version, the newest key's id, and the data key wrapped by it.
    fn wrapped(&self, place: &Place<'_>, data_key: &[u8; DATA_KEY]) -> Result<Vec<u8>, Error> {
        let mut head = vec![VERSION];
        head.extend_from_slice(&self.newest.id());
        self.encrypt(self.newest.bytes(), &Bound::new(VERSION, self.newest.id(), place).wrap, data_key, &mut head)?;
        Ok(head)
    }

    fn open_bytes(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.open_parts(place, &Parts::read(sealed)?).map(|(_, plain)| plain)
    }

    fn open_parts(&self, place: &Place<'_>, parts: &Parts<'_>) -> Result<Opened, Error> {
        let mut keys = std::iter::once(&self.newest).chain(&self.older);
        let master = keys.find(|key| key.id() == parts.key).ok_or(Error::OtherKey)?;
        let bound = Bound::new(parts.version, parts.key, place);
        let data_key = decrypt(master.bytes(), &bound.wrap, parts.wrapped)?;
        let data_key = Zeroizing::new(<[u8; DATA_KEY]>::try_from(data_key.as_slice()).map_err(|_| Error::Forged)?);
        let plain = decrypt(&data_key, &bound.seal, parts.body)?;
        Ok((data_key, plain))
    }

    /// Appends a fresh nonce and the encrypted text.
    fn encrypt(&self, key: &[u8; 32], bound: &[u8], plain: &[u8], into: &mut Vec<u8>) -> Result<(), Error> {
        let mut nonce = [0u8; NONCE];
        self.entropy.fill(&mut nonce);
        let payload = Payload { msg: plain, aad: bound };
        let sealed =
            XChaCha20Poly1305::new(key.into()).encrypt(&XNonce::from(nonce), payload).map_err(|_| Error::Forged)?;
        into.extend_from_slice(&nonce);
        into.extend_from_slice(&sealed);
        Ok(())
    }
}

/// A data key and what it sealed.
type Opened = (Zeroizing<[u8; DATA_KEY]>, Zeroizing<Vec<u8>>);

/// The id of the master key that wrapped a sealed value: who looks after a rotation counts by it. `None` when the value is too
/// short to be one. Anybody can read it, and only opening proves it.
pub fn key_id(sealed: &[u8]) -> Option<[u8; 8]> {
    Parts::read(sealed).ok().map(|parts| parts.key)
}

/// A sealed value, taken apart.
struct Parts<'a> {
    version: u8,
    key: [u8; 8],
    wrapped: &'a [u8],
    body: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(sealed: &'a [u8]) -> Result<Self, Error> {
        let (head, rest) = sealed.split_at_checked(HEAD).ok_or(Error::Forged)?;
        let (&version, key) = head.split_first().ok_or(Error::Forged)?;
        if version != VERSION && version != FIRST {
            return Err(Error::Version);
        }
        let (wrapped, body) = rest.split_at_checked(WRAPPED).ok_or(Error::Forged)?;
        Ok(Self { version, key: key.try_into().map_err(|_| Error::Forged)?, wrapped, body })
    }
}

const CHECK: &[u8] = b"tallygate master key check";

fn decrypt(key: &[u8; 32], bound: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let (nonce, body) = sealed.split_at_checked(NONCE).ok_or(Error::Forged)?;
    let nonce = XNonce::try_from(nonce).map_err(|_| Error::Forged)?;
    let payload = Payload { msg: body, aad: bound };
    XChaCha20Poly1305::new(key.into()).decrypt(&nonce, payload).map(Zeroizing::new).map_err(|_| Error::Forged)
}

/// Where a sealed value belongs.
enum Place<'a> {
    Context(&'a SealContext<'a>),
    /// The check value of the master key, which belongs nowhere else.
    Check,
}

/// The associated data of both layers.
struct Bound {
    wrap: Vec<u8>,
    seal: Vec<u8>,
}

impl Bound {
    fn new(version: u8, key: [u8; 8], place: &Place<'_>) -> Self {
        let to = |purpose: &[u8], key: &[u8]| match place {
            Place::Check if version == FIRST => [purpose, CHECK].concat(),
            Place::Check => [purpose, &[version], key, CHECK].concat(),
            Place::Context(context) => [purpose, &bytes(version, key, context)].concat(),
        };
        Self { wrap: to(b"wrap", &key), seal: to(b"seal", if version == FIRST { &key } else { &[] }) }
    }
}

/// Every part carries its length, so that no two contexts give the same bytes.
fn bytes(version: u8, key: &[u8], context: &SealContext<'_>) -> Vec<u8> {
    let SealContext { table, row, owner, field, origin } = context;
    let owner = owner.map(|team| *team.0.as_bytes());
    let owner: &[u8] = owner.as_ref().map_or(b"instance", |team| team.as_slice());
    let mut bytes = vec![version];
    for part in [key, table.as_bytes(), row.as_bytes(), owner, field.as_bytes(), origin.0.as_bytes()] {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests;
