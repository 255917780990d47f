//! INITIALIZE UPDATE and EXTERNAL AUTHENTICATE (Amd D §7.1; GPCS §E.5).

use cardwright_apdu::{Aid, Command, Response, StatusWord};

use super::end_what_was_begun;
use crate::channel::{Channel, Session};
use crate::entropy::Entropy;
use crate::key::KeySet;
use crate::level::SecurityLevel;
use crate::life_cycle::CardLifeCycle;
use crate::memory::{Memory, Stop};
use crate::product::{CardProduct, ChannelProtocol};
use crate::scp02::CardChallenge;
use crate::volatile::Volatile;
use crate::{scp02, scp03};

/// The sequence counter of SCP03 has 3 bytes, that of SCP02 has 2.
const LAST_COUNTER_SCP03: u32 = 0x00FF_FFFF;
const LAST_COUNTER_SCP02: u32 = 0xFFFF;

/// Ends the channel there was, and answers a challenge with the card's cryptogram.
pub(crate) fn initialize_update(
    memory: &mut Memory,
    volatile: &mut Volatile,
    entropy: &mut dyn Entropy,
    command: &Command,
) -> Result<Response, Stop> {
    if memory.read().life_cycle == CardLifeCycle::Terminated {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    }
    end_what_was_begun(volatile);
    volatile.channel = Channel::Closed;
    if command.header.p2 != 0x00 {
        return Err(StatusWord::INCORRECT_P1_P2.into());
    }
    let (key_version, protocol) = usable_key_set(memory, command.header.p1)?;
    if command.data().len() != if protocol.is_s16() { 16 } else { 8 } {
        return Err(StatusWord::WRONG_LENGTH.into());
    }
    let opening = Opening {
        aid: volatile.selected.aid().unwrap_or(memory.read().security_domain),
        key_version,
        protocol,
        host_challenge: command.data(),
    };
    let (session, answer) = match protocol.scp {
        2 => challenge_scp02(memory, entropy, &opening)?,
        _ => challenge_scp03(memory, entropy, &opening)?,
    };
    volatile.channel = Channel::Challenged { session, key_version, protocol };
    Ok(Response::new(answer, StatusWord::SUCCESS))
}

/// What a session is derived from, besides keys and counter.
struct Opening<'a> {
    /// of the application that asks for the channel (Amd D §6.2.2.1, GPCS §E.4.2.3)
    aid: Aid,
    key_version: u8,
    protocol: ChannelProtocol,
    host_challenge: &'a [u8],
}

/// The version of the key set that P1 names, and the protocol that its keys speak; 00 names the first set. 6A88 where
/// a key is missing (Amd D §7.1.1.3), 6983 where too many EXTERNAL AUTHENTICATEs with this set failed.
fn usable_key_set(memory: &Memory, p1: u8) -> Result<(u8, ChannelProtocol), StatusWord> {
    let state = memory.read();
    let mut named = state.key_sets.iter().filter(|set| p1 == 0 || set.version == p1);
    let found = named.find_map(|set| Some((set, state.protocol_of(set)?)));
    let (set, protocol) = found.ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
    if is_blocked(set, &state.product) { Err(StatusWord::AUTHENTICATION_BLOCKED) } else { Ok((set.version, protocol)) }
}

fn is_blocked(set: &KeySet, product: &CardProduct) -> bool {
    set.failures >= product.max_failures
}

/// KDD 10, KVN, 03, i, challenge, cryptogram, and the counter of a pseudo-random challenge (Amd D Table 7-3).
fn challenge_scp03(
    memory: &mut Memory,
    entropy: &mut dyn Entropy,
    opening: &Opening<'_>,
) -> Result<(Session, Vec<u8>), Stop> {
    let key_version = opening.key_version;
    let pseudo_random = opening.protocol.has_pseudo_random_challenge();
    let counter = if pseudo_random { Some(step_counter(memory, key_version)?) } else { None };
    let (session, challenge) = derive_scp03(memory, entropy, opening, counter).ok_or(StatusWord(0x6400))?;
    let cryptogram = session.card_cryptogram().ok_or(StatusWord(0x6400))?;
    let state = memory.read();
    let mut answer = state.identity.key_diversification_data.clone();
    answer.extend_from_slice(&[key_version, 0x03, opening.protocol.i]);
    answer.extend_from_slice(&challenge);
    answer.extend_from_slice(&cryptogram);
    if let Some(counter) = counter {
        answer.extend_from_slice(&counter.to_be_bytes()[1..]);
    }
    Ok((Session::Scp03(Box::new(session)), answer))
}

/// The counter is stepped before it is used; at its maximum no channel opens any more (Amd D §6.2.2.1).
fn step_counter(memory: &mut Memory, key_version: u8) -> Result<u32, Stop> {
    let counter = memory.read().key_set(key_version).map_or(0, |set| set.sequence_counter);
    if counter >= LAST_COUNTER_SCP03 {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    }
    memory
        .write(|state| state.key_set_mut(key_version).into_iter().for_each(|set| set.sequence_counter = counter + 1))?;
    Ok(counter + 1)
}

