//! What is exchanged with a scheme's certification authority, as TOML: `docs/center.md` describes both files.

use cardwright_data_preparation::RsaPublicKey;
use cardwright_data_preparation::emv::ExpiryMonth;
use serde::Deserialize;

use crate::calendar::month;
use crate::store::EmvIssuer;

const FORMAT: u32 = 1;

/// What an authority is asked to certify.
#[must_use]
pub fn request_text(issuer: &EmvIssuer, public: &RsaPublicKey) -> String {
    format!(
        "# A request for an EMV issuer certificate: see docs/center.md of cardwright.\n\
         format = {FORMAT}\nissuer-identifier = \"{}\"\nmodulus = \"{}\"\nexponent = \"{}\"\n",
        issuer.identifier,
        hex::encode_upper(&public.modulus),
        hex::encode_upper(&public.exponent),
    )
}

/// What an authority answers.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) rid: [u8; 5],
    pub(super) index: u8,
    pub(super) modulus: Vec<u8>,
    pub(super) exponent: Vec<u8>,
    pub(super) hash: [u8; 20],
    /// when the authority's key ends
    pub(super) expires: ExpiryMonth,
    /// tags 90, 92 and 9F32
    pub(super) certificate: Vec<u8>,
    pub(super) remainder: Vec<u8>,
    pub(super) issuer_exponent: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct AnswerFile {
    format: u32,
    certification_key: KeySection,
    certificate: CertificateSection,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct KeySection {
    rid: String,
    index: String,
    modulus: String,
    exponent: String,
    sha_1: String,
    expires: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct CertificateSection {
    certificate: String,
    #[serde(default)]
    remainder: String,
    exponent: String,
}

/// Reads an authority's answer. An error is a sentence with the key that is wrong.
pub(super) fn read_answer(text: &str) -> Result<Answer, String> {
    let file: AnswerFile = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    if file.format != FORMAT {
        return Err(format!("format {} is not read here, {FORMAT} is", file.format));
    }
    let AnswerFile { certification_key: key, certificate, .. } = file;
    let [index] = fixed("certification-key.index", &key.index)?;
    Ok(Answer {
        rid: fixed("certification-key.rid", &key.rid)?,
        index,
        modulus: bytes("certification-key.modulus", &key.modulus)?,
        exponent: bytes("certification-key.exponent", &key.exponent)?,
        hash: fixed("certification-key.sha-1", &key.sha_1)?,
        expires: month(&key.expires).map_err(|reason| format!("certification-key.expires: {reason}"))?,
        certificate: bytes("certificate.certificate", &certificate.certificate)?,
        remainder: bytes("certificate.remainder", &certificate.remainder)?,
        issuer_exponent: bytes("certificate.exponent", &certificate.exponent)?,
    })
}

fn bytes(key: &str, text: &str) -> Result<Vec<u8>, String> {
    let digits: String = text.split_whitespace().collect();
    hex::decode(digits).map_err(|_| format!("{key} is not hexadecimal bytes"))
}

fn fixed<const N: usize>(key: &str, text: &str) -> Result<[u8; N], String> {
    bytes(key, text)?.try_into().map_err(|_| format!("{key} must have {N} bytes"))
}
