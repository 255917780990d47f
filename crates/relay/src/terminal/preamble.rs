//! What a terminal asks an inserted card before the center is: SELECT, GET DATA, INITIALIZE UPDATE.

use minicbor::bytes::ByteVec;
use zeroize::Zeroizing;

use cardwright_apdu::{Command, Response, StatusClass};

use super::{CardEvent, End, Next, Posting, Run, Transmit, USUAL_LIMIT};
use crate::Code;
use crate::message::{Challenge, Id, Open, Outcome, Preamble, Ticket};

/// What a session begins with. The reader's proof was checked by the terminal already.
pub struct Start {
    /// drawn for this session
    pub session: Id,
    /// as in HELLO
    pub instance: Id,
    /// the reader, as the verified list names it
    pub reader: Id,
    /// its signature over [`crate::reader::proof_hash`], ASN.1 DER; empty where its tier asks for none
    pub reader_proof: Vec<u8>,
    /// the operator's word
    pub ticket: Ticket,
    /// the host challenge; used for this session and no other
    pub challenge: Challenge,
    /// how this card is asked
    pub preamble: Preamble,
    /// the card's answer to reset
    pub atr: Vec<u8>,
}

impl Start {
    /// The first command for the card.
    pub fn begin(self) -> Next {
        let commands = self.preamble.commands.iter().map(|command| command.to_vec());
        let mut remaining: Vec<Vec<u8>> = commands.chain([self.initialize_update()]).collect();
        remaining.reverse();
        PreambleRun { start: self, remaining, answers: Vec::new(), cancelled: false }.next()
    }

    /// INITIALIZE UPDATE (Amd D §7.1.1): key version, key identifier 00, host challenge. A terminal does not know which
    /// key sets a card holds by now. Version 00 lets the card choose its first one (§7.1.1.3), and its answer names it
    /// (§7.1.1.6); which versions may be the card's is the center's knowledge alone.
    fn initialize_update(&self) -> Vec<u8> {
        let length = usize::from(self.preamble.challenge_length).min(self.challenge.value.len());
        Command::new(0x80, 0x50, self.preamble.key_version, 0)
            .with_data(&self.challenge.value[..length])
            .expect("a challenge of at most 16 bytes fits a command")
            .expecting_all()
            .to_bytes()
    }
}

pub(super) struct PreambleRun {
    start: Start,
    /// last first
    remaining: Vec<Vec<u8>>,
    answers: Vec<ByteVec>,
    pub(super) cancelled: bool,
}

impl PreambleRun {
    fn next(mut self) -> Next {
        match self.remaining.pop() {
            Some(apdu) => Next::Transmit(Transmit {
                apdu: Zeroizing::new(apdu),
                limit: USUAL_LIMIT,
                progress: None,
                notice: None,
                run: Run::Preamble(Box::new(self)),
            }),
            None => self.open(),
        }
    }

    /// The card has seen no secret, and no try was spent: whatever goes wrong here, nothing was written.
    pub(super) fn answered(mut self, event: CardEvent) -> Next {
        let clean = |code| Next::Done(End::own(Outcome::FailedClean, code, Vec::new()));
        let answer = match event {
            CardEvent::Answer(answer) => answer,
            CardEvent::CardGone => return clean(Code::CARD_GONE),
            CardEvent::TimedOut => return clean(Code::CARD_SILENT),
            CardEvent::ReaderGone => return clean(Code::READER_LOST),
        };
        let Ok(response) = Response::parse(&answer) else {
            return clean(Code::READER_LOST);
        };
        self.answers.push(answer.to_vec().into());
        if self.cancelled {
            return clean(Code::CANCELLED);
        }
        // A card that lacks a data object goes on. One that refuses SELECT is the center's to refuse: it is asked who it
        // is, for one that was ended for good says no more than that, but not for a challenge.
        let selects = self.answers.len() == 1;
        if selects && response.status.class() == StatusClass::Error && !self.remaining.is_empty() {
            self.remaining.remove(0);
        }
        self.next()
    }

    fn open(self) -> Next {
        let start = self.start;
        Next::Post(Posting::open(&Open {
            session: start.session,
            instance: start.instance,
            reader: start.reader,
            reader_proof: start.reader_proof.into(),
            ticket: start.ticket.id,
            order: start.ticket.order,
            product: start.preamble.product,
            atr: start.atr.into(),
            challenge: start.challenge.id,
            answers: self.answers,
        }))
    }
}
