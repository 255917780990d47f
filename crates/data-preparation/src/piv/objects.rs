//! The data objects that are made of identifiers and texts (SP 800-73-5 part 1 Appendix A).

use cardwright_apdu::{Aid, tlv};

use super::{FascN, Unfit};
use crate::Date;

/// The data model of PIV cards (SP 800-73-5 part 1 §3.1.1).
const DATA_MODEL: u8 = 0x10;
/// The application's own PIN, and nothing else (SP 800-73-5 part 1 §3.3.2).
const PIN_POLICY: [u8; 2] = [0x40, 0x00];

/// The characters of a name and an affiliation (SP 800-73-5 part 1 Appendix A).
pub(crate) const LONGEST_NAME: usize = 125;
pub(crate) const LONGEST_AFFILIATION: usize = 20;

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/// What stands inside tag 53 of the CHUID: `30` FASC-N, `34` UUID, `35` last day, `3E` the issuer's signature, `FE`.
///
/// The signature is a CMS object of a content signer (SP 800-73-5 part 1 §3.1.2), up to 2816 bytes; empty where the
/// issuer signs none, and then only what reads the identifiers takes the card, no access control that asks for proof.
#[must_use]
pub fn card_holder_identifier(number: FascN, uuid: [u8; 16], expiry: Date, signature: &[u8]) -> Vec<u8> {
    let (year, month, day) = expiry.parts();
    let mut object = tlv::element(0x30, &number.to_bytes());
    tlv::write(&mut object, 0x34, &uuid);
    tlv::write(&mut object, 0x35, format!("{year:04}{month:02}{day:02}").as_bytes());
    tlv::write(&mut object, 0x3E, signature);
    tlv::write(&mut object, 0xFE, &[]);
    object
}

/// What stands inside tag 53 of the CCC. Of its elements PIV fixes the data model alone (SP 800-73-5 part 1 §3.1.1);
/// `identifier` is the card's own, random, under the provider of GSC-IS cards.
#[must_use]
pub fn capability_container(identifier: [u8; 14]) -> Vec<u8> {
    let card = [&[0xA0, 0x00, 0x00, 0x01, 0x16, 0xFF, 0x02], &identifier[..]].concat();
    let mut object = tlv::element(0xF0, &card);
    for (tag, value) in [(0xF1, &[0x21][..]), (0xF2, &[0x21]), (0xF3, &[]), (0xF4, &[0x00]), (0xF5, &[DATA_MODEL])] {
        tlv::write(&mut object, tag, value);
    }
    for tag in [0xF6, 0xF7, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE] {
        tlv::write(&mut object, tag, &[]);
    }
    object
}

/// What is printed on the card, in ASCII.
#[derive(Clone, Copy)]
pub struct PrintedInformation<'a> {
    /// 1 to 125 characters
    pub name: &'a str,
    /// 1 to 20 characters
    pub affiliation: &'a str,
    /// the card's last day
    pub expiry: Date,
    /// 1 to 20 characters: the card number
    pub serial_number: &'a str,
    /// 15 characters: department, agency, facility
    pub issuer: &'a str,
}

/// What stands inside tag 53 of the printed information: `01`, `02`, `04`, `05`, `06`, `FE`.
///
/// # Errors
/// A text that is too long, empty, or not ASCII.
pub fn printed_information(printed: &PrintedInformation<'_>) -> Result<Vec<u8>, Unfit> {
    let (year, month, day) = printed.expiry.parts();
    let expiry = format!("{year:04}{}{day:02}", MONTHS[usize::from(month) - 1]);
    let elements = [
        ("name (01)", 0x01, printed.name, 1..=LONGEST_NAME),
        ("affiliation (02)", 0x02, printed.affiliation, 1..=LONGEST_AFFILIATION),
        ("expiration date (04)", 0x04, &expiry, 9..=9),
        ("card serial number (05)", 0x05, printed.serial_number, 1..=20),
        ("issuer identification (06)", 0x06, printed.issuer, 15..=15),
    ];
    // Room for all of it at once: a buffer that grew would leave copies behind.
    let room = elements.iter().map(|(.., text, _)| text.len() + 2).sum::<usize>() + 2;
    let mut object = Vec::with_capacity(room);
    for (element, tag, text, lengths) in elements {
        if !text.bytes().all(|byte| (0x20..0x7F).contains(&byte)) {
            let reason = "printed information is ASCII, and the text has other characters";
            return Err(Unfit { element, reason, remedy: "give the field charset = \"ascii\"" });
        }
        if !lengths.contains(&text.len()) {
            let reason = "the text is too long, or empty";
            return Err(Unfit { element, reason, remedy: "give the field the lengths of docs/profiles.md" });
        }
        tlv::write(&mut object, tag, text.as_bytes());
    }
    tlv::write(&mut object, 0xFE, &[]);
    Ok(object)
}

