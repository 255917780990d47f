//! The bytes of format 1, for ever: what was written once is read by every later version.

use std::path::PathBuf;

use minicbor::{Decode, Encode};

use cardwright_relay::message::Reply;

use crate::samples;

/// Compares `value` with `tests/golden/1/<name>.hex`. A file that is missing is written when `CARDWRIGHT_UPDATE`
/// is set; one that is there never changes.
fn golden<T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq>(name: &str, value: &T) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/1/{name}.hex"));
    let bytes = minicbor::to_vec(value).expect(name);
    if std::env::var_os("CARDWRIGHT_UPDATE").is_some() && !path.exists() {
        std::fs::write(&path, hex::encode(&bytes) + "\n").expect(name);
    }
    let held = hex::decode(std::fs::read_to_string(&path).expect(name).trim()).expect(name);
    assert!(bytes == held, "{name} encodes to {}", hex::encode(&bytes));
    assert!(minicbor::decode::<T>(&held).expect(name) == *value, "{name} reads back otherwise");
}

#[test]
fn every_message_of_format_1_keeps_its_bytes() {
    golden("enrol", &samples::enrol());
    golden("enrolled", &samples::enrolled());
    golden("hello", &samples::hello());
    golden("welcome", &samples::welcome());
    golden("work-query", &samples::work_query());
    golden("work", &samples::work());
    golden("open", &samples::open());
    golden("reply-script", &Reply::Script(samples::script()));
    golden("reply-verdict", &Reply::Verdict(samples::verdict()));
    golden("reply-script-notice", &Reply::Script(samples::script_with_notice()));
    golden("reply-verdict-waiting", &Reply::Verdict(samples::verdict_with_waiting()));
    golden("desk-ticket", &samples::desk_ticket());
    golden("result", &samples::result());
    golden("progress", &samples::progress());
    golden("abort", &samples::abort());
    golden("refusal", &samples::refusal());
    golden("reader-list", &samples::reader_list());
    golden("signed-reader-list", &samples::signed_reader_list());
}
