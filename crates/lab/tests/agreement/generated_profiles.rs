//! A thousand cards by profiles that nobody wrote: each is prepared, checked, written by the whole flow, and read back
//! as strangers read it.

mod buyer;
mod draft;
mod employee;
mod holders;
mod reader;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use cardwright_data_preparation::{Application, Checked, PersonalizationData, Profile, Standard};
use cardwright_issuance::new_card::unwritable;
use cardwright_keystore::{KeyKind, Keystore, NewKey, PublishedKeys, Purpose};
use cardwright_lab::payment_terminal::{Authentication, Report, Verified};
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

/// What no answer proves is written nowhere: neither is such a profile taken, nor a card opened by it.
fn assert_refused(draft: &Draft, profile: &Profile, data: &Checked<PersonalizationData>) {
    assert!(unwritable(profile).is_some_and(|reason| reason.contains("no R-MAC")));
    let refusal = Issuer::of(draft.product, data).open(&[]).err().unwrap();
    assert_eq!(refusal.code, Code::LEVEL_REFUSED);
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

/// What there was among the cards.
#[derive(Default)]
struct Seen {
    kinds: BTreeSet<(&'static str, u8, usize, usize)>,
    refused: usize,
    longest: usize,
    bought: BTreeMap<String, usize>,
}

impl Seen {
    fn card(&mut self, draft: &Draft, data: &PersonalizationData, trips: usize) {
        self.kinds.insert((draft.product, data.security_level.byte(), data.applications.len(), trips));
        self.longest = self.longest.max(data.applications.iter().map(|one| one.dgis.len()).sum());
    }

    fn purchase(&mut self, report: &Report) {
        let way = match report.authentication {
            Authentication::NotPerformed => "none",
            Authentication::Static { .. } => "static",
            Authentication::Dynamic { .. } => "dynamic",
            Authentication::Combined => "combined",
        };
        for told in [way.to_owned(), format!("{:?}", report.verification.verified), format!("{:?}", report.outcome)] {
            *self.bought.entry(told).or_default() += 1;
        }
    }

    /// Not a thousand times the same card.
    fn assert_manifold(&self) {
        let Self { kinds, refused, longest, bought } = self;
        assert!(kinds.len() > 60 && *refused > 250 && *longest > 60, "{} {refused} {longest}", kinds.len());
        let verified = [Verified::PlainPin, Verified::EncipheredPin, Verified::Signature];
        let told = ["none", "static", "dynamic", "combined", "ApprovedOnline", "ApprovedOffline", "DeclinedOffline"];
        let told = told.into_iter().map(str::to_owned).chain(verified.map(|way| format!("{way:?}")));
        assert!(told.into_iter().all(|way| bought.get(&way).is_some_and(|count| *count > 100)), "{bought:?}");
    }
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
            draft.prove();
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
