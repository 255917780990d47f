//! The commands of each segment, with what their answers must show.

use cardwright_apdu::StatusWord;
use cardwright_data_preparation::{Application, CommitPoint, Route};
use cardwright_globalplatform::commands::{
    AesKeyBlock, Blocks, CardState, DataObject, EncryptedKeySet, Installation, Occurrence, Privileges, Scope,
    StatusFormat, StructureBits, delete, delete_keys, get_data_in_channel, get_status, install_for_load, load,
    make_selectable, put_keys, set_card_state, store_data, store_data_through_domain, store_nothing_more,
};
use cardwright_globalplatform::{Error as ChannelError, PlannedCommand};
use cardwright_relay::Code;
use cardwright_relay::message::Refusal;

use super::groupings::{Enciphered, Travelling};
use super::showing::{Question, Shows};
use super::{Inputs, caller_refused, piv};
use crate::admission::refusal;
use crate::proof::Proof;
use crate::work::segment::{Place, Ring, Work, is_selectable_first, life_cycle};

/// Whether the groupings are DGIs is what the application knows (CPS).
const STRUCTURE: StructureBits = StructureBits::Implicit;

/// A command with what its answer must show.
pub(super) type Asked = (PlannedCommand, Shows);

/// What commands are made from.
pub(super) struct Material<'a> {
    pub(super) inputs: &'a Inputs,
    pub(super) enciphered: &'a Enciphered,
    /// certificates of the keys that the card made, in the order of the keys
    pub(super) certificates: &'a [Vec<u8>],
    /// the keys that are put on the card
    pub(super) new_keys: Option<&'a EncryptedKeySet>,
    /// whose channel the commands go through
    pub(super) ring: Ring,
}

