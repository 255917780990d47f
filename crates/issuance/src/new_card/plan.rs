//! The commands of each segment, with what their answers must show.

use cardwright_apdu::StatusWord;
use cardwright_data_preparation::{Application, CommitPoint, Route};
use cardwright_globalplatform::commands::{
    AesKeyBlock, Blocks, CardState, EncryptedKeySet, Installation, Occurrence, Privileges, Scope, StatusFormat,
    StructureBits, get_status, make_selectable, put_keys, set_card_state, store_data, store_data_through_domain,
    store_nothing_more,
};
use cardwright_globalplatform::{Error as ChannelError, PlannedCommand};
use cardwright_relay::message::Refusal;

use super::groupings::{Enciphered, Travelling};
use super::segment::{Work, is_selectable_first};
use super::showing::Shows;
use super::{Inputs, caller_refused, issuer_channel, piv};
use crate::product::Proof;

/// Life-cycle states of an application: GPCS Table 11-4, and the one that applications give themselves when they have
/// all their data.
const INSTALLED: u8 = 0x03;
const SELECTABLE: u8 = 0x07;
const PERSONALIZED: u8 = 0x0F;

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
}

/// PUT KEY: the issuer's keys in place of the transport keys (GPCS §11.8).
pub(super) fn put_key(inputs: &Inputs, keys: &EncryptedKeySet) -> Result<Asked, Refusal> {
    let transport = inputs.product.transport_key_version();
    let replaced = (transport != 0xFF).then_some(transport);
    let version = inputs.product.issuer_key_version();
    let command =
        put_keys(replaced, version, keys, AesKeyBlock::WithLength).map_err(|error| caller_refused(inputs, &error))?;
    Ok((command, Shows::KeysStored { version, keys: Box::new(keys.clone()) }))
}

impl Material<'_> {
    /// The commands of one segment.
    pub(super) fn commands(&self, work: Work) -> Result<Vec<Asked>, Refusal> {
        let refused = |error: ChannelError| caller_refused(self.inputs, &error);
        match work {
            Work::Write => self.write().map_err(refused),
            Work::Store(number) => self.store(number).map_err(refused),
            Work::MakeKeys(number) => Ok(self.make_keys(number)),
            Work::StoreObjects(number) => self.store_objects(number),
            Work::Activate { application, continued } => self.activate(application, continued).map_err(refused),
            Work::Ask => self.ask(true).map_err(refused),
        }
    }

    fn application(&self, number: usize) -> &Application {
        &self.inputs.data.applications[number]
    }

    fn limit(&self) -> Result<usize, Refusal> {
        Ok(issuer_channel(self.inputs)?.command_data_limit())
    }

    /// SECURED, installed, and written as far as the Security Domain does it; then the states.
    fn write(&self) -> Result<Vec<Asked>, ChannelError> {
        let states = [CardState::Initialized, CardState::Secured].map(set_card_state);
        let mut commands: Vec<Asked> = states.into_iter().map(|command| (command, Shows::Nothing)).collect();
        for (number, application) in self.inputs.data.applications.iter().enumerate() {
            let selectable = is_selectable_first(application) || self.inputs.is_complete_at_once(application);
            commands.push((install(application, selectable)?, Shows::Nothing));
            if application.route == Route::SecurityDomain {
                commands.extend(self.store(number)?);
            }
        }
        if self.inputs.product.proof() == Proof::RMac {
            commands.extend(self.ask(false)?); // without a MAC, no answer to it would say anything
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
        let limit = issuer_channel(self.inputs).map_or(0, |channel| channel.command_data_limit());
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
    fn ask(&self, active: bool) -> Result<Vec<Asked>, ChannelError> {
        let question = |scope, aid: &[u8]| get_status(scope, aid, StatusFormat::Tlv, Occurrence::First);
        let mut commands = vec![(question(Scope::IssuerSecurityDomain, &[])?, Shows::Secured)];
        for application in &self.inputs.data.applications {
            let instance = application.instance;
            let life_cycle = life_cycle(application, active);
            commands.push((question(Scope::Applications, instance.as_bytes())?, Shows::State { instance, life_cycle }));
        }
        Ok(commands)
    }
}

/// All groupings but the last, and the last.
fn split_last(groupings: &[Travelling]) -> (&[Travelling], &[Travelling]) {
    groupings.split_at(groupings.len().saturating_sub(1))
}

fn life_cycle(application: &Application, active: bool) -> u8 {
    match (application.commit_point, active) {
        (CommitPoint::MakeSelectable, false) => INSTALLED,
        (CommitPoint::MakeSelectable, true) | (CommitPoint::Personalized, false) => SELECTABLE,
        (CommitPoint::Personalized, true) => PERSONALIZED,
    }
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
