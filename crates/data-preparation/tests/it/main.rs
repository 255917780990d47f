//! Data preparation from outside: profiles, orders, and what comes out of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod broken;
mod broken_rewriting;
mod change;
mod documentation;
mod emv_bits;
mod emv_certificates;
mod emv_check;
mod emv_draft;
mod emv_sample;
mod emv_vouching;
mod examples;
mod generated;
mod generated_applications;
mod issuer;
mod many;
mod order;
mod payment;
mod payment_order;
mod piv;
mod piv_change;
mod preparation;
mod profile;
mod sample;
mod script;
