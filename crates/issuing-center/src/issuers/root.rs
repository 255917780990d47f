//! A test root: a certification authority of our own, under a RID of our own.

use cardwright_data_preparation::emv::ExpiryMonth;
use cardwright_keystore::{KeyKind, RsaSize};

use super::{key_name, refused};
use crate::calendar::last_day;
use crate::center::Center;
use crate::refused::Refused;
use crate::registry::key::{KeyUse, keep, made};
use crate::store::{CertificationKeyRow, Person, Registration, Store};

/// The longest key of a certification authority (EMV B2 §11.1), which leaves a certificate's record within 254 bytes.
const LONGEST: u16 = 1_984;

/// A root as it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct NewRoot {
    /// the registered application provider identifier that it stands for
    pub rid: [u8; 5],
    /// the key's index among those of the RID
    pub index: u8,
    /// length and exponent of the key
    pub size: RsaSize,
    /// the month on whose last day it ends
    pub expires: ExpiryMonth,
}

/// Makes a root's key in the keystore and enters its public half.
///
/// # Errors
/// `CERTIFICATE_REFUSED` for a RID of a scheme or a key that is too long; `NAME_TAKEN` where RID and index are taken;
/// the store's and the keystore's own.
pub async fn make_root<S: Store>(
    center: &Center<S>,
    person: &Person,
    new: NewRoot,
) -> Result<CertificationKeyRow, Refused> {
    let name = key_name(new.rid, new.index);
    let element = || format!("The test root {name}");
    // ISO/IEC 7816-5: a first half byte of F tells of an identifier that is not registered.
    if new.rid[0] >> 4 != 0xF {
        let rule = "its RID is one that schemes register";
        return Err(refused(
            element(),
            rule,
            "Take a RID that begins with F; a scheme's key comes with its certificate",
        ));
    }
    if new.size.bits() > LONGEST {
        let rule = format!("a certification authority's key has {LONGEST} bits at most");
        return Err(refused(element(), rule, format!("Ask for {LONGEST} bits or less")));
    }
    if last_day(new.expires) < center.now().div_euclid(crate::calendar::DAY) {
        return Err(refused(element(), "it would be over already", "Give a month to come"));
    }
    let handle = format!("emv-root/{}-{:02x}", hex::encode(new.rid), new.index);
    let info = made(center, &handle, KeyKind::Rsa(new.size), KeyUse::Authority)?;
    let public = center.keystore.rsa_public_key(&info.id)?;
    let row = CertificationKeyRow {
        rid: new.rid,
        index: new.index,
        modulus: public.modulus,
        exponent: public.exponent,
        expires: last_day(new.expires),
        key: Some(info.id.to_string()),
    };
    keep(center, person, info, vec![Registration::CertificationKey(row.clone())]).await?;
    Ok(row)
}
