//! Fills the pool beside the running center: one key at a time, on one thread, until it is told to stop.

use std::collections::BTreeSet;
use std::time::Duration;

use cardwright_keystore::RsaSize;

use super::{Levels, Standing, add, standing};
use crate::center::Center;
use crate::refused::Refused;
use crate::stop::Stopping;
use crate::store::Store;

/// How often a full pool is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// How long the worker rests where store or keystore do not answer.
const REST: Duration = Duration::from_secs(30);

/// Fills and warns, for as long as the center runs.
pub async fn run<S: Store>(center: Center<S>, levels: Levels, mut stopping: Stopping) {
    let mut warned = BTreeSet::new();
    while !stopping.is_said() {
        let pause = match step(&center, levels, &mut warned).await {
            Ok(true) => continue,
            Ok(false) => LOOK,
            Err(refused) => {
                tracing::error!(code = %refused.code, "the pool of cards' keys cannot be filled");
                REST
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stopping.said() => return,
        }
    }
}

/// Makes one key of the size that lacks most; false where nothing lacks.
async fn step<S: Store>(center: &Center<S>, levels: Levels, warned: &mut BTreeSet<RsaSize>) -> Result<bool, Refused> {
    let standing = standing(&*center.store).await?;
    warn(&standing, levels, warned);
    let lacking = standing.iter().filter(|one| one.wanted && one.keys < levels.full);
    match lacking.min_by_key(|one| one.keys) {
        Some(one) => add(center, one.size).await.map(|()| true),
        None => Ok(false),
    }
}

/// One line when a size falls below the level, and one when it is above again.
fn warn(standing: &[Standing], levels: Levels, warned: &mut BTreeSet<RsaSize>) {
    for Standing { size, keys, wanted } in standing {
        let low = *wanted && *keys < levels.low;
        if low && warned.insert(*size) {
            tracing::warn!(%size, keys, low = levels.low, "few keys are left in the pool of cards' keys");
        } else if !low && warned.remove(size) {
            tracing::info!(%size, keys, "the pool of cards' keys is above its level again");
        }
    }
}
