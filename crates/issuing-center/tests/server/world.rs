//! A center with everything it needs, in a directory that goes away with it, and a clock that can be set.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::row::{Base, Terminal};
use cardwright_issuing_center::authority::{Authority, CERTIFICATE_SETTING};
use cardwright_issuing_center::center::{AUTHORITY_KEY, Center, Clock, READER_LIST_KEY};
use cardwright_issuing_center::presence::register::Register;
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::server::{Dialogue, Limits};
use cardwright_issuing_center::service::{Options, Service};
use cardwright_issuing_center::store::{Commit, Person, Registration, SqlStore, Store};
use cardwright_keystore::software::{SoftwareKeystore, SystemRandomness};
use cardwright_keystore::{KeyId, KeyKind, Keystore, NewKey, Purpose};
use cardwright_relay::Code;
use rcgen::KeyPair;
use tempfile::TempDir;

use crate::client::Identity;

pub(crate) const DAY: i64 = 86_400_000_000;

/// Answers what it was asked, after a while, and remembers it.
#[derive(Default)]
pub(crate) struct Echo {
    pub(crate) asked: Mutex<Vec<(String, Vec<u8>)>>,
    pub(crate) finished: Mutex<Vec<Vec<u8>>>,
    pub(crate) delay: Mutex<Duration>,
    pub(crate) refuses: Mutex<Option<Code>>,
}

impl Echo {
    async fn answer(&self, terminal: &Terminal, body: &[u8]) -> Result<Vec<u8>, Refused> {
        self.asked.lock().unwrap().push((terminal.name.clone(), body.to_vec()));
        let delay = *self.delay.lock().unwrap();
        tokio::time::sleep(delay).await;
        self.finished.lock().unwrap().push(body.to_vec());
        let refuses = *self.refuses.lock().unwrap();
        refuses.map_or_else(|| Ok(body.to_vec()), |code| Err(Refused::new(code)))
    }
}

impl Dialogue for Echo {
    async fn open(&self, terminal: &Terminal, body: &[u8]) -> Result<Vec<u8>, Refused> {
        self.answer(terminal, body).await
    }
    async fn result(&self, terminal: &Terminal, body: &[u8]) -> Result<Vec<u8>, Refused> {
        self.answer(terminal, body).await
    }
    async fn progress(&self, terminal: &Terminal, body: &[u8]) -> Result<Vec<u8>, Refused> {
        self.answer(terminal, body).await
    }
    async fn abort(&self, terminal: &Terminal, body: &[u8]) -> Result<Vec<u8>, Refused> {
        self.answer(terminal, body).await
    }
    async fn expire(&self) -> Result<usize, Refused> {
        Ok(0)
    }
}

pub(crate) struct World {
    pub(crate) center: Center<SqlStore>,
    pub(crate) authority: Authority,
    pub(crate) echo: Arc<Echo>,
    pub(crate) person: Person,
    pub(crate) service: Option<Service>,
    pub(crate) address: SocketAddr,
    ahead: Arc<AtomicI64>,
    _directory: TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(Limits::default()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        let directory = TempDir::new().unwrap();
        let ahead = Arc::new(AtomicI64::new(0));
        let center = center(&directory, &ahead).await;
        let certificate = Authority::create(&center.keystore, center.now()).unwrap();
        let authority = Authority::open(Arc::clone(&center.keystore), &certificate).unwrap();
        let person =
            Person { id: [7; 16].into(), name: "olga".into(), roles: vec!["operator".into()], secret: String::new() };
        let registrations = vec![
            Registration::Setting { name: CERTIFICATE_SETTING.into(), value: certificate },
            Registration::Base(Base { name: "north".into(), reader_tier: 2 }),
            Registration::Base(Base { name: "south".into(), reader_tier: 2 }),
            Registration::Person(person.clone()),
        ];
        center.store.commit(Commit { registrations, ..Commit::default() }).await.unwrap();
        let echo = Arc::new(Echo::default());
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let options = Options {
            terminals: any,
            api: any,
            state_directory: directory.path().to_owned(),
            limits,
            pool: Default::default(),
        };
        let service = Service::start(center.clone(), Arc::clone(&echo), &options).await.unwrap();
        let address = service.terminals;
        Self { center, authority, echo, person, service: Some(service), address, ahead, _directory: directory }
    }

    pub(crate) fn register(&self) -> Register<SqlStore> {
        Register { store: Arc::clone(&self.center.store), clock: Arc::clone(&self.center.clock) }
    }

    /// Sets the center's clock forward.
    pub(crate) fn pass(&self, microseconds: i64) {
        self.ahead.fetch_add(microseconds, Ordering::SeqCst);
    }

    /// A terminal that has enrolled at `base`.
    pub(crate) async fn terminal(&self, name: &str, base: &str) -> Identity {
        let code = self.register().enrol_terminal(&self.person, name, base, DAY).await.unwrap();
        let key = KeyPair::generate().unwrap();
        let enrolled = crate::enrolment::enrol(self, &code.secret, crate::enrolment::request(&key)).await.unwrap();
        Identity { certificate: enrolled.certificate.to_vec(), key: key.serialize_der() }
    }

    /// How many terminals there are.
    pub(crate) async fn terminals(&self) -> usize {
        self.center.store.terminals().await.unwrap().len()
    }

    /// Everything the log tells, in order.
    pub(crate) async fn log(&self) -> Vec<Entry> {
        let leaves = self.center.store.leaves(0, 10_000).await.unwrap();
        leaves.iter().map(|leaf| minicbor::decode(&leaf.entry).unwrap()).collect()
    }

    /// The refusals with this code in the log.
    pub(crate) async fn refusals(&self, code: Code) -> Vec<Entry> {
        let told = |entry: &Entry| matches!(entry.event, Event::Refused { code: found, .. } if found == code.0);
        self.log().await.into_iter().filter(told).collect()
    }
}

async fn center(directory: &TempDir, ahead: &Arc<AtomicI64>) -> Center<SqlStore> {
    let url = format!("sqlite://{}", directory.path().join("center.sqlite").display());
    let store = Arc::new(SqlStore::create(&url).await.unwrap());
    let keystore: Arc<dyn Keystore> = Arc::new(SoftwareKeystore::in_memory(Box::new(SystemRandomness)));
    for name in [AUTHORITY_KEY, READER_LIST_KEY] {
        let id = KeyId::new(name, 1).unwrap();
        keystore.generate(&NewKey { id, kind: KeyKind::P256, purpose: Purpose::Sign, created: 0 }).unwrap();
    }
    let ahead = Arc::clone(ahead);
    let clock: Clock = Arc::new(move || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
        i64::try_from(now).unwrap() + ahead.load(Ordering::SeqCst)
    });
    Center { store, keystore, clock }
}
