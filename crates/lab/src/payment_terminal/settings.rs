//! What a test decides: the terminal, and the purchase.

use cardwright_apdu::Aid;

use super::authority::AuthorityKey;
use super::day::Day;
use super::pin::Pin;

/// How the card is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interface {
    /// 1PAY.SYS.DDF01
    Contact,
    /// 2PAY.SYS.DDF01
    Contactless,
}

impl Interface {
    /// PC/SC gives contactless cards an answer to reset of its own making: `3B 8n 80 01 ..`.
    #[must_use]
    pub fn of_answer_to_reset(answer: &[u8]) -> Self {
        match answer {
            [0x3B, second, 0x80, 0x01, ..] if second & 0xF0 == 0x80 => Self::Contactless,
            _ => Self::Contact,
        }
    }
}

/// Whether the terminal reaches the issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// it does
    Online,
    /// it would, but the line is down
    Unreachable,
    /// it never does (terminal types x3 and x6)
    OfflineOnly,
}

/// An application that the terminal accepts (B1 §12.3.1).
#[derive(Debug, Clone)]
pub struct Application {
    /// its AID, or the beginning of its AIDs
    pub aid: Aid,
    /// whether longer AIDs of cards match too (the application selection indicator)
    pub partial: bool,
}

/// A terminal.
#[derive(Debug, Clone)]
pub struct Terminal {
    /// how it reads cards
    pub interface: Interface,
    /// whether it reaches the issuer
    pub connection: Connection,
    /// what it accepts
    pub applications: Vec<Application>,
    /// the authorities it trusts
    pub authorities: Vec<AuthorityKey>,
    /// 9F1A, as its digits spell it: 0x0276
    pub country: u16,
    /// 9F35
    pub kind: u8,
    /// 9F33
    pub capabilities: [u8; 3],
    /// 9F40
    pub additional_capabilities: [u8; 5],
    /// 9F09
    pub version: [u8; 2],
    /// 9F66, for contactless cards that ask for it
    pub qualifiers: [u8; 4],
    /// floor limit in the currency's smallest unit; an amount that reaches it goes online (B3 §10.6.1)
    pub floor_limit: u64,
    /// whether the dice of B3 §10.6.2 say online; they are the test's
    pub selected_at_random: bool,
    /// terminal action code, denial
    pub denial: [u8; 5],
    /// terminal action code, online
    pub online: [u8; 5],
    /// terminal action code, default
    pub default: [u8; 5],
}

impl Terminal {
    /// A shop's terminal that can do everything, attended, online and offline (9F35 = 22), and asks for nothing by its
    /// action codes.
    #[must_use]
    pub fn new(country: u16, applications: Vec<Application>, authorities: Vec<AuthorityKey>) -> Self {
        Self {
            interface: Interface::Contact,
            connection: Connection::Online,
            applications,
            authorities,
            country,
            kind: 0x22,
            capabilities: [0xE0, 0xF8, 0xC8],
            additional_capabilities: [0x60, 0x00, 0xF0, 0xA0, 0x01],
            version: [0x00, 0x01],
            qualifiers: [0x36, 0x00, 0x40, 0x00],
            floor_limit: 5_000,
            selected_at_random: false,
            denial: [0; 5],
            online: [0; 5],
            default: [0; 5],
        }
    }

    /// Whether the terminal stands unattended (9F35 = x4, x5 or x6).
    pub(super) fn is_unattended(&self) -> bool {
        (4..=6).contains(&(self.kind & 0x0F))
    }
}

/// What is bought.
#[derive(Debug, Clone)]
pub struct Purchase {
    /// in the currency's smallest unit
    pub amount: u64,
    /// cashback
    pub other_amount: u64,
    /// 5F2A, as its digits spell it: 0x0978
    pub currency: u16,
    /// 9A
    pub day: Day,
    /// 9F21, as its digits spell it
    pub time: [u8; 3],
    /// 9C: 00 goods and services, 01 cash, 09 cashback
    pub kind: u8,
    /// 9F37
    pub unpredictable_number: [u8; 4],
    /// what the cardholder types, where the card asks
    pub pin: Option<Pin>,
    /// the application that the cardholder takes; else the one of the highest priority
    pub choice: Option<Aid>,
}

impl Purchase {
    /// Goods for `amount`, at noon, without a PIN.
    #[must_use]
    pub fn new(amount: u64, currency: u16, day: Day, unpredictable_number: [u8; 4]) -> Self {
        let time = [0x12, 0x00, 0x00];
        Self { amount, other_amount: 0, currency, day, time, kind: 0x00, unpredictable_number, pin: None, choice: None }
    }
}