/// What stands inside tag 7E: `4F` the application, `5F2F` its PIN policy (SP 800-73-5 part 1 §3.3.2).
#[must_use]
pub fn discovery(application: &Aid) -> Vec<u8> {
    [tlv::element(0x4F, application.as_bytes()), tlv::element(0x5F2F, &PIN_POLICY)].concat()
}

/// The day that YYYYMMDD or YYYYMMMDD spells in ASCII.
pub(crate) fn expiry_of(text: &[u8]) -> Option<Date> {
    let text = std::str::from_utf8(text).ok()?;
    let number =
        |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse::<u16>().ok())?;
    let (year, month, day) = (text.get(..4)?, text.get(4..text.len() - 2)?, text.get(text.len() - 2..)?);
    let month = match month.len() {
        2 => number(month)?,
        _ => MONTHS.iter().position(|name| *name == month)? as u16 + 1,
    };
    Date::new(number(year)?, month as u8, number(day)? as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Passport: yubikit's tests (FASC-N, GUID of `x`, 2030-01-01, no signature).
    #[test]
    fn a_known_card_holder_identifier_comes_out() {
        let number = FascN::of_card("9999", "9999", "1").unwrap();
        let object = card_holder_identifier(number, [b'x'; 16], Date::new(2030, 1, 1).unwrap(), &[]);
        let expected = "3019d4e739da739ced39ce739d836858210842108421c84210c3eb3410787878787878787878787878787878\
                        78350832303330303130313e00fe00";
        assert_eq!(hex::encode(object), expected);
    }

    #[test]
    fn the_capability_container_has_every_element_once_in_order() {
        let object = capability_container([7; 14]);
        let tags: Vec<u32> = tlv::read_all(&object).unwrap().iter().map(|element| element.tag.0).collect();
        assert_eq!(tags, [0xF0, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE]);
        assert_eq!(object.len(), 51);
    }

    #[test]
    fn texts_that_do_not_fit_are_refused_with_what_to_do() {
        let right = PrintedInformation {
            name: "Joan Doe",
            affiliation: "Employee",
            expiry: Date::new(2030, 9, 5).unwrap(),
            serial_number: "4929000000001234",
            issuer: "000000999900000",
        };
        let object = printed_information(&right).unwrap();
        assert_eq!(tlv::find(&object, 0x04).unwrap().unwrap(), b"2030SEP05");
        assert_eq!(expiry_of(b"2030SEP05"), Some(right.expiry));
        let name = printed_information(&PrintedInformation { name: "Zoë", ..right }).unwrap_err();
        assert_eq!(name.element, "name (01)");
        let long = "x".repeat(21);
        let affiliation = printed_information(&PrintedInformation { affiliation: &long, ..right }).unwrap_err();
        assert_eq!(affiliation.element, "affiliation (02)");
        assert!(printed_information(&PrintedInformation { issuer: "1", ..right }).is_err());
    }

    #[test]
    fn the_discovery_object_is_the_standards() {
        let object = discovery(&"A000000308000010000100".parse().unwrap());
        assert_eq!(hex::encode_upper(tlv::element(0x7E, &object)), "7E124F0BA0000003080000100001005F2F024000");
    }
}
