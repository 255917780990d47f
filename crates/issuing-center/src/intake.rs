//! Orders in: read, checked against their profiles, sealed, approved by another person, prepared.

mod approval;
mod certificates;
mod file;
mod mailer;
mod pin;
mod preparation;
mod reception;

pub use approval::{approve, prepare_again, reject};
pub(crate) use file::read_any;
pub use file::{Columns, FindPhoto};
pub(crate) use mailer::pin_block;
pub use mailer::{Letters, handed_out, letters};
pub(crate) use preparation::made;
pub(crate) use reception::field_faults;
pub use reception::{NewOrder, Received, receive, receive_file};
