//! Numbers of payment cards that are replaced or changed: the same number has another sequence number where keys are
//! made anew, and a change is for the card that has the number.

use std::collections::BTreeSet;

use cardwright_data_preparation::PersonalizationData;
use cardwright_issuance::row::Order;
use cardwright_issuance::state::State;
use cardwright_issuing_center::file_fault::FileRefused;
use cardwright_issuing_center::intake::{self, Columns};
use cardwright_issuing_center::sealing;
use cardwright_issuing_center::store::Store;
use cardwright_relay::Code;

use crate::payment::{Bank, CREDIT, own};

const NUMBERS: [&str; 2] = ["4761739001010119", "4761739001010127"];
/// The keys of cryptograms and scripts.
const KEYS: u16 = 0x8000;

/// The credit profile whose cards have the sequence number 0, where nothing else decides it.
fn constant() -> String {
    let text = CREDIT.replace("name = \"emv-credit\"", "name = \"emv-constant\"");
    let text = text.replace("sequence-field = \"sequence\"", "sequence = 0");
    let start = text.find("[[field]]\nname = \"sequence\"").unwrap();
    let end = start + 9 + text[start + 9..].find("\n[").unwrap();
    format!("{}{}", &text[..start], &text[end + 1..])
}

impl Bank {
    /// Takes orders of kinds other than new: columns, then rows.
    async fn kinds(&self, profile: &str, fields: &[&str], row: &str) -> Result<Order, FileRefused> {
        let known = cardwright_data_preparation::Profile::parse(profile).unwrap();
        let all = known.fields().iter().map(|field| field.name.clone()).collect();
        let columns = Columns { fields: all, photos: BTreeSet::new() };
        let header = format!("reference,base,profile,kind,card,argument,customer,taken_by,{}\n", fields.join(","));
        let text = format!("{header}{row}\n");
        let (center, person) = (&self.world.center, &self.world.entry);
        let none = |_: &str| Err("there is no such photo");
        let received = intake::receive_file(center, person, text.as_bytes(), &columns, &none).await?;
        center.store.commit(received.commit).await.unwrap();
        Ok(received.orders.into_iter().next().unwrap())
    }

    async fn data(&self, order: &Order) -> cardwright_data_preparation::Checked<PersonalizationData> {
        sealing::open_prepared(&self.world.center, order.id).await.unwrap()
    }

    async fn sequence(&self, order: &Order) -> Option<u8> {
        self.world.center.store.number_of(order.id).await.unwrap().map(|row| row.sequence)
    }
}

fn keys(data: &PersonalizationData) -> Vec<u8> {
    let application = data.applications.last().unwrap();
    let found = application.dgis.iter().map(|one| one.dgi()).find(|dgi| dgi.identifier == KEYS);
    found.unwrap().data.to_vec()
}

#[tokio::test]
async fn a_card_in_place_of_another_with_its_number_has_the_next_sequence_number_and_other_keys() {
    let bank = Bank::new(8).await;
    let profile = constant();
    bank.enter_profile(&profile).await;
    let (fields, block) = (["name", "card_number", "pin_block"], bank.block(NUMBERS[0]));
    let row = |name: &str, kind: &str, card: &str, reason: &str| {
        format!("{name},north,emv-constant,{kind},{card},{reason},ACME,Tom,Zoë Müller,{},{block}", NUMBERS[0])
    };
    let first = bank.kinds(&profile, &fields, &row("C-1", "new", "", "")).await.unwrap();
    bank.approve(&["C-1"]).await.unwrap();
    let before = bank.data(&first).await;
    bank.world.issue(&first, &profile).await;
    let second = bank.kinds(&profile, &fields, &row("C-2", "replace", "C-1", "stolen")).await.unwrap();
    bank.approve(&["C-2"]).await.unwrap();
    assert_eq!((bank.sequence(&first).await, bank.sequence(&second).await), (Some(0), Some(1)));
    let after = bank.data(&second).await;
    assert_eq!(before.masked_number, after.masked_number);
    assert_ne!(keys(&before), keys(&after));
    assert_eq!(keys(&before).len(), keys(&after).len());
    // Prepared again it keeps what it got, and the third card gets the next.
    intake::prepare_again(&bank.world.center, &bank.world.approver, &["C-2".into()]).await.unwrap();
    assert_eq!(bank.sequence(&second).await, Some(1));
    bank.world.issue(&second, &profile).await;
    let third = bank.kinds(&profile, &fields, &row("C-3", "renew", "C-2", "")).await.unwrap();
    bank.approve(&["C-3"]).await.unwrap();
    assert_eq!(bank.sequence(&third).await, Some(2));
    // The number is not free for a card that is in nobody's place.
    bank.kinds(&profile, &fields, &row("C-4", "new", "", "")).await.unwrap();
    assert_eq!(bank.approve(&["C-4"]).await.unwrap_err().code, Code::NUMBER_TAKEN);
}

