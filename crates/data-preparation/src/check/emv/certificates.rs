//! The chain from the certification authority to the card's keys and data, recovered as a terminal recovers it.

use super::EmvFault;
use super::agreement::{last_month, pan};
use super::groupings::Groupings;
use super::view::View;
use crate::emv::ExpiryMonth;
use crate::emv::certificate::{
    CardCertificate, CertificateFault, IssuerCertificate, SignedStaticData, static_data_to_be_authenticated,
};
use crate::emv::rsa::PublicKey;
use crate::{Application, CertificationKey};

/// The longest card key for combined authentication, in bytes: the answer to GENERATE AC must fit one response.
const LONGEST_COMBINED: usize = 205;

/// The card's keys that certificates vouch for.
#[derive(Default)]
pub(super) struct Certified {
    /// the key of dynamic authentication
    pub(super) card: Option<CardCertificate>,
    /// the key that PINs are enciphered under
    pub(super) pin: Option<CardCertificate>,
}

impl Certified {
    /// Both interfaces must lead to the same keys.
    pub(super) fn join(&mut self, other: Self, view: &View<'_>) -> Result<(), EmvFault> {
        for (mine, other, tag) in [(&mut self.card, other.card, 0x9F46), (&mut self.pin, other.pin, 0x9F2D)] {
            match (mine.as_ref(), other) {
                (Some(mine), Some(other)) if mine.modulus != other.modulus || mine.exponent != other.exponent => {
                    return Err(EmvFault::InterchangeProfile {
                        interface: view.interface,
                        tag,
                        why: "the other interface has a certificate for another key",
                    });
                }
                (None, Some(other)) => *mine = Some(other),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Recovers every certificate that `view` shows.
pub(super) fn check(
    view: &View<'_>,
    groupings: &Groupings<'_>,
    application: &Application,
    authorities: &[CertificationKey],
) -> Result<Certified, EmvFault> {
    let Some(certificate) = view.record(0x90) else { return Ok(Certified::default()) };
    let issuer = recover_issuer(view, certificate, application, authorities)?;
    let fault = |tag| move |fault| EmvFault::Certificate { interface: view.interface, tag, fault };
    let key = PublicKey::new(&issuer.modulus, &issuer.exponent).map_err(|rsa| fault(0x90)(rsa.into()))?;
    let static_data = static_data(view, groupings)?;
    if let Some(signed) = view.record(0x93) {
        SignedStaticData::recover(signed, key, &static_data).map_err(fault(0x93))?;
    }
    let card = recover_card(view, key, [0x9F46, 0x9F48, 0x9F47], &static_data)?;
    let pin = recover_card(view, key, [0x9F2D, 0x9F2F, 0x9F2E], &[])?;
    match &card {
        Some(card) if view.offers(0x01) && card.modulus.len() > LONGEST_COMBINED => {
            Err(EmvFault::KeyTooLong(card.modulus.len()))
        }
        _ => Ok(Certified { card, pin }),
    }
}

fn recover_issuer(
    view: &View<'_>,
    certificate: &[u8],
    application: &Application,
    authorities: &[CertificationKey],
) -> Result<IssuerCertificate, EmvFault> {
    let fault = |fault: CertificateFault| EmvFault::Certificate { interface: view.interface, tag: 0x90, fault };
    let provider = *application.instance.as_bytes().first_chunk::<5>().ok_or(EmvFault::DirectoryName)?;
    let index = view.record(0x8F).and_then(|value| value.first().copied()).unwrap_or_default();
    let authority = authorities
        .iter()
        .find(|key| key.rid == provider && key.index == index)
        .ok_or(EmvFault::AuthorityMissing { provider, index })?;
    let authority = PublicKey::new(&authority.modulus, &authority.exponent).map_err(|rsa| fault(rsa.into()))?;
    let remainder = view.record(0x92).unwrap_or_default();
    let exponent = view.record(0x9F32).unwrap_or_default();
    let issuer = IssuerCertificate::recover(certificate, remainder, exponent, authority).map_err(fault)?;
    if !pan(view).is_some_and(|pan| pan.is_of_issuer(issuer.identifier)) {
        return Err(EmvFault::CertificateOfOther(0x90));
    }
    outlives(view, issuer.expires, 0x90)?;
    Ok(issuer)
}

fn recover_card(
    view: &View<'_>,
    issuer: PublicKey<'_>,
    [tag, remainder, exponent]: [u32; 3],
    static_data: &[u8],
) -> Result<Option<CardCertificate>, EmvFault> {
    let Some(certificate) = view.record(tag) else { return Ok(None) };
    let remainder = view.record(remainder).unwrap_or_default();
    let exponent = view.record(exponent).unwrap_or_default();
    let card = CardCertificate::recover(certificate, remainder, exponent, issuer, static_data)
        .map_err(|fault| EmvFault::Certificate { interface: view.interface, tag, fault })?;
    if pan(view).is_none_or(|pan| pan.in_certificate() != card.pan) {
        return Err(EmvFault::CertificateOfOther(tag));
    }
    outlives(view, card.expires, tag)?;
    Ok(Some(card))
}

fn outlives(view: &View<'_>, expires: ExpiryMonth, tag: u32) -> Result<(), EmvFault> {
    match last_month(view) {
        Some(card) if card <= expires => Ok(()),
        _ => Err(EmvFault::CertificateExpires(tag)),
    }
}

fn static_data(view: &View<'_>, groupings: &Groupings<'_>) -> Result<Vec<u8>, EmvFault> {
    let record = |file, number| groupings.get(u16::from_be_bytes([file, number]));
    let profile = view.record(0x9F4A).map(|_| view.profile);
    let locator = super::view::identifiers(view.interface).1;
    static_data_to_be_authenticated(&view.locator, record, profile).ok_or(EmvFault::Locator(locator))
}
