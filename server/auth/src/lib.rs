//! Secrets: passwords, virtual keys and management tokens, opaque tokens and the vault for provider credentials. CPU only.
//!
//! Here: hashing, encryption, key format. Never here: the database, HTTP, the environment, the real clock or randomness.
//! A secret type has no `Debug`, `Display` or `Serialize`; its text leaves only through a method named `expose_secret`,
//! which the architecture test looks for. One more kind of secret: a file of its own and its line in the table below.
//!
//! | file | secret | at rest |
//! |---|---|---|
//! | `password.rs` | what people type to sign in | argon2id, PHC text |
//! | `api_key.rs` | what clients send to the gateway: `tg_…` | SHA-256 of the whole key |
//! | `api_token.rs` | what scripts send to manage: `tgm_…`; both have the form of `carried.rs` | SHA-256 of the whole token |
//! | `digest.rs` | opaque tokens: sessions, the set-up code | SHA-256 |
//! | `vault.rs` | provider credentials | XChaCha20-Poly1305, bound to where they belong |
//! | `master_key.rs` | the key that wraps the vault's data keys | environment or file, never the database |

pub mod api_key;
pub mod api_token;
mod base62;
mod carried;
pub mod digest;
pub mod master_key;
pub mod password;
pub mod vault;

pub use api_key::{ApiKey, KeyDigest, MadeKey};
pub use api_token::{ApiToken, MadeToken};
pub use master_key::MasterKey;
pub use password::{Hasher, Password};
pub use vault::{Credential, Origin, SealContext, Vault};

#[cfg(test)]
mod testing;
