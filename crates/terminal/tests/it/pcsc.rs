//! The real program at a real PC/SC service: each test runs one scenario beside a daemon of its own.
//!
//! The daemon's network is private, so the scenario runs inside: this same test program, started by
//! `script/private-pcscd`, with the scenario's name in `CARDWRIGHT_SCENARIO`.

use std::process::Command;
use std::sync::Arc;

use cardwright_relay::enrolment::OneTimeCode;
use cardwright_relay::message::{
    Outcome, Refusal, Reply, Script, ScriptCommand, ScriptResult, StopReason, Ticket, Verdict, Work, WorkQuery,
};
use cardwright_relay::reader::{ReaderEntry, ReaderList, Tier};
use cardwright_relay::{Code, decode, encode};
use cardwright_terminal::presence::local_time;

use crate::center::{Authority, Center, Says};
use crate::proof::{Fault, Sam};
use crate::vpcd::{Reaction, Seen, insert};
use crate::world::{HOUR, id, reader_list, welcome};

pub(crate) const CARD_PORT: u16 = 40_001;
pub(crate) const SAM_PORT: u16 = 40_002;
/// What the script's commands carry; must be found nowhere on the terminal's disk.
const NEEDLE: &[u8] = b"needle in the script";

fn beside_a_private_pcscd(scenario: &str) {
    crate::vpcd::beside_a_private_pcscd("pcsc::inside", scenario);
}

#[test]
fn the_program_issues_a_card_at_a_reader_that_proves_itself() {
    beside_a_private_pcscd("issued");
}

#[test]
fn a_card_behind_a_cloned_reader_has_seen_no_command() {
    beside_a_private_pcscd("cloned-reader");
}

#[test]
fn a_card_behind_an_unlisted_reader_has_seen_no_command() {
    beside_a_private_pcscd("unlisted-reader");
}

#[test]
fn a_card_behind_a_reader_of_an_expired_list_has_seen_no_command() {
    beside_a_private_pcscd("expired-list");
}

#[test]
fn a_card_that_is_pulled_in_the_middle_is_told_and_ends_unknown() {
    beside_a_private_pcscd("pulled");
}

#[test]
fn a_reader_that_hangs_is_told_and_ends_unknown() {
    beside_a_private_pcscd("hangs");
}

#[test]
fn a_card_of_no_product_gets_no_command() {
    beside_a_private_pcscd("other-card");
}

#[test]
fn a_terminal_that_stays_issues_what_is_released_and_gives_its_lease_back() {
    beside_a_private_pcscd("stays");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs beside a private PC/SC daemon, started by the tests above"]
async fn inside() {
    match std::env::var("CARDWRIGHT_SCENARIO").expect("a scenario").as_str() {
        "issued" => issued().await,
        "cloned-reader" => refused(|list| list, Sam::new(Fault::None), Code::READER_PROOF_WRONG).await,
        "unlisted-reader" => refused(without_reader, sam(), Code::READER_UNKNOWN).await,
        "expired-list" => refused(expired, sam(), Code::READER_LIST_EXPIRED).await,
        "pulled" => left(|| Reaction::Pulled, &[StopReason::CardGone, StopReason::ReaderGone]).await,
        "hangs" => left(|| Reaction::Hangs, &[StopReason::TimedOut]).await,
        "other-card" => other_card().await,
        "stays" => stays().await,
        other => panic!("no scenario {other}"),
    }
}

pub(crate) fn sam() -> Sam {
    Sam::new(Fault::None)
}

fn without_reader(list: ReaderList) -> ReaderList {
    ReaderList { readers: Vec::new(), ..list }
}

fn expired(list: ReaderList) -> ReaderList {
    ReaderList { expires: local_time() - HOUR, ..list }
}

/// A center that has one ticket, for order K-7, and a terminal that is enrolled there.
struct Desk {
    center: Center,
    state: tempfile::TempDir,
}

impl Desk {
    async fn new(list: ReaderList, settle: impl Fn(ScriptResult) -> Verdict + Send + Sync + 'static) -> Self {
        let authority = Arc::new(Authority::new());
        let signing = Arc::clone(&authority);
        let center = Center::serve(&authority, move |path, body| match path {
            "/v1/enrol" => Says::Body(200, encode(&signing.enrol(body))),
            "/v1/hello" => Says::Body(200, encode(&welcome(signing.sign(&list)))),
            "/v1/work" => {
                std::thread::sleep(std::time::Duration::from_millis(50));
                Says::Body(200, encode(&work()))
            }
            "/v1/open" => Says::Body(200, script(body)),
            "/v1/result" => {
                let verdict = settle(decode(body).expect("a RESULT"));
                Says::Body(200, encode(&Reply::Verdict(verdict)))
            }
            _ => Says::Body(200, Vec::new()),
        });
        let desk = Self { center: center.await, state: tempfile::tempdir().expect("a directory") };
        let code = OneTimeCode { secret: [0x5A; 16], fingerprint: authority.fingerprint() }.to_text();
        let (enrolled, exit) =
            desk.terminal(&["enrol", "--center", &desk.center.address.clone(), "--code", &code]).await;
        assert_eq!(exit, 0, "{enrolled}");
        desk
    }

    /// Runs the program; what it said last, and how it ended.
    async fn terminal(&self, arguments: &[&str]) -> (serde_json::Value, i32) {
        let program = env!("CARGO_BIN_EXE_cardwright-terminal");
        let mut command = tokio::process::Command::new(program);
        command.arg("--state").arg(self.state.path()).arg("--json").args(arguments);
        let output = command.output().await.expect("the program runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        print!("{said}{}", String::from_utf8_lossy(&output.stderr));
        let last = said.lines().last().expect("it says something");
        (serde_json::from_str(last).expect("JSON"), output.status.code().unwrap_or(-1))
    }

    async fn issue(&self) -> (serde_json::Value, i32) {
        self.terminal(&["issue", "K-7", "--wait", "10"]).await
    }

    /// The files below the state directory, and what is in them.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        for place in ["identity", "log"] {
            for entry in std::fs::read_dir(self.state.path().join(place)).expect("a directory").flatten() {
                let name = format!("{place}/{}", entry.file_name().to_string_lossy());
                files.push((name, std::fs::read(entry.path()).expect("a file")));
            }
        }
        files
    }
}

