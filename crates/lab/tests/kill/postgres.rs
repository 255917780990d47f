//! A database of its own on the PostgreSQL server of the test run.

use sqlx::{Connection, PgConnection};
use tokio::runtime::Runtime;

/// A database that is dropped with its value.
pub(crate) struct Database {
    /// what the center is told
    pub(crate) url: String,
    server: String,
    name: String,
}

impl Database {
    /// A new one on the server that `CARDWRIGHT_TEST_POSTGRES` names; `None` where there is no server.
    pub(crate) fn create() -> Option<Self> {
        let Ok(server) = std::env::var("CARDWRIGHT_TEST_POSTGRES") else {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CARDWRIGHT_TEST_POSTGRES must name a server");
            eprintln!("SKIPPED: CARDWRIGHT_TEST_POSTGRES is not set");
            return None;
        };
        let name = format!("cardwright_kill_test_{}", std::process::id());
        execute(&server, format!("CREATE DATABASE {name}"));
        let (address, parameters) = server.split_once('?').unwrap_or((&server, ""));
        let (host, _) = address.rsplit_once('/').unwrap();
        Some(Self { url: format!("{host}/{name}?{parameters}"), server, name })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        execute(&self.server, format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

fn execute(server: &str, statement: String) {
    Runtime::new().unwrap().block_on(async {
        let mut connection = PgConnection::connect(server).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    });
}
