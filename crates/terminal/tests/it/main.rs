//! The terminal against a small center of its own, over real TLS.

mod base;
mod branch_staff;
mod center;
mod desk;
mod enrolment;
mod line;
mod pcsc;
mod presence;
mod probing;
mod proof;
mod session;
mod vpcd;
mod world;
