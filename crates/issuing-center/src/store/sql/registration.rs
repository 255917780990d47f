//! New rows of people's work, and the few changes of them.

use cardwright_issuance::Id;
use cardwright_issuance::row::{Card, KeySet, Order, Reader, Terminal, Ticket};
use cardwright_issuance::state::OrderState;

use super::change::add_key_set;
use super::column::{columns, statement};
use super::commit::Writing;
use super::{campaign, certified, host, made_ahead, program};
use crate::store::{Document, EnrolmentCode, Idempotency, Person, Registration, SealedBlob, SealedOrder, StoreError};

pub(super) async fn apply(writing: &mut Writing, registration: &Registration) -> Result<(), StoreError> {
    match registration {
        Registration::Base(base) => {
            let text = "INSERT INTO bases (name, reader_tier) VALUES ($1, $2)";
            writing.one("the base", statement(text, columns![base.name, base.reader_tier])).await
        }
        Registration::Person(person) => add_person(writing, person).await,
        Registration::Product(document) => add_document(writing, "product", document).await,
        Registration::Profile(document) => add_document(writing, "profile", document).await,
        Registration::Terminal(terminal) => add_terminal(writing, terminal).await,
        Registration::RevokeTerminal(id, time) => {
            let text = "UPDATE terminals SET revoked = $1, instance = NULL WHERE id = $2 AND revoked IS NULL";
            writing.one("the terminal", statement(text, columns![*time, *id])).await
        }
        Registration::Reader(reader) => add_reader(writing, reader).await,
        Registration::RevokeReader(id, time) => {
            let text = "UPDATE readers SET revoked = $1 WHERE id = $2 AND revoked IS NULL";
            writing.one("the reader", statement(text, columns![*time, *id])).await
        }
        Registration::EnrolmentCode(code) => add_enrolment_code(writing, code).await,
        Registration::UseEnrolmentCode(hash, now) => {
            let text = "UPDATE enrolment_codes SET used = $1 WHERE hash = $2 AND used IS NULL AND expires > $3";
            writing.one("the enrolment code", statement(text, columns![*now, *hash, *now])).await
        }
        Registration::Stock(card, transport, issuer) => add_stock(writing, card, [transport, issuer]).await,
        Registration::Order(order, sealed) => add_order(writing, order, sealed).await,
        Registration::Prepared(order, prepared) => add_prepared(writing, *order, prepared).await,
        Registration::PreparedBare(order) => set_prepared(writing, *order).await,
        Registration::Approve(order, approver) => {
            let text = "UPDATE orders SET state = $1, approved_by = $2 WHERE id = $3 AND state = $4";
            let values = columns![OrderState::Approved, *approver, *order, OrderState::Received];
            writing.one("the order", statement(text, values)).await
        }
        Registration::PreparedAgain(order, prepared) => made_ahead::prepare_again(writing, *order, prepared).await,
        Registration::CarriedAgain(order, prepared) => made_ahead::carry_again(writing, *order, prepared).await,
        Registration::Ticket(ticket) => add_ticket(writing, ticket).await,
        Registration::EndTicket(ticket, now) => {
            let text = "UPDATE tickets SET expires = $1 WHERE id = $2 AND used_by IS NULL AND expires > $3";
            writing.one("the ticket", statement(text, columns![*now, *ticket, *now])).await
        }
        Registration::Idempotency(answer) => add_idempotency(writing, answer).await,
        Registration::DestructionKey { day, key } => {
            let text = "INSERT INTO destruction_keys (day, key) VALUES ($1, $2)";
            writing.one("the destruction key", statement(text, columns![*day, key.as_str()])).await
        }
        Registration::Setting { name, value } => {
            let text = "INSERT INTO settings (name, value) VALUES ($1, $2)";
            writing.one("the setting", statement(text, columns![name.as_str(), value.as_slice()])).await
        }
        other => apply_more(writing, other).await,
    }
}

