//! The terminal's half: what it sends, where it stops, what it says.

use std::time::Duration;

use cardwright_relay::message::*;
use cardwright_relay::terminal::{Awaited, CardEvent, End, Next, Posting, Start, Transmit};
use cardwright_relay::{Code, decode, encode};

use crate::samples::{self, id};

const NOW: Duration = Duration::from_secs(100);

fn start() -> Start {
    Start {
        session: id(5),
        instance: id(2),
        reader: id(6),
        reader_proof: vec![1],
        ticket: samples::ticket(),
        challenge: samples::challenge(),
        preamble: samples::preamble(),
        atr: vec![0x3B, 0x80, 0x80, 1, 1],
    }
}

fn answer(bytes: &[u8]) -> CardEvent {
    CardEvent::Answer(bytes.to_vec().into())
}

fn transmit(next: Next) -> Transmit {
    match next {
        Next::Transmit(transmit) => transmit,
        Next::Post(posting) => panic!("posts to {}", posting.path),
        Next::Done(end) => panic!("{end:?}"),
    }
}

fn post(next: Next) -> Posting {
    match next {
        Next::Post(posting) => posting,
        Next::Transmit(transmit) => panic!("transmits {:02X?}", *transmit.apdu),
        Next::Done(end) => panic!("{end:?}"),
    }
}

fn done(next: Next) -> End {
    match next {
        Next::Done(end) => end,
        Next::Post(posting) => panic!("posts to {}", posting.path),
        Next::Transmit(transmit) => panic!("transmits {:02X?}", *transmit.apdu),
    }
}

/// A session that has posted OPEN.
fn opened() -> Posting {
    let select = transmit(start().begin());
    let get_data = transmit(select.done(answer(&[0x6F, 0, 0x90, 0]), NOW));
    let initialize_update = transmit(get_data.done(answer(&[0x6A, 0x88]), NOW));
    post(initialize_update.done(answer(&[1, 2, 0x90, 0]), NOW))
}

fn scripted(commands: Vec<ScriptCommand>) -> Next {
    opened().replied(&encode(&Reply::Script(Script::new(id(5), 1, 60_000, commands))), NOW)
}

fn command(byte: u8) -> ScriptCommand {
    ScriptCommand { apdu: vec![0x84, 0xE2, 0, byte].into(), allowed: None, answer_hash: None, limit: None }
}

fn result_of(posting: &Posting) -> ScriptResult {
    assert_eq!((posting.path, posting.awaited), ("/v1/result", Awaited::Settlement));
    decode(&posting.bytes).expect("a RESULT")
}

#[test]
fn the_preamble_ends_in_initialize_update_with_the_challenge_and_its_answers_in_open() {
    let select = transmit(start().begin());
    assert_eq!(*select.apdu, [0, 0xA4, 4, 0, 0]);
    let get_data = transmit(select.done(answer(&[0x90, 0]), NOW));
    let initialize_update = transmit(get_data.done(answer(&[0x6A, 0x88]), NOW));
    assert_eq!(
        *initialize_update.apdu,
        [&[0x80, 0x50, 0x30, 0, 8][..], &[0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0]].concat()
    );
    let posting = post(initialize_update.done(answer(&[1, 0x90, 0]), NOW));
    assert_eq!((posting.path, posting.awaited), ("/v1/open", Awaited::FirstScript));
    let open: Open = decode(&posting.bytes).unwrap();
    assert_eq!((open.challenge, open.ticket, open.order.as_str()), (id(3), id(4), "K-7"));
    assert_eq!(open.answers, [vec![0x90, 0].into(), vec![0x6A, 0x88].into(), vec![1, 0x90, 0].into()]);
}

/// The card names the version in its answer; P1 = 00 asks for the first key set it has (Amd D §7.1.1.3 and §7.1.1.6).
#[test]
fn a_preamble_of_key_version_0_names_none_and_a_desk_s_open_no_order() {
    let preamble = Preamble { key_version: 0, commands: Vec::new(), ..samples::preamble() };
    let initialize_update = transmit(Start { ticket: samples::desk_ticket(), preamble, ..start() }.begin());
    assert_eq!(initialize_update.apdu[..5], [0x80, 0x50, 0x00, 0x00, 8]);
    let posting = post(initialize_update.done(answer(&[0x6A, 0x88]), NOW));
    let open: Open = decode(&posting.bytes).unwrap();
    assert_eq!((open.order.as_str(), open.ticket), ("", id(4)));
    assert!(samples::desk_ticket().is_desk() && !samples::ticket().is_desk());
}

#[test]
fn a_notice_is_told_once_and_before_the_first_command() {
    let commands = vec![command(0), command(1)];
    let script = Script { notice: Some(samples::notice()), ..Script::new(id(5), 1, 60_000, commands) };
    let first = transmit(opened().replied(&encode(&Reply::Script(script)), NOW));
    assert_eq!(first.notice, Some(samples::notice()));
    assert_eq!(transmit(first.done(answer(&[0x90, 0]), NOW)).notice, None);
    assert_eq!(transmit(scripted(vec![command(0)])).notice, None);
}

