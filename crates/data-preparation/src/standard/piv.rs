//! The PIV application: identifiers, printed information, a face, keys that the card makes, PIN, PUK and administration
//! key (NIST SP 800-73-5 part 1). Its data is objects, not DGIs.

use cardwright_apdu::{Aid, tlv};
use zeroize::Zeroizing;

use crate::piv::{
    self, CARD_CAPABILITY, CARD_HOLDER_IDENTIFIER, DISCOVERY, FACE_IMAGE, FascN, PRINTED_INFORMATION, PublicKey,
    ReadTemplate,
};
use crate::{Application, Date, PersonalizationData, PivContent, PivKey, PivObject, PivReference, Scope};

/// What a PIV application's clients would refuse. It never holds the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PivFault {
    /// DGIs where there are none, or no content
    #[error("a PIV application is made of objects, keys and references, and of no DGIs")]
    Content,
    /// what the change does not write
    #[error("the change writes what it must not: {0}")]
    OutOfScope(&'static str),
    /// references and objects would travel unencrypted
    #[error("PIN, PUK and administration key travel only under command encryption")]
    SecurityLevel,
    /// an object that is not prepared
    #[error("object {0:X} is none that can be prepared")]
    UnknownObject(u32),
    /// an object that is there twice
    #[error("object {0:X} is there twice")]
    DoubledObject(u32),
    /// an object that the card's application needs
    #[error("object {0:X} is missing")]
    MissingObject(u32),
    /// an object that is longer than its container
    #[error("object {tag:X} has {length} bytes, more than its container takes")]
    Length {
        /// the object
        tag: u32,
        /// its bytes
        length: usize,
    },
    /// an object about a person that is not declared so
    #[error("object {0:X} must be declared personal")]
    NotPersonal(u32),
    /// an object whose bytes are not what they must be
    #[error("object {tag:X}: {why}")]
    Object {
        /// the object
        tag: u32,
        /// what is wrong
        why: &'static str,
    },
    /// a key that PIV does not have, or the card does not make
    #[error("key {slot:02X}: {why}")]
    Key {
        /// the slot
        slot: u8,
        /// what is wrong
        why: &'static str,
    },
    /// a reference that does not fit
    #[error("reference {reference:02X}: {why}")]
    Reference {
        /// 80, 81, 9B
        reference: u8,
        /// what is wrong
        why: &'static str,
    },
}

/// The containers: the longest value inside tag 53, and whether it tells something about a person (SP 800-73-5 part 1
/// Appendix A).
const CONTAINERS: [(u32, usize, bool); 5] = [
    (CARD_HOLDER_IDENTIFIER, 2_881, true),
    (CARD_CAPABILITY, 170, false),
    (FACE_IMAGE, 12_710, true),
    (PRINTED_INFORMATION, 245, true),
    (DISCOVERY, 19, false),
];

/// Room for a certificate: what cards and their clients take of one.
const CERTIFICATE: usize = 3_000;

/// Bytes of a certificate besides the template: the longest public key, algorithm, the signature of an RSA key of 4096
/// bits, and what frames them.
const REST_OF_CERTIFICATE: usize = 294 + 15 + 517 + 8;

/// What the CHUID says, which other objects and certificates agree with.
struct Identifiers {
    number: FascN,
    uuid: [u8; 16],
    expiry: Date,
}

/// Reads the content as the card's application and its clients would.
pub(super) fn read_back(application: &Application, data: &PersonalizationData) -> Result<(), PivFault> {
    let Some(content) = application.piv.as_ref().filter(|_| application.dgis.is_empty()) else {
        return Err(PivFault::Content);
    };
    if !data.security_level.encrypts_commands() {
        return Err(PivFault::SecurityLevel);
    }
    objects_and_keys(application, content)?;
    each_reference(&content.references, &[0x80, 0x81, 0x9B])
}

fn objects_and_keys(application: &Application, content: &PivContent) -> Result<(), PivFault> {
    containers(&content.objects)?;
    let identifiers = identifiers(content)?;
    for object in &content.objects {
        object_fault(object, &identifiers, &application.instance)
            .map_or(Ok(()), |why| Err(PivFault::Object { tag: object.tag, why }))?;
    }
    keys(&content.keys, &identifiers)
}

