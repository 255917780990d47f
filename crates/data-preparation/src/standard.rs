//! What card applications read: which DGIs, of what sizes, made of what, and how they take them in.
//!
//! One file for each application. The same table serves twice: profiles are held against it, and the finished data
//! is read back by it.

mod identity;
pub(crate) mod payment;
mod piv;

pub(crate) use identity::is_image;
pub use piv::PivFault;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use crate::check::{self, CheckFault};
use crate::profile::{RsaKey, RsaPart};
use crate::{Application, PersonalizationData, ProtectedDgi, Protection, Route, Scope, SecurityLevel};

/// A card application whose data can be prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
#[non_exhaustive]
pub enum Standard {
    /// the identity application: name, number, validity, photo, PIN
    #[n(0)]
    Identity,
    /// a payment application (EMV Books 1 to 3; CPS)
    #[n(1)]
    Emv,
    /// the directories of payment applications: PSE and PPSE (EMV B1)
    #[n(2)]
    PaymentEnvironment,
    /// personal identity verification (NIST SP 800-73)
    #[n(3)]
    Piv,
}

/// What the bytes of a data element are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    Digits,
    Date,
    Image,
    Bytes,
    ValidFrom,
    ValidTo,
    PinBlock,
    Manifest,
    ApplicationKeys,
    CheckValues,
    RsaPart(RsaKey, RsaPart),
}

impl Shape {
    /// Whether it stands only where an application asks for it by name.
    fn is_closed(self) -> bool {
        matches!(self, Self::PinBlock | Self::Manifest | Self::ApplicationKeys | Self::RsaPart(..))
    }
}

/// One DGI, or one range of them, that an application takes.
pub(crate) struct Rule {
    /// the identifiers
    pub(crate) identifiers: RangeInclusive<u16>,
    /// bytes of data
    pub(crate) lengths: RangeInclusive<usize>,
    /// what it is made of; empty: anything that is neither PIN block nor manifest
    pub(crate) content: &'static [Shape],
    /// the same in words
    pub(crate) reads: &'static str,
    /// whether the application refuses use without it
    pub(crate) needed: bool,
    /// the DGI that must be there too where this one is
    pub(crate) along_with: Option<u16>,
    /// whether it tells something about a person
    pub(crate) personal: bool,
    /// whether it is a secret: encrypted under the DEK as well, unless the level is 33
    pub(crate) secret: bool,
    /// the one protection it travels under, where the standard says so
    pub(crate) under: Option<Protection>,
}

impl Rule {
    /// Whether the DGI may travel under `protection` in a channel of `level`.
    ///
    /// Levels below 33 are met on SCP02 too, whose command encryption a relay can use as a padding oracle; level 33
    /// is SCP03's alone (Amd D Table 7-6), which authenticates what it has encrypted.
    pub(crate) fn allows(&self, protection: Protection, level: SecurityLevel) -> bool {
        let enough = level == SecurityLevel::CommandEncryptionResponseEncryption;
        match self.under {
            Some(under) => protection == under,
            None => protection == Protection::Dek || protection == Protection::Clear && (!self.secret || enough),
        }
    }

    /// Whether elements of `shapes` make up the DGI.
    pub(crate) fn takes(&self, shapes: &[Shape]) -> bool {
        if self.content.is_empty() { !shapes.iter().any(|shape| shape.is_closed()) } else { self.content == shapes }
    }
}

impl Standard {
    /// Whether its data can reach it by `route`.
    pub(crate) fn takes(self, route: Route) -> bool {
        match self {
            Self::Identity => route == Route::SecurityDomain,
            Self::Piv => route == Route::Application,
            Self::Emv | Self::PaymentEnvironment => true,
        }
    }