#[test]
fn what_waits_and_what_is_told_come_with_the_verdict() {
    let posting = post(transmit(scripted(vec![command(0)])).done(answer(&[0x90, 0]), NOW));
    let end = done(posting.replied(&encode(&Reply::Verdict(samples::verdict_with_waiting())), NOW));
    assert_eq!((end.waiting, end.notice), (2, Some(samples::notice())));
    let end = done(opened().replied(&encode(&Reply::Verdict(samples::verdict())), NOW));
    assert_eq!((end.waiting, end.notice), (0, None));
}

#[test]
fn a_card_that_refuses_select_is_asked_who_it_is_and_for_no_challenge() {
    let asked = transmit(transmit(start().begin()).done(answer(&[0x6A, 0x82]), NOW));
    assert_eq!(asked.apdu[..2], [0x80, 0xCA]);
    let posting = post(asked.done(answer(&[0x6A, 0x88]), NOW));
    assert_eq!(decode::<Open>(&posting.bytes).unwrap().answers.len(), 2);
}

#[test]
fn a_card_that_goes_in_the_preamble_leaves_nothing_behind() {
    for (event, code) in [
        (CardEvent::CardGone, Code::CARD_GONE),
        (CardEvent::TimedOut, Code::CARD_SILENT),
        (CardEvent::ReaderGone, Code::READER_LOST),
        (answer(&[]), Code::READER_LOST),
        (answer(&[0x90]), Code::READER_LOST),
    ] {
        let end = done(transmit(start().begin()).done(event, NOW));
        assert_eq!((end.outcome, end.refusal.unwrap().code, end.farewell), (Outcome::FailedClean, code, None));
    }
}

#[test]
fn a_script_runs_to_its_end_and_the_verdict_is_the_centers() {
    let first = transmit(scripted(vec![command(0), command(1)]));
    assert_eq!((first.limit, first.progress_of_script()), (Duration::from_secs(10), Some((0, 2))));
    let second = transmit(first.done(answer(&[1, 0x90, 0]), NOW));
    let posting = post(second.done(answer(&[2, 0x90, 0]), NOW));
    let result = result_of(&posting);
    assert_eq!((result.step, result.answers.len(), result.stopped), (1, 2, None));
    let next = posting.replied(&encode(&Reply::Script(Script::new(id(5), 2, 1_000, vec![command(9)]))), NOW);
    let posting = post(transmit(next).done(answer(&[0x90, 0]), NOW));
    assert_eq!(result_of(&posting).step, 2);
    let verdict = Verdict {
        session: id(5),
        outcome: Outcome::Issued,
        refusal: None,
        card: Some("4242".into()),
        waiting: None,
        notice: None,
    };
    let end = done(posting.replied(&encode(&Reply::Verdict(verdict)), NOW));
    assert_eq!(
        end,
        End {
            outcome: Outcome::Issued,
            refusal: None,
            card: Some("4242".into()),
            waiting: 0,
            notice: None,
            farewell: None
        }
    );
}

#[test]
fn a_status_that_is_not_allowed_stops_before_the_next_command() {
    let posting = post(transmit(scripted(vec![command(0), command(1)])).done(answer(&[0x6A, 0x80]), NOW));
    let result = result_of(&posting);
    assert_eq!(result.answers, [vec![0x6A, 0x80].into()]);
    assert_eq!(result.stopped, Some(Stop { index: 0, reason: StopReason::Status }));
    let tolerant = ScriptCommand { allowed: Some(vec![0x9000, 0x6A88]), ..command(0) };
    let _second = transmit(transmit(scripted(vec![tolerant.clone(), command(1)])).done(answer(&[0x6A, 0x88]), NOW));
    let strict = ScriptCommand { allowed: Some(vec![]), ..command(0) };
    let posting = post(transmit(scripted(vec![strict, command(1)])).done(answer(&[0x90, 0]), NOW));
    assert_eq!(result_of(&posting).stopped.unwrap().reason, StopReason::Status);
}

#[test]
fn an_answer_with_another_hash_stops_before_the_next_command() {
    // SHA-256 of 01 9000, computed by Python's hashlib
    let hash = hex::decode("db4ba3f6067ae83b699b3bf5eee8700b5563d190637b10903e58f35e3574a394").unwrap();
    let expecting =
        |hash: &[u8]| ScriptCommand { answer_hash: Some(<[u8; 32]>::try_from(hash).unwrap().into()), ..command(0) };
    let _second = transmit(transmit(scripted(vec![expecting(&hash), command(1)])).done(answer(&[1, 0x90, 0]), NOW));
    let posting = post(transmit(scripted(vec![expecting(&hash), command(1)])).done(answer(&[2, 0x90, 0]), NOW));
    let result = result_of(&posting);
    assert_eq!(result.stopped, Some(Stop { index: 0, reason: StopReason::OtherAnswer }));
    assert_eq!(result.answers.len(), 1);
}

