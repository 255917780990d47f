//! Orders in: read, checked against their profiles and cards, sealed, approved by another person, prepared, cancelled.

pub(crate) mod approval;
pub(crate) mod argument;
pub(crate) mod cancellation;
pub(crate) mod carried;
mod certificates;
mod effect;
mod file;
mod mailer;
mod number;
mod pin;
pub(crate) mod preparation;
pub(crate) mod reading;
pub(crate) mod reception;
pub(crate) mod sense;
pub(crate) mod subject;
mod validity;
pub mod waiting;

pub use approval::{approve, prepare_again, reject};
pub use cancellation::cancel;
pub(crate) use file::read_any;
pub use file::{Columns, FindPhoto};
pub(crate) use mailer::pin_block;
pub use mailer::{Letters, handed_out, letters};
pub(crate) use preparation::made;
pub(crate) use reception::field_faults;
pub use reception::{NewOrder, Received, receive, receive_file};
