//! OPEN, first half: each reason not to let it in has its code, and the first one found is the answer.

use cardwright_issuance::Id;
use cardwright_issuance::admission::{Facts, Parties, admit, choose, not_prepared};
use cardwright_issuance::content::Content;
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::row::{Base, Card, Challenge, Order, Reader, Terminal, Ticket};
use cardwright_issuance::state::{CardState, OrderState, State};
use cardwright_relay::Code;
use cardwright_relay::message::Open;

const NOW: i64 = 1_000_000;
const TRIES: u8 = 3;

/// Everything an OPEN is judged by; as it begins, it is let in.
struct World {
    terminal: Terminal,
    base: Base,
    reader: Option<Reader>,
    reader_proof_valid: bool,
    challenge: Option<Challenge>,
    ticket: Option<Ticket>,
    order: Option<Order>,
    open: Open,
}

impl World {
    fn new() -> Self {
        Self {
            terminal: terminal(),
            base: Base { name: "north".into(), reader_tier: 1 },
            reader: Some(reader()),
            reader_proof_valid: true,
            challenge: Some(challenge()),
            ticket: Some(ticket()),
            order: Some(order()),
            open: open(),
        }
    }

    /// The code it is refused with; none where it is let in.
    fn refused(&self) -> Option<Code> {
        let facts = Facts {
            now: NOW,
            terminal: &self.terminal,
            base: &self.base,
            reader: self.reader.as_ref(),
            reader_proof_valid: self.reader_proof_valid,
            challenge: self.challenge.as_ref(),
            ticket: self.ticket.as_ref(),
            order: self.order.as_ref(),
        };
        admit(&facts, &self.open).err().map(|refusal| refusal.code)
    }
}

pub(crate) fn id(byte: u8) -> Id {
    [byte; 16].into()
}

fn terminal() -> Terminal {
    Terminal {
        id: id(1),
        name: "counter 1".into(),
        base: "north".into(),
        fingerprint: [0; 32],
        expires: NOW + 1,
        revoked: None,
        instance: Some(id(2)),
        lease_until: NOW + 1,
    }
}

fn reader() -> Reader {
    Reader {
        id: id(3),
        name: "reader 1".into(),
        base: "north".into(),
        tier: 2,
        card_slot: "*".into(),
        sam_slot: "*".into(),
        sam_key: vec![0x30],
        revoked: None,
    }
}

fn challenge() -> Challenge {
    Challenge { id: id(4), value: id(5), terminal: id(1), expires: NOW + 1, used_by: None }
}

fn ticket() -> Ticket {
    let (order, operator, confirms_deletion) = (Some(id(7)), id(8), false);
    Ticket { id: id(6), order, terminal: id(1), operator, confirms_deletion, expires: NOW + 1, used_by: None }
}

fn order() -> Order {
    Order {
        id: id(7),
        reference: "A-1".into(),
        base: "north".into(),
        profile: "identity".into(),
        kind: OrderKind::New,
        argument: None,
        state: OrderState::Prepared,
        entered_by: id(9),
        entered: 0,
        approved_by: Some(id(10)),
        card: None,
        replaces: None,
        campaign: None,
    }
}

fn open() -> Open {
    Open {
        session: id(11),
        instance: id(2),
        reader: id(3),
        reader_proof: Vec::new().into(),
        ticket: id(6),
        order: "A-1".into(),
        product: "card".into(),
        atr: vec![0x3B].into(),
        challenge: id(4),
        answers: Vec::new(),
    }
}

pub(crate) fn card(state: CardState) -> Card {
    Card {
        id: id(12),
        product: "card".into(),
        cplc: Vec::new(),
        kdd: [0; 10],
        state,
        order: None,
        open_tries: 0,
        masked_number: None,
        content: Content::default(),
    }
}

type Change = fn(&mut World);

