//! The database's connections: SQLite has one that writes and some that read, PostgreSQL one pool.

use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions, AnyRow};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyPool, Transaction};

use super::column::Statement;
use super::schema;
use crate::store::{Found, Listed, StoreError};

/// How long a writer of another process is waited for.
const BUSY: Duration = Duration::from_secs(10);
/// Readers of SQLite, connections of PostgreSQL.
const CONNECTIONS: u32 = 8;

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

/// The center's database.
#[derive(Debug, Clone)]
pub struct SqlStore {
    pub(super) dialect: Dialect,
    pub(super) writer: AnyPool,
    readers: AnyPool,
}

impl SqlStore {
    /// Makes the tables in an empty database: `sqlite:///path` (the file is made) or `postgres://…`.
    ///
    /// # Errors
    /// `Conflict` where there are tables already; `Unavailable`.
    pub async fn create(url: &str) -> Result<Self, StoreError> {
        let store = Self::connect(url, true).await?;
        schema::create(&store).await?;
        Ok(store)
    }

    /// Opens a database that [`SqlStore::create`] has made, and brings its tables up to date.
    ///
    /// # Errors
    /// `Unavailable` where there is none or it does not answer; `Damaged` where a newer program has made it.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let store = Self::connect(url, false).await?;
        schema::update(&store).await?;
        Ok(store)
    }

    /// Ends all connections; what was committed is on disk.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    async fn connect(url: &str, create: bool) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let dialect = match url.split_once("://") {
            Some(("sqlite", _)) => Dialect::Sqlite,
            Some(("postgres" | "postgresql", _)) => Dialect::Postgres,
            _ => {
                return Err(StoreError::Unavailable(
                    "the database URL begins neither sqlite:// nor postgres://".into(),
                ));
            }
        };
        match dialect {
            Dialect::Postgres => {
                let pool = AnyPoolOptions::new().max_connections(CONNECTIONS).connect_with(options(url)?).await;
                let pool = pool.map_err(unavailable)?;
                Ok(Self { dialect, writer: pool.clone(), readers: pool })
            }
            Dialect::Sqlite => {
                let mode = if create { "rwc" } else { "rw" };
                let options = options(&format!("{url}?mode={mode}"))?;
                let writer = sqlite_pool(1, false, options.clone()).await?;
                let readers = sqlite_pool(CONNECTIONS, true, options).await?;
                Ok(Self { dialect, writer, readers })
            }
        }
    }

    /// A transaction that writes. SQLite's takes the write lock at once, so that it cannot fail half-way for it.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Any>, StoreError> {
        let begun = match self.dialect {
            Dialect::Sqlite => self.writer.begin_with("BEGIN IMMEDIATE").await,
            Dialect::Postgres => self.writer.begin().await,
        };
        begun.map_err(unavailable)
    }

    async fn reader(&self) -> Result<PoolConnection<Any>, StoreError> {
        self.readers.acquire().await.map_err(unavailable)
    }

    /// The one row of `statement`, if there is one.
    pub(super) async fn find<T>(
        &self,
        statement: Statement,
        read: impl Fn(&AnyRow) -> Result<T, StoreError>,
    ) -> Found<T> {
        let row = statement.fetch_optional(&mut *self.reader().await?).await.map_err(unavailable)?;
        row.as_ref().map(read).transpose()
    }

    /// All rows of `statement`.
    pub(super) async fn list<T>(
        &self,
        statement: Statement,
        read: impl Fn(&AnyRow) -> Result<T, StoreError>,
    ) -> Listed<T> {
        let rows = statement.fetch_all(&mut *self.reader().await?).await.map_err(unavailable)?;
        rows.iter().map(read).collect()
    }
}

fn options(url: &str) -> Result<AnyConnectOptions, StoreError> {
    // The error would repeat the URL, which may hold a password.
    url.parse().map_err(|_| StoreError::Unavailable("the database URL cannot be read".into()))
}

async fn sqlite_pool(connections: u32, read_only: bool, options: AnyConnectOptions) -> Result<AnyPool, StoreError> {
    let pool = AnyPoolOptions::new()
        .max_connections(connections)
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                let pragmas = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                               PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;";
                sqlx::raw_sql(pragmas).execute(&mut *connection).await?;
                if read_only {
                    sqlx::raw_sql("PRAGMA query_only = ON;").execute(&mut *connection).await?;
                }
                Ok(())
            })
        })
        .acquire_timeout(BUSY * 3);
    pool.connect_with(options).await.map_err(unavailable)
}

/// Constraints are conflicts; all else is the database's own trouble. No message repeats a value.
pub(super) fn store_error(error: sqlx::Error) -> StoreError {
    use sqlx::error::ErrorKind;
    match &error {
        sqlx::Error::Database(refusal) => match refusal.kind() {
            ErrorKind::Other => unavailable(error),
            _ => StoreError::Conflict(refusal.message().to_owned()),
        },
        _ => unavailable(error),
    }
}

pub(super) fn unavailable(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(refusal) => StoreError::Unavailable(refusal.message().to_owned()),
        sqlx::Error::Io(error) => StoreError::Unavailable(error.kind().to_string()),
        sqlx::Error::PoolTimedOut => StoreError::Unavailable("no connection became free in time".into()),
        other => StoreError::Unavailable(other.to_string()),
    }
}
