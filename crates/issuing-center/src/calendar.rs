//! Days since 1970 UTC, as rows keep them, and days of the calendar, as people and cards read them.

use cardwright_data_preparation::Date;
use cardwright_data_preparation::emv::ExpiryMonth;

/// Microseconds of a day.
pub const DAY: i64 = 86_400 * 1_000_000;

/// The day of a time, UTC. `None` where the calendar has none.
#[must_use]
pub fn day_of(time: i64) -> Option<Date> {
    Date::from_day_number(time.div_euclid(DAY))
}

/// A day as people read it: YYYY-MM-DD. Empty where the calendar has none.
#[must_use]
pub fn day_text(day: i64) -> String {
    Date::from_day_number(day).map(|date| date.to_string()).unwrap_or_default()
}

/// A time as people read it (RFC 3339, UTC): `2026-11-22T08:44:55.123456Z` for microseconds since 1970 UTC; the bare
/// number where the calendar has no such day.
#[must_use]
pub fn utc(microseconds: i64) -> String {
    let Some(day) = day_of(microseconds) else { return microseconds.to_string() };
    let of_day = microseconds.rem_euclid(DAY);
    let (seconds, fraction) = (of_day / 1_000_000, of_day % 1_000_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{day}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z")
}

/// A month as people write it: YYYY-MM.
///
/// # Errors
/// A sentence that says what would be right.
pub fn month(text: &str) -> Result<ExpiryMonth, String> {
    let wrong = || "a month is written YYYY-MM, from 2000-01 to 2049-12".to_owned();
    let first: Date = format!("{text}-01").parse().map_err(|_| wrong())?;
    let (year, month, _) = first.parts();
    ExpiryMonth::new(year, month).ok_or_else(wrong)
}

/// The last day of a month, in days since 1970.
#[must_use]
pub fn last_day(month: ExpiryMonth) -> i64 {
    let [year, month] = month.to_bcd();
    let first = Date::from_bcd([0x20, year, month, 0x01]).and_then(|first| first.plus_months(1));
    first.map_or(0, |next| next.day_number() - 1)
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

    #[test]
    fn a_certificate_is_good_to_the_last_day_of_its_month() {
        for (text, last) in [("2028-02", "2028-02-29"), ("2031-12", "2031-12-31"), ("2026-11", "2026-11-30")] {
            assert_eq!(day_text(last_day(month(text).unwrap())), last);
        }
        for wrong in ["2031-13", "2050-01", "1999-12", "12-2031", "2031", ""] {
            assert!(month(wrong).is_err(), "{wrong}");
        }
    }
}
