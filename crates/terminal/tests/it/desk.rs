//! The desk: whatever card is put in is served while its ticket is good, at a real PC/SC service.

use std::time::Duration;

use cardwright_relay::message::Outcome::{Issued, Unknown};

use crate::base::{Base, NEEDLE, all_differ, put_in};
use crate::pcsc::CARD_PORT;
use crate::vpcd::{Reaction, beside_a_private_pcscd, insert, insert_with_atr};

/// As long as the service may take until it has seen that a card was taken out or put in.
const SEEN: Duration = Duration::from_millis(1_500);

#[test]
fn a_card_with_more_to_do_stays_in_and_each_session_has_its_own_challenge_and_proof() {
    beside_a_private_pcscd("desk::inside", "stays-in");
}

#[test]
fn a_card_left_in_after_its_verdict_is_not_opened_again() {
    beside_a_private_pcscd("desk::inside", "left-in");
}

#[test]
fn a_card_taken_out_while_more_waits_is_asked_for_again() {
    beside_a_private_pcscd("desk::inside", "early");
}

#[test]
fn a_card_swapped_between_two_sessions_is_a_card_of_its_own() {
    beside_a_private_pcscd("desk::inside", "swapped");
}

#[test]
fn an_order_that_is_released_comes_before_the_desk_and_the_desk_stays_open() {
    beside_a_private_pcscd("desk::inside", "order-first");
}

#[test]
fn a_desk_that_is_closed_serves_no_card_and_a_card_put_in_then_is_told() {
    beside_a_private_pcscd("desk::inside", "closed");
}

#[test]
fn a_card_of_no_product_is_told_once_and_the_desk_stays_open() {
    beside_a_private_pcscd("desk::inside", "other-card");
}

#[test]
fn one_card_is_served_and_said_in_words_in_both_languages() {
    beside_a_private_pcscd("desk::inside", "in-words");
}

#[test]
fn one_card_at_the_desk_is_no_orders_card_and_one_order_tells_what_else_waits() {
    beside_a_private_pcscd("desk::inside", "one-shot");
}

#[test]
fn a_card_pulled_while_it_is_written_is_asked_for_again_and_gets_a_session_of_its_own() {
    beside_a_private_pcscd("desk::inside", "pulled");
}

