//! What a change writes on a card in use, read back: as the card's application takes it beside what it has already.

use super::CheckFault;
use crate::{Application, PersonalizationData, Rewrite, Scope, Standard};

/// Reads back what a change of `scope` brings `application` of `data`.
///
/// # Errors
/// The first fault.
pub(super) fn read_back(application: &Application, data: &PersonalizationData, scope: Scope) -> Result<(), CheckFault> {
    let standard = application.standard;
    let scripted = application.rewrite == Rewrite::IssuerScript;
    if scripted != application.script.is_some() {
        return Err(CheckFault::OutOfScope("a script's keys go with a script alone"));
    }
    match (application.rewrite, standard) {
        (Rewrite::Reinstall, _) => standard.read_back(application, data),
        (Rewrite::StoreData, Standard::Identity) => standard.read_back_stream(application, data, scope),
        (Rewrite::PutData, Standard::Piv) => standard.read_back_objects(application, data, scope),
        (Rewrite::IssuerScript, Standard::Emv) => super::emv::read_back_script(application, scope)
            .map_err(|fault| CheckFault::Emv { application: application.instance, fault }),
        _ => Err(CheckFault::OutOfScope("the application cannot be changed in this way")),
    }
}
