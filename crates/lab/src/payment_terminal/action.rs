//! Terminal action analysis: decline, ask the issuer, or approve (B3 §10.7).

use super::fault::Wrong;
use super::report::CryptogramKind;
use super::session::Session;
use super::settings::Connection;

/// What the first GENERATE AC asks for.
pub(super) fn first(session: &mut Session<'_>) -> Result<CryptogramKind, Wrong> {
    let terminal = session.terminal;
    let denial = codes(session, 0x9F0E, [0x00; 5])?;
    let online = codes(session, 0x9F0F, [0xFF; 5])?;
    if meets(session, denial) || meets(session, terminal.denial) {
        return decline(session);
    }
    if terminal.connection == Connection::OfflineOnly {
        return without_issuer(session);
    }
    if meets(session, online) || meets(session, terminal.online) {
        return Ok(CryptogramKind::Online);
    }
    approve(session)
}

/// What is asked for where the issuer cannot be reached.
pub(super) fn without_issuer(session: &mut Session<'_>) -> Result<CryptogramKind, Wrong> {
    let default = codes(session, 0x9F0D, [0xFF; 5])?;
    if meets(session, default) || meets(session, session.terminal.default) {
        decline(session)
    } else {
        approve(session)
    }
}

/// The response code that a terminal gives itself: offline, or unable to go online (B3 annex A, 8A).
pub(super) fn note_unreachable(session: &mut Session<'_>, asked: CryptogramKind) {
    session.set(0x8A, if asked == CryptogramKind::Approve { b"Y3" } else { b"Z3" });
}

fn approve(session: &mut Session<'_>) -> Result<CryptogramKind, Wrong> {
    session.set(0x8A, b"Y1");
    Ok(CryptogramKind::Approve)
}

fn decline(session: &mut Session<'_>) -> Result<CryptogramKind, Wrong> {
    session.set(0x8A, b"Z1");
    Ok(CryptogramKind::Decline)
}

/// An issuer action code, or what stands for it where the card has none.
fn codes(session: &Session<'_>, tag: u32, otherwise: [u8; 5]) -> Result<[u8; 5], Wrong> {
    Ok(session.card.exactly(tag)?.unwrap_or(otherwise))
}

fn meets(session: &Session<'_>, codes: [u8; 5]) -> bool {
    session.verification_results.iter().zip(codes).any(|(result, code)| result & code != 0)
}
