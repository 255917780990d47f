//! `probe`: what a card says of itself. No key is tried: only EXTERNAL AUTHENTICATE can fail on one (Amd D §7.1.2.7).

use serde_json::json;

use cardwright_relay::Code;

use super::Place;
use crate::failure::{Exit, Failure};
use crate::probing::{Findings, probe as ask};
use crate::readers::Slot;
use crate::system::pcsc::{self, HeldCard};

pub(super) async fn probe(place: &Place, reader: Option<&str>) -> Result<Exit, Failure> {
    let slot = slot(reader).await?;
    let mut card = HeldCard::take(&slot).await?;
    let atr = card.atr.clone();
    let findings = ask(&mut card, &atr).await?;
    let Findings { security_domain, scp, i, key_version, diversification_data, challenge_length, cplc, .. } = &findings;
    let fields = json!({
        "slot": slot,
        "atr": hex::encode_upper(&atr),
        "security_domain": security_domain,
        "scp": scp,
        "i": i.map(|i| format!("{i:02X}")),
        "key_version": format!("{key_version:02X}"),
        "key_diversification_data": hex::encode_upper(diversification_data),
        "challenge_length": challenge_length,
        "cplc": cplc.as_ref().map(hex::encode_upper),
        "product": findings.product(),
    });
    let shown = format!(
        "{slot}\n  ATR   {}\n  SCP   {scp:02}{}\n  KVN   {key_version:02X}\n  KDD   {}\n  CPLC  {}\n\n{}",
        hex::encode_upper(&atr),
        i.map_or(String::new(), |i| format!(" i={i:02X}")),
        hex::encode_upper(diversification_data),
        cplc.as_ref().map_or("none".to_owned(), hex::encode_upper),
        findings.product(),
    );
    place.voice.result(fields, &shown, &shown);
    Ok(Exit::Done)
}

/// The slot that is named, or the first that holds a card.
async fn slot(named: Option<&str>) -> Result<String, Failure> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    let slots = pcsc::list().await?;
    if slots.is_empty() {
        return Err(Failure::machine(Code::NO_READER, &[]));
    }
    for slot in slots {
        if matches!(pcsc::look(&slot).await?, Slot::Card(_)) {
            return Ok(slot);
        }
    }
    Err(Failure::card(Code::CARD_GONE, &[]))
}
