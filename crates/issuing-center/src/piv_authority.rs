//! Authorities that certify the keys which PIV cards make: the center's own small one, or one that another authority
//! outside has certified.
//!
//! The private key is an RSA key of the keystore. Certificates of authorities are made with `rcgen`, as those of
//! terminals are: it takes a signer whose key is elsewhere, and is in the tree already. Certificates of cards are made
//! by whoever talks with the card, from the template that was sealed with the order, by [`signature`].

mod chain;
mod signer;

pub use signer::signature;

use std::sync::Arc;

use cardwright_keystore::{KeyId, KeyKind, RsaExponent, RsaSize};
use cardwright_relay::Code;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams as _, DistinguishedName, DnType, IsCa,
    KeyUsagePurpose,
};

use crate::authority::certificate_params;
use crate::calendar::DAY;
use crate::center::Center;
use crate::refused::Refused;
use crate::registry::key::{KeyUse, keep, made};
use crate::registry::{checked_name, registered};
use crate::store::{Certified, Commit, Person, PivAuthority, Registration, Store, StoreError};
use signer::RsaSigner;

/// The sizes of an authority's key, in bits.
pub const SIZES: [u16; 2] = [2_048, 3_072];

/// The name that certificates tell of an authority.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// C, two letters
    pub country: Option<&'a str>,
    /// O
    pub organization: Option<&'a str>,
    /// CN
    pub common_name: &'a str,
}

impl Subject<'_> {
    fn distinguished_name(self) -> DistinguishedName {
        let mut name = DistinguishedName::new();
        if let Some(country) = self.country {
            match rcgen::string::PrintableString::try_from(country) {
                Ok(printable) => name.push(DnType::CountryName, rcgen::DnValue::PrintableString(printable)),
                Err(_) => name.push(DnType::CountryName, country),
            }
        }
        if let Some(organization) = self.organization {
            name.push(DnType::OrganizationName, organization);
        }
        name.push(DnType::CommonName, self.common_name);
        name
    }

    fn text(self) -> String {
        let parts = [("C", self.country), ("O", self.organization), ("CN", Some(self.common_name))];
        let parts: Vec<_> = parts.iter().filter_map(|(name, value)| Some(format!("{name}={}", (*value)?))).collect();
        parts.join(", ")
    }
}
