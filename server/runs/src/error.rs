//! Why the executor cannot start.

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot listen for runs: {0}")]
    Listen(#[from] store::Error),
}