pub(crate) fn listed(sam: &Sam) -> ReaderList {
    let list = reader_list(1, local_time() + HOUR);
    let entry = ReaderEntry {
        tier: Tier::R2,
        sam_slot: Some("Card Reader 0 00 01".into()),
        sam_key: Some(sam.public_key().into()),
        ..list.readers[0].clone()
    };
    ReaderList { readers: vec![entry], ..list }
}

fn work() -> Work {
    let expires = local_time() + HOUR;
    Work {
        tickets: vec![Ticket { id: id(4), order: "K-7".into(), operator: "o.suzuki".into(), expires }],
        cancelled: Vec::new(),
        challenges: Vec::new(),
        reader_list: None,
        lease_until: expires,
        time: local_time(),
    }
}

/// Five commands, each of which must be answered within half a second.
fn script(open: &[u8]) -> Vec<u8> {
    let open: cardwright_relay::message::Open = decode(open).expect("an OPEN");
    assert_eq!((open.order.as_str(), open.answers.len()), ("K-7", 2));
    assert!(!open.reader_proof.is_empty());
    let command = |index: u8| {
        let apdu = [&[0x84, 0xE2, 0x00, index, NEEDLE.len() as u8], NEEDLE].concat();
        ScriptCommand { apdu: apdu.into(), allowed: None, answer_hash: None, limit: Some(500) }
    };
    encode(&Reply::Script(Script::new(open.session, 1, 60_000, (0..5).map(command).collect())))
}

pub(crate) fn insert_sam(sam: Sam) {
    insert(SAM_PORT, move |command| Reaction::Answer(sam.answer(command)));
}

/// A card that answers 9000; from the command with P2 = `from` on it does what `react` says.
fn insert_card(from: u8, react: impl Fn() -> Reaction + Send + 'static) -> Seen {
    insert(CARD_PORT, move |command| match command {
        [0x84, 0xE2, 0x00, index, ..] if *index >= from => react(),
        _ => Reaction::Answer(vec![0x90, 0x00]),
    })
}

async fn issued() {
    let sam = sam();
    let desk = Desk::new(listed(&sam), |result| {
        assert_eq!((result.answers.len(), result.stopped), (5, None));
        Verdict {
            session: result.session,
            outcome: Outcome::Issued,
            refusal: None,
            card: Some("ends 4242".into()),
            waiting: None,
            notice: None,
        }
    });
    let desk = desk.await;
    insert_sam(sam);
    let seen = insert_card(9, || Reaction::Hangs);
    assert_eq!(desk.terminal(&["doctor"]).await.1, 0);
    let (said, exit) = desk.issue().await;
    assert_eq!((said["outcome"].as_str(), said["card"].as_str(), exit), (Some("issued"), Some("ends 4242"), 0));
    let seen = seen.lock().expect("no test panics here");
    assert_eq!(seen.len(), 2 + 5, "SELECT, INITIALIZE UPDATE, and each command of the script once");
    assert_eq!(seen[1][..5], [0x80, 0x50, 0x00, 0x00, 0x08]);
    nothing_of_the_card_is_on_disk(&desk);
}