impl Material<'_> {
    /// The commands of one segment.
    pub(super) fn commands(&self, work: &Work) -> Result<Vec<Asked>, Refusal> {
        let refused = |error: ChannelError| caller_refused(self.inputs, &error);
        match work {
            Work::Survey => survey().map_err(refused),
            Work::PutKeys { replaced } => self.put_keys(*replaced).map(|asked| vec![asked]),
            Work::DeleteKeys(versions) => {
                let delete = |version: &u8| Ok((delete_keys(*version, None)?, Shows::Nothing));
                versions.iter().map(delete).collect::<Result<_, _>>().map_err(refused)
            }
            Work::Delete { instances, load_files } => {
                Ok(instances.iter().chain(load_files).map(|aid| (delete(aid, false), Shows::Nothing)).collect())
            }
            Work::Load(number) => self.load(*number),
            Work::Write { states, applications } => self.write(states, applications).map_err(refused),
            Work::Store(number) => self.store(*number).map_err(refused),
            Work::Rewrite(number) => self.rewrite(*number).map_err(refused),
            // not through a channel
            Work::Script(_) => Ok(Vec::new()),
            Work::MakeKeys(number) => Ok(self.make_keys(*number)),
            Work::StoreObjects(number) => self.store_objects(*number),
            Work::Activate { application, continued } => self.activate(*application, *continued).map_err(refused),
            Work::SetCard(state) => Ok(vec![(set_card_state(*state), Shows::Nothing)]),
            Work::EndCard => Ok(vec![(set_card_state(CardState::Terminated), Shows::Nothing)]),
            Work::Ask { card } => self.ask(*card, true).map_err(refused),
        }
    }

    /// PUT KEY (GPCS §11.8), in place of a key set or beside it.
    fn put_keys(&self, replaced: Option<u8>) -> Result<Asked, Refusal> {
        let (keys, new) =
            self.new_keys.zip(self.inputs.new_keys).ok_or_else(|| refusal(Code::KEYSTORE_UNAVAILABLE, &[]))?;
        let command = put_keys(replaced, new.version, keys, AesKeyBlock::WithLength);
        let command = command.map_err(|error| caller_refused(self.inputs, &error))?;
        Ok((command, Shows::KeysStored { version: new.version, keys: Box::new(keys.clone()) }))
    }

    /// INSTALL [for load] with the load file data block's hash, and LOAD in blocks as large as the channel allows.
    fn load(&self, number: usize) -> Result<Vec<Asked>, Refusal> {
        let program = &self.inputs.programs[number];
        let limit = self.limit()?;
        let commands = || {
            let announced = install_for_load(&program.aid, None, &program.hash, &[])?;
            Ok([announced].into_iter().chain(load(&program.block, limit)?).map(|command| (command, Shows::Nothing)))
        };
        commands().map(Iterator::collect).map_err(|error: ChannelError| caller_refused(self.inputs, &error))
    }

    fn application(&self, number: usize) -> &Application {
        &self.inputs.applications()[number]
    }

    fn limit(&self) -> Result<usize, Refusal> {
        Ok(self.inputs.channel(self.ring, Place::Domain)?.command_data_limit())
    }

    /// SECURED, installed, and written as far as the Security Domain does it; then the states.
    fn write(&self, states: &[CardState], applications: &[usize]) -> Result<Vec<Asked>, ChannelError> {
        let states = states.iter().copied().map(set_card_state);
        let mut commands: Vec<Asked> = states.map(|command| (command, Shows::Nothing)).collect();
        for number in applications.iter().copied() {
            let application = self.application(number);
            let selectable = is_selectable_first(application) || self.inputs.is_complete_at_once(application);
            commands.push((install(application, selectable)?, Shows::Nothing));
            if application.route == Route::SecurityDomain {
                commands.extend(self.store(number)?);
            }
        }
        if self.inputs.proof(self.ring) == Proof::RMac {
            commands.extend(self.asked(CardState::Secured, applications, false)?); // without a MAC, no answer to it would say anything
        }
        Ok(commands)
    }

    /// What of an application's groupings is written before its commit point.
    fn store(&self, number: usize) -> Result<Vec<Asked>, ChannelError> {
        let application = self.application(number);
        let groupings = self.enciphered.groupings(number, application)?;
        let completes = !is_selectable_first(application);
        let before = if completes { &groupings[..] } else { split_last(&groupings).0 };
        self.stored(application, before, Blocks { first: 0, complete: completes })
    }

    /// All of an application's groupings, in one stream.
    fn rewrite(&self, number: usize) -> Result<Vec<Asked>, ChannelError> {
        let application = self.application(number);
        let groupings = self.enciphered.groupings(number, application)?;
        self.stored(application, &groupings, Blocks { first: 0, complete: true })
    }

    /// The STORE DATA commands of `groupings`, by the application's route; none where there are none.
    fn stored(
        &self,
        application: &Application,
        groupings: &[Travelling],
        part: Blocks,
    ) -> Result<Vec<Asked>, ChannelError> {
        if groupings.is_empty() {
            return Ok(Vec::new());
        }
        let limit = self.limit().unwrap_or_default();
        let stored: Vec<_> = groupings.iter().map(Travelling::stored).collect();
        let commands = match application.route {
            Route::SecurityDomain => {
                store_data_through_domain(&application.instance, &stored, STRUCTURE, limit, part.complete)
            }
            Route::Application => store_data(&stored, STRUCTURE, limit, part),
        }?;
        let shows = |command: &PlannedCommand| match command.command().data() {
            [high, low, ..] if command.allowed().contains(&StatusWord::REFERENCED_DATA_NOT_FOUND) => {
                Shows::Known { instance: application.instance, grouping: u16::from_be_bytes([*high, *low]) }
            }
            _ => Shows::Nothing,
        };
        Ok(commands.into_iter().map(|command| (command.clone(), shows(&command))).collect())
    }

    fn make_keys(&self, number: usize) -> Vec<Asked> {
        let keys = self.application(number).piv.iter().flat_map(|content| content.keys.iter().enumerate());
        keys.map(|(place, key)| (piv::generate(key), Shows::PublicKey { application: number, key: place })).collect()
    }

    fn store_objects(&self, number: usize) -> Result<Vec<Asked>, Refusal> {
        let limit = self.limit()?;
        let content = self.application(number).piv.iter();
        let commands = content.flat_map(|content| piv::store(content, self.certificates, limit));
        Ok(commands.map(|command| (command, Shows::Nothing)).collect())
    }

    /// The command that makes the application usable, and what must stand before it.
    fn activate(&self, number: usize, continued: bool) -> Result<Vec<Asked>, ChannelError> {
        let application = self.application(number);
        let mut commands = match application.commit_point {
            CommitPoint::MakeSelectable => {
                let privileges = Privileges::new(&application.privileges)?;
                vec![(make_selectable(&application.instance, privileges), Shows::Nothing)]
            }
            CommitPoint::Personalized if application.piv.is_some() => vec![(store_nothing_more(), Shows::Nothing)],
            CommitPoint::Personalized => self.complete(number, continued)?,
        };
        if let Some((_, shows)) = commands.last_mut() {
            *shows = Shows::CommitPoint(application.instance);
        }
        Ok(commands)
    }

    /// The last grouping. Its block number goes on from those before where the channel does.
    fn complete(&self, number: usize, continued: bool) -> Result<Vec<Asked>, ChannelError> {
        let application = self.application(number);
        let groupings = self.enciphered.groupings(number, application)?;
        let first = if continued { self.store(number)?.len() as u8 } else { 0x00 };
        self.stored(application, split_last(&groupings).1, Blocks { first, complete: true })
    }

    /// GET STATUS of the card itself and of each application; `active` where they are past their commit points.
    fn ask(&self, card: CardState, active: bool) -> Result<Vec<Asked>, ChannelError> {
        let all: Vec<_> = (0..self.inputs.applications().len()).collect();
        self.asked(card, &all, active)
    }

    fn asked(&self, card: CardState, applications: &[usize], active: bool) -> Result<Vec<Asked>, ChannelError> {
        let question = |scope, aid: &[u8]| get_status(scope, aid, StatusFormat::Tlv, Occurrence::First);
        let mut commands = vec![(question(Scope::IssuerSecurityDomain, &[])?, Shows::Card(card.byte()))];
        for application in applications.iter().map(|number| self.application(*number)) {
            let instance = application.instance;
            let life_cycle = life_cycle(application, active);
            commands.push((question(Scope::Applications, instance.as_bytes())?, Shows::State { instance, life_cycle }));
        }
        Ok(commands)
    }
}

