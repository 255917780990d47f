//! The life of one card in process: order after order, each carried out by the issuing side on the real keystore, as a
//! center carries it out: on what was proven last, and where an outcome is unknown, on what the card itself tells.

use std::rc::Rc;

use cardwright_issuance::basis::Basis;
use cardwright_issuance::content::Content;
use cardwright_issuance::flow::{Flaw, LoadFile, Next, StageKind};
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::product::CardProduct;
use cardwright_issuance::proof::Grade;
use cardwright_issuance::state::{CardState, State};
use cardwright_relay::message::{Refusal, ScriptCommand};
use cardwright_virtual_card::applications::built_in::BuiltIn;
use cardwright_virtual_card::{Card, PowerCut, SeededEntropy};
use sha2::{Digest, Sha256};

use crate::file;
use crate::new_card::{Encoded, Issuer, KeySet, RIGHT, blank_card};
use crate::preparer::Issuer as Preparer;
use crate::wrapped_keys::WrappedKeys;

/// What a card that was ended for good says by its answers.
const ENDED: &str = "the card says no more than who it is";

/// Where the answer to INITIALIZE UPDATE names the key version.
const KEY_VERSION: usize = 10;

/// What is ordered for a card.
#[derive(Clone)]
pub(crate) struct Wanted {
    pub(crate) kind: OrderKind,
    pub(crate) data: Option<Encoded>,
    pub(crate) argument: Option<String>,
    pub(crate) programs: Vec<LoadFile>,
    /// whether somebody confirmed that the old application goes first
    pub(crate) confirmed: bool,
}

impl Wanted {
    pub(crate) fn of(kind: OrderKind) -> Self {
        Self { kind, data: None, argument: None, programs: Vec::new(), confirmed: false }
    }

    pub(crate) fn with(kind: OrderKind, data: Encoded) -> Self {
        Self { data: Some(data), ..Self::of(kind) }
    }

    pub(crate) fn about(kind: OrderKind, argument: &str) -> Self {
        Self { argument: Some(argument.to_owned()), ..Self::of(kind) }
    }

    /// The same where `program` may be loaded.
    pub(crate) fn loading(self, program: &BuiltIn) -> Self {
        self.loading_block(program, program.load_file_data_block())
    }

    /// The same with a block of that program that takes few commands.
    pub(crate) fn loading_briefly(self, program: &BuiltIn) -> Self {
        self.loading_block(program, program.block(300))
    }

    fn loading_block(mut self, program: &BuiltIn, block: Vec<u8>) -> Self {
        let (hash, memory) = (Sha256::digest(&block).into(), block.len() as u32);
        self.programs.push(LoadFile { aid: program.package, hash, block, memory });
        self
    }
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Became {
    /// carried out, and what its proof is worth
    Done(Grade),
    /// looked at, and nothing was done
    Declined(Refusal),
    /// refused before anything was sent
    Refused(Refusal),
    /// nobody knows; in words
    Unknown(String),
}

/// Where a key set is, as records have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Transport,
    Intended,
    OnCard,
    Retired,
}

/// One card with its records.
pub(crate) struct Life {
    pub(crate) product: CardProduct,
    pub(crate) card: Card,
    pub(crate) state: CardState,
    pub(crate) content: Content,
    /// scripts that the last order took
    pub(crate) scripts: usize,
    /// commands that were sent for the last order
    pub(crate) sent: usize,
    keys: Rc<WrappedKeys>,
    sets: Vec<(KeySet, Place)>,
    preparer: Option<Rc<Preparer>>,
    /// what an attempt that was left in the middle had been opened on, and whether it had proven all it writes
    left: Option<(Basis, bool)>,
    issuances: u8,
    /// who carries the commands, and may be dishonest
    pub(crate) carrier: Option<Carrier>,
}

/// Passes a command on to the card, or does something else.
type Carrier = Box<dyn FnMut(&mut Card, &[u8]) -> Vec<u8>>;

impl Life {
    /// A blank card, as it comes from stock.
    pub(crate) fn blank(product: &str) -> Self {
        let card = blank_card(product, RIGHT);
        let product = CardProduct::from_toml(&file(&format!("products/{product}.toml"))).unwrap();
        let keys = Rc::new(WrappedKeys::new());
        let transport = KeySet::new(&keys, RIGHT, product.transport_key_version(), product.protocol());
        Self {
            product,
            card,
            state: CardState::Stock,
            content: Content::default(),
            scripts: 0,
            sent: 0,
            keys,
            sets: vec![(transport, Place::Transport)],
            preparer: None,
            left: None,
            issuances: 0,
            carrier: None,
        }
    }

