//! Changes of cards in use: entered, approved, cancelled and decided by people whose commands die, and carried out at a
//! desk whose center dies.

use cardwright_issuance::state::{CardState, OrderState};
use cardwright_issuing_center::store::Store;

use crate::founding::{ADMIN, file};
use crate::world::{Again, PLACES, World};

/// The columns of a file of changes.
const COLUMNS: &str = "reference,base,profile,kind,card,argument,customer,taken_by,name,card_number,pin\n";
/// How many orders of a campaign are made, or approved, in one commit.
const PIECE: u64 = 25;
/// The holder's name after a change of it.
const NAME: &str = "Ada Newname";

/// One change of the card that an order carries.
struct Change {
    reference: String,
    row: String,
}

impl Change {
    fn new(kind: &str, profile: &str, card: &str, argument: &str, fields: &str) -> Self {
        let reference = format!("{kind}-{card}");
        let row = format!("{reference},north,{profile},{kind},{card},{argument},Example City,counter 3,{fields}\n");
        Self { reference, row }
    }

    /// Another name of the holder, with the number that the card has.
    fn of_name(card: &str) -> Self {
        let number = format!("62000012345678{}", card.trim_start_matches("R-"));
        Self::new("personal-data", "", card, "", &format!("{NAME},{number},"))
    }
}

impl World {
    /// Enters changes in one file, and approves them in one command.
    fn order_changes(&mut self, changes: &[Change], kinds: &[&str]) {
        let path = self.path("changes.csv");
        let rows: String = changes.iter().map(|change| change.row.as_str()).collect();
        std::fs::write(&path, format!("{COLUMNS}{rows}")).unwrap();
        let import = ["order", "import", &path.display().to_string(), "--as", "Ines"];
        self.step(&["order"], &import, Again::Refused("CW-4006"));
        let references = changes.iter().map(|change| change.reference.as_str());
        let approve: Vec<_> = ["order", "approve", "--as", "Otto"].into_iter().chain(references).collect();
        self.step(kinds, &approve, Again::Refused("CW-4016"));
    }

    /// Every card gets other keys, or a lock that is opened again, or its holder's new name; whichever commit of that
    /// the center dies at.
    pub(crate) fn change_cards_in_use(&mut self, live: &[String]) {
        self.change_keys(&live[..6]);
        self.lock(&live[6..9]);
        self.rename(&live[9..12]);
    }

    fn change_keys(&mut self, live: &[String]) {
        let changes: Vec<_> = live.iter().map(|card| Change::new("change-keys", "", card, "16", ",,")).collect();
        self.order_changes(&changes, &["approved"]);
        let before: Vec<_> = live.iter().map(|card| self.card(card).key_versions()).collect();
        for ((change, kind), place) in changes.iter().zip(["issuance-opened", "issuance-issued"]).zip(PLACES) {
            self.carry_out(Some(&format!("{place}-{kind}")), &change.reference);
        }
        for (change, place) in changes[2..5].iter().zip(PLACES) {
            // after the new keys were put in the place of the old ones
            self.leave(&format!("{place}-issuance-unknown"), &change.reference, (2, 0));
            self.carry_out(Some(&format!("{place}-issuance-issued")), &change.reference);
        }
        // before any were
        self.leave("after-issuance-unknown", &changes[5].reference, (1, 1));
        self.carry_out(Some("within-issuance-writing"), &changes[5].reference);
        for (card, before) in live.iter().zip(before) {
            assert_ne!(self.card(card).key_versions(), before, "{card} has other keys");
        }
    }

    fn lock(&mut self, live: &[String]) {
        let changes: Vec<_> = live.iter().map(|card| Change::new("block", "", card, "", ",,")).collect();
        self.order_changes(&changes, &["rows"]);
        for (change, place) in changes.iter().zip(PLACES) {
            assert_eq!(self.row(&change.reference).state, CardState::Locked, "the host refuses it at once");
            self.carry_out(Some(&format!("{place}-issuance-issued")), &change.reference);
            assert!(self.card(&change.reference).is_locked());
        }
        let changes: Vec<_> = live.iter().map(|card| Change::new("unblock", "", card, "", ",,")).collect();
        self.order_changes(&changes, &[]);
        for (change, place) in changes.iter().zip(PLACES) {
            self.leave(&format!("{place}-issuance-unknown"), &change.reference, (1, 2));
            self.carry_out(Some(&format!("{place}-issuance-opened")), &change.reference);
            assert_eq!(self.row(&change.reference).state, CardState::Live);
            assert!(!self.card(&change.reference).is_locked());
        }
    }

