//! Days as cards write them: in digits, the year with two.

use std::fmt;

/// A day of the century: 0 to 49 are 2000 to 2049, 50 to 99 are 1950 to 1999 (B2 §5.3 step 8, B3 §10.4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

impl Day {
    /// A day of the calendar, `None` where there is none such.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let good = (1950..2050).contains(&year) && (1..=days_of(year, month)).contains(&day);
        good.then_some(Self { year, month, day })
    }

    /// The day that three bytes YYMMDD spell.
    pub(super) fn of_digits(bytes: &[u8]) -> Option<Self> {
        let [year, month, day] = bytes else { return None };
        Self::new(century(two_digits(*year)?), two_digits(*month)?, two_digits(*day)?)
    }

    /// The last day of the month that two bytes MMYY spell.
    pub(super) fn end_of_month(bytes: &[u8]) -> Option<Self> {
        let [month, year] = bytes else { return None };
        let (year, month) = (century(two_digits(*year)?), two_digits(*month)?);
        Self::new(year, month, days_of(year, month))
    }

    /// YYMMDD in three bytes, as 9A has it.
    pub(super) fn digits(self) -> [u8; 3] {
        [(self.year % 100) as u8, self.month, self.day].map(|number| (number / 10) << 4 | (number % 10))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

fn century(year: u8) -> u16 {
    u16::from(year) + if year < 50 { 2000 } else { 1900 }
}

fn two_digits(byte: u8) -> Option<u8> {
    (byte >> 4 < 10 && byte & 0x0F < 10).then_some((byte >> 4) * 10 + (byte & 0x0F))
}

fn days_of(year: u16, month: u8) -> u8 {
    match month {
        2 if year.is_multiple_of(4) => 29, // 2000 was a leap year, and 1900 and 2100 are out of reach
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}