    /// A card of `product` with `data`, issued.
    pub(crate) fn issued(product: &str, data: Encoded, preparer: Option<&Rc<Preparer>>) -> Self {
        let mut life = Self::blank(product);
        life.preparer = preparer.cloned();
        let became = life.carry_out(&Wanted::with(OrderKind::New, data));
        assert!(matches!(became, Became::Done(_)), "{product}: {became:?}");
        life
    }

    /// The same card and records once more.
    pub(crate) fn twin(&self) -> Self {
        let state = cardwright_virtual_card::CardState::from_json(&self.card.state().to_json()).unwrap();
        let card = Card::new(state, Box::new(SeededEntropy::new([6; 32])));
        Self {
            product: self.product.clone(),
            card,
            content: self.content.clone(),
            keys: Rc::clone(&self.keys),
            sets: self.sets.clone(),
            preparer: self.preparer.clone(),
            left: self.left.clone(),
            carrier: None,
            ..*self
        }
    }

    /// The whole order.
    pub(crate) fn carry_out(&mut self, wanted: &Wanted) -> Became {
        self.carry_out_until(wanted, None)
    }

    /// The order as far as the `cut`: the command of that number, and how the power fails around it.
    pub(crate) fn carry_out_until(&mut self, wanted: &Wanted, cut: Option<(usize, PowerCut)>) -> Became {
        (self.scripts, self.sent) = (0, 0);
        self.issuances += 1;
        let (issuer, update) = match self.opening(wanted) {
            Ok(opening) => opening,
            Err(why) if why == ENDED && self.was_being_ended(wanted) => {
                (self.state, self.left) = (CardState::Terminated, None);
                return Became::Done(Grade::B);
            }
            Err(why) => return Became::Unknown(why),
        };
        let mut stage = match issuer.open(&update) {
            Ok(stage) => stage,
            Err(refusal) => return Became::Refused(refusal),
        };
        let before = std::mem::replace(&mut self.state, CardState::Unknown);
        self.opened(&issuer);
        loop {
            let verified = stage.kind() == StageKind::Activate || (issuer.basis.verified && self.scripts == 0);
            self.left = Some((issuer.basis.clone(), verified));
            self.scripts += 1;
            let answers = match self.run(&stage.commands(), cut) {
                Ok(answers) => answers,
                Err(why) => return Became::Unknown(why),
            };
            let answers: Vec<&[u8]> = answers.iter().map(Vec::as_slice).collect();
            let (done, next) = match stage.answers(&answers) {
                Ok((done, Ok(next))) => (done, next),
                Ok((_, Err(refusal))) => return Became::Unknown(format!("{refusal:?}")),
                Err(Flaw::Content(what)) => return Became::Unknown(what.to_owned()),
                Err(flaw) => return Became::Unknown(format!("{flaw:?}")),
            };
            if done.changed_keys() {
                self.keys_put(&issuer);
            }
            if let Next::Declined(why) = next {
                (self.state, self.left) = (before, None);
                return Became::Declined(why);
            }
            match issuer.follow(next) {
                Ok(Some(next)) => stage = next,
                Ok(None) => return self.ended(wanted, &issuer, done.grade(), done.content()),
                Err(refusal) => return Became::Unknown(format!("{refusal:?}")),
            }
        }
    }

    /// Whether the card was proven to be locked, and the command that ends it was handed out.
    fn was_being_ended(&self, wanted: &Wanted) -> bool {
        let proven = self.left.as_ref().is_some_and(|(_, verified)| *verified);
        wanted.kind == OrderKind::Terminate && self.state == CardState::Unknown && proven
    }

    fn opening(&mut self, wanted: &Wanted) -> Result<(Issuer, Vec<u8>), String> {
        self.card.reset();
        let (product, keys) = (self.product.clone(), Rc::clone(&self.keys));
        let any = self.sets[0].0.clone();
        let preamble =
            Issuer::for_order(product.clone(), wanted.kind, None, (keys, any, None)).preamble(&mut self.card);
        let answers: Vec<&[u8]> = preamble.iter().map(Vec::as_slice).collect();
        if let Err(fault) = product.identify(&answers) {
            let ended = answers[0].len() == 2; // SELECT is refused: the card is not there for anybody
            return Err(if ended { ENDED.to_owned() } else { fault.0 });
        }
        let update = preamble[2].clone();
        let version = update.get(KEY_VERSION).copied().unwrap_or_default();
        let known = self.sets.iter().rev().find(|(set, place)| set.version == version && *place != Place::Retired);
        let (opened, place) = known.cloned().ok_or("no key set of that version")?;
        let new = self.new_keys(wanted, &opened, place);
        let settles = self.state == CardState::Unknown;
        let before = self.left.as_ref().filter(|_| settles);
        let others = self.sets.iter().filter(|(set, place)| set.version != version && *place != Place::Retired);
        let basis = Basis {
            settles,
            survey: settles && place != Place::Transport,
            verified: before.is_some_and(|(_, verified)| *verified),
            deletion_confirmed: wanted.confirmed,
            content: self.content.clone(),
            card_state: before.map_or_else(|| self.state.name().to_owned(), |(basis, _)| basis.card_state.clone()),
            other_versions: others.map(|(set, _)| set.version).collect(),
            beside: wanted.kind == OrderKind::ChangeKeys && product.has_spare_key_set(),
            ..Basis::default()
        };
        let keys = (Rc::clone(&self.keys), opened, new);
        let mut issuer = Issuer::for_order(product, wanted.kind, wanted.data.clone(), keys);
        issuer.argument.clone_from(&wanted.argument);
        issuer.programs.clone_from(&wanted.programs);
        issuer.second_challenge = [self.issuances; 16];
        issuer.basis = basis;
        let issuer = match &self.preparer {
            Some(preparer) => issuer.certifying(preparer),
            None => issuer,
        };
        Ok((issuer, update))
    }

