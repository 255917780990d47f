//! The applications of a profile: what they are, and how their data reaches them.

mod dgis;
mod payment_rules;
mod records;
mod script_rules;

use cardwright_apdu::Aid;

use super::element::{Element, Extents};
use super::fault::{FaultKind, Faults};
use super::field::OrderField;
use super::number::NumberRule;
use super::payment::{self, PaymentRule};
use super::pin::PinRule;
use super::piv::{self, PivProfile};
use super::section::Section;
use crate::standard::Standard;
use crate::{Activation, CommitPoint, Protection, Rewrite, Route, ScriptLists, SecurityLevel};

/// One application and what is written into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationProfile {
    /// which card application reads the data
    pub standard: Standard,
    /// AID of the load file (package)
    pub package: Aid,
    /// AID of the module in it
    pub module: Aid,
    /// AID that the application is selected by
    pub instance: Aid,
    /// the value of tag C9 at INSTALL
    pub install_parameters: Vec<u8>,
    /// privileges, 1 or 3 bytes
    pub privileges: Vec<u8>,
    /// when the commit point may be passed
    pub activation: Activation,
    /// the command that makes the application usable
    pub commit_point: CommitPoint,
    /// the way by which the data reaches it
    pub route: Route,
    /// the way by which data is changed on a card in use
    pub rewrite: Rewrite,
    /// the data groupings in the order in which the card receives them; none for PIV
    pub dgis: Vec<DgiProfile>,
    /// certificates and keys; there exactly for payment applications
    pub payment: Option<PaymentRule>,
    /// there exactly for PIV
    pub piv: Option<PivProfile>,
    /// what scripts are asked for by; there exactly in a part that is written by issuer script
    pub script: Option<ScriptRule>,
}

/// One data grouping of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DgiProfile {
    /// the data grouping identifier
    pub identifier: u16,
    /// the names of the elements whose bytes it holds, one after the other
    pub content: Vec<String>,
    /// what protects it besides the secure channel
    pub protection: Protection,
    /// whether it tells something about a person
    pub personal: bool,
    /// whether the card may refuse it, as a version that does not know it
    pub optional: bool,
    /// of a record: whether it takes part in offline data authentication
    pub signed: bool,
}

/// What a payment application asks terminals for, by interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptRule {
    /// over its contacts
    pub contact: ScriptLists,
    /// over the air, where it has records of its own for that
    pub contactless: Option<ScriptLists>,
}

/// What the readers of applications look things up in.
pub(super) struct Declared<'a, 't> {
    pub(super) whole: &'a Section<'t>,
    pub(super) fields: &'a [OrderField],
    pub(super) elements: &'a [Element],
    pub(super) number: Option<&'a NumberRule>,
    pub(super) pin: Option<&'a PinRule>,
    /// `None` where it could not be read, which is a fault of its own
    pub(super) security_level: Option<SecurityLevel>,
}

impl<'a> Declared<'a, '_> {
    fn extents<'s>(&'s self, payment: Option<&'s PaymentRule>, others: usize) -> Extents<'s> {
        Extents { fields: self.fields, elements: self.elements, number: self.number, payment, others }
    }
}

/// The privilege Card Reset (GPCS Table 11-7).
const CARD_RESET: u8 = 0x04;

const KEYS: [&str; 10] = [
    "standard",
    "package",
    "module",
    "instance",
    "install-parameters",
    "privileges",
    "activation",
    "commit-point",
    "route",
    "rewrite",
];

const STANDARDS: [(&str, Standard); 4] = [
    ("identity", Standard::Identity),
    ("emv", Standard::Emv),
    ("payment-environment", Standard::PaymentEnvironment),
    ("piv", Standard::Piv),
];

