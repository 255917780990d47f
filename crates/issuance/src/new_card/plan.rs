//! The commands of a new card in order, and what their answers must show.

use cardwright_apdu::{Aid, Response};
use cardwright_data_preparation::{Activation, Application, CommitPoint, Profile, Route, Standard};
use cardwright_globalplatform::commands::{
    AesKeyBlock, CardState, EncryptedKeySet, Installation, Occurrence, Privileges, Scope, StatusFormat, StoredDgi,
    StructureBits, check_put_key_answer, get_status, install_for_personalization, make_selectable, put_keys,
    set_card_state, store_data,
};
use cardwright_globalplatform::registry::{RegistryEntry, read_registry};
use cardwright_globalplatform::{Error as ChannelError, PlannedCommand, SecurityLevel};
use cardwright_relay::Code;
use cardwright_relay::message::Refusal;

use super::stage::Flaw;
use super::{Inputs, caller_refused, issuer_channel};
use crate::admission::refusal;
use crate::product::StoreDataIn;

/// Life-cycle states of an application (GPCS Table 11-4).
const INSTALLED: u8 = 0x03;
const SELECTABLE: u8 = 0x07;
/// Life-cycle state of the card, as its Issuer Security Domain's (GPCS Table 11-6).
const SECURED: u8 = 0x0F;

const NOT_IN_SCRIPT: &str = "activation in the script that writes is not offered for new cards";
const NOT_UNDER_DEK: &str = "data encrypted under the data encryption key is not offered yet";
const OTHER_WAY: &str = "its applications are not written through their Security Domain, or may refuse data groupings";
const NO_PROOF: &str = "its level has no R-MAC or does not encrypt commands: nothing would be proven, or all be seen";

/// Why no card can be written by `profile`, whatever its product; asked when a profile is imported.
#[must_use]
pub fn unwritable(profile: &Profile) -> Option<&'static str> {
    let level = SecurityLevel::from_byte(profile.security_level().byte()).ok();
    let applications = profile.applications();
    let in_script = applications.iter().any(|application| application.activation != Activation::AfterProof);
    let under_dek = applications.iter().flat_map(|application| &application.dgis);
    let under_dek = under_dek.into_iter().any(|dgi| dgi.protection.is_under_dek());
    let other_way = applications.iter().any(|application| {
        is_other_way(application.standard, application.route, application.commit_point)
            || application.dgis.iter().any(|dgi| dgi.optional)
    });
    let proves = level.is_some_and(|level| level.has_response_mac() && level.has_command_encryption());
    let reasons = [(in_script, NOT_IN_SCRIPT), (under_dek, NOT_UNDER_DEK), (other_way, OTHER_WAY), (!proves, NO_PROOF)];
    reasons.into_iter().find(|(holds, _)| *holds).map(|(_, reason)| reason)
}

/// Whether product and data go together; asked before the card's keys are. What a profile alone forbids is asked
/// again here, for data that was prepared before the profile was checked so.
pub(super) fn check(inputs: &Inputs) -> Result<(), Refusal> {
    let profile = &inputs.data.profile.name;
    let refused = |reason: &str| Err(refusal(Code::PROFILE_REFUSED, &[profile, reason]));
    if inputs.product.store_data_in() == StoreDataIn::Selectable {
        return refused("this card product takes data only when the application is selectable, before its proof");
    }
    if inputs.data.applications.iter().any(|application| application.activation != Activation::AfterProof) {
        return refused(NOT_IN_SCRIPT);
    }
    if inputs.data.applications.iter().any(|application| !inputs.product.has_preloaded(application.package)) {
        return refused("its application program is not on this card product");
    }
    let under_dek = |application: &Application| application.dgis.iter().any(|dgi| dgi.protection.is_under_dek());
    if inputs.data.applications.iter().any(under_dek) {
        return refused(NOT_UNDER_DEK);
    }
    let other_way = |application: &Application| {
        is_other_way(application.standard, application.route, application.commit_point)
            || application.dgis.iter().any(|dgi| dgi.optional)
    };
    if inputs.data.applications.iter().any(other_way) {
        return refused(OTHER_WAY);
    }
    Ok(())
}

/// Whether data must reach the application, or make it usable, by a way that is not carried out yet.
fn is_other_way(standard: Standard, route: Route, commit_point: CommitPoint) -> bool {
    standard == Standard::Piv || route != Route::SecurityDomain || commit_point != CommitPoint::MakeSelectable
}

/// PUT KEY: the issuer's keys in place of the transport keys (GPCS §11.8).
pub(super) fn put_key(inputs: &Inputs, keys: &EncryptedKeySet) -> Result<PlannedCommand, Refusal> {
    let transport = inputs.product.transport_key_version();
    let replaced = (transport != 0xFF).then_some(transport);
    let version = inputs.product.issuer_key_version();
    put_keys(replaced, version, keys, AesKeyBlock::WithLength).map_err(|error| caller_refused(inputs, &error))
}

