//! A purchase with a payment application of a generated card: every key on it is used, and known by what it does.

use cardwright_apdu::Aid;
use cardwright_data_preparation::{Application, Checked, PersonalizationData, Standard, profile};
use cardwright_lab::payment_terminal::{
    self as terminal, Authentication, AuthorityKey, Connection, Day, Derivation, Issuer, Link, LinkFailure, Method,
    Outcome, Pin, Purchase, Report, Terminal, Verified, purchase,
};
use cardwright_virtual_card::Card;
use openssl::sha::sha1;

use super::reader::Content;
use crate::generated::Numbers;

/// Bits of the first byte of the interchange profile (EMV Book 3, annex C1).
const STATIC: u8 = 0x40;
const DYNAMIC: u8 = 0x20;
const COMBINED: u8 = 0x01;

const COUNTRY: u16 = 0x0840;

/// The way to a card in process.
struct InProcess<'a>(&'a mut Card);

impl Link for InProcess<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkFailure> {
        Ok(self.0.transmit(command))
    }
}

/// The value of the issuer's master key for the cryptograms of the application at `place`.
pub(crate) fn master_key(place: u8) -> [u8; 16] {
    std::array::from_fn(|at| (at as u8).wrapping_mul(0x1D) ^ (place << 6) ^ 0xA1)
}

fn grouping(application: &Application, identifier: u16) -> Option<&[u8]> {
    let dgi = application.dgis.iter().find(|dgi| dgi.dgi().identifier == identifier)?;
    Some(&dgi.dgi().data)
}

/// The PIN in a block of ISO 9564-1 format 2.
fn pin(application: &Application) -> Option<Pin> {
    let text = hex::encode(grouping(application, 0x8010)?);
    let length = usize::from_str_radix(&text[1..2], 16).unwrap();
    Some(Pin::new(&text[2..2 + length]).unwrap())
}

fn a_terminal(data: &PersonalizationData, dice: &mut Numbers) -> Terminal {
    let payments = data.applications.iter().filter(|application| application.standard == Standard::Emv);
    let accepted = payments.map(|application| terminal::Application { aid: application.instance, partial: false });
    let authorities = data.certification_keys.iter().map(|key| {
        let checksum = sha1(&[&key.rid, &[key.index][..], &key.modulus, &key.exponent].concat());
        AuthorityKey::new(key.rid, key.index, &key.modulus, &key.exponent, checksum).unwrap()
    });
    let mut terminal = Terminal::new(COUNTRY, accepted.collect(), authorities.collect());
    terminal.connection = dice.one_of(&[Connection::Online, Connection::Online, Connection::Unreachable]);
    terminal
}

/// Buys with every payment application of the card, and says how each was authenticated and its holder verified.
pub(crate) fn buy(
    card: &mut Card,
    profile: &profile::Profile,
    data: &Checked<PersonalizationData>,
    dice: &mut Numbers,
) -> Vec<Report> {
    let payments = data.applications.iter().zip(profile.applications());
    let payments = payments.filter(|(application, _)| application.standard == Standard::Emv);
    payments
        .map(|(application, rules)| {
            let terminal = a_terminal(data, dice);
            let number = std::array::from_fn(|_| dice.below(256) as u8);
            let mut bought = Purchase::new(1_500, 0x0840, Day::new(2026, 12, 1).unwrap(), number);
            (bought.choice, bought.pin) = (Some(application.instance), pin(application));
            let issuer = issuer(&application.instance, rules, dice);
            card.reset();
            let report = purchase(&mut InProcess(card), &terminal, &bought, Some(&issuer));
            let report = report.unwrap_or_else(|fault| panic!("{}: {fault}", application.instance));
            assert_bought(application, &terminal, &report);
            report
        })
        .collect()
}

fn issuer(instance: &Aid, rules: &profile::ApplicationProfile, dice: &mut Numbers) -> Issuer {
    let keys = rules.payment.as_ref().unwrap().keys.as_ref().unwrap();
    let derivation = if keys.option == profile::KeyOption::A { Derivation::A } else { Derivation::B };
    let mut issuer = Issuer::new(master_key(*instance.as_bytes().last().unwrap()), derivation);
    if keys.cryptogram_version == 0x12 && dice.chance() {
        issuer.method = Method::Two;
    }
    issuer
}

fn assert_bought(application: &Application, terminal: &Terminal, report: &Report) {
    let records = report.records.iter().map(|record| (u32::from(record.file) << 8 | u32::from(record.number), record));
    let records: Content = records.map(|(identifier, record)| (identifier, record.bytes.clone())).collect();
    let mut expected = super::reader::expected(application);
    expected.retain(|identifier, _| *identifier <= 0x1EFF);
    assert_eq!(records, expected);
    let authenticated = match &report.authentication {
        Authentication::Combined => COMBINED | DYNAMIC,
        Authentication::Dynamic { .. } => DYNAMIC,
        Authentication::Static { .. } => STATIC,
        Authentication::NotPerformed => 0,
    };
    assert_eq!(authenticated, report.profile[0] & (STATIC | DYNAMIC | COMBINED));
    let verified = match (grouping(application, 0x8010), report.data[&0x8E][8]) {
        (None, _) => Verified::Signature,
        (Some(_), 0x44) => Verified::EncipheredPin,
        (Some(_), _) => Verified::PlainPin,
    };
    assert_eq!(report.verification.verified, verified);
    assert!(report.first.is_checked, "the issuer computes the card's cryptogram");
    let is_clean = report.verification_results == [0; 5];
    let outcome = match (terminal.connection, is_clean) {
        (Connection::Online, _) => Outcome::ApprovedOnline,
        (_, true) => Outcome::ApprovedOffline,
        (_, false) => Outcome::DeclinedOffline,
    };
    assert_eq!(report.outcome, outcome);
}
