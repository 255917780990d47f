//! One of each message, with every key set.

use cardwright_relay::message::*;
use cardwright_relay::reader::{ReaderEntry, ReaderList, SignedReaderList, Tier};
use cardwright_relay::{Code, FORMAT};

pub(crate) fn id(byte: u8) -> Id {
    Id::from([byte; 16])
}

pub(crate) fn enrol() -> Enrol {
    Enrol { format: FORMAT, code: vec![7; 16].into(), certificate_request: vec![0x30, 0].into() }
}

pub(crate) fn enrolled() -> Enrolled {
    Enrolled {
        terminal: id(1),
        name: "desk 1".into(),
        base: "tokyo".into(),
        certificate: vec![0x30, 1, 0].into(),
        authority: vec![0x30, 1, 1].into(),
        reader_list_key: vec![0x30, 1, 2].into(),
    }
}

pub(crate) fn hello() -> Hello {
    Hello { format: FORMAT, instance: id(2), software: "0.1.0".into(), reader_list_version: 3 }
}

pub(crate) fn challenge() -> Challenge {
    Challenge {
        id: id(3),
        value: Id::from(std::array::from_fn(|index| index as u8 + 0xC0)),
        expires: 1_800_000_100_000_000,
    }
}

pub(crate) fn preamble() -> Preamble {
    Preamble {
        product: "demo-70".into(),
        atr: vec![0x3B, 0x80, 0x80, 1, 1].into(),
        commands: vec![vec![0, 0xA4, 4, 0, 0].into(), vec![0x80, 0xCA, 0, 0xCF, 0].into()],
        key_version: 0x30,
        challenge_length: 8,
    }
}

pub(crate) fn welcome() -> Welcome {
    Welcome {
        format: FORMAT,
        time: 1_800_000_000_000_000,
        lease_until: 1_800_000_060_000_000,
        reader_list: vec![0xA0].into(),
        challenges: vec![challenge()],
        preambles: vec![preamble()],
    }
}

pub(crate) fn work_query() -> WorkQuery {
    WorkQuery {
        instance: id(2),
        challenges: 4,
        reader_list_version: 3,
        known_tickets: vec![id(4)],
        wait: 25_000,
        leaving: None,
    }
}

pub(crate) fn ticket() -> Ticket {
    Ticket { id: id(4), order: "K-7".into(), operator: "o.suzuki".into(), expires: 1_800_000_200_000_000 }
}

pub(crate) fn work() -> Work {
    Work {
        tickets: vec![ticket()],
        cancelled: vec![id(5)],
        challenges: vec![challenge()],
        reader_list: Some(vec![0xA0].into()),
        lease_until: 1_800_000_060_000_000,
        time: 1_800_000_000_000_000,
    }
}

pub(crate) fn open() -> Open {
    Open {
        session: id(5),
        instance: id(2),
        reader: id(6),
        reader_proof: vec![0x30, 6, 2, 1, 1, 2, 1, 1].into(),
        ticket: id(4),
        order: "K-7".into(),
        product: "demo-70".into(),
        atr: vec![0x3B, 0x80, 0x80, 1, 1].into(),
        challenge: id(3),
        answers: vec![vec![0x6F, 0, 0x90, 0].into(), vec![0x90, 0].into()],
    }
}

pub(crate) fn script() -> Script {
    let plain = ScriptCommand { apdu: vec![0x84, 0xE2, 0, 0, 0].into(), allowed: None, answer_hash: None, limit: None };
    let full = ScriptCommand {
        apdu: vec![0x84, 0xE2, 0x80, 1, 0].into(),
        allowed: Some(vec![0x9000, 0x6A88]),
        answer_hash: Some([8; 32].into()),
        limit: Some(5_000),
    };
    Script::new(id(5), 1, 60_000, vec![plain, full])
}

pub(crate) fn result() -> ScriptResult {
    ScriptResult {
        session: id(5),
        step: 1,
        script: script().script,
        answers: vec![vec![0x90, 0].into(), vec![0x6A, 0x80].into()],
        stopped: Some(Stop { index: 1, reason: StopReason::Status }),
    }
}

pub(crate) fn progress() -> Progress {
    Progress { session: id(5), step: 1, index: 1 }
}

pub(crate) fn abort() -> Abort {
    Abort { session: id(5), reason: StopReason::TimedOut, challenge: Some(id(9)) }
}

pub(crate) fn refusal() -> Refusal {
    Refusal { code: Code::ORDER_NOT_APPROVED, parameters: vec!["K-7".into()] }
}

pub(crate) fn verdict() -> Verdict {
    Verdict {
        session: id(5),
        outcome: Outcome::Refused,
        refusal: Some(refusal()),
        card: Some("number ending 4242, grade A".into()),
        waiting: None,
        notice: None,
    }
}

/// What is told and refuses nothing.
pub(crate) fn notice() -> Refusal {
    Refusal { code: Code::CARD_UNKNOWN, parameters: vec![] }
}

pub(crate) fn script_with_notice() -> Script {
    Script { notice: Some(notice()), ..script() }
}

pub(crate) fn verdict_with_waiting() -> Verdict {
    Verdict { waiting: Some(2), notice: Some(notice()), ..verdict() }
}

/// A ticket for whatever card is put in.
pub(crate) fn desk_ticket() -> Ticket {
    Ticket { order: String::new(), ..ticket() }
}

pub(crate) fn reader_list() -> ReaderList {
    let reader = |byte, name: &str, tier, sam: bool| ReaderEntry {
        id: id(byte),
        name: name.into(),
        base: "tokyo".into(),
        tier,
        vendor: "Example".into(),
        kind: "Duo".into(),
        serial: "0042".into(),
        card_slot: "Example Duo * 00 00".into(),
        sam_slot: sam.then(|| "Example Duo * 00 01".into()),
        sam_key: sam.then(|| vec![0x30, 0x59].into()),
    };
    ReaderList {
        center: "demo".into(),
        version: 3,
        issued: 1_800_000_000_000_000,
        expires: 1_800_086_400_000_000,
        readers: vec![reader(6, "desk 1", Tier::R2, true), reader(7, "desk 2", Tier::R0, false)],
    }
}

pub(crate) fn signed_reader_list() -> SignedReaderList {
    SignedReaderList { list: reader_list().to_bytes().into(), signature: vec![0x30, 0].into() }
}
