//! `readers`: the slots that are there, what their readers say of themselves, and which are on the center's list.

use serde_json::json;

use super::Place;
use crate::failure::{Exit, Failure};
use crate::readers::{Attributes, Slot};
use crate::system::pcsc;

pub(super) async fn readers(place: &Place) -> Result<Exit, Failure> {
    let slots = pcsc::list().await?;
    let presence = place.arrive().await;
    let list = match &presence {
        Ok(presence) => Some(presence.readers()?),
        Err(failure) => {
            place.voice.problem(failure);
            None
        }
    };
    for slot in &slots {
        let Attributes { vendor, kind, serial } = pcsc::attributes(slot).await.unwrap_or_default();
        let entry = list.as_ref().and_then(|list| list.by_card_slot(slot));
        let card = match pcsc::look(slot).await? {
            Slot::Card(card) => Some(hex::encode_upper(card.atr)),
            Slot::Empty | Slot::Mute(_) => None,
        };
        let name = entry.map(|entry| entry.name.as_str());
        let tier = entry.map(|entry| format!("{:?}", entry.tier));
        let shown = match (&name, &tier) {
            (Some(name), Some(tier)) => format!("{slot}\n    listed as {name}, {tier}"),
            _ => format!("{slot}\n    not listed"),
        };
        let shown = format!(
            "{shown}\n    vendor {vendor:?}, type {kind:?}, serial {serial:?}\n    card {}",
            card.as_deref().unwrap_or("none")
        );
        let fields = json!({ "slot": slot, "vendor": vendor, "type": kind, "serial": serial, "listed": name, "tier": tier, "card": card });
        place.voice.tell("reader", fields, &shown, &shown);
    }
    if let Ok(presence) = presence {
        presence.leave().await;
    }
    place.voice.result(
        json!({ "outcome": "done", "slots": slots.len() }),
        &format!("{} slots.", slots.len()),
        &format!("スロット {} 個。", slots.len()),
    );
    Ok(Exit::Done)
}
