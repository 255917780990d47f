//! A thousand cards by profiles that nobody wrote: each is prepared, checked, written by the whole flow, and read back
//! as strangers read it.

mod buyer;
mod draft;
mod employee;
mod holders;
mod reader;
mod seen;

use std::rc::Rc;

use cardwright_data_preparation::{Application, Checked, PersonalizationData, Profile, Standard};
use cardwright_issuance::flow::unwritable;
use cardwright_keystore::{KeyKind, Keystore, NewKey, PublishedKeys, Purpose};
use cardwright_relay::Code;
use cardwright_virtual_card::Card;
use openssl::bn::BigNum;
use openssl::pkey::{PKey, Public};
use openssl::rsa::Rsa;
use sha2::{Digest, Sha256};

use crate::issuer::Issuer as Preparer;
use crate::new_card::{Issuer, RIGHT, Recording, blank_card_drawing};
use draft::{Draft, Preparers};
use reader::{Reader, differences};
use seen::Seen;

const CARDS: u64 = 1_000;

/// The issuing side of payments: master keys for cryptograms that the issuer at the terminal has too.
fn preparers() -> Preparers {
    let payments = Preparer::empty();
    for place in 0..3 {
        let id = format!("ac-{place}.1").parse().unwrap();
        let new = NewKey { id, kind: KeyKind::Tdes2, purpose: Purpose::Personalize, created: 0 };
        payments.keystore.import(&new, &buyer::master_key(place), None, PublishedKeys::Refused).unwrap();
    }
    Preparers::new(payments)
}

/// The card, written by every script of the flow; with it how many they were.
fn written(draft: &Draft, seed: u64, data: &Checked<PersonalizationData>, preparers: &Preparers) -> Recording {
    let entropy = Sha256::digest(seed.to_be_bytes()).into();
    let issuer = Issuer::of(draft.product, data).certifying(&preparers.holders);
    Recording::on(issuer, blank_card_drawing(draft.product, RIGHT, entropy))
}

/// What nothing would prove is not written: no card whose answers could carry a MAC is opened by such a profile, and it
/// is taken only where all it writes are payment applications that can be asked for a cryptogram at once.
fn assert_refused(draft: &Draft, profile: &Profile, data: &Checked<PersonalizationData>) {
    match unwritable(profile) {
        Some(reason) => assert!(reason.contains("no R-MAC"), "{reason}"),
        None => assert!(draft.is_for_payment() && draft.is_usable_at_once()),
    }
    let refusal = Issuer::of(draft.product, data).open(&[]).err().unwrap();
    assert!([Code::LEVEL_REFUSED, Code::PROFILE_REFUSED].contains(&refusal.code), "{refusal:?}");
}

fn authority(preparer: &Preparer, application: &Application) -> PKey<Public> {
    let content = application.piv.as_ref().unwrap();
    let key = content.keys[0].certificate.authority.parse().unwrap();
    let public = preparer.keystore.rsa_public_key(&key).unwrap();
    let number = |bytes: &[u8]| BigNum::from_slice(bytes).unwrap();
    PKey::from_rsa(Rsa::from_public_components(number(&public.modulus), number(&public.exponent)).unwrap()).unwrap()
}

/// What of each application is not as `data` has it: place, and identifier or tag.
fn not_as_written(card: &mut Card, data: &PersonalizationData, holders: &Rc<Preparer>) -> Vec<(usize, u32)> {
    let mut reader = Reader(card);
    let of = |(place, application): (usize, &Application)| {
        let (read, expected) = match application.standard {
            Standard::Identity => {
                let pin = reader::pin_block(application);
                (reader.identity(&application.instance, pin), reader::expected(application))
            }
            Standard::Piv => {
                let expected = employee::expected(application.piv.as_ref().unwrap());
                (reader.employee(application, &authority(holders, application)), expected)
            }
            _ => (reader.payment(application), reader::expected(application)),
        };
        differences(&read, &expected).into_iter().map(move |identifier| (place, identifier)).collect::<Vec<_>>()
    };
    data.applications.iter().enumerate().flat_map(of).collect()
}

