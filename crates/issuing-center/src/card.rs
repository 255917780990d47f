//! Cards after they left the hand that wrote them: which never came back, and what two people decide about one.

mod aging;
mod decision;

pub use aging::{Aged, NEVER_CAME_BACK, aging};
pub use decision::{Decided, decide};
