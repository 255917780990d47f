//! How often something may happen: a bucket for each who does it, and the count of what found it empty.

/// How often something may happen.
#[derive(Clone, Copy)]
pub(crate) struct Rate {
    /// so many at once
    pub(crate) burst: u32,
    /// and one more each time this is over, microseconds
    pub(crate) every: i64,
}

/// A bucket that fills with time and empties by use.
#[derive(Clone, Copy)]
pub(crate) struct Bucket {
    left: u32,
    filled: i64,
}

impl Bucket {
    pub(crate) fn full(rate: Rate, now: i64) -> Self {
        Self { left: rate.burst, filled: now }
    }

    /// Takes `count` if they are there.
    pub(crate) fn take(&mut self, rate: Rate, now: i64, count: u32) -> bool {
        self.fill(rate, now);
        let enough = self.left >= count;
        if enough {
            self.left -= count;
        }
        enough
    }

    fn fill(&mut self, rate: Rate, now: i64) {
        let gained = (now - self.filled).max(0) / rate.every;
        self.filled = if gained > 0 { self.filled + gained * rate.every } else { self.filled.min(now) };
        let left = i64::from(self.left).saturating_add(gained).min(i64::from(rate.burst));
        self.left = u32::try_from(left).unwrap_or(rate.burst);
    }

    /// Whether one would be there to take.
    pub(crate) fn has_one(&mut self, rate: Rate, now: i64) -> bool {
        self.fill(rate, now);
        self.left > 0
    }

    /// Undoes a take.
    pub(crate) fn give_back(&mut self, rate: Rate) {
        self.left = (self.left + 1).min(rate.burst);
    }

    pub(crate) fn is_full(&mut self, rate: Rate, now: i64) -> bool {
        self.fill(rate, now);
        self.left == rate.burst
    }
}

/// How many refusals were left out of the log, until one is told again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LeftOut(u64);

impl LeftOut {
    /// What was left out before, if this one `may` be told; otherwise this one is left out as well.
    pub(crate) fn before(&mut self, may: bool) -> Option<Self> {
        if may {
            return Some(std::mem::take(self));
        }
        self.0 += 1;
        None
    }

    /// The parameter that says so with the one that is told, if any was left out.
    pub(crate) fn parameter(self) -> Option<String> {
        let Self(count) = self;
        (count > 0).then(|| format!("{count} refusals before not told"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_one_at_a_time() {
        let rate = Rate { burst: 3, every: 10 };
        let mut bucket = Bucket::full(rate, 0);
        assert!((0..3).all(|_| bucket.take(rate, 0, 1)));
        assert!(!bucket.take(rate, 9, 1));
        assert!(bucket.take(rate, 10, 1) && !bucket.take(rate, 19, 1));
        assert!(bucket.take(rate, 1_000, 3) && !bucket.take(rate, 1_000, 1));
    }

    #[test]
    fn what_was_left_out_stands_with_the_next_that_is_told_and_is_counted_anew() {
        let mut left_out = LeftOut::default();
        assert_eq!(left_out.before(true).unwrap().parameter(), None);
        assert!((0..2).all(|_| left_out.before(false).is_none()));
        assert_eq!(left_out.before(true).unwrap().parameter().unwrap(), "2 refusals before not told");
        assert_eq!(left_out.before(true).unwrap().parameter(), None);
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing_and_takes_nothing_for_good() {
        let rate = Rate { burst: 1, every: 10 };
        let mut bucket = Bucket::full(rate, 1_000);
        assert!(bucket.take(rate, 1_000, 1) && !bucket.take(rate, 500, 1));
        assert!(bucket.take(rate, 510, 1));
    }
}