pub(super) fn read_all(declared: &Declared<'_, '_>, faults: &mut Faults<'_>) -> Vec<ApplicationProfile> {
    let mut applications: Vec<ApplicationProfile> = Vec::new();
    for section in declared.whole.sections("application", faults) {
        let Some(application) = read(declared, &section, faults) else { continue };
        if applications.iter().any(|other| other.instance == application.instance) {
            let message = format!("{} is already the instance of an application", application.instance);
            faults.add(section.value_span("instance"), FaultKind::Aid, message, "give each application its own AID");
        }
        applications.push(application);
    }
    applications
}

fn read(declared: &Declared<'_, '_>, section: &Section<'_>, faults: &mut Faults<'_>) -> Option<ApplicationProfile> {
    let standard = section.choice("standard", &STANDARDS, FaultKind::UnknownValue, faults);
    let further: &[&str] = match standard {
        Some(Standard::Emv) => &["dgi", "interchange-profile", "certificates", "keys"],
        Some(Standard::Piv) => &["piv"],
        _ => &["dgi"],
    };
    section.only(&[&KEYS, further].concat(), faults);
    let package = read_aid(section, "package", faults);
    let module = read_aid(section, "module", faults);
    let instance = read_aid(section, "instance", faults);
    if let (Some(package), Some(module)) = (package, module)
        && package.as_bytes()[..5] != module.as_bytes()[..5]
    {
        let message = "the module does not belong to the package: the first 5 bytes of their AIDs differ";
        faults.add(section.value_span("module"), FaultKind::Aid, message, "take both AIDs from the same CAP file");
    }
    let install_parameters = section.hexadecimal("install-parameters", 0..=128, faults);
    let privileges = read_privileges(section, faults);
    let activations = [("after-proof", Activation::AfterProof), ("in-script", Activation::InScript)];
    let activation = section.optional_choice("activation", &activations, Activation::AfterProof, faults);
    let way = read_way(section, standard, faults);
    let rewrite = read_rewrite(section, standard, faults);
    let standard = standard?;
    let payment = match standard {
        Standard::Emv => Some(payment::read(section, faults)),
        _ => None,
    };
    let piv = match standard {
        Standard::Piv => Some(piv::read(declared.whole, section, declared.fields, declared.pin, faults)),
        _ => None,
    };
    // What could not be read of the tables is told already; the groupings are read all the same.
    let known = payment.as_ref().and_then(Option::as_ref);
    let dgis = match standard {
        Standard::Piv => Vec::new(),
        _ => dgis::read_all(dgis::Within { declared, standard, payment: known, rewrite }, section, faults),
    };
    let (route, commit_point) = way?;
    Some(ApplicationProfile {
        standard,
        package: package?,
        module: module?,
        instance: instance?,
        install_parameters: install_parameters?,
        privileges: privileges?,
        activation: activation?,
        commit_point,
        route,
        rewrite: rewrite?,
        dgis,
        payment: match payment {
            Some(read) => Some(read?),
            None => None,
        },
        piv: match piv {
            Some(read) => Some(read?),
            None => None,
        },
        script: None,
    })
}

/// Route and commit point, which go together: what is written through its Security Domain is made selectable by it;
/// an application that takes its data itself is selectable already, and personalized by the last of it.
fn read_way(
    section: &Section<'_>,
    standard: Option<Standard>,
    faults: &mut Faults<'_>,
) -> Option<(Route, CommitPoint)> {
    let routes = [("security-domain", Route::SecurityDomain), ("application", Route::Application)];
    let default = if standard == Some(Standard::Piv) { Route::Application } else { Route::SecurityDomain };
    let route = section.optional_choice("route", &routes, default, faults);
    let points = [("make-selectable", CommitPoint::MakeSelectable), ("personalized", CommitPoint::Personalized)];
    let point = section.choice("commit-point", &points, FaultKind::UnknownValue, faults);
    let (route, point) = (route?, point?);
    if standard.is_some_and(|standard| !standard.takes(route)) {
        let message = "the card's application does not take its data by this route";
        let remedy = "identity takes route = \"security-domain\", piv takes route = \"application\"";
        faults.add(section.value_span("route"), FaultKind::CommitPoint, message, remedy);
    } else if (route == Route::Application) != (point == CommitPoint::Personalized) {
        let (message, remedy) = match route {
            Route::SecurityDomain => (
                "data that goes through the Security Domain is not what makes the application usable",
                "write commit-point = \"make-selectable\", or route = \"application\"",
            ),
            Route::Application => (
                "an application that takes its data itself is selectable already",
                "write commit-point = \"personalized\", or route = \"security-domain\"",
            ),
        };
        faults.add(section.value_span("commit-point"), FaultKind::CommitPoint, message, remedy);
    }
    Some((route, point))
}

