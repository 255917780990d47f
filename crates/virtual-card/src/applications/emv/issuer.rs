//! EXTERNAL AUTHENTICATE: the issuer's answer to an ARQC proves itself, between the two GENERATE ACs.

use cardwright_apdu::{Command, Response, StatusWord};

use super::data;
use super::decision::IssuerAuthentication;
use super::generate_ac::Stage;
use crate::applications::Running;

/// `00 82 00 00` with issuer authentication data (the value of tag 91), once in a transaction; 6300: they prove
/// nothing, and there is no second try.
pub(super) fn external_authenticate(running: &mut Running<'_>, command: &Command) -> Result<Response, StatusWord> {
    if (command.header.p1, command.header.p2) != (0, 0) {
        return Err(StatusWord::INCORRECT_P1_P2);
    }
    let transaction = running.session.emv.transaction.as_mut().filter(|transaction| transaction.authenticates_issuer());
    let transaction = transaction.ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
    let Stage::Online(online) = &transaction.stage else { return Err(StatusWord::CONDITIONS_NOT_SATISFIED) };
    if online.authentication != IssuerAuthentication::NotPerformed {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
    }
    if !(8..=16).contains(&command.data().len()) {
        return Err(StatusWord::WRONG_LENGTH);
    }
    let card = data(running.memory, running.aid)?;
    let authentication = transaction.authenticate_issuer(card, online, command.data());
    if let Stage::Online(online) = &mut transaction.stage {
        online.authentication = authentication;
    }
    match authentication {
        IssuerAuthentication::Succeeded(_) => Ok(Response::new([], StatusWord::SUCCESS)),
        _ => Err(StatusWord::AUTHENTICATION_FAILED),
    }
}
