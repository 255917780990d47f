//! What the issuing center decides, table by table.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod admission;
mod sessions;
