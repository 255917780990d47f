//! Days of the calendar, as orders write them and as cards store them.

use std::fmt;
use std::str::FromStr;

/// A day of the Gregorian calendar, 0001-01-01 to 9999-12-31.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day of `year`, `month` (1 to 12) and `day` (1 to 31), where the calendar has it.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let known = (1..=9999).contains(&year) && (1..=12).contains(&month) && day >= 1;
        (known && day <= days_in(year, month)).then_some(Self { year, month, day })
    }

    /// The day that `bytes` spell: YYYYMMDD in BCD, two digits a byte.
    #[must_use]
    pub fn from_bcd(bytes: [u8; 4]) -> Option<Self> {
        let [century, year, month, day] = bytes.map(from_bcd);
        Self::new(u16::from(century?) * 100 + u16::from(year?), month?, day?)
    }

    /// YYYYMMDD in BCD, two digits a byte.
    #[must_use]
    pub fn to_bcd(self) -> [u8; 4] {
        let (century, year) = ((self.year / 100) as u8, (self.year % 100) as u8);
        [century, year, self.month, self.day].map(|number| ((number / 10) << 4) | (number % 10))
    }

    /// The same day `months` later; where that month is shorter, its last day. `None` after 9999-12-31.
    #[must_use]
    pub fn plus_months(self, months: u32) -> Option<Self> {
        let all = u32::from(self.year) * 12 + u32::from(self.month) - 1;
        let all = all.checked_add(months)?;
        let (year, month) = (u16::try_from(all / 12).ok()?, (all % 12 + 1) as u8);
        Self::new(year, month, self.day.min(days_in(year, month)))
    }

    /// The last day of the month.
    #[must_use]
    pub fn end_of_month(self) -> Self {
        Self { day: days_in(self.year, self.month), ..self }
    }

    /// Year, month and day.
    #[must_use]
    pub fn parts(self) -> (u16, u8, u8) {
        (self.year, self.month, self.day)
    }

    /// The day `days` later. `None` after 9999-12-31.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Option<Self> {
        Self::from_day_number(self.day_number() + i64::from(days))
    }

    /// How many days after 1970-01-01 the day is. Years begin in March here, so that the leap day is a year's last.
    #[must_use]
    pub fn day_number(self) -> i64 {
        let (year, month, day) = (i64::from(self.year), i64::from(self.month), i64::from(self.day));
        let (year, month_from_march) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
        let of_year = (153 * month_from_march + 2) / 5 + day - 1;
        365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - MARCH_0000
    }

    /// The day that is `days` after 1970-01-01, or before it. `None` where the calendar has none.
    #[must_use]
    pub fn from_day_number(days: i64) -> Option<Self> {
        let shifted = days.checked_add(MARCH_0000)?;
        let (cycle, of_cycle) = (shifted.div_euclid(DAYS_OF_400_YEARS), shifted.rem_euclid(DAYS_OF_400_YEARS));
        let year_of_cycle = (of_cycle - of_cycle / 1_460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
        let of_year = of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
        let month_from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = cycle * 400 + year_of_cycle + i64::from(month <= 2);
        Self::new(u16::try_from(year).ok()?, month as u8, day as u8)
    }
}

/// Days from 0000-03-01 to 1970-01-01.
const MARCH_0000: i64 = 719_468;
const DAYS_OF_400_YEARS: i64 = 146_097;

fn from_bcd(byte: u8) -> Option<u8> {
    (byte >> 4 < 10 && byte & 0x0F < 10).then_some((byte >> 4) * 10 + (byte & 0x0F))
}

fn days_in(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// The text is no day written as YYYY-MM-DD.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a day written as YYYY-MM-DD")]
pub struct NotADate;

impl FromStr for Date {
    type Err = NotADate;

    /// Reads YYYY-MM-DD (ISO 8601, extended format) and nothing else.
    fn from_str(text: &str) -> Result<Self, NotADate> {
        let number = |digits: &str| digits.parse::<u16>().map_err(|_| NotADate);
        let bytes = text.as_bytes();
        let shaped = bytes.len() == 10
            && bytes.iter().enumerate().all(|(at, byte)| match at {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shaped {
            return Err(NotADate);
        }
        let (year, month, day) = (number(&text[..4])?, number(&text[5..7])?, number(&text[8..])?);
        Self::new(year, month as u8, day as u8).ok_or(NotADate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn bcd_of_known_days() {
        assert_eq!(date("2026-11-22").to_bcd(), [0x20, 0x26, 0x11, 0x22]);
        assert_eq!(date("1999-01-09").to_bcd(), [0x19, 0x99, 0x01, 0x09]);
        assert_eq!(Date::from_bcd([0x20, 0x24, 0x02, 0x29]), Some(date("2024-02-29")));
        for wrong in [[0x20, 0x23, 0x02, 0x29], [0x20, 0x2A, 1, 1], [0x20, 0x20, 0x13, 1], [0x20, 0x20, 1, 0], [0; 4]] {
            assert_eq!(Date::from_bcd(wrong), None, "{wrong:02X?}");
        }
    }

    #[test]
    fn the_end_of_a_shorter_month_is_its_last_day() {
        assert_eq!(date("2024-02-29").plus_months(60), Some(date("2029-02-28")));
        assert_eq!(date("2026-08-31").plus_months(1), Some(date("2026-09-30")));
        assert_eq!(date("2026-12-31").plus_months(12), Some(date("2027-12-31")));
        assert_eq!(date("9999-12-01").plus_months(1), None);
        assert_eq!(date("2026-01-01").plus_months(u32::MAX), None);
    }

    #[test]
    fn days_are_counted_over_months_and_leap_years() {
        assert_eq!(date("2026-11-22").plus_days(0), Some(date("2026-11-22")));
        assert_eq!(date("2024-02-28").plus_days(2), Some(date("2024-03-01")));
        assert_eq!(date("2026-11-22").plus_days(365), Some(date("2027-11-22")));
        assert_eq!(date("9999-12-31").plus_days(1), None);
    }

    #[test]
    fn a_day_is_counted_forth_and_back() {
        // by GNU date
        for (text, number) in [
            ("0001-01-01", -719_162),
            ("1969-12-31", -1),
            ("1970-01-01", 0),
            ("2000-02-29", 11_016),
            ("2026-11-24", 20_781),
            ("2049-12-31", 29_219),
            ("9999-12-31", 2_932_896),
        ] {
            assert_eq!(date(text).day_number(), number, "{text}");
            assert_eq!(Date::from_day_number(number), Some(date(text)));
        }
        for number in (-719_162..2_932_896).step_by(37) {
            assert_eq!(Date::from_day_number(number).map(Date::day_number), Some(number));
        }
        for none in [-719_163, 2_932_897, i64::MIN, i64::MAX] {
            assert_eq!(Date::from_day_number(none), None);
        }
    }

    #[test]
    fn only_the_extended_format_is_a_day() {
        for wrong in ["", "20261122", "2026-11-2", "2026-11-31", "0000-01-01", "+026-11-22", "2026-1é-2", "26-11-22 x"]
        {
            assert_eq!(wrong.parse::<Date>(), Err(NotADate), "{wrong}");
        }
    }
}
