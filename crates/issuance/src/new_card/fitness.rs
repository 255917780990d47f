//! Whether profile, card product and data go together: asked before a card is.

use cardwright_data_preparation::{Activation, Application, CommitPoint, Profile, Route, Standard};
use cardwright_globalplatform::SecurityLevel;
use cardwright_relay::Code;
use cardwright_relay::message::Refusal;

use super::segment::is_selectable_first;
use super::{Inputs, piv};
use crate::admission::refusal;
use crate::product::{CardProduct, StoreDataIn};

const NO_PROOF: &str = "its level has no R-MAC or does not encrypt commands: nothing would be proven, or all be seen";
const SELECTABLE_ALREADY: &str = "an application that is written straight is selectable already, so that its commit \
                                  point is personalized and not make-selectable";
const PIV_STRAIGHT: &str = "PIV is written with the application selected: its route must be application";
const LAST_OPTIONAL: &str = "the last data grouping completes the application, and may not be optional";
const STRAIGHT_OPTIONAL: &str = "optional data groupings go through the Security Domain only: straight, the number of \
                                 the block after one would depend on the card's answer";
const STARTED_TOO_EARLY: &str = "an application is to be activated in the script although one before it waits for the \
                                 proof; commit points are passed in the order of the applications";

const NOT_THERE: &str = "its application program is not on this card product";
const NOT_YET_SELECTABLE: &str = "this card product takes data only when the application is selectable, which here is \
                                  the commit point";
const NO_SUCH_INSTALL: &str = "this card product does not take an INSTALL that is needed; see its key install";
const NO_SUCH_KEY: &str = "a key's slot or algorithm is none that a card is asked to make a certified key for";
const UNTIED: &str = "on this card product, whose challenges are random, nothing ties a channel to the application it \
                      is opened with: only one application may be written straight";

/// Why no card can be written by `profile`, whatever its product; asked when a profile is imported.
#[must_use]
pub fn unwritable(profile: &Profile) -> Option<&'static str> {
    let level = SecurityLevel::from_byte(profile.security_level().byte()).ok();
    let proves = level.is_some_and(|level| level.has_response_mac() && level.has_command_encryption());
    let ways = profile.applications().iter().map(|application| {
        let optional = application.dgis.iter().map(|dgi| dgi.optional);
        Way::new(application.standard, (application.route, application.commit_point), application.activation, optional)
    });
    if proves { impossible(&ways.collect::<Vec<_>>()) } else { Some(NO_PROOF) }
}

/// Whether product and data go together. What a profile alone forbids is asked again here, for data that was prepared
/// before the profile was checked so.
pub(super) fn check(inputs: &Inputs) -> Result<(), Refusal> {
    let applications = &inputs.data.applications;
    let ways = applications.iter().map(|application| {
        let optional = application.dgis.iter().map(|dgi| dgi.optional);
        Way::new(application.standard, (application.route, application.commit_point), application.activation, optional)
    });
    let reason = impossible(&ways.collect::<Vec<_>>()).or_else(|| unfit(&inputs.product, applications));
    match reason {
        Some(reason) => Err(refusal(Code::PROFILE_REFUSED, &[&inputs.data.profile.name, reason])),
        None => Ok(()),
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

fn unfit(product: &CardProduct, applications: &[Application]) -> Option<&'static str> {
    let early = |application: &Application| !is_selectable_first(application);
    let straight = applications.iter().filter(|application| application.route == Route::Application).count();
    let mut keys = applications.iter().flat_map(|application| &application.piv).flat_map(|content| &content.keys);
    let reasons = [
        (applications.iter().any(|application| !product.has_preloaded(application.package)), NOT_THERE),
        (product.store_data_in() == StoreDataIn::Selectable && applications.iter().any(early), NOT_YET_SELECTABLE),
        (!applications.iter().all(|application| installs(product, application)), NO_SUCH_INSTALL),
        (!keys.all(piv::is_possible), NO_SUCH_KEY),
        (straight > 1 && !product.has_foreseeable_challenges(), UNTIED),
    ];
    reasons.into_iter().find(|(holds, _)| *holds).map(|(_, reason)| reason)
}

/// Whether the product takes every INSTALL that the application needs (GPCS Table 11-41).
fn installs(product: &CardProduct, application: &Application) -> bool {
    let roles: &[u8] = match (application.route, application.commit_point) {
        (Route::Application, _) => &[0x0C],
        (Route::SecurityDomain, CommitPoint::Personalized) => &[0x0C, 0x20],
        (Route::SecurityDomain, CommitPoint::MakeSelectable) => &[0x04, 0x08, 0x20],
    };
    roles.iter().all(|role| product.installs(*role))
}
