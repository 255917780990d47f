//! What a payment application is beside its data groupings: certificates, keys, interchange profile.

use cardwright_keystore::{KeyId, RsaExponent, RsaSize};

use super::application::ApplicationProfile;
use super::element::RsaKey;
use super::fault::{FaultKind, Faults};
use super::section::Section;
use crate::standard::payment::is_own;

/// The table `[application.payment]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRule {
    /// the application interchange profile: the value of tag 82
    pub interchange_profile: [u8; 2],
    /// the certificates, where the card authenticates itself offline
    pub certificates: Option<CertificateRule>,
    /// the keys of cryptograms and scripts
    pub keys: Option<CardKeyRule>,
}

/// The table `[application.certificates]`: who certifies the card's keys, and of which sizes all are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRule {
    /// the name of the issuer key
    pub issuer: String,
    /// the modulus of the certification authority, in bytes
    pub authority_length: usize,
    /// the issuer's key
    pub issuer_size: RsaSize,
    /// the card's key of dynamic authentication
    pub icc: Option<RsaSize>,
    /// the card's key that PINs are enciphered under; without it, the key of dynamic authentication serves
    pub pin: Option<RsaSize>,
    /// the data authentication code of signed static data
    pub authentication_code: Option<[u8; 2]>,
}

/// The table `[application.keys]`: how the card's own keys come from the issuer's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardKeyRule {
    /// how a card key is derived
    pub option: KeyOption,
    /// the version of the application cryptogram: `0A` (10) or `12` (18)
    pub cryptogram_version: u8,
    /// what the issuer's host finds its master keys by
    pub derivation_key_index: u8,
    /// the master key of application cryptograms
    pub cryptogram: KeyId,
    /// the master key of the MACs of issuer scripts
    pub mac: KeyId,
    /// the master key of the encipherment of issuer scripts
    pub encipherment: KeyId,
}

/// How a card key comes from a master key (`EMV B2`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOption {
    /// 3DES, by the last 16 digits of number and sequence number
    A,
    /// 3DES, as A, but for numbers over 16 digits by their SHA-1
    B,
    /// AES
    C,
}

/// The longest keys, in bits: what fits a record of 254 bytes, and for CDA what fits the answer to GENERATE AC.
const LONGEST_AUTHORITY: u32 = 1_984;
const LONGEST_ISSUER: u32 = 1_976;
const LONGEST_ICC: u32 = 1_976;
const LONGEST_COMBINED: u16 = 1_640;

/// Bits of byte 1 of the interchange profile (`EMV B3`).
pub(super) const STATIC: u8 = 0x40;
pub(super) const DYNAMIC: u8 = 0x20;
pub(super) const COMBINED: u8 = 0x01;

pub(super) fn read(application: &Section<'_>, faults: &mut Faults<'_>) -> Option<PaymentRule> {
    let profile = application.hexadecimal("interchange-profile", 2..=2, faults);
    let certificates = application.optional_section("certificates", faults);
    let keys = application.optional_section("keys", faults);
    let certificates_read = certificates.as_ref().map(|section| read_certificates(section, faults));
    let keys_read = keys.as_ref().map(|section| read_keys(section, faults));
    let interchange_profile: [u8; 2] = profile?.try_into().ok()?;
    let certificates_read = match certificates_read {
        Some(read) => Some(read?),
        None => None,
    };
    hold_profile(application, interchange_profile, certificates_read.as_ref(), faults);
    let keys_read = match keys_read {
        Some(read) => Some(read?),
        None => None,
    };
    if let (Some(section), Some(rule)) = (&keys, &keys_read) {
        hold_option(application, section, rule.option, faults);
    }
    Some(PaymentRule { interchange_profile, certificates: certificates_read, keys: keys_read })
}

