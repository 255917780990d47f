//! The issuing center from outside: its store, its commands, its log.

mod store;
