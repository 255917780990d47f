//! No bytes panic; what is encoded reads back; unknown keys are ignored; limits hold.

use proptest::collection::vec;
use proptest::prelude::*;

use cardwright_relay::message::*;
use cardwright_relay::reader::SignedReaderList;
use cardwright_relay::{Error, Message, decode, encode};

use crate::samples;

fn stop() -> impl Strategy<Value = Option<Stop>> {
    let reason = prop_oneof![
        Just(StopReason::Status),
        Just(StopReason::OtherAnswer),
        Just(StopReason::CardGone),
        Just(StopReason::TimedOut),
        Just(StopReason::ReaderGone),
        Just(StopReason::Deadline),
        Just(StopReason::Cancelled),
    ];
    proptest::option::of((any::<u16>(), reason).prop_map(|(index, reason)| Stop { index, reason }))
}

fn command() -> impl Strategy<Value = ScriptCommand> {
    let allowed = proptest::option::of(vec(any::<u16>(), 0..4));
    (vec(any::<u8>(), 0..300), allowed, any::<Option<[u8; 32]>>(), any::<Option<u32>>()).prop_map(
        |(apdu, allowed, hash, limit)| ScriptCommand {
            apdu: apdu.into(),
            allowed,
            answer_hash: hash.map(Into::into),
            limit,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_script_reads_back(session in any::<[u8; 16]>(), step: u16, deadline: u32, commands in vec(command(), 0..20)) {
        let reply = Reply::Script(Script::new(session.into(), step, deadline, commands));
        prop_assert_eq!(decode::<Reply>(&encode(&reply)).unwrap(), reply);
    }

    #[test]
    fn any_result_reads_back(session in any::<[u8; 16]>(), step: u16, answers in vec(vec(any::<u8>(), 0..300), 0..20), stopped in stop()) {
        let answers = answers.into_iter().map(Into::into).collect();
        let result = ScriptResult { session: session.into(), step, script: session.into(), answers, stopped };
        prop_assert_eq!(decode::<ScriptResult>(&encode(&result)).unwrap(), result);
    }

    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..200)) {
        read_as_everything(&bytes);
    }

    #[test]
    fn no_changed_message_panics(which in 0usize..17, index: prop::sample::Index, byte: u8) {
        let mut bytes = all_samples().swap_remove(which);
        let index = index.index(bytes.len());
        bytes[index] = byte;
        read_as_everything(&bytes);
    }
}

fn read_as_everything(bytes: &[u8]) {
    let _ = decode::<Enrol>(bytes).map(|_| ());
    let _ = decode::<Enrolled>(bytes).map(|_| ());
    let _ = decode::<Hello>(bytes);
    let _ = decode::<Welcome>(bytes);
    let _ = decode::<WorkQuery>(bytes);
    let _ = decode::<Work>(bytes);
    let _ = decode::<Open>(bytes);
    let _ = decode::<Reply>(bytes);
    let _ = decode::<ScriptResult>(bytes);
    let _ = decode::<Progress>(bytes);
    let _ = decode::<Abort>(bytes);
    let _ = decode::<Refusal>(bytes);
    let _ = SignedReaderList::parse(bytes).and_then(|list| list.verify(&[], 0, 0, &|_, _, _| true));
}

fn all_samples() -> Vec<Vec<u8>> {
    vec![
        encode(&samples::enrol()),
        encode(&samples::enrolled()),
        encode(&samples::hello()),
        encode(&samples::welcome()),
        encode(&samples::work_query()),
        encode(&samples::work()),
        encode(&samples::open()),
        encode(&Reply::Script(samples::script())),
        encode(&Reply::Script(samples::script_with_notice())),
        encode(&Reply::Verdict(samples::verdict())),
        encode(&Reply::Verdict(samples::verdict_with_waiting())),
        encode(&samples::result()),
        encode(&samples::progress()),
        encode(&samples::abort()),
        encode(&samples::refusal()),
        samples::reader_list().to_bytes(),
        samples::signed_reader_list().to_bytes(),
    ]
}

/// The bytes of a message, with a key more in its map.
fn with_unknown_key<M: Message>(message: &M) -> Vec<u8> {
    let mut bytes = encode(message);
    assert_eq!(bytes[0] >> 5, 5, "{} is a map", M::NAME);
    bytes[0] += 1;
    bytes.extend_from_slice(&[0x18, 99, 0x82, 0x01, 0x63, b'n', b'e', b'w']); // 99: [1, "new"]
    bytes
}