/// One thing wrong at a time, grouped by who is asked about, in the order in which they are asked.
const WRONG: [&[(Change, Code)]; 5] = [
    &[
        (|world| world.terminal.revoked = Some(0), Code::TERMINAL_REVOKED),
        (|world| world.terminal.expires = NOW, Code::TERMINAL_EXPIRED),
        (|world| world.terminal.instance = None, Code::TERMINAL_TWICE),
        (|world| world.terminal.instance = Some(id(99)), Code::TERMINAL_TWICE),
        (|world| world.terminal.lease_until = NOW, Code::TERMINAL_TWICE),
    ],
    &[
        (|world| world.challenge = None, Code::CHALLENGE_REFUSED),
        (|world| world.challenge.as_mut().unwrap().terminal = id(99), Code::CHALLENGE_REFUSED),
        (|world| world.challenge.as_mut().unwrap().expires = NOW, Code::CHALLENGE_REFUSED),
        (|world| world.challenge.as_mut().unwrap().used_by = Some(id(99)), Code::CHALLENGE_REFUSED),
    ],
    &[
        (|world| world.reader = None, Code::READER_UNKNOWN),
        (|world| world.reader.as_mut().unwrap().base = "south".into(), Code::READER_UNKNOWN),
        (|world| world.reader.as_mut().unwrap().tier = 0, Code::READER_UNKNOWN),
        (|world| world.reader.as_mut().unwrap().revoked = Some(0), Code::READER_REVOKED),
        (|world| world.reader_proof_valid = false, Code::READER_PROOF_WRONG),
    ],
    &[
        (|world| world.order = None, Code::ORDER_UNKNOWN),
        (|world| world.order.as_mut().unwrap().base = "south".into(), Code::OTHER_BASE),
        (|world| world.order.as_mut().unwrap().state = OrderState::Issuing, Code::ORDER_BUSY),
    ],
    &[
        (|world| world.ticket = None, Code::TICKET_REFUSED),
        (|world| world.ticket.as_mut().unwrap().order = Some(id(99)), Code::TICKET_REFUSED),
        (|world| world.ticket.as_mut().unwrap().terminal = id(99), Code::TICKET_REFUSED),
        (|world| world.ticket.as_mut().unwrap().expires = NOW, Code::TICKET_REFUSED),
        (|world| world.ticket.as_mut().unwrap().used_by = Some(id(99)), Code::TICKET_REFUSED),
        (|world| world.ticket.as_mut().unwrap().operator = id(10), Code::SAME_PERSON),
    ],
];

#[test]
fn what_is_right_is_let_in() {
    assert_eq!(World::new().refused(), None);
}

#[test]
fn a_reader_below_tier_2_proves_nothing() {
    let mut world = World::new();
    world.reader.as_mut().unwrap().tier = 1;
    world.reader_proof_valid = false;
    assert_eq!(world.refused(), None);
    world.base.reader_tier = 2;
    assert_eq!(world.refused(), Some(Code::READER_UNKNOWN), "and may not stand where tier 2 is asked for");
}

#[test]
fn each_thing_wrong_has_its_code() {
    for (index, (change, code)) in WRONG.into_iter().flatten().enumerate() {
        let mut world = World::new();
        change(&mut world);
        assert_eq!(world.refused(), Some(*code), "row {index}");
    }
}

#[test]
fn terminal_challenge_reader_order_and_ticket_are_asked_in_this_order() {
    for (asked, group) in WRONG.into_iter().enumerate() {
        for (behind, _) in WRONG[asked + 1..].iter().copied().flatten() {
            for (change, code) in group {
                let mut world = World::new();
                behind(&mut world);
                change(&mut world);
                assert_eq!(world.refused(), Some(*code));
            }
        }
    }
}

#[test]
fn an_order_is_written_in_one_state_alone() {
    let answers = [
        (OrderState::Received, Some(Code::ORDER_NOT_APPROVED)),
        (OrderState::Approved, Some(Code::ORDER_NOT_PREPARED)),
        (OrderState::Prepared, None),
        (OrderState::Issuing, Some(Code::ORDER_BUSY)),
        (OrderState::Issued, Some(Code::ORDER_ISSUED)),
        (OrderState::Rejected, Some(Code::ORDER_CLOSED)),
        (OrderState::Cancelled, Some(Code::ORDER_CLOSED)),
        (OrderState::Blocked, Some(Code::ORDER_BLOCKED)),
    ];
    assert_eq!(answers.map(|(state, _)| state).as_slice(), states::<OrderState>());
    for (state, code) in answers {
        let mut world = World::new();
        world.order.as_mut().unwrap().state = state;
        assert_eq!((world.refused(), not_prepared(state)), (code, code), "{state:?}");
    }
}

