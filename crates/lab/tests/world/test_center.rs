//! A center of the tests' own, in this process, over the database and the keys of a world's center: the same listener,
//! presence and enrolment, but with another clock, or with somebody else who answers OPEN.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cardwright_issuance::row::Terminal;
use cardwright_issuing_center::center::{Center, Clock};
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::server::{Dialogue, Limits};
use cardwright_issuing_center::service::{Options, Service};
use cardwright_issuing_center::session::Engine;
use cardwright_issuing_center::store::SqlStore;
use cardwright_keystore::software::{Settings, SoftwareKeystore};
use cardwright_lab::world::{PASSPHRASE, World};
use cardwright_relay::Code;
use cardwright_relay::message::{Open, Outcome, Reply, Script, ScriptCommand, ScriptResult, Verdict};
use tokio::runtime::Runtime;

/// A center that serves until it is dropped. It takes the place of the world's, which is stopped.
pub(crate) struct TestCenter {
    runtime: Runtime,
    service: Option<Service>,
}

impl TestCenter {
    /// The real engine, and a clock that goes on by `leap` whenever somebody looks at it.
    pub(crate) fn leaping(world: &mut World, leap: Duration) -> Self {
        let (ahead, leap) = (AtomicI64::new(0), leap.as_micros() as i64);
        let clock: Clock = Arc::new(move || now() + ahead.fetch_add(leap, Ordering::SeqCst));
        Self::start(world, clock, Engine::new)
    }

    /// A center that sends `commands` to the card in clear, whatever the order.
    pub(crate) fn in_clear(world: &mut World, commands: Vec<Vec<u8>>) -> Self {
        Self::start(world, Arc::new(now), |_| Clear { commands })
    }

    fn start<D: Dialogue>(world: &mut World, clock: Clock, dialogue: impl FnOnce(Center<SqlStore>) -> D) -> Self {
        world.center.stop();
        let state = world.center.state();
        let keystore = SoftwareKeystore::open(&state.join("keystore"), PASSPHRASE.as_bytes(), Settings::default());
        let runtime = Runtime::new().unwrap();
        let store = runtime.block_on(SqlStore::open(&format!("sqlite://{}", state.join("center.sqlite").display())));
        let center = Center { store: Arc::new(store.unwrap()), keystore: Arc::new(keystore.unwrap()), clock };
        let options = Options {
            terminals: world.center.address().unwrap(),
            api: ([127, 0, 0, 1], 0).into(),
            state_directory: state.to_owned(),
            limits: Limits { grace: Duration::from_millis(500), ..Limits::default() },
            pool: cardwright_issuing_center::pool::Levels::default(),
        };
        let dialogue = Arc::new(dialogue(center.clone()));
        let service = runtime.block_on(Service::start(center, dialogue, &options)).unwrap();
        Self { runtime, service: Some(service) }
    }
}

impl Drop for TestCenter {
    fn drop(&mut self) {
        if let Some(service) = self.service.take() {
            self.runtime.block_on(service.stop());
        }
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as i64
}

/// Sends its commands as they are.
struct Clear {
    commands: Vec<Vec<u8>>,
}

impl Clear {
    fn script(&self, body: &[u8]) -> Vec<u8> {
        let open: Open = cardwright_relay::decode(body).unwrap();
        let command = |apdu: &Vec<u8>| ScriptCommand {
            apdu: apdu.clone().into(),
            // whatever the card thinks of it
            allowed: Some(vec![0x9000, 0x6982, 0x6985, 0x6A80, 0x6D00, 0x6E00]),
            answer_hash: None,
            limit: None,
        };
        let commands = self.commands.iter().map(command).collect();
        cardwright_relay::encode(&Reply::Script(Script::new(open.session, 1, 60_000, commands)))
    }
}

impl Dialogue for Clear {
    async fn open(&self, _: &Terminal, body: &[u8]) -> Result<Vec<u8>, Refused> {
        Ok(self.script(body))
    }

    async fn result(&self, _: &Terminal, body: &[u8]) -> Result<Vec<u8>, Refused> {
        let result: ScriptResult = cardwright_relay::decode(body)?;
        let refusal = Some(Refused::new(Code::CARD_UNKNOWN).message());
        let verdict = Verdict {
            session: result.session,
            outcome: Outcome::Unknown,
            refusal,
            card: None,
            waiting: None,
            notice: None,
        };
        Ok(cardwright_relay::encode(&Reply::Verdict(verdict)))
    }

    async fn progress(&self, _: &Terminal, _: &[u8]) -> Result<Vec<u8>, Refused> {
        Ok(Vec::new())
    }

    async fn abort(&self, _: &Terminal, _: &[u8]) -> Result<Vec<u8>, Refused> {
        Ok(Vec::new())
    }

    fn expire(&self) -> impl Future<Output = Result<usize, Refused>> + Send {
        std::future::ready(Ok(0))
    }
}
