//! STORE DATA: groupings arrive in clear or under the DEK, span commands, and are complete when the last command has
//! found everything. One command is one atomic write: all of it or nothing.

use cardwright_apdu::{Aid, StatusWord};

use super::content::{self, DekForm};
use super::groupings::{Groupings, Interface, KEY_CHECK_VALUES, KEYS, PIN, PIN_TRIES, Pending};
use super::{Module, completeness};
use crate::applications::Program;
use crate::applications::personalization::{is_under_dek, read_header};
use crate::channel::Session;
use crate::life_cycle::ApplicationState;
use crate::memory::{Memory, Stop};
use crate::registry::Application;
use crate::secret::Secret;

/// A new personalization begins: a grouping that was cut short is dropped, whole ones stay.
pub(crate) fn begin(memory: &mut Memory, aid: &Aid) -> Result<(), Stop> {
    if groupings(memory, aid)?.1.pending.is_some() {
        memory.write(|state| {
            if let Some(groupings) = state.application_mut(aid).and_then(|found| groupings_mut(&mut found.program)) {
                groupings.pending = None;
            }
        })?;
    }
    Ok(())
}

/// One STORE DATA. The last makes a SELECTABLE application PERSONALIZED; one that is INSTALLED waits for INSTALL
/// [for make selectable].
pub(crate) fn store_data(memory: &mut Memory, aid: &Aid, p1: u8, block: &[u8], channel: &Session) -> Result<(), Stop> {
    let (module, before) = groupings(memory, aid)?;
    if before.complete {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    }
    let encrypted = is_under_dek(p1)?;
    let product = &memory.read().product;
    let mut arrival = Arrival { module, encrypted, groupings: before.duplicate(), channel };
    arrival.take(block)?;
    let mut after = arrival.groupings;
    if after.memory_used().saturating_sub(before.memory_used()) > memory.read().memory_free() as usize {
        return Err(StatusWord::NOT_ENOUGH_MEMORY.into());
    }
    let last = p1 & 0x80 != 0;
    if last {
        completeness::check(module, Interface::of(&product.atr), &after)?;
        after.complete = true;
    }
    memory.write(|state| {
        if let Some(application) = state.application_mut(aid) {
            keep(application, after);
        }
    })
}

/// With the last grouping the PIN has its tries, and the application its state.
fn keep(application: &mut Application, after: Groupings) {
    if after.complete && application.state == ApplicationState::Selectable {
        application.state = ApplicationState::Personalized;
    }
    if let Program::Emv(data) = &mut application.program {
        data.pin_tries = after.pin_tries_and_limit().map_or(0, |(tries, _)| tries);
    }
    if let Some(groupings) = groupings_mut(&mut application.program) {
        *groupings = after;
    }
}

fn groupings<'a>(memory: &'a Memory, aid: &Aid) -> Result<(Module, &'a Groupings), StatusWord> {
    match memory.read().application(aid).map(|application| &application.program) {
        Some(Program::Emv(data)) => Ok((Module::Payment, &data.groupings)),
        Some(Program::PaymentEnvironment(data)) => Ok((Module::Environment, &data.groupings)),
        _ => Err(StatusWord::CONDITIONS_NOT_SATISFIED),
    }
}

fn groupings_mut(program: &mut Program) -> Option<&mut Groupings> {
    match program {
        Program::Emv(data) => Some(&mut data.groupings),
        Program::PaymentEnvironment(data) => Some(&mut data.groupings),
        _ => None,
    }
}

/// What there is after one STORE DATA, before it is written.
struct Arrival<'a> {
    module: Module,
    encrypted: bool,
    groupings: Groupings,
    /// whose DEK sensitive data is under
    channel: &'a Session,
}

impl Arrival<'_> {
    fn take(&mut self, block: &[u8]) -> Result<(), StatusWord> {
        let mut rest = block;
        if let Some(pending) = self.groupings.pending.take() {
            rest = self.go_on(pending, rest)?;
        }
        while !rest.is_empty() {
            let (pending, after) = self.begin(rest)?;
            rest = self.go_on(pending, after)?;
        }
        Ok(())
    }

    /// Begins the grouping at the front of `bytes`, and hands back what follows its header.
    fn begin<'a>(&self, bytes: &'a [u8]) -> Result<(Pending, &'a [u8]), StatusWord> {
        let (identifier, length, rest) = read_header(bytes)?;
        let rule = content::rule(self.module, identifier).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        let right_way = rule.under_dek.is_some() == self.encrypted;
        if !right_way || length > rule.longest {
            return Err(StatusWord::WRONG_DATA);
        }
        let encrypted = self.encrypted;
        Ok((Pending { identifier, length, encrypted, received: Secret::new(Vec::new()) }, rest))
    }

    /// Takes from `bytes` what `pending` lacks, and hands back the rest.
    fn go_on<'a>(&mut self, mut pending: Pending, bytes: &'a [u8]) -> Result<&'a [u8], StatusWord> {
        if pending.encrypted != self.encrypted {
            return Err(StatusWord::WRONG_DATA);
        }
        let lacking = pending.length.saturating_sub(pending.received.expose().len());
        let (taken, rest) = bytes.split_at(lacking.min(bytes.len()));
        pending.received = Secret::new([pending.received.expose(), taken].concat());
        if taken.len() < lacking {
            self.groupings.pending = Some(pending);
        } else {
            self.finish(pending)?;
        }
        Ok(rest)
    }

    fn finish(&mut self, whole: Pending) -> Result<(), StatusWord> {
        let identifier = whole.identifier;
        let rule = content::rule(self.module, identifier).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        let content = match rule.under_dek {
            None => whole.received,
            Some(form) => self.decrypt(whole.received.expose(), form).ok_or(StatusWord::WRONG_DATA)?,
        };
        self.check_order(identifier, content.expose())?;
        if !content::is_well_formed(self.module, identifier, content.expose()) {
            return Err(StatusWord::WRONG_DATA);
        }
        self.groupings.put(identifier, content);
        Ok(())
    }

    fn decrypt(&self, encrypted: &[u8], form: DekForm) -> Option<Secret> {
        let plain = Secret::new(self.channel.decrypt_sensitive(encrypted)?);
        let cipher_block = self.channel.data_encryption_block();
        match form {
            DekForm::Exactly(length) if length.is_multiple_of(cipher_block) => Some(plain),
            DekForm::Exactly(_) | DekForm::Padded => content::without_padding(&plain, cipher_block),
        }
    }

    /// Keys before their check values, which must agree; the PIN's tries before the PIN (CPS). Keys or tries that
    /// come again want what depends on them again.
    fn check_order(&mut self, identifier: u16, content: &[u8]) -> Result<(), StatusWord> {
        let in_order = match identifier {
            KEY_CHECK_VALUES => self.groupings.get(KEYS).is_some_and(|keys| content::check_values(keys) == content),
            PIN => self.groupings.has(PIN_TRIES),
            _ => true,
        };
        match identifier {
            KEYS => self.groupings.remove(KEY_CHECK_VALUES),
            PIN_TRIES => self.groupings.remove(PIN),
            _ => {}
        }
        if in_order { Ok(()) } else { Err(StatusWord::WRONG_DATA) }
    }
}
