//! What is wrong in a file that people hand in: row, column and reason, all of it, never a value.

use std::fmt;

use cardwright_relay::Code;

use crate::refused::Refused;

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFault {
    /// the line in the file, from 1; the header is line 1
    pub row: u64,
    /// the column's name; empty where it is the whole row
    pub column: String,
    /// the reason, and what would be right
    pub reason: String,
    /// the code, for who handed in one thing and not a file
    pub code: Code,
}

impl FileFault {
    /// A fault of a shipment.
    pub fn of_stock(row: u64, column: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { row, column: column.into(), reason: reason.into(), code: Code::STOCK_FILE_REFUSED }
    }

    /// A fault of an order; `code` says which.
    pub fn of_order(row: u64, column: impl Into<String>, reason: impl Into<String>, code: Code) -> Self {
        Self { row, column: column.into(), reason: reason.into(), code }
    }
}

impl fmt::Display for FileFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "row {}, column {}: {}", self.row, self.column, self.reason)
    }
}

/// Why nothing of a file was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileRefused {
    /// the file's faults, by row: never none
    Faults(Code, Vec<FileFault>),
    /// another reason
    Other(Refused),
}

impl FileRefused {
    /// As one refusal: the first fault.
    #[must_use]
    pub fn first(&self) -> Refused {
        match self {
            Self::Other(refused) => refused.clone(),
            Self::Faults(code, faults) => match faults.first() {
                Some(fault) => {
                    Refused::with(*code, [fault.row.to_string(), fault.column.clone(), fault.reason.clone()])
                }
                None => Refused::new(*code),
            },
        }
    }
}

impl<E: Into<Refused>> From<E> for FileRefused {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}
