//! Until when something is good, as lists tell it.

use cardwright_issuing_center::calendar::{DAY, day_text};
use cardwright_issuing_center::issuers::WARN_DAYS;

/// `until` the last day, and a warning where it is near or over.
pub(crate) fn until(day: i64, now: i64) -> String {
    let warning = match day - now.div_euclid(DAY) {
        ..0 => ", EXPIRED",
        0..WARN_DAYS => ", ends soon: have it renewed",
        _ => "",
    };
    format!("until {}{warning}", day_text(day))
}
