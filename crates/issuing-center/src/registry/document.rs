//! Card products and profiles: texts that are checked before they are kept, and kept as they came.

use cardwright_data_preparation::{Error as DataError, Profile};
use cardwright_issuance::flow::unwritable;
use cardwright_issuance::product::CardProduct;
use cardwright_relay::Code;
use sha2::{Digest, Sha256};

use super::{enter, registered};
use crate::refused::Refused;
use crate::store::{Document, Person, Registration, Store};

/// Imports a card product's text. The same text again changes nothing; another text must open cards as the one before
/// did, for cards under way are computed from it.
///
/// # Errors
/// `PRODUCT_REFUSED` with the reason; the store's own.
pub async fn import_product<S: Store>(store: &S, now: i64, person: &Person, text: &str) -> Result<Document, Refused> {
    let refused = |name: &str, reason: String| Refused::with(Code::PRODUCT_REFUSED, [name.to_owned(), reason]);
    let product = CardProduct::from_toml(text).map_err(|fault| refused("", fault.to_string()))?;
    let newest = store.product(product.name()).await?;
    let version = newest.as_ref().map_or(1, |newest| newest.version + 1);
    let document = document(product.name(), version, text, now);
    match newest {
        Some(newest) if newest.digest == document.digest => Ok(newest),
        Some(newest) if CardProduct::from_toml(&newest.text).is_ok_and(|known| !known.opens_cards_like(&product)) => {
            let reason = "cards of this name are opened otherwise; give the changed product another name";
            Err(refused(product.name(), reason.to_owned()))
        }
        _ => keep(store, now, person, "product", document).await,
    }
}

/// Imports a profile's text. The same text again changes nothing; another text needs a higher version.
///
/// # Errors
/// `PROFILE_REFUSED` with the reasons; the store's own.
pub async fn import_profile<S: Store>(store: &S, now: i64, person: &Person, text: &str) -> Result<Document, Refused> {
    let refused = |name: &str, reason: String| Refused::with(Code::PROFILE_REFUSED, [name.to_owned(), reason]);
    let profile = Profile::parse(text).map_err(|error| refused("", reasons(error)))?;
    let reference = profile.reference();
    if let Some(reason) = unwritable(&profile) {
        return Err(refused(&reference.name, reason.to_owned()));
    }
    let document = document(&reference.name, reference.version, text, now);
    match store.profile(&reference.name).await? {
        Some(newest) if newest.digest == document.digest => Ok(newest),
        Some(newest) if newest.version >= document.version => {
            let reason = format!("version {} is here already; give this text a higher one", newest.version);
            Err(refused(&reference.name, reason))
        }
        _ => keep(store, now, person, "profile", document).await,
    }
}

/// The profile `name` in its newest text.
///
/// # Errors
/// `PROFILE_UNKNOWN`; `PROFILE_REFUSED` where this program no longer takes the text; the store's own.
pub async fn profile<S: Store>(store: &S, name: &str) -> Result<Profile, Refused> {
    let document = store.profile(name).await?.ok_or_else(|| Refused::with(Code::PROFILE_UNKNOWN, [name]))?;
    Profile::parse(&document.text)
        .map_err(|error| Refused::with(Code::PROFILE_REFUSED, [name.to_owned(), reasons(error)]))
}

/// The card product `name` in its newest text.
///
/// # Errors
/// `PRODUCT_UNKNOWN`; `PRODUCT_REFUSED` where this program no longer takes the text; the store's own.
pub async fn product<S: Store>(store: &S, name: &str) -> Result<CardProduct, Refused> {
    let document = store.product(name).await?.ok_or_else(|| Refused::with(Code::PRODUCT_UNKNOWN, [name]))?;
    let refused = |fault: cardwright_issuance::product::ProductFault| {
        Refused::with(Code::PRODUCT_REFUSED, [name.to_owned(), fault.to_string()])
    };
    CardProduct::from_toml(&document.text).map_err(refused)
}

/// Every fault of a profile, one after the other.
fn reasons(error: DataError) -> String {
    match error {
        DataError::Profile(faults) => faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

fn document(name: &str, version: u32, text: &str, now: i64) -> Document {
    let digest = Sha256::digest(text).into();
    Document { name: name.to_owned(), version, text: text.to_owned(), digest, imported: now }
}

/// Keeps the text; the log names its SHA-256.
async fn keep<S: Store>(
    store: &S,
    now: i64,
    person: &Person,
    what: &str,
    document: Document,
) -> Result<Document, Refused> {
    let told = format!("{} {} {}", document.name, document.version, hex::encode(document.digest));
    let entry = registered(now, person, what, &told);
    let registration = match what {
        "product" => Registration::Product(document.clone()),
        _ => Registration::Profile(document.clone()),
    };
    enter(store, vec![registration], entry, &document.name).await?;
    Ok(document)
}
