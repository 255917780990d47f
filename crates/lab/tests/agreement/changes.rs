//! What cards in use are given, and what a plain reader finds on them afterwards.

use cardwright_data_preparation::{Date, OrderFields, Profile, Scope, check, prepare, prepare_change};
use cardwright_virtual_card::Card;

use crate::file;
use crate::new_card::{Encoded, encoded};
use crate::preparer::Issuer as Preparer;

/// A profile, and the issuer that prepares by it.
pub(crate) struct Bureau {
    profile: Profile,
    pub(crate) preparer: std::rc::Rc<Preparer>,
    number: &'static str,
}

/// Names and values of an order's fields.
pub(crate) type Columns<'a> = &'a [(&'a str, &'a str)];

impl Bureau {
    pub(crate) fn of(text: &str, number: &'static str) -> Self {
        let profile = Profile::parse(text).unwrap_or_else(|error| panic!("{error}"));
        let preparer = std::rc::Rc::new(Preparer::of(&profile));
        Self { profile, preparer, number }
    }

    /// The example of an identity application, version 1 or 2.
    pub(crate) fn identity(version: u8) -> Self {
        let name = if version == 2 { "profiles/identity-2.toml" } else { "profiles/identity.toml" };
        Self::of(&file(name), "")
    }

    /// The example of a debit card, for cards whose answers carry a MAC, or do not.
    pub(crate) fn debit(proving: bool) -> Self {
        Self::debit_by("profiles/emv-debit.toml", proving)
    }

    /// The same by the next version of the program.
    pub(crate) fn next_debit(proving: bool) -> Self {
        Self::debit_by("profiles/emv-debit-2.toml", proving)
    }

    fn debit_by(profile: &str, proving: bool) -> Self {
        let text = file(profile);
        let proven = text.replace("security-level = \"03\"", "security-level = \"13\"");
        let proven = proven.replace("activation = \"in-script\"\n", "");
        Self::of(if proving { &proven } else { &text }, "4761740000000010")
    }

    /// The example of a credit card, whose payment application is written anew.
    pub(crate) fn credit(proving: bool) -> Self {
        let text = file("profiles/emv-credit.toml");
        let believed = text.replace("security-level = \"33\"", "security-level = \"03\"");
        let believed = believed.replace("activation = \"after-proof\"\n", "");
        let usable = "commit-point = \"make-selectable\"\nactivation = \"in-script\"";
        let believed = believed.replace("commit-point = \"make-selectable\"", usable);
        Self::of(if proving { &text } else { &believed }, "4761739001010119")
    }

    /// The example of an employee's card.
    pub(crate) fn employee() -> Self {
        Self::of(&file("profiles/piv-employee.toml"), "123456789015")
    }

    /// The same, all of whose keys are points, which a card makes quickly.
    pub(crate) fn employee_of_points() -> Self {
        Self::of(&file("profiles/piv-employee.toml").replace("\"rsa-2048\"", "\"p-256\""), "123456789015")
    }

    /// A PIN block as the host sends it.
    pub(crate) fn block(&self, digits: &str) -> String {
        self.preparer.pin_block(&self.profile, self.number, digits)
    }

    /// Everything of a new card.
    pub(crate) fn whole(&self, columns: Columns<'_>, photo: Option<&[u8]>) -> Encoded {
        let fields = OrderFields::read(&self.profile, columns.iter().copied(), photo).unwrap();
        let number = self.profile.assigns_number().then_some(self.number);
        let means = self.preparer.means(&self.profile, number);
        encoded(&check(prepare(&self.profile, &fields, day(2026), &means).unwrap()).unwrap())
    }

    /// What a change of `scope` writes.
    pub(crate) fn change(&self, scope: Scope, columns: Columns<'_>, photo: Option<&[u8]>) -> Encoded {
        let part = self.profile.within(scope).unwrap();
        let fields = OrderFields::read(&part, columns.iter().copied(), photo).unwrap();
        let number = self.profile.assigns_number().then_some(self.number);
        let mut means = self.preparer.means(&part, number);
        // another PIN than the card was issued with
        means.random.iter_mut().for_each(|byte| *byte = byte.wrapping_mul(3).wrapping_add(1));
        encoded(&check(prepare_change(&self.profile, scope, &fields, day(2027), &means).unwrap()).unwrap())
    }
}