/// What is made ahead, certified and loaded; campaigns, and what the issuer's host is told.
async fn apply_more(writing: &mut Writing, registration: &Registration) -> Result<(), StoreError> {
    match registration {
        Registration::PoolKey(key) => made_ahead::add_pool_key(writing, key).await,
        Registration::TakePoolKey(id) => made_ahead::take_pool_key(writing, *id).await,
        Registration::CardNumber(number, novelty) => made_ahead::add_card_number(writing, number, *novelty).await,
        Registration::StepRange { range, before, after } => {
            made_ahead::step_range(writing, range, *before, *after).await
        }
        Registration::PinMailer(mailer) => made_ahead::add_pin_mailer(writing, mailer).await,
        Registration::PinMailerExported(order, time) => made_ahead::export_pin_mailer(writing, *order, *time).await,
        Registration::CertificationKey(key) => certified::add_certification_key(writing, key).await,
        Registration::EmvIssuer { name, key, identifier } => {
            certified::add_emv_issuer(writing, name, key, identifier).await
        }
        Registration::IssuerCertificate(certificate) => certified::add_issuer_certificate(writing, certificate).await,
        Registration::PivAuthority(authority) => certified::add_piv_authority(writing, authority).await,
        Registration::PivCertified(name, own) => certified::certify_piv_authority(writing, name, own).await,
        Registration::CardCertificate(certificate) => certified::add_card_certificate(writing, certificate).await,
        Registration::Program(row) => program::add(writing, row).await,
        Registration::ApproveProgram(load_file, approval) => program::approve(writing, load_file, *approval).await,
        Registration::WithdrawProgram(load_file) => program::withdraw(writing, load_file).await,
        Registration::Free(freed) => campaign::free(writing, freed).await,
        Registration::Campaign(change) => campaign::apply(writing, change).await,
        Registration::Host(row) => host::set_host(writing, row).await,
        Registration::CardExpiry(order, day) => host::set_expiry(writing, *order, *day).await,
        Registration::EventTaken(event, time) => host::event_taken(writing, *event, *time).await,
        Registration::CardDecision(decision) => host::propose(writing, decision).await,
        Registration::CardDecisionConfirmed { decision, by, time } => {
            host::confirm(writing, *decision, *by, *time).await
        }
        // The others are people's rows, applied above.
        _ => Err(StoreError::Conflict("a row that nobody writes".into())),
    }
}

async fn add_person(writing: &mut Writing, person: &Person) -> Result<(), StoreError> {
    let text = "INSERT INTO people (id, name, roles, secret) VALUES ($1, $2, $3, $4)";
    let values = columns![person.id, person.name, person.roles.join(","), person.secret];
    writing.one("the person", statement(text, values)).await
}

async fn add_document(writing: &mut Writing, kind: &str, document: &Document) -> Result<(), StoreError> {
    let text = "INSERT INTO documents (kind, name, version, text, digest, imported) VALUES ($1, $2, $3, $4, $5, $6)";
    let Document { name, version, text: content, digest, imported } = document;
    let values = columns![kind, name.as_str(), *version, content.as_str(), *digest, *imported];
    writing.one(kind, statement(text, values)).await
}

async fn add_terminal(writing: &mut Writing, terminal: &Terminal) -> Result<(), StoreError> {
    let text = "INSERT INTO terminals (id, name, base, fingerprint, expires, revoked, instance, lease_until) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let Terminal { id, ref name, ref base, fingerprint, expires, revoked, instance, lease_until } = *terminal;
    let values = columns![id, name.as_str(), base.as_str(), fingerprint, expires, revoked, instance, lease_until];
    writing.one("the terminal", statement(text, values)).await
}