/// Everything that decides what remains to be done: the card's state, instances and load files by two pages each, key
/// sets, free memory. Whatever a card may lack is allowed to be missing: nothing follows from an error.
fn survey() -> Result<Vec<Asked>, ChannelError> {
    let page = |scope, occurrence| get_status(scope, &[], StatusFormat::Tlv, occurrence);
    let may_lack = |command: PlannedCommand| {
        let words = [StatusWord::REFERENCED_DATA_NOT_FOUND, StatusWord::CONDITIONS_NOT_SATISFIED];
        words.into_iter().fold(command, PlannedCommand::allowing)
    };
    let asked = [
        (page(Scope::IssuerSecurityDomain, Occurrence::First)?, Question::Card),
        (may_lack(page(Scope::Applications, Occurrence::First)?), Question::Applications(Occurrence::First)),
        (may_lack(page(Scope::Applications, Occurrence::Next)?), Question::Applications(Occurrence::Next)),
        (may_lack(page(Scope::LoadFiles, Occurrence::First)?), Question::LoadFiles),
        (may_lack(page(Scope::LoadFiles, Occurrence::Next)?), Question::LoadFiles),
        (may_lack(get_data_in_channel(DataObject::KeyInformation)), Question::Keys),
        (may_lack(get_data_in_channel(DataObject::ExtendedCardResources)), Question::Memory),
    ];
    Ok(asked.into_iter().map(|(command, question)| (command, Shows::Survey(question))).collect())
}

/// All groupings but the last, and the last.
fn split_last(groupings: &[Travelling]) -> (&[Travelling], &[Travelling]) {
    groupings.split_at(groupings.len().saturating_sub(1))
}

fn install(application: &Application, selectable: bool) -> Result<PlannedCommand, ChannelError> {
    let installation = Installation {
        load_file: application.package,
        module: application.module,
        instance: application.instance,
        privileges: Privileges::new(&application.privileges)?,
        application_parameters: &application.install_parameters,
        further_parameters: &[],
    };
    if selectable { installation.install_and_make_selectable() } else { installation.install() }
}
