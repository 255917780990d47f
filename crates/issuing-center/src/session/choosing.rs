//! What an issuance is opened on: which of a card's key sets it answered with, which one is put on it, and whether it
//! must be looked at first.

use cardwright_issuance::admission::{Chosen, refusal, within_scp02_sessions};
use cardwright_issuance::basis::Basis;
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::product::CardProduct;
use cardwright_issuance::row::{Card, Issuance, KeySet, Ticket};
use cardwright_issuance::state::{KeySetState, State};
use cardwright_relay::Code;
use cardwright_relay::message::Refusal;

use crate::center::Center;
use crate::refused::Refused;
use crate::registry::stock::issuer_key_set;

/// Where the answer to INITIALIZE UPDATE names the key version (GPCS §E.5.1.6, Amd D Table 7-3).
const KEY_VERSION: usize = 10;

/// A basis, and the key set that was derived for it.
pub(super) struct Based {
    pub(super) basis: Basis,
    pub(super) derived: Option<KeySet>,
}

/// What an issuance is opened on. `before` are the card's issuances, oldest first.
pub(super) fn base<S>(
    center: &Center<S>,
    (product, card, key_sets): (&CardProduct, &Card, &[KeySet]),
    chosen: &Chosen<'_>,
    (ticket, before): (&Ticket, &[Issuance]),
    initialize_update_answer: &[u8],
) -> Result<Result<Based, Refusal>, Refused> {
    let opened = match answered(key_sets, initialize_update_answer) {
        Ok(opened) => opened,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let order = chosen.order;
    let name = (opened.version, opened.generation);
    let uses = |issuance: &&Issuance| issuance.basis.opened_with == name || issuance.basis.puts == Some(name);
    let sessions = before.iter().filter(uses).count() as u32;
    if let Err(refusal) = within_scp02_sessions(product, opened.protocol, order.kind, sessions) {
        return Ok(Err(refusal));
    }
    let derived = match new_keys(center, (product, card, key_sets), order.kind, order.argument.as_deref(), opened)? {
        Ok(derived) => derived,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let puts = derived.as_ref().map(|set| (set.version, set.generation));
    let beside = order.kind == OrderKind::ChangeKeys && product.has_spare_key_set();
    let is_on_card = |set: &&KeySet| {
        let name = (set.version, set.generation);
        name != (opened.version, opened.generation) && Some(name) != puts && set.state.may_be_on_card()
    };
    let last = before.iter().rev().find(|issuance| issuance.order == order.id);
    let confirmed_before = last.is_some_and(|issuance| issuance.basis.deletion_confirmed);
    // a word about one order is none about another that comes first
    let confirms = ticket.confirms_deletion && ticket.order.is_none_or(|named| named == order.id);
    let basis = Basis {
        opened_with: (opened.version, opened.generation),
        puts,
        settles: chosen.settles,
        // a card that answers with its maker's keys has not taken the issuer's: nothing could be written to it
        survey: chosen.settles && opened.state != KeySetState::Transport,
        verified: chosen.settles && last.is_some_and(Issuance::has_proven_all),
        deletion_confirmed: confirms || (chosen.settles && confirmed_before),
        content: card.content.clone(),
        card_state: before_it(card, last),
        other_versions: key_sets.iter().filter(is_on_card).map(|set| set.version).collect(),
        beside,
    };
    let derived = derived.filter(|set| !key_sets.contains(set));
    Ok(Ok(Based { basis, derived }))
}

/// What a card that is only looked at is opened on.
pub(super) fn seen(key_sets: &[KeySet], initialize_update_answer: &[u8]) -> Result<Basis, Refusal> {
    let opened = answered(key_sets, initialize_update_answer)?;
    Ok(Basis { opened_with: (opened.version, opened.generation), ..Basis::default() })
}

/// The card's state before the order: where an outcome is settled, as it was before the first attempt.
fn before_it(card: &Card, last: Option<&Issuance>) -> String {
    last.map_or_else(|| card.state.name().to_owned(), |issuance| issuance.basis.card_state.clone())
}

/// The key set on record that the card answered with. That it is this one, its cryptogram will say.
fn answered<'a>(key_sets: &'a [KeySet], answer: &[u8]) -> Result<&'a KeySet, Refusal> {
    let Some(version) = answer.get(KEY_VERSION).copied().filter(|_| answer.len() > KEY_VERSION + 2) else {
        return Err(refusal(Code::CARD_ANSWER_REFUSED, &["INITIALIZE UPDATE"]));
    };
    let found = key_sets.iter().filter(|set| set.version == version && set.state.may_be_on_card());
    let found = found.max_by_key(|set| set.generation);
    found.ok_or_else(|| refusal(Code::KEYS_UNKNOWN, &[&format!("{version:02X}")]))
}

/// The key set that the order puts on the card: one on record that was never sent, or one of the next generation, for no
/// value is sent twice.
fn new_keys<S>(
    center: &Center<S>,
    (product, card, key_sets): (&CardProduct, &Card, &[KeySet]),
    kind: OrderKind,
    argument: Option<&str>,
    opened: &KeySet,
) -> Result<Result<Option<KeySet>, Refusal>, Refused> {
    let generation = key_sets.iter().map(|set| set.generation).max().unwrap_or_default() + 1;
    let (version, protocol) = match kind {
        OrderKind::New | OrderKind::Replace | OrderKind::Renew if opened.state == KeySetState::Transport => {
            let version = product.issuer_key_version();
            let unsent = key_sets.iter().find(|set| set.version == version && set.state == KeySetState::Derived);
            if let Some(unsent) = unsent {
                return Ok(Ok(Some(unsent.clone())));
            }
            (version, product.protocol())
        }
        // the card has the new key set already
        OrderKind::ChangeKeys if opened.state == KeySetState::Intended => return Ok(Ok(None)),
        OrderKind::ChangeKeys => {
            let length = opened.protocol.to_bytes()[2].to_string();
            match product.changed_protocol(argument.unwrap_or(&length), opened.protocol) {
                Ok(protocol) => (free_version(key_sets), protocol),
                Err(fault) => return Ok(Err(refusal(Code::PRODUCT_REFUSED, &[product.name(), &fault.0]))),
            }
        }
        _ => return Ok(Ok(None)),
    };
    issuer_key_set(center, card, (version, generation), protocol).map(|set| Ok(Some(set)))
}

/// The next key version after the newest that no key set which may be on the card has: 01 after 7F.
fn free_version(key_sets: &[KeySet]) -> u8 {
    let newest = key_sets.iter().max_by_key(|set| set.generation).map_or(0, |set| set.version);
    let taken = |version: &u8| key_sets.iter().any(|set| set.version == *version && set.state.may_be_on_card());
    let after = |version: u8| if version >= 0x7F { 0x01 } else { version + 1 };
    std::iter::successors(Some(after(newest)), |version| Some(after(*version)))
        .take(0x80)
        .find(|version| !taken(version))
        .unwrap_or_else(|| after(newest))
}
