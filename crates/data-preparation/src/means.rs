//! What preparation needs besides profile and order: the keystore, certified issuer keys, keys from the pool, a number.

use cardwright_keystore::{KeyId, Keystore, RsaComponents, RsaPublicKey, RsaSize};
use zeroize::Zeroizing;

use crate::{CertificationKey, Date};

/// What preparation works with, handed in by the center. A profile of identity cards alone needs none of it.
#[derive(Default)]
pub struct Means<'a> {
    /// what works with the profile's named keys
    pub keystore: Option<&'a dyn Keystore>,
    /// the issuer keys that the profile names, with their certificates
    pub issuers: &'a [IssuerKey],
    /// RSA keys of this card from the pool, each used once: in the order and of the sizes of `Profile::card_keys`
    pub card_keys: Vec<RsaComponents>,
    /// the card number, where it is assigned from the profile's range
    pub number: Option<&'a str>,
    /// the sequence number, 0 to 99, where it is another than profile and order say: that of the card that is changed,
    /// or the next one of its number
    pub sequence: Option<u8>,
    /// as many fresh random bytes as `Profile::random_bytes` asks for
    pub random: Zeroizing<Vec<u8>>,
}

/// An issuer's RSA key, certified by an EMV certification authority (EMV B2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerKey {
    /// the name that profiles know it by
    pub name: String,
    /// the keystore's handle of the private key
    pub key: KeyId,
    /// the public key
    pub public: RsaPublicKey,
    /// the value of tag 90, as long as the authority's modulus
    pub certificate: Vec<u8>,
    /// the value of tag 92: what of the modulus found no room in the certificate; empty where all did
    pub remainder: Vec<u8>,
    /// the value of tag 9F32
    pub exponent: Vec<u8>,
    /// the authority
    pub certification_key: CertificationKey,
    /// the last day of the month that the certificate expires in
    pub expires: Date,
}

/// What is wrong with the means: whose fault, which rule, what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MeansFault {
    /// no keystore
    #[error("the profile works with keys of the keystore, and none was handed in: open the keystore first")]
    Keystore,
    /// no issuer key of the name
    #[error("there is no issuer key `{0}`: import its certificate, or correct `issuer` in [application.certificates]")]
    Issuer(String),
    /// the issuer's certificate ends before the card does
    #[error(
        "the certificate of the issuer key `{issuer}` (tag 90) ends on {expires}, before the card's last day {card}: \
         import a certificate that outlives the card, or shorten [validity]"
    )]
    IssuerExpired {
        /// the issuer key
        issuer: String,
        /// the certificate's last day
        expires: Date,
        /// the card's last day
        card: Date,
    },
    /// a key of another size than the profile says
    #[error(
        "{what} of the issuer key `{issuer}` has {found} bits, the profile says {wanted}: {remedy}",
        remedy = "correct [application.certificates], or import the right key"
    )]
    Size {
        /// the issuer key
        issuer: String,
        /// the key that differs
        what: &'static str,
        /// bits of the profile
        wanted: usize,
        /// bits that were found
        found: usize,
    },
    /// the authority's key is too small for the issuer's
    #[error(
        "the certification authority's key ({authority} bits) is too small for the issuer key `{issuer}` \
         ({found} bits): take a shorter issuer key, or a certificate by a longer key of the authority"
    )]
    AuthorityTooSmall {
        /// the issuer key
        issuer: String,
        /// bits of the authority's key
        authority: usize,
        /// bits of the issuer's key
        found: usize,
    },
    /// the pool gave no key
    #[error("the pool has no RSA key ({0}) for the card: let it be filled, then prepare again")]
    Pool(RsaSize),
    /// the pool gave a key of another size
    #[error("the pool gave an RSA key of another size than {0}: take the keys in the order of the profile")]
    PoolSize(RsaSize),
    /// the profile's range gave no number
    #[error("the profile assigns card numbers, and none was handed in: its range may be exhausted")]
    Number,
    /// the assigned number is none of the range
    #[error("the assigned card number breaks the rule of [card-number]: {0}")]
    NumberRule(&'static str),
    /// too few random bytes
    #[error("the profile wants {wanted} random bytes for a card, {found} were handed in")]
    Random {
        /// as many as `Profile::random_bytes` says
        wanted: usize,
        /// as many as there were
        found: usize,
    },
}
