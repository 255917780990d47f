//! An issuer for tests: a keystore with every key that a profile names, a certification authority, certified issuer
//! keys, a pool of RSA keys, and PIN blocks as a host sends them.

use std::collections::BTreeMap;
use std::sync::Mutex;

use cardwright_data_preparation::emv::certificate::IssuerCertificate;
use cardwright_data_preparation::emv::pin_block::{Pin, PinBlockFormat};
use cardwright_data_preparation::emv::{ExpiryMonth, Pan};
use cardwright_data_preparation::profile::{CertificateRule, PinRule};
use cardwright_data_preparation::{CertificationKey, Date, IssuerKey, Means, Profile};
use cardwright_keystore::software::{SoftwareKeystore, SystemRandomness};
use cardwright_keystore::{
    BlockMechanism, Enciphering, KeyId, KeyKind, KeyRef, Keystore, NewKey, NewSealedRsa, Purpose, RsaComponents,
    RsaExponent, RsaSize,
};
use zeroize::Zeroizing;

/// The provider whose authority certifies the issuers of tests.
pub(crate) const PROVIDER: [u8; 5] = [0xF0, 0x45, 0x4D, 0x56, 0x01];

/// The last month of the issuers' certificates.
const EXPIRES: (u16, u8, u8) = (2035, 12, 31);

/// The issuer of one profile.
pub(crate) struct Issuer {
    pub(crate) keystore: SoftwareKeystore,
    pub(crate) issuers: Vec<IssuerKey>,
    pool: Mutex<BTreeMap<RsaSize, Vec<Zeroizing<Vec<u8>>>>>,
}

impl Issuer {
    /// An issuer with every key that `profile` names.
    pub(crate) fn of(profile: &Profile) -> Self {
        let issuer = Self::empty();
        issuer.furnish(profile)
    }

    pub(crate) fn empty() -> Self {
        let keystore = SoftwareKeystore::in_memory(Box::new(SystemRandomness));
        let issuer = Self { keystore, issuers: Vec::new(), pool: Mutex::default() };
        issuer.generate("pool.1", KeyKind::Aes256, Purpose::Wrap);
        issuer
    }

    /// The keys of `profile`, as far as they are not there yet.
    pub(crate) fn furnish(mut self, profile: &Profile) -> Self {
        for key in profile.named_keys() {
            let default = if key.purpose == Purpose::RsaSign {
                KeyKind::Rsa(RsaSize::new(2048, RsaExponent::F4).unwrap())
            } else {
                KeyKind::Aes256
            };
            if !self.keystore.list().unwrap().iter().any(|known| known.id == key.id) {
                self.generate(&key.id.to_string(), key.kind.unwrap_or(default), key.purpose);
            }
        }
        let payments = profile.applications().iter().filter_map(|application| application.payment.as_ref());
        for rule in payments.filter_map(|payment| payment.certificates.as_ref()) {
            let certified = self.certify(rule);
            self.issuers.retain(|issuer| issuer.name != certified.name);
            self.issuers.push(certified);
        }
        self
    }

    fn generate(&self, handle: &str, kind: KeyKind, purpose: Purpose) -> KeyId {
        let id: KeyId = handle.parse().unwrap();
        self.keystore.generate(&NewKey { id: id.clone(), kind, purpose, created: 0 }).unwrap();
        id
    }

    /// The key of `size` called `name`, made where it is not there yet.
    fn rsa(&self, name: &str, size: RsaSize) -> KeyId {
        let exponent = size.exponent().bytes().len();
        let handle = format!("{name}-{}-{exponent}.1", size.bits());
        let known = self.keystore.list().unwrap().into_iter().find(|key| key.id.to_string() == handle);
        known.map_or_else(|| self.generate(&handle, KeyKind::Rsa(size), Purpose::RsaSign), |key| key.id)
    }

    /// The issuer key of `rule`, certified by an authority of the right size.
    pub(crate) fn certify(&self, rule: &CertificateRule) -> IssuerKey {
        let size = RsaSize::new((rule.authority_length * 8) as u16, RsaExponent::Three).unwrap();
        let authority = self.rsa("authority", size);
        let key = self.rsa("issuer", rule.issuer_size);
        let authority_public = self.keystore.rsa_public_key(&authority).unwrap();
        let public = self.keystore.rsa_public_key(&key).unwrap();
        let (year, month, day) = EXPIRES;
        let certificate = IssuerCertificate {
            identifier: [0x47, 0x61, 0xFF, 0xFF],
            expires: ExpiryMonth::new(year, month).unwrap(),
            serial: [0, 0, 1],
            modulus: public.modulus.clone(),
            exponent: public.exponent.clone(),
        };
        let block = certificate.to_be_signed(authority_public.modulus.len()).unwrap();
        IssuerKey {
            name: rule.issuer.clone(),
            certificate: self.keystore.rsa_private(&authority, &block.block).unwrap(),
            remainder: block.remainder,
            exponent: public.exponent.clone(),
            certification_key: CertificationKey {
                rid: PROVIDER,
                // one key of each size, each its own index
                index: (authority_public.modulus.len() % 251) as u8,
                modulus: authority_public.modulus,
                exponent: authority_public.exponent,
            },
            expires: Date::new(year, month, day).unwrap(),
            key,
            public,
        }
    }

    /// RSA keys of `sizes`. The pool of tests hands out a key again for each new card, to be quick.
    fn card_keys(&self, sizes: &[RsaSize]) -> Vec<RsaComponents> {
        let mut pool = self.pool.lock().unwrap();
        let mut taken: BTreeMap<RsaSize, usize> = BTreeMap::new();
        let keys = sizes.iter().map(|size| {
            let kept = pool.entry(*size).or_default();
            let place = taken.entry(*size).or_default();
            if kept.len() <= *place {
                kept.push(self.new_key(*size));
            }
            *place += 1;
            RsaComponents::from_bytes(&kept[*place - 1]).unwrap()
        });
        keys.collect()
    }

    fn new_key(&self, size: RsaSize) -> Zeroizing<Vec<u8>> {
        let under = KeyRef::Named("pool.1".parse().unwrap());
        let new = NewSealedRsa { under: &under, associated_data: b"pool", size };
        let sealed = self.keystore.rsa_generate_sealed_batch(&[new]).unwrap();
        self.keystore.decrypt(&under, b"pool", &sealed[0].sealed).unwrap()
    }

    /// Everything that the preparation of one card by `profile` wants.
    pub(crate) fn means<'a>(&'a self, profile: &Profile, number: Option<&'a str>) -> Means<'a> {
        Means {
            keystore: Some(&self.keystore),
            issuers: &self.issuers,
            card_keys: self.card_keys(&profile.card_keys()),
            number,
            sequence: None,
            random: Zeroizing::new((0..profile.random_bytes()).map(|at| (at * 37 + 11) as u8).collect()),
        }
    }

    /// The PIN block that a host sends for `profile`, in hexadecimal.
    pub(crate) fn pin_block(&self, profile: &Profile, number: &str, pin: &str) -> String {
        let Some(PinRule::FromOrder { zone_key, format, .. }) = profile.pin() else { panic!("no PIN in orders") };
        let filling = (*format == PinBlockFormat::One).then_some(&[7; 14]);
        let pan = Pan::new(number.as_bytes()).unwrap();
        let block = Pin::new(pin.as_bytes()).unwrap().write(*format, &pan, filling).unwrap();
        let under = KeyRef::Named(zone_key.clone());
        let item = Enciphering { under: &under, mechanism: BlockMechanism::TdesEcb, data: &*block };
        hex::encode_upper(self.keystore.encipher(&item).unwrap())
    }
}
