//! What is made ahead of cards and certified for them.

use std::collections::BTreeMap;

use cardwright_issuance::Id;
use cardwright_issuance::state::OrderState;
use cardwright_issuing_center::store::{
    CardCertificate, CertificationKeyRow, EmvIssuer, IssuerCertificate, Novelty, PivAuthority, PoolKey, PoolLevel,
    Registration, SealedBlob, StoreError,
};

use super::{Rows, conflict, insert};

/// Adds one row, or marks one as taken, handed out or certified; gives back what belongs to people's work.
pub(super) fn register(rows: &mut Rows, registration: Registration) -> Result<Option<Registration>, StoreError> {
    match registration {
        Registration::CarriedAgain(id, blob) => prepared_again(rows, id, blob),
        Registration::PreparedAgain(id, blob) => {
            prepared_again(rows, id, blob)?;
            rows.tickets.retain(|_, ticket| ticket.order != Some(id) || ticket.used_by.is_some());
            Ok(())
        }
        Registration::PoolKey(key) => pool_key(rows, key),
        Registration::TakePoolKey(id) => rows.pool.remove(&id).map(drop).ok_or_else(|| conflict("pool key")),
        Registration::CardNumber(number, novelty) => {
            let same = |known: &cardwright_issuing_center::store::CardNumber| {
                known.order == number.order
                    || known.hash == number.hash && (novelty == Novelty::Number || known.sequence == number.sequence)
            };
            if rows.numbers.values().any(same) || !rows.orders.contains_key(&number.order) {
                return Err(conflict("card number"));
            }
            insert(&mut rows.numbers, number.order, number, "card number")
        }
        Registration::StepRange { range, before, after } => {
            if rows.ranges.get(&range).copied().unwrap_or(0) != before {
                return Err(conflict("number range"));
            }
            rows.ranges.insert(range, after);
            Ok(())
        }
        Registration::PinMailer(mailer) => insert(&mut rows.mailers, mailer.order, mailer, "PIN mailer"),
        Registration::PinMailerExported(order, time) => {
            let row = rows.mailers.get_mut(&order).filter(|row| row.exported.is_none());
            row.map(|row| row.exported = Some(time)).ok_or_else(|| conflict("PIN mailer"))
        }
        Registration::CertificationKey(key) => certification_key(rows, key),
        Registration::EmvIssuer { name, key, identifier } => {
            if rows.issuers.values().any(|known| known.key == key) {
                return Err(conflict("issuer"));
            }
            insert(&mut rows.issuers, name.clone(), EmvIssuer { name, key, identifier, certificate: None }, "issuer")
        }
        Registration::IssuerCertificate(certificate) => issuer_certificate(rows, certificate),
        Registration::PivAuthority(authority) => piv_authority(rows, authority),
        Registration::PivCertified(name, own) => {
            let row = rows.authorities.get_mut(&name).ok_or_else(|| conflict("authority"))?;
            row.certified = Some(own);
            Ok(())
        }
        Registration::CardCertificate(certificate) => card_certificate(rows, certificate),
        other => return Ok(Some(other)),
    }
    .map(|()| None)
}

fn prepared_again(rows: &mut Rows, id: Id, blob: SealedBlob) -> Result<(), StoreError> {
    let prepared = rows.orders.get(&id).is_some_and(|order| order.state == OrderState::Prepared);
    let row = rows.prepared.get_mut(&id).filter(|_| prepared).ok_or_else(|| conflict("prepared data"))?;
    *row = blob;
    Ok(())
}

fn pool_key(rows: &mut Rows, key: PoolKey) -> Result<(), StoreError> {
    if rows.pool.values().any(|known| known.modulus == key.modulus) {
        return Err(conflict("pool key"));
    }
    insert(&mut rows.pool, key.id, key, "pool key")
}

fn certification_key(rows: &mut Rows, key: CertificationKeyRow) -> Result<(), StoreError> {
    insert(&mut rows.certification_keys, (key.rid, key.index), key, "certification key")
}

fn issuer_certificate(rows: &mut Rows, certificate: IssuerCertificate) -> Result<(), StoreError> {
    if !rows.certification_keys.contains_key(&(certificate.rid, certificate.index)) {
        return Err(conflict("certification key"));
    }
    let issuer = rows.issuers.get_mut(&certificate.issuer).ok_or_else(|| conflict("issuer"))?;
    if issuer.certificate.as_ref().is_some_and(|known| known.number == certificate.number) {
        return Err(conflict("issuer certificate"));
    }
    if issuer.certificate.as_ref().is_none_or(|known| known.number < certificate.number) {
        issuer.certificate = Some(certificate);
    }
    Ok(())
}

fn piv_authority(rows: &mut Rows, authority: PivAuthority) -> Result<(), StoreError> {
    if rows.authorities.values().any(|known| known.key == authority.key) {
        return Err(conflict("authority"));
    }
    insert(&mut rows.authorities, authority.name.clone(), authority, "authority")
}

fn card_certificate(rows: &mut Rows, certificate: CardCertificate) -> Result<(), StoreError> {
    let known = rows.authorities.contains_key(&certificate.authority) && rows.orders.contains_key(&certificate.order);
    if !known {
        return Err(conflict("authority or order"));
    }
    let key = (certificate.authority.clone(), certificate.serial.clone());
    insert(&mut rows.card_certificates, key, certificate, "card certificate")
}

impl Rows {
    /// How many keys there are of each size.
    pub(super) fn pool_levels(&self) -> Vec<PoolLevel> {
        let mut levels = BTreeMap::new();
        for key in self.pool.values() {
            *levels.entry((key.bits, key.exponent)).or_insert(0) += 1;
        }
        levels.into_iter().map(|((bits, exponent), keys)| PoolLevel { bits, exponent, keys }).collect()
    }

    /// The serial numbers that an authority has given, oldest first.
    pub(super) fn certificates_of(&self, authority: &str) -> Vec<CardCertificate> {
        let certificates = self.card_certificates.values().filter(|row| row.authority == authority);
        let mut found: Vec<_> = certificates.cloned().collect();
        found.sort_by(|left, right| (left.prepared, &left.serial).cmp(&(right.prepared, &right.serial)));
        found
    }
}
