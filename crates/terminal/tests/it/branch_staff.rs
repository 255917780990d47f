//! `docs/branch-staff.md` says what the screen says: its tables are made of the texts, and what it quotes is a text.

use std::fmt::Write as _;

use cardwright_relay::Code;
use cardwright_relay::text::Text;
use cardwright_terminal::screen;

const HEADING: &str = "\n## Every sentence of the screen\n";

/// What branch staff may meet at a terminal that runs.
const CODES: &[Code] = &[
    Code::SAME_PERSON,
    Code::READER_UNKNOWN,
    Code::READER_REVOKED,
    Code::READER_PROOF_WRONG,
    Code::READER_LIST_EXPIRED,
    Code::TICKET_REFUSED,
    Code::CHALLENGE_REFUSED,
    Code::OTHER_BASE,
    Code::CARD_NOT_IN_STOCK,
    Code::OTHER_PRODUCT,
    Code::CARD_ANSWER_REFUSED,
    Code::CARD_CRYPTOGRAM_WRONG,
    Code::CARD_BOUND_ELSEWHERE,
    Code::CARD_QUARANTINED,
    Code::ANSWER_NOT_PROVEN,
    Code::CARD_LEFT,
    Code::CARD_UNKNOWN,
    Code::CARD_GONE,
    Code::CARD_LIVE,
    Code::ATR_UNKNOWN,
    Code::CARD_SILENT,
    Code::NO_CARD,
    Code::APPLICATION_MISSING,
    Code::MEMORY_TOO_SMALL,
    Code::NOTHING_WAITS,
    Code::OTHER_CARD,
    Code::CARD_ENDED,
    Code::CHANGES_WAIT,
    Code::BEING_FINISHED,
    Code::KEYS_UNKNOWN,
    Code::HOST_NOT_TOLD,
    Code::CARD_BLANK,
    Code::CARD_BLOCKED,
    Code::CARD_WITHOUT_ORDER,
    Code::ORDER_ISSUED,
    Code::ORDER_BLOCKED,
    Code::ORDER_BUSY,
    Code::PCSC_UNAVAILABLE,
    Code::NO_READER,
    Code::READER_GONE,
    Code::CENTER_UNREACHABLE,
    Code::STORE_UNAVAILABLE,
    Code::READER_LOST,
    Code::DEADLINE_OVER,
    Code::CANCELLED,
    Code::NO_TICKET,
    Code::READER_BUSY,
    Code::TAKEN_OUT_EARLY,
    Code::NO_DESK,
    Code::TICKET_ENDED,
];

fn tables() -> String {
    let mut page = format!("{HEADING}\n| English | Japanese |\n|---|---|\n");
    for sentence in screen::ALL {
        // writing to a String cannot fail
        let _ = writeln!(page, "| {} | {} |", sentence.english, sentence.japanese);
    }
    page += "\n## Every code that you may meet\n\n| code | English | Japanese |\n|---|---|---|\n";
    for code in CODES {
        let text = Text::of(*code).expect("every code has its texts");
        let (english, japanese) = (&text.english, &text.japanese);
        let _ = writeln!(
            page,
            "| {code} | {} **{}** | {} **{}** |",
            english.happened, english.next, japanese.happened, japanese.next
        );
    }
    page
}

/// What stands between quotation marks in the part that people have written, line breaks taken out.
fn quoted(page: &str) -> Vec<String> {
    let marks = page.split('"').skip(1).step_by(2);
    let sentences = marks.map(|quote| quote.split_whitespace().collect::<Vec<_>>().join(" "));
    sentences.filter(|quote| quote.ends_with(['.', '}'])).collect()
}

#[test]
fn the_page_for_branch_staff_says_what_the_screen_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/branch-staff.md");
    let held = std::fs::read_to_string(path).unwrap();
    let written = held.split(HEADING).next().unwrap();
    if std::env::var_os("CARDWRIGHT_UPDATE").is_some() {
        std::fs::write(path, written.trim_end().to_owned() + "\n" + &tables()).unwrap();
    }
    let held = std::fs::read_to_string(path).unwrap();
    assert!(held.ends_with(&tables()), "docs/branch-staff.md is old: run the tests with CARDWRIGHT_UPDATE=1");
    let quoted = quoted(written);
    assert!(quoted.len() >= 8, "{quoted:?}");
    for quote in quoted {
        assert!(screen::ALL.iter().any(|sentence| sentence.english == quote), "no sentence of the screen: {quote}");
    }
    for code in written.split("CW-").skip(1).map(|rest| &rest[..4]) {
        let listed = CODES.iter().any(|known| known.to_string().ends_with(code));
        assert!(listed, "CW-{code} is not in the table");
    }
}
