//! What stands in a column: integers, texts and bytes, and how the rows' values become them and come back.

use cardwright_globalplatform::Protocol;
use cardwright_issuance::Id;
use cardwright_issuance::basis::Basis;
use cardwright_issuance::content::Content;
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::state::{CardState, IssuanceState, KeySetState, OrderState, State};
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, Row as _};

use crate::store::StoreError;

/// A value on its way into a column.
pub(super) enum Column {
    /// BIGINT
    Number(Option<i64>),
    /// TEXT
    Text(Option<String>),
    /// BLOB or BYTEA
    Bytes(Option<Vec<u8>>),
}

/// A statement with its values.
pub(super) type Statement = Query<'static, Any, AnyArguments>;

/// The statement `text` with `values` for `$1`, `$2`, …
pub(super) fn statement(text: &'static str, values: Vec<Column>) -> Statement {
    values.into_iter().fold(sqlx::query(text), |query, value| match value {
        Column::Number(number) => query.bind(number),
        Column::Text(text) => query.bind(text),
        Column::Bytes(bytes) => query.bind(bytes),
    })
}

/// `columns![a, b, c]`: the values of a statement, in order.
macro_rules! columns {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::sql::column::IntoColumn::to_column(&$value)),*] };
}
pub(super) use columns;

/// What can be written into a column.
pub(super) trait IntoColumn {
    /// The column's value.
    fn to_column(&self) -> Column;
}

/// What can be read from a column.
pub(super) trait FromColumn: Sized {
    /// The value that stands in `name`.
    fn from_column(row: &AnyRow, name: &str) -> Result<Self, StoreError>;
}

/// The value that stands in the column `name`.
pub(super) fn read<T: FromColumn>(row: &AnyRow, name: &str) -> Result<T, StoreError> {
    T::from_column(row, name)
}

fn damaged(name: &str) -> StoreError {
    StoreError::Damaged(format!("column {name} does not hold what it should"))
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl IntoColumn for $number {
            fn to_column(&self) -> Column {
                Column::Number(Some(i64::from(*self)))
            }
        }

        impl FromColumn for $number {
            fn from_column(row: &AnyRow, name: &str) -> Result<Self, StoreError> {
                let number: i64 = row.try_get(name).map_err(|_| damaged(name))?;
                Self::try_from(number).map_err(|_| damaged(name))
            }
        }
    )*};
}
numbers!(u8, u16, u32, i64);

impl IntoColumn for Option<i64> {
    fn to_column(&self) -> Column {
        Column::Number(*self)
    }
}

impl FromColumn for Option<i64> {
    fn from_column(row: &AnyRow, name: &str) -> Result<Self, StoreError> {
        row.try_get(name).map_err(|_| damaged(name))
    }
}

impl IntoColumn for &str {
    fn to_column(&self) -> Column {
        Column::Text(Some((*self).to_owned()))
    }
}

impl IntoColumn for String {
    fn to_column(&self) -> Column {
        Column::Text(Some(self.clone()))
    }
}

impl IntoColumn for Option<String> {
    fn to_column(&self) -> Column {
        Column::Text(self.clone())
    }
}

impl FromColumn for String {
    fn from_column(row: &AnyRow, name: &str) -> Result<Self, StoreError> {
        row.try_get(name).map_err(|_| damaged(name))
    }
}

impl FromColumn for Option<String> {
    fn from_column(row: &AnyRow, name: &str) -> Result<Self, StoreError> {
        row.try_get(name).map_err(|_| damaged(name))
    }
}

impl IntoColumn for Vec<u8> {
    fn to_column(&self) -> Column {
        Column::Bytes(Some(self.clone()))
    }
}

impl IntoColumn for &[u8] {
    fn to_column(&self) -> Column {
        Column::Bytes(Some(self.to_vec()))
    }
}

impl<const N: usize> IntoColumn for [u8; N] {
    fn to_column(&self) -> Column {
        Column::Bytes(Some(self.to_vec()))
    }
}

