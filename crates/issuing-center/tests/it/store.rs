//! The suite of store tests, on SQLite and on PostgreSQL.

use std::env;

use cardwright_issuing_center::store::suite::{TESTS, run};
use cardwright_issuing_center::store::{SqlStore, StoreError};
use sqlx::{Connection, PgConnection};

#[tokio::test]
async fn every_test_passes_on_sqlite() {
    for test in TESTS {
        println!("{test}");
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("center.sqlite").display());
        let store = SqlStore::create(&url).await.unwrap();
        run(test, &store).await;
        store.close().await;
    }
}

/// Without a server the test is skipped; where a skipped test would go unseen (`CI=true`), it fails.
#[tokio::test]
async fn every_test_passes_on_postgresql() {
    let Ok(server) = env::var("CARDWRIGHT_TEST_POSTGRES") else {
        assert_ne!(env::var("CI").as_deref(), Ok("true"), "CARDWRIGHT_TEST_POSTGRES must name a server");
        eprintln!("SKIPPED every_test_passes_on_postgresql: CARDWRIGHT_TEST_POSTGRES is not set");
        return;
    };
    let mut connection = PgConnection::connect(&server).await.unwrap();
    for (index, test) in TESTS.iter().enumerate() {
        println!("{test}");
        let name = format!("cardwright_store_test_{}_{index}", std::process::id());
        execute(&mut connection, format!("CREATE DATABASE {name}")).await;
        let store = SqlStore::create(&database_url(&server, &name)).await.unwrap();
        run(test, &store).await;
        store.close().await;
        execute(&mut connection, format!("DROP DATABASE {name}")).await;
    }
}

async fn execute(connection: &mut PgConnection, statement: String) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(connection).await.unwrap();
}

/// The server's URL with another database's name.
fn database_url(server: &str, name: &str) -> String {
    let (address, parameters) = server.split_once('?').unwrap_or((server, ""));
    let (host, _) = address.rsplit_once('/').unwrap();
    format!("{host}/{name}?{parameters}")
}

#[tokio::test]
async fn a_database_is_made_once_and_opened_only_where_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", directory.path().join("center.sqlite").display());
    assert!(matches!(SqlStore::open(&url).await, Err(StoreError::Unavailable(_))));
    SqlStore::create(&url).await.unwrap().close().await;
    assert!(matches!(SqlStore::create(&url).await, Err(StoreError::Conflict(_))));
    SqlStore::open(&url).await.unwrap().close().await;
    assert!(matches!(SqlStore::open("mysql://there").await, Err(StoreError::Unavailable(_))));
}