#[test]
fn a_card_is_taken_from_stock_alone() {
    let answers = [
        (CardState::Stock, None),
        (CardState::Bound, Some(Code::CARD_BOUND_ELSEWHERE)),
        (CardState::Dirty, Some(Code::CARD_BOUND_ELSEWHERE)),
        (CardState::Verified, Some(Code::CARD_BOUND_ELSEWHERE)),
        (CardState::Activating, Some(Code::CARD_BOUND_ELSEWHERE)),
        (CardState::PartlyActivated, Some(Code::CARD_WITHOUT_ORDER)),
        (CardState::Live, Some(Code::CARD_LIVE)),
        (CardState::Unknown, Some(Code::CARD_WITHOUT_ORDER)),
        (CardState::Quarantined, Some(Code::CARD_QUARANTINED)),
        (CardState::Lost, Some(Code::CARD_ENDED)),
        (CardState::Locked, Some(Code::CARD_LIVE)),
        (CardState::Terminated, Some(Code::CARD_ENDED)),
        (CardState::Scrapped, Some(Code::CARD_NOT_IN_STOCK)),
    ];
    assert_eq!(answers.map(|(state, _)| state).as_slice(), states::<CardState>());
    for (state, code) in answers {
        assert_eq!(card_refused(Some(&card(state))), code, "{state:?}");
    }
    assert_eq!(card_refused(None), Some(Code::CARD_NOT_IN_STOCK));
}

#[test]
fn a_bound_card_is_taken_for_its_own_order_alone() {
    for state in states::<CardState>() {
        let bound = Card { order: Some(id(7)), ..card(state) };
        let taken = matches!(state, CardState::Stock | CardState::Bound);
        assert_eq!(card_refused(Some(&bound)).is_none(), taken, "{state:?}");
    }
    let elsewhere = Card { order: Some(id(99)), ..card(CardState::Bound) };
    assert_eq!(card_refused(Some(&elsewhere)), Some(Code::CARD_BOUND_ELSEWHERE));
}

#[test]
fn a_card_whose_tries_are_used_up_is_put_aside() {
    for (open_tries, code) in [(TRIES - 1, None), (TRIES, Some(Code::CARD_QUARANTINED))] {
        let tried = Card { open_tries, ..card(CardState::Stock) };
        assert_eq!(card_refused(Some(&tried)), code, "{open_tries} tries");
    }
}

fn card_refused(card: Option<&Card>) -> Option<Code> {
    chosen(card, Some(&order()), &[]).err()
}

/// Which of a card's orders is carried out where the message names `named`.
fn chosen(card: Option<&Card>, named: Option<&Order>, of_card: &[Order]) -> Result<(Id, bool), Code> {
    let (reader, challenge) = (reader(), challenge());
    let ticket = Ticket { order: named.map(|order| order.id), ..ticket() };
    let parties = Parties { reader: &reader, challenge: &challenge, ticket: &ticket, order: named };
    let chosen = choose(card, &parties, of_card, TRIES).map_err(|refusal| refusal.code)?;
    Ok((chosen.order.id, chosen.settles))
}

/// An order of `kind` about the card, by its place.
pub(crate) fn change(byte: u8, kind: OrderKind, state: OrderState) -> Order {
    Order { id: id(byte), kind, state, card: Some(card(CardState::Live).id), ..order() }
}

#[test]
fn what_was_left_in_the_middle_comes_before_what_was_asked_for() {
    let of_card = [
        change(70, OrderKind::PersonalData, OrderState::Prepared),
        change(71, OrderKind::ChangeKeys, OrderState::Blocked),
    ];
    for state in [CardState::Unknown, CardState::PartlyActivated] {
        assert_eq!(chosen(Some(&card(state)), None, &of_card), Ok((id(71), true)));
        assert_eq!(chosen(Some(&card(state)), Some(&of_card[0]), &of_card), Ok((id(71), true)));
    }
}

