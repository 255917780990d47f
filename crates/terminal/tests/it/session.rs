//! A session over the line: cut and disturbed, and the card sees every command once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zeroize::Zeroizing;

use cardwright_relay::message::{
    Outcome, Refusal, Reply, Script, ScriptCommand, ScriptResult, StopReason, Ticket, Verdict,
};
use cardwright_relay::terminal::{CardEvent, End, Start};
use cardwright_relay::{Code, decode, encode};
use cardwright_terminal::card::CardLink;
use cardwright_terminal::presence::local_time;
use cardwright_terminal::session::{Patience, Watcher, run};

use crate::center::{Center, Says};
use crate::world::{ATR, Enrolled, HOUR, challenge, enrolled, id, preamble};

/// A card that answers 9000 to everything, and remembers.
#[derive(Default)]
struct Card {
    seen: Vec<Vec<u8>>,
    /// bytes of data in each answer, before the status word
    answer_length: usize,
}

impl CardLink for Card {
    async fn transmit(&mut self, apdu: &[u8], _: Duration) -> CardEvent {
        self.seen.push(apdu.to_vec());
        CardEvent::Answer(Zeroizing::new([vec![0xAA; self.answer_length], vec![0x90, 0x00]].concat()))
    }
}

#[derive(Default)]
struct Seen {
    progress: Mutex<Vec<(usize, usize)>>,
    notices: Mutex<Vec<Refusal>>,
    cancelled: AtomicBool,
}

impl Watcher for Seen {
    fn notice(&self, notice: &Refusal) {
        self.notices.lock().expect("no test panics here").push(notice.clone());
    }

