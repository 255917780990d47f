//! Refusals of sessions in the log, within bounds: one terminal cannot fill it, nor write what it likes into it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cardwright_issuance::Id;
use cardwright_relay::Code;
use cardwright_relay::message::Refusal;
use sha2::{Digest, Sha256};

use crate::rate::{Bucket, LeftOut, Rate};

/// Of one terminal: so many at once, and one more every two seconds.
const TERMINAL: Rate = Rate { burst: 30, every: 2_000_000 };

/// What each terminal has used of its share, and how many refusals of it were left out since its last entry.
#[derive(Default)]
pub(super) struct Refusals(Mutex<BTreeMap<Id, (Bucket, LeftOut)>>);

impl Refusals {
    /// What was left out before, if this one may be logged. Only registered terminals get here, so the map is bounded.
    pub(super) fn may_log(&self, terminal: Id, now: i64) -> Option<LeftOut> {
        let mut shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (bucket, left_out) =
            shares.entry(terminal).or_insert_with(|| (Bucket::full(TERMINAL, now), LeftOut::default()));
        left_out.before(bucket.take(TERMINAL, now, 1))
    }
}

/// The parameters as the log keeps them: of text that a terminal may choose freely, only a hash.
pub(super) fn parameters(refusal: &Refusal, left_out: LeftOut) -> Vec<String> {
    let chosen = matches!(refusal.code, Code::ORDER_UNKNOWN | Code::OTHER_PRODUCT);
    let kept =
        |text: &String| if chosen { format!("sha256 {}", hex::encode(Sha256::digest(text))) } else { text.clone() };
    refusal.parameters.iter().map(kept).chain(left_out.parameter()).collect()
}
