//! A virtual card and a host that talk with each other, at every setting that both know.

use cardwright_apdu::{Aid, Command, StatusWord};
use cardwright_globalplatform::{
    CardAuthenticated, ChannelParameters, Content, Conversation, HostChallenge, KeySize, NeedsSessionKeys, OpenChannel,
    Outcome, PlannedCommand, Protocol, Script, SecurityLevel, initialize_update,
};
use cardwright_virtual_card::{Card, CardIdentity, CardProduct, Proof, Secret, SeededEntropy, blank};
use proptest::prelude::*;

use crate::keys::StaticKeys;

pub(crate) const KEY_VERSION: u8 = 0x30;

/// Protocol, parameter i, key length and level of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) scp: u8,
    pub(crate) i: u8,
    pub(crate) key_length: usize,
    pub(crate) level: u8,
}

/// Every setting there is: SCP03 with each i, key length and level that i allows; SCP02 i = 15 and 55.
pub(crate) fn settings() -> Vec<Setting> {
    let levels = |i: u8| match i & 0x60 {
        0x00 => &[0x01, 0x03][..],
        0x20 => &[0x01, 0x03, 0x11, 0x13],
        _ => &[0x01, 0x03, 0x11, 0x13, 0x33],
    };
    let mut settings = Vec::new();
    for i in [0x00, 0x20, 0x60].into_iter().flat_map(|response| [0x00, 0x01, 0x10, 0x11].map(|bits| response | bits)) {
        for key_length in [16, 24, 32] {
            settings.extend(levels(i).iter().map(|level| Setting { scp: 3, i, key_length, level: *level }));
        }
    }
    for i in [0x15, 0x55] {
        settings.extend([0x01, 0x03].map(|level| Setting { scp: 2, i, key_length: 16, level }));
    }
    settings
}

/// One of [`settings`] that `wanted` takes.
pub(crate) fn any_setting(wanted: fn(&Setting) -> bool) -> impl Strategy<Value = Setting> {
    prop::sample::select(settings().into_iter().filter(wanted).collect::<Vec<_>>())
}

impl Setting {
    pub(crate) fn has_response_mac(&self) -> bool {
        self.level & 0x10 != 0
    }

    pub(crate) fn encrypts_commands(&self) -> bool {
        self.level & 0x02 != 0
    }

    pub(crate) fn is_pseudo_random(&self) -> bool {
        self.i & if self.scp == 3 { 0x10 } else { 0x40 } != 0
    }

    pub(crate) fn protocol(&self) -> Protocol {
        let size = match self.key_length {
            16 => KeySize::Aes128,
            24 => KeySize::Aes192,
            _ => KeySize::Aes256,
        };
        if self.scp == 3 { Protocol::scp03(self.i, size) } else { Protocol::scp02(self.i) }.unwrap()
    }

    pub(crate) fn parameters(&self, key_version: u8) -> ChannelParameters {
        let level = SecurityLevel::from_byte(self.level).unwrap();
        ChannelParameters::new(self.protocol(), key_version, level, Aid::ISSUER_SECURITY_DOMAIN).unwrap()
    }

    pub(crate) fn keys(&self, random: &[u8]) -> StaticKeys {
        StaticKeys::new(random, self.key_length, self.scp == 3)
    }

    /// A blank card of a product with this protocol, i and key length.
    pub(crate) fn card(&self, keys: &StaticKeys, entropy: [u8; 32]) -> Card {
        let name = if self.scp == 3 { "scp03-i70" } else { "scp02-i55" };
        let mut product = CardProduct::from_toml(&crate::file(&format!("products/{name}.toml"))).unwrap();
        product.preloaded.truncate(1); // the identity application's: what else there is, the tests bring themselves
        product.i = self.i;
        product.key_length = self.key_length;
        product.key_sets = 2; // these tests add sets beside the first
        product.transport_key_version = KEY_VERSION;
        product.preloaded.truncate(1); // the identity application's: these tests load the others, and list what is there
        product.proof = if self.scp == 3 && self.i & 0x20 != 0 { Proof::RMac } else { Proof::None };
        let identity = CardIdentity {
            issuer_identification_number: vec![0x62, 0, 0, 0x1F],
            card_image_number: vec![0, 1],
            production_life_cycle: vec![0x47; 42],
            key_diversification_data: (0..10).collect(),
        };
        let keys = keys.values.clone().map(Secret::new);
        let mut card = Card::new(blank::blank(product, identity, keys).unwrap(), Box::new(SeededEntropy::new(entropy)));
        card.reset();
        card
    }
}

