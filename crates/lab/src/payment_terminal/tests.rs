//! The terminal's own tests: purchases with a card made by hand, and faults planted in it, each of which is found.

mod authority;
mod card;
mod faults;
mod known_answers;
mod over_pcsc;
mod purchases;

use card::{AID, Card, MASTER_KEY};

use super::{
    Application, Derivation, Fault, Interface, Issuer, Pin, Purchase, Report, Terminal,
    settings::Connection,
    {Day, purchase},
};

/// Profile byte 1 of the cards here: all that a card can, with the way of data authentication left out.
const REST: u8 = 0x10 | 0x08 | 0x04;
const STATIC: u8 = 0x40 | REST;
const DYNAMIC: u8 = 0x20 | REST;
const COMBINED: u8 = 0x01 | REST;

/// A terminal, a purchase and an issuer that fit the card.
struct Shop {
    terminal: Terminal,
    purchase: Purchase,
    issuer: Issuer,
}

impl Shop {
    fn new() -> Self {
        let application = Application { aid: AID_OF_CARD.parse().unwrap(), partial: false };
        let terminal = Terminal::new(0x0276, vec![application], vec![authority::authority_key()]);
        let mut purchase = Purchase::new(1_500, 0x0978, Day::new(2026, 1, 15).unwrap(), [0x11, 0x22, 0x33, 0x44]);
        purchase.pin = Pin::new("1234");
        Self { terminal, purchase, issuer: Issuer::new(MASTER_KEY, Derivation::A) }
    }

    /// A shop that asks the issuer about everything.
    fn online() -> Self {
        let mut shop = Self::new();
        shop.terminal.floor_limit = 0;
        shop
    }

    fn buy(&self, card: &mut Card) -> Result<Report, Fault> {
        purchase(card, &self.terminal, &self.purchase, Some(&self.issuer))
    }
}

const AID_OF_CARD: &str = "F0454D56011010";

#[test]
fn the_text_of_the_aid_is_the_cards() {
    assert_eq!(AID_OF_CARD.parse::<cardwright_apdu::Aid>().unwrap().as_bytes(), AID);
}
