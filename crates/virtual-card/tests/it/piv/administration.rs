//! The administration key 9B: mutual and single authentication (SP 800-73-5 part 2 Appendix A.1).

use aes::{Aes128, Aes192, Aes256};
use cardwright_virtual_card::Card;
use cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use des::TdesEde3;

use super::issue::{P_256, fill, installed};
use super::{SELECT, ask, status};

const PUT_DATA: &str = "00DB3FFF095C035FC10253023E00";
const GENERATE: &str = "0047009E05AC0380011100";

/// The administrator's side, with a library's ciphers.
struct Administrator {
    algorithm: u8,
    key: Vec<u8>,
}

impl Administrator {
    fn block(&self) -> usize {
        if self.algorithm == 0x03 { 8 } else { 16 }
    }

    fn encrypt(&self, block: &[u8]) -> Vec<u8> {
        fn run<C: KeyInit + BlockCipherEncrypt>(key: &[u8], block: &[u8]) -> Vec<u8> {
            let mut block: cipher::Block<C> = block.try_into().unwrap();
            C::new_from_slice(key).unwrap().encrypt_block(&mut block);
            block.to_vec()
        }
        match self.algorithm {
            0x03 => run::<TdesEde3>(&self.key, block),
            0x08 => run::<Aes128>(&self.key, block),
            0x0A => run::<Aes192>(&self.key, block),
            _ => run::<Aes256>(&self.key, block),
        }
    }

    fn decrypt(&self, block: &[u8]) -> Vec<u8> {
        fn run<C: KeyInit + BlockCipherDecrypt>(key: &[u8], block: &[u8]) -> Vec<u8> {
            let mut block: cipher::Block<C> = block.try_into().unwrap();
            C::new_from_slice(key).unwrap().decrypt_block(&mut block);
            block.to_vec()
        }
        match self.algorithm {
            0x03 => run::<TdesEde3>(&self.key, block),
            0x08 => run::<Aes128>(&self.key, block),
            0x0A => run::<Aes192>(&self.key, block),
            _ => run::<Aes256>(&self.key, block),
        }
    }

    /// Asks for `80 00` or `81 00`; what the card handed out.
    fn ask(&self, card: &mut Card, tag: u8) -> Vec<u8> {
        let (answer, status) = ask(card, &format!("0087{:02X}9B047C02{tag:02X}0000", self.algorithm));
        assert_eq!(status, 0x9000);
        assert_eq!(answer[..4], [0x7C, answer.len() as u8 - 2, tag, self.block() as u8]);
        answer[4..].to_vec()
    }

    fn show_witness(&self, card: &mut Card, witness: &[u8], challenge: &[u8]) -> (Vec<u8>, u16) {
        let parts = [&[0x80, witness.len() as u8], witness, &[0x81, challenge.len() as u8], challenge].concat();
        ask(card, &self.command(&parts))
    }

    fn answer_challenge(&self, card: &mut Card, answer: &[u8]) -> u16 {
        status(card, &self.command(&[&[0x82, answer.len() as u8], answer].concat()))
    }

    fn command(&self, parts: &[u8]) -> String {
        let (whole, inner) = (parts.len() + 2, parts.len());
        format!("0087{:02X}9B{whole:02X}7C{inner:02X}{}00", self.algorithm, hex::encode(parts))
    }
}

/// An issued card whose administration key is of `algorithm`.
/// Proves the key 9B of an issued card that is selected.
pub(super) fn authenticate(card: &mut Card) {
    let [algorithm, key @ ..] = super::issue::ADMINISTRATION;
    let administrator = Administrator { algorithm, key: key.to_vec() };
    let challenge = administrator.ask(card, 0x81);
    let answer = administrator.encrypt(&challenge);
    assert_eq!(administrator.answer_challenge(card, &answer), 0x9000);
}