/// The application of `docs/emv-application.md` takes keys of 3DES alone.
fn hold_option(application: &Section<'_>, keys: &Section<'_>, option: KeyOption, faults: &mut Faults<'_>) {
    let package = application.optional_text("package", faults);
    let package = package.and_then(|package| package.get_ref().parse::<cardwright_apdu::Aid>().ok());
    if package.is_some_and(|package| is_own(package.as_bytes())) && option == KeyOption::C {
        let message = "the payment application that comes with cardwright makes no cryptograms under AES keys";
        let remedy = "write option \"A\" or \"B\", or name the package of an application that takes AES keys";
        faults.add(keys.value_span("option"), FaultKind::UnknownValue, message, remedy);
    }
}

fn exponent(section: &Section<'_>, key: &str, faults: &mut Faults<'_>) -> Option<RsaExponent> {
    match section.number(key, 3..=65_537, FaultKind::KeySize, faults)? {
        3 => Some(RsaExponent::Three),
        65_537 => Some(RsaExponent::F4),
        other => {
            let message = format!("`{key}` cannot be {other}");
            faults.add(section.value_span(key), FaultKind::KeySize, message, "write 3 or 65537");
            None
        }
    }
}

fn size(section: &Section<'_>, bits: &str, of: &str, most: u32, faults: &mut Faults<'_>) -> Option<RsaSize> {
    let length = section.number(bits, 512..=most, FaultKind::KeySize, faults);
    let exponent = exponent(section, of, faults);
    let size = RsaSize::new(length? as u16, exponent?).ok();
    if size.is_none() {
        let message = format!("`{bits}` is not a whole number of bytes");
        faults.add(section.value_span(bits), FaultKind::KeySize, message, "write a multiple of 8");
    }
    size
}

const CERTIFICATE_KEYS: [&str; 9] = [
    "issuer",
    "authority-bits",
    "issuer-bits",
    "issuer-exponent",
    "icc-bits",
    "icc-exponent",
    "pin-bits",
    "pin-exponent",
    "authentication-code",
];

fn read_certificates(section: &Section<'_>, faults: &mut Faults<'_>) -> Option<CertificateRule> {
    section.only(&CERTIFICATE_KEYS, faults);
    let issuer = section.name("issuer", faults);
    let authority = section.number("authority-bits", 512..=LONGEST_AUTHORITY, FaultKind::KeySize, faults);
    if authority.is_some_and(|bits| !bits.is_multiple_of(8)) {
        let message = "`authority-bits` is not a whole number of bytes";
        faults.add(section.value_span("authority-bits"), FaultKind::KeySize, message, "write a multiple of 8");
    }
    let issuer_size = size(section, "issuer-bits", "issuer-exponent", LONGEST_ISSUER, faults);
    let mut own = |bits: &str, of: &str| match section.has(bits) || section.has(of) {
        true => size(section, bits, of, LONGEST_ICC, faults).map(Some),
        false => Some(None),
    };
    let (icc, pin) = (own("icc-bits", "icc-exponent"), own("pin-bits", "pin-exponent"));
    let code = match section.has("authentication-code") {
        true => Some(section.hexadecimal("authentication-code", 2..=2, faults)?.try_into().ok()?),
        false => None,
    };
    let (authority, issuer_size, icc, pin) = (authority? as usize, issuer_size?, icc?, pin?);
    let mut small = |key: &str, signer: usize, signed: RsaSize, what: &str, who: &str| {
        if usize::from(signed.bits()) > signer {
            let message =
                format!("{what} of {} bits is longer than the key of {signer} bits that certifies it", signed.bits());
            let remedy = format!("take a shorter key, or a longer one of {who}");
            faults.add(section.value_span(key), FaultKind::KeySize, message, remedy);
        }
    };
    small("issuer-bits", authority, issuer_size, "the issuer's key", "the certification authority");
    for (key, size) in [("icc-bits", icc), ("pin-bits", pin)] {
        size.into_iter().for_each(|size| small(key, issuer_size.bits().into(), size, "the card's key", "the issuer"));
    }
    Some(CertificateRule {
        issuer: issuer?,
        authority_length: authority / 8,
        issuer_size,
        icc,
        pin,
        authentication_code: code,
    })
}