/// Reads what a change of `scope` brings: objects and keys without references, or PIN and PUK alone.
pub(super) fn read_back_change(
    application: &Application,
    data: &PersonalizationData,
    scope: Scope,
) -> Result<(), PivFault> {
    let Some(content) = application.piv.as_ref().filter(|_| application.dgis.is_empty()) else {
        return Err(PivFault::Content);
    };
    if !data.security_level.encrypts_commands() {
        return Err(PivFault::SecurityLevel);
    }
    if scope == Scope::Pin {
        if !content.objects.is_empty() || !content.keys.is_empty() {
            return Err(PivFault::OutOfScope("objects or keys with the PIN"));
        }
        let other = content.references.iter().find(|reference| !matches!(reference.reference, 0x80 | 0x81));
        if let Some(PivReference { reference, .. }) = other {
            return Err(PivFault::Reference { reference: *reference, why: "a change of the PIN does not write it" });
        }
        return each_reference(&content.references, &[0x80]);
    }
    if !content.references.is_empty() {
        return Err(PivFault::OutOfScope("references with personal data"));
    }
    objects_and_keys(application, content)
}

/// The card number that the printed information has.
pub(super) fn card_number(application: &Application) -> Option<Zeroizing<Vec<u8>>> {
    let objects = &application.piv.as_ref()?.objects;
    let printed = objects.iter().find(|object| object.tag == PRINTED_INFORMATION)?;
    Some(Zeroizing::new(tlv::find(&printed.value, 0x05).ok()??.to_vec()))
}

fn containers(objects: &[PivObject]) -> Result<(), PivFault> {
    for (position, object) in objects.iter().enumerate() {
        let tag = object.tag;
        let (_, longest, personal) =
            CONTAINERS.iter().find(|(known, ..)| *known == tag).ok_or(PivFault::UnknownObject(tag))?;
        if objects[..position].iter().any(|before| before.tag == tag) {
            return Err(PivFault::DoubledObject(tag));
        }
        if object.value.len() > *longest {
            return Err(PivFault::Length { tag, length: object.value.len() });
        }
        if *personal && !object.personal {
            return Err(PivFault::NotPersonal(tag));
        }
    }
    let missing = [CARD_HOLDER_IDENTIFIER, CARD_CAPABILITY].into_iter().find(|tag| object_of(objects, *tag).is_none());
    missing.map_or(Ok(()), |tag| Err(PivFault::MissingObject(tag)))
}

fn object_of(objects: &[PivObject], tag: u32) -> Option<&[u8]> {
    objects.iter().find(|object| object.tag == tag).map(|object| object.value.as_slice())
}

/// The elements of an object, if they are exactly those of `tags`, in their order.
fn elements<const N: usize>(value: &[u8], tags: [u32; N]) -> Option<[&[u8]; N]> {
    let found = tlv::read_all(value).ok()?;
    let right = found.iter().map(|element| element.tag.0).eq(tags);
    let values: Vec<&[u8]> = found.into_iter().map(|element| element.value).collect();
    if right { values.try_into().ok() } else { None }
}

fn identifiers(content: &PivContent) -> Result<Identifiers, PivFault> {
    let wrong = |why| PivFault::Object { tag: CARD_HOLDER_IDENTIFIER, why };
    let value = object_of(&content.objects, CARD_HOLDER_IDENTIFIER).unwrap_or_default();
    let [number, uuid, expiry, _signature, end] =
        elements(value, [0x30, 0x34, 0x35, 0x3E, 0xFE]).ok_or(wrong("its elements are not 30, 34, 35, 3E, FE"))?;
    let number = number.try_into().ok().and_then(FascN::from_bytes).ok_or(wrong("its FASC-N does not read"))?;
    let uuid = uuid.try_into().ok().filter(|uuid: &[u8; 16]| piv::is_card_uuid(uuid));
    let expiry = Some(expiry).filter(|text| text.len() == 8).and_then(piv::expiry_of);
    if !end.is_empty() {
        return Err(wrong("its last element is not empty"));
    }
    Ok(Identifiers {
        number,
        uuid: uuid.ok_or(wrong("its GUID is no UUID of version 1, 4 or 5"))?,
        expiry: expiry.ok_or(wrong("its expiry is no day"))?,
    })
}

/// What is wrong with an object.
fn object_fault(object: &PivObject, identifiers: &Identifiers, instance: &Aid) -> Option<&'static str> {
    match object.tag {
        CARD_CAPABILITY => capability_fault(&object.value),
        PRINTED_INFORMATION => printed_fault(&object.value, identifiers),
        FACE_IMAGE => {
            let record = elements(&object.value, [0xBC, 0xFE]).filter(|[_, end]| end.is_empty());
            match record.map(|[record, _]| piv::read_face_record(record)) {
                Some(Some(number)) if number == identifiers.number => None,
                Some(Some(_)) => Some("its FASC-N is not the card's"),
                _ => Some("it is no face record"),
            }
        }
        DISCOVERY if object.value != piv::discovery(instance) => Some("it does not name this application and its PIN"),
        _ => None,
    }
}

