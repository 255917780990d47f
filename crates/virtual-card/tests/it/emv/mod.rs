//! The EMV applications, from a blank card to a finished transaction.

mod answers;
mod card_data;
mod completeness;
mod environment;
mod foreign;
mod issuer;
mod known;
mod personalization;
mod pins;
mod power;
mod robustness;
mod route;
mod scripts;
mod stored;
mod transactions;
