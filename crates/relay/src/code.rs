//! The codes of everything that can go wrong, `CW-nnnn`. Texts are made at the edges from code and parameters.

use std::fmt;

/// One code. The thousands tell who has to act: 1 the center's people, 2 the terminal or its reader, 3 the card,
/// 4 an order or its data, 5 the line, the machine or the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct Code(#[n(0)] pub u16);

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        impl Code {
            $($(#[$doc])* pub const $name: Self = Self($number);)*

            /// Every code there is, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

codes! {
    /// the keystore's passphrase is wrong
    WRONG_PASSPHRASE = 1001;
    /// the person is unknown, or the secret is wrong
    PERSON_REFUSED = 1002;
    /// the person lacks the role. Parameters: person, role
    ROLE_MISSING = 1003;
    /// who entered an order does not approve it, who approves does not write it
    SAME_PERSON = 1004;
    /// a published test key. Parameters: name
    PUBLISHED_KEY = 1005;
    /// a card product that cannot be used. Parameters: product, reason
    PRODUCT_REFUSED = 1006;
    /// a profile that cannot be used. Parameters: profile, reason
    PROFILE_REFUSED = 1007;
    /// the keystore does not answer
    KEYSTORE_UNAVAILABLE = 1008;
    /// the log does not verify. Parameters: first wrong index, reason
    LOG_DAMAGED = 1009;
    /// a name that another bears. Parameters: name
    NAME_TAKEN = 1010;
    /// roles that exclude each other, or are none. Parameters: roles
    ROLES_REFUSED = 1011;
    /// a key that is not taken. Parameters: key, reason
    KEY_REFUSED = 1012;
    /// no such key. Parameters: key
    KEY_UNKNOWN = 1013;
    /// no such card product. Parameters: product
    PRODUCT_UNKNOWN = 1014;
    /// a shipment file is malformed, or is not what the keys say. Parameters: row, column, reason
    STOCK_FILE_REFUSED = 1015;
    /// another program keeps the keystore from being changed
    KEYSTORE_BUSY = 1016;
    /// there is a center already. Parameters: path
    CENTER_EXISTS = 1017;
    /// there is no center. Parameters: path
    CENTER_MISSING = 1018;
    /// somebody else was first; nothing was written
    CHANGED_MEANWHILE = 1019;
    /// no such card in the database. Parameters: card
    CARD_NOT_FOUND = 1020;
    /// a name that cannot be one. Parameters: name
    NAME_REFUSED = 1021;
    /// a person's secret is too short
    SECRET_REFUSED = 1022;
    /// a reader that cannot be entered as described. Parameters: reader, reason
    READER_REFUSED = 1023;
    /// no key of this size is left in the pool. Parameters: size
    POOL_EMPTY = 1024;
    /// a range of card numbers is used up. Parameters: range
    RANGE_EXHAUSTED = 1025;
    /// a certificate or its key cannot be used. Parameters: element, rule, remedy
    CERTIFICATE_REFUSED = 1026;
    /// no such issuer key. Parameters: issuer
    ISSUER_UNKNOWN = 1027;
    /// no such authority for cards' own keys, or it has no certificate yet. Parameters: authority
    AUTHORITY_UNKNOWN = 1028;
    /// a CAP file that is not taken. Parameters: program, reason
    PROGRAM_REFUSED = 1030;
    /// no such program. Parameters: program, its name or its load file's AID
    PROGRAM_UNKNOWN = 1031;
    /// the program is approved already. Parameters: program
    PROGRAM_APPROVED = 1033;
    /// the issuer's host cannot be told there. Parameters: url, reason
    HOST_REFUSED = 1040;
    /// no issuer's host is set
    HOST_UNKNOWN = 1041;
    /// card numbers leave over loopback alone, where a proxy may speak TLS for it
    HOST_NOT_PRIVATE = 1042;

    /// the terminal is not in the center's database
    TERMINAL_UNKNOWN = 2001;
    /// the terminal was revoked
    TERMINAL_REVOKED = 2002;
    /// the terminal's certificate has expired
    TERMINAL_EXPIRED = 2003;
    /// another live instance of this terminal holds the lease
    TERMINAL_TWICE = 2004;
    /// the one-time code is wrong, used or expired
    ENROLMENT_REFUSED = 2005;
    /// the reader is not on the list. Parameters: reader
    READER_UNKNOWN = 2006;
    /// the reader was revoked. Parameters: reader
    READER_REVOKED = 2007;
    /// the reader's proof does not verify. Parameters: reader
    READER_PROOF_WRONG = 2008;
    /// the reader list has expired
    READER_LIST_EXPIRED = 2009;
    /// the reader list is not signed by the center
    READER_LIST_ALTERED = 2010;
    /// the reader list is older than one seen before
    READER_LIST_OLDER = 2011;
    /// the center's certificate is not the enrolled center's
    OTHER_CENTER = 2012;
    /// no such ticket for this order, terminal and time. Parameters: order
    TICKET_REFUSED = 2013;
    /// the challenge is unknown, used or expired
    CHALLENGE_REFUSED = 2014;
    /// the order is to be written at another base. Parameters: order
    OTHER_BASE = 2015;
    /// the message format is not spoken here
    FORMAT_REFUSED = 2016;
    /// another message was answered at this step of the session
    MESSAGE_CONFLICT = 2017;
    /// there is no such session
    SESSION_UNKNOWN = 2018;

    /// the card is not in stock
    CARD_NOT_IN_STOCK = 3001;
    /// the card is of another product. Parameters: product expected
    OTHER_PRODUCT = 3002;
    /// the card's answer to INITIALIZE UPDATE does not fit its product. Parameters: what
    CARD_ANSWER_REFUSED = 3003;
    /// the card does not hold the access key
    CARD_CRYPTOGRAM_WRONG = 3004;
    /// the card belongs to another order
    CARD_BOUND_ELSEWHERE = 3005;
    /// the card is in quarantine
    CARD_QUARANTINED = 3006;
    /// an answer of the card does not verify: outcome unknown. Parameters: index
    ANSWER_NOT_PROVEN = 3007;
    /// the card was left in the middle: outcome unknown. Parameters: index, reason
    CARD_LEFT = 3008;
    /// the card's state is unknown and must be settled first
    CARD_UNKNOWN = 3009;
    /// the card was gone before anything was written
    CARD_GONE = 3010;
    /// the card is live already
    CARD_LIVE = 3011;
    /// no card product of this center has this ATR. Parameters: ATR
    ATR_UNKNOWN = 3012;
    /// the card did not answer in time, before anything was written
    CARD_SILENT = 3013;
    /// no card was inserted in time. Parameters: seconds
    NO_CARD = 3014;
    /// the order changes an application that is not on the card. Parameters: application
    APPLICATION_MISSING = 3015;
    /// the card has no room for the new application beside the old one. Parameters: bytes needed, bytes free
    MEMORY_TOO_SMALL = 3016;
    /// no change waits for the card
    NOTHING_WAITS = 3017;
    /// the order is for another card. Parameters: order
    OTHER_CARD = 3018;
    /// the card was replaced, lost or ended
    CARD_ENDED = 3019;
    /// what is being done, and what waits after it. Parameters: kind, order, number of further changes
    CHANGES_WAIT = 3020;
    /// an order that was left in the middle is being finished. Parameters: kind, order
    BEING_FINISHED = 3021;
    /// the card answered with a key set that is not on record. Parameters: key version
    KEYS_UNKNOWN = 3022;
    /// the issuer's host has not taken that the old card is blocked. Parameters: order
    HOST_NOT_TOLD = 3023;
    /// the card is a blank, and no order was named for it
    CARD_BLANK = 3024;
    /// the card is blocked, and nothing waits for it
    CARD_BLOCKED = 3039;
    /// what the card holds is not known, and no order is left that would find it out
    CARD_WITHOUT_ORDER = 3040;

    /// no such order. Parameters: order
    ORDER_UNKNOWN = 4001;
    /// the order is not approved. Parameters: order
    ORDER_NOT_APPROVED = 4002;
    /// the order is issued already. Parameters: order
    ORDER_ISSUED = 4003;
    /// the order is blocked until its unknown outcome is settled. Parameters: order
    ORDER_BLOCKED = 4004;
    /// the order is being written elsewhere. Parameters: order
    ORDER_BUSY = 4005;
    /// the file of orders is malformed. Parameters: row, column, reason
    ORDER_FILE_REFUSED = 4006;
    /// the reference is taken. Parameters: order
    ORDER_DUPLICATE = 4007;
    /// a field does not fit the profile. Parameters: field, rule
    ORDER_FIELD_REFUSED = 4008;
    /// no such base. Parameters: base
    BASE_UNKNOWN = 4009;
    /// no such profile. Parameters: profile
    PROFILE_UNKNOWN = 4010;
    /// the idempotency key was used with another content
    IDEMPOTENCY_CONFLICT = 4011;
    /// personal data under a level that does not encrypt. Parameters: level
    LEVEL_REFUSED = 4013;
    /// the order was rejected or cancelled. Parameters: order
    ORDER_CLOSED = 4014;
    /// the order has no prepared data. Parameters: order
    ORDER_NOT_PREPARED = 4015;
    /// the order is approved already. Parameters: order
    ORDER_APPROVED = 4016;
    /// the card number is another card's. Parameters: order
    NUMBER_TAKEN = 4017;
    /// the order was prepared by an older text of its profile. Parameters: order, profile
    PROFILE_CHANGED = 4018;
    /// the card's data cannot be made. Parameters: element, rule, remedy
    DATA_REFUSED = 4019;
    /// the card takes no such change. Parameters: order, reason
    CHANGE_REFUSED = 4020;
    /// no such campaign. Parameters: campaign
    CAMPAIGN_UNKNOWN = 4021;
    /// the campaign is not in the state for this. Parameters: campaign, state
    CAMPAIGN_NOT_SO = 4022;
    /// a campaign that cannot be entered as described. Parameters: campaign, reason
    CAMPAIGN_REFUSED = 4023;
    /// there is no such event. Parameters: event
    EVENT_UNKNOWN = 4040;
    /// what is to be decided does not fit the card's state. Parameters: card, decision, state
    DECISION_REFUSED = 4041;

    /// the PC/SC service does not answer
    PCSC_UNAVAILABLE = 5001;
    /// there is no reader
    NO_READER = 5002;
    /// the reader is gone. Parameters: reader
    READER_GONE = 5003;
    /// the center does not answer. Parameters: reason
    CENTER_UNREACHABLE = 5004;
    /// the store failed; nothing was sent
    STORE_UNAVAILABLE = 5005;
    /// the clocks differ. Parameters: seconds
    CLOCK_DIFFERS = 5006;
    /// the reader was lost before anything was written
    READER_LOST = 5007;
    /// no RESULT came before the deadline: outcome unknown
    DEADLINE_OVER = 5008;
    /// the operator stopped it before anything was written
    CANCELLED = 5009;
    /// no operator's ticket for the order came in time. Parameters: order, seconds
    NO_TICKET = 5010;
    /// the terminal is not enrolled
    NOT_ENROLLED = 5011;
    /// a configuration file cannot be used. Parameters: file, reason
    CONFIGURATION_REFUSED = 5012;
    /// a file or directory cannot be read or written. Parameters: path, reason
    FILE_UNUSABLE = 5013;
    /// the terminal is enrolled already
    ALREADY_ENROLLED = 5014;
    /// another program holds the card. Parameters: reader
    READER_BUSY = 5015;
    /// the card was taken out while more waits for it. Parameters: waiting
    TAKEN_OUT_EARLY = 5016;
    /// no operator's desk ticket came in time. Parameters: seconds
    NO_DESK = 5017;
    /// the operator's ticket was withdrawn or has expired before a card was put in
    TICKET_ENDED = 5018;
    /// nothing is released that could be withdrawn. Parameters: what
    NOT_RELEASED = 5019;
}

impl Code {
    /// Whether its text already tells that the outcome is unknown, and that the card is to be put in again.
    #[must_use]
    pub fn tells_unknown(self) -> bool {
        matches!(self, Self::ANSWER_NOT_PROVEN | Self::CARD_LEFT | Self::CARD_UNKNOWN | Self::DEADLINE_OVER)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "CW-{:04}", self.0)
    }
}
