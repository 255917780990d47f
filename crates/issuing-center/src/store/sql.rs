//! The store in SQL: SQLite and PostgreSQL, one text per query for both.
//!
//! SQLite has one connection that writes, in WAL with `synchronous=FULL`, and some that read. PostgreSQL has one
//! pool; there the row of the log's head, locked first, keeps commits in one order.

mod change;
mod column;
mod commit;
mod issuance;
mod log;
mod order;
mod people;
mod registration;
mod schema;
mod sweep;
mod terminal;

use std::future::Future;
use std::time::Duration;

use cardwright_issuance::Id;
use cardwright_issuance::row::{
    Base, Card, Challenge, Intent, Issuance, KeySet, Order, Outbox, Reader, Terminal, Ticket,
};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions, AnyRow};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyPool, Transaction};

use super::{
    Commit, Document, EnrolmentCode, Found, Idempotency, Leaf, Listed, LogHead, Person, SealedBlob, SealedOrder, Store,
    StoreError,
};
use column::{Statement, columns, statement};

/// How long a writer of another process is waited for.
const BUSY: Duration = Duration::from_secs(10);
/// Readers of SQLite, connections of PostgreSQL.
const CONNECTIONS: u32 = 8;

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Sqlite,
    Postgres,
}

/// The center's database.
#[derive(Debug, Clone)]
pub struct SqlStore {
    dialect: Dialect,
    writer: AnyPool,
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
    async fn begin(&self) -> Result<Transaction<'static, Any>, StoreError> {
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
    async fn find<T>(&self, statement: Statement, read: impl Fn(&AnyRow) -> Result<T, StoreError>) -> Found<T> {
        let row = statement.fetch_optional(&mut *self.reader().await?).await.map_err(unavailable)?;
        row.as_ref().map(read).transpose()
    }

    /// All rows of `statement`.
    async fn list<T>(&self, statement: Statement, read: impl Fn(&AnyRow) -> Result<T, StoreError>) -> Listed<T> {
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
fn store_error(error: sqlx::Error) -> StoreError {
    use sqlx::error::ErrorKind;
    match &error {
        sqlx::Error::Database(refusal) => match refusal.kind() {
            ErrorKind::Other => unavailable(error),
            _ => StoreError::Conflict(refusal.message().to_owned()),
        },
        _ => unavailable(error),
    }
}

fn unavailable(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(refusal) => StoreError::Unavailable(refusal.message().to_owned()),
        sqlx::Error::Io(error) => StoreError::Unavailable(error.kind().to_string()),
        sqlx::Error::PoolTimedOut => StoreError::Unavailable("no connection became free in time".into()),
        other => StoreError::Unavailable(other.to_string()),
    }
}

impl Store for SqlStore {
    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        commit::commit(self, commit).await
    }

    async fn take_lease(&self, terminal: Id, instance: Id, now: i64, until: i64) -> Result<bool, StoreError> {
        terminal::take_lease(self, terminal, instance, now, until).await
    }

    async fn add_challenges(&self, challenges: &[Challenge]) -> Result<(), StoreError> {
        terminal::add_challenges(self, challenges).await
    }

    async fn sweep(&self, now: i64) -> Result<u64, StoreError> {
        sweep::sweep(self, now).await
    }

    fn terminal_by_fingerprint(&self, fingerprint: [u8; 32]) -> impl Future<Output = Found<Terminal>> + Send {
        self.find(
            statement("SELECT * FROM terminals WHERE fingerprint = $1", columns![fingerprint]),
            terminal::terminal,
        )
    }

    fn terminals(&self) -> impl Future<Output = Listed<Terminal>> + Send {
        self.list(statement("SELECT * FROM terminals ORDER BY name, expires", vec![]), terminal::terminal)
    }

    fn reader(&self, id: Id) -> impl Future<Output = Found<Reader>> + Send {
        self.find(statement("SELECT * FROM readers WHERE id = $1", columns![id]), terminal::reader)
    }

    fn readers(&self) -> impl Future<Output = Listed<Reader>> + Send {
        self.list(statement("SELECT * FROM readers ORDER BY name, id", vec![]), terminal::reader)
    }

    fn enrolment_code(&self, hash: [u8; 32], now: i64) -> impl Future<Output = Found<EnrolmentCode>> + Send {
        let text = "SELECT * FROM enrolment_codes WHERE hash = $1 AND used IS NULL AND expires > $2";
        self.find(statement(text, columns![hash, now]), terminal::enrolment_code)
    }

    fn challenge(&self, id: Id) -> impl Future<Output = Found<Challenge>> + Send {
        self.find(statement("SELECT * FROM challenges WHERE id = $1", columns![id]), terminal::challenge)
    }

    fn ticket(&self, id: Id) -> impl Future<Output = Found<Ticket>> + Send {
        self.find(statement("SELECT * FROM tickets WHERE id = $1", columns![id]), terminal::ticket)
    }

    fn tickets_for(&self, terminal: Id, now: i64) -> impl Future<Output = Listed<Ticket>> + Send {
        let text =
            "SELECT * FROM tickets WHERE terminal = $1 AND expires > $2 AND used_by IS NULL ORDER BY expires, id";
        self.list(statement(text, columns![terminal, now]), terminal::ticket)
    }

    fn order(&self, id: Id) -> impl Future<Output = Found<Order>> + Send {
        self.find(statement("SELECT * FROM orders WHERE id = $1", columns![id]), order::order)
    }

    fn order_by_reference(&self, reference: &str) -> impl Future<Output = Found<Order>> + Send {
        self.find(statement("SELECT * FROM orders WHERE reference = $1", columns![reference]), order::order)
    }

