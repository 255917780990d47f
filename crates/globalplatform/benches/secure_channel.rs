//! What a channel costs the center: `cargo bench -p cardwright-globalplatform`.

use aes::Aes128;
use cardwright_apdu::{Aid, Command};
use cardwright_globalplatform::{
    CardAuthenticated, ChannelParameters, Content, Conversation, HostChallenge, KeySize, OpenChannel, Outcome,
    PlannedCommand, Protocol, SecurityLevel, SessionSecrets,
};
use cmac::{Cmac, KeyInit, Mac};
use divan::{Bencher, black_box};
use zeroize::Zeroizing;

const SUCCESS: [u8; 2] = [0x90, 0x00];
const HOST_CHALLENGE: [u8; 16] = [0x48; 16];
const CARD_CHALLENGE: [u8; 8] = [0x43; 8];

fn main() {
    divan::main();
}

/// What cannot fail here: the bench is its own card.
fn right<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

/// The card's side, with one session key for everything: what it costs does not depend on its value.
fn cmac(parts: &[&[u8]]) -> [u8; 16] {
    let mut mac = <Cmac<Aes128> as KeyInit>::new(&[0x4B; 16].into());
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

fn initialize_update_answer() -> Vec<u8> {
    let cryptogram = cmac(&[&[0; 13], &[0, 0x40, 1], &HOST_CHALLENGE[..8], &CARD_CHALLENGE]);
    [&[0; 10][..], &[0x30, 0x03, 0x70], &CARD_CHALLENGE, &cryptogram[..8], &[0, 0, 1], &SUCCESS].concat()
}

fn opened() -> CardAuthenticated {
    let protocol = right(Protocol::scp03(0x70, KeySize::Aes128));
    let level = SecurityLevel::ResponseEncryption;
    let parameters = right(ChannelParameters::new(protocol, 0x30, level, Aid::ISSUER_SECURITY_DOMAIN));
    let answer = initialize_update_answer();
    let needs = right(Conversation::begin(parameters, HostChallenge::new(HOST_CHALLENGE), &answer));
    let keys = (0..3).map(|_| Zeroizing::new(vec![0x4B; 16])).collect();
    right(needs.session_keys(SessionSecrets::new(keys)))
}

/// A channel after EXTERNAL AUTHENTICATE.
fn channel() -> OpenChannel {
    match right(right(opened().wrap(&[])).verify(&[SUCCESS])) {
        Outcome::Proven(proven) => proven.into_channel(),
        Outcome::Believed(believed) => believed.into_channel(),
    }
}

fn store_data(count: usize) -> Vec<PlannedCommand> {
    let command = right(Command::new(0x80, 0xE2, 0x00, 0x00).with_data([0x5A; 239]));
    vec![PlannedCommand::new(command, Content::Personal); count]
}

/// The card's protected answers (9000, no data) to `count` commands in a fresh [`channel`].
fn answers(count: usize) -> Vec<Vec<u8>> {
    let script = right(opened().wrap(&store_data(count)));
    let mut chain = [0; 16];
    let mut answers = Vec::new();
    for wrapped in script.commands() {
        let bytes = wrapped.command.to_bytes();
        let end = 5 + wrapped.command.data().len() - 8; // header, Lc and the data before the C-MAC
        chain = cmac(&[&chain, &bytes[..end]]);
        answers.push([&cmac(&[&chain, &SUCCESS])[..8], &SUCCESS].concat());
    }
    answers.split_off(1)
}

#[divan::bench]
fn open_a_channel() -> CardAuthenticated {
    opened()
}

#[divan::bench(args = [1, 20, 60])]
fn wrap_and_verify_store_data_of_239_bytes(bencher: Bencher<'_, '_>, count: usize) {
    let (commands, answers) = (store_data(count), answers(count));
    bencher.with_inputs(channel).bench_local_values(|channel| {
        let script = right(channel.wrap(black_box(&commands)));
        right(script.verify(black_box(&answers))).proven().is_some()
    });
}
