//! Bases, people, card products, profiles, and the API's kept answers.

use std::future::Future;

use cardwright_issuance::row::Base;
use sqlx::any::AnyRow;

use super::SqlStore;
use super::column::{columns, read, statement};
use crate::store::{Document, Found, Idempotency, Listed, Person, StoreError};

pub(super) fn base(row: &AnyRow) -> Result<Base, StoreError> {
    Ok(Base { name: read(row, "name")?, reader_tier: read(row, "reader_tier")? })
}

pub(super) fn person(row: &AnyRow) -> Result<Person, StoreError> {
    let roles: String = read(row, "roles")?;
    Ok(Person {
        id: read(row, "id")?,
        name: read(row, "name")?,
        roles: roles.split(',').filter(|role| !role.is_empty()).map(str::to_owned).collect(),
        secret: read(row, "secret")?,
    })
}

fn document(row: &AnyRow) -> Result<Document, StoreError> {
    Ok(Document {
        name: read(row, "name")?,
        version: read(row, "version")?,
        text: read(row, "text")?,
        digest: read(row, "digest")?,
        imported: read(row, "imported")?,
    })
}

pub(super) fn newest<'a>(
    store: &'a SqlStore,
    kind: &'static str,
    name: &str,
) -> impl Future<Output = Found<Document>> + Send + use<'a> {
    let text = "SELECT * FROM documents WHERE kind = $1 AND name = $2 ORDER BY version DESC LIMIT 1";
    store.find(statement(text, columns![kind, name]), document)
}

pub(super) fn all_newest<'a>(
    store: &'a SqlStore,
    kind: &'static str,
) -> impl Future<Output = Listed<Document>> + Send + use<'a> {
    let text = "SELECT * FROM documents AS one WHERE kind = $1 AND version = \
                (SELECT MAX(version) FROM documents AS other WHERE other.kind = one.kind AND other.name = one.name) \
                ORDER BY name";
    store.list(statement(text, columns![kind]), document)
}

pub(super) fn idempotency(row: &AnyRow) -> Result<Idempotency, StoreError> {
    Ok(Idempotency {
        key: read(row, "key")?,
        request: read(row, "request")?,
        status: read(row, "status")?,
        body: read(row, "body")?,
        created: read(row, "created")?,
    })
}