/// SECURED, installed, personalized, and the two questions whose proven answers show it.
pub(super) fn write(inputs: &Inputs) -> Result<Vec<PlannedCommand>, Refusal> {
    let limit = issuer_channel(inputs)?.command_data_limit();
    let mut commands = vec![set_card_state(CardState::Initialized), set_card_state(CardState::Secured)];
    for application in &inputs.data.applications {
        personalize(application, limit, &mut commands).map_err(|error| caller_refused(inputs, &error))?;
    }
    ask(inputs, &mut commands)?;
    Ok(commands)
}

fn personalize(
    application: &Application,
    limit: usize,
    commands: &mut Vec<PlannedCommand>,
) -> Result<(), ChannelError> {
    let installation = Installation {
        load_file: application.package,
        module: application.module,
        instance: application.instance,
        privileges: Privileges::new(&application.privileges)?,
        application_parameters: &application.install_parameters,
        further_parameters: &[],
    };
    commands.push(installation.install()?);
    commands.push(install_for_personalization(&application.instance));
    let stored = |dgi| StoredDgi { dgi, encrypted: false };
    let groupings: Vec<_> = application.dgis.iter().map(|protected| stored(protected.dgi())).collect();
    commands.extend(store_data(&groupings, StructureBits::Implicit, limit)?);
    Ok(())
}

/// The commit points, in the profile's order, and the questions again.
pub(super) fn activate(inputs: &Inputs) -> Result<Vec<PlannedCommand>, Refusal> {
    let refused = |error: ChannelError| caller_refused(inputs, &error);
    let mut commands = Vec::new();
    for application in &inputs.data.applications {
        let privileges = Privileges::new(&application.privileges).map_err(refused)?;
        commands.push(make_selectable(&application.instance, privileges));
    }
    ask(inputs, &mut commands)?;
    Ok(commands)
}

/// GET STATUS of the card itself and of the applications that share the first one's prefix of 5 bytes.
fn ask(inputs: &Inputs, commands: &mut Vec<PlannedCommand>) -> Result<(), Refusal> {
    let refused = |error: ChannelError| caller_refused(inputs, &error);
    let question = |scope, prefix: &[u8]| get_status(scope, prefix, StatusFormat::Tlv, Occurrence::First);
    commands.push(question(Scope::IssuerSecurityDomain, &[]).map_err(refused)?);
    let instances: Vec<Aid> = inputs.data.applications.iter().map(|application| application.instance).collect();
    let prefix = common_prefix(&instances);
    commands.push(question(Scope::Applications, &prefix).map_err(refused)?);
    Ok(())
}

fn common_prefix(instances: &[Aid]) -> Vec<u8> {
    let Some((first, others)) = instances.split_first() else { return Vec::new() };
    let shared = |place: &usize| others.iter().all(|aid| aid.as_bytes().get(*place) == first.as_bytes().get(*place));
    let length = (0..first.as_bytes().len()).take_while(shared).count();
    first.as_bytes()[..length].to_vec()
}

/// The card's answer to PUT KEY: version and check values of the keys that were sent.
pub(super) fn check_put_key(inputs: &Inputs, keys: &EncryptedKeySet, answer: &Response) -> Result<(), Flaw> {
    let version = inputs.product.issuer_key_version();
    check_put_key_answer(version, keys.keys(), &answer.data)
        .map_err(|_| Flaw::Content("the card stored other keys than were sent"))
}

/// After writing: the card SECURED, every application INSTALLED and not yet selectable.
pub(super) fn check_written(inputs: &Inputs, answers: [&Response; 2]) -> Result<(), Flaw> {
    check_states(inputs, answers, INSTALLED)
}

/// After activation: the card SECURED, every application SELECTABLE.
pub(super) fn check_active(inputs: &Inputs, answers: [&Response; 2]) -> Result<(), Flaw> {
    check_states(inputs, answers, SELECTABLE)
}

fn check_states(inputs: &Inputs, [card, applications]: [&Response; 2], expected: u8) -> Result<(), Flaw> {
    let read = |answer: &Response| {
        read_registry(Scope::Applications, StatusFormat::Tlv, &answer.data)
            .map_err(|_| Flaw::Content("an answer to GET STATUS cannot be read"))
    };
    if !matches!(&read(card)?[..], [domain] if domain.life_cycle == SECURED) {
        return Err(Flaw::Content("the card is not SECURED"));
    }
    let found: Vec<RegistryEntry> = read(applications)?;
    let right = |application: &Application| {
        found.iter().any(|entry| entry.aid == application.instance && entry.life_cycle == expected)
    };
    if inputs.data.applications.iter().all(right) {
        return Ok(());
    }
    Err(Flaw::Content("an application is not in the state that was asked for"))
}
