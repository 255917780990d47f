//! Refusals into the log, so that everyone who was turned away is found there, and nobody can fill it.
//!
//! Each source (a certificate, an address) is told of a few times and then once in a while, and all sources together
//! only so often; what was left out is counted, and the count stands with the next entry that is written.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cardwright_issuance::entry::{Entry, Event};
use cardwright_relay::message::Id;

use crate::center::Center;
use crate::rate::{Bucket, LeftOut, Rate};
use crate::refused::Refused;
use crate::store::{Commit, Person, Store};

const SECOND: i64 = 1_000_000;
/// Of one source: so many at once, and one more every so often.
const SOURCE: Rate = Rate { burst: 5, every: 60 * SECOND };
/// Of all together.
const ALL: Rate = Rate { burst: 200, every: 5 * SECOND };
/// Sources that are remembered; beyond, all strangers share one.
const MOST_SOURCES: usize = 4_096;

/// Who was refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// the holder of a certificate: the start of its fingerprint
    Certificate([u8; 8]),
    /// someone without: the address, without port
    Address(String),
    /// a person: their id
    Caller(String),
}

struct Buckets {
    all: Bucket,
    sources: BTreeMap<Source, Bucket>,
    left_out: LeftOut,
}

/// Writes refusals to the log, within bounds.
pub struct RefusalLog<S> {
    center: Center<S>,
    buckets: Mutex<Buckets>,
}

impl<S: Store> RefusalLog<S> {
    /// An empty memory of who was refused.
    pub fn new(center: Center<S>) -> Self {
        let all = Bucket::full(ALL, center.now());
        Self { center, buckets: Mutex::new(Buckets { all, sources: BTreeMap::new(), left_out: LeftOut::default() }) }
    }

    /// Tells of a refusal; `terminal` where it is known. A log that cannot be written is the operator's to hear of:
    /// the refusal stands all the same.
    pub async fn tell(&self, source: Source, terminal: Option<Id>, refused: &Refused) {
        self.tell_of(source, refused, |entry| Entry { terminal, ..entry }).await;
    }

    /// Tells of a refusal to a person who is known.
    pub async fn tell_person(&self, person: &Person, refused: &Refused) {
        let source = Source::Caller(hex::encode(person.id.as_slice()));
        self.tell_of(source, refused, |entry| Entry { person: Some(person.id), ..entry }).await;
    }

    async fn tell_of(&self, source: Source, refused: &Refused, who: impl FnOnce(Entry) -> Entry) {
        tracing::warn!(code = %refused.code, ?source, "refused");
        let Some(left_out) = self.may_tell(&source) else { return };
        let mut parameters = refused.parameters.clone();
        if let Source::Certificate(fingerprint) = &source {
            parameters.push(format!("certificate {}", hex::encode(fingerprint)));
        }
        parameters.extend(left_out.parameter());
        let entry = who(Entry::new(self.center.now(), Event::Refused { code: refused.code.0, parameters }));
        if let Err(error) = self.center.store.commit(Commit { entries: vec![entry], ..Commit::default() }).await {
            tracing::error!(%error, "a refusal could not be logged");
        }
    }

    /// What was left out before, if this one may be told.
    fn may_tell(&self, source: &Source) -> Option<LeftOut> {
        let now = self.center.now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let Buckets { all, sources, left_out } = &mut *buckets;
        if sources.len() >= MOST_SOURCES {
            sources.retain(|_, bucket| !bucket.is_full(SOURCE, now));
        }
        let source = if sources.len() >= MOST_SOURCES && !sources.contains_key(source) {
            Source::Address(String::new())
        } else {
            source.clone()
        };
        let bucket = sources.entry(source).or_insert_with(|| Bucket::full(SOURCE, now));
        left_out.before(bucket.take(SOURCE, now, 1) && all.take(ALL, now, 1))
    }
}
