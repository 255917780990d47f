//! Days since 1970 UTC, as rows keep them, and days of the calendar, as people and cards read them.

use cardwright_data_preparation::Date;
use cardwright_data_preparation::emv::ExpiryMonth;

/// Microseconds of a day.
pub const DAY: i64 = 86_400 * 1_000_000;

/// The day of a time, UTC. `None` where the calendar has none.
#[must_use]
pub fn day_of(time: i64) -> Option<Date> {
    date_of(time.div_euclid(DAY))
}

/// The day that is so many days after 1970-01-01.
#[must_use]
pub fn date_of(day: i64) -> Option<Date> {
    Date::new(1970, 1, 1)?.plus_days(u32::try_from(day).ok()?)
}

/// How many days after 1970-01-01 a day is. The year begins in March here, so that the leap day is its last.
#[must_use]
pub fn day_number(date: Date) -> i64 {
    let [century, year, month, day] = date.to_bcd().map(|byte| i64::from(byte >> 4) * 10 + i64::from(byte & 0x0F));
    let (year, month) = match month {
        1 | 2 => (century * 100 + year - 1, month + 9),
        _ => (century * 100 + year, month - 3),
    };
    let (before, within) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    before * 146_097 + within * 365 + within / 4 - within / 100 + day_of_year - 719_468
}

/// A month as people write it: YYYY-MM.
///
/// # Errors
/// A sentence that says what would be right.
pub fn month(text: &str) -> Result<ExpiryMonth, String> {
    let wrong = || "a month is written YYYY-MM, from 2000-01 to 2049-12".to_owned();
    let first: Date = format!("{text}-01").parse().map_err(|_| wrong())?;
    let [century, year, month, _] = first.to_bcd();
    (century == 0x20).then_some([year, month]).and_then(ExpiryMonth::from_bcd).ok_or_else(wrong)
}

/// The last day of a month, in days since 1970.
#[must_use]
pub fn last_day(month: ExpiryMonth) -> i64 {
    let [year, month] = month.to_bcd();
    let first = Date::from_bcd([0x20, year, month, 0x01]).and_then(|first| first.plus_months(1));
    first.map_or(0, |next| day_number(next) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_counted_forth_and_back() {
        for (text, number) in
            [("1970-01-01", 0), ("2000-02-29", 11_016), ("2026-11-24", 20_781), ("2049-12-31", 29_219)]
        {
            let date: Date = text.parse().unwrap();
            assert_eq!(day_number(date), number, "{text}");
            assert_eq!(date_of(number), Some(date));
        }
        let mut day = 0;
        while day < 40_000 {
            assert_eq!(date_of(day).map(day_number), Some(day));
            day += 37;
        }
        assert_eq!(date_of(-1), None);
    }

    #[test]
    fn a_certificate_is_good_to_the_last_day_of_its_month() {
        for (text, last) in [("2028-02", "2028-02-29"), ("2031-12", "2031-12-31"), ("2026-11", "2026-11-30")] {
            assert_eq!(date_of(last_day(month(text).unwrap())).unwrap().to_string(), last);
        }
        for wrong in ["2031-13", "2050-01", "1999-12", "12-2031", "2031", ""] {
            assert!(month(wrong).is_err(), "{wrong}");
        }
    }
}
