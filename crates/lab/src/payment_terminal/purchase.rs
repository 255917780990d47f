//! A purchase from the first SELECT to the last cryptogram (B3 §8.2).

use super::delivery::deliver;
use super::fault::{Fault, Step, Wrong};
use super::issuer::{self, Answer, Issuer};
use super::link::Link;
use super::object_list::ObjectList;
use super::report::{
    Authentication, Candidate, CardholderVerification, Cryptogram, CryptogramKind, Delivered, Directory,
    IssuerAuthentication, Online, Outcome, Reading, Report, Selected, Verified,
};
use super::script::ScriptTime;
use super::session::{Bit, Session};
use super::settings::{Connection, Purchase, Terminal};
use super::{action, authentication, cardholder, cryptogram, reading, restrictions, risk, selection};

/// Profile byte 1: the issuer proves itself by EXTERNAL AUTHENTICATE.
const EXTERNAL_AUTHENTICATE: u8 = 0x04;

/// Verification results, byte 5 (B3 §C5).
const ISSUER_AUTHENTICATION_FAILED: Bit = (5, 0x40);

/// Buys. An issuer that is given computes every cryptogram of the card again.
///
/// # Errors
/// The first thing that is not as EMV has it. A refusal is none: the report says how the purchase ended.
pub fn purchase(
    link: &mut dyn Link,
    terminal: &Terminal,
    purchase: &Purchase,
    issuer: Option<&Issuer>,
) -> Result<Report, Fault> {
    let mut session = Session::new(link, terminal, purchase);
    let session = &mut session;
    let (directory, candidates, selected, locator) = opened(session)?;
    let at = |step: Step| move |wrong: Wrong| wrong.at(step);
    reading::check_data(session).map_err(at(Step::ReadApplicationData))?;
    let authentication = authentication::authenticate(session).map_err(at(Step::DataAuthentication))?;
    restrictions::check(session).map_err(at(Step::ProcessingRestrictions))?;
    let verification = cardholder::verify(session).map_err(at(Step::CardholderVerification))?;
    risk::manage(session).map_err(at(Step::TerminalRiskManagement))?;
    let asked = action::first(session).map_err(at(Step::TerminalActionAnalysis))?;
    let ending = end(session, issuer, asked, &authentication, &verification)?;

    Ok(Report {
        directory,
        candidates,
        selected,
        profile: session.profile,
        locator,
        records: std::mem::take(&mut session.records),
        data: session.card.all().clone(),
        authentication,
        verification,
        verification_results: session.verification_results,
        status: session.status,
        asked,
        first: ending.first,
        online: ending.online,
        second: ending.second,
        scripts: ending.scripts,
        outcome: ending.outcome,
    })
}

/// Selects, starts and reads, and buys nothing: for record sets of kernels that are not this terminal's.
///
/// # Errors
/// As [`purchase`], up to the records.
pub fn read(link: &mut dyn Link, terminal: &Terminal, purchase: &Purchase) -> Result<Reading, Fault> {
    let mut session = Session::new(link, terminal, purchase);
    let (directory, candidates, selected, locator) = opened(&mut session)?;
    let (profile, data) = (session.profile, session.card.all().clone());
    Ok(Reading { directory, candidates, selected, profile, locator, records: session.records, data })
}

type Opened = (Directory, Vec<Candidate>, Selected, Vec<u8>);

/// The application, started, with its records read.
fn opened(session: &mut Session<'_>) -> Result<Opened, Fault> {
    let at = |step: Step| move |wrong: Wrong| wrong.at(step);
    let (directory, candidates) = selection::candidates(session).map_err(at(Step::ApplicationSelection))?;
    let selected = selection::select_application(session, &candidates).map_err(at(Step::ApplicationSelection))?;
    let locator = reading::get_processing_options(session).map_err(at(Step::InitiateApplication))?;
    reading::read_records(session, &locator).map_err(at(Step::ReadApplicationData))?;
    Ok((directory, candidates, selected, locator))
}

/// What the cryptograms came to.
struct Ending {
    first: Cryptogram,
    online: Option<Online>,
    second: Option<Cryptogram>,
    scripts: Vec<Delivered>,
    outcome: Outcome,
}

