//! One application of a card while its data is made.

use cardwright_keystore::RsaComponents;
use zeroize::Zeroizing;

use super::card::{Card, Random, draw};
use crate::emv::{Afl, AflEntry};
use crate::means::MeansFault;
use crate::profile::{ApplicationProfile, DgiProfile, RsaKey, SERIAL, Source};
use crate::standard::payment;
use crate::{Error, IssuerKey, Means, PivContent, PivReference};

/// What the elements of one application are made from, besides the card's.
pub(super) struct Application<'a> {
    pub(super) profile: &'a ApplicationProfile,
    /// AC, MAC and ENC key, 16 bytes each
    pub(super) keys: Option<Zeroizing<[u8; 48]>>,
    /// their check values
    pub(super) check_values: [u8; 9],
    /// PIN, PUK and administration key of PIV
    pub(super) references: Vec<PivReference>,
    /// what PIV is made of, once it is made
    pub(super) piv: Option<PivContent>,
    pub(super) issuer: Option<&'a IssuerKey>,
    /// the card's RSA keys from the pool, each with the serial number of its certificate
    pub(super) rsa: Vec<CardRsa<'a>>,
    /// the value of tag 93
    pub(super) signed_data: Vec<u8>,
    /// the names of elements with the random bytes that were drawn for them
    pub(super) drawn: Vec<(&'a str, &'a [u8])>,
}

/// One RSA key of the card.
pub(super) struct CardRsa<'a> {
    pub(super) key: RsaKey,
    pub(super) components: &'a RsaComponents,
    pub(super) serial: [u8; SERIAL],
    /// certificate and remainder, once they are made
    pub(super) certificate: Vec<u8>,
    pub(super) remainder: Vec<u8>,
}

impl<'a> Application<'a> {
    /// All applications of the card, and what is left of the random bytes.
    pub(super) fn all(
        card: &Card<'a>,
        means: &'a Means<'_>,
        mut random: Random<'a>,
    ) -> Result<(Vec<Self>, Random<'a>), Error> {
        let mut pool = means.card_keys.iter();
        let mut applications = Vec::with_capacity(card.profile.applications().len());
        for profile in card.profile.applications() {
            let mut application = Self {
                profile,
                keys: None,
                check_values: [0; 9],
                references: Vec::new(),
                piv: None,
                issuer: issuer(card, profile, means)?,
                rsa: Vec::new(),
                signed_data: Vec::new(),
                drawn: Vec::new(),
            };
            for (key, size) in profile.rsa_keys() {
                let components = pool.next().ok_or(MeansFault::Pool(size))?;
                if components.n.len() != size.length() || components.e != size.exponent().bytes() {
                    return Err(MeansFault::PoolSize(size).into());
                }
                let serial = draw(&mut random, SERIAL)?.try_into().unwrap_or_default();
                let (certificate, remainder) = (Vec::new(), Vec::new());
                application.rsa.push(CardRsa { key, components, serial, certificate, remainder });
            }
            for element in card.profile.elements_of(profile) {
                if let Source::Random(length) = element.source {
                    application.drawn.push((&element.name, draw(&mut random, length)?));
                }
            }
            applications.push(application);
        }
        Ok((applications, random))
    }

    pub(super) fn rsa(&self, key: RsaKey) -> Option<&CardRsa<'a>> {
        self.rsa.iter().find(|rsa| rsa.key == key)
    }

    /// The locator of the records in `files` that this card has, in that order of files.
    pub(super) fn locator(&self, card: &Card<'_>, files: &[u8]) -> Option<Afl> {
        let mut entries: Vec<AflEntry> = Vec::new();
        for file in files {
            for (record, signed) in self.records(card, *file) {
                match entries.last_mut() {
                    // A record joins the entry before it, unless it is signed and the one before it is not.
                    Some(entry)
                        if entry.file == *file
                            && entry.last + 1 == record
                            && (!signed || entry.signed == entry.last - entry.first + 1) =>
                    {
                        entry.last = record;
                        entry.signed += u8::from(signed);
                    }
                    _ => entries.push(AflEntry { file: *file, first: record, last: record, signed: u8::from(signed) }),
                }
            }
        }
        Afl::new(entries)
    }

    /// The records of `file` in their order, each with whether it is signed.
    fn records(&self, card: &Card<'_>, file: u8) -> Vec<(u8, bool)> {
        let in_file =
            |dgi: &&DgiProfile| payment::RECORDS.contains(&dgi.identifier) && dgi.identifier >> 8 == u16::from(file);
        let there = self.profile.dgis.iter().filter(in_file).filter(|dgi| self.is_there(card, dgi));
        let mut records: Vec<(u8, bool)> = there.map(|dgi| ((dgi.identifier & 0xFF) as u8, dgi.signed)).collect();
        records.sort_unstable();
        records
    }
}

/// The issuer key that certifies `profile`'s keys, held against what the profile says and against the card's days.
fn issuer<'a>(
    card: &Card<'_>,
    profile: &ApplicationProfile,
    means: &Means<'a>,
) -> Result<Option<&'a IssuerKey>, MeansFault> {
    let rule = profile.payment.as_ref().and_then(|payment| payment.certificates.as_ref());
    let Some(rule) = rule else { return Ok(None) };
    let name = || rule.issuer.clone();
    let issuer = means.issuers.iter().find(|issuer| issuer.name == rule.issuer);
    let issuer = issuer.ok_or_else(|| MeansFault::Issuer(name()))?;
    let (authority, own) = (issuer.certification_key.modulus.len(), issuer.public.modulus.len());
    if own > authority {
        return Err(MeansFault::AuthorityTooSmall { issuer: name(), authority: authority * 8, found: own * 8 });
    }
    for (what, wanted, found) in [
        ("the certification authority's key", rule.authority_length, authority),
        ("the certificate (tag 90)", rule.authority_length, issuer.certificate.len()),
        ("the key", rule.issuer_size.length(), own),
        ("the exponent (tag 9F32)", rule.issuer_size.exponent().bytes().len(), issuer.exponent.len()),
    ] {
        if wanted != found {
            return Err(MeansFault::Size { issuer: name(), what, wanted: wanted * 8, found: found * 8 });
        }
    }
    if issuer.expires < card.valid_to {
        return Err(MeansFault::IssuerExpired { issuer: name(), expires: issuer.expires, card: card.valid_to });
    }
    Ok(Some(issuer))
}