    fn progress(&self, done: usize, total: usize) {
        self.progress.lock().expect("no test panics here").push((done, total));
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

fn start() -> Start {
    Start {
        session: id(5),
        instance: id(2),
        reader: id(6),
        reader_proof: vec![0x30; 71],
        ticket: Ticket { id: id(4), order: "K-7".into(), operator: "o".into(), expires: local_time() + HOUR },
        challenge: challenge(),
        preamble: preamble(),
        atr: ATR.to_vec(),
    }
}

fn script(commands: usize, length: usize) -> Vec<u8> {
    let command = |index: usize| {
        let mut apdu = vec![0x84, 0xE2, 0x00, index as u8, (length - 5) as u8];
        apdu.resize(length, index as u8);
        ScriptCommand { apdu: apdu.into(), allowed: None, answer_hash: None, limit: None }
    };
    encode(&Reply::Script(Script::new(id(5), 1, 60_000, (0..commands).map(command).collect())))
}

fn issued() -> Vec<u8> {
    encode(&Reply::Verdict(Verdict {
        session: id(5),
        outcome: Outcome::Issued,
        refusal: None,
        card: Some("4242".into()),
        waiting: None,
        notice: None,
    }))
}

const PATIENCE: Patience = Patience { open: Duration::from_secs(2), result: Duration::from_secs(20) };

async fn issue(terminal: &Enrolled, center: &Center, card: &mut Card, patience: Patience) -> End {
    run(start(), card, &terminal.line(center), patience, &Seen::default()).await
}

#[tokio::test]
async fn two_round_trips_whatever_the_number_of_commands() {
    let terminal = enrolled().await;
    for commands in [10, 60] {
        let center = Center::serve(&terminal.authority, move |path, _| match path {
            "/v1/open" => Says::Body(200, script(commands, 247)),
            _ => Says::Body(200, issued()),
        });
        let (center, mut card) = (center.await, Card::default());
        let end = issue(&terminal, &center, &mut card, PATIENCE).await;
        assert_eq!((end.outcome, end.card.as_deref()), (Outcome::Issued, Some("4242")));
        assert_eq!(card.seen.len(), 2 + commands);
        let counts = center.counts();
        assert_eq!((counts["/v1/open"], counts["/v1/result"], counts.len()), (1, 1, 2));
    }
}

#[tokio::test]
async fn the_wire_carries_at_most_a_tenth_more_than_the_apdus() {
    const COMMANDS: usize = 60;
    const LENGTH: usize = 5 + 247;
    let terminal = enrolled().await;
    let center = Center::serve(&terminal.authority, |path, _| match path {
        "/v1/open" => Says::Body(200, script(COMMANDS, LENGTH)),
        _ => Says::Body(200, issued()),
    });
    let center = center.await;
    let line = terminal.line(&center);
    // a warm connection: dialled, and HTTP/2's tables filled by one session before
    run(start(), &mut Card::default(), &line, PATIENCE, &Seen::default()).await;
    let before = center.bytes.load(Ordering::SeqCst);
    let mut card = Card { answer_length: 8, ..Card::default() };
    run(start(), &mut card, &line, PATIENCE, &Seen::default()).await;
    let wire = center.bytes.load(Ordering::SeqCst) - before;
    let apdus: usize = card.seen.iter().map(|command| command.len() + card.answer_length + 2).sum();
    let ratio = wire as f64 / apdus as f64;
    println!("{wire} bytes on the wire for {apdus} bytes of APDUs: {ratio:.3}");
    assert!(wire as usize > apdus, "the proxy counts");
    assert!(ratio <= 1.10, "{ratio}");
}

#[tokio::test]
async fn a_line_that_is_cut_at_open_and_at_result_repeats_the_same_bytes_and_no_command() {
    let terminal = enrolled().await;
    let cuts = AtomicUsize::new(0);
    let center = Center::serve(&terminal.authority, move |path, _| match path {
        // the first two of each are cut
        _ if matches!(cuts.fetch_add(1, Ordering::SeqCst), 0 | 1 | 3 | 4) => Says::Cut,
        "/v1/open" => Says::Body(200, script(3, 20)),
        _ => Says::Body(200, issued()),
    });
    let (center, mut card) = (center.await, Card::default());
    let end = issue(&terminal, &center, &mut card, PATIENCE).await;
    assert_eq!(end.outcome, Outcome::Issued);
    assert_eq!(card.seen.len(), 2 + 3, "every command once");
    let posted = center.posted.lock().unwrap();
    assert_eq!(posted.len(), 6);
    assert!(posted[0] == posted[1] && posted[1] == posted[2] && posted[3] == posted[4] && posted[4] == posted[5]);
}

#[tokio::test]
async fn a_center_whose_store_is_down_gets_open_and_result_again_until_it_answers() {
    let terminal = enrolled().await;
    let down = Refusal::new(Code::STORE_UNAVAILABLE, &[]);
    for failing in ["/v1/open", "/v1/result"] {
        let (times, down) = (AtomicUsize::new(0), down.clone());
        let center = Center::serve(&terminal.authority, move |path, _| match path {
            _ if path == failing && times.fetch_add(1, Ordering::SeqCst) < 2 => Says::refusal(503, &down),
            "/v1/open" => Says::Body(200, script(1, 20)),
            _ => Says::Body(200, issued()),
        });
        let (center, mut card) = (center.await, Card::default());
        assert_eq!(issue(&terminal, &center, &mut card, PATIENCE).await.outcome, Outcome::Issued);
        assert_eq!((center.counts()[failing], card.seen.len()), (3, 2 + 1), "{failing}");
    }
}

#[tokio::test]
async fn a_center_whose_store_stays_down_at_open_hears_abort_for_it_may_hold_the_session() {
    let terminal = enrolled().await;
    let down = Refusal::new(Code::STORE_UNAVAILABLE, &[]);
    let center = Center::serve(&terminal.authority, move |_, _| Says::refusal(503, &down)).await;
    let short = Patience { open: Duration::from_millis(500), ..PATIENCE };
    let (mut card, began) = (Card::default(), std::time::Instant::now());
    let end = issue(&terminal, &center, &mut card, short).await;
    assert!(began.elapsed() < Duration::from_secs(5));
    let refusal = end.refusal.unwrap();
    assert_eq!((end.outcome, refusal.code), (Outcome::FailedClean, Code::CENTER_UNREACHABLE));
    assert_eq!(refusal.parameters, [Code::STORE_UNAVAILABLE.to_string()]);
    let counts = center.counts();
    assert!(counts["/v1/open"] > 1, "{counts:?}");
    assert_eq!((counts["/v1/abort"], card.seen.len()), (1, 2));
}

#[tokio::test]
async fn a_refusal_of_open_is_the_end_at_once() {
    let terminal = enrolled().await;
    let refusal = Refusal::new(Code::ORDER_UNKNOWN, &[]);
    let said = refusal.clone();
    let center = Center::serve(&terminal.authority, move |_, _| Says::refusal(404, &said)).await;
    let end = issue(&terminal, &center, &mut Card::default(), PATIENCE).await;
    assert_eq!((end.outcome, end.refusal), (Outcome::Refused, Some(refusal)));
    assert_eq!((center.counts()["/v1/open"], center.counts().len()), (1, 1));
}

#[tokio::test]
async fn a_center_that_is_gone_before_script_leaves_a_clean_card_and_before_verdict_an_unknown_one() {
    let terminal = enrolled().await;
    let short = Patience { open: Duration::from_millis(500), result: Duration::from_millis(500) };
    let center = Center::serve(&terminal.authority, |path, _| match path {
        "/v1/open" => Says::Cut,
        _ => Says::Body(200, Vec::new()),
    });
    let (center, mut card) = (center.await, Card::default());
    let end = issue(&terminal, &center, &mut card, short).await;
    assert_eq!((end.outcome, end.refusal.unwrap().code), (Outcome::FailedClean, Code::CENTER_UNREACHABLE));
    assert_eq!((card.seen.len(), center.counts()["/v1/abort"]), (2, 1));

    let center = Center::serve(&terminal.authority, |path, _| match path {
        "/v1/open" => Says::Body(200, script(1, 20)),
        _ => Says::Cut,
    });
    let end = issue(&terminal, &center.await, &mut Card::default(), short).await;
    assert_eq!((end.outcome, end.refusal.unwrap().code), (Outcome::Unknown, Code::CENTER_UNREACHABLE));
}

#[tokio::test]
async fn a_session_that_is_cancelled_before_its_script_sends_nothing_of_it() {
    let terminal = enrolled().await;
    let watcher = Arc::new(Seen::default());
    let cancels = Arc::clone(&watcher);
    let center = Center::serve(&terminal.authority, move |path, body| match path {
        "/v1/open" => {
            cancels.cancelled.store(true, Ordering::Relaxed);
            Says::Body(200, script(3, 20))
        }
        _ => {
            let result: ScriptResult = decode(body).expect("a RESULT");
            let stop = result.stopped.expect("it stopped");
            assert_eq!((stop.index, stop.reason, result.answers.len()), (0, StopReason::Cancelled, 0));
            Says::refusal(409, &Refusal::new(Code::MESSAGE_CONFLICT, &[]))
        }
    });
    let center = center.await;
    let mut card = Card::default();
    let end = run(start(), &mut card, &terminal.line(&center), PATIENCE, &*watcher).await;
    assert_eq!((end.outcome, card.seen.len()), (Outcome::Unknown, 2));
}