#[test]
fn a_card_that_fails_twice_is_not_tried_again_before_it_was_out() {
    beside_a_private_pcscd("desk::inside", "fails");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs beside a private PC/SC daemon, started by the tests above"]
async fn inside() {
    let base = Base::new().await;
    match std::env::var("CARDWRIGHT_SCENARIO").expect("a scenario").as_str() {
        "stays-in" => stays_in(&base),
        "left-in" => left_in(&base),
        "early" => early(&base),
        "swapped" => swapped(&base),
        "order-first" => order_first(&base),
        "closed" => closed(&base),
        "other-card" => other_card(&base),
        "in-words" => in_words(&base),
        "one-shot" => one_shot(&base),
        "pulled" => pulled(&base),
        "fails" => fails(&base),
        other => panic!("no scenario {other}"),
    }
}

/// A card that is there when the desk opens, with three changes.
fn stays_in(base: &Base) {
    let card = put_in(0xAA);
    base.release("");
    base.verdicts(&[(Issued, 2), (Issued, 1), (Issued, 0)]);
    let terminal = base.start(&["--json", "run"]);
    terminal.event("ready");
    let open = terminal.event("desk-open");
    assert_eq!((&open["operator"], &open["hours"], &open["minutes"]), (&"o.suzuki".into(), &12.into(), &0.into()));
    let insert = terminal.event("insert-card");
    assert!(insert["order"].is_null());
    terminal.event("card");
    for done in 1..=3 {
        let notice = terminal.event("notice");
        assert_eq!((&notice["code"], &notice["parameters"][0]), (&"CW-3002".into(), &NEEDLE.into()));
        assert!(notice["happened"].as_str().is_some_and(|text| text.contains(NEEDLE)));
        let verdict = terminal.event(if done == 3 { "result" } else { "verdict" });
        assert_eq!((&verdict["outcome"], &verdict["waiting"]), (&"issued".into(), &(3 - done).into()));
        if done < 3 {
            let stays = terminal.event("stays-in");
            assert_eq!((&stays["done"], &stays["total"]), (&done.into(), &3.into()));
        }
    }
    terminal.event("remove-card");
    let opened = base.opened();
    assert_eq!(opened.len(), 3);
    assert!(opened.iter().all(|open| open.order.is_empty() && open.ticket == opened[0].ticket));
    all_differ(&opened);
    assert_eq!(card.seen.lock().expect("no test panics here").len(), 3 * (2 + 2), "each command once");
    assert_eq!(terminal.interrupt(), 0);
    let disk = base.disk();
    let holds = |needle: &[u8]| disk.windows(needle.len()).any(|part| part == needle);
    assert!(!holds(NEEDLE.as_bytes()) && !holds(b"84E2") && !holds(b"84e2"));
    assert!(holds(b"CW-3002") && holds(b"session"), "the same search finds what is there");
}

fn left_in(base: &Base) {
    base.release("");
    let terminal = base.start(&["--json", "run"]);
    for event in ["ready", "desk-open", "insert-card"] {
        terminal.event(event);
    }
    let card = put_in(0xAA);
    for event in ["card", "notice", "result", "remove-card"] {
        terminal.event(event);
    }
    terminal.is_silent();
    assert_eq!(base.opened().len(), 1, "it stays in, and is not opened again");
    card.remove();
    terminal.event("insert-card");
    let _same_again = put_in(0xAA);
    for event in ["card", "notice", "result", "remove-card"] {
        terminal.event(event);
    }
    assert_eq!(base.opened().len(), 2);
}

fn early(base: &Base) {
    base.release("");
    base.verdicts(&[(Issued, 2), (Issued, 1), (Issued, 0)]);
    let card = put_in(0xAA);
    base.meanwhile(move || {
        card.remove();
        std::thread::sleep(SEEN);
    });
    let terminal = base.start(&["--json", "run"]);
    for event in ["ready", "desk-open", "insert-card", "card", "notice", "verdict"] {
        terminal.event(event);
    }
    let problem = terminal.event("problem");
    assert_eq!((&problem["code"], &problem["parameters"][0]), (&"CW-5016".into(), &"2".into()));
    terminal.event("insert-card");
    let _again = put_in(0xAA);
    for event in ["card", "notice", "verdict", "stays-in", "notice", "result", "remove-card"] {
        terminal.event(event);
    }
    assert_eq!(base.opened().len(), 3);
}

/// The second card is in before the first one's verdict comes.
fn swapped(base: &Base) {
    base.release("");
    base.verdicts(&[(Issued, 1), (Issued, 0)]);
    let first = put_in(0xAA);
    let seen = first.seen.clone();
    base.meanwhile(move || {
        first.remove();
        std::thread::sleep(SEEN);
        std::mem::forget(put_in(0xBB));
        std::thread::sleep(SEEN);
    });
    let terminal = base.start(&["--json", "run"]);
    for event in ["ready", "desk-open", "insert-card", "card", "notice", "verdict", "problem", "insert-card", "card"] {
        terminal.event(event);
    }
    terminal.event("notice");
    let result = terminal.event("result");
    assert_eq!(result["waiting"], 0);
    terminal.event("remove-card");
    let marks: Vec<u8> = base.opened().iter().map(|open| open.answers[0][0]).collect();
    assert_eq!(marks, [0xAA, 0xBB], "each session is of the card that is there");
    assert_eq!(seen.lock().expect("no test panics here").len(), 2 + 2);
}

fn order_first(base: &Base) {
    let desk = base.release("");
    let terminal = base.start(&["--json", "run"]);
    for event in ["ready", "desk-open", "insert-card"] {
        terminal.event(event);
    }
    let order = base.release("K-7");
    terminal.event("order-first");
    assert_eq!(terminal.event("insert-card")["order"], "K-7");
    let card = put_in(0xAA);
    for event in ["card", "notice"] {
        terminal.event(event);
    }
    assert_eq!(terminal.event("result")["order"], "K-7");
    terminal.event("remove-card");
    card.remove();
    assert!(terminal.event("insert-card")["order"].is_null(), "the desk is open as before");
    let _next = put_in(0xBB);
    for event in ["card", "notice", "result", "remove-card"] {
        terminal.event(event);
    }
    let opened: Vec<_> = base.opened().into_iter().map(|open| (open.order, open.ticket)).collect();
    assert_eq!(opened, [("K-7".to_owned(), order), (String::new(), desk)]);
}

fn closed(base: &Base) {
    let desk = base.release("");
    let terminal = base.start(&["--json", "run"]);
    for event in ["ready", "desk-open", "insert-card"] {
        terminal.event(event);
    }
    base.withdraw(desk);
    terminal.event("desk-closed");
    let card = put_in(0xAA);
    terminal.event("not-released");
    terminal.is_silent();
    assert!(base.opened().is_empty() && card.seen.lock().expect("no test panics here").is_empty());
    base.release("");
    for event in ["desk-open", "insert-card", "card", "notice", "result", "remove-card"] {
        terminal.event(event);
    }
    assert_eq!(base.opened().len(), 1, "the card was in when the desk opened");
    card.remove();
    terminal.event("insert-card");
    let order = base.release("K-7");
    terminal.event("order-first");
    assert_eq!(terminal.event("insert-card")["order"], "K-7");
    base.withdraw(order);
    assert_eq!(terminal.event("ticket-ended")["order"], "K-7");
    assert!(terminal.event("insert-card")["order"].is_null());
}

fn other_card(base: &Base) {
    base.release("");
    let terminal = base.start(&["--json", "run"]);
    for event in ["ready", "desk-open", "insert-card"] {
        terminal.event(event);
    }
    let card = insert_with_atr(CARD_PORT, &[0x3B, 0x00], |_| Reaction::Hangs);
    terminal.event("card");
    assert_eq!(terminal.event("problem")["code"], "CW-3012");
    terminal.event("remove-card");
    terminal.is_silent();
    assert!(card.seen.lock().expect("no test panics here").is_empty());
    card.remove();
    terminal.event("insert-card");
    let _right = put_in(0xAA);
    for event in ["card", "notice", "result"] {
        terminal.event(event);
    }
}

fn in_words(base: &Base) {
    base.release("");
    base.verdicts(&[(Issued, 1), (Unknown, 0), (Issued, 1), (Issued, 0)]);
    let _card = put_in(0xAA);
    let mut terminal = base.start(&["--language", "en", "issue"]);
    for line in [
        "Waiting until an operator opens the desk at this terminal.",
        "Put a card into reader 1.",
        "The card is there. Leave it in until you are told to take it out.",
        &format!("This is not a card of the product {NEEDLE}. Use a blank of that product."),
        "1 of 2 done, the card stays in.",
        &format!("This is not a card of the product {NEEDLE}. Use a blank of that product."),
        "CW-5004: The center does not answer: planned.",
        "         Check the network and the center's address, then try again.",
        "What the card holds is not known. Put the card in again, here or at another terminal: it will be finished.",
        "Take the card out.",
    ] {
        assert_eq!(terminal.line(), line);
    }
    assert_eq!(terminal.ends(), 4);
    let mut terminal = base.start(&["--language", "ja", "issue"]);
    for line in [
        "オペレーターがこの端末の窓口を開くのを待っています。",
        "reader 1 にカードを挿入してください。",
        "カードを検出しました。抜くように表示されるまで、そのままにしてください。",
        &format!("これは製品 {NEEDLE} のカードではありません。 その製品の白カードを使ってください。"),
        "2 件中 1 件完了。カードはそのままにしてください。",
        &format!("これは製品 {NEEDLE} のカードではありません。 その製品の白カードを使ってください。"),
        "カードの処理が完了しました。",
        "カードを抜いてください。",
    ] {
        assert_eq!(terminal.line(), line);
    }
    assert_eq!(terminal.ends(), 0);
}

fn one_shot(base: &Base) {
    let mut terminal = base.start(&["--json", "issue", "--wait", "1"]);
    terminal.event("waiting");
    assert_eq!(terminal.event("result")["code"], "CW-5017");
    assert_eq!(terminal.ends(), 1);
    let order = base.release("K-7");
    let desk = base.release("");
    let mut terminal = base.start(&["--json", "issue"]);
    terminal.event("waiting");
    assert!(terminal.event("insert-card")["order"].is_null());
    terminal.is_silent();
    let card = put_in(0xAA);
    for event in ["card", "notice", "result"] {
        terminal.event(event);
    }
    assert_eq!(terminal.ends(), 0);
    base.verdicts(&[(Issued, 2)]);
    let mut terminal = base.start(&["--language", "en", "issue", "K-7"]);
    for line in [
        "Waiting for the release of order K-7.",
        "Order K-7: put the card into reader 1.",
        "The card is there. Leave it in until you are told to take it out.",
        &format!("This is not a card of the product {NEEDLE}. Use a blank of that product."),
        "Order K-7 is done.",
        "More waits for this card: 2. Put it in again where the desk is open.",
        "Take the card out.",
    ] {
        assert_eq!(terminal.line(), line);
    }
    assert_eq!(terminal.ends(), 0);
    let opened: Vec<_> = base.opened().into_iter().map(|open| (open.order, open.ticket)).collect();
    assert_eq!(opened, [(String::new(), desk), ("K-7".to_owned(), order)]);
    drop(card);
}

/// The second command of its script is the last one it sees.
fn pulled(base: &Base) {
    base.release("");
    base.verdicts(&[(Unknown, 0), (Issued, 0)]);
    let seen = insert(CARD_PORT, |command| match command {
        [0x84, 0xE2, 0x00, 1, ..] => Reaction::Pulled,
        _ => Reaction::Answer(vec![0xAA, 0x90, 0x00]),
    });
    let terminal = base.start(&["--json", "run"]);
    for event in ["ready", "desk-open", "insert-card", "card", "notice"] {
        terminal.event(event);
    }
    assert_eq!(terminal.event("result")["outcome"], "unknown");
    let next = terminal.event_of(&["remove-card", "insert-card"]);
    if next["event"] == "remove-card" {
        // the service had not seen yet that it is gone
        terminal.event("insert-card");
    }
    assert_eq!(seen.lock().expect("no test panics here").len(), 2 + 2, "no command was sent again");
    let _again = put_in(0xAA);
    for event in ["card", "notice", "result", "remove-card"] {
        terminal.event(event);
    }
    all_differ(&base.opened());
    assert_eq!(base.opened().len(), 2);
}

fn fails(base: &Base) {
    base.release("");
    base.verdicts(&[(Unknown, 1), (Unknown, 1), (Issued, 0)]);
    let card = put_in(0xAA);
    let terminal = base.start(&["--json", "run"]);
    for event in ["ready", "desk-open", "insert-card", "card", "notice", "verdict", "stays-in", "notice", "result"] {
        terminal.event(event);
    }
    terminal.event("remove-card");
    terminal.is_silent();
    assert_eq!(base.opened().len(), 2);
    card.remove();
    terminal.event("insert-card");
    let _again = put_in(0xAA);
    for event in ["card", "notice", "result"] {
        terminal.event(event);
    }
}
