//! SELECT by name (GPCS §6.4, §11.9).

use cardwright_apdu::{Aid, Command, Response, StatusWord, tlv};

use crate::life_cycle::CardLifeCycle;
use crate::state::CardState;
use crate::volatile::{Selected, Volatile};

/// 6283: the card is locked, its Security Domain is selected all the same (GPCS Table 11-83).
const CARD_IS_LOCKED: StatusWord = StatusWord(0x6283);

/// P2 of a SELECT that wants no FCI (ISO/IEC 7816-4 Table 63), which GPCS §11.9.2.2 leaves to the card.
const NO_INFORMATION: u8 = 0x0C;

/// Whether the OPEN handles the command: `00 A4 04`; every other SELECT goes to what is selected (GPCS §11.9.1).
pub(crate) fn is_select_by_name(command: &Command) -> bool {
    let header = command.header;
    header.cla & 0xFB == 0x00 && header.ins == 0xA4 && header.p1 == 0x04
}

/// Selects by a whole or partial AID; none selects the Issuer Security Domain. What was open ends.
pub(crate) fn select(state: &CardState, volatile: &mut Volatile, command: &Command) -> Result<Response, StatusWord> {
    if state.life_cycle == CardLifeCycle::Terminated {
        return Err(StatusWord::FUNCTION_NOT_SUPPORTED);
    }
    if command.header.cla & 0x04 != 0 {
        return Err(StatusWord(0x6882));
    }
    if !matches!(command.header.p2, 0x00 | 0x02 | 0x0C) {
        return Err(StatusWord::INCORRECT_P1_P2);
    }
    let wanted = |information: Vec<u8>| if command.header.p2 == NO_INFORMATION { Vec::new() } else { information };
    let next_occurrence = command.header.p2 == 0x02;
    let found = candidates(state, command.data()).nth(usize::from(next_occurrence && !command.data().is_empty()));
    match found {
        Some(Selected::SecurityDomain) => {
            volatile.begin_session(Selected::SecurityDomain);
            let locked = state.life_cycle == CardLifeCycle::CardLocked;
            let status = if locked { CARD_IS_LOCKED } else { StatusWord::SUCCESS };
            Ok(Response::new(wanted(file_control_information(&state.security_domain)), status))
        }
        Some(Selected::Application(aid)) if state.life_cycle.allows_changes() => {
            let application = state.application(&aid).ok_or(StatusWord::NOT_FOUND)?;
            let information = application.program.select(state, &aid)?;
            let status = application.program.selection_status();
            if application.program.outlasts_selection() && volatile.selected == Selected::Application(aid) {
                volatile.select_again();
            } else {
                volatile.begin_session(Selected::Application(aid));
            }
            Ok(Response::new(wanted(information), status))
        }
        Some(Selected::Application(_)) => Err(StatusWord::FUNCTION_NOT_SUPPORTED),
        None => Err(StatusWord::NOT_FOUND),
    }
}

/// The Security Domain, then the selectable instances in the order they were installed, as far as `name` selects them.
fn candidates<'a>(state: &'a CardState, name: &'a [u8]) -> impl Iterator<Item = Selected> + 'a {
    let domain = state.security_domain.is_selected_by(name).then_some(Selected::SecurityDomain);
    let applications = state
        .applications
        .iter()
        .filter(move |application| application.is_selectable() && application.aid.is_selected_by(name))
        .map(|application| Selected::Application(application.aid));
    domain.into_iter().chain(applications)
}

/// `6F {84 AID, A5 {9F65 FF}}` (GPCS Table 11-82).
fn file_control_information(aid: &Aid) -> Vec<u8> {
    let proprietary = tlv::element(0xA5, &tlv::element(0x9F65, &[0xFF]));
    tlv::element(0x6F, &[tlv::element(0x84, aid.as_bytes()), proprietary].concat())
}
