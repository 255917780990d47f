//! What a preview is made with: keys of a keystore in memory, an issuer that such a key certifies, a PIN that is none.

use cardwright_data_preparation::emv::certificate::IssuerCertificate;
use cardwright_data_preparation::emv::pan::check_digit;
use cardwright_data_preparation::emv::pin_block::{Pin, PinBlockFormat};
use cardwright_data_preparation::emv::{ExpiryMonth, Pan};
use cardwright_data_preparation::profile::{CertificateRule, FieldType, NumberSource, PinRule};
use cardwright_data_preparation::{CertificationKey, Date, IssuerKey, Means, Profile};
use cardwright_keystore::software::{SoftwareKeystore, SystemRandomness};
use cardwright_keystore::{
    BlockMechanism, Enciphering, Error, KeyId, KeyKind, KeyRef, Keystore, NewKey, NewSealedRsa, Purpose, RsaComponents,
    RsaExponent, RsaSize,
};
use cardwright_relay::Code;
use zeroize::Zeroizing;

use crate::intake::NewOrder;
use crate::refused::Refused;

/// The RID of test roots, and a year that no card outlives.
const RID: [u8; 5] = [0xF0, 0x45, 0x4D, 0x56, 0x01];
const LAST: (u16, u8, u8) = (2049, 12, 31);

/// A keystore that nobody keeps.
pub(super) struct Throwaway {
    keystore: SoftwareKeystore,
    issuers: Vec<IssuerKey>,
}

impl Throwaway {
    /// Every key that `profile` names, and its issuers, certified.
    pub(super) fn of(profile: &Profile) -> Result<Self, Refused> {
        let mut made = Self { keystore: SoftwareKeystore::in_memory(Box::new(SystemRandomness)), issuers: Vec::new() };
        made.generate(Self::sealing_key()?, KeyKind::Aes256, Purpose::Wrap)?;
        for key in profile.named_keys() {
            let usual = match key.purpose {
                Purpose::RsaSign => KeyKind::Rsa(RsaSize::new(2_048, RsaExponent::F4)?),
                _ => KeyKind::Aes256,
            };
            made.generate(key.id, key.kind.unwrap_or(usual), key.purpose)?;
        }
        let payments = profile.applications().iter().filter_map(|application| application.payment.as_ref());
        for rule in payments.filter_map(|payment| payment.certificates.as_ref()) {
            if !made.issuers.iter().any(|known| known.name == rule.issuer) {
                let issuer = made.certify(rule, &profile.number().prefix)?;
                made.issuers.push(issuer);
            }
        }
        Ok(made)
    }

    fn sealing_key() -> Result<KeyId, Error> {
        KeyId::new("preview/sealing", 1)
    }

    fn generate(&self, id: KeyId, kind: KeyKind, purpose: Purpose) -> Result<KeyId, Error> {
        self.keystore.generate(&NewKey { id: id.clone(), kind, purpose, created: 0 })?;
        Ok(id)
    }

    /// An issuer's key of the rule's size, certified by a root of the rule's size.
    fn certify(&self, rule: &CertificateRule, prefix: &str) -> Result<IssuerKey, Refused> {
        let bits = u16::try_from(rule.authority_length * 8).unwrap_or(u16::MAX);
        let (number, root_size) = (self.issuers.len(), RsaSize::new(bits, RsaExponent::Three)?);
        let name = |what: &str| KeyId::new(format!("preview/{what}-{number}"), 1);
        let root = self.generate(name("root")?, KeyKind::Rsa(root_size), Purpose::RsaSign)?;
        let key = self.generate(name("issuer")?, KeyKind::Rsa(rule.issuer_size), Purpose::RsaSign)?;
        let (root_public, public) = (self.keystore.rsa_public_key(&root)?, self.keystore.rsa_public_key(&key)?);
        let (year, month, day) = LAST;
        let last = ExpiryMonth::new(year, month).zip(Date::new(year, month, day));
        let (month, expires) = last.ok_or_else(|| Refused::new(Code::CLOCK_DIFFERS))?;
        let certificate = IssuerCertificate {
            identifier: identifier(prefix),
            expires: month,
            serial: [0, 0, 1],
            modulus: public.modulus.clone(),
            exponent: public.exponent.clone(),
        };
        let to_be_signed = certificate.to_be_signed(root_public.modulus.len()).map_err(|fault| {
            let remedy = "Compare the sizes of the keys in [application.certificates]";
            Refused::with(Code::DATA_REFUSED, ["issuer certificate".to_owned(), fault.to_string(), remedy.to_owned()])
        })?;
        Ok(IssuerKey {
            name: rule.issuer.clone(),
            certificate: self.keystore.rsa_private(&root, &to_be_signed.block)?,
            remainder: to_be_signed.remainder,
            exponent: public.exponent.clone(),
            certification_key: CertificationKey {
                rid: RID,
                index: 1,
                modulus: root_public.modulus,
                exponent: root_public.exponent,
            },
            expires,
            key,
            public,
        })
    }

