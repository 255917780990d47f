//! GET STATUS (GPCS §11.4), in the TLV format and in the older one, page by page.

use cardwright_apdu::{Aid, Command, Response, StatusWord, tlv};

use crate::channel::Channel;
use crate::registry::{Application, Package};
use crate::state::CardState;
use crate::volatile::Volatile;

/// Privileges of the Issuer Security Domain: Security Domain, Card Lock, Card Terminate, CVM Management; Trusted
/// Path, Authorized Management, Global Delete, Global Lock, Global Registry, Final Application (GPCS §11.1.2).
const ISSUER_PRIVILEGES: [u8; 3] = [0x9A, 0xDE, 0x00];

/// Lists what P1 asks for; 6310 where more is to come, 6A88 where nothing matches.
pub(super) fn get_status(
    state: &CardState,
    volatile: &mut Volatile,
    command: &Command,
) -> Result<Response, StatusWord> {
    let (p1, p2) = (command.header.p1, command.header.p2);
    if !matches!(p1, 0x80 | 0x40 | 0x20 | 0x10) || (p1 == 0x80 && p2 & 0x01 != 0) {
        return Err(StatusWord::INCORRECT_P1_P2);
    }
    let entries = if p2 & 0x01 == 0 {
        let wanted = tlv::find(command.data(), 0x4F).ok().flatten().filter(|aid| aid.len() <= 16);
        entries(state, p1, p2 & 0x02 != 0, wanted.ok_or(StatusWord::WRONG_DATA)?)
    } else {
        let begun = volatile.listing.take().filter(|(begun, _)| *begun == p1);
        begun.ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?.1
    };
    if entries.is_empty() {
        return Err(StatusWord::REFERENCED_DATA_NOT_FOUND);
    }
    Ok(page(volatile, p1, entries))
}

/// As many entries as one answer holds; the rest waits for `get next`.
fn page(volatile: &mut Volatile, p1: u8, mut entries: Vec<Vec<u8>>) -> Response {
    let room = match &volatile.channel {
        Channel::Open(session) => session.room(),
        _ => 256,
    };
    let mut length = 0;
    let fitting = entries.iter().take_while(|entry| {
        length += entry.len();
        length <= room
    });
    let count = fitting.count().max(1);
    let rest = entries.split_off(count);
    let status = if rest.is_empty() { StatusWord::SUCCESS } else { StatusWord::MORE_DATA };
    volatile.listing = (!rest.is_empty()).then_some((p1, rest));
    Response::new(entries.concat(), status)
}

fn entries(state: &CardState, p1: u8, as_tlv: bool, wanted: &[u8]) -> Vec<Vec<u8>> {
    let domain = &state.security_domain;
    match p1 {
        0x80 => vec![entity(as_tlv, domain, state.life_cycle.code(), &ISSUER_PRIVILEGES, &[])],
        0x40 => {
            let matching = state.applications.iter().filter(|application| application.aid.is_selected_by(wanted));
            matching.map(|application| application_entry(as_tlv, application, domain)).collect()
        }
        _ => {
            let matching = state.packages.iter().filter(|package| package.aid.is_selected_by(wanted));
            matching.map(|package| package_entry(as_tlv, package, p1 == 0x10, domain)).collect()
        }
    }
}

fn application_entry(as_tlv: bool, application: &Application, domain: &Aid) -> Vec<u8> {
    let more = [tlv::element(0xC4, application.package.as_bytes()), tlv::element(0xCC, domain.as_bytes())].concat();
    entity(as_tlv, &application.aid, application.life_cycle_code(), &application.privileges, &more)
}

/// `E3 {4F, 9F70, C5, ..}` (GPCS Table 11-36); the older format is length, AID, life cycle, first privileges byte.
fn entity(as_tlv: bool, aid: &Aid, life_cycle: u8, privileges: &[u8], more: &[u8]) -> Vec<u8> {
    if !as_tlv {
        let first = privileges.first().copied().unwrap_or(0);
        return [&[aid.as_bytes().len() as u8], aid.as_bytes(), &[life_cycle, first]].concat();
    }
    let content = [
        tlv::element(0x4F, aid.as_bytes()),
        tlv::element(0x9F70, &[life_cycle]),
        tlv::element(0xC5, privileges),
        more.to_vec(),
    ];
    tlv::element(0xE3, &content.concat())
}

/// `E3 {4F, 9F70 01, CE, 84 .., CC}` (GPCS Table 11-37); older: length, AID, 01, 00, and number and AIDs of modules.
fn package_entry(as_tlv: bool, package: &Package, with_modules: bool, domain: &Aid) -> Vec<u8> {
    let aid = package.aid.as_bytes();
    let modules = package.modules.iter().filter(|_| with_modules);
    if !as_tlv {
        let mut entry = [&[aid.len() as u8], aid, &[0x01, 0x00]].concat();
        if with_modules {
            entry.push(package.modules.len() as u8);
        }
        modules.for_each(|module| {
            entry.push(module.as_bytes().len() as u8);
            entry.extend_from_slice(module.as_bytes());
        });
        return entry;
    }
    let mut content =
        [tlv::element(0x4F, aid), tlv::element(0x9F70, &[0x01]), tlv::element(0xCE, &package.version)].concat();
    modules.for_each(|module| tlv::write(&mut content, 0x84, module.as_bytes()));
    tlv::write(&mut content, 0xCC, domain.as_bytes());
    tlv::element(0xE3, &content)
}
