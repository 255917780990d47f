//! The applications of a profile and their DGIs, held against what the card's application reads.

use std::collections::BTreeSet;

use cardwright_apdu::Aid;

use super::element::Element;
use super::fault::{FaultKind, Faults};
use super::field::OrderField;
use super::section::Section;
use crate::standard::{Rule, Shape, Standard};
use crate::{Activation, CommitPoint, Protection, Rewrite, Route, SecurityLevel};

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
    /// the data groupings in the order in which the card receives them
    pub dgis: Vec<DgiProfile>,
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
}

/// What the readers of DGIs look things up in.
struct Declared<'a, 't> {
    whole: &'a Section<'t>,
    fields: &'a [OrderField],
    elements: &'a [Element],
    /// `None` where it could not be read, which is a fault of its own
    security_level: Option<SecurityLevel>,
}

/// The privilege Card Reset (GPCS Table 11-7).
const CARD_RESET: u8 = 0x04;

impl Declared<'_, '_> {
    /// The first field that the elements of `content` are made of and that an order may leave out.
    fn optional_field(&self, content: &[String]) -> Option<&str> {
        let elements = self.elements.iter().filter(|element| content.contains(&element.name));
        let names: Vec<&str> = elements.filter_map(Element::field).collect();
        let mut fields = self.fields.iter().filter(|field| names.contains(&field.name.as_str()));
        fields.find(|field| !field.required).map(|field| field.name.as_str())
    }
}

const KEYS: [&str; 9] = [
    "standard",
    "package",
    "module",
    "instance",
    "install-parameters",
    "privileges",
    "activation",
    "commit-point",
    "dgi",
];

pub(super) fn read_all(
    whole: &Section<'_>,
    fields: &[OrderField],
    elements: &[Element],
    security_level: Option<SecurityLevel>,
    faults: &mut Faults<'_>,
) -> Vec<ApplicationProfile> {
    let declared = Declared { whole, fields, elements, security_level };
    let mut applications: Vec<ApplicationProfile> = Vec::new();
    for section in whole.sections("application", faults) {
        let Some(application) = read(&declared, &section, faults) else { continue };
        if applications.iter().any(|other| other.instance == application.instance) {
            let message = format!("{} is already the instance of an application", application.instance);
            faults.add(section.value_span("instance"), FaultKind::Aid, message, "give each application its own AID");
        }
        applications.push(application);
    }
    applications
}

