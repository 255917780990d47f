//! Keys that people enter or have made: batch keys of card makers, masters of applications, keys shared with others.

use std::str::FromStr;

use cardwright_data_preparation::profile::NamedKey;
use cardwright_keystore::{Error, Kcv, KeyId, KeyInfo, KeyKind, NewKey, PublishedKeys, Purpose, published};
use cardwright_relay::Code;

use super::registered;
use crate::center::Center;
use crate::refused::Refused;
use crate::store::{Commit, Person, Registration, Store};

/// What people enter keys for: each is one purpose of the keystore, and a key never does anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUse {
    /// master of a card product's keys
    CardKeys,
    /// master of an application's keys, whose derived keys are put on cards: AC, MAC, ENC, administration keys
    Application,
    /// verification values of cards and PINs: CVV, iCVV, CVV2, PVV
    Verification,
    /// blocks that are exchanged with another party: PIN blocks of an issuer's host, of a PIN mailer
    Zone,
    /// RSA signatures: certificates
    Authority,
}

impl KeyUse {
    /// All uses.
    pub const ALL: [Self; 5] = [Self::CardKeys, Self::Application, Self::Verification, Self::Zone, Self::Authority];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CardKeys => "card-keys",
            Self::Application => "application",
            Self::Verification => "verification",
            Self::Zone => "zone",
            Self::Authority => "authority",
        }
    }

    /// The keystore's purpose.
    #[must_use]
    pub fn purpose(self) -> Purpose {
        match self {
            Self::CardKeys => Purpose::Derive,
            Self::Application => Purpose::Personalize,
            Self::Verification => Purpose::RetailMac,
            Self::Zone => Purpose::Zone,
            Self::Authority => Purpose::RsaSign,
        }
    }
}

impl FromStr for KeyUse {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        Self::ALL.into_iter().find(|known| known.name() == text).ok_or_else(|| format!("the uses are {}", names()))
    }
}

/// What a key of this purpose is for, as people say it; the center's own keys too.
#[must_use]
pub fn use_name(purpose: Purpose) -> &'static str {
    let entered = KeyUse::ALL.into_iter().find(|known| known.purpose() == purpose).map(KeyUse::name);
    entered.unwrap_or(match purpose {
        Purpose::Wrap => "sealing",
        Purpose::Mac => "hashes",
        Purpose::Sign => "signing",
        _ => "card",
    })
}

/// A key as a ceremony enters it. The caller wipes the value.
pub struct NewMaster<'a> {
    /// its name; the version is the next one
    pub name: &'a str,
    /// what it is
    pub kind: KeyKind,
    /// what it is for
    pub key_use: KeyUse,
    /// its value; of an RSA key PKCS#8, DER
    pub value: &'a [u8],
    /// the check value on the ceremony's papers; an RSA key has none
    pub expected: Option<Kcv>,
    /// whether a published test key is taken: for card products that say so, as their transport keys alone
    pub published: PublishedKeys,
}

/// The setting that marks a key whose value is published.
fn published_setting(key: &KeyId) -> String {
    format!("published-key/{key}")
}

/// Takes a key in for one use and nothing else.
///
/// # Errors
/// `KEY_REFUSED` with the reason (another check value, another length), `PUBLISHED_KEY`; the store's and the
/// keystore's own. Where the log cannot be written, the key is not kept.
pub async fn import<S: Store>(center: &Center<S>, person: &Person, new: &NewMaster<'_>) -> Result<KeyInfo, Refused> {
    let row = next(center, new.name, new.kind, new.key_use)?;
    let is_example = published::is_example(new.kind, new.value);
    let allowed = new.published == PublishedKeys::AllowedForTransport && new.key_use == KeyUse::CardKeys;
    if is_example && !allowed {
        return Err(Refused::with(Code::PUBLISHED_KEY, [new.name]));
    }
    let imported = center.keystore.import(&row, new.value, new.expected, new.published);
    let info = imported.map_err(|error| not_taken(new.name, error))?;
    let mut registrations = Vec::new();
    if is_example || published::is_published(new.kind, new.value, new.expected) {
        registrations.push(Registration::Setting { name: published_setting(&row.id), value: vec![1] });
    }
    keep(center, person, info, registrations).await
}

/// Makes a key in the keystore; nobody ever sees its value.
///
/// # Errors
/// `KEY_REFUSED` where name, kind and use do not fit; the store's and the keystore's own. Where the log cannot be
/// written, the key is not kept.
pub async fn generate<S: Store>(
    center: &Center<S>,
    person: &Person,
    name: &str,
    kind: KeyKind,
    key_use: KeyUse,
) -> Result<KeyInfo, Refused> {
    let info = made(center, name, kind, key_use)?;
    keep(center, person, info, Vec::new()).await
}

