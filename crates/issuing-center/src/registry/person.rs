//! People: their roles, which exclude each other, and the secrets they answer with.

use std::str::FromStr;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use cardwright_issuance::entry::{Entry, Event};
use cardwright_relay::Code;

use super::{checked_name, enter, random_id, registered};
use crate::refused::Refused;
use crate::store::{Commit, Person, Registration, Store};

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// registers people, bases, products, profiles, keys, stock, terminals and readers
    Admin,
    /// enters orders
    OrderEntry,
    /// approves orders
    Approver,
    /// releases orders to terminals and writes cards
    Operator,
    /// reads the log
    Auditor,
    /// the issuer's host: gets what it needs to know of cards, and does nothing else
    Host,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 6] =
        [Self::Admin, Self::OrderEntry, Self::Approver, Self::Operator, Self::Auditor, Self::Host];

    /// Who enters an order does not approve it, who approves does not write it, who audits does nothing else, and the
    /// host is no person at all.
    const EXCLUSIVE: [(Self, Self); 11] = [
        (Self::OrderEntry, Self::Approver),
        (Self::Approver, Self::Operator),
        (Self::Auditor, Self::Admin),
        (Self::Auditor, Self::OrderEntry),
        (Self::Auditor, Self::Approver),
        (Self::Auditor, Self::Operator),
        (Self::Host, Self::Admin),
        (Self::Host, Self::OrderEntry),
        (Self::Host, Self::Approver),
        (Self::Host, Self::Operator),
        (Self::Host, Self::Auditor),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::OrderEntry => "order-entry",
            Self::Approver => "approver",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
            Self::Host => "host",
        }
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or_else(|| format!("the roles are {}", names()))
    }
}

/// That one person may have all of `roles`.
fn check_roles(roles: &[Role]) -> Result<(), Refused> {
    let has = |role: Role| roles.contains(&role);
    if roles.is_empty() || Role::EXCLUSIVE.iter().any(|(one, other)| has(*one) && has(*other)) {
        let names: Vec<_> = roles.iter().map(|role| role.name()).collect();
        return Err(Refused::with(Code::ROLES_REFUSED, [names.join(", ")]));
    }
    Ok(())
}

/// A new person with the Argon2id hash of the secret.
///
/// # Errors
/// `ROLES_REFUSED`, `NAME_REFUSED`, `SECRET_REFUSED`.
pub fn new(name: &str, roles: &[Role], secret: &[u8]) -> Result<Person, Refused> {
    checked_name(name)?;
    check_roles(roles)?;
    if secret.len() < 8 {
        return Err(Refused::new(Code::SECRET_REFUSED));
    }
    let hash = Argon2::default().hash_password(secret).map_err(|_| Refused::new(Code::KEYSTORE_UNAVAILABLE))?;
    let mut names: Vec<_> = roles.iter().map(|role| role.name().to_owned()).collect();
    names.sort();
    names.dedup();
    Ok(Person { id: random_id()?, name: name.to_owned(), roles: names, secret: hash.to_string() })
}

/// Adds a person; `by` answers for it.
///
/// # Errors
/// Those of [`new`]; `NAME_TAKEN`; the store's own.
pub async fn add<S: Store>(
    store: &S,
    now: i64,
    by: &Person,
    name: &str,
    roles: &[Role],
    secret: &[u8],
) -> Result<Person, Refused> {
    let person = new(name, roles, secret)?;
    let entry = registered(now, by, "person", name);
    enter(store, vec![Registration::Person(person.clone())], entry, name).await?;
    Ok(person)
}

/// The person `name`, if the secret is theirs and they have one of the roles. Refusals are in the log.
///
/// # Errors
/// `PERSON_REFUSED` (the same, and as slowly, for an unknown name and a wrong secret), `ROLE_MISSING`; the store's own.
pub async fn authenticate<S: Store>(
    store: &S,
    now: i64,
    name: &str,
    secret: &[u8],
    roles: &[Role],
) -> Result<Person, Refused> {
    let found = store.person(name).await?;
    let (refused, person) = match found {
        Some(person) if is_secret_of(&person, secret) => {
            if person.roles.iter().any(|held| roles.iter().any(|role| held == role.name())) {
                return Ok(person);
            }
            let wanted = roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(" / ");
            (Refused::with(Code::ROLE_MISSING, [name, &wanted]), Some(person.id))
        }
        Some(person) => (Refused::new(Code::PERSON_REFUSED), Some(person.id)),
        None => {
            // As much work as for a name that is known.
            let _ = Argon2::default().hash_password(secret);
            (Refused::new(Code::PERSON_REFUSED), None)
        }
    };
    let event = Event::Refused { code: refused.code.0, parameters: refused.parameters.clone() };
    let entry = Entry { person, ..Entry::new(now, event) };
    store.commit(Commit { entries: vec![entry], ..Commit::default() }).await?;
    Err(refused)
}

fn is_secret_of(person: &Person, secret: &[u8]) -> bool {
    PasswordHash::new(&person.secret).is_ok_and(|hash| Argon2::default().verify_password(secret, &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_enters_an_order_cannot_approve_it_and_who_approves_cannot_write() {
        for (one, other) in Role::EXCLUSIVE {
            let code = check_roles(&[one, other]).unwrap_err().code;
            assert_eq!(code, Code::ROLES_REFUSED, "{} {}", one.name(), other.name());
        }
        assert!(check_roles(&[]).is_err());
        assert!(check_roles(&[Role::OrderEntry, Role::Operator]).is_ok());
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
            assert!(check_roles(&[role]).is_ok());
        }
    }

    #[test]
    fn a_secret_is_kept_as_a_hash_and_must_be_long() {
        assert_eq!(new("Ada", &[Role::Admin], b"short").unwrap_err().code, Code::SECRET_REFUSED);
        let person = new("Ada", &[Role::Admin], b"correct horse").unwrap();
        assert!(!person.secret.contains("horse"));
        assert!(is_secret_of(&person, b"correct horse") && !is_secret_of(&person, b"correct horsf"));
    }
}
