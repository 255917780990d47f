//! A dialogue between the crate and the card for tests, whole.

use cardwright_apdu::{Aid, Command, Response, StatusWord};
use cardwright_globalplatform::{
    CardAuthenticated, ChannelParameters, Content, Conversation, HostChallenge, KeySize, NeedsSessionKeys,
    PlannedCommand, Protocol, Script, SecurityLevel,
};

use crate::card::{Card, derive};
use crate::keystore::KeySet;

pub(crate) const KDD: [u8; 10] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
pub(crate) const HOST_CHALLENGE: [u8; 16] = *b"host challenge..";

/// How a channel is opened in a test.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) i: u8,
    pub(crate) size: KeySize,
    pub(crate) level: u8,
    pub(crate) idle_counter: bool,
}

pub(crate) const FULL: Setting = Setting { i: 0x70, size: KeySize::Aes128, level: 0x33, idle_counter: false };

impl Setting {
    pub(crate) fn parameters(self, key_version: u8) -> ChannelParameters {
        let protocol = Protocol::scp03(self.i, self.size).unwrap();
        let level = SecurityLevel::from_byte(self.level).unwrap();
        let parameters = ChannelParameters::new(protocol, key_version, level, Aid::ISSUER_SECURITY_DOMAIN).unwrap();
        if self.idle_counter { parameters.with_counter_idle_without_data() } else { parameters }
    }

    pub(crate) fn length(self) -> usize {
        if self.i & 1 != 0 { 16 } else { 8 }
    }

    pub(crate) fn keys(self, seed: u8) -> KeySet {
        let key = |number: u8| vec![seed ^ number; self.size.bytes()];
        KeySet { enc: key(1), mac: key(2), dek: key(3) }
    }

    /// The card's side: its challenge is pseudo-random where `i` says so.
    pub(crate) fn card(self, keys: &KeySet, key_version: u8, counter: u8) -> (Card, Vec<u8>) {
        let counter = [0, 0, counter];
        let context = [&counter[..], Aid::ISSUER_SECURITY_DOMAIN.as_bytes()].concat();
        let challenge = derive(&keys.enc, 2, &context, self.length());
        let head = [&KDD[..], &[key_version, 3, self.i]].concat();
        let shown: &[u8] = if self.i & 0x10 != 0 { &counter } else { &[] };
        let (card, answer) = Card::open(keys, &head, &HOST_CHALLENGE[..self.length()], &challenge, shown);
        (if self.idle_counter { card.with_idle_counter() } else { card }, answer)
    }

    pub(crate) fn begin(self, answer: &[u8]) -> NeedsSessionKeys {
        let challenge = HostChallenge::new(HOST_CHALLENGE);
        Conversation::begin(self.parameters(0x30), challenge, answer).ok().unwrap()
    }

    /// Card and host after INITIALIZE UPDATE, the card's cryptogram verified.
    pub(crate) fn opened(self) -> (Card, CardAuthenticated) {
        let keys = self.keys(0x40);
        let (card, answer) = self.card(&keys, 0x30, 5);
        let needs = self.begin(&answer);
        let secrets = keys.secrets(&needs.request());
        (card, needs.session_keys(secrets).ok().unwrap())
    }
}

/// A STORE DATA that carries `data`.
pub(crate) fn command(data: &[u8]) -> PlannedCommand {
    let command = Command::new(0x80, 0xE2, 0x00, 0x00).with_data(data).unwrap();
    PlannedCommand::new(command, Content::Management)
}

/// Plays the script's commands from `first` on to the card, which answers each with `answers`.
pub(crate) fn play(card: &mut Card, script: &Script, first: usize, answers: &[Response]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let commands: Vec<_> = script.commands().skip(first).collect();
    assert_eq!(commands.len(), answers.len());
    commands.iter().zip(answers).map(|(wrapped, answer)| card.process(&wrapped.command, answer)).collect()
}

/// Success with `data`.
pub(crate) fn success(data: &[u8]) -> Response {
    Response::new(data, StatusWord::SUCCESS)
}

/// A script of three commands at `setting`, and the card's raw answers to it.
pub(crate) fn three_commands(setting: Setting) -> (Script, Vec<Vec<u8>>) {
    let (mut card, authenticated) = setting.opened();
    let script = authenticated.wrap(&[command(b"one"), command(b""), command(b"three")]).ok().unwrap();
    let mut answers = vec![card.authenticate(&script.commands().next().unwrap().command)];
    let plain = [success(b"first answer"), success(b""), success(b"third")];
    answers.extend(play(&mut card, &script, 1, &plain).into_iter().map(|(_, answer)| answer));
    (script, answers)
}
