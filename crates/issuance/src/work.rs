//! Work on a card: what it is computed from, what the card holds, and the parts that a flow is made of.
//!
//! What is to be done ([`crate::task`]) and how it is said to a card ([`crate::flow`]) both stand on it.

mod inputs;
mod observed;
pub(crate) mod segment;

pub use inputs::{Inputs, Keys, LoadFile};
pub use observed::Observed;
pub use segment::Ring;

pub(crate) const NOT_THERE: &str = "its application program is not on this card product";