/// All that is random about one dialogue.
#[derive(Clone, Debug)]
pub(crate) struct Randomness {
    pub(crate) keys: Vec<u8>,
    pub(crate) new_keys: Vec<u8>,
    pub(crate) challenge: [u8; 16],
    pub(crate) second_challenge: [u8; 16],
    pub(crate) entropy: [u8; 32],
}

pub(crate) fn randomness() -> impl Strategy<Value = Randomness> {
    let keys = || prop::collection::vec(any::<u8>(), 96);
    (keys(), keys(), any::<[u8; 16]>(), any::<[u8; 16]>(), any::<[u8; 32]>()).prop_map(
        |(keys, new_keys, challenge, second_challenge, entropy)| Randomness {
            keys,
            new_keys,
            challenge,
            second_challenge,
            entropy,
        },
    )
}

/// A host and a card that has not been asked anything yet.
pub(crate) struct Pair {
    pub(crate) setting: Setting,
    pub(crate) keys: StaticKeys,
    pub(crate) card: Card,
    challenge: [u8; 16],
}

impl Pair {
    pub(crate) fn new(setting: Setting, random: &Randomness) -> Self {
        let keys = setting.keys(&random.keys);
        let card = setting.card(&keys, random.entropy);
        Self { setting, keys, card, challenge: random.challenge }
    }

    /// INITIALIZE UPDATE on `key_version`: the command's raw answer.
    pub(crate) fn ask(&mut self, key_version: u8) -> Vec<u8> {
        let parameters = self.setting.parameters(key_version);
        let command = initialize_update(&parameters, &HostChallenge::new(self.challenge));
        self.card.transmit(&command.to_bytes())
    }

    pub(crate) fn begin(&mut self, key_version: u8) -> NeedsSessionKeys {
        let answer = self.ask(key_version);
        let challenge = HostChallenge::new(self.challenge);
        Conversation::begin(self.setting.parameters(key_version), challenge, &answer).ok().unwrap()
    }

    /// The card is asked and has proven that it holds this pair's keys.
    pub(crate) fn authenticate(&mut self) -> CardAuthenticated {
        self.authenticate_on(KEY_VERSION, &self.keys.clone())
    }

    pub(crate) fn authenticate_on(&mut self, key_version: u8, keys: &StaticKeys) -> CardAuthenticated {
        let needs = self.begin(key_version);
        if let Some(request) = needs.challenge_request() {
            needs.verify_challenge(&keys.derive(&request)).unwrap();
        }
        let secrets = keys.secrets(&needs.request());
        let card = needs.session_keys(secrets).ok().unwrap();
        card.verify_scp02_challenge().unwrap();
        card
    }

    /// Runs a whole script on the card.
    pub(crate) fn run(&mut self, script: &Script) -> Vec<Vec<u8>> {
        script.commands().map(|wrapped| self.card.transmit(&wrapped.command.to_bytes())).collect()
    }

    /// Opens a channel, runs `commands` in it, and hands back what the answers are worth.
    pub(crate) fn exchange(&mut self, commands: &[PlannedCommand]) -> Outcome {
        let script = self.authenticate().wrap(commands).unwrap_or_else(|error| panic!("{error}"));
        let answers = self.run(&script);
        script.verify(&answers).unwrap_or_else(|failure| panic!("{:?}: {failure}", self.setting))
    }

    /// Runs further `commands` in the channel that is open.
    pub(crate) fn go_on(&mut self, channel: OpenChannel, commands: &[PlannedCommand]) -> Outcome {
        let script = channel.wrap(commands).unwrap_or_else(|error| panic!("{error}"));
        let answers = self.run(&script);
        script.verify(&answers).unwrap_or_else(|failure| panic!("{:?}: {failure}", self.setting))
    }
}

/// The answers' plain data and status, and the channel; proven exactly where the setting has an R-MAC.
pub(crate) fn opened(setting: &Setting, outcome: Outcome) -> (Vec<(Vec<u8>, StatusWord)>, OpenChannel) {
    let plain = |answers: &[cardwright_globalplatform::Answer]| {
        answers.iter().map(|answer| (answer.response().data.clone(), answer.response().status)).collect()
    };
    match outcome {
        Outcome::Proven(proven) if setting.has_response_mac() => (plain(proven.answers()), proven.into_channel()),
        Outcome::Believed(believed) if !setting.has_response_mac() => {
            (plain(believed.answers()), believed.into_channel())
        }
        _ => panic!("{setting:?}: proven without an R-MAC, or an R-MAC that proves nothing"),
    }
}

/// A command without secrets.
pub(crate) fn command(cla: u8, ins: u8, p1: u8, p2: u8, data: &[u8]) -> PlannedCommand {
    let command = Command::new(cla, ins, p1, p2).with_data(data).unwrap().expecting_all();
    PlannedCommand::new(command, Content::Management)
}