#[test]
fn unknown_keys_are_ignored() {
    assert_eq!(decode::<Hello>(&with_unknown_key(&samples::hello())).unwrap(), samples::hello());
    assert_eq!(decode::<Welcome>(&with_unknown_key(&samples::welcome())).unwrap(), samples::welcome());
    assert_eq!(decode::<Work>(&with_unknown_key(&samples::work())).unwrap(), samples::work());
    assert_eq!(decode::<Open>(&with_unknown_key(&samples::open())).unwrap(), samples::open());
    assert_eq!(decode::<Script>(&with_unknown_key(&samples::script())).unwrap(), samples::script());
    assert_eq!(decode::<ScriptResult>(&with_unknown_key(&samples::result())).unwrap(), samples::result());
    assert_eq!(decode::<Refusal>(&with_unknown_key(&samples::refusal())).unwrap(), samples::refusal());
}

#[test]
fn what_is_too_long_too_many_left_over_or_of_another_format_is_refused() {
    let long = vec![0; Hello::LONGEST + 1];
    assert!(matches!(decode::<Hello>(&long), Err(Error::TooLong { .. })));
    let mut trailing = encode(&samples::hello());
    trailing.push(0);
    assert!(matches!(decode::<Hello>(&trailing), Err(Error::Malformed { .. })));
    let other = Hello { format: 2, ..samples::hello() };
    assert_eq!(decode::<Hello>(&encode(&other)), Err(Error::Format { found: 2 }));
    let many = Open { answers: vec![vec![0x90, 0].into(); 18], ..samples::open() };
    assert!(matches!(decode::<Open>(&encode(&many)), Err(Error::Limit { part: "answers", found: 18, .. })));
    let commands =
        vec![ScriptCommand { apdu: vec![0; 4].into(), allowed: None, answer_hash: None, limit: None }; 4_097];
    let many = Reply::Script(Script::new(samples::id(1), 1, 1, commands));
    assert!(matches!(decode::<Reply>(&encode(&many)), Err(Error::Limit { part: "commands", .. })));
}

#[test]
fn a_list_that_is_too_long_is_not_kept() {
    // found is what was kept when the limits were checked, not what was sent
    let answers = vec![vec![].into(); 4_000_000];
    let many = encode(&ScriptResult { answers, ..samples::result() });
    assert!(many.len() > 4_000_000 && many.len() <= ScriptResult::LONGEST);
    let refused = decode::<ScriptResult>(&many);
    assert!(matches!(refused, Err(Error::Limit { part: "answers", found: 4_097, .. })), "{refused:?}");
    let many = Open { answers: vec![vec![].into(); 60_000], ..samples::open() };
    assert!(matches!(decode::<Open>(&encode(&many)), Err(Error::Limit { part: "answers", found: 18, .. })));
    let many = WorkQuery { known_tickets: vec![samples::id(1); 900], ..samples::work_query() };
    assert!(matches!(decode::<WorkQuery>(&encode(&many)), Err(Error::Limit { found: 257, .. })));
    let command = ScriptCommand { apdu: vec![].into(), allowed: None, answer_hash: None, limit: None };
    let many = Reply::Script(Script::new(samples::id(1), 1, 1, vec![command; 500_000]));
    assert!(matches!(decode::<Reply>(&encode(&many)), Err(Error::Limit { part: "commands", found: 4_097, .. })));
    let many = Refusal { parameters: vec![String::new(); 10_000], ..samples::refusal() };
    assert!(matches!(decode::<Refusal>(&encode(&many)), Err(Error::Limit { part: "parameters", found: 9, .. })));
}

#[test]
fn a_notice_has_the_limits_of_a_refusal() {
    let long = Refusal { parameters: vec!["a".repeat(1_025)], ..samples::notice() };
    let script = Reply::Script(Script { notice: Some(long.clone()), ..samples::script() });
    let verdict = Reply::Verdict(Verdict { refusal: None, notice: Some(long), ..samples::verdict() });
    for reply in [script, verdict] {
        let refused = decode::<Reply>(&encode(&reply));
        assert!(matches!(refused, Err(Error::Limit { part: "parameter bytes", found: 1_025, .. })), "{refused:?}");
    }
}

#[test]
fn a_script_whose_id_is_not_its_hash_is_refused() {
    let mut script = samples::script();
    script.commands[0].apdu[0] ^= 1;
    assert_eq!(decode::<Reply>(&encode(&Reply::Script(script))), Err(Error::ScriptId));
    let script = Script { step: 2, ..samples::script() };
    assert_eq!(decode::<Reply>(&encode(&Reply::Script(script))), Err(Error::ScriptId));
}
