//! Cards that were issued, without a terminal: their rows as a session would leave them.

use std::sync::atomic::{AtomicU8, Ordering};

use cardwright_apdu::Aid;
use cardwright_data_preparation::Profile;
use cardwright_globalplatform::Protocol;
use cardwright_globalplatform::cap::PackageVersion;
use cardwright_issuance::Id;
use cardwright_issuance::change::Change;
use cardwright_issuance::content::{Content, Installed};
use cardwright_issuance::row::{Card, KeySet, Order, Outbox};
use cardwright_issuance::state::{CardState, KeySetState, OrderState};
use cardwright_issuing_center::file_fault::FileRefused;
use cardwright_issuing_center::intake;
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::registry::document;
use cardwright_issuing_center::store::{Commit, Program, ProgramApproval, Registration, Store};

use crate::world::{PROFILE, World};

/// The columns of changes, with the fields of the identity profile.
pub(crate) const CHANGES: &str =
    "reference,base,profile,kind,card,argument,customer,taken_by,name,card_number,pin,photo\n";
const PACKAGE: &str = "F04341524457494402";

/// A product whose cards hold two key sets, of 16, 24 or 32 bytes.
const LIFE: &str = include_str!("../../../../products/scp03-i70-life.toml");

static NEXT_CARD: AtomicU8 = AtomicU8::new(1);

/// The identity profile for the second version of its program.
pub(crate) const SECOND: &str = include_str!("../../../../profiles/identity-2.toml");

impl World {
    /// Puts the prepared order on a card of its own, which is live then.
    pub(crate) async fn issue(&self, order: &Order, profile: &str) -> Id {
        let center = &self.center;
        document::import_product(&*center.store, center.now(), &self.admin, LIFE).await.unwrap();
        let byte = NEXT_CARD.fetch_add(1, Ordering::SeqCst);
        let id = Id::from([byte; 16]);
        let profile = Profile::parse(profile).unwrap();
        let installed = profile.applications().iter().map(|application| {
            Installed::new(&application.instance, &application.package, &profile.reference().name, 0x07)
        });
        let content = Box::new(Content { applications: installed.collect(), load_files: Vec::new() });
        let card = Card {
            id,
            product: "scp03-i70-life".into(),
            cplc: vec![byte; 42],
            kdd: [byte; 10],
            state: CardState::Stock,
            order: None,
            open_tries: 0,
            masked_number: None,
            content: Content::default(),
        };
        let keys = |version, generation, state| KeySet {
            card: id,
            version,
            generation,
            state,
            protocol: Protocol::from_bytes([3, 0x70, 16]).unwrap(),
            wrapped: [vec![1], vec![2], vec![3]],
            check_values: [[1; 3], [2; 3], [3; 3]],
        };
        let stock =
            Registration::Stock(card, keys(0x30, 0, KeySetState::Transport), keys(0x31, 1, KeySetState::Derived));
        self.commit(vec![], vec![stock]).await;
        let card = |from, to| Change::MoveCard {
            card: id,
            from,
            to,
            order: Some(order.id),
            open_tries: 0,
            masked_number: Some("492900******1234".into()),
        };
        let mut changes = vec![self.moved(order, OrderState::Prepared, OrderState::Issuing, id)];
        changes.push(card(CardState::Stock, CardState::Dirty));
        changes.push(card(CardState::Dirty, CardState::Verified));
        changes.push(card(CardState::Verified, CardState::Live));
        changes.push(Change::SetContent { card: id, content });
        changes.push(self.moved(order, OrderState::Issuing, OrderState::Issued, id));
        self.commit(changes, vec![]).await;
        id
    }

    /// What a session leaves of a change that was carried out.
    pub(crate) async fn carry_out(&self, order: &Order, card: Id) {
        let changes = vec![
            self.moved(order, OrderState::Prepared, OrderState::Issuing, card),
            self.moved(order, OrderState::Issuing, OrderState::Issued, card),
        ];
        self.commit(changes, vec![]).await;
    }

    pub(crate) async fn card_goes(&self, card: Id, to: CardState) {
        let row = self.center.store.card(card).await.unwrap().unwrap();
        let (order, masked_number) = (row.order, row.masked_number);
        let change = Change::MoveCard { card, from: row.state, to, order, open_tries: 0, masked_number };
        self.commit(vec![change], vec![]).await;
    }

    fn moved(&self, order: &Order, from: OrderState, to: OrderState, card: Id) -> Change {
        Change::MoveOrder { order: order.id, from, to, card: Some(card) }
    }

    async fn commit(&self, changes: Vec<Change>, registrations: Vec<Registration>) {
        self.center.store.commit(Commit { changes, registrations, entries: vec![] }).await.unwrap();
    }

    /// Two live identity cards, of the orders.
    pub(crate) async fn two_issued(&self) -> [Id; 2] {
        let orders = self.two_prepared().await;
        [self.issue(&orders[0], PROFILE).await, self.issue(&orders[1], PROFILE).await]
    }

    /// Takes rows of changes.
    pub(crate) async fn change(&self, rows: &str) -> Result<Vec<Order>, FileRefused> {
        self.import_file(format!("{CHANGES}{rows}").as_bytes()).await
    }

    pub(crate) async fn approve(&self, references: &[&str]) -> Result<Vec<Order>, Refused> {
        let references: Vec<_> = references.iter().map(|one| (*one).to_owned()).collect();
        intake::approve(&self.center, &self.approver, &references).await
    }

    pub(crate) async fn card_state(&self, card: Id) -> CardState {
        self.center.store.card(card).await.unwrap().unwrap().state
    }

    pub(crate) async fn order(&self, reference: &str) -> Order {
        self.center.store.order_by_reference(reference).await.unwrap().unwrap()
    }

    /// What waits for the card, by reference.
    pub(crate) async fn waiting(&self, card: Id) -> Vec<String> {
        let waiting = intake::waiting::changes(&*self.center.store, card).await.unwrap();
        waiting.into_iter().map(|order| order.reference).collect()
    }

    /// What the issuer's host is to be told: kind and card.
    pub(crate) async fn told(&self) -> Vec<(String, Option<Id>)> {
        let rows = self.center.store.outbox(100).await.unwrap();
        rows.into_iter().map(|Outbox { kind, card, .. }| (kind, card)).collect()
    }

    /// The profile identity-2, and, where it is said, its program, approved.
    pub(crate) async fn second_version(&self, with_program: bool) {
        let center = &self.center;
        document::import_profile(&*center.store, center.now(), &self.admin, SECOND).await.unwrap();
        if !with_program {
            return;
        }
        let load_file: Aid = PACKAGE.parse().unwrap();
        let program = Program {
            load_file,
            name: "identity-2".into(),
            version: PackageVersion { major: 2, minor: 0 },
            modules: vec![],
            hash: [2; 32],
            block: vec![2; 100],
            memory: 100,
            imported_by: self.admin.id,
            imported: 0,
            approval: None,
        };
        let approval = ProgramApproval { by: self.approver.id, at: 1 };
        self.commit(vec![], vec![Registration::Program(program), Registration::ApproveProgram(load_file, approval)])
            .await;
    }
}