fn end(
    session: &mut Session<'_>,
    issuer: Option<&Issuer>,
    asked: CryptogramKind,
    authentication: &Authentication,
    verification: &CardholderVerification,
) -> Result<Ending, Fault> {
    let signs = *authentication == Authentication::Combined;
    let combined = signs && asked != CryptogramKind::Decline;
    let request = cryptogram::Request { list: 0x8C, asked, combined, sent_before: &[] };
    let (first, sent) = generated(session, &request, issuer, Step::FirstCryptogram)?;
    if first.kind != CryptogramKind::Online {
        let approved = first.kind == CryptogramKind::Approve;
        let outcome = if approved { Outcome::ApprovedOffline } else { Outcome::DeclinedOffline };
        return Ok(Ending { first, online: None, second: None, scripts: Vec::new(), outcome });
    }

    let online = go_online(session, issuer, &first, verification)?;
    let script = |session: &mut Session<'_>, time| {
        deliver(session, online.answer.as_ref(), time).map_err(|wrong| wrong.at(Step::ScriptProcessing))
    };
    let mut scripts = script(session, ScriptTime::Before)?;
    let asked = match &online.answer {
        Some(answer) if answer.response_code == *b"00" => CryptogramKind::Approve,
        Some(_) => CryptogramKind::Decline,
        None => {
            let asked = action::without_issuer(session).map_err(|wrong| wrong.at(Step::TerminalActionAnalysis))?;
            action::note_unreachable(session, asked);
            asked
        }
    };
    let combined = signs && asked == CryptogramKind::Approve;
    let request = cryptogram::Request { list: 0x8D, asked, combined, sent_before: &sent };
    let (second, _) = generated(session, &request, issuer, Step::SecondCryptogram)?;
    if second.counter != first.counter {
        let wrong = Wrong::value(0x9F36, "the two cryptograms count differently");
        return Err(wrong.at(Step::SecondCryptogram));
    }
    scripts.extend(script(session, ScriptTime::After)?);
    let outcome = match (second.kind == CryptogramKind::Approve, online.answer.is_some()) {
        (true, true) => Outcome::ApprovedOnline,
        (true, false) => Outcome::ApprovedOffline,
        (false, true) => Outcome::DeclinedOnline,
        (false, false) => Outcome::DeclinedOffline,
    };
    Ok(Ending { first, online: Some(online), second: Some(second), scripts, outcome })
}

/// A cryptogram, computed again by the issuer where there is one.
fn generated(
    session: &mut Session<'_>,
    request: &cryptogram::Request<'_>,
    issuer: Option<&Issuer>,
    step: Step,
) -> Result<(Cryptogram, Vec<u8>), Fault> {
    let transaction = cryptogram::covered(session);
    let (mut cryptogram, sent) = cryptogram::generate(session, request).map_err(|wrong| wrong.at(step))?;
    if let Some(issuer) = issuer {
        let request = issuer::Request { card: &session.card, transaction: &transaction, cryptogram: &cryptogram };
        issuer.check(&request).map_err(|wrong| wrong.at(step))?;
        cryptogram.is_checked = true;
    }
    Ok((cryptogram, sent))
}

/// Asks the issuer, and hands its proof to the card: now, where the profile says so, else with the second cryptogram.
fn go_online(
    session: &mut Session<'_>,
    issuer: Option<&Issuer>,
    first: &Cryptogram,
    verification: &CardholderVerification,
) -> Result<Online, Fault> {
    let silent = Online { answer: None, authentication: IssuerAuthentication::NotPerformed };
    let (Some(issuer), Connection::Online) = (issuer, session.terminal.connection) else { return Ok(silent) };
    let at = |wrong: Wrong| wrong.at(Step::OnlineProcessing);
    let typed = session.purchase.pin.as_ref().filter(|_| verification.verified == Verified::OnlinePin);
    let request = issuer::Request { card: &session.card, transaction: &[], cryptogram: first };
    let answer = issuer.answer(&request, typed).map_err(at)?;
    session.set(0x8A, &answer.response_code);
    session.set(0x91, &answer.authentication_data);
    let authentication = prove(session, &answer).map_err(at)?;
    Ok(Online { answer: Some(answer), authentication })
}

fn prove(session: &mut Session<'_>, answer: &Answer) -> Result<IssuerAuthentication, Wrong> {
    if session.profile[0] & EXTERNAL_AUTHENTICATE == 0 {
        let list = ObjectList::read(0x8D, session.card.need(0x8D)?)?;
        let asks = list.asks_for(0x91, answer.authentication_data.len());
        return Ok(if asks { IssuerAuthentication::InSecondCryptogram } else { IssuerAuthentication::NotPerformed });
    }
    session.done(0x10);
    match session.tell([0x00, 0x82, 0x00, 0x00], &answer.authentication_data)? {
        0x9000 => Ok(IssuerAuthentication::Succeeded),
        0x6300 => {
            session.note(ISSUER_AUTHENTICATION_FAILED);
            Ok(IssuerAuthentication::Failed)
        }
        status => Err(Wrong::Status { command: "EXTERNAL AUTHENTICATE", status }),
    }
}
