//! Refusals of sessions in the log, within bounds: one terminal cannot fill it, nor write what it likes into it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cardwright_issuance::Id;
use cardwright_relay::Code;
use cardwright_relay::message::Refusal;
use sha2::{Digest, Sha256};

use crate::rate::{Bucket, Rate};

/// Of one terminal: so many at once, and one more every two seconds.
const TERMINAL: Rate = Rate { burst: 30, every: 2_000_000 };

/// What each terminal has used of its share, and how many refusals of it were left out since its last entry.
#[derive(Default)]
pub(super) struct Refusals(Mutex<BTreeMap<Id, (Bucket, u64)>>);

impl Refusals {
    /// The number left out before, if this one may be logged. Only registered terminals get here, so the map is bounded.
    pub(super) fn may_log(&self, terminal: Id, now: i64) -> Option<u64> {
        let mut shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (bucket, left_out) = shares.entry(terminal).or_insert_with(|| (Bucket::full(TERMINAL, now), 0));
        if bucket.take(TERMINAL, now, 1) {
            return Some(std::mem::take(left_out));
        }
        *left_out += 1;
        None
    }
}

/// The parameters as the log keeps them: of text that a terminal may choose freely, only a hash.
pub(super) fn parameters(refusal: &Refusal, left_out: u64) -> Vec<String> {
    let chosen = matches!(refusal.code, Code::ORDER_UNKNOWN | Code::OTHER_PRODUCT);
    let kept =
        |text: &String| if chosen { format!("sha256 {}", hex::encode(Sha256::digest(text))) } else { text.clone() };
    let mut parameters: Vec<String> = refusal.parameters.iter().map(kept).collect();
    if left_out > 0 {
        parameters.push(format!("{left_out} refusals before not told"));
    }
    parameters
}