    fn rename(&mut self, live: &[String]) {
        let changes: Vec<_> = live.iter().map(|card| Change::of_name(card)).collect();
        self.order_changes(&changes, &[]);
        for (change, place) in changes.iter().zip(PLACES) {
            self.leave(&format!("{place}-issuance-opened"), &change.reference, (1, 2));
            self.carry_out(Some(&format!("{place}-issuance-opened")), &change.reference);
            assert_eq!(self.card(&change.reference).name().as_deref(), Some(NAME.as_bytes()));
        }
    }

    /// A program that the card has no room for, with the data that the card has by then: it is looked at, and nothing is
    /// done.
    pub(crate) fn offer_too_much(&mut self, live: &[String]) {
        let changes: Vec<_> =
            live.iter().map(|card| Change::new("add-application", "wallet", card, "", ",,")).collect();
        self.order_changes(&changes, &[]);
        let names: Vec<_> = live.iter().map(|card| Change::of_name(card)).collect();
        self.order_changes(&names, &[]);
        for ((change, name), place) in changes.iter().zip(&names).zip(PLACES) {
            self.carry_out_first(&name.reference);
            self.decline(&format!("{place}-carried-again"), &change.reference);
            self.decline(&format!("{place}-issuance-failed-clean"), &change.reference);
            let cancel = ["order", "cancel", &change.reference, "--as", "Ines"];
            let kinds: &[&str] = if place == "before" { &["rows"] } else { &[] };
            self.step(kinds, &cancel, Again::Refused("CW-4014"));
            assert_eq!(self.order(&change.reference).state, OrderState::Cancelled);
        }
    }

    /// One change of many cards: entered, approved, held back, let go on, and carried out on one.
    pub(crate) fn campaign(&mut self, live: &str) {
        let create = ["campaign", "create", "keys", "--kind", "change-keys", "--argument", "16"];
        let create = [&create[..], &["--select", "profile=identity", "--as", "Ines"]].concat();
        self.step(&["campaign", "campaign-moved"], &create, Again::Refused("CW-1010"));
        let selected = self.center.done(&["campaign", "show", "keys"])["numbers"]["selected"].as_u64().unwrap();
        // it is approved, its orders are made in pieces and approved in pieces: doing it again goes on
        let pieces = selected.div_ceil(PIECE) as usize;
        let commits = [vec!["campaign-moved"; 1 + pieces], vec!["approved"; pieces]].concat();
        self.step(&commits, &["campaign", "approve", "keys", "--as", "Otto"], Again::Refused("CW-4022"));
        for (state, word) in [("paused", "pause"), ("approved", "resume")] {
            self.step(&["campaign-moved"], &["campaign", word, "keys", "--as", "Otto"], Again::Refused("CW-4022"));
            let told = self.center.done(&["campaign", "show", "keys"]);
            assert_eq!(told["state"], state);
        }
        let (store, card) = (self.store(), self.row(live).id);
        let orders = self.runtime.block_on(store.orders_of_card(card)).unwrap();
        let order = orders.iter().find(|order| order.campaign.is_some()).expect("it is for every live card");
        self.carry_out(Some("within-issuance-issued"), &order.reference.clone());
    }

    /// Two people put a card aside that was left in the middle, and two let it go on; then it is finished.
    pub(crate) fn put_aside(&mut self, reference: &str) {
        for (word, state) in [("quarantine", CardState::Quarantined), ("lift-quarantine", CardState::Unknown)] {
            let kinds: &[&str] = if word == "quarantine" { &["card-decision"] } else { &[] };
            self.step(kinds, &["card", word, reference, "--as", ADMIN], Again::Refused("CW-1004"));
            let kinds: &[&str] = if word == "quarantine" { &["rows"] } else { &[] };
            self.step(kinds, &["card", word, reference, "--as", "Otto"], Again::Refused("CW-4041"));
            assert_eq!(self.row(reference).state, state);
        }
    }

    /// The profile of the program that no card here has room for.
    pub(crate) fn take_wallet_profile(&mut self) {
        let text = std::fs::read_to_string(file("profiles/identity.toml")).unwrap();
        let text = text.replace("name = \"identity\"", "name = \"wallet\"");
        let text = text.replace("package = \"F04341524457494400\"", "package = \"F0434152445749449A\"");
        let text = text.replace("module = \"F0434152445749440001\"", "module = \"F0434152445749449A01\"");
        let text = text.replace("instance = \"F0434152445749440001\"", "instance = \"F0434152445749449A01\"");
        let path = self.path("wallet.toml");
        std::fs::write(&path, text).unwrap();
        let import = ["profile", "import", &path.display().to_string(), "--as", ADMIN];
        self.step(&[], &import, Again::Done);
    }
}
