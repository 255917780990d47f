//! Times as people read them (RFC 3339, UTC).

use crate::calendar::{DAY, day_of};

/// `2026-11-22T08:44:55.123456Z` for microseconds since 1970 UTC; the bare number where the calendar has no such day.
#[must_use]
pub fn utc(microseconds: i64) -> String {
    let Some(day) = day_of(microseconds) else { return microseconds.to_string() };
    let of_day = microseconds.rem_euclid(DAY);
    let (seconds, fraction) = (of_day / 1_000_000, of_day % 1_000_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{day}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times() {
        assert_eq!(utc(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(utc(951_782_400_000_001), "2000-02-29T00:00:00.000001Z");
        assert_eq!(utc(1_700_000_000_000_000), "2023-11-14T22:13:20.000000Z");
        assert_eq!(utc(-1), "1969-12-31T23:59:59.999999Z");
        assert_eq!(utc(i64::MAX), "9223372036854775807");
    }
}
