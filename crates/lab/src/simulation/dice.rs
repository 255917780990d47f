//! Chance, from a seed (SplitMix64): the same seed, the same world.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// A source of chance.
pub(super) struct Dice {
    state: Mutex<u64>,
    calm: AtomicBool,
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: Mutex::new(seed), calm: AtomicBool::new(false) }
    }

    /// Dice of a world without accidents.
    pub(super) fn calm(seed: u64) -> Self {
        let dice = Self::new(seed);
        dice.calm_down();
        dice
    }

    /// From now on there are no accidents.
    pub(super) fn calm_down(&self) {
        self.calm.store(true, Ordering::SeqCst);
    }

    fn next(&self) -> u64 {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut value = *state;
        value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        value ^ (value >> 31)
    }

    /// A number under `limit`.
    pub(super) fn below(&self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// True once in `times`.
    pub(super) fn once_in(&self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// True once in `times`, where there are accidents.
    pub(super) fn accident_in(&self, times: usize) -> bool {
        !self.calm.load(Ordering::SeqCst) && self.once_in(times)
    }

    pub(super) fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_be_bytes()[..chunk.len()]);
        }
    }

    pub(super) fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}
