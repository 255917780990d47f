//! Both ways to the application, over either protocol, and STORE DATA commands made of groupings.

use cardwright_virtual_card::Card;

use super::card_data::{Grouping, Way, bytes, whole};
use crate::host::{Scp02, Scp03, aes_cbc, triple_des_cbc};
use crate::world::card;

pub(crate) const PACKAGE: &str = "F04341524457454D5600";
pub(crate) const PAYMENT_MODULE: &str = "F04341524457454D560001";
pub(crate) const ENVIRONMENT_MODULE: &str = "F04341524457454D560002";
pub(crate) const INSTANCE: &str = "F0454D56010001";

/// A channel of either protocol.
pub(crate) enum Host {
    Scp02(Scp02),
    Scp03(Box<Scp03>),
}

impl Host {
    /// At level 33, or 03 where the card has no MAC on answers.
    pub(crate) fn open(card: &mut Card) -> Self {
        match (card.state().product.scp, card.state().product.i & 0x20) {
            (2, _) => Self::Scp02(Scp02::open(card, 0x03)),
            (_, 0) => Self::Scp03(Box::new(Scp03::open(card, 0x03))),
            _ => Self::Scp03(Box::new(Scp03::open(card, 0x33))),
        }
    }

    pub(crate) fn send(&mut self, card: &mut Card, header: &str, data: &[u8]) -> (Vec<u8>, u16) {
        match self {
            Self::Scp02(host) => host.send(card, header, data),
            Self::Scp03(host) => host.send(card, header, data),
        }
    }

    pub(crate) fn status(&mut self, card: &mut Card, header: &str, data: &[u8]) -> u16 {
        self.send(card, header, data).1
    }

    fn block(&self) -> usize {
        if matches!(self, Self::Scp02(_)) { 8 } else { 16 }
    }

    pub(crate) fn under_dek(&self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Scp02(host) => data.chunks(8).flat_map(|block| triple_des_cbc(&host.dek, block)).collect(),
            Self::Scp03(host) => aes_cbc(&host.dek, [0; 16], data),
        }
    }

    /// Groupings that travel in clear, short ones.
    pub(crate) fn clear(groupings: &[Grouping]) -> Vec<u8> {
        let one = |grouping: &Grouping| {
            [&grouping.identifier.to_be_bytes()[..], &[grouping.content.len() as u8], &grouping.content].concat()
        };
        groupings.iter().flat_map(one).collect()
    }

    /// Identifier, length and content as it travels.
    pub(crate) fn encoded(&self, grouping: &Grouping) -> Vec<u8> {
        let content = &grouping.content;
        let content = match grouping.way {
            Way::Clear => content.clone(),
            Way::Dek if content.len().is_multiple_of(self.block()) => self.under_dek(content),
            Way::Dek | Way::DekPadded => self.under_dek(&padded(content, self.block())),
        };
        let length = match content.len() {
            short @ 0..=0xFE => vec![short as u8],
            long => vec![0xFF, (long >> 8) as u8, long as u8],
        };
        [grouping.identifier.to_be_bytes().to_vec(), length, content].concat()
    }

    /// STORE DATA commands, P1 and data: runs of clear and of encrypted groupings, 223 bytes each; what does not fit
    /// spans.
    pub(crate) fn blocks(&self, groupings: &[Grouping]) -> Vec<(u8, Vec<u8>)> {
        let mut blocks: Vec<(u8, Vec<u8>)> = Vec::new();
        for run in groupings.chunk_by(|one, other| (one.way == Way::Clear) == (other.way == Way::Clear)) {
            let p1 = if run[0].way == Way::Clear { 0x00 } else { 0x60 };
            let stream: Vec<u8> = run.iter().flat_map(|grouping| self.encoded(grouping)).collect();
            blocks.extend(cut(&stream).into_iter().map(|part| (p1, part)));
        }
        if let Some((p1, _)) = blocks.last_mut() {
            *p1 |= 0x80;
        }
        blocks
    }

    /// Sends STORE DATA commands; the status of the first that is refused, or of the last.
    pub(crate) fn store(&mut self, card: &mut Card, blocks: &[(u8, Vec<u8>)]) -> u16 {
        for (number, (p1, data)) in blocks.iter().enumerate() {
            let status = self.status(card, &format!("80E2{p1:02X}{:02X}", number as u8), data);
            if status != 0x9000 {
                return status;
            }
        }
        0x9000
    }

    pub(crate) fn personalize(&mut self, card: &mut Card, groupings: &[Grouping]) -> u16 {
        let blocks = self.blocks(groupings);
        self.store(card, &blocks)
    }
}