#[tokio::test]
async fn a_cancelled_replacement_gives_its_sequence_number_back() {
    let bank = Bank::new(6).await;
    let profile = constant();
    bank.enter_profile(&profile).await;
    let (fields, block) = (["name", "card_number", "pin_block"], bank.block(NUMBERS[0]));
    let row = |name: &str, kind: &str, card: &str, reason: &str| {
        format!("{name},north,emv-constant,{kind},{card},{reason},ACME,Tom,Zoë Müller,{},{block}", NUMBERS[0])
    };
    let first = bank.kinds(&profile, &fields, &row("C-1", "new", "", "")).await.unwrap();
    bank.approve(&["C-1"]).await.unwrap();
    bank.world.issue(&first, &profile).await;
    for name in ["C-2", "C-3"] {
        let order = bank.kinds(&profile, &fields, &row(name, "replace", "C-1", "lost")).await.unwrap();
        bank.approve(&[name]).await.unwrap();
        assert_eq!(bank.sequence(&order).await, Some(1), "{name}");
        let (store, now) = (&*bank.world.center.store, bank.world.center.now());
        intake::cancel(store, now, &bank.world.approver, name).await.unwrap();
        assert_eq!(bank.sequence(&order).await, None);
    }
}

#[tokio::test]
async fn a_card_in_place_of_another_gets_the_number_that_the_order_or_the_range_gives() {
    let bank = Bank::new(8).await;
    let first = bank.orders(&[("C-1", NUMBERS[0], 1)]).await.remove(0);
    bank.approve(&["C-1"]).await.unwrap();
    bank.world.issue(&first, CREDIT).await;
    let fields = ["name", "card_number", "sequence", "pin_block"];
    let row = |number: &str, sequence: u8| {
        let block = bank.block(number);
        format!("C-2,north,emv-credit,replace,C-1,lost,ACME,Tom,Zoë Müller,{number},{sequence},{block}")
    };
    let same = bank.kinds(CREDIT, &fields, &row(NUMBERS[0], 1)).await.unwrap();
    assert_eq!(bank.approve(&["C-2"]).await.unwrap_err().code, Code::NUMBER_TAKEN, "number and sequence number");
    intake::cancel(&*bank.world.center.store, 0, &bank.world.approver, "C-2").await.unwrap();
    assert_eq!(bank.sequence(&same).await, None);
    let row = row(NUMBERS[1], 1).replace("C-2,", "C-3,");
    let other = bank.kinds(CREDIT, &fields, &row).await.unwrap();
    bank.approve(&["C-3"]).await.unwrap();
    assert_eq!(bank.sequence(&other).await, Some(1), "a new number begins anew");
    let assigned = bank.own_orders(&["O-1"]).await.remove(0);
    bank.approve(&["O-1"]).await.unwrap();
    bank.world.issue(&assigned, &own()).await;
    let row = "O-2,north,emv-own,replace,O-1,stolen,ACME,Tom,Zoë Müller";
    let replacement = bank.kinds(&own(), &["name"], row).await.unwrap();
    bank.approve(&["O-2"]).await.unwrap();
    let store = &bank.world.center.store;
    let hash = async |order: &Order| store.number_of(order.id).await.unwrap().unwrap().hash;
    assert_ne!(hash(&assigned).await, hash(&replacement).await);
}

#[tokio::test]
async fn a_change_that_brings_another_cards_number_is_refused_when_it_comes_in() {
    let bank = Bank::new(6).await;
    let orders = bank.orders(&[("C-1", NUMBERS[0], 1), ("C-2", NUMBERS[1], 1)]).await;
    bank.approve(&["C-1", "C-2"]).await.unwrap();
    for order in &orders {
        bank.world.issue(order, CREDIT).await;
    }
    let fields = ["name", "card_number", "sequence", "pin_block"];
    let row = |name: &str, number: &str, sequence: u8| {
        let block = bank.block(number);
        format!("{name},north,,personal-data,C-1,,ACME,Tom,Zoë Newname,{number},{sequence},{block}")
    };
    let Err(FileRefused::Faults(_, faults)) = bank.kinds(CREDIT, &fields, &row("D-1", NUMBERS[1], 2)).await else {
        panic!("taken")
    };
    assert_eq!((faults[0].row, faults[0].column.as_str()), (2, "card_number"));
    assert!(!faults[0].reason.contains(NUMBERS[1]));
    // This application is installed again for a change: its keys begin anew, under the next sequence number.
    let again = bank.kinds(CREDIT, &fields, &row("D-2", NUMBERS[0], 1)).await.unwrap();
    assert_eq!(bank.approve(&["D-2"]).await.unwrap_err().code, Code::NUMBER_TAKEN);
    assert_eq!(again.state.name(), "received");
    let next = bank.kinds(CREDIT, &fields, &row("D-3", NUMBERS[0], 2)).await.unwrap();
    bank.approve(&["D-3"]).await.unwrap();
    assert_eq!(bank.sequence(&next).await, Some(2));
    let (changed, before) = (bank.data(&next).await, bank.data(&orders[0]).await);
    assert_ne!(keys(&changed), keys(&before));
}
