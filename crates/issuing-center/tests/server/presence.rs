//! HELLO and WORK.
