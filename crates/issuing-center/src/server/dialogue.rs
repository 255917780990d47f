//! What the listener hands to the engine: a known terminal and a message's bytes.

use std::future::Future;

use cardwright_issuance::row::Terminal;

use crate::refused::Refused;

/// The dialogue with a card behind a terminal. Each message is answered to its end, even where the terminal has gone
/// meanwhile; the same bytes get the same answer.
pub trait Dialogue: Send + Sync + 'static {
    /// Answers OPEN with SCRIPT or VERDICT.
    fn open(&self, terminal: &Terminal, body: &[u8]) -> impl Future<Output = Result<Vec<u8>, Refused>> + Send;
    /// Answers RESULT with SCRIPT or VERDICT.
    fn result(&self, terminal: &Terminal, body: &[u8]) -> impl Future<Output = Result<Vec<u8>, Refused>> + Send;
    /// Takes PROGRESS; the answer is empty.
    fn progress(&self, terminal: &Terminal, body: &[u8]) -> impl Future<Output = Result<Vec<u8>, Refused>> + Send;
    /// Answers ABORT.
    fn abort(&self, terminal: &Terminal, body: &[u8]) -> impl Future<Output = Result<Vec<u8>, Refused>> + Send;
    /// Ends what is overdue, and says how many.
    fn expire(&self) -> impl Future<Output = Result<usize, Refused>> + Send;
}
