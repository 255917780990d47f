//! Places at which a test lets the process die, so that what a crash leaves behind can be seen.
//!
//! They are enumerated from the kinds of commits there are. Compiled in with the feature `failpoints` alone; armed by
//! `CARDWRIGHT_FAILPOINT=name` or `name:n` for the n-th time. Without the feature, reaching one does nothing.

use super::CommitKind;

/// Where in a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// nothing of it is written
    Before,
    /// everything is written, nothing committed
    Within,
    /// it is committed, and nobody knows yet
    After,
}

impl Place {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Before, Self::Within, Self::After];

    fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Within => "within",
            Self::After => "after",
        }
    }
}

/// The names of all points, `before-…`, `within-…` and `after-…` each kind of commit.
#[must_use]
pub fn names() -> Vec<String> {
    CommitKind::all().into_iter().flat_map(|kind| Place::ALL.map(|place| name(place, kind))).collect()
}

fn name(place: Place, kind: CommitKind) -> String {
    format!("{}-{}", place.name(), kind.name())
}

#[cfg(not(feature = "failpoints"))]
pub(crate) fn reach(_: Place, _: CommitKind) {}

/// Dies if this point is armed and its time has come.
#[cfg(feature = "failpoints")]
pub(crate) fn reach(place: Place, kind: CommitKind) {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static ARMED: LazyLock<Option<(String, u32)>> = LazyLock::new(|| {
        let armed = std::env::var("CARDWRIGHT_FAILPOINT").ok()?;
        match armed.split_once(':') {
            Some((name, count)) => Some((name.to_owned(), count.parse().ok()?)),
            None => Some((armed, 1)),
        }
    });
    static REACHED: AtomicU32 = AtomicU32::new(0);

    let Some((armed, count)) = &*ARMED else { return };
    if name(place, kind) == *armed && REACHED.fetch_add(1, Ordering::SeqCst) + 1 == *count {
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_points_have_one_name() {
        let mut names = names();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
        assert_eq!(all, 3 * CommitKind::all().len());
    }
}
