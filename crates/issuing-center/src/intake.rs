//! Orders in: read, checked against their profiles, sealed, approved by another person, prepared.

mod approval;
mod file;
mod reception;

pub use approval::{approve, reject};
pub use file::{Columns, FindPhoto};
pub use reception::{NewOrder, Received, receive, receive_file};