impl IntoColumn for Option<Vec<u8>> {
    fn to_column(&self) -> Column {
        Column::Bytes(self.clone())
    }
}

impl FromColumn for Vec<u8> {
    fn from_column(row: &AnyRow, name: &str) -> Result<Self, StoreError> {
        row.try_get(name).map_err(|_| damaged(name))
    }
}

impl FromColumn for Option<Vec<u8>> {
    fn from_column(row: &AnyRow, name: &str) -> Result<Self, StoreError> {
        row.try_get(name).map_err(|_| damaged(name))
    }
}

impl<const N: usize> FromColumn for [u8; N] {
    fn from_column(row: &AnyRow, name: &str) -> Result<Self, StoreError> {
        let bytes: Vec<u8> = read(row, name)?;
        Self::try_from(bytes).map_err(|_| damaged(name))
    }
}

impl IntoColumn for Id {
    fn to_column(&self) -> Column {
        Column::Bytes(Some(self.to_vec()))
    }
}

impl IntoColumn for Option<Id> {
    fn to_column(&self) -> Column {
        Column::Bytes(self.map(|id| id.to_vec()))
    }
}

impl FromColumn for Id {
    fn from_column(row: &AnyRow, name: &str) -> Result<Self, StoreError> {
        Ok(Id::from(read::<[u8; 16]>(row, name)?))
    }
}

impl FromColumn for Option<Id> {
    fn from_column(row: &AnyRow, name: &str) -> Result<Self, StoreError> {
        let Some(bytes) = read::<Option<Vec<u8>>>(row, name)? else { return Ok(None) };
        let id: [u8; 16] = bytes.try_into().map_err(|_| damaged(name))?;
        Ok(Some(Id::from(id)))
    }
}

macro_rules! states {
    ($($state:ty),*) => {$(
        impl IntoColumn for $state {
            fn to_column(&self) -> Column {
                Column::Text(Some(self.name().to_owned()))
            }
        }

        impl FromColumn for $state {
            fn from_column(row: &AnyRow, name: &str) -> Result<Self, StoreError> {
                Self::named(&read::<String>(row, name)?).ok_or_else(|| damaged(name))
            }
        }
    )*};
}

states!(OrderState, IssuanceState, CardState, KeySetState);

macro_rules! encoded {
    ($($value:ty),*) => {$(
        impl IntoColumn for $value {
            fn to_column(&self) -> Column {
                Column::Bytes(Some(self.to_bytes()))
            }
        }

        impl FromColumn for $value {
            fn from_column(row: &AnyRow, name: &str) -> Result<Self, StoreError> {
                Self::from_bytes(&read::<Vec<u8>>(row, name)?).ok_or_else(|| damaged(name))
            }
        }
    )*};
}
encoded!(Basis, Content);

impl IntoColumn for OrderKind {
    fn to_column(&self) -> Column {
        Column::Text(Some(self.name().to_owned()))
    }
}

impl FromColumn for OrderKind {
    fn from_column(row: &AnyRow, name: &str) -> Result<Self, StoreError> {
        Self::named(&read::<String>(row, name)?).ok_or_else(|| damaged(name))
    }
}

impl IntoColumn for Protocol {
    fn to_column(&self) -> Column {
        Column::Bytes(Some(self.to_bytes().to_vec()))
    }
}

impl FromColumn for Protocol {
    fn from_column(row: &AnyRow, name: &str) -> Result<Self, StoreError> {
        Self::from_bytes(read::<[u8; 3]>(row, name)?).map_err(|_| damaged(name))
    }
}

impl IntoColumn for bool {
    fn to_column(&self) -> Column {
        Column::Number(Some(i64::from(*self)))
    }
}

impl FromColumn for bool {
    fn from_column(row: &AnyRow, name: &str) -> Result<Self, StoreError> {
        Ok(read::<i64>(row, name)? != 0)
    }
}