#[test]
fn a_thousand_generated_profiles_are_written_and_read_back_by_strangers() {
    let (mut preparers, mut seen) = (preparers(), Seen::default());
    for seed in 0..CARDS {
        let mut draft = Draft::of(seed);
        let mut profile = draft.profile();
        let mut data = preparers.prepared(&draft, &profile);
        if draft.is_unproven() {
            assert_refused(&draft, &profile, &data);
            seen.refused += 1;
            if draft.is_for_payment() {
                draft.believe()
            } else {
                draft.prove()
            }
            profile = draft.profile();
            data = preparers.prepared(&draft, &profile);
        }
        let mut recording = written(&draft, seed, &data, &preparers);
        let wrong = not_as_written(&mut recording.card, &data, &preparers.holders);
        assert_eq!(wrong, [], "seed {seed} on {}\n{}", draft.product, draft.text());
        let reports = buyer::buy(&mut recording.card, &profile, &data, &mut draft.dice);
        reports.iter().for_each(|report| seen.purchase(report));
        seen.card(&draft, &data, recording.scripts.len());
    }
    seen.assert_manifold();
}

/// The draft of `seed` at a level that proves, and its data.
fn prepared(seed: u64, preparers: &mut Preparers) -> (Draft, Checked<PersonalizationData>) {
    let mut draft = Draft::of(seed);
    draft.prove();
    let data = preparers.prepared(&draft, &draft.profile());
    (draft, data)
}

/// The encoding of `data` with one bit changed in the byte `at` of `value`, which stands in it.
fn changed(data: &Checked<PersonalizationData>, value: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = data.to_bytes().to_vec();
    let place = bytes.windows(value.len()).position(|window| window == value).unwrap();
    bytes[place + at] ^= 0x20; // a letter stays one
    bytes
}

/// What somebody could change who can write digests too: nothing signs the label of a payment application, nor the
/// printed information of an employee.
fn unsigned(application: &Application) -> Option<(u32, &[u8], usize)> {
    let label =
        application.dgis.iter().find(|dgi| application.standard == Standard::Emv && dgi.dgi().identifier == 0x9102);
    let printed = application.piv.iter().flat_map(|content| &content.objects).find(|object| object.tag == 0x5F_C109);
    let label = label.map(|dgi| (0x9102, &dgi.dgi().data[..], 4));
    label.or(printed.map(|object| (object.tag, &object.value[..], 2)))
}

/// The control of the reader, and of what stands before it.
#[test]
fn a_byte_that_was_changed_between_check_and_writing_is_refused_or_read() {
    let (mut preparers, mut read) = (preparers(), 0);
    for seed in 0..60 {
        let (draft, data) = prepared(seed, &mut preparers);
        let place = data.applications.len() - 1;
        let Some((identifier, value, at)) = unsigned(&data.applications[place]) else { continue };
        let bytes = changed(&data, value, at);
        assert!(Checked::reopen(&bytes, data.digest()).is_err(), "seed {seed}: the digest is another");
        // with the digest made anew, where the check does not refuse it
        let Ok(forged) = Checked::reopen(&bytes, &Sha256::digest(&bytes).into()) else { continue };
        let mut recording = written(&draft, seed, &forged, &preparers);
        assert_eq!(not_as_written(&mut recording.card, &forged, &preparers.holders), []);
        let wrong = not_as_written(&mut recording.card, &data, &preparers.holders);
        assert_eq!(wrong, [(place, identifier)], "seed {seed}");
        read += 1;
    }
    assert!(read > 20, "{read}");
}

/// Of an identity card, the manifest finds the changed byte whoever makes the digest; another card is another to the
/// reader.
#[test]
fn a_changed_identity_card_is_refused_by_its_manifest_and_another_card_is_seen() {
    let mut preparers = preparers();
    for seed in [3, 13, 23, 33] {
        let (draft, data) = prepared(seed, &mut preparers);
        let name = &data.applications[0].dgis[0].dgi().data;
        let bytes = changed(&data, name, 0);
        assert!(Checked::reopen(&bytes, &Sha256::digest(&bytes).into()).is_err(), "seed {seed}");
        let mut recording = written(&draft, seed, &data, &preparers);
        let (_, other) = prepared(seed + 20, &mut preparers);
        let pin = reader::pin_block(&data.applications[0]);
        let read = Reader(&mut recording.card).identity(&data.applications[0].instance, pin);
        let wrong = differences(&read, &reader::expected(&other.applications[0]));
        assert!([0x0101, 0x0102].iter().all(|identifier| wrong.contains(identifier)), "seed {seed}: {wrong:X?}");
    }
}
