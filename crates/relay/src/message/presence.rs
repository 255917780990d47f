//! HELLO, WELCOME and WORK: a terminal is there, and learns what waits for it. Never a holder's name.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use super::Id;
use super::bounds::{MOST_CHALLENGES, MOST_PREAMBLES, MOST_TICKETS, PREAMBLE_COMMANDS, list};

/// A terminal announces itself and takes the lease of its one live instance.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Hello {
    /// message format, [`crate::FORMAT`]
    #[n(0)]
    pub format: u16,
    /// drawn anew each time the program starts
    #[n(1)]
    pub instance: Id,
    /// the program's version, for people
    #[n(2)]
    pub software: String,
    /// version of the newest reader list it ever held; 0 for none
    #[n(3)]
    pub reader_list_version: u64,
}

/// The center lets the terminal in.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Welcome {
    /// message format, [`crate::FORMAT`]
    #[n(0)]
    pub format: u16,
    /// the center's clock, microseconds since 1970 UTC
    #[n(1)]
    pub time: i64,
    /// until when the lease holds unless WORK renews it, microseconds since 1970 UTC
    #[n(2)]
    pub lease_until: i64,
    /// the signed reader list, as `reader::SignedReaderList` encodes
    #[n(3)]
    pub reader_list: ByteVec,
    /// one-time challenges for cards and readers
    #[n(4)]
    #[cbor(decode_with = "list::<_, _, MOST_CHALLENGES>")]
    pub challenges: Vec<Challenge>,
    /// how a card that was inserted is asked before OPEN, by its ATR
    #[n(5)]
    #[cbor(decode_with = "list::<_, _, MOST_PREAMBLES>")]
    pub preambles: Vec<Preamble>,
}

/// A one-time random value of the center's: the host challenge for a card, and the nonce for a reader's proof.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Challenge {
    /// its name
    #[n(0)]
    pub id: Id,
    /// the value; a card that takes 8 bytes gets the first 8
    #[n(1)]
    pub value: Id,
    /// until when it is taken, microseconds since 1970 UTC
    #[n(2)]
    pub expires: i64,
}

/// The commands a terminal sends to a card by itself, before OPEN. They try no key.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Preamble {
    /// the card product's name
    #[n(0)]
    pub product: String,
    /// the product's ATR
    #[n(1)]
    pub atr: ByteVec,
    /// commands before INITIALIZE UPDATE, as they go to the card (SELECT, GET DATA)
    #[n(2)]
    #[cbor(decode_with = "list::<_, _, PREAMBLE_COMMANDS>")]
    pub commands: Vec<ByteVec>,
    /// key version named by INITIALIZE UPDATE; 0 asks for the card's first key set, whose version its answer names
    #[n(3)]
    pub key_version: u8,
    /// 8, or 16 in S16 mode
    #[n(4)]
    pub challenge_length: u8,
}

/// Asks what waits; the center holds the answer back until something does, or `wait` is over.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct WorkQuery {
    /// as in HELLO
    #[n(0)]
    pub instance: Id,
    /// how many unused challenges the terminal still holds
    #[n(1)]
    pub challenges: u32,
    /// version of the reader list it holds
    #[n(2)]
    pub reader_list_version: u64,
    /// tickets it knows already
    #[n(3)]
    #[cbor(decode_with = "list::<_, _, MOST_TICKETS>")]
    pub known_tickets: Vec<Id>,
    /// longest wait, milliseconds; the center may answer sooner
    #[n(4)]
    pub wait: u32,
    /// `Some(true)`: this instance ends; its lease is given back, so that the next need not wait for its end
    #[n(5)]
    pub leaving: Option<bool>,
}

/// What waits for a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Work {
    /// orders an operator has released to this terminal
    #[n(0)]
    #[cbor(decode_with = "list::<_, _, MOST_TICKETS>")]
    pub tickets: Vec<Ticket>,
    /// sessions and tickets the center no longer wants
    #[n(1)]
    #[cbor(decode_with = "list::<_, _, MOST_TICKETS>")]
    pub cancelled: Vec<Id>,
    /// further challenges
    #[n(2)]
    #[cbor(decode_with = "list::<_, _, MOST_CHALLENGES>")]
    pub challenges: Vec<Challenge>,
    /// a newer signed reader list, where there is one
    #[n(3)]
    pub reader_list: Option<ByteVec>,
    /// as in WELCOME, renewed by this exchange
    #[n(4)]
    pub lease_until: i64,
    /// the center's clock, microseconds since 1970 UTC
    #[n(5)]
    pub time: i64,
}

/// An operator's word that an order is to be written at this terminal now; or, on a desk ticket, which names none, that
/// the operator attends the terminal until it expires, and whatever card is put in is served.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Ticket {
    /// its name; OPEN carries it
    #[n(0)]
    pub id: Id,
    /// the order's reference; empty on a desk ticket
    #[n(1)]
    pub order: String,
    /// the operator's name
    #[n(2)]
    pub operator: String,
    /// until when it is taken, microseconds since 1970 UTC
    #[n(3)]
    pub expires: i64,
}

impl Ticket {
    /// Whether it names no order: whatever card is put in is served.
    #[must_use]
    pub fn is_desk(&self) -> bool {
        self.order.is_empty()
    }
}
