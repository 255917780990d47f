//! What a profile needs of the center: keys of the keystore, certified issuer keys, RSA keys from the pool, randomness.

use std::collections::BTreeSet;

use cardwright_keystore::{KeyId, KeyKind, Purpose, RsaSize};

use super::element::{CertificatePart, Source, TrackPart};
use super::face::Shown;
use super::payment::KeyOption;
use super::pin::PinRule;
use super::piv::PivReferenceSource;
use super::{ApplicationProfile, NumberSource, Profile};

/// A key of the keystore that a profile names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedKey {
    /// its handle
    pub id: KeyId,
    /// the purpose it must have
    pub purpose: Purpose,
    /// the kind it must be of, where the profile says so
    pub kind: Option<KeyKind>,
}

/// Random bytes of a certificate's serial number (`EMV B2`).
pub(crate) const SERIAL: usize = 3;
/// Random bytes of a PIV application: its UUID and its card identifier, and of each key the certificate's serial number.
const PIV_IDENTIFIER: usize = 16 + 14;
pub(crate) const PIV_SERIAL: usize = 16;
/// Digits of a PUK: they fill its 8 bytes.
pub(crate) const PUK_DIGITS: usize = 8;
/// Random bytes that a digit of a PIN, or of a PIN block's filling, is made of.
pub(crate) const DIGIT: usize = 4;

impl Profile {
    /// The keys of the keystore that preparation works with, each once.
    #[must_use]
    pub fn named_keys(&self) -> Vec<NamedKey> {
        let mut keys: Vec<NamedKey> = Vec::new();
        let mut add = |id: &KeyId, purpose, kind| {
            let key = NamedKey { id: id.clone(), purpose, kind };
            if !keys.contains(&key) {
                keys.push(key);
            }
        };
        if let Some(pin) = &self.pin {
            add(pin.zone_key(), Purpose::Zone, Some(KeyKind::Tdes2));
        }
        for key in self.verification.card_key.iter().chain(&self.verification.pin_key) {
            add(key, Purpose::RetailMac, Some(KeyKind::Tdes2));
        }
        for application in &self.applications {
            if let Some(rule) = application.payment.as_ref().and_then(|payment| payment.keys.as_ref()) {
                let kind = if rule.option == KeyOption::C { KeyKind::Aes128 } else { KeyKind::Tdes2 };
                for key in [&rule.cryptogram, &rule.mac, &rule.encipherment] {
                    add(key, Purpose::Personalize, Some(kind));
                }
            }
            if let Some(piv) = &application.piv {
                if !piv.keys.is_empty() {
                    add(&piv.authority, Purpose::RsaSign, None);
                }
                for reference in &piv.references {
                    if let PivReferenceSource::Derived(master) = &reference.source {
                        add(master, Purpose::Personalize, None);
                    }
                }
            }
        }
        keys
    }

    /// The names of the issuer keys whose certificates the cards carry, each once.
    #[must_use]
    pub fn issuers(&self) -> Vec<&str> {
        let payments = self.applications.iter().filter_map(|application| application.payment.as_ref());
        let names: BTreeSet<&str> =
            payments.filter_map(|payment| Some(payment.certificates.as_ref()?.issuer.as_str())).collect();
        names.into_iter().collect()
    }

    /// The sizes of the RSA keys that one card takes from the pool, in the order in which preparation wants them.
    #[must_use]
    pub fn card_keys(&self) -> Vec<RsaSize> {
        self.applications.iter().flat_map(ApplicationProfile::rsa_keys).map(|(_, size)| size).collect()
    }

    /// How many fresh random bytes the preparation of one card wants.
    #[must_use]
    pub fn random_bytes(&self) -> usize {
        let applications = self.applications.iter().map(|application| {
            let drawn = self.elements_of(application).map(|element| match element.source {
                Source::Random(length) => length,
                _ => 0,
            });
            let piv = application.piv.as_ref().filter(|piv| !piv.objects.is_empty());
            let piv = piv.map_or(0, |piv| PIV_IDENTIFIER + PIV_SERIAL * piv.keys.len());
            SERIAL * application.rsa_keys().len() + drawn.sum::<usize>() + piv
        });
        self.pin_bytes() + applications.sum::<usize>()
    }

    /// How many of them, the first ones, a generated PIN, PUK and their fillings come from: the same bytes give the same
    /// ones.
    #[must_use]
    pub fn pin_bytes(&self) -> usize {
        match &self.pin {
            // 14 digits more fill a block of format 1.
            Some(PinRule::Generated { digits, .. }) => {
                let puk = if self.generates_puk() { PUK_DIGITS + 14 } else { 0 };
                (usize::from(*digits) + 14 + puk) * DIGIT
            }
            _ => 0,
        }
    }

    /// Whether a PUK is generated.
    pub(crate) fn generates_puk(&self) -> bool {
        let mut references =
            self.applications.iter().filter_map(|one| one.piv.as_ref()).flat_map(|piv| &piv.references);
        references.any(|one| one.reference == 0x81 && one.source == PivReferenceSource::Generated)
    }

    /// Whether the center assigns the card number, or, in a change, hands in the one that the card has, from the range of [`Profile::number`].
    #[must_use]
    pub fn assigns_number(&self) -> bool {
        self.uses_number && self.number.source == NumberSource::Range
    }

    /// Whether something of the card is made with verification values, and which: of the card, of the PIN.
    pub(super) fn wanted_values(&self) -> (bool, bool) {
        let parts = self.elements.iter().flat_map(|element| match &element.source {
            Source::Track2 { discretionary, .. } => discretionary.as_slice(),
            _ => &[],
        });
        let printed = self.face.iter().any(|item| item.shows == Shown::PrintedValue);
        parts.fold((printed, false), |(card, pin), part| match part {
            TrackPart::ChipValue | TrackPart::StripeValue(_) => (true, pin),
            TrackPart::PinValue => (card, true),
            TrackPart::Digits(_) | TrackPart::PinKeyIndex => (card, pin),
        })
    }

    /// Whether something of the card is made of the PIN of `[pin]`.
    pub(super) fn wants_pin(&self) -> bool {
        self.wanted_values().1 || self.elements.iter().any(|one| one.source == Source::PinBlock { field: None })
    }

    /// Whether something of the card is made as EMV makes it of a card number of 12 to 19 digits with a check digit.
    pub(crate) fn wants_pan(&self) -> bool {
        let (card, pin) = self.wanted_values();
        let of_pan = |source: &Source| {
            matches!(source, Source::Track2 { .. } | Source::ApplicationKeys | Source::ApplicationKeyCheckValues)
                || matches!(source, Source::Certificate(CertificatePart::Icc | CertificatePart::Pin))
                || matches!(source, Source::CardNumber(super::NumberEncoding::Compressed))
        };
        let scripts = self.applications.iter().any(|application| application.script.is_some());
        card || pin || scripts || self.elements.iter().any(|element| of_pan(&element.source))
    }
}
