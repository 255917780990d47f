//! Entries of the log: what happened, by identity, never with personal data. Their encoding is canonical.

use minicbor::{Decode, Encode};

use crate::Id;

/// One entry. The encoding is a CBOR array of definite length, in this order of fields.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    /// version of this encoding: 1
    #[n(0)]
    pub format: u16,
    /// when, microseconds since 1970 UTC
    #[n(1)]
    pub time: i64,
    /// what
    #[n(2)]
    pub event: Event,
    /// the order it is about
    #[n(3)]
    pub order: Option<Id>,
    /// the card it is about
    #[n(4)]
    pub card: Option<Id>,
    /// the session it is about
    #[n(5)]
    pub session: Option<Id>,
    /// the terminal it came through
    #[n(6)]
    pub terminal: Option<Id>,
    /// the reader it came through
    #[n(7)]
    pub reader: Option<Id>,
    /// the person who answers for it
    #[n(8)]
    pub person: Option<Id>,
}

impl Entry {
    /// An entry about nothing in particular yet.
    #[must_use]
    pub fn new(time: i64, event: Event) -> Self {
        Self {
            format: 1,
            time,
            event,
            order: None,
            card: None,
            session: None,
            terminal: None,
            reader: None,
            person: None,
        }
    }
}

/// What an entry tells.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Event {
    /// the center was set up
    #[n(0)]
    CenterCreated,
    /// something was registered or withdrawn by a person: base, person, product, profile, key, stock, terminal, reader
    #[n(1)]
    Registered {
        /// the table
        #[n(0)]
        what: String,
        /// its name; a SHA-256 in hexadecimal follows for products and profiles
        #[n(1)]
        name: String,
        /// false where it was withdrawn
        #[n(2)]
        present: bool,
    },
    /// an order came in
    #[n(2)]
    OrderReceived,
    /// an order went to another state
    #[n(3)]
    OrderMoved {
        /// the state's name
        #[n(0)]
        state: String,
    },
    /// an operator released an order to a terminal
    #[n(4)]
    TicketIssued,
    /// someone or something was not let in, or not for this
    #[n(5)]
    Refused {
        /// the code
        #[n(0)]
        code: u16,
        /// its parameters
        #[n(1)]
        parameters: Vec<String>,
    },
    /// the card's cryptogram was right
    #[n(6)]
    CardAuthenticated,
    /// a script is about to be sent
    #[n(7)]
    Intended {
        /// the script's step
        #[n(0)]
        step: u16,
        /// its number of commands
        #[n(1)]
        commands: u16,
        /// its hash
        #[cbor(n(2), with = "minicbor::bytes")]
        script_hash: [u8; 32],
    },
    /// the script had left the center, as far as it could see
    #[n(8)]
    Sent {
        /// the script's step
        #[n(0)]
        step: u16,
    },
    /// the base has received the script and sent answers
    #[n(9)]
    Received {
        /// the script's step
        #[n(0)]
        step: u16,
        /// number of answers
        #[n(1)]
        answers: u16,
        /// SHA-256 of the RESULT message
        #[cbor(n(2), with = "minicbor::bytes")]
        result_hash: [u8; 32],
    },
    /// what the script wrote is proven: by the card's MAC on every answer (A), or its keys by their cryptogram (B)
    #[n(10)]
    Proven {
        /// the script's step
        #[n(0)]
        step: u16,
        /// A or B
        #[n(1)]
        grade: String,
    },
    /// what the card holds cannot be known
    #[n(11)]
    OutcomeUnknown {
        /// the step that was not proven
        #[n(0)]
        step: u16,
        /// the code that says why
        #[n(1)]
        code: u16,
        /// its parameters
        #[n(2)]
        parameters: Vec<String>,
    },
    /// the session ended before anything was intended
    #[n(12)]
    FailedClean {
        /// the code that says why
        #[n(0)]
        code: u16,
    },
    /// the card is live
    #[n(13)]
    CardLive,
    /// a message did not fit the session
    #[n(14)]
    MessageConflict {
        /// the step
        #[n(0)]
        step: u16,
    },
    /// a script was left in the middle, or not proven, after the card proved that these applications became usable
    #[n(15)]
    PartlyActivated {
        /// the script's step
        #[n(0)]
        step: u16,
        /// AIDs in hexadecimal, in the order of their commit points
        #[n(1)]
        applications: Vec<String>,
    },
    /// the terminal says that the card does not know optional data groupings; no R-MAC proves that
    #[n(16)]
    GroupingsUnknown {
        /// the script's step
        #[n(0)]
        step: u16,
        /// the application's AID in hexadecimal
        #[n(1)]
        application: String,
        /// the data grouping identifiers
        #[n(2)]
        groupings: Vec<u16>,
    },
    /// the answers to the script are as they should be, and nothing proves them yet
    #[n(17)]
    Believed {
        /// the script's step
        #[n(0)]
        step: u16,
    },
    /// an outcome that was unknown is known again: the order was finished on the card
    #[n(19)]
    Settled,
    /// a card went to another state, not by its own proof
    #[n(20)]
    CardMoved {
        /// the state's name
        #[n(0)]
        state: String,
    },
    /// a person saw all that is printed on the order's card
    #[n(18)]
    FaceSeen,
}

impl Entry {
    /// The canonical encoding, which is what the log's leaf holds.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        minicbor::to_vec(self).expect("memory takes every byte, and every value here has an encoding")
    }
}
