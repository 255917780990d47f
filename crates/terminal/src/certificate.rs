//! As much of X.509 as the terminal asks of its own certificate: until when it holds (RFC 5280 §4.1).

use cardwright_apdu::tlv::{self, Tag};

const SEQUENCE: Tag = Tag(0x30);
const VERSION: Tag = Tag(0xA0);
const UTC_TIME: Tag = Tag(0x17);

/// When a certificate (DER) expires, microseconds since 1970 UTC; `None` where the bytes are no certificate.
#[must_use]
pub fn expires(certificate: &[u8]) -> Option<i64> {
    let signed = children(tlv::read_one(certificate).ok()?)?;
    let fields = children(*signed.first()?)?;
    // version is optional; then serial number, signature algorithm, issuer, validity (RFC 5280 §4.1.2)
    let skipped = usize::from(fields.first()?.tag == VERSION) + 3;
    let validity = children(*fields.get(skipped)?)?;
    let not_after = validity.get(1)?;
    moment(std::str::from_utf8(not_after.value).ok()?, not_after.tag == UTC_TIME)
}

fn children(element: tlv::Tlv<'_>) -> Option<Vec<tlv::Tlv<'_>>> {
    (element.tag == SEQUENCE).then_some(())?;
    tlv::read_all(element.value).ok()
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ` (RFC 5280 §4.1.2.5).
fn moment(text: &str, two_digit_year: bool) -> Option<i64> {
    let digits = text.strip_suffix('Z')?;
    let (year, rest) = digits.split_at_checked(if two_digit_year { 2 } else { 4 })?;
    let year: i64 = year.parse().ok()?;
    let year = match two_digit_year {
        true if year >= 50 => 1900 + year,
        true => 2000 + year,
        false => year,
    };
    let part = |index: usize| rest.get(index * 2..index * 2 + 2)?.parse::<i64>().ok();
    let days = days_since_1970(year, part(0)?, part(1)?);
    Some(((days * 24 + part(2)?) * 3_600 + part(3)? * 60 + part(4)?) * 1_000_000)
}

/// Days of the Gregorian calendar; years are counted from March, so that the leap day is their last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_calendar() {
        // seconds by GNU date
        for (text, two_digit_year, seconds) in [
            ("700101000000Z", true, 0),
            ("240229235959Z", true, 1_709_251_199),
            ("20991231235959Z", false, 4_102_444_799),
            ("261122083818Z", true, 1_795_336_698),
        ] {
            assert_eq!(moment(text, two_digit_year), Some(seconds * 1_000_000), "{text}");
        }
        assert_eq!(moment("2611", true), None);
    }

    #[test]
    fn a_certificate_tells_its_end_and_other_bytes_tell_nothing() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::default();
        parameters.not_after = rcgen::date_time_ymd(2031, 5, 6);
        let certificate = parameters.self_signed(&key).unwrap();
        assert_eq!(expires(certificate.der()), moment("20310506000000Z", false));
        assert_eq!(expires(&[]), None);
        assert_eq!(expires(&[0x30, 0x02, 0x30, 0x00]), None);
    }
}
