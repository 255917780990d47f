//! The center as one value: store, keystore, clock, and the names of the keys it works with.

use std::sync::Arc;

use cardwright_keystore::Keystore;

/// Wraps the keys of cards.
pub const CARD_STORAGE_KEY: &str = "card-storage";
/// Derives the issuer's keys of cards.
pub const ISSUER_MASTER_KEY: &str = "issuer-master";
/// Seals the keys of cards that are made ahead.
pub const CARD_KEY_POOL_KEY: &str = "card-key-pool";
/// Makes keyed hashes for searching.
pub const SEARCH_KEY: &str = "search";
/// Signs what the issuer's host is told; made when the host is set, and shared with it.
pub const HOST_SIGNATURE_KEY: &str = "host-signature";
/// Signs terminals' certificates.
pub const AUTHORITY_KEY: &str = "authority";
/// Signs reader lists.
pub const READER_LIST_KEY: &str = "reader-list";

/// Tells the time, microseconds since 1970 UTC; the simulator's tells its own.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Everything the center's work needs.
pub struct Center<S> {
    /// the rows
    pub store: Arc<S>,
    /// the keys
    pub keystore: Arc<dyn Keystore>,
    /// the time
    pub clock: Clock,
}

impl<S> Clone for Center<S> {
    fn clone(&self) -> Self {
        Self { store: Arc::clone(&self.store), keystore: Arc::clone(&self.keystore), clock: Arc::clone(&self.clock) }
    }
}

impl<S> Center<S> {
    /// Microseconds since 1970 UTC.
    #[must_use]
    pub fn now(&self) -> i64 {
        (self.clock)()
    }
}