fn day(year: u16) -> Date {
    Date::new(year, 11, 24).unwrap()
}

/// A picture of a face, as PIV wants it.
pub(crate) fn face(filling: u8) -> Vec<u8> {
    let frame = [0xFF, 0xC0, 0x00, 0x0B, 0x08, 0x01, 0x40, 0x00, 0xF0, 0x01, 0x01, 0x11, 0x00];
    [&[0xFF, 0xD8][..], &frame, &[filling; 900], &[0xFF, 0xD9]].concat()
}

pub(crate) const IDENTITY: [u8; 10] = [0xF0, 0x43, 0x41, 0x52, 0x44, 0x57, 0x49, 0x44, 0x00, 0x01];
pub(crate) const DEBIT: [u8; 7] = [0xF0, 0x45, 0x4D, 0x56, 0x01, 0x20, 0x10];
pub(crate) const CREDIT: [u8; 7] = [0xF0, 0x45, 0x4D, 0x56, 0x01, 0x10, 0x10];
pub(crate) const PIV: [u8; 11] = [0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00];

/// SELECT, as any terminal says it.
pub(crate) fn select(card: &mut Card, instance: &[u8]) -> Vec<u8> {
    card.reset();
    card.transmit(&[&[0x00, 0xA4, 0x04, 0x00, instance.len() as u8], instance, &[0x00]].concat())
}

/// A file of the identity application; none where it or the application is not there.
pub(crate) fn identity_file(card: &mut Card, file: u16) -> Option<Vec<u8>> {
    let [high, low] = file.to_be_bytes();
    let found = select(card, &IDENTITY).ends_with(&[0x90, 0x00])
        && card.transmit(&[0x00, 0xA4, 0x02, 0x0C, 0x02, high, low]) == [0x90, 0x00];
    let answer = card.transmit(&[0x00, 0xB0, 0x00, 0x00, 0x00]);
    found.then(|| answer[..answer.len() - 2].to_vec())
}

/// Whether the identity application takes this PIN.
pub(crate) fn takes_pin(card: &mut Card, digits: &str) -> bool {
    select(card, &IDENTITY);
    card.transmit(&[&[0x00, 0x20, 0x00, 0x01, 0x08][..], &pin_block(digits)].concat()) == [0x90, 0x00]
}

fn pin_block(digits: &str) -> Vec<u8> {
    hex::decode(format!("2{:X}{digits:F<14}", digits.len())).unwrap()
}

/// A record of a payment application.
pub(crate) fn record(card: &mut Card, instance: &[u8], (file, number): (u8, u8)) -> Option<Vec<u8>> {
    let found = select(card, instance).ends_with(&[0x90, 0x00]);
    let answer = card.transmit(&[0x00, 0xB2, number, file << 3 | 4, 0x00]);
    answer.strip_suffix(&[0x90, 0x00]).filter(|_| found).map(<[u8]>::to_vec)
}

/// Whether a payment application tells that it is of the second version.
pub(crate) fn is_second_version(card: &mut Card, instance: &[u8]) -> bool {
    select(card, instance);
    card.transmit(&[0x80, 0xCA, 0x9F, 0x08, 0x00]).ends_with(&[0x00, 0x02, 0x90, 0x00])
}

/// Whether the PIV application takes this PIN.
pub(crate) fn takes_piv_pin(card: &mut Card, digits: &str) -> bool {
    select(card, &PIV);
    let block = format!("{digits:\u{FF}<8}").chars().map(|digit| digit as u8).collect::<Vec<_>>();
    card.transmit(&[&[0x00, 0x20, 0x00, 0x80, 0x08][..], &block].concat()) == [0x90, 0x00]
}

/// An object of the PIV application that needs no PIN.
pub(crate) fn object(card: &mut Card, tag: [u8; 3]) -> Vec<u8> {
    select(card, &PIV);
    let mut answer = card.transmit(&[&[0x00, 0xCB, 0x3F, 0xFF, 0x05, 0x5C, 0x03][..], &tag, &[0x00]].concat());
    while let [.., 0x61, count] = answer[..] {
        answer.truncate(answer.len() - 2);
        answer.extend(card.transmit(&[0x00, 0xC0, 0x00, 0x00, count]));
    }
    answer
}