async fn add_reader(writing: &mut Writing, reader: &Reader) -> Result<(), StoreError> {
    let text = "INSERT INTO readers (id, name, base, tier, card_slot, sam_slot, sam_key, revoked) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let Reader { id, name, base, tier, card_slot, sam_slot, sam_key, revoked } = reader;
    let mut values = columns![*id, name.as_str(), base.as_str(), *tier];
    values.extend(columns![card_slot.as_str(), sam_slot.as_str(), sam_key.as_slice(), *revoked]);
    writing.one("the reader", statement(text, values)).await
}

async fn add_enrolment_code(writing: &mut Writing, code: &EnrolmentCode) -> Result<(), StoreError> {
    let text = "INSERT INTO enrolment_codes (hash, terminal, base, expires) VALUES ($1, $2, $3, $4)";
    let values = columns![code.hash, code.terminal, code.base, code.expires];
    writing.one("the enrolment code", statement(text, values)).await
}

async fn add_stock(writing: &mut Writing, card: &Card, key_sets: [&KeySet; 2]) -> Result<(), StoreError> {
    let text = "INSERT INTO cards (id, product, cplc, kdd, state, order_id, open_tries, masked_number, content) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let Card { id, ref product, ref cplc, kdd, state, order, open_tries, ref masked_number, ref content } = *card;
    let mut values = columns![id, product.as_str(), cplc.as_slice(), kdd, state, order, open_tries];
    values.extend(columns![masked_number.clone(), *content]);
    writing.one("the card", statement(text, values)).await?;
    for key_set in key_sets {
        add_key_set(writing, key_set).await?;
    }
    Ok(())
}

async fn add_order(writing: &mut Writing, order: &Order, sealed: &SealedOrder) -> Result<(), StoreError> {
    let text = "INSERT INTO orders (id, reference, base, profile, kind, state, entered_by, entered, approved_by, card, argument, \
                replaces, campaign) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let mut values = columns![order.id, order.reference, order.base, order.profile, order.kind, order.state];
    values.extend(columns![order.entered_by, order.entered, order.approved_by, order.card, order.argument.clone()]);
    values.extend(columns![order.replaces, order.campaign]);
    writing.one("the order", statement(text, values)).await?;
    let text = "INSERT INTO sealed_orders (order_id, fields, data_key, destruction_day) VALUES ($1, $2, $3, $4)";
    let values = columns![order.id, sealed.fields, sealed.data_key, sealed.destruction_day];
    writing.one("the sealed order", statement(text, values)).await
}

/// An approved order has its data: it is prepared.
async fn add_prepared(writing: &mut Writing, order: Id, prepared: &SealedBlob) -> Result<(), StoreError> {
    let text = "INSERT INTO prepared (order_id, sealed, digest, profile) VALUES ($1, $2, $3, $4)";
    let values = columns![order, prepared.sealed, prepared.digest, prepared.profile];
    writing.one("the prepared data", statement(text, values)).await?;
    set_prepared(writing, order).await
}

async fn set_prepared(writing: &mut Writing, order: Id) -> Result<(), StoreError> {
    let text = "UPDATE orders SET state = $1 WHERE id = $2 AND state = $3";
    let values = columns![OrderState::Prepared, order, OrderState::Approved];
    writing.one("the order", statement(text, values)).await
}

async fn add_ticket(writing: &mut Writing, ticket: &Ticket) -> Result<(), StoreError> {
    let text = "INSERT INTO tickets (id, order_id, terminal, operator, confirms_deletion, expires, used_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let Ticket { id, order, terminal, operator, confirms_deletion, expires, used_by } = *ticket;
    let values = columns![id, order, terminal, operator, confirms_deletion, expires, used_by];
    writing.one("the ticket", statement(text, values)).await
}

async fn add_idempotency(writing: &mut Writing, answer: &Idempotency) -> Result<(), StoreError> {
    let text = "INSERT INTO idempotency (key, request, status, body, created) VALUES ($1, $2, $3, $4, $5)";
    let Idempotency { key, request, status, body, created } = answer;
    let values = columns![key.as_str(), *request, *status, body.as_slice(), *created];
    writing.one("the idempotency key", statement(text, values)).await
}
