//! The EMV applications, from a blank card to a finished transaction.

pub(crate) mod answers;
pub(crate) mod card_data;
mod completeness;
pub(crate) mod environment;
mod foreign;
mod issuer;
mod known;
mod personalization;
mod pins;
mod power;
mod robustness;
pub(crate) mod route;
mod scripts;
mod stored;
mod transactions;