#[test]
fn a_card_of_unknown_content_that_no_order_would_finish_can_be_ended_and_nothing_else() {
    let of_card = [
        change(70, OrderKind::PersonalData, OrderState::Prepared),
        change(71, OrderKind::Block, OrderState::Prepared),
        change(72, OrderKind::Terminate, OrderState::Prepared),
        change(73, OrderKind::Pin, OrderState::Blocked),
    ];
    for state in [CardState::Unknown, CardState::PartlyActivated] {
        assert_eq!(chosen(Some(&card(state)), None, &of_card), Ok((id(73), true)));
        assert_eq!(chosen(Some(&card(state)), None, &of_card[..3]), Ok((id(72), false)));
        assert_eq!(chosen(Some(&card(state)), None, &of_card[..2]), Err(Code::CARD_WITHOUT_ORDER));
    }
}

#[test]
fn the_oldest_change_that_waits_is_found_when_the_card_is_seen() {
    let of_card = [
        change(70, OrderKind::Unblock, OrderState::Prepared),
        change(71, OrderKind::PersonalData, OrderState::Issued),
        change(72, OrderKind::Pin, OrderState::Prepared),
        change(73, OrderKind::ChangeKeys, OrderState::Prepared),
    ];
    let live = card(CardState::Live);
    assert_eq!(chosen(Some(&live), None, &of_card), Ok((id(72), false)), "a card in use needs no unblocking");
    let locked = card(CardState::Locked);
    assert_eq!(chosen(Some(&locked), None, &of_card), Ok((id(70), false)), "a blocked one is not changed before");
    assert_eq!(chosen(Some(&locked), Some(&of_card[3]), &of_card[1..]), Err(Code::CARD_ENDED), "nor given other keys");
    assert_eq!(chosen(Some(&live), None, &[]), Err(Code::NOTHING_WAITS));
    assert_eq!(chosen(Some(&live), Some(&of_card[3]), &of_card), Ok((id(73), false)));
    let other = Card { id: id(98), ..card(CardState::Live) };
    assert_eq!(chosen(Some(&other), Some(&of_card[3]), &[]), Err(Code::OTHER_CARD));
}

#[test]
fn a_blank_is_not_written_without_an_order_and_a_card_that_ended_only_hears_of_it() {
    assert_eq!(chosen(Some(&card(CardState::Stock)), None, &[]), Err(Code::CARD_BLANK));
    let blank = card(CardState::Stock);
    let change_of_another = change(70, OrderKind::Pin, OrderState::Prepared);
    assert_eq!(chosen(Some(&blank), Some(&change_of_another), &[]), Err(Code::OTHER_CARD));
    let of_card =
        [change(70, OrderKind::Pin, OrderState::Prepared), change(71, OrderKind::Terminate, OrderState::Prepared)];
    for state in [CardState::Lost, CardState::Terminated] {
        assert_eq!(chosen(Some(&card(state)), None, &of_card), Ok((id(71), false)));
        assert_eq!(chosen(Some(&card(state)), None, &of_card[..1]), Err(Code::CARD_ENDED));
    }
}

#[test]
fn nobody_carries_out_what_they_approved_on_whatever_card_it_is() {
    let approver = ticket().operator;
    let own = |byte, state| Order { approved_by: Some(approver), ..change(byte, OrderKind::Pin, state) };
    let live = card(CardState::Live);
    assert_eq!(chosen(Some(&live), None, &[own(70, OrderState::Prepared)]), Err(Code::SAME_PERSON));
    let others = change(71, OrderKind::Pin, OrderState::Prepared);
    assert_eq!(chosen(Some(&live), None, &[own(70, OrderState::Prepared), others]), Ok((id(71), false)));
    let unknown = card(CardState::Unknown);
    assert_eq!(chosen(Some(&unknown), None, &[own(70, OrderState::Blocked)]), Err(Code::SAME_PERSON));
}

fn states<S: State>() -> Vec<S> {
    S::NAMES.iter().map(|(state, _)| *state).collect()
}