/// Makes a key that the caller enters in a commit of its own, with the log's entry; it destroys the key if that fails.
///
/// # Errors
/// As [`generate`].
pub(crate) fn made<S>(center: &Center<S>, name: &str, kind: KeyKind, key_use: KeyUse) -> Result<KeyInfo, Refused> {
    let row = next(center, name, kind, key_use)?;
    center.keystore.generate(&row).map_err(|error| not_taken(name, error))
}

/// Enters `registrations` with the entry that tells of the key; without both there is no key.
///
/// # Errors
/// The store's own.
pub(crate) async fn keep<S: Store>(
    center: &Center<S>,
    person: &Person,
    info: KeyInfo,
    registrations: Vec<Registration>,
) -> Result<KeyInfo, Refused> {
    let entries = vec![registered(center.now(), person, "key", &info.id.to_string())];
    if let Err(error) = center.store.commit(Commit { registrations, entries, ..Commit::default() }).await {
        center.keystore.destroy(&info.id)?;
        return Err(match error {
            crate::store::StoreError::Conflict(_) => Refused::with(Code::NAME_TAKEN, [info.id.name()]),
            other => other.into(),
        });
    }
    Ok(info)
}

/// The next version of the key `name`.
fn next<S>(center: &Center<S>, name: &str, kind: KeyKind, key_use: KeyUse) -> Result<NewKey, Refused> {
    let refused = |reason: String| Refused::with(Code::KEY_REFUSED, [name.to_owned(), reason]);
    if !key_use.purpose().takes(kind) {
        return Err(refused(format!("a key of kind {kind} cannot be for {}", key_use.name())));
    }
    let keys = center.keystore.list()?;
    let newest = keys.iter().filter(|key| key.id.name() == name).map(|key| (key.id.version(), key.purpose)).max();
    if newest.is_some_and(|(_, purpose)| purpose != key_use.purpose()) {
        return Err(refused("the versions before it are for something else; take another name".to_owned()));
    }
    let version = newest.map_or(1, |(version, _)| version + 1);
    let id = KeyId::new(name, version).map_err(|error| refused(error.to_string()))?;
    Ok(NewKey { id, kind, purpose: key_use.purpose(), created: center.now() })
}

fn not_taken(name: &str, error: Error) -> Refused {
    match error {
        Error::PublishedKey => Refused::with(Code::PUBLISHED_KEY, [name]),
        Error::Name(_) | Error::KeyExists(_) | Error::Unsuitable { .. } | Error::RsaBits(_) => {
            Refused::with(Code::KEY_REFUSED, [name.to_owned(), error.to_string()])
        }
        Error::Length { .. } | Error::KeyValue(_) | Error::KcvMismatch { .. } => {
            Refused::with(Code::KEY_REFUSED, [name.to_owned(), error.to_string()])
        }
        other => other.into(),
    }
}

/// That the keystore has every key that a profile names, for what the profile wants it.
///
/// # Errors
/// `KEY_UNKNOWN`, `KEY_REFUSED` with the reason; the keystore's own.
pub fn hold_named<S>(center: &Center<S>, named: &[NamedKey]) -> Result<(), Refused> {
    if named.is_empty() {
        return Ok(());
    }
    let keys = center.keystore.list()?;
    for NamedKey { id, purpose, kind } in named {
        let found = keys.iter().find(|key| key.id == *id);
        let found = found.ok_or_else(|| Refused::with(Code::KEY_UNKNOWN, [id.to_string()]))?;
        let reason = if found.purpose != *purpose {
            format!("it is for {}, and the profile wants one for {}", use_name(found.purpose), use_name(*purpose))
        } else if kind.is_some_and(|kind| kind != found.kind) {
            format!("it is {}, and the profile wants another kind", found.kind)
        } else {
            continue;
        };
        return Err(Refused::with(Code::KEY_REFUSED, [id.to_string(), reason]));
    }
    Ok(())
}

/// The key called `name`: `name.version`, or the newest of that name.
///
/// # Errors
/// `KEY_UNKNOWN`; the keystore's own.
pub fn find<S>(center: &Center<S>, name: &str) -> Result<KeyInfo, Refused> {
    let keys = center.keystore.list()?;
    let fits = |key: &&KeyInfo| key.id.name() == name || key.id.to_string() == name;
    let newest = keys.iter().filter(fits).max_by_key(|key| key.id.version()).cloned();
    newest.ok_or_else(|| Refused::with(Code::KEY_UNKNOWN, [name]))
}

/// Whether the key's value is published.
///
/// # Errors
/// The store's.
pub async fn is_published<S: Store>(store: &S, key: &KeyId) -> Result<bool, Refused> {
    Ok(store.setting(&published_setting(key)).await?.is_some())
}
