//! The certificates of the card's keys and the signature of its static data: one batch of private operations.

use cardwright_keystore::KeyId;
use zeroize::Zeroizing;

use super::application::Application;
use super::card::{Card, keystore};
use crate::emv::certificate::{CardCertificate, SignedStaticData, ToBeSigned, static_data_to_be_authenticated};
use crate::profile::{CertificateRule, RsaKey, Source};
use crate::standard::payment;
use crate::{CertificationKey, Error, Means};

/// What is to be signed: of which application, for what, by which key.
struct Wanted<'a> {
    application: usize,
    what: What,
    issuer: &'a KeyId,
    block: ToBeSigned,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Key(RsaKey),
    StaticData,
}

/// Has all certificates and signatures of the card made.
pub(super) fn sign<'a>(card: &Card<'_>, applications: &mut [Application<'a>], means: &Means<'_>) -> Result<(), Error> {
    let mut wanted: Vec<Wanted<'a>> = Vec::new();
    for (position, application) in applications.iter().enumerate() {
        wanted.extend(blocks(card, application, position)?);
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let items: Vec<(&KeyId, &[u8])> = wanted.iter().map(|one| (one.issuer, one.block.block.as_slice())).collect();
    let signed = keystore(means)?.rsa_private_batch(&items)?;
    for (one, certificate) in wanted.into_iter().zip(signed) {
        let application = &mut applications[one.application];
        let What::Key(key) = one.what else {
            application.signed_data = certificate;
            continue;
        };
        if let Some(rsa) = application.rsa.iter_mut().find(|rsa| rsa.key == key) {
            (rsa.certificate, rsa.remainder) = (certificate, one.block.remainder);
        }
    }
    Ok(())
}

/// The authorities that the applications' certificates lead to, each once.
pub(super) fn authorities(applications: &[Application<'_>]) -> Vec<CertificationKey> {
    let mut all: Vec<CertificationKey> = Vec::new();
    for issuer in applications.iter().filter_map(|application| application.issuer) {
        if !all.contains(&issuer.certification_key) {
            all.push(issuer.certification_key.clone());
        }
    }
    all
}

fn blocks<'a>(card: &Card<'_>, application: &Application<'a>, position: usize) -> Result<Vec<Wanted<'a>>, Error> {
    let rule = application.profile.payment.as_ref().and_then(|payment| payment.certificates.as_ref());
    let (Some(rule), Some(issuer)) = (rule, application.issuer) else { return Ok(Vec::new()) };
    let static_data = static_data(card, application)?;
    let length = issuer.public.modulus.len();
    let mut wanted = Vec::new();
    for rsa in &application.rsa {
        let certificate = CardCertificate {
            pan: card.pan()?.in_certificate(),
            expires: card.expiry()?,
            serial: rsa.serial,
            modulus: rsa.components.n.clone(),
            exponent: rsa.components.e.clone(),
        };
        let (what, signed) = match rsa.key {
            RsaKey::Icc => ("certificate of the card's key (tag 9F46)", static_data.as_slice()),
            RsaKey::Pin => ("certificate of the PIN key (tag 9F2D)", &[][..]),
        };
        let block = certificate.to_be_signed(length, signed).map_err(|fault| Error::Certificate { what, fault })?;
        wanted.push(Wanted { application: position, what: What::Key(rsa.key), issuer: &issuer.key, block });
    }
    wanted.extend(signature(rule, length, &static_data)?.map(|block| Wanted {
        application: position,
        what: What::StaticData,
        issuer: &issuer.key,
        block,
    }));
    Ok(wanted)
}

fn signature(rule: &CertificateRule, length: usize, static_data: &[u8]) -> Result<Option<ToBeSigned>, Error> {
    let Some(authentication_code) = rule.authentication_code else { return Ok(None) };
    let what = "signature of the static data (tag 93)";
    let block = SignedStaticData { authentication_code }.to_be_signed(length, static_data);
    let block = block.map_err(|fault| Error::Certificate { what, fault })?;
    Ok(Some(ToBeSigned { block, remainder: Vec::new() }))
}

/// The static data to be authenticated, by the locator that a contact terminal gets.
fn static_data(card: &Card<'_>, application: &Application<'_>) -> Result<Zeroizing<Vec<u8>>, Error> {
    let answer = application.profile.dgis.iter().find(|dgi| dgi.identifier == payment::PROCESSING);
    let elements = || answer.into_iter().flat_map(|dgi| &dgi.content).filter_map(|name| card.profile.element(name));
    let files = elements().find_map(|element| match &element.source {
        Source::FileLocator(files) => Some(files.as_slice()),
        _ => None,
    });
    let locator = files.and_then(|files| application.locator(card, files));
    let Some(locator) = locator else { return Ok(Zeroizing::default()) };
    let signed = application.profile.dgis.iter().filter(|dgi| dgi.signed);
    let records = signed.map(|dgi| Ok((dgi.identifier, application.data(card, dgi)?.unwrap_or_default())));
    let records = records.collect::<Result<Vec<_>, Error>>()?;
    let record = |file: u8, number: u8| {
        let identifier = u16::from_be_bytes([file, number]);
        records.iter().find(|(one, _)| *one == identifier).map(|(_, data)| data.as_slice())
    };
    let has_list = card.profile.elements_of(application.profile).any(|element| element.tag == Some(0x9F4A));
    let rule = application.profile.payment.as_ref().filter(|_| has_list);
    let profile = rule.map(|payment| payment.interchange_profile);
    let data = static_data_to_be_authenticated(&locator, record, profile);
    Ok(Zeroizing::new(data.unwrap_or_default()))
}
