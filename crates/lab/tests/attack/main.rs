//! Attacks on the issuing dialogue: hostile terminals, readers and accidents of timing, against the real engine.

mod odd_messages;
mod races_and_endings;
mod readers;
mod replays;
mod store;
mod used_twice;
mod world;
