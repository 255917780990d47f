//! `show`: what is on a card. Keys are shown as check values, personal data as lengths.

use std::fmt::Write as _;
use std::path::Path;

use cardwright_virtual_card::applications::Program;
use cardwright_virtual_card::{Application, CardState, KeySet};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::report::Report;
use crate::state_file;

pub(crate) fn show(path: &Path, report: &Report) -> Result<(), Failure> {
    let state = state_file::load(path)?;
    report.result(text(&state).trim_end(), &value(&state));
    Ok(())
}

fn text(state: &CardState) -> String {
    let mut text = String::new();
    let identity = &state.identity;
    let _ = writeln!(text, "product      {} ({:?})", state.product.name, state.life_cycle);
    let _ = writeln!(text, "CPLC         {}", hex::encode_upper(&identity.production_life_cycle));
    let _ = writeln!(text, "KDD          {}", hex::encode_upper(&identity.key_diversification_data));
    let _ = writeln!(text, "memory       {} of {} bytes used", state.memory_used(), state.product.memory);
    for set in &state.key_sets {
        let values = check_values(set).join(" ");
        let (version, counter, failures) = (set.version, set.sequence_counter, set.failures);
        let _ = writeln!(text, "key set {version:02X}   {values}, counter {counter}, failed {failures}");
    }
    for package in &state.packages {
        let (program, [major, minor]) = (package.program, package.version);
        let _ = writeln!(text, "package      {} ({program:?} {major}.{minor}, {} bytes)", package.aid, package.size);
    }
    for application in &state.applications {
        let code = application.life_cycle_code();
        let _ = writeln!(text, "application  {} state {code:02X}, {}", application.aid, content(application));
    }
    text
}

fn value(state: &CardState) -> Value {
    let key_set = |set: &KeySet| {
        json!({ "version": format!("{:02X}", set.version), "kcvs": check_values(set),
                "counter": set.sequence_counter, "failures": set.failures })
    };
    let application = |application: &Application| {
        json!({ "aid": application.aid.to_string(), "state": format!("{:02X}", application.life_cycle_code()),
                "content": content(application) })
    };
    json!({
        "product": state.product.name,
        "life_cycle": state.life_cycle,
        "cplc": hex::encode_upper(&state.identity.production_life_cycle),
        "kdd": hex::encode_upper(&state.identity.key_diversification_data),
        "memory_used": state.memory_used(),
        "memory": state.product.memory,
        "key_sets": state.key_sets.iter().map(key_set).collect::<Vec<_>>(),
        "packages": state.packages.iter().map(|package| package.aid.to_string()).collect::<Vec<_>>(),
        "applications": state.applications.iter().map(application).collect::<Vec<_>>(),
    })
}

fn check_values(set: &KeySet) -> Vec<String> {
    set.keys.iter().map(|key| hex::encode_upper(key.check_value())).collect()
}

fn content(application: &Application) -> String {
    match &application.program {
        Program::Identity(data) => personalized("identity", data.is_complete(), data.files()),
        Program::Emv(data) => {
            let counter = data.transaction_counter();
            personalized(&format!("EMV, {counter} transactions"), data.is_complete(), data.groupings())
        }
        Program::PaymentEnvironment(data) => personalized("payment environment", data.is_complete(), data.groupings()),
        Program::Piv(data) => {
            let keys: Vec<String> =
                data.keys().map(|(reference, algorithm)| format!("{reference:02X}: {algorithm:02X}")).collect();
            let objects: Vec<String> = data.objects().map(|(tag, length)| format!("{tag:X}: {length} bytes")).collect();
            let complete = if data.is_complete() { "complete" } else { "incomplete" };
            format!("PIV, {complete}, keys [{}], objects [{}]", keys.join(", "), objects.join(", "))
        }
        Program::Opaque => "a program that cannot be run here".into(),
    }
}

fn personalized(name: &str, is_complete: bool, groupings: impl Iterator<Item = (u16, usize)>) -> String {
    let groupings: Vec<String> =
        groupings.map(|(identifier, length)| format!("{identifier:04X}: {length} bytes")).collect();
    let complete = if is_complete { "complete" } else { "incomplete" };
    format!("{name}, {complete} [{}]", groupings.join(", "))
}