fn derive_scp03(
    memory: &Memory,
    entropy: &mut dyn Entropy,
    opening: &Opening<'_>,
    counter: Option<u32>,
) -> Option<(scp03::Session, Vec<u8>)> {
    let state = memory.read();
    let keys = state.key_set(opening.key_version)?.channel_keys()?;
    let length = opening.host_challenge.len();
    let challenge = match counter {
        Some(counter) => scp03::pseudo_random_challenge(keys.encryption, counter, opening.aid.as_bytes(), length)?,
        None => {
            let mut random = vec![0; length];
            entropy.fill(&mut random);
            random
        }
    };
    Some((scp03::Session::derive(&keys, opening.host_challenge, &challenge)?, challenge))
}

/// KDD 10, KVN, 02, counter 2, challenge 6, cryptogram 8 (GPCS Table E-9). The counter does not step here.
fn challenge_scp02(
    memory: &Memory,
    entropy: &mut dyn Entropy,
    opening: &Opening<'_>,
) -> Result<(Session, Vec<u8>), Stop> {
    let state = memory.read();
    let key_version = opening.key_version;
    let counter = state.key_set(key_version).map_or(0, |set| set.sequence_counter);
    if counter > LAST_COUNTER_SCP02 {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    }
    let counter = (counter as u16).to_be_bytes();
    let session = derive_scp02(memory, entropy, opening, counter).ok_or(StatusWord(0x6400))?;
    let cryptogram = session.card_cryptogram().ok_or(StatusWord(0x6400))?;
    let mut answer = state.identity.key_diversification_data.clone();
    answer.extend_from_slice(&[key_version, 0x02]);
    answer.extend_from_slice(&counter);
    answer.extend_from_slice(&session.card_challenge());
    answer.extend_from_slice(&cryptogram);
    Ok((Session::Scp02(Box::new(session)), answer))
}

fn derive_scp02(
    memory: &Memory,
    entropy: &mut dyn Entropy,
    opening: &Opening<'_>,
    counter: [u8; 2],
) -> Option<scp02::Session> {
    let state = memory.read();
    let keys = state.key_set(opening.key_version)?.channel_keys()?;
    let challenge = if opening.protocol.has_pseudo_random_challenge() {
        CardChallenge::OverAid(opening.aid.as_bytes())
    } else {
        let mut random = [0; 6];
        entropy.fill(&mut random);
        CardChallenge::Random(random)
    };
    scp02::Session::derive(&keys, counter, opening.host_challenge.try_into().ok()?, challenge)
}

/// Verifies cryptogram and C-MAC and opens the channel at the level of P1. The failure is written before the
/// comparison and taken back after it, so that a cut of the power cannot give a try for nothing.
pub(crate) fn external_authenticate(
    memory: &mut Memory,
    volatile: &mut Volatile,
    command: &Command,
) -> Result<Response, Stop> {
    end_what_was_begun(volatile);
    let channel = std::mem::take(&mut volatile.channel);
    let Channel::Challenged { mut session, key_version, protocol } = channel else {
        volatile.channel = match channel {
            Channel::Aborted | Channel::Open(_) => Channel::Aborted,
            _ => Channel::Closed,
        };
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    };
    let (header, data) = (command.header, command.data());
    let level = SecurityLevel::new(header.p1, protocol.scp, protocol.i)
        .filter(|_| header.p2 == 0x00)
        .ok_or(StatusWord::INCORRECT_P1_P2)?;
    let length = session.mac_length();
    if data.len() != 2 * length {
        return Err(StatusWord::WRONG_LENGTH.into());
    }
    count_failure(memory, key_version)?;
    let host_proved = session.proves_the_host(&data[..length]);
    let mac_right = session.verify_authenticate(header, data);
    if mac_right && protocol.scp == 2 {
        step_scp02_counter(memory, key_version)?;
    }
    if !host_proved {
        return Err(StatusWord::AUTHENTICATION_FAILED.into());
    }
    if !mac_right {
        return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED.into());
    }
    memory.write(|state| state.key_set_mut(key_version).into_iter().for_each(|set| set.failures = 0))?;
    session.set_level(level);
    volatile.channel = Channel::Open(session);
    Ok(Response::new([], StatusWord::SUCCESS))
}

/// 6983 where no try is left.
fn count_failure(memory: &mut Memory, key_version: u8) -> Result<(), Stop> {
    let state = memory.read();
    if state.key_set(key_version).is_none_or(|set| is_blocked(set, &state.product)) {
        return Err(StatusWord::AUTHENTICATION_BLOCKED.into());
    }
    memory.write(|state| {
        state.key_set_mut(key_version).into_iter().for_each(|set| set.failures = set.failures.saturating_add(1));
    })
}

/// The counter of SCP02 steps when the first C-MAC of a session is right, whatever the command then comes to
/// (GPCS §E.1.2).
fn step_scp02_counter(memory: &mut Memory, key_version: u8) -> Result<(), Stop> {
    memory.write(|state| state.key_set_mut(key_version).into_iter().for_each(|set| set.sequence_counter += 1))
}
