//! What a hostile terminal, or whoever sits between it and the card, makes of one answer.

use cardwright_virtual_card::Card;

use super::bench::whole_answer;

/// One forged answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgery {
    /// to this command, counted as the session does
    pub command: usize,
    /// how
    pub how: Forged,
}

/// How an answer is forged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forged {
    /// the card answers, and a bit of it is changed
    Altered,
    /// the card answers, and its MAC is another
    AlteredAtItsEnd,
    /// the card is asked and its answer kept back: this one is given
    Instead(Vec<u8>),
    /// the card is not asked: this answer is given
    Unasked(Vec<u8>),
    /// the answer to the command before once more; the card is not asked
    Replayed,
}

impl Forgery {
    pub(super) fn made(&self, card: &mut Card, command: &[u8], before: &[Vec<u8>]) -> Vec<u8> {
        match &self.how {
            Forged::Altered => {
                let mut answer = whole_answer(card, command);
                answer[0] ^= 0x01;
                answer
            }
            Forged::AlteredAtItsEnd => {
                let mut answer = whole_answer(card, command);
                let place = answer.len().saturating_sub(3);
                answer[place] ^= 0x80;
                answer
            }
            Forged::Instead(answer) => {
                whole_answer(card, command);
                answer.clone()
            }
            Forged::Unasked(answer) => answer.clone(),
            Forged::Replayed => before.last().cloned().unwrap_or_else(|| vec![0x90, 0x00]),
        }
    }
}

/// Every forgery of each answer of a session; `others` are the answers of another card's session.
#[must_use]
pub fn forgeries(others: &[Vec<u8>]) -> Vec<Forgery> {
    let of_one = |(command, other): (usize, &Vec<u8>)| {
        let bare = |word: [u8; 2]| Forged::Unasked(word.to_vec());
        let kinds = [
            Forged::Altered,
            Forged::AlteredAtItsEnd,
            Forged::Instead(other.clone()),
            Forged::Unasked(other.clone()),
            Forged::Replayed,
            bare([0x90, 0x00]),
            bare([0x6A, 0x88]),
            bare([0x69, 0x85]),
            Forged::Instead(vec![0x90, 0x00]),
            Forged::Instead(vec![0x6A, 0x88]),
        ];
        kinds.map(|how| Forgery { command, how })
    };
    others.iter().enumerate().flat_map(of_one).collect()
}