fn capability_fault(value: &[u8]) -> Option<&'static str> {
    let tags = [0xF0, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE];
    let Some(elements) = elements(value, tags) else { return Some("its elements are not F0 to FE in their order") };
    if elements[0].len() != 21 || elements[5] != [0x10] {
        return Some("its card identifier is not 21 bytes, or its data model not 10");
    }
    elements[6..].iter().any(|element| !element.is_empty()).then_some("an element that PIV leaves empty is not")
}

fn printed_fault(value: &[u8], identifiers: &Identifiers) -> Option<&'static str> {
    let Some(elements) = elements(value, [0x01, 0x02, 0x04, 0x05, 0x06, 0xFE]) else {
        return Some("its elements are not 01, 02, 04, 05, 06, FE");
    };
    let lengths = [1..=125, 1..=20, 9..=9, 1..=20, 15..=15, 0..=0];
    if elements.iter().zip(lengths).any(|(element, lengths)| !lengths.contains(&element.len())) {
        return Some("an element has a length that it cannot have");
    }
    if elements.iter().any(|element| !element.iter().all(|byte| (0x20..0x7F).contains(byte))) {
        return Some("an element is not ASCII");
    }
    (piv::expiry_of(elements[2]) != Some(identifiers.expiry)).then_some("its expiry is not the CHUID's")
}

fn keys(keys: &[PivKey], identifiers: &Identifiers) -> Result<(), PivFault> {
    for (position, key) in keys.iter().enumerate() {
        let slot = key.slot;
        let doubled = keys[..position].iter().any(|before| before.slot == slot);
        let fault = if doubled { Some("it is there twice") } else { key_fault(key, identifiers) };
        fault.map_or(Ok(()), |why| Err(PivFault::Key { slot, why }))?;
    }
    if keys.iter().any(|key| key.slot == 0x9A) {
        return Ok(());
    }
    Err(PivFault::Key { slot: 0x9A, why: "it is missing, and the card's application needs it" })
}

fn key_fault(key: &PivKey, identifiers: &Identifiers) -> Option<&'static str> {
    let example = match (key.slot, key.algorithm) {
        (0x9A | 0x9C | 0x9D | 0x9E, 0x07) => PublicKey::Rsa { modulus: vec![0xFF; 256], exponent: vec![1, 0, 1] },
        (0x9A | 0x9C | 0x9D | 0x9E, 0x11) => PublicKey::P256([&[0x04][..], &[0x00; 64]].concat()),
        _ => return Some("its slot is not 9A, 9C, 9D or 9E, or its algorithm neither 07 nor 11"),
    };
    let template = &key.certificate;
    if template.before.len() + template.after.len() + REST_OF_CERTIFICATE > CERTIFICATE {
        return Some("its certificate would be longer than 3000 bytes");
    }
    if template.authority.is_empty() {
        return Some("its certificate has no authority");
    }
    let Some(read) = ReadTemplate::read(template, &example.to_der()) else {
        return Some("its certificate does not read, with a public key in it");
    };
    if !read.fits(key.slot, key.algorithm) {
        return Some("its certificate's key usage, constraints or authority are not those of its slot");
    }
    if read.validity.1 > identifiers.expiry {
        return Some("its certificate outlives the card");
    }
    let named = !matches!(key.slot, 0x9A | 0x9E) || read.names(identifiers.uuid);
    (!named).then_some("its certificate does not name the card's UUID")
}

/// The references, of which those `needed` must be there.
fn each_reference(references: &[PivReference], needed: &[u8]) -> Result<(), PivFault> {
    for (position, reference) in references.iter().enumerate() {
        let number = reference.reference;
        let doubled = references[..position].iter().any(|before| before.reference == number);
        let fault = if doubled { Some("it is there twice") } else { reference_fault(reference) };
        fault.map_or(Ok(()), |why| Err(PivFault::Reference { reference: number, why }))?;
    }
    let missing = needed.iter().find(|wanted| !references.iter().any(|has| has.reference == **wanted));
    missing.map_or(Ok(()), |reference| Err(PivFault::Reference { reference: *reference, why: "it is missing" }))
}

fn reference_fault(reference: &PivReference) -> Option<&'static str> {
    let PivReference { reference, algorithm, value } = reference;
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let right = match (*reference, *algorithm) {
        (0x80, 0) => value.len() == 8 && digits >= 6 && value[digits..].iter().all(|byte| *byte == 0xFF),
        (0x81, 0) => value.len() == 8 && digits == 8,
        (0x9B, algorithm) => matches!((algorithm, value.len()), (0x08, 16) | (0x03 | 0x0A, 24) | (0x0C, 32)),
        _ => return Some("it is not 80, 81 or 9B, or its algorithm is not its own"),
    };
    (!right).then_some("its value has another length or form")
}

#[cfg(test)]
mod tests;