    /// What stands in the place of the center's.
    pub(super) fn stand_ins(&self, profile: &Profile) -> Vec<String> {
        let keys = profile.named_keys().into_iter().map(|key| format!("the key {}", key.id));
        let issuers = self.issuers.iter().map(|issuer| format!("the issuer key {} and its certificate", issuer.name));
        let sizes = profile.card_keys().into_iter().map(|size| format!("a key of the card, {size}"));
        keys.chain(issuers).chain(sizes).collect()
    }

    /// The order's number, or the first of the range.
    pub(super) fn number(&self, profile: &Profile, order: &NewOrder) -> Zeroizing<String> {
        let rule = profile.number();
        match &rule.source {
            NumberSource::Field(field) => {
                let found = order.fields.iter().find(|(name, _)| name == field);
                found.map(|(_, value)| value.clone()).unwrap_or_default()
            }
            NumberSource::Range => {
                let digits = format!("{:0<width$}", rule.prefix, width = rule.lengths.start() - 1);
                let check = check_digit(digits.as_bytes()).map_or('0', char::from);
                Zeroizing::new(format!("{digits}{check}"))
            }
        }
    }

    /// For each field of a PIN block a block that opens here: the order's opens at the center alone.
    pub(super) fn pin_blocks(&self, profile: &Profile, number: &str) -> Result<Vec<(String, String)>, Error> {
        let Some(PinRule::FromOrder { zone_key, format, .. }) = profile.pin() else { return Ok(Vec::new()) };
        let Some(block) = block(*format, number) else { return Ok(Vec::new()) };
        let under = KeyRef::Named(zone_key.clone());
        let item = Enciphering { under: &under, mechanism: BlockMechanism::TdesEcb, data: &*block };
        let enciphered = hex::encode_upper(self.keystore.encipher(&item)?);
        let fields = profile.fields().iter().filter(|field| field.field_type == FieldType::PinBlock);
        Ok(fields.map(|field| (field.name.clone(), enciphered.clone())).collect())
    }

    pub(super) fn means<'a>(&'a self, profile: &Profile, number: &'a str) -> Result<Means<'a>, Refused> {
        let sizes = profile.card_keys();
        let length = profile.random_bytes();
        Ok(Means {
            keystore: Some(&self.keystore),
            issuers: &self.issuers,
            card_keys: sizes.into_iter().map(|size| self.card_key(size)).collect::<Result<_, _>>()?,
            number: profile.assigns_number().then_some(number),
            sequence: None,
            random: Zeroizing::new(if length == 0 { Vec::new() } else { self.keystore.random(length)? }),
        })
    }

    fn card_key(&self, size: RsaSize) -> Result<RsaComponents, Error> {
        let under = KeyRef::Named(Self::sealing_key()?);
        let new = NewSealedRsa { under: &under, associated_data: b"preview", size };
        let made = self.keystore.rsa_generate_sealed_batch(&[new])?;
        let sealed = made.first().map(|made| made.sealed.as_slice()).unwrap_or_default();
        RsaComponents::from_bytes(&self.keystore.decrypt(&under, b"preview", sealed)?)
    }
}

/// The first digits of the profile's numbers as a certificate has them.
fn identifier(prefix: &str) -> [u8; 4] {
    let digits: String = prefix.chars().take(8).collect();
    let filled = format!("{digits:F<8}");
    hex::decode(filled).ok().and_then(|bytes| bytes.try_into().ok()).unwrap_or([0xFF; 4])
}

fn block(format: PinBlockFormat, number: &str) -> Option<Zeroizing<[u8; 8]>> {
    // Eight digits, which a PUK of PIV has.
    let pin = Pin::new(b"00000000")?;
    pin.write(format, &Pan::new(number.as_bytes())?, Some(&[b'0'; 14])).ok()
}