    fn orders(&self, limit: u32) -> impl Future<Output = Listed<Order>> + Send {
        let text = "SELECT * FROM orders ORDER BY entered DESC, reference LIMIT $1";
        self.list(statement(text, columns![limit]), order::order)
    }

    fn sealed_order(&self, id: Id) -> impl Future<Output = Found<SealedOrder>> + Send {
        self.find(statement("SELECT * FROM sealed_orders WHERE order_id = $1", columns![id]), order::sealed_order)
    }

    fn prepared(&self, id: Id) -> impl Future<Output = Found<SealedBlob>> + Send {
        self.find(statement("SELECT * FROM prepared WHERE order_id = $1", columns![id]), order::prepared)
    }

    fn card_by_identity(&self, product: &str, cplc: &[u8], kdd: [u8; 10]) -> impl Future<Output = Found<Card>> + Send {
        let text = "SELECT * FROM cards WHERE product = $1 AND cplc = $2 AND kdd = $3";
        self.find(statement(text, columns![product, cplc, kdd]), order::card)
    }

    fn card(&self, id: Id) -> impl Future<Output = Found<Card>> + Send {
        self.find(statement("SELECT * FROM cards WHERE id = $1", columns![id]), order::card)
    }

    fn cards_by_kdd(&self, kdd: [u8; 10]) -> impl Future<Output = Listed<Card>> + Send {
        self.list(statement("SELECT * FROM cards WHERE kdd = $1 ORDER BY product, cplc", columns![kdd]), order::card)
    }

    fn key_sets(&self, card: Id) -> impl Future<Output = Listed<KeySet>> + Send {
        self.list(
            statement("SELECT * FROM key_sets WHERE card = $1 ORDER BY generation", columns![card]),
            order::key_set,
        )
    }

    fn issuance(&self, session: Id) -> impl Future<Output = Found<Issuance>> + Send {
        self.find(statement("SELECT * FROM issuances WHERE id = $1", columns![session]), issuance::issuance)
    }

    fn issuances_of(&self, order: Id) -> impl Future<Output = Listed<Issuance>> + Send {
        let text = "SELECT * FROM issuances WHERE order_id = $1 ORDER BY opened, id";
        self.list(statement(text, columns![order]), issuance::issuance)
    }

    fn overdue(&self, now: i64) -> impl Future<Output = Listed<Issuance>> + Send {
        let text = "SELECT * FROM issuances WHERE deadline < $1 \
                    AND state NOT IN ('issued', 'failed-clean', 'unknown', 'wiped', 'quarantined') ORDER BY deadline, id";
        self.list(statement(text, columns![now]), issuance::issuance)
    }

    fn intents(&self, session: Id) -> impl Future<Output = Listed<Intent>> + Send {
        self.list(
            statement("SELECT * FROM intents WHERE issuance = $1 ORDER BY step", columns![session]),
            issuance::intent,
        )
    }

    fn outbox(&self, limit: u32) -> impl Future<Output = Listed<Outbox>> + Send {
        self.list(statement("SELECT * FROM outbox ORDER BY created, id LIMIT $1", columns![limit]), issuance::outbox)
    }

    fn base(&self, name: &str) -> impl Future<Output = Found<Base>> + Send {
        self.find(statement("SELECT * FROM bases WHERE name = $1", columns![name]), people::base)
    }

    fn person(&self, name: &str) -> impl Future<Output = Found<Person>> + Send {
        self.find(statement("SELECT * FROM people WHERE name = $1", columns![name]), people::person)
    }

    fn person_by_id(&self, id: Id) -> impl Future<Output = Found<Person>> + Send {
        self.find(statement("SELECT * FROM people WHERE id = $1", columns![id]), people::person)
    }

    fn product(&self, name: &str) -> impl Future<Output = Found<Document>> + Send {
        people::newest(self, "product", name)
    }

    fn products(&self) -> impl Future<Output = Listed<Document>> + Send {
        people::all_newest(self, "product")
    }

    fn profile(&self, name: &str) -> impl Future<Output = Found<Document>> + Send {
        people::newest(self, "profile", name)
    }

    fn profiles(&self) -> impl Future<Output = Listed<Document>> + Send {
        people::all_newest(self, "profile")
    }

    fn idempotency(&self, key: &str) -> impl Future<Output = Found<Idempotency>> + Send {
        self.find(statement("SELECT * FROM idempotency WHERE key = $1", columns![key]), people::idempotency)
    }

    fn destruction_key(&self, day: i64) -> impl Future<Output = Found<String>> + Send {
        let text = "SELECT key FROM destruction_keys WHERE day = $1";
        self.find(statement(text, columns![day]), |row| column::read(row, "key"))
    }

    fn setting(&self, name: &str) -> impl Future<Output = Found<Vec<u8>>> + Send {
        let text = "SELECT value FROM settings WHERE name = $1";
        self.find(statement(text, columns![name]), |row| column::read(row, "value"))
    }

    fn leaves(&self, first: i64, limit: u32) -> impl Future<Output = Listed<Leaf>> + Send {
        let text = "SELECT * FROM log_leaves WHERE leaf_index >= $1 ORDER BY leaf_index LIMIT $2";
        self.list(statement(text, columns![first, limit]), log::leaf)
    }

    fn leaves_of(&self, order: Id) -> impl Future<Output = Listed<Leaf>> + Send {
        let text = "SELECT * FROM log_leaves WHERE order_id = $1 ORDER BY leaf_index";
        self.list(statement(text, columns![order]), log::leaf)
    }

    async fn log_head(&self) -> Result<LogHead, StoreError> {
        let found =
            self.find(statement("SELECT size, root, edge FROM log_head WHERE id = 1", vec![]), log::head).await?;
        found.ok_or_else(|| StoreError::Damaged("the log has no head".into()))
    }
}