fn read(declared: &Declared<'_, '_>, section: &Section<'_>, faults: &mut Faults<'_>) -> Option<ApplicationProfile> {
    section.only(&KEYS, faults);
    let standard = section.choice("standard", &[("identity", Standard::Identity)], FaultKind::UnknownValue, faults);
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
    let activation = match section.has("activation") {
        true => section.choice("activation", &activations, FaultKind::UnknownValue, faults),
        false => Some(Activation::AfterProof),
    };
    let commit_points = [("make-selectable", CommitPoint::MakeSelectable)];
    let commit_point = section.choice("commit-point", &commit_points, FaultKind::UnknownValue, faults);
    let standard = standard?;
    let dgis = read_dgis(declared, section, standard, faults);
    Some(ApplicationProfile {
        standard,
        package: package?,
        module: module?,
        instance: instance?,
        install_parameters: install_parameters?,
        privileges: privileges?,
        activation: activation?,
        commit_point: commit_point?,
        route: Route::SecurityDomain,
        rewrite: Rewrite::StoreData,
        dgis,
    })
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

fn read_dgis(
    declared: &Declared<'_, '_>,
    section: &Section<'_>,
    standard: Standard,
    faults: &mut Faults<'_>,
) -> Vec<DgiProfile> {
    let sections = section.sections("dgi", faults);
    let mut dgis: Vec<DgiProfile> = Vec::new();
    for (position, part) in sections.iter().enumerate() {
        let others = sections.len() - 1;
        let Some((dgi, rule)) = read_dgi(declared, part, standard, others, faults) else { continue };
        let identifier = dgi.identifier;
        if dgis.iter().any(|other| other.identifier == identifier) {
            let message = format!("DGI {identifier:04X} is there twice: the card would keep the last only");
            faults.add(part.value_span("identifier"), FaultKind::DuplicateDgi, message, "remove one of them");
        }
        if rule.content == [Shape::Manifest] && position != others {
            let message = "the manifest must be the last DGI: the card takes it as the end of the data";
            faults.add(part.value_span("identifier"), FaultKind::ManifestNotLast, message, "move it to the end");
        }
        dgis.push(dgi);
    }
    if dgis.len() == sections.len() {
        refuse_missing(declared, section, &sections, standard, &dgis, faults);
    }
    dgis
}

/// Refuses DGIs that the card's application needs and that can be missing on a card. `sections` are those of `dgis`.
fn refuse_missing(
    declared: &Declared<'_, '_>,
    section: &Section<'_>,
    sections: &[Section<'_>],
    standard: Standard,
    dgis: &[DgiProfile],
    faults: &mut Faults<'_>,
) {
    let there: BTreeSet<u16> = dgis.iter().map(|dgi| dgi.identifier).collect();
    for needed in standard.needed(&there) {
        let Some(position) = dgis.iter().position(|dgi| dgi.identifier == needed) else {
            let message = format!("DGI {needed:04X} is missing: the card's application needs it");
            faults.add(section.span(), FaultKind::MissingDgi, message, "add it as an [[application.dgi]]");
            continue;
        };
        if let Some(field) = declared.optional_field(&dgis[position].content) {
            let message = format!("DGI {needed:04X} is needed, but an order may leave out `{field}`");
            let span = sections[position].value_span("content");
            faults.add(span, FaultKind::MissingDgi, message, "make the field required");
        }
    }
}

fn read_dgi(
    declared: &Declared<'_, '_>,
    section: &Section<'_>,
    standard: Standard,
    others: usize,
    faults: &mut Faults<'_>,
) -> Option<(DgiProfile, &'static Rule)> {
    section.only(&["identifier", "content", "protection", "personal"], faults);
    let identifier = section.hexadecimal("identifier", 2..=2, faults);
    let content = read_content(declared, section, faults);
    let protections = [("clear", Protection::Clear), ("dek", Protection::Dek)];
    let protection = section.choice("protection", &protections, FaultKind::UnknownValue, faults);
    let personal = section.flag("personal", faults);
    let identifier = u16::from_be_bytes(identifier?.try_into().ok()?);
    let Some(rule) = standard.rule(identifier) else {
        let message = format!("the card's application knows no DGI {identifier:04X}");
        let known = standard.identifiers();
        faults.add(section.value_span("identifier"), FaultKind::UnknownDgi, message, format!("use one of: {known}"));
        return None;
    };
    let (content, protection, personal) = (content?, protection?, personal?);
    if declared.security_level.is_some_and(|level| level.encrypts_commands() && !rule.allows(protection, level)) {
        let message = format!("below level 33 DGI {identifier:04X} must be encrypted under the data encryption key");
        faults.add(section.value_span("protection"), FaultKind::Protection, message, "write protection = \"dek\"");
    }
    if rule.personal && !personal {
        let message = format!("DGI {identifier:04X} tells something about the card holder");
        faults.add(section.value_span("personal"), FaultKind::Personal, message, "write personal = true");
    }
    hold_content(declared, section, rule, &content, others, faults);
    let content = content.iter().map(|element| element.name.clone()).collect();
    Some((DgiProfile { identifier, content, protection, personal, optional: false }, rule))
}

fn read_content<'a>(
    declared: &Declared<'a, '_>,
    section: &Section<'_>,
    faults: &mut Faults<'_>,
) -> Option<Vec<&'a Element>> {
    let names = section.texts("content", faults)?;
    let mut content = Vec::new();
    for name in &names {
        let found = declared.elements.iter().find(|element| element.name == *name.get_ref());
        if found.is_none() && !declared.whole.declares("element", name.get_ref()) {
            let message = format!("there is no element `{}`", name.get_ref());
            let remedy = "declare it as an [[element]], or correct the name";
            faults.add(name.span(), FaultKind::UndeclaredElement, message, remedy);
        }
        content.push(found);
    }
    content.into_iter().collect()
}

/// Holds what a DGI is made of against what the card's application reads there.
fn hold_content(
    declared: &Declared<'_, '_>,
    section: &Section<'_>,
    rule: &Rule,
    content: &[&Element],
    others: usize,
    faults: &mut Faults<'_>,
) {
    let shapes: Vec<Shape> = content.iter().map(|element| element.shape()).collect();
    if !rule.takes(&shapes) {
        let message = format!("the card's application reads {} there", rule.reads);
        let remedy = "name the elements that make it up, in this order";
        return faults.add(section.value_span("content"), FaultKind::DgiContent, message, remedy);
    }
    let lengths = content.iter().map(|element| element.lengths(declared.fields, others));
    let (least, most) = lengths.fold((0, 0), |(least, most), one| (least + one.start(), most + one.end()));
    if least < *rule.lengths.start() || most > *rule.lengths.end() {
        let message = format!(
            "the content has {least} to {most} bytes; the card's application takes {} to {}",
            rule.lengths.start(),
            rule.lengths.end()
        );
        let remedy = "change `min` and `max` of the fields, or the constants";
        faults.add(section.value_span("content"), FaultKind::DgiSize, message, remedy);
    }
}