    /// The DGIs the application takes.
    pub(crate) fn rules(self) -> &'static [Rule] {
        match self {
            Self::Identity => &identity::RULES,
            Self::Emv => &payment::RULES,
            Self::PaymentEnvironment => &payment::ENVIRONMENT_RULES,
            Self::Piv => &[],
        }
    }

    /// The rule for DGI `identifier`, if the application takes it.
    pub(crate) fn rule(self, identifier: u16) -> Option<&'static Rule> {
        self.rules().iter().find(|rule| rule.identifiers.contains(&identifier))
    }

    /// The DGIs that must be there, where those of `identifiers` are.
    pub(crate) fn needed(self, identifiers: &BTreeSet<u16>) -> BTreeSet<u16> {
        let always = self.rules().iter().filter(|rule| rule.needed).map(|rule| *rule.identifiers.start());
        let along = identifiers.iter().filter_map(|identifier| self.rule(*identifier)?.along_with);
        always.chain(along).collect()
    }

    /// The identifiers the application takes, for messages.
    pub(crate) fn identifiers(self) -> String {
        let shown = |rule: &Rule| match rule.identifiers.clone().into_inner() {
            (first, last) if first == last => format!("{first:04X}"),
            (first, last) => format!("{first:04X} to {last:04X}"),
        };
        self.rules().iter().map(shown).collect::<Vec<_>>().join(", ")
    }

    /// Reads `application` of `data` back as the card's application would, and those who use it, from its DGIs alone.
    ///
    /// # Errors
    /// The first fault, in the order of the DGIs.
    pub(crate) fn read_back(self, application: &Application, data: &PersonalizationData) -> Result<(), CheckFault> {
        let dgis = &application.dgis;
        self.hold(dgis, data)?;
        let there = dgis.iter().map(|grouping| grouping.dgi().identifier).collect();
        if let Some(missing) = self.needed(&there).difference(&there).next() {
            return Err(CheckFault::MissingDgi(*missing));
        }
        let in_application = |fault| CheckFault::Emv { application: application.instance, fault };
        match self {
            Self::Identity => identity::read_back(dgis),
            Self::Emv => check::emv::read_back(application, data).map_err(in_application),
            Self::PaymentEnvironment => check::emv::read_back_directory(application, data).map_err(in_application),
            Self::Piv => piv::read_back(application, data)
                .map_err(|fault| CheckFault::Piv { application: application.instance, fault }),
        }
    }

    /// Holds each of `dgis` against the rule for it.
    fn hold(self, dgis: &[ProtectedDgi], data: &PersonalizationData) -> Result<(), CheckFault> {
        for (position, grouping) in dgis.iter().enumerate() {
            let dgi = grouping.dgi();
            let identifier = dgi.identifier;
            let rule = self.rule(identifier).ok_or(CheckFault::UnknownDgi(identifier))?;
            if dgis[..position].iter().any(|before| before.dgi().identifier == identifier) {
                return Err(CheckFault::DoubledDgi(identifier));
            }
            if !rule.lengths.contains(&dgi.data.len()) {
                return Err(CheckFault::Length { identifier, length: dgi.data.len() });
            }
            if !rule.allows(grouping.protection, data.security_level) {
                return Err(CheckFault::Unprotected(identifier));
            }
            if rule.personal && !grouping.personal {
                return Err(CheckFault::NotPersonal(identifier));
            }
        }
        Ok(())
    }

    /// Reads back a stream that a complete application takes: it replaces the groupings that it brings.
    ///
    /// # Errors
    /// The first fault, in the order of the DGIs.
    pub(crate) fn read_back_stream(
        self,
        application: &Application,
        data: &PersonalizationData,
        scope: Scope,
    ) -> Result<(), CheckFault> {
        self.hold(&application.dgis, data)?;
        identity::read_back_change(&application.dgis, scope)
    }

    /// Reads back the objects and keys, or the references, that a PIV application in use takes.
    ///
    /// # Errors
    /// The first fault.
    pub(crate) fn read_back_objects(
        self,
        application: &Application,
        data: &PersonalizationData,
        scope: Scope,
    ) -> Result<(), CheckFault> {
        piv::read_back_change(application, data, scope)
            .map_err(|fault| CheckFault::Piv { application: application.instance, fault })
    }

    /// The card number in `application`'s data, where the application has one.
    pub(crate) fn card_number(self, application: &Application) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Identity => identity::card_number(&application.dgis).map(|number| Zeroizing::new(number.to_vec())),
            Self::Emv => check::emv::card_number(application),
            Self::Piv => piv::card_number(application),
            Self::PaymentEnvironment => None,
        }
    }
}
