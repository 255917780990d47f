//! What a PIV application is personalized with: objects, certificates without their keys, references.

use cardwright_keystore::KeyId;

use super::application::Application;
use super::card::{Card, Random, draw, keystore};
use crate::piv::{
    self, AlternativeNames, CARD_CAPABILITY, CARD_HOLDER_IDENTIFIER, CertificateRequest, DISCOVERY, DistinguishedName,
    FACE_IMAGE, FaceRecord, FascN, PRINTED_INFORMATION, PrintedInformation, Unfit,
};
use crate::profile::{NamePart, PIV_SERIAL, PivKeyProfile, PivObjectProfile, PivProfile, TextSource};
use crate::transliteration::written_plainly;
use crate::{Error, Means, PivContent, PivKey, PivObject};

/// Who made the face record.
const CREATOR: &str = "cardwright";

/// Brings PIV applications their content; the references are there already.
pub(super) fn bring(
    card: &Card<'_>,
    applications: &mut [Application<'_>],
    means: &Means<'_>,
    random: &mut Random<'_>,
) -> Result<(), Error> {
    for application in applications {
        let Some(profile) = &application.profile.piv else { continue };
        let references = std::mem::take(&mut application.references);
        if profile.objects.is_empty() {
            application.piv = Some(PivContent { objects: Vec::new(), keys: Vec::new(), references });
            continue;
        }
        let holder = Holder::new(card, profile, random)?;
        let objects = holder.objects(profile, application)?;
        let keys = holder.keys(profile, means, random)?;
        application.piv = Some(PivContent { objects, keys, references });
    }
    Ok(())
}

/// What several objects and certificates of one card say.
struct Holder<'a> {
    card: &'a Card<'a>,
    agency: &'a str,
    number: FascN,
    uuid: [u8; 16],
    identifier: [u8; 14],
}

impl<'a> Holder<'a> {
    fn new(card: &'a Card<'_>, profile: &'a PivProfile, random: &mut Random<'_>) -> Result<Self, Error> {
        let codes = profile.objects.iter().find_map(|object| match object {
            PivObjectProfile::Chuid { agency, system } => Some((agency, system)),
            _ => None,
        });
        let (agency, system) = codes.ok_or(Unfit {
            element: "PIV application",
            reason: "it has no CHUID",
            remedy: "add the object `chuid`, which every PIV card has",
        })?;
        let number = FascN::of_card(agency, system, digits(card.number)).ok_or(Unfit {
            element: "CHUID (5FC102)",
            reason: "agency, system and card number make no FASC-N",
            remedy: "write agency and system with 4 digits, and take a card number of digits",
        })?;
        let uuid = piv::card_uuid(draw(random, 16)?.try_into().unwrap_or_default());
        let identifier = draw(random, 14)?.try_into().unwrap_or_default();
        Ok(Self { card, agency, number, uuid, identifier })
    }

    /// The objects that the profile has; a face only where the order brings a photo.
    fn objects(&self, profile: &PivProfile, application: &Application<'_>) -> Result<Vec<PivObject>, Error> {
        let mut objects = Vec::with_capacity(profile.objects.len());
        for object in &profile.objects {
            let expiry = self.card.valid_to;
            let (tag, value, personal) = match object {
                PivObjectProfile::Chuid { .. } => {
                    let value = piv::card_holder_identifier(self.number, self.uuid, expiry, &[]);
                    (CARD_HOLDER_IDENTIFIER, value, true)
                }
                PivObjectProfile::CardCapability => {
                    (CARD_CAPABILITY, piv::capability_container(self.identifier), false)
                }
                PivObjectProfile::PrintedInformation { name, affiliation, transliterated } => {
                    (PRINTED_INFORMATION, self.printed(name, affiliation, *transliterated)?, true)
                }
                PivObjectProfile::FaceImage { field } => match self.card.value(field) {
                    Some(picture) => (FACE_IMAGE, self.face(picture)?, true),
                    None => continue,
                },
                PivObjectProfile::Discovery => (DISCOVERY, piv::discovery(&application.profile.instance), false),
            };
            objects.push(PivObject { tag, value, personal });
        }
        Ok(objects)
    }

