//! A terminal that is enrolled at a small center.

use std::sync::Arc;

use cardwright_relay::encode;
use cardwright_relay::enrolment::OneTimeCode;
use cardwright_relay::message::{Challenge, Id, Preamble, Welcome};
use cardwright_relay::reader::{ReaderEntry, ReaderList, Tier};
use cardwright_terminal::enrolment::enrol;
use cardwright_terminal::identity::Identity;
use cardwright_terminal::line::Line;
use cardwright_terminal::presence::local_time;
use cardwright_terminal::tls;

use crate::center::{Authority, Center, Says};

pub(crate) const HOUR: i64 = 3_600_000_000;
pub(crate) const ATR: [u8; 5] = [0x3B, 0x80, 0x80, 0x01, 0x01];

pub(crate) fn id(byte: u8) -> Id {
    Id::from([byte; 16])
}

/// Identity, authority and the place where the identity is kept.
pub(crate) struct Enrolled {
    pub(crate) identity: Arc<Identity>,
    pub(crate) authority: Arc<Authority>,
    pub(crate) state: tempfile::TempDir,
}

pub(crate) async fn enrolled() -> Enrolled {
    let authority = Arc::new(Authority::new());
    let state = tempfile::tempdir().expect("a directory");
    let signing = Arc::clone(&authority);
    let center = Center::serve(&authority, move |_, body| Says::Body(200, encode(&signing.enrol(body)))).await;
    let code = OneTimeCode { secret: [0x5A; 16], fingerprint: authority.fingerprint() };
    let identity = enrol(state.path(), &center.address, &code, false).await.expect("enrolled");
    Enrolled { identity: Arc::new(identity), authority, state }
}

impl Enrolled {
    pub(crate) fn line(&self, center: &Center) -> Arc<Line> {
        Arc::new(Line::new(&center.address, tls::mutual(&self.identity).expect("an identity")).expect("an address"))
    }
}

pub(crate) fn reader_list(version: u64, expires: i64) -> ReaderList {
    let entry = ReaderEntry {
        id: id(6),
        name: "reader 1".into(),
        base: "tokyo".into(),
        tier: Tier::R0,
        vendor: String::new(),
        kind: String::new(),
        serial: String::new(),
        card_slot: "Card Reader 0 00 00".into(),
        sam_slot: None,
        sam_key: None,
    };
    ReaderList { center: "test".into(), version, issued: 0, expires, readers: vec![entry] }
}

pub(crate) fn challenge() -> Challenge {
    Challenge { id: id(3), value: id(0xC0), expires: local_time() + HOUR }
}

pub(crate) fn preamble() -> Preamble {
    Preamble {
        product: "test".into(),
        atr: ATR.to_vec().into(),
        commands: vec![vec![0x00, 0xA4, 0x04, 0x00, 0x00].into()],
        key_version: 0,
        challenge_length: 8,
    }
}

pub(crate) fn welcome(reader_list: Vec<u8>) -> Welcome {
    Welcome {
        format: 1,
        time: local_time(),
        lease_until: local_time() + HOUR,
        reader_list: reader_list.into(),
        challenges: vec![challenge()],
        preambles: vec![preamble()],
    }
}
