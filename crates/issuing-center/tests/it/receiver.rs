//! `docs/examples/receiver.py` as a program of its own, and what it has taken.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use sqlx::{Connection, Row, SqliteConnection};

use crate::commands::Desk;

/// A receiver that runs until this is dropped.
pub(crate) struct Receiver {
    program: Child,
    pub(crate) port: u16,
    database: PathBuf,
}

impl Receiver {
    /// Starts it with one key; what another of the same `name` took, it knows.
    pub(crate) fn start(desk: &Desk, name: &str, key: &str, secret: &str) -> Self {
        let secrets = desk.file("secrets", &format!("{key} {secret}\n"));
        let database = desk.directory.path().join(format!("{name}.sqlite"));
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/receiver.py");
        let mut command = Command::new("python3");
        command.arg(script).args(["--port", "0"]).arg("--secrets").arg(&secrets).arg("--database").arg(&database);
        let mut program = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(program.stdout.take().unwrap());
        let mut ready = String::new();
        lines.read_line(&mut ready).unwrap();
        let port = ready.trim().strip_prefix("ready ").unwrap().parse().unwrap();
        // What it says later is read and left, so that it never waits for a reader.
        std::thread::spawn(move || lines.lines().for_each(drop));
        Self { program, port, database }
    }

    async fn rows(&self, query: &'static str) -> Vec<sqlx::sqlite::SqliteRow> {
        let url = format!("sqlite://{}", self.database.display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        let rows = sqlx::query(query).fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        rows
    }

    /// The events in the order in which they were taken.
    pub(crate) async fn taken(&self) -> Vec<Value> {
        let rows = self.rows("SELECT body FROM events ORDER BY rowid").await;
        rows.iter().map(|row| serde_json::from_str(&row.get::<String, _>(0)).unwrap()).collect()
    }

    /// The accounts by card: active, held, blocked, closed.
    pub(crate) async fn accounts(&self) -> Vec<(String, String)> {
        let rows = self.rows("SELECT card, state FROM accounts ORDER BY card").await;
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