/// At 223 bytes, or before: a header never spans.
fn cut(stream: &[u8]) -> Vec<Vec<u8>> {
    let mut starts = vec![];
    let mut at = 0;
    while at < stream.len() {
        starts.push(at);
        at += match stream[at + 2] {
            0xFF => 5 + usize::from(u16::from_be_bytes([stream[at + 3], stream[at + 4]])),
            length => 3 + usize::from(length),
        };
    }
    let mut parts = vec![];
    let mut from = 0;
    while from < stream.len() {
        let mut to = (from + 223).min(stream.len());
        if let Some(start) = starts.iter().find(|start| (**start..**start + 5).contains(&to) && **start > from) {
            to = *start;
        }
        parts.push(stream[from..to].to_vec());
        from = to;
    }
    parts
}

pub(crate) fn padded(data: &[u8], block: usize) -> Vec<u8> {
    let mut padded = [data, &[0x80]].concat();
    padded.resize(padded.len().next_multiple_of(block), 0);
    padded
}

pub(crate) fn field(text: &str) -> Vec<u8> {
    let value = bytes(text);
    [vec![value.len() as u8], value].concat()
}

pub(crate) fn install_data(module: &str, instance: &str) -> Vec<u8> {
    [field(PACKAGE), field(module), field(instance), bytes("0100 02C900 00")].concat()
}

pub(crate) fn for_personalization(instance: &str) -> Vec<u8> {
    [bytes("0000"), field(instance), bytes("000000")].concat()
}

pub(crate) fn make_selectable(instance: &str) -> Vec<u8> {
    [bytes("0000"), field(instance), bytes("01000000")].concat()
}

/// A card with an instance in INSTALLED, whose personalization through the Security Domain has begun.
pub(crate) fn through_the_domain(product: &str) -> (Card, Host) {
    let mut card = card(product);
    let mut host = Host::open(&mut card);
    let selectable = card.state().product.store_data_in == cardwright_virtual_card::StoreDataIn::Selectable;
    let install = if selectable { "80E60C00" } else { "80E60400" };
    assert_eq!(host.status(&mut card, install, &install_data(PAYMENT_MODULE, INSTANCE)), 0x9000);
    assert_eq!(host.status(&mut card, "80E62000", &for_personalization(INSTANCE)), 0x9000);
    (card, host)
}

/// A card with a SELECTABLE instance that is selected, and a channel opened with it.
pub(crate) fn straight(product: &str) -> (Card, Host) {
    let mut card = card(product);
    let mut host = Host::open(&mut card);
    assert_eq!(host.status(&mut card, "80E60C00", &install_data(PAYMENT_MODULE, INSTANCE)), 0x9000);
    assert_eq!(select(&mut card, INSTANCE).1, 0x9000);
    let host = Host::open(&mut card);
    (card, host)
}

pub(crate) fn select(card: &mut Card, instance: &str) -> (Vec<u8>, u16) {
    let answer = card.transmit(&[&bytes("00A40400")[..], &field(instance), &[0]].concat());
    let (data, status) = crate::host::split(&answer);
    (data.to_vec(), status)
}

/// An issued card, reset.
pub(crate) fn issued(product: &str, groupings: &[Grouping]) -> Card {
    let (mut card, mut host) = through_the_domain(product);
    assert_eq!(host.personalize(&mut card, groupings), 0x9000);
    assert_eq!(host.status(&mut card, "80E60800", &make_selectable(INSTANCE)), 0x9000);
    card.reset();
    card
}

pub(crate) fn issued_as_usual() -> Card {
    issued("scp03-i70", &whole())
}
