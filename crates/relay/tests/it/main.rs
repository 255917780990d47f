//! What both sides of the relay rely on.
#![allow(clippy::disallowed_methods, reason = "the crate does no IO; its tests read the golden files and docs")]

mod cddl;
mod cddl_reader;
mod golden;
mod properties;
mod reader_list;
mod samples;
mod session;
mod texts;
