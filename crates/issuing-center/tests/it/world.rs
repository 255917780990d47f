//! A center in a directory that goes away with it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cardwright_data_preparation::Profile;
use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::row::{Order, Terminal};
use cardwright_issuing_center::center::Center;
use cardwright_issuing_center::file_fault::FileRefused;
use cardwright_issuing_center::intake::{self, Columns};
use cardwright_issuing_center::registry::person::{self, Role};
use cardwright_issuing_center::registry::{base, document, setup};
use cardwright_issuing_center::store::{Commit, Person, Registration, SqlStore, Store};
use cardwright_keystore::software::{SoftwareKeystore, SystemRandomness};
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;
use zeroize::Zeroizing;

pub(crate) const PRODUCT: &str = include_str!("../../../../products/scp03-i70.toml");
pub(crate) const PROFILE: &str = include_str!("../../../../profiles/identity.toml");
pub(crate) const SECRET: &[u8] = b"a secret of eight and more";
pub(crate) const HEADER: &str = "reference,base,profile,kind,customer,taken_by,name,card_number,pin,photo\n";

/// A center with an admin, someone who enters orders and someone who approves, a base, a product and a profile.
pub(crate) struct World {
    pub(crate) center: Center<SqlStore>,
    pub(crate) admin: Person,
    pub(crate) entry: Person,
    pub(crate) approver: Person,
    pub(crate) directory: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("center.sqlite").display());
        let store = Arc::new(SqlStore::create(&url).await.unwrap());
        let keystore = Arc::new(SoftwareKeystore::in_memory(Box::new(SystemRandomness)));
        // Each look at the clock is a microsecond later, so that no two orders are of the same time.
        let ticks = AtomicI64::new(1_795_000_000_000_000);
        let clock = Arc::new(move || ticks.fetch_add(1, Ordering::SeqCst));
        let center = Center { store, keystore, clock };
        let admin = setup::set_up(&center, "Ada", SECRET).await.unwrap();
        let add = |name, role| person::add(&*center.store, center.now(), &admin, name, role, SECRET);
        let entry = add("Eve", &[Role::OrderEntry]).await.unwrap();
        let approver = add("Ben", &[Role::Approver]).await.unwrap();
        base::add(&*center.store, center.now(), &admin, "north", 2).await.unwrap();
        document::import_product(&*center.store, center.now(), &admin, PRODUCT).await.unwrap();
        document::import_profile(&*center.store, center.now(), &admin, PROFILE).await.unwrap();
        Self { center, admin, entry, approver, directory }
    }

    /// Takes the rows (without the header) of a file of orders.
    pub(crate) async fn import(&self, rows: &str) -> Result<Vec<Order>, FileRefused> {
        self.import_file(format!("{HEADER}{rows}").as_bytes()).await
    }

    pub(crate) async fn import_file(&self, text: &[u8]) -> Result<Vec<Order>, FileRefused> {
        let received = intake::receive_file(&self.center, &self.entry, text, &columns(), &photo).await?;
        self.center.store.commit(received.commit).await?;
        Ok(received.orders)
    }

    /// Takes a file of orders of other profiles than the identity profile.
    pub(crate) async fn import_columns(&self, profiles: &[&str], text: &str) -> Vec<Order> {
        let profiles = profiles.iter().map(|text| Profile::parse(text).unwrap());
        let fields = profiles.flat_map(|one| one.fields().iter().map(|field| field.name.clone()).collect::<Vec<_>>());
        let columns = Columns { fields: fields.collect(), photos: BTreeSet::new() };
        let received =
            intake::receive_file(&self.center, &self.entry, text.as_bytes(), &columns, &photo).await.unwrap();
        self.center.store.commit(received.commit).await.unwrap();
        received.orders
    }

    /// Enters a terminal, as its enrolment would.
    pub(crate) async fn enter_terminal(&self, name: &str) {
        let terminal = Terminal {
            id: [7; 16].into(),
            name: name.into(),
            base: "north".into(),
            fingerprint: [7; 32],
            expires: i64::MAX,
            instance: None,
            lease_until: 0,
            revoked: None,
        };
        let registrations = vec![Registration::Terminal(terminal)];
        self.center.store.commit(Commit { registrations, ..Commit::default() }).await.unwrap();
    }

    /// Two orders, R-1 and R-2, approved and prepared.
    pub(crate) async fn two_prepared(&self) -> Vec<Order> {
        let rows = "R-1,north,identity,new,ACME,Tom,Zoë Needleworth,4929000000001234,92389,\n\
                    R-2,north,identity,new,ACME,Tom,Max Muster,4929000000005678,1234,\n";
        self.import(rows).await.unwrap();
        intake::approve(&self.center, &self.approver, &["R-1".into(), "R-2".into()]).await.unwrap()
    }

    /// The newest entry of the log.
    pub(crate) async fn newest_entry(&self) -> Entry {
        let head = self.center.store.log_head().await.unwrap();
        let leaves = self.center.store.leaves(head.size - 1, 1).await.unwrap();
        minicbor::decode(&leaves[0].entry).unwrap()
    }

    /// That the newest entry tells of this refusal.
    pub(crate) async fn assert_refusal_logged(&self, code: cardwright_relay::Code) {
        let entry = self.newest_entry().await;
        assert!(matches!(&entry.event, Event::Refused { code: logged, .. } if *logged == code.0), "{entry:?}");
    }

    /// Changes the database behind the center's back; says how many rows.
    pub(crate) async fn tamper(&self, statement: &str) -> u64 {
        let path = self.directory.path().join("center.sqlite");
        let mut connection = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
        let statement = sqlx::AssertSqlSafe(statement.to_owned());
        let result = sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        result.rows_affected()
    }
}

/// The identity profile's fields.
pub(crate) fn columns() -> Columns {
    let profile = Profile::parse(PROFILE).unwrap();
    let fields: BTreeSet<_> = profile.fields().iter().map(|field| field.name.clone()).collect();
    Columns { fields, photos: ["photo".to_owned()].into() }
}

/// One photo, `face.png`, which begins as PNG files do.
fn photo(name: &str) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    match name {
        "face.png" => Ok(Zeroizing::new(b"\x89PNG\r\n\x1a\n and more".to_vec())),
        _ => Err("there is no such photo"),
    }
}