fn read_rewrite(section: &Section<'_>, standard: Option<Standard>, faults: &mut Faults<'_>) -> Option<Rewrite> {
    let rewrites = [
        ("store-data", Rewrite::StoreData),
        ("put-data", Rewrite::PutData),
        ("issuer-script", Rewrite::IssuerScript),
        ("reinstall", Rewrite::Reinstall),
    ];
    let default = match standard {
        Some(Standard::Emv | Standard::PaymentEnvironment) => Rewrite::Reinstall,
        Some(Standard::Piv) => Rewrite::PutData,
        _ => Rewrite::StoreData,
    };
    let rewrite = section.optional_choice("rewrite", &rewrites, default, faults)?;
    if let Some((others, remedy)) = standard.and_then(|standard| unfit(standard, rewrite)) {
        let message = format!("the card's application is not changed in this way: it takes {others}");
        faults.add(section.value_span("rewrite"), FaultKind::Rewrite, message, remedy);
    }
    Some(rewrite)
}

/// What an application of `standard` takes instead of `rewrite`, where it does not take that, and what to write.
fn unfit(standard: Standard, rewrite: Rewrite) -> Option<(&'static str, &'static str)> {
    let (own, others, remedy) = match standard {
        Standard::Identity => (Some(Rewrite::StoreData), "STORE DATA", "write \"store-data\", or \"reinstall\""),
        Standard::Piv => (Some(Rewrite::PutData), "PUT DATA", "write \"put-data\", or \"reinstall\""),
        Standard::Emv => (Some(Rewrite::IssuerScript), "scripts", "write \"issuer-script\", or \"reinstall\""),
        Standard::PaymentEnvironment => (None, "nothing once it is complete", "write \"reinstall\""),
    };
    (rewrite != Rewrite::Reinstall && own != Some(rewrite)).then_some((others, remedy))
}

fn read_aid(section: &Section<'_>, key: &str, faults: &mut Faults<'_>) -> Option<Aid> {
    let text = section.text(key, faults)?;
    let aid = text.get_ref().parse().ok();
    if aid.is_none() {
        let message = format!("`{}` is no AID", text.get_ref());
        faults.add(text.span(), FaultKind::Aid, message, "write 5 to 16 bytes in hexadecimal, without spaces");
    }
    aid
}

/// One byte, or three (GPCS §11.1.2). Card Reset cannot be given by INSTALL \[for install\] alone (GPCS §11.5.2.3.2),
/// and the application is installed before it is made selectable.
fn read_privileges(section: &Section<'_>, faults: &mut Faults<'_>) -> Option<Vec<u8>> {
    let privileges = section.hexadecimal("privileges", 1..=3, faults)?;
    let wrong = match privileges[..] {
        [_, _] => Some(("privileges are 1 or 3 bytes", "add the third byte")),
        [first, ..] if first & CARD_RESET != 0 => {
            Some(("Card Reset cannot be given before the application is made selectable", "clear bit 04 of byte 1"))
        }
        _ => None,
    };
    if let Some((message, remedy)) = wrong {
        faults.add(section.value_span("privileges"), FaultKind::Privileges, message, remedy);
    }
    Some(privileges)
}
