//! A base whose operator attends the desk: a center that hands out tickets while the program runs, and tells what it
//! is told to tell; the program, whose events are read as they come; cards that are put in and taken out.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use cardwright_relay::enrolment::OneTimeCode;
use cardwright_relay::message::{
    Challenge, Id, Open, Outcome, Refusal, Reply, Script, ScriptCommand, ScriptResult, Ticket, Verdict, Work, WorkQuery,
};
use cardwright_relay::{Code, decode, encode};
use cardwright_terminal::enrolment::enrol;
use cardwright_terminal::presence::{local_time, new_id};

use crate::center::{Authority, Center, Says};
use crate::pcsc::{CARD_PORT, insert_sam, listed, sam};
use crate::vpcd::{Inserted, Reaction, insert_with_atr};
use crate::world::{ATR, HOUR, id, welcome};

/// Stands in what the operator is told of a card; must be found nowhere on the terminal's disk.
pub(crate) const NEEDLE: &str = "needle in the notice";
const LIMIT: Duration = Duration::from_secs(20);

/// What the center says next.
#[derive(Default)]
pub(crate) struct Told {
    tickets: Vec<Ticket>,
    withdrawn: Vec<Id>,
    verdicts: VecDeque<(Outcome, u32)>,
    /// happens before the next RESULT is answered
    meanwhile: Option<Box<dyn FnOnce() + Send>>,
}

/// The base.
pub(crate) struct Base {
    pub(crate) center: Center,
    pub(crate) state: tempfile::TempDir,
    says: Arc<Mutex<Told>>,
}

impl Base {
    /// A center without a ticket, and a terminal that is enrolled there, with a reader that proves itself.
    pub(crate) async fn new() -> Self {
        let (authority, sam) = (Arc::new(Authority::new()), sam());
        let (signing, list) = (Arc::clone(&authority), listed(&sam));
        let says = Arc::<Mutex<Told>>::default();
        let told = Arc::clone(&says);
        let center = Center::serve(&authority, move |path, body| match path {
            "/v1/enrol" => Says::Body(200, encode(&signing.enrol(body))),
            "/v1/hello" => Says::Body(200, encode(&welcome(signing.sign(&list)))),
            "/v1/work" => {
                std::thread::sleep(Duration::from_millis(50));
                let query = decode(body).expect("a WORK");
                Says::Body(200, encode(&told.lock().expect("no test panics here").work(&query)))
            }
            "/v1/open" => Says::Body(200, script(&decode(body).expect("an OPEN"))),
            "/v1/result" => Says::Body(200, verdict(&told, &decode(body).expect("a RESULT"))),
            _ => Says::Body(200, Vec::new()),
        });
        let base = Self { center: center.await, state: tempfile::tempdir().expect("a directory"), says };
        let code = OneTimeCode { secret: [0x5A; 16], fingerprint: authority.fingerprint() };
        enrol(base.state.path(), &base.center.address, &code, false).await.expect("enrolled");
        insert_sam(sam);
        base
    }

    fn says(&self) -> std::sync::MutexGuard<'_, Told> {
        self.says.lock().expect("no test panics here")
    }

    /// An operator releases `order`, or opens the desk where it is empty.
    pub(crate) fn release(&self, order: &str) -> Id {
        let id = new_id().expect("randomness");
        let ticket = Ticket { id, order: order.into(), operator: "o.suzuki".into(), expires: local_time() + 12 * HOUR };
        self.says().tickets.push(ticket);
        id
    }

    pub(crate) fn withdraw(&self, ticket: Id) {
        let mut says = self.says();
        says.tickets.retain(|known| known.id != ticket);
        says.withdrawn.push(ticket);
    }

    /// How the next sessions end, and how many changes then still wait.
    pub(crate) fn verdicts(&self, verdicts: &[(Outcome, u32)]) {
        self.says().verdicts.extend(verdicts);
    }

    /// What happens before the next RESULT is answered.
    pub(crate) fn meanwhile(&self, what: impl FnOnce() + Send + 'static) {
        self.says().meanwhile = Some(Box::new(what));
    }

    /// Every OPEN that was posted.
    pub(crate) fn opened(&self) -> Vec<Open> {
        let posted = self.center.posted.lock().expect("no test panics here");
        posted.iter().filter(|(path, _)| path == "/v1/open").map(|(_, body)| decode(body).expect("an OPEN")).collect()
    }

    /// Starts the program with `arguments`.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cardwright-terminal"));
        command.arg("--state").arg(self.state.path()).args(arguments).stdout(Stdio::piped());
        let mut program = command.spawn().expect("the program runs");
        let output = BufReader::new(program.stdout.take().expect("its output"));
        let (tells, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                println!("{line}");
                if tells.send(line).is_err() {
                    return;
                }
            }
        });
        Running { program, lines }
    }

    /// What is in the files of the state directory.
    pub(crate) fn disk(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for place in ["identity", "log"] {
            for entry in std::fs::read_dir(self.state.path().join(place)).expect("a directory").flatten() {
                bytes.extend(std::fs::read(entry.path()).expect("a file"));
            }
        }
        bytes
    }
}