fn issued_for(algorithm: u8, length: usize) -> (Card, Administrator) {
    let (mut card, mut host) = installed(0x33);
    fill(&mut card, &mut host, P_256);
    let key: Vec<u8> = (1..=length as u8).collect();
    assert_eq!(host.status(&mut card, "0024FF9B", &[&[algorithm][..], &key].concat()), 0x9000);
    assert_eq!(host.status(&mut card, "80E28000", &[]), 0x9000);
    card.reset();
    assert_eq!(status(&mut card, SELECT), 0x9000);
    (card, Administrator { algorithm, key })
}

fn may_write(card: &mut Card) -> bool {
    let answers = [status(card, PUT_DATA), status(card, GENERATE)];
    assert!(matches!(answers, [0x9000, 0x9000] | [0x6982, 0x6982]), "{answers:X?}");
    answers == [0x9000; 2]
}

#[test]
fn whoever_has_the_key_may_write_with_every_algorithm_in_both_ways() {
    for (algorithm, length) in [(0x03, 24), (0x08, 16), (0x0A, 24), (0x0C, 32)] {
        let (mut card, administrator) = issued_for(algorithm, length);
        assert!(!may_write(&mut card));
        let witness = administrator.ask(&mut card, 0x80);
        let challenge = vec![0xC3; administrator.block()];
        let (answer, status) = administrator.show_witness(&mut card, &administrator.decrypt(&witness), &challenge);
        assert_eq!(status, 0x9000, "{algorithm:02X}");
        assert_eq!(answer[4..], administrator.encrypt(&challenge), "the card has the key too");
        assert!(may_write(&mut card));

        card.reset();
        super::status(&mut card, SELECT);
        assert!(!may_write(&mut card), "forgotten");
        let challenge = administrator.ask(&mut card, 0x81);
        assert_eq!(administrator.answer_challenge(&mut card, &administrator.encrypt(&challenge)), 0x9000);
        assert!(may_write(&mut card));
    }
}

#[test]
fn a_wrong_answer_takes_back_what_was_proven() {
    let (mut card, administrator) = issued_for(0x08, 16);
    let challenge = administrator.ask(&mut card, 0x81);
    assert_eq!(administrator.answer_challenge(&mut card, &administrator.encrypt(&challenge)), 0x9000);
    administrator.ask(&mut card, 0x80);
    assert_eq!(administrator.show_witness(&mut card, &[0; 16], &[0; 16]), (vec![], 0x6982));
    assert!(!may_write(&mut card));
}

#[test]
fn the_card_encrypts_nothing_for_a_stranger_and_takes_no_answer_twice() {
    let (mut card, administrator) = issued_for(0x0C, 32);
    // to have one's own challenge encrypted would be the answer to the card's
    let challenge = administrator.ask(&mut card, 0x81);
    let internal = [&[0x82, 0x00, 0x81, 16][..], &challenge].concat();
    assert_eq!(status(&mut card, &administrator.command(&internal)), 0x6A80);
    assert_eq!(administrator.answer_challenge(&mut card, &administrator.encrypt(&challenge)), 0x6982, "too late");
    // a challenge is not a witness: it would be shown as it is
    let challenge = administrator.ask(&mut card, 0x81);
    assert_eq!(administrator.show_witness(&mut card, &challenge, &[1; 16]).1, 0x6982);
    assert_eq!(administrator.answer_challenge(&mut card, &[]), 0x6982, "nothing was asked");
    let (one, other) = (administrator.ask(&mut card, 0x81), administrator.ask(&mut card, 0x81));
    assert_ne!(one, other);
    assert_eq!(administrator.answer_challenge(&mut card, &administrator.encrypt(&one)), 0x6982);
    let challenge = administrator.ask(&mut card, 0x81);
    status(&mut card, "0020008000");
    assert_eq!(administrator.answer_challenge(&mut card, &administrator.encrypt(&challenge)), 0x6982, "not the next");
    assert!(!may_write(&mut card));
    assert_eq!(status(&mut card, "0087089B047C02800000"), 0x6A86, "another algorithm");
}
