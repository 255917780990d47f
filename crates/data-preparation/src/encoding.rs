//! The canonical CBOR encodings (RFC 8949 §4.2) of personalization data and of an order's fields: integer keys in
//! order, shortest forms, definite lengths, so that one value has one encoding and one digest.

use minicbor::decode::{self, Decoder};
use minicbor::encode::{self, Encoder, Write};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use crate::check::CheckFault;
use crate::{IssuerScript, PersonalizationData, PivContent, PivKey};

/// The version of the encoding: 1, and nothing else reads.
pub(crate) struct Format;

impl<C> Encode<C> for Format {
    fn encode<W: Write>(&self, out: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
        out.u8(1)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Format {
    fn decode(from: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        if from.u8()? == 1 { Ok(Self) } else { Err(decode::Error::message("an unknown format version")) }
    }
}

/// AIDs as byte strings.
pub(crate) mod aid {
    use super::{Decoder, Encoder, Write, decode, encode};
    use cardwright_apdu::Aid;

    pub(crate) fn encode<C, W: Write>(
        aid: &Aid,
        out: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        out.bytes(aid.as_bytes())?.ok()
    }

    pub(crate) fn decode<'b, C>(from: &mut Decoder<'b>, _: &mut C) -> Result<Aid, decode::Error> {
        Aid::new(from.bytes()?).map_err(|_| decode::Error::message("an AID that is not 5 to 16 bytes"))
    }
}

/// DGIs as an array of identifier and byte string.
pub(crate) mod dgi {
    use super::{Decoder, Encoder, Write, decode, encode};
    use cardwright_apdu::Dgi;

    pub(crate) fn encode<C, W: Write>(
        dgi: &Dgi,
        out: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        out.array(2)?.u16(dgi.identifier)?.bytes(&dgi.data)?.ok()
    }

    pub(crate) fn decode<'b, C>(from: &mut Decoder<'b>, _: &mut C) -> Result<Dgi, decode::Error> {
        if from.array()? != Some(2) {
            return Err(decode::Error::message("a DGI that is not identifier and data"));
        }
        let identifier = from.u16()?;
        Dgi::new(identifier, from.bytes()?).map_err(|_| decode::Error::message("a DGI of more than 65534 bytes"))
    }
}

/// The canonical encoding of `data`. The buffer never grows, so that no copy is left behind.
pub(crate) fn to_bytes(data: &PersonalizationData) -> Zeroizing<Vec<u8>> {
    let groupings = data.applications.iter().flat_map(|application| &application.dgis);
    let needed: usize = groupings.map(|grouping| grouping.dgi().data.len() + 16).sum();
    let needed =
        needed + data.applications.iter().filter_map(|application| application.piv.as_ref()).map(piv).sum::<usize>();
    let scripts = data.applications.iter().filter_map(|application| application.script.as_ref());
    let needed = needed + scripts.map(script).sum::<usize>();
    let needed = needed + data.face.iter().map(|item| item.value.len() + item.at_base.len() + 32).sum::<usize>();
    let needed =
        needed + data.certification_keys.iter().map(|key| key.modulus.len() + key.exponent.len() + 32).sum::<usize>();
    let texts = data.profile.name.len() + data.masked_number.len();
    let mut bytes = Zeroizing::new(Vec::with_capacity(needed + texts + 128 + 512 * data.applications.len()));
    let room = bytes.capacity();
    minicbor::encode(data, &mut *bytes).expect("memory takes every byte and every value here has an encoding");
    debug_assert_eq!(room, bytes.capacity());
    bytes
}

/// At least as many bytes as the encoding of `content` has.
fn piv(content: &PivContent) -> usize {
    let objects: usize = content.objects.iter().map(|object| object.value.len() + 16).sum();
    let template = |key: &PivKey| key.certificate.before.len() + key.certificate.after.len() + 96;
    let references: usize = content.references.iter().map(|reference| reference.value.len() + 16).sum();
    objects + content.keys.iter().map(template).sum::<usize>() + references + 32
}

/// At least as many bytes as the encoding of `script` has.
fn script(script: &IssuerScript) -> usize {
    let lists = [Some(&script.contact), script.contactless.as_ref()].into_iter().flatten();
    let lists = lists.map(|lists| lists.options.len() + lists.first.len() + lists.second.len() + 32);
    script.keys.len() + script.issuer_application_data.len() + 32 + lists.sum::<usize>()
}

/// Reads data from its canonical encoding, and from no other.
pub(crate) fn from_bytes(bytes: &[u8]) -> Result<PersonalizationData, CheckFault> {
    let data: PersonalizationData = minicbor::decode(bytes).map_err(|_| CheckFault::Encoding)?;
    if *to_bytes(&data) == bytes { Ok(data) } else { Err(CheckFault::Encoding) }
}

/// The encoding of an order's fields, names with values in the order of the names: `{0: 1, 1: {name: value}}`.
pub(crate) fn fields_to_bytes<'a>(
    values: impl ExactSizeIterator<Item = (&'a str, &'a [u8])> + Clone,
) -> Zeroizing<Vec<u8>> {
    let room: usize = values.clone().map(|(name, value)| name.len() + value.len() + 8).sum();
    let mut bytes = Zeroizing::new(Vec::with_capacity(room + 16));
    write_fields(&mut Encoder::new(&mut *bytes), values).expect("memory takes every byte");
    bytes
}

fn write_fields<'a, W: Write>(
    out: &mut Encoder<W>,
    values: impl ExactSizeIterator<Item = (&'a str, &'a [u8])>,
) -> Result<(), encode::Error<W::Error>> {
    out.map(2)?.u8(0)?.encode(Format)?.u8(1)?.map(values.len() as u64)?;
    for (name, value) in values {
        out.str(name)?.bytes(value)?;
    }
    Ok(())
}

/// Reads an order's fields, borrowed from `bytes`.
pub(crate) fn fields_from_bytes(bytes: &[u8]) -> Result<Vec<(&str, &[u8])>, decode::Error> {
    let other = || decode::Error::message("not the fields of an order");
    let mut from = Decoder::new(bytes);
    let opening = (from.map()?, from.u8()?, from.decode::<Format>().is_ok(), from.u8()?);
    if opening != (Some(2), 0, true, 1) {
        return Err(other());
    }
    let count = from.map()?.ok_or_else(other)?;
    let values = (0..count).map(|_| Ok((from.str()?, from.bytes()?))).collect::<Result<Vec<_>, decode::Error>>()?;
    if from.position() == bytes.len() { Ok(values) } else { Err(other()) }
}
