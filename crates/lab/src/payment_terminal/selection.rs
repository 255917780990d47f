//! Application selection (B1 §12): the card's directory, what it shares with the terminal, and SELECT.

use cardwright_apdu::tlv;

use super::data::{elements, get, need, only};
use super::fault::Wrong;
use super::link::Response;
use super::report::{Candidate, Directory, Selected};
use super::session::Session;
use super::settings::{Application, Interface};

const PAYMENT_SYSTEM_ENVIRONMENT: &[u8] = b"1PAY.SYS.DDF01";
const PROXIMITY_ENVIRONMENT: &[u8] = b"2PAY.SYS.DDF01";

/// The directory that was there, and the candidates that it lists; the terminal's own list where there is none
/// (B1 §12.3.2, §12.3.3).
pub(super) fn candidates(session: &mut Session<'_>) -> Result<(Directory, Vec<Candidate>), Wrong> {
    let (name, directory) = match session.terminal.interface {
        Interface::Contact => (PAYMENT_SYSTEM_ENVIRONMENT, Directory::Contact),
        Interface::Contactless => (PROXIMITY_ENVIRONMENT, Directory::Contactless),
    };
    let response = select(session, name)?;
    let (directory, listed) = match response.status {
        0x9000 if directory == Directory::Contact => (directory, contact_entries(session, &response.data)?),
        0x9000 => (directory, contactless_entries(&response.data)?),
        0x6A82 => (Directory::Absent, tried(session)?),
        status => return Err(Wrong::Status { command: "SELECT of the directory", status }),
    };
    let applications = &session.terminal.applications;
    let mut shared: Vec<Candidate> =
        listed.into_iter().filter(|candidate| applications.iter().any(|own| accepts(own, &candidate.aid))).collect();
    // the first priority comes first, and no priority last; the directory's order decides between equals
    shared.sort_by_key(|candidate| if candidate.priority == 0 { u8::MAX } else { candidate.priority });
    Ok((directory, shared))
}

/// Selects the cardholder's choice, else the best candidate (B1 §12.4).
pub(super) fn select_application(session: &mut Session<'_>, candidates: &[Candidate]) -> Result<Selected, Wrong> {
    let choice = session.purchase.choice;
    let chosen = match choice {
        Some(aid) => candidates.iter().find(|candidate| candidate.aid == aid.as_bytes()),
        None => candidates.iter().find(|candidate| !candidate.needs_confirmation),
    };
    let chosen = chosen.ok_or(Wrong::structure("candidates", "none that the terminal may take"))?;
    let answer = select(session, &chosen.aid)?.succeeded("SELECT of the application")?;
    let (name, proprietary) = file_control_information(&answer)?;
    if name != chosen.aid {
        return Err(Wrong::value(0x84, "it is not the AID that the directory has"));
    }
    let objects = elements("proprietary template (A5)", proprietary)?;
    for (tag, value) in &objects {
        session.card.add(*tag, value)?;
    }
    check_label(&objects)?;
    session.dedicated_file_name = name.to_vec();
    session.card.add(0x84, name)?;
    session.set(0x9F06, name);
    Ok(Selected {
        dedicated_file_name: name.to_vec(),
        label: get(&objects, 0x50).map(<[u8]>::to_vec),
        options: get(&objects, 0x9F38).map(<[u8]>::to_vec),
    })
}

fn select(session: &mut Session<'_>, name: &[u8]) -> Result<Response, Wrong> {
    session.send([0x00, 0xA4, 0x04, 0x00], name)
}

/// `6F {84, A5 {..}}`: the name, and the inside of A5 (B1 §11.3.4).
fn file_control_information(answer: &[u8]) -> Result<(&[u8], &[u8]), Wrong> {
    let template = elements("file control information", only("file control information", answer, 0x6F)?)?;
    let name = need(&template, 0x84)?;
    if !(5..=16).contains(&name.len()) {
        return Err(Wrong::value(0x84, "its length is not 5 to 16"));
    }
    Ok((name, need(&template, 0xA5)?))
}

