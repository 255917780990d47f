//! What `probe` asks a card, and never asks.

use std::time::Duration;

use zeroize::Zeroizing;

use cardwright_relay::Code;
use cardwright_relay::terminal::CardEvent;
use cardwright_terminal::card::CardLink;
use cardwright_terminal::probing::probe;

/// A card that knows SELECT, and INITIALIZE UPDATE with a challenge of `challenge` bytes.
struct Card {
    challenge: u8,
    update: Vec<u8>,
    instructions: Vec<u8>,
}

impl CardLink for Card {
    async fn transmit(&mut self, apdu: &[u8], _: Duration) -> CardEvent {
        self.instructions.push(apdu[1]);
        let answer = match apdu {
            [0x00, 0xA4, ..] => [&[0x6F, 0x0A, 0x84, 0x08, 0xA0, 0, 0, 1, 0x51, 0, 0, 0][..], &[0x90, 0x00]].concat(),
            [0x80, 0x50, 0, 0, length, ..] if *length == self.challenge => [&self.update[..], &[0x90, 0x00]].concat(),
            [0x80, 0x50, ..] => vec![0x67, 0x00],
            _ => vec![0x6A, 0x88],
        };
        CardEvent::Answer(Zeroizing::new(answer))
    }
}

fn card(challenge: u8, key_information: &[u8]) -> Card {
    let update = [&[0x43; 10][..], key_information, &[0; 32]].concat();
    Card { challenge, update, instructions: Vec::new() }
}

#[tokio::test]
async fn no_key_is_tried_and_the_product_file_says_what_the_card_said() {
    let mut asked = card(16, &[0x01, 0x03, 0x71]);
    let findings = probe(&mut asked, &[0x3B, 0x00]).await.unwrap();
    assert_eq!((findings.scp, findings.i, findings.key_version, findings.challenge_length), (3, Some(0x71), 1, 16));
    assert_eq!(findings.security_domain.as_deref(), Some("A000000151000000"));
    assert_eq!(asked.instructions, [0xA4, 0xCA, 0xCA, 0xCA, 0x50, 0x50], "EXTERNAL AUTHENTICATE is not among them");
    let product: toml::Table = findings.product().parse().unwrap();
    assert_eq!(product["i"].as_integer(), Some(0x71));
    assert_eq!((product["atr"].as_str(), product["proof"].as_str()), (Some("3B00"), Some("r-mac")));
}

#[tokio::test]
async fn an_scp02_card_that_tells_no_i_leaves_it_to_its_maker() {
    let findings = probe(&mut card(8, &[0xFF, 0x02]), &[0x3B, 0x00]).await.unwrap();
    assert_eq!((findings.scp, findings.i, findings.key_version), (2, None, 0xFF));
    assert!(findings.product().contains("i = 0 # maker"));
}

#[tokio::test]
async fn a_card_that_is_not_one_of_these_is_refused() {
    for update in [vec![], vec![0x43; 11]] {
        let mut other = Card { challenge: 8, update, instructions: Vec::new() };
        let failure = probe(&mut other, &[0x3B, 0x00]).await.unwrap_err();
        assert_eq!(failure.refusal().code, Code::CARD_ANSWER_REFUSED);
    }
    let mut silent = card(32, &[]);
    assert!(probe(&mut silent, &[0x3B, 0x00]).await.is_err());
}