    fn printed(&self, name: &TextSource, affiliation: &TextSource, transliterated: bool) -> Result<Vec<u8>, Error> {
        let name = self.text(name, "name (01)")?;
        // What has no rule was refused when the order was read.
        let plain = transliterated.then(|| written_plainly(name).ok()).flatten();
        // department, agency, facility (FIPS 201-3 §4.1.4.2); of the first and the last nothing is known
        let issuer = format!("000000{}00000", self.agency);
        let printed = PrintedInformation {
            name: plain.as_deref().map_or(name, String::as_str),
            affiliation: self.text(affiliation, "affiliation (02)")?,
            expiry: self.card.valid_to,
            serial_number: digits(self.card.number),
            issuer: &issuer,
        };
        Ok(piv::printed_information(&printed)?)
    }

    fn face(&self, picture: &[u8]) -> Result<Vec<u8>, Error> {
        let (from, to) = (self.card.valid_from, self.card.valid_to);
        let number = self.number;
        Ok(piv::face_image(&FaceRecord {
            picture,
            created: from,
            valid_from: from,
            valid_to: to,
            creator: CREATOR,
            number,
        })?)
    }

    fn keys(&self, profile: &PivProfile, means: &Means<'_>, random: &mut Random<'_>) -> Result<Vec<PivKey>, Error> {
        if profile.keys.is_empty() {
            return Ok(Vec::new());
        }
        let authority_name = self.name(&profile.authority_name)?;
        let authority = profile.authority.to_string();
        let authority_key = authority_key(means, &profile.authority)?;
        let key = |key: &PivKeyProfile| {
            let subject = self.name(&key.subject)?;
            let request = CertificateRequest {
                authority: &authority,
                authority_name: &authority_name,
                authority_key,
                slot: key.slot,
                algorithm: key.algorithm,
                subject: &subject,
                serial: draw(random, PIV_SERIAL)?.try_into().unwrap_or_default(),
                from: self.card.valid_from,
                to: self.card.valid_to,
                names: self.alternative_names(key)?,
                policies: &key.policies,
            };
            let certificate = piv::certificate_template(&request)?;
            Ok(PivKey { slot: key.slot, algorithm: key.algorithm, certificate })
        };
        profile.keys.iter().map(key).collect()
    }

    /// The card's number and UUID stand in the certificates that say which card it is (SP 800-73-5 part 1 §3.4.1).
    fn alternative_names<'s>(&'s self, key: &'s PivKeyProfile) -> Result<AlternativeNames<'s>, Error> {
        let of_card = matches!(key.slot, 0x9A | 0x9E);
        Ok(AlternativeNames {
            email: self.optional(key.email.as_ref(), "e-mail address")?,
            principal: self.optional(key.principal.as_ref(), "principal name")?,
            number: of_card.then_some(self.number),
            uuid: of_card.then_some(self.uuid),
        })
    }

    fn name(&self, parts: &[NamePart]) -> Result<DistinguishedName, Error> {
        let texts = parts.iter().map(|part| Ok((part.attribute, self.text(&part.value, "distinguished name")?)));
        Ok(DistinguishedName::new(&texts.collect::<Result<Vec<_>, Error>>()?)?)
    }

    /// The text of `source`, which has to be there.
    fn text<'s>(&'s self, source: &'s TextSource, element: &'static str) -> Result<&'s str, Error> {
        let missing = Unfit { element, reason: "the order leaves the field out", remedy: "make the field required" };
        Ok(self.optional(Some(source), element)?.ok_or(missing)?)
    }

    /// The text of `source`, or `None` where the order leaves it out.
    fn optional<'s>(&'s self, source: Option<&'s TextSource>, element: &'static str) -> Result<Option<&'s str>, Error> {
        match source {
            None => Ok(None),
            Some(TextSource::Constant(text)) => Ok(Some(text)),
            Some(TextSource::Field(field)) => {
                let other = Unfit { element, reason: "the field is no text", remedy: "name a field of type text" };
                let text = self.card.value(field).map(std::str::from_utf8).transpose();
                Ok(text.map_err(|_| other)?)
            }
        }
    }
}

/// The identifier of the authority's key, for the certificates that it will sign.
fn authority_key(means: &Means<'_>, authority: &KeyId) -> Result<[u8; 20], Error> {
    let public = keystore(means)?.rsa_public_key(authority)?;
    Ok(piv::key_identifier(&public.modulus, &public.exponent))
}

/// The card number, which is digits: the order and the range have seen to it.
fn digits(number: &[u8]) -> &str {
    std::str::from_utf8(number).unwrap_or_default()
}
