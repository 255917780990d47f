//! One-time challenges, handed out ahead of time so that a card's first answers are ready when OPEN is posted.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cardwright_issuance::row::Challenge as Row;
use cardwright_relay::message::{Challenge, Id};

use crate::center::Center;
use crate::rate::{Bucket, Rate};
use crate::refused::Refused;
use crate::store::Store;

/// How long a challenge is taken, microseconds. Short: what a reader has signed ahead of time is good no longer.
pub const CHALLENGE_LIFE: i64 = 15 * 60 * 1_000_000;
/// What a terminal should hold.
const ENOUGH: u32 = 8;
/// With fewer, a terminal is answered as soon as it may have one.
pub(super) const LOW: u32 = 3;
/// Of one terminal: a minute's worth of the fastest work there is, then one a second.
const RATE: Rate = Rate { burst: 64, every: 1_000_000 };

/// Makes challenges and keeps count of who gets them.
pub(super) struct Challenges<S> {
    center: Center<S>,
    given: Mutex<BTreeMap<Id, Bucket>>,
}

impl<S: Store> Challenges<S> {
    pub(super) fn new(center: Center<S>) -> Self {
        Self { center, given: Mutex::default() }
    }

    /// New challenges for a terminal that holds `held`: as many as it lacks, or as it may still have.
    pub(super) async fn fill_up(&self, terminal: Id, held: u32) -> Result<Vec<Challenge>, Refused> {
        let count = self.granted(terminal, ENOUGH.saturating_sub(held));
        if count == 0 {
            return Ok(Vec::new());
        }
        let random = self.center.keystore.random(32 * count as usize)?;
        let expires = self.center.now() + CHALLENGE_LIFE;
        let rows: Vec<Row> = random.as_chunks::<32>().0.iter().map(|random| row(random, terminal, expires)).collect();
        self.center.store.add_challenges(&rows).await?;
        Ok(rows.into_iter().map(|Row { id, value, expires, .. }| Challenge { id, value, expires }).collect())
    }

    /// Whether the terminal may be given a challenge now.
    pub(super) fn may_have_one(&self, terminal: Id) -> bool {
        let now = self.center.now();
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.get_mut(&terminal).is_none_or(|bucket| bucket.has_one(RATE, now))
    }

    fn granted(&self, terminal: Id, wanted: u32) -> u32 {
        let now = self.center.now();
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = given.entry(terminal).or_insert_with(|| Bucket::full(RATE, now));
        (0..wanted).take_while(|_| bucket.take(RATE, now, 1)).count() as u32
    }
}

fn row(random: &[u8; 32], terminal: Id, expires: i64) -> Row {
    let mut id = [0; 16];
    let mut value = [0; 16];
    id.copy_from_slice(&random[..16]);
    value.copy_from_slice(&random[16..]);
    Row { id: id.into(), value: value.into(), terminal, expires, used_by: None }
}
