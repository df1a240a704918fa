//! Passwords: argon2id with the floor of OWASP's guidance, stored as PHC text (`security.md` 2).
//!
//! Hashing costs 19 MiB and tens of milliseconds, so it runs on blocking threads behind a semaphore with a bounded queue;
//! whoever finds the queue full is told [`Error::Overloaded`]. A raised floor takes effect at the next sign-in
//! ([`Verdict::Match`]). Never here: who may sign in, counting of failures.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{CustomizedPasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use domain::clock::Entropy;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// KiB of memory, passes, lanes.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Most hashes at once, whatever the machine: 4 x 19 MiB.
const MOST_WORKERS: usize = 4;
/// Most callers that wait for a worker; at 50 ms each the last waits a second or two.
const QUEUE: usize = 64;

/// Passwords of 12 bytes or more that everybody tries first.
const COMMON: &str = include_str!("password/common.txt");

/// A password in clear, exactly as typed. Zeroed on drop.
#[derive(Clone)]
pub struct Password(SecretString);

impl Password {
    /// What somebody typed to sign in: no rule but that it is checked whole.
    pub fn typed(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// A new password for the account with this e-mail address and name: 12 to 256 bytes, no composition rule, but neither
    /// a common one nor the account's own name. The message says what would be right.
    pub fn chosen(text: String, email: &str, name: &str) -> Result<Self, String> {
        domain::text::password_length(&text)?;
        let plain = text.to_lowercase();
        let is_one_character = plain.chars().all(|c| plain.starts_with(c));
        if is_one_character || COMMON.lines().any(|common| common == plain) {
            return Err("this password is among the first that attackers try: choose another".to_owned());
        }
        let local = email.split('@').next().unwrap_or_default();
        let joined = |text: &str| text.split_whitespace().collect::<String>().to_lowercase();
        if [email, local, name].iter().any(|own| joined(own) == joined(&plain)) {
            return Err("this password is the account's own name: choose another".to_owned());
        }
        Ok(Self(SecretString::from(text)))
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// All workers are busy and the queue is full.
    #[error("too many passwords are being checked right now")]
    Overloaded,
    /// A stored hash that is no PHC text of argon2id.
    #[error("stored password hash is unreadable")]
    Stored,
    #[error("password hashing")]
    Hash(#[source] argon2::password_hash::Error),
    /// The blocking thread ended without an answer.
    #[error("password worker stopped")]
    Worker,
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The password is right; `outdated` when its hash is below today's floor and should be made again.
    Match {
        outdated: bool,
    },
    Mismatch,
}

/// Hashes and checks passwords. Cheap to clone; clones share workers and queue.
#[derive(Clone)]
pub struct Hasher {
    entropy: Arc<dyn Entropy>,
    /// Workers and queue together: no permit, no place to wait.
    places: Arc<Semaphore>,
    workers: Arc<Semaphore>,
    /// Checked for accounts that do not exist, so that they cost as much as those that do.
    dummy: Arc<str>,
}

impl Hasher {
    /// Uses at most `cores` threads, and four at most. Makes one hash, so it takes as long as a sign-in.
    pub fn new(entropy: Arc<dyn Entropy>, cores: usize) -> Result<Self, Error> {
        let workers = cores.clamp(1, MOST_WORKERS);
        let mut nobody = [0u8; 32];
        entropy.fill(&mut nobody);
        let dummy = hash(&nobody, &salt(&*entropy))?;
        Ok(Self {
            entropy,
            places: Arc::new(Semaphore::new(workers + QUEUE)),
            workers: Arc::new(Semaphore::new(workers)),
            dummy: dummy.into(),
        })
    }

    /// PHC text of a new password.
    pub async fn hash(&self, password: &Password) -> Result<String, Error> {
        let (password, salt) = (password.clone(), salt(&*self.entropy));
        self.work(move || hash(password.0.expose_secret().as_bytes(), &salt)).await
    }

    /// Checks a typed password against a stored hash; without one it does the same work and finds a mismatch.
    pub async fn verify(&self, password: &Password, stored: Option<&str>) -> Result<Verdict, Error> {
        let password = password.clone();
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.dummy).to_owned();
        let verdict = self.work(move || verify(password.0.expose_secret().as_bytes(), &stored)).await?;
        Ok(if known { verdict } else { Verdict::Mismatch })
    }

    async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Error::Overloaded)?;
        let worker = Arc::clone(&self.workers).acquire_owned().await.map_err(|_| Error::Worker)?;
        // The permits move to the thread: a caller that hangs up must not let one more hash start beside this one.
        let permits: [OwnedSemaphorePermit; 2] = [place, worker];
        let job = move || {
            let _permits = permits;
            job()
        };
        tokio::task::spawn_blocking(job).await.map_err(|_| Error::Worker)?
    }
}

fn salt(entropy: &dyn Entropy) -> [u8; 16] {
    let mut salt = [0u8; 16];
    entropy.fill(&mut salt);
    salt
}

fn argon2() -> Result<Argon2<'static>, Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(32)).map_err(|error| Error::Hash(error.into()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &[u8], salt: &[u8; 16]) -> Result<String, Error> {
    let argon2 = argon2()?;
    let params = argon2.params().clone();
    let hash: PasswordHash =
        argon2.hash_password_customized(password, salt, None, None, params).map_err(Error::Hash)?;
    Ok(hash.to_string())
}

fn verify(password: &[u8], stored: &str) -> Result<Verdict, Error> {
    let stored = PasswordHash::new(stored).map_err(|_| Error::Stored)?;
    match argon2()?.verify_password(password, &stored) {
        Ok(()) => Ok(Verdict::Match { outdated: is_below_floor(&stored)? }),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(Verdict::Mismatch),
        Err(error) => Err(Error::Hash(error)),
    }
}

fn is_below_floor(stored: &PasswordHash) -> Result<bool, Error> {
    let params = Params::try_from(stored).map_err(Error::Hash)?;
    Ok(stored.algorithm.as_str() != "argon2id"
        || params.m_cost() < MEMORY_KIB
        || params.t_cost() < PASSES
        || params.p_cost() < LANES)
}

#[cfg(test)]
mod tests;
