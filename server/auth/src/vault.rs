//! The vault: provider credentials sealed for one row, one owner, one field and one destination.
//!
//! Each secret has a random data key of its own (XChaCha20-Poly1305) that the master key wraps. Where the secret belongs is
//! associated data, so a sealed value that moved to another row, team or origin does not open (`security.md` CR-1 to CR-3).
//! A sealed value reads: version, id of the master key, nonce and wrapped data key, nonce and sealed text.
//! Never here: storage. A second format is a new version byte and its branch in [`Vault::open`].

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

const VERSION: u8 = 1;
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
    #[error("sealed with another master key")]
    OtherKey,
    #[error("changed, or bound to another row, owner or destination")]
    Forged,
}

/// Seals and opens with one master key. Cheap to share.
pub struct Vault {
    master: MasterKey,
    entropy: Arc<dyn Entropy>,
}

impl Vault {
    pub fn new(master: MasterKey, entropy: Arc<dyn Entropy>) -> Self {
        Self { master, entropy }
    }

    /// Seals a credential for exactly this context. Errors only when the text is too long for the cipher.
    pub fn seal(&self, context: &SealContext<'_>, secret: &Credential) -> Result<Vec<u8>, Error> {
        self.seal_bytes(&bound(&self.master.id(), context), secret.expose_secret().as_bytes())
    }

    /// Opens what [`Vault::seal`] made for the same context.
    pub fn open(&self, context: &SealContext<'_>, sealed: &[u8]) -> Result<Credential, Error> {
        let plain = self.open_bytes(&bound(&self.master.id(), context), sealed)?;
        let text = String::from_utf8(plain.to_vec()).map_err(|_| Error::Forged)?;
        Ok(Credential::new(text))
    }

    /// A value that only this master key opens. It is stored once, so that a later start with another key can tell.
    pub fn check_value(&self) -> Result<Vec<u8>, Error> {
        self.seal_bytes(CHECK, CHECK)
    }

    /// Does the stored check value open? [`Error::OtherKey`] is what a person can act on.
    pub fn check(&self, stored: &[u8]) -> Result<(), Error> {
        self.open_bytes(CHECK, stored).map(drop)
    }

    fn seal_bytes(&self, bound: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
        let mut data_key = Zeroizing::new([0u8; DATA_KEY]);
        self.entropy.fill(data_key.as_mut());
        let mut sealed = vec![VERSION];
        sealed.extend_from_slice(&self.master.id());
        self.encrypt(self.master.bytes(), &purpose(b"wrap", bound), data_key.as_slice(), &mut sealed)?;
        self.encrypt(&data_key, &purpose(b"seal", bound), plain, &mut sealed)?;
        Ok(sealed)
    }

    fn open_bytes(&self, bound: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (head, rest) = sealed.split_at_checked(HEAD).ok_or(Error::Forged)?;
        if head.first() != Some(&VERSION) {
            return Err(Error::Version);
        }
        if head.get(1..) != Some(&self.master.id()[..]) {
            return Err(Error::OtherKey);
        }
        let (wrapped, body) = rest.split_at_checked(WRAPPED).ok_or(Error::Forged)?;
        let data_key = decrypt(self.master.bytes(), &purpose(b"wrap", bound), wrapped)?;
        let data_key = Zeroizing::new(<[u8; DATA_KEY]>::try_from(data_key.as_slice()).map_err(|_| Error::Forged)?);
        decrypt(&data_key, &purpose(b"seal", bound), body)
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

const CHECK: &[u8] = b"tallygate master key check";

fn decrypt(key: &[u8; 32], bound: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let (nonce, body) = sealed.split_at_checked(NONCE).ok_or(Error::Forged)?;
    let nonce = XNonce::try_from(nonce).map_err(|_| Error::Forged)?;
    let payload = Payload { msg: body, aad: bound };
    XChaCha20Poly1305::new(key.into()).decrypt(&nonce, payload).map(Zeroizing::new).map_err(|_| Error::Forged)
}

/// The associated data. Every part carries its length, so that no two contexts give the same bytes.
fn bound(key: &[u8], context: &SealContext<'_>) -> Vec<u8> {
    let SealContext { table, row, owner, field, origin } = context;
    let owner = owner.map(|team| *team.0.as_bytes());
    let owner: &[u8] = owner.as_ref().map_or(b"instance", |team| team.as_slice());
    let mut bytes = vec![VERSION];
    for part in [key, table.as_bytes(), row.as_bytes(), owner, field.as_bytes(), origin.0.as_bytes()] {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

fn purpose(name: &[u8; 4], bound: &[u8]) -> Vec<u8> {
    [name.as_slice(), bound].concat()
}

#[cfg(test)]
mod tests;
