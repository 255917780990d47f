//! GET PROCESSING OPTIONS and the records that it points to (B3 §10.1, §10.2).

use cardwright_apdu::tlv;

use super::data::{elements, need, only};
use super::dictionary::{check_record_object, nibbles};
use super::fault::Wrong;
use super::object_list::ObjectList;
use super::report::Record;
use super::session::Session;

/// Starts the application with what its PDOL asks for; answers with the application file locator.
pub(super) fn get_processing_options(session: &mut Session<'_>) -> Result<Vec<u8>, Wrong> {
    if let Some(list) = session.card.get(0x9F38) {
        let list = ObjectList::read(0x9F38, list)?;
        session.options = session.fill(&list);
    }
    let data = tlv::element(0x83, &session.options);
    let answer = session.send([0x80, 0xA8, 0x00, 0x00], &data)?.succeeded("GET PROCESSING OPTIONS")?;
    let (profile, locator) = processing_options(&answer)?;
    session.profile = profile;
    session.card.add(0x82, &profile)?;
    session.card.add(0x94, &locator)?;
    Ok(locator)
}

/// Profile and locator, of format 1 (80) or format 2 (77) (B3 §6.5.8.4).
fn processing_options(answer: &[u8]) -> Result<([u8; 2], Vec<u8>), Wrong> {
    let what = "answer to GET PROCESSING OPTIONS";
    let (profile, locator) = if answer.first() == Some(&0x80) {
        only(what, answer, 0x80)?.split_at_checked(2).ok_or(Wrong::structure(what, "it ends within the profile"))?
    } else {
        let objects = elements(what, only(what, answer, 0x77)?)?;
        (need(&objects, 0x82)?, need(&objects, 0x94)?)
    };
    let profile = profile.try_into().map_err(|_| Wrong::value(0x82, "its length is not 2"))?;
    Ok((profile, locator.to_vec()))
}

/// One entry of the locator.
struct Files {
    file: u8,
    first: u8,
    last: u8,
    signed: u8,
}

/// Reads every record that the locator names; keeps the data objects, and what is signed of them.
pub(super) fn read_records(session: &mut Session<'_>, locator: &[u8]) -> Result<(), Wrong> {
    for entry in entries(locator)? {
        for number in entry.first..=entry.last {
            if session.records.iter().any(|known| (known.file, known.number) == (entry.file, number)) {
                return Err(Wrong::value(0x94, "it names a record twice"));
            }
            let record = session.send([0x00, 0xB2, number, entry.file << 3 | 0x04], &[])?.succeeded("READ RECORD")?;
            let is_signed = number - entry.first < entry.signed;
            keep(session, Record { file: entry.file, number, is_signed, bytes: record })?;
        }
    }
    Ok(())
}

fn entries(locator: &[u8]) -> Result<Vec<Files>, Wrong> {
    if locator.is_empty() || !locator.len().is_multiple_of(4) {
        return Err(Wrong::value(0x94, "its length is no multiple of 4"));
    }
    locator.chunks_exact(4).map(file_entry).collect()
}

fn file_entry(entry: &[u8]) -> Result<Files, Wrong> {
    let (file, first, last, signed) = (entry[0] >> 3, entry[1], entry[2], entry[3]);
    if entry[0] & 0x07 != 0 || !(1..=30).contains(&file) {
        return Err(Wrong::value(0x94, "a file is not 1 to 30"));
    }
    if first == 0 || last < first || signed > last - first + 1 {
        return Err(Wrong::value(0x94, "its record numbers make no range"));
    }
    Ok(Files { file, first, last, signed })
}

/// Signed are, of files 1 to 10, the bytes within 70, and of others the whole record (B3 §10.3).
fn keep(session: &mut Session<'_>, record: Record) -> Result<(), Wrong> {
    if record.bytes.len() > 254 {
        return Err(Wrong::structure("record", "longer than 254 bytes"));
    }
    let inside = only("record", &record.bytes, 0x70)?;
    add_objects(session, inside)?;
    if record.is_signed {
        session.static_data.extend_from_slice(if record.file <= 10 { inside } else { &record.bytes });
    }
    session.records.push(record);
    Ok(())
}

fn add_objects(session: &mut Session<'_>, bytes: &[u8]) -> Result<(), Wrong> {
    for element in tlv::read_all(bytes).map_err(|error| Wrong::structure("record", error))? {
        if element.tag.is_constructed() {
            add_objects(session, element.value)?;
        } else {
            check_record_object(element.tag.0, element.value)?;
            session.card.add(element.tag.0, element.value)?;
        }
    }
    Ok(())
}

/// The data objects without which there is no purchase (B3 §7.2), and those that say the same twice.
pub(super) fn check_data(session: &Session<'_>) -> Result<(), Wrong> {
    let card = &session.card;
    for tag in [0x5A, 0x5F24, 0x8C, 0x8D] {
        card.need(tag)?;
    }
    let account_number = card.account_number()?;
    if !passes_luhn(&account_number) {
        return Err(Wrong::value(0x5A, "its check digit is wrong"));
    }
    ObjectList::read(0x8C, card.need(0x8C)?)?;
    if !ObjectList::read(0x8D, card.need(0x8D)?)?.asks_for(0x8A, 2) {
        return Err(Wrong::value(0x8D, "it does not ask for the authorization response code (8A)"));
    }
    match card.get(0x57) {
        Some(track) => check_track(track, &account_number, card.need(0x5F24)?),
        None => Ok(()),
    }
}

/// Track 2: account number, D, YYMM, service code, discretionary data, and F where a half byte is left.
fn check_track(track: &[u8], account_number: &[u8], expiry: &[u8]) -> Result<(), Wrong> {
    let wrong = |why| Err(Wrong::value(0x57, why));
    let mut digits: Vec<u8> = nibbles(track).collect();
    if digits.last() == Some(&0x0F) {
        digits.pop();
    }
    let Some(separator) = digits.iter().position(|nibble| *nibble == 0x0D) else {
        return wrong("it has no separator");
    };
    let rest = &digits[separator + 1..];
    if rest.len() < 7 || rest.iter().any(|nibble| *nibble > 9) {
        return wrong("after its separator there are not seven digits or more, and only digits");
    }
    if digits[..separator] != *account_number {
        return wrong("its account number is not that of 5A");
    }
    if rest[..4] != nibbles(&expiry[..2]).collect::<Vec<u8>>() {
        return wrong("its expiry is not that of 5F24");
    }
    Ok(())
}

/// The check digit of ISO/IEC 7812-1.
fn passes_luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(*digit)) {
            (1, digit @ 0..=4) => digit * 2,
            (1, digit) => digit * 2 - 9,
            (_, digit) => digit,
        })
        .sum();
    sum.is_multiple_of(10)
}
