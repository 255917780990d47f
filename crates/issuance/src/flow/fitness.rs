//! Whether profile, card product and data go together: asked before a card is.

use cardwright_data_preparation::{
    Activation, Application, CommitPoint, Profile, Rewrite, Route, SecurityLevel as Level, Standard,
};
use cardwright_globalplatform::{Protocol, SecurityLevel};
use cardwright_relay::Code;
use cardwright_relay::message::Refusal;

use super::cryptogram::Cryptograms;
use super::{Inputs, piv, question};
use crate::admission::refusal;
use crate::kind::OrderKind;
use crate::product::StoreDataIn;
use crate::proof::Proof;
use crate::work::NOT_THERE;
use crate::work::segment::{Segment, is_selectable_first, openings};

const IN_CLEAR: &str = "its level does not encrypt commands: whoever carries them would see all";
const NOT_ASKED: &str = "its level has no R-MAC, so that a cryptogram must prove the card: every application must be a \
                         payment application (emv) or a directory (payment-environment), and one must be of emv";
const USABLE_FIRST: &str = "its level has no R-MAC, so that a cryptogram must prove the card, which only an application \
                            that is usable gives: every application must have activation in-script";
const SELECTABLE_ALREADY: &str = "an application that is written straight is selectable already, so that its commit \
                                  point is personalized and not make-selectable";
const PIV_STRAIGHT: &str = "PIV is written with the application selected: its route must be application";
const LAST_OPTIONAL: &str = "the last data grouping completes the application, and may not be optional";
const STRAIGHT_OPTIONAL: &str = "optional data groupings go through the Security Domain only: straight, the number of \
                                 the block after one would depend on the card's answer";
const STARTED_TOO_EARLY: &str = "an application is to be activated in the script although one before it waits for the \
                                 proof; commit points are passed in the order of the applications";

const NOT_YET_SELECTABLE: &str = "this card product takes data only when the application is selectable, which here is \
                                  the commit point";
const NO_SUCH_INSTALL: &str = "this card product does not take an INSTALL that is needed; see its key install";
const NO_SUCH_KEY: &str = "a key's slot or algorithm is none that a card is asked to make a certified key for";
const TOO_OFTEN: &str = "this card product speaks SCP02, and more than 8 channels would be opened under one key set: write \
                         fewer applications straight";
const UNTIED: &str = "on this card product, whose challenges are random, nothing ties a channel to the application it \
                      is opened with: only one application may be written straight";

/// Why no card can be written by `profile`, whatever its product; asked when a profile is imported.
#[must_use]
pub fn unwritable(profile: &Profile) -> Option<&'static str> {
    let ways = profile.applications().iter().map(|application| {
        let optional = application.dgis.iter().map(|dgi| dgi.optional);
        Way::new(application.standard, (application.route, application.commit_point), application.activation, optional)
    });
    let ways: Vec<_> = ways.collect();
    unproven(profile.security_level(), &ways).or_else(|| impossible(&ways))
}

/// Whether product and data go together. What a profile alone forbids is asked again here, for data that was prepared
/// before the profile was checked so.
pub(super) fn check(inputs: &Inputs) -> Result<(), Refusal> {
    let Some(data) = &inputs.data else { return Ok(()) };
    let applications = &data.applications;
    let ways = applications.iter().map(|application| {
        let optional = application.dgis.iter().map(|dgi| dgi.optional);
        Way::new(application.standard, (application.route, application.commit_point), application.activation, optional)
    });
    let ways: Vec<_> = ways.collect();
    let reason = unproven(data.security_level, &ways)
        .or_else(|| impossible(&ways))
        .or_else(|| unfit(inputs))
        .or_else(|| too_often(inputs));
    match reason {
        Some(reason) => Err(refusal(Code::PROFILE_REFUSED, &[&data.profile.name, reason])),
        None if inputs.product.proof() == Proof::Cryptogram => {
            Cryptograms::new(inputs).map(|_| ()).and_then(|()| question::check(inputs))
        }
        None => question::check(inputs),
    }
}

/// What decides how an application is written.
struct Way {
    standard: Standard,
    route: Route,
    commit_point: CommitPoint,
    activation: Activation,
    last_optional: bool,
    any_optional: bool,
}

impl Way {
    fn new(
        standard: Standard,
        (route, commit_point): (Route, CommitPoint),
        activation: Activation,
        optional: impl Iterator<Item = bool>,
    ) -> Self {
        let optional: Vec<bool> = optional.collect();
        let last_optional = optional.last() == Some(&true);
        Self { standard, route, commit_point, activation, last_optional, any_optional: optional.contains(&true) }
    }
}

/// Why nothing would prove a card at this level.
fn unproven(level: Level, ways: &[Way]) -> Option<&'static str> {
    let has_response_mac = SecurityLevel::from_byte(level.byte()).is_ok_and(SecurityLevel::has_response_mac);
    let payment = |way: &Way| matches!(way.standard, Standard::Emv | Standard::PaymentEnvironment);
    let asked = ways.iter().all(payment) && ways.iter().any(|way| way.standard == Standard::Emv);
    let usable = ways.iter().all(|way| way.activation == Activation::InScript);
    let reasons = [
        (!level.encrypts_commands(), IN_CLEAR),
        (!has_response_mac && !asked, NOT_ASKED),
        (!has_response_mac && !usable, USABLE_FIRST),
    ];
    reasons.into_iter().find(|(holds, _)| *holds).map(|(_, reason)| reason)
}