impl Told {
    fn work(&self, query: &WorkQuery) -> Work {
        let expires = local_time() + HOUR;
        let new = || new_id().expect("randomness");
        let lacks = 2_u32.saturating_sub(query.challenges);
        let knows = |id: &Id| query.known_tickets.contains(id);
        Work {
            tickets: self.tickets.iter().filter(|ticket| !knows(&ticket.id)).cloned().collect(),
            cancelled: self.withdrawn.iter().filter(|id| knows(id)).copied().collect(),
            challenges: (0..lacks).map(|_| Challenge { id: new(), value: new(), expires }).collect(),
            reader_list: None,
            lease_until: expires,
            time: local_time(),
        }
    }
}

/// Two commands, and a notice.
fn script(open: &Open) -> Vec<u8> {
    let command = |index: u8| ScriptCommand {
        apdu: vec![0x84, 0xE2, 0x00, index, 0x00].into(),
        allowed: None,
        answer_hash: None,
        limit: None,
    };
    let notice = Refusal::new(Code::OTHER_PRODUCT, &[NEEDLE]);
    let script = Script::new(open.session, 1, 60_000, vec![command(0), command(1)]);
    encode(&Reply::Script(Script { notice: Some(notice), ..script }))
}

fn verdict(says: &Mutex<Told>, result: &ScriptResult) -> Vec<u8> {
    let (meanwhile, planned) = {
        let mut says = says.lock().expect("no test panics here");
        (says.meanwhile.take(), says.verdicts.pop_front())
    };
    if let Some(meanwhile) = meanwhile {
        meanwhile();
    }
    let (outcome, waiting) = planned.unwrap_or((Outcome::Issued, 0));
    let refusal = (outcome != Outcome::Issued).then(|| Refusal::new(Code::CENTER_UNREACHABLE, &["planned"]));
    let waiting = (waiting > 0).then_some(waiting);
    encode(&Reply::Verdict(Verdict { session: result.session, outcome, refusal, card: None, waiting, notice: None }))
}

/// A card that answers each command with `mark` and 9000.
pub(crate) fn put_in(mark: u8) -> Inserted {
    insert_with_atr(CARD_PORT, &ATR, move |_| Reaction::Answer(vec![mark, 0x90, 0x00]))
}

/// A program that runs.
pub(crate) struct Running {
    program: Child,
    lines: Receiver<String>,
}

impl Running {
    /// The next line.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(LIMIT).expect("the program says something")
    }

    /// The next event but progress, which must be `name`.
    pub(crate) fn event(&self, name: &str) -> Value {
        self.event_of(&[name])
    }

    /// The next event but progress, which must be one of `names`.
    pub(crate) fn event_of(&self, names: &[&str]) -> Value {
        loop {
            let event: Value = serde_json::from_str(&self.line()).expect("JSON");
            if event["event"] != "progress" {
                assert!(names.iter().any(|name| event["event"] == *name), "{names:?}: {event}");
                return event;
            }
        }
    }

    /// Asserts that nothing is said for a while.
    pub(crate) fn is_silent(&self) {
        let said = self.lines.recv_timeout(Duration::from_millis(1_500));
        assert!(said.is_err(), "{said:?}");
    }

    /// How the program ends by itself.
    pub(crate) fn ends(&mut self) -> i32 {
        self.program.wait().expect("it ends").code().unwrap_or(-1)
    }

    /// Interrupts it; how it ended.
    pub(crate) fn interrupt(mut self) -> i32 {
        let process = self.program.id().to_string();
        assert!(Command::new("kill").args(["-INT", &process]).status().expect("kill runs").success());
        let end = Instant::now() + LIMIT;
        while Instant::now() < end {
            if let Some(status) = self.program.try_wait().expect("it can be asked") {
                return status.code().unwrap_or(-1);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it does not end");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// The terminal itself, as OPEN names the session of each: all different.
pub(crate) fn all_differ(opened: &[Open]) {
    for (index, one) in opened.iter().enumerate() {
        for other in &opened[index + 1..] {
            assert!(one.session != other.session && one.challenge != other.challenge);
            assert!(one.reader_proof != other.reader_proof && !one.reader_proof.is_empty());
        }
    }
    assert!(opened.iter().all(|open| open.reader == id(6)));
}
