//! What can go wrong between us and Postgres.

/// A database error. Unique violations that mean something to people are variants of their own, told by constraint name.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A unique constraint was hit: the constraint's name.
    #[error("{0} is already taken")]
    Taken(String),
    #[error("database unavailable")]
    Unavailable(#[source] sqlx::Error),
    #[error("database refused the statement")]
    Statement(#[source] sqlx::Error),
    /// A question over too many rows: a narrower one may be answered.
    #[error("the statement took too long")]
    TooSlow,
    #[error("migration")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A stored value that this version does not know: a newer schema, or damage.
    #[error("unknown value {value:?} in {column}")]
    Unknown { column: &'static str, value: String },
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(db) if db.is_unique_violation() => {
                Self::Taken(db.constraint().unwrap_or_default().to_owned())
            }
            sqlx::Error::Database(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::RowNotFound => {
                Self::Statement(error)
            }
            _ => Self::Unavailable(error),
        }
    }
}

impl Error {
    /// Was this unique constraint hit?
    pub fn is_taken(&self, constraint: &str) -> bool {
        matches!(self, Self::Taken(name) if name == constraint)
    }

    /// May the same transaction succeed when repeated: deadlock, serialization failure?
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Statement(sqlx::Error::Database(db)) if matches!(db.code().as_deref(), Some("40001" | "40P01")))
    }
}