/// Holds what the interchange profile promises terminals against the keys that are there.
fn hold_profile(
    section: &Section<'_>,
    [first, _]: [u8; 2],
    certificates: Option<&CertificateRule>,
    faults: &mut Faults<'_>,
) {
    let icc = certificates.and_then(|certificates| certificates.icc);
    let code = certificates.and_then(|certificates| certificates.authentication_code);
    let mut wrong = |kind, message: &str, remedy: &str| {
        faults.add(section.value_span("interchange-profile"), kind, message, remedy);
    };
    if first & (DYNAMIC | COMBINED) != 0 && icc.is_none() {
        let message = "it promises dynamic data authentication, and the card has no key for it";
        wrong(
            FaultKind::Interchange,
            message,
            "write `icc-bits` into [application.certificates], or clear bits 20 and 01",
        );
    }
    if first & STATIC != 0 && code.is_none() {
        let message = "it promises static data authentication, and there is no authentication code";
        let remedy = "write `authentication-code` into [application.certificates], or clear bit 40";
        wrong(FaultKind::Interchange, message, remedy);
    }
    if first & COMBINED != 0 && icc.is_some_and(|size| size.bits() > LONGEST_COMBINED) {
        let message =
            "with CDA the card's key is at most 1640 bits: its signature travels in the answer to GENERATE AC";
        wrong(FaultKind::KeySize, message, "shorten `icc-bits`, or clear bit 01");
    }
}

fn read_keys(section: &Section<'_>, faults: &mut Faults<'_>) -> Option<CardKeyRule> {
    let keys = ["option", "cryptogram-version", "derivation-key-index", "cryptogram", "mac", "encipherment"];
    section.only(&keys, faults);
    let options = [("A", KeyOption::A), ("B", KeyOption::B), ("C", KeyOption::C)];
    let option = section.choice("option", &options, FaultKind::UnknownValue, faults);
    // CVN 10 uses the card key itself, CVN 18 a common session key of each transaction.
    let versions = [("10", 0x0A), ("18", 0x12)];
    let cryptogram_version = section.choice("cryptogram-version", &versions, FaultKind::UnknownValue, faults);
    let index = section.hexadecimal("derivation-key-index", 1..=1, faults);
    let cryptogram = section.key_handle("cryptogram", faults);
    let mac = section.key_handle("mac", faults);
    let encipherment = section.key_handle("encipherment", faults);
    Some(CardKeyRule {
        option: option?,
        cryptogram_version: cryptogram_version?,
        derivation_key_index: *index?.first()?,
        cryptogram: cryptogram?,
        mac: mac?,
        encipherment: encipherment?,
    })
}

impl CardKeyRule {
    /// The value of tag 9F10 as cards are given it: 06 is the length of what follows; the card fills in its
    /// verification results, 03 bytes.
    pub(crate) fn issuer_application_data(&self) -> [u8; 7] {
        [0x06, self.derivation_key_index, self.cryptogram_version, 0x03, 0, 0, 0]
    }
}

impl CertificateRule {
    /// The size of the card's `key`, where it has one.
    #[must_use]
    pub fn size_of(&self, key: RsaKey) -> Option<RsaSize> {
        match key {
            RsaKey::Icc => self.icc,
            RsaKey::Pin => self.pin,
        }
    }
}

impl ApplicationProfile {
    /// The card's RSA keys, in the order in which they are taken from the pool.
    pub(crate) fn rsa_keys(&self) -> Vec<(RsaKey, RsaSize)> {
        let rule = self.payment.as_ref().and_then(|payment| payment.certificates.as_ref());
        let keys = [RsaKey::Icc, RsaKey::Pin].map(|key| Some((key, rule?.size_of(key)?)));
        keys.into_iter().flatten().collect()
    }
}