/// The entries of a PSE: its records, of the file that 88 names, up to 6A83.
fn contact_entries(session: &mut Session<'_>, answer: &[u8]) -> Result<Vec<Candidate>, Wrong> {
    let (name, proprietary) = file_control_information(answer)?;
    if name != PAYMENT_SYSTEM_ENVIRONMENT {
        return Err(Wrong::value(0x84, "it is not the directory that was selected"));
    }
    let template = elements("proprietary template (A5)", proprietary)?;
    let [file @ 1..=10] = need(&template, 0x88)? else {
        return Err(Wrong::value(0x88, "the directory's file is not 1 to 10"));
    };
    let mut candidates = Vec::new();
    for number in 1..=u8::MAX {
        let response = session.send([0x00, 0xB2, number, file << 3 | 0x04], &[])?;
        if response.status == 0x6A83 {
            break;
        }
        let record = response.succeeded("READ RECORD of the directory")?;
        candidates.extend(entries("directory record", only("directory record", &record, 0x70)?, true)?);
    }
    if candidates.is_empty() { Err(Wrong::structure("directory", "it lists nothing")) } else { Ok(candidates) }
}

/// The entries of a PPSE: they stand in its SELECT answer, `A5 {BF0C {61 ..}}`.
fn contactless_entries(answer: &[u8]) -> Result<Vec<Candidate>, Wrong> {
    let (name, proprietary) = file_control_information(answer)?;
    if name != PROXIMITY_ENVIRONMENT {
        return Err(Wrong::value(0x84, "it is not the directory that was selected"));
    }
    let template = elements("proprietary template (A5)", proprietary)?;
    let candidates = entries("BF0C", need(&template, 0xBF0C)?, false)?;
    if candidates.is_empty() { Err(Wrong::structure("directory", "it lists nothing")) } else { Ok(candidates) }
}

fn entries(what: &'static str, bytes: &[u8], with_label: bool) -> Result<Vec<Candidate>, Wrong> {
    let entries = tlv::read_all(bytes).map_err(|error| Wrong::structure(what, error))?;
    entries
        .into_iter()
        .map(|entry| match entry.tag.0 {
            0x61 => candidate(&elements("directory entry (61)", entry.value)?, with_label),
            other => Err(Wrong::structure(what, format!("{other:X} where 61 belongs"))),
        })
        .collect()
}

fn candidate(entry: &[(u32, &[u8])], with_label: bool) -> Result<Candidate, Wrong> {
    let aid = need(entry, 0x4F)?;
    if !(5..=16).contains(&aid.len()) {
        return Err(Wrong::value(0x4F, "its length is not 5 to 16"));
    }
    if with_label {
        need(entry, 0x50)?;
    }
    check_label(entry)?;
    let indicator = match get(entry, 0x87) {
        None => 0,
        Some([indicator]) => *indicator,
        Some(_) => return Err(Wrong::value(0x87, "its length is not 1")),
    };
    Ok(Candidate {
        aid: aid.to_vec(),
        label: get(entry, 0x50).unwrap_or_default().to_vec(),
        priority: indicator & 0x0F,
        needs_confirmation: indicator & 0x80 != 0,
    })
}

/// A label is 1 to 16 letters, digits and spaces (B3 annex A, 50).
fn check_label(objects: &[(u32, &[u8])]) -> Result<(), Wrong> {
    let good = |label: &[u8]| {
        (1..=16).contains(&label.len()) && label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b' ')
    };
    if get(objects, 0x50).is_none_or(good) { Ok(()) } else { Err(Wrong::value(0x50, "it is no label")) }
}

/// Tries every application that the terminal accepts.
fn tried(session: &mut Session<'_>) -> Result<Vec<Candidate>, Wrong> {
    let applications = &session.terminal.applications;
    let mut candidates = Vec::new();
    for application in applications {
        let response = select(session, application.aid.as_bytes())?;
        if response.status == 0x6A82 {
            continue;
        }
        let answer = response.succeeded("SELECT of the application")?;
        let (name, proprietary) = file_control_information(&answer)?;
        let mut entry = elements("proprietary template (A5)", proprietary)?;
        entry.push((0x4F, name));
        candidates.push(candidate(&entry, false)?);
    }
    Ok(candidates)
}

fn accepts(own: &Application, aid: &[u8]) -> bool {
    if own.partial { aid.starts_with(own.aid.as_bytes()) } else { aid == own.aid.as_bytes() }
}