    /// The key set that the order puts on the card: one that no card was ever given.
    fn new_keys(&self, wanted: &Wanted, opened: &KeySet, place: Place) -> Option<KeySet> {
        let seed = 0x40 + self.issuances;
        match wanted.kind {
            kind if kind.is_new_card() && place == Place::Transport => {
                let protocol = self.product.protocol();
                Some(KeySet::new(&self.keys, seed, self.product.issuer_key_version(), protocol))
            }
            OrderKind::ChangeKeys if place != Place::Intended => {
                let protocol = self.product.changed_protocol(wanted.argument.as_deref()?, opened.protocol).ok()?;
                let version = match self.sets.last()?.0.version {
                    version if version < 0x7F => version + 1,
                    _ => 0x01,
                };
                Some(KeySet::new(&self.keys, seed, version, protocol))
            }
            _ => None,
        }
    }

    /// The card answered with one of its key sets; the new one is intended.
    fn opened(&mut self, issuer: &Issuer) {
        let (opened, new) = issuer.versions();
        for (set, place) in &mut self.sets {
            if set.version == opened && *place == Place::Intended {
                *place = Place::OnCard;
            } else if set.version != opened && !issuer.basis.beside {
                *place = Place::Retired;
            }
        }
        self.sets.extend(new.map(|new| (new.clone(), Place::Intended)));
    }

    fn keys_put(&mut self, issuer: &Issuer) {
        let (opened, new) = issuer.versions();
        for (set, place) in &mut self.sets {
            if new.is_some_and(|new| new.version == set.version) && *place == Place::Intended {
                *place = Place::OnCard;
            } else if set.version == opened && !issuer.basis.beside {
                *place = Place::Retired;
            }
        }
    }

    fn ended(&mut self, wanted: &Wanted, issuer: &Issuer, grade: Option<Grade>, content: &Content) -> Became {
        let Some(grade) = grade else { return Became::Unknown("nothing proves the card".to_owned()) };
        let (opened, new) = issuer.versions();
        let last = new.map_or(opened, |new| new.version);
        for (set, place) in &mut self.sets {
            let is_last = set.version == last && *place != Place::Retired;
            *place = if is_last { Place::OnCard } else { Place::Retired };
        }
        self.content = content.clone();
        self.left = None;
        self.state = match wanted.kind {
            OrderKind::Block => CardState::Locked,
            OrderKind::Terminate => CardState::Terminated,
            _ => CardState::Live,
        };
        Became::Done(grade)
    }

    /// Runs a script as a terminal does.
    fn run(&mut self, commands: &[ScriptCommand], cut: Option<(usize, PowerCut)>) -> Result<Vec<Vec<u8>>, String> {
        let mut answers = Vec::new();
        for command in commands {
            self.sent += 1;
            if let Some((_, how)) = cut.filter(|(at, _)| *at + 1 == self.sent) {
                self.card.transmit_and_cut(&command.apdu, how);
                return Err("the card is gone".to_owned());
            }
            let mut answer = match &mut self.carrier {
                Some(carrier) => carrier(&mut self.card, &command.apdu),
                None => self.card.transmit(&command.apdu),
            };
            while let [.., 0x61, count] = answer[..] {
                answer.truncate(answer.len() - 2);
                answer.extend(self.card.transmit(&[0x00, 0xC0, 0x00, 0x00, count]));
            }
            let status = u16::from_be_bytes(*answer.last_chunk::<2>().unwrap());
            let allowed = command.allowed.clone().unwrap_or_else(|| vec![0x9000]);
            if !allowed.contains(&status) {
                return Err(format!("command {}: {status:04X}", hex::encode_upper(&command.apdu[..])));
            }
            answers.push(answer);
        }
        Ok(answers)
    }
}