fn impossible(ways: &[Way]) -> Option<&'static str> {
    let any = |wrong: fn(&Way) -> bool| ways.iter().any(wrong);
    let straight = |way: &Way| way.route == Route::Application;
    let reasons = [
        (any(|way| way.standard == Standard::Piv && way.route != Route::Application), PIV_STRAIGHT),
        (ways.iter().any(|way| straight(way) && way.commit_point != CommitPoint::Personalized), SELECTABLE_ALREADY),
        (any(|way| way.last_optional), LAST_OPTIONAL),
        (ways.iter().any(|way| straight(way) && way.any_optional), STRAIGHT_OPTIONAL),
        (!ways.is_sorted_by_key(|way| way.activation == Activation::AfterProof), STARTED_TOO_EARLY),
    ];
    reasons.into_iter().find(|(holds, _)| *holds).map(|(_, reason)| reason)
}

fn unfit(inputs: &Inputs) -> Option<&'static str> {
    let product = &inputs.product;
    // what is changed in its place is installed, and takes data, already
    let is_installed = |application: &&Application| {
        let changed = matches!(inputs.kind, OrderKind::PersonalData | OrderKind::Pin);
        !changed || application.rewrite == Rewrite::Reinstall
    };
    let applications: Vec<_> = inputs.applications().iter().filter(is_installed).collect();
    let early =
        |application: &Application| !is_selectable_first(application) && !inputs.is_complete_at_once(application);
    let through_it =
        |application: &&Application| application.route == Route::Application && application.script.is_none();
    let straight = inputs.applications().iter().filter(through_it).count();
    let mut keys =
        inputs.applications().iter().flat_map(|application| &application.piv).flat_map(|content| &content.keys);
    let reasons = [
        (applications.iter().any(|application| !is_there(inputs, application)), NOT_THERE),
        (
            product.store_data_in() == StoreDataIn::Selectable && applications.iter().copied().any(early),
            NOT_YET_SELECTABLE,
        ),
        (!applications.iter().all(|application| installs(inputs, application)), NO_SUCH_INSTALL),
        (!keys.all(piv::is_possible), NO_SUCH_KEY),
        (straight > 1 && product.proof() == Proof::RMac && !product.has_foreseeable_challenges(), UNTIED),
    ];
    reasons.into_iter().find(|(holds, _)| *holds).map(|(_, reason)| reason)
}

/// Whether the application's program is on the card already, or can be loaded.
fn is_there(inputs: &Inputs, application: &Application) -> bool {
    let package = application.package;
    let loads = inputs.product.installs(0x02);
    let is_ready = loads && inputs.programs.iter().any(|program| program.aid == package);
    inputs.product.has_preloaded(package) || inputs.basis.content.has_loaded(&package) || is_ready
}

/// SCP02 gives something of a secret away with each session that carries it, or is asked under its keys (GPCS deprecates
/// it for that). A new card needs as many as there are channels; what would need more than this is refused.
const SCP02_SESSIONS: usize = 8;

/// Whether SCP02 would open more channels under the issuer's keys than may be.
fn too_often(inputs: &Inputs) -> Option<&'static str> {
    let segments = crate::task::first(inputs).unwrap_or_default();
    opens_too_many(inputs, &segments).then_some(TOO_OFTEN)
}

/// The same of what a survey shows to remain.
pub(super) fn check_channels(inputs: &Inputs, segments: &[Segment]) -> Result<(), Refusal> {
    let refused = refusal(Code::PROFILE_REFUSED, &[inputs.about(), TOO_OFTEN]);
    if opens_too_many(inputs, segments) { Err(refused) } else { Ok(()) }
}

fn opens_too_many(inputs: &Inputs, segments: &[Segment]) -> bool {
    let last = inputs.last_ring();
    let scp02 = matches!(inputs.keys(last).protocol, Protocol::Scp02 { .. });
    let channels = openings(None, segments).iter().filter(|(ring, _)| *ring == last).count();
    scp02 && channels > SCP02_SESSIONS
}

/// Whether the product takes every INSTALL that the application needs (GPCS Table 11-41).
fn installs(inputs: &Inputs, application: &Application) -> bool {
    let roles: &[u8] = match (application.route, application.commit_point) {
        (Route::Application, _) => &[0x0C],
        (Route::SecurityDomain, _) if inputs.is_complete_at_once(application) => &[0x0C, 0x20],
        (Route::SecurityDomain, CommitPoint::Personalized) => &[0x0C, 0x20],
        (Route::SecurityDomain, CommitPoint::MakeSelectable) => &[0x04, 0x08, 0x20],
    };
    roles.iter().all(|role| inputs.product.installs(*role))
}
