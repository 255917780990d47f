//! The tables: made once, brought up to date by the migrations that are missing.

use sqlx::{Any, AssertSqlSafe, Transaction};

use super::column::{columns, read, statement};
use super::{Dialect, SqlStore, store_error, unavailable};
use crate::store::StoreError;
use crate::store::tree;

/// Every migration, in order; version n is the n-th, from 1.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/0001.sql"),
    include_str!("../../../migrations/0002.sql"),
    include_str!("../../../migrations/0003_programs.sql"),
    include_str!("../../../migrations/0004_host.sql"),
    include_str!("../../../migrations/0005_campaigns.sql"),
];

/// The text of a migration as the database wants it: strict tables in SQLite, whose only whole number is INTEGER.
fn dialect_text(dialect: Dialect, text: &str) -> String {
    match dialect {
        Dialect::Postgres => text.replace("BYTES", "BYTEA"),
        Dialect::Sqlite => text.replace("BYTES", "BLOB").replace("BIGINT", "INTEGER").replace("\n);", "\n) STRICT;"),
    }
}

/// Makes all tables; a database that has some already is refused.
pub(super) async fn create(store: &SqlStore) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    let made = sqlx::raw_sql("CREATE TABLE schema_version (version BIGINT NOT NULL)").execute(&mut *transaction).await;
    made.map_err(|_| StoreError::Conflict("the database is not empty".into()))?;
    apply(store.dialect, &mut transaction, 0).await?;
    let text = "INSERT INTO log_head (id, size, root, edge) VALUES (1, 0, $1, $2)";
    let empty: &[u8] = &[];
    let statement = statement(text, columns![tree::empty().root, empty]);
    statement.execute(&mut *transaction).await.map_err(store_error)?;
    transaction.commit().await.map_err(unavailable)
}

/// Applies the migrations that the database does not have.
pub(super) async fn update(store: &SqlStore) -> Result<(), StoreError> {
    let text = "SELECT COALESCE(MAX(version), 0) AS version FROM schema_version";
    let found = store.find(statement(text, vec![]), |row| read::<u32>(row, "version")).await;
    let version = match found {
        Ok(version) => version.unwrap_or(0) as usize,
        Err(StoreError::Unavailable(reason)) => {
            return Err(StoreError::Unavailable(format!("no center's database is there: {reason}")));
        }
        Err(other) => return Err(other),
    };
    if version > MIGRATIONS.len() {
        return Err(StoreError::Damaged(format!("a newer program has made the database (version {version})")));
    }
    if version == MIGRATIONS.len() {
        return Ok(());
    }
    let mut transaction = store.begin().await?;
    apply(store.dialect, &mut transaction, version).await?;
    transaction.commit().await.map_err(unavailable)
}

async fn apply(dialect: Dialect, transaction: &mut Transaction<'static, Any>, from: usize) -> Result<(), StoreError> {
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(from) {
        let text = AssertSqlSafe(dialect_text(dialect, migration));
        sqlx::raw_sql(text).execute(&mut **transaction).await.map_err(store_error)?;
        let statement = statement("INSERT INTO schema_version (version) VALUES ($1)", columns![index as i64 + 1]);
        statement.execute(&mut **transaction).await.map_err(store_error)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use cardwright_issuance::state::{CardState, IssuanceState, KeySetState, OrderState, State};

    use super::*;
    use crate::store::CampaignState;

    /// The names in the lists that follow `introduction` in the tables' text, each list by itself.
    fn lists(introduction: &str) -> Vec<BTreeSet<&'static str>> {
        let after = MIGRATIONS.iter().flat_map(|text| text.split(introduction).skip(1));
        after.filter_map(|rest| Some(rest.split(')').next()?.split('\'').skip(1).step_by(2).collect())).collect()
    }

    fn names<S: State>(of: impl Fn(S) -> bool) -> BTreeSet<&'static str> {
        S::NAMES.iter().filter(|(state, _)| of(*state)).map(|(_, name)| *name).collect()
    }

    #[test]
    fn the_tables_name_the_states_that_the_program_names() {
        let all = [
            names(|_: OrderState| true),
            names(|_: CardState| true),
            names(|_: KeySetState| true),
            names(|_: IssuanceState| true),
            CampaignState::NAMES.iter().map(|(_, name)| *name).collect(),
        ];
        assert_eq!(lists("CHECK (state IN"), all);
        let (free, ended) = (names(CardState::is_free), names(IssuanceState::is_ended));
        assert_eq!(lists("state NOT IN"), [free, ended.clone(), ended.clone(), ended]);
    }

    #[test]
    fn each_database_gets_its_own_types() {
        for migration in MIGRATIONS {
            let sqlite = dialect_text(Dialect::Sqlite, migration);
            let postgres = dialect_text(Dialect::Postgres, migration);
            assert!(sqlite.contains("STRICT") && !sqlite.contains("BIGINT") && !sqlite.contains("BYTES"));
            assert!(postgres.contains("BYTEA") && !postgres.contains("STRICT") && !postgres.contains("BYTES"));
        }
    }
}