fn nothing_of_the_card_is_on_disk(desk: &Desk) {
    let files = desk.files();
    let holds = |needle: &[u8]| files.iter().any(|(_, bytes)| bytes.windows(needle.len()).any(|part| part == needle));
    for needle in [NEEDLE, hex::encode(NEEDLE).as_bytes(), hex::encode_upper(NEEDLE).as_bytes(), b"4242"] {
        assert!(!holds(needle));
    }
    assert!(holds(b"session") && holds(b"K-7"), "the same search finds what is there");
    let mut names: Vec<String> = std::fs::read_dir(desk.state.path())
        .expect("a directory")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["identity", "log"]);
}

/// The list says what `change` makes of it, the SAM is `present`: the code, exit 1, and a card that saw nothing.
async fn refused(change: impl Fn(ReaderList) -> ReaderList, present: Sam, code: Code) {
    // for the cloned reader the key on the list is another SAM's; for the others it does not come to that
    let desk = Desk::new(change(listed(&sam())), |_| panic!("no session is opened")).await;
    insert_sam(present);
    let seen = insert_card(9, || Reaction::Hangs);
    let (said, exit) = desk.issue().await;
    assert_eq!((said["code"].as_str(), exit), (Some(code.to_string().as_str()), 1));
    assert!(said["happened"].as_str().is_some_and(|text| !text.is_empty()));
    assert_eq!(*seen.lock().expect("no test panics here"), Vec::<Vec<u8>>::new());
    assert!(!desk.center.counts().contains_key("/v1/open"));
}

/// The card does what `react` says at the fourth command of the script.
async fn left(react: fn() -> Reaction, reasons: &'static [StopReason]) {
    let sam = sam();
    let desk = Desk::new(listed(&sam), |result| {
        let stop = result.stopped.expect("it stopped");
        assert!(stop.index == 3 && result.answers.len() == 3 && reasons.contains(&stop.reason), "{stop:?}");
        let refusal = Refusal::new(Code::CARD_LEFT, &["3", "the card was left"]);
        Verdict {
            session: result.session,
            outcome: Outcome::Unknown,
            refusal: Some(refusal),
            card: None,
            waiting: None,
            notice: None,
        }
    });
    let desk = desk.await;
    insert_sam(sam);
    let seen = insert_card(3, react);
    let (said, exit) = desk.issue().await;
    assert_eq!((said["outcome"].as_str(), said["code"].as_str(), exit), (Some("unknown"), Some("CW-3008"), 4));
    assert_eq!(seen.lock().expect("no test panics here").len(), 2 + 4, "the command in question was not sent again");
}

async fn other_card() {
    let sam = sam();
    let mut list = listed(&sam);
    list.readers[0].tier = Tier::R0;
    let desk = Desk::new(list, |_| panic!("no session is opened")).await;
    let seen = crate::vpcd::insert_with_atr(CARD_PORT, &[0x3B, 0x00], |_| Reaction::Hangs).seen;
    let (said, exit) = desk.issue().await;
    assert_eq!((said["code"].as_str(), said["parameters"][0].as_str(), exit), (Some("CW-3012"), Some("3B00"), 1));
    assert_eq!(*seen.lock().expect("no test panics here"), Vec::<Vec<u8>>::new());
}

async fn stays() {
    let sam = sam();
    let desk = Desk::new(listed(&sam), |result| Verdict {
        session: result.session,
        outcome: Outcome::Issued,
        refusal: None,
        card: None,
        waiting: None,
        notice: None,
    });
    let desk = desk.await;
    insert_sam(sam);
    let seen = insert_card(9, || Reaction::Hangs);
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_cardwright-terminal"));
    command.arg("--state").arg(desk.state.path()).args(["--json", "run"]).stdout(std::process::Stdio::piped());
    let program = command.spawn().expect("the program runs");
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !desk.center.counts().contains_key("/v1/result") {
        assert!(std::time::Instant::now() < end, "no RESULT");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    // the card stays in, and the ticket is told of again and again: it is tried once all the same
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let process = program.id().expect("it runs").to_string();
    assert!(Command::new("kill").args(["-INT", &process]).status().expect("kill runs").success());
    let output = program.wait_with_output().await.expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    for event in ["ready", "insert-card", "\"outcome\":\"issued\"", "remove-card"] {
        assert!(said.contains(event), "{event}: {said}");
    }
    assert_eq!(seen.lock().expect("no test panics here").len(), 2 + 5);
    let posted = desk.center.posted.lock().expect("no test panics here");
    let last = posted.iter().rev().find(|(path, _)| path == "/v1/work").expect("a WORK");
    assert_eq!(decode::<WorkQuery>(&last.1).expect("a WORK").leaving, Some(true));
}