#[test]
fn a_command_without_an_answer_is_told_and_never_sent_again() {
    for (event, reason) in [
        (CardEvent::CardGone, StopReason::CardGone),
        (CardEvent::TimedOut, StopReason::TimedOut),
        (CardEvent::ReaderGone, StopReason::ReaderGone),
        (answer(&[0x90]), StopReason::ReaderGone),
    ] {
        let second =
            transmit(transmit(scripted(vec![command(0), command(1), command(2)])).done(answer(&[0x90, 0]), NOW));
        let result = result_of(&post(second.done(event, NOW)));
        assert_eq!((result.answers.len(), result.stopped), (1, Some(Stop { index: 1, reason })));
    }
}

#[test]
fn no_command_is_begun_after_the_deadline() {
    let first = transmit(scripted(vec![command(0), command(1)]));
    let late = NOW + Duration::from_millis(60_000);
    let result = result_of(&post(first.done(answer(&[0x90, 0]), late)));
    assert_eq!((result.answers.len(), result.stopped), (1, Some(Stop { index: 1, reason: StopReason::Deadline })));
    let last = transmit(scripted(vec![command(0)]));
    assert_eq!(result_of(&post(last.done(answer(&[0x90, 0]), late))).stopped, None);
}

#[test]
fn a_cancelled_session_sends_nothing_more() {
    let mut first = transmit(scripted(vec![command(0), command(1)]));
    first.cancel();
    let result = result_of(&post(first.done(answer(&[0x90, 0]), NOW)));
    assert_eq!(result.stopped, Some(Stop { index: 1, reason: StopReason::Cancelled }));

    let mut posting = opened();
    posting.cancel();
    let next = posting.replied(&encode(&Reply::Script(Script::new(id(5), 1, 60_000, vec![command(0)]))), NOW);
    assert_eq!(result_of(&post(next)).stopped, Some(Stop { index: 0, reason: StopReason::Cancelled }));

    let mut select = transmit(start().begin());
    select.cancel();
    assert_eq!(done(select.done(answer(&[0x90, 0]), NOW)).refusal.unwrap().code, Code::CANCELLED);
}

#[test]
fn progress_is_told_at_most_four_times_a_second() {
    let mut next = scripted((0..100).map(command).collect());
    let mut told = 0;
    for index in 1..100u32 {
        let step = transmit(next).done(answer(&[0x90, 0]), NOW + Duration::from_millis(20) * index);
        let Next::Transmit(sent) = step else { panic!("too short") };
        told += usize::from(sent.progress.is_some());
        next = Next::Transmit(sent);
    }
    assert_eq!(told, 7, "99 commands in 1.98 s, 20 ms each: one in 13");
}

#[test]
fn a_line_that_stays_away_ends_clean_before_the_script_and_unknown_after_it() {
    let end = done(opened().given_up("no route"));
    assert_eq!((end.outcome, end.refusal.unwrap().code), (Outcome::FailedClean, Code::CENTER_UNREACHABLE));
    let abort: Abort = decode(&end.farewell.unwrap()).unwrap();
    assert_eq!((abort.session, abort.reason), (id(5), StopReason::TimedOut));
    let posting = post(transmit(scripted(vec![command(0)])).done(answer(&[0x90, 0]), NOW));
    let end = done(posting.given_up("no route"));
    assert_eq!((end.outcome, end.farewell), (Outcome::Unknown, None));
}

#[test]
fn a_refusal_of_open_is_a_refusal_and_a_refusal_of_result_leaves_the_outcome_unknown() {
    let end = done(opened().refused(samples::refusal()));
    assert_eq!((end.outcome, end.refusal), (Outcome::Refused, Some(samples::refusal())));
    let posting = post(transmit(scripted(vec![command(0)])).done(answer(&[0x90, 0]), NOW));
    assert_eq!(done(posting.refused(samples::refusal())).outcome, Outcome::Unknown);
}

#[test]
fn a_script_of_another_session_or_step_is_not_run() {
    for (session, step) in [(id(9), 1), (id(5), 2), (id(5), 0)] {
        let other = Reply::Script(Script::new(session, step, 60_000, vec![command(0)]));
        let end = done(opened().replied(&encode(&other), NOW));
        assert_eq!((end.outcome, end.refusal.unwrap().code), (Outcome::FailedClean, Code::MESSAGE_CONFLICT));
        assert!(end.farewell.is_some());
    }
    let end = done(opened().replied(b"nonsense", NOW));
    assert_eq!(end.refusal.unwrap().code, Code::FORMAT_REFUSED);
}
