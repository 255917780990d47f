//! What a purchase tells: every step with what it saw, for a test to assert.

use std::collections::BTreeMap;

use super::issuer::Answer;
use super::script::ScriptTime;

/// A purchase that came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// where the candidates came from
    pub directory: Directory,
    /// the applications that card and terminal share
    pub candidates: Vec<Candidate>,
    /// the application that was selected
    pub selected: Selected,
    /// 82
    pub profile: [u8; 2],
    /// 94
    pub locator: Vec<u8>,
    /// every record that the locator names, in its order
    pub records: Vec<Record>,
    /// every data object of the selected application: of SELECT, GET PROCESSING OPTIONS and the records
    pub data: BTreeMap<u32, Vec<u8>>,
    /// how the card proved that its data is the issuer's
    pub authentication: Authentication,
    /// how the cardholder was verified
    pub verification: CardholderVerification,
    /// 95 as it stands at the end
    pub verification_results: [u8; 5],
    /// 9B as it stands at the end
    pub status: [u8; 2],
    /// what the first GENERATE AC asked for
    pub asked: CryptogramKind,
    /// the first cryptogram
    pub first: Cryptogram,
    /// the issuer's part, where the card asked for it
    pub online: Option<Online>,
    /// the second cryptogram, where there was one
    pub second: Option<Cryptogram>,
    /// the issuer's scripts, and what the card said to them
    pub scripts: Vec<Delivered>,
    /// the end
    pub outcome: Outcome,
}

/// A card that was read, and not paid with. The fields are those of [`Report`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// where the candidates came from
    pub directory: Directory,
    /// the applications that card and terminal share
    pub candidates: Vec<Candidate>,
    /// the application that was selected
    pub selected: Selected,
    /// 82
    pub profile: [u8; 2],
    /// 94
    pub locator: Vec<u8>,
    /// every record that the locator names, in its order
    pub records: Vec<Record>,
    /// every data object of the selected application
    pub data: BTreeMap<u32, Vec<u8>>,
}

/// Where the list of candidates came from (B1 §12.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Directory {
    /// 1PAY.SYS.DDF01
    Contact,
    /// 2PAY.SYS.DDF01
    Contactless,
    /// the card has none, and the terminal tried its own list
    Absent,
}

/// An application that both have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// 4F
    pub aid: Vec<u8>,
    /// 50
    pub label: Vec<u8>,
    /// 87, low half: 1 is the first, 0 has none
    pub priority: u8,
    /// 87, high bit: only with the cardholder's word
    pub needs_confirmation: bool,
}

/// What SELECT answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// 84
    pub dedicated_file_name: Vec<u8>,
    /// 50, where it is there
    pub label: Option<Vec<u8>>,
    /// 9F38, where it is there
    pub options: Option<Vec<u8>>,
}

/// A record as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// short file identifier, 1 to 30
    pub file: u8,
    /// its number in the file, from 1
    pub number: u8,
    /// whether it is among what is signed
    pub is_signed: bool,
    /// all its bytes, with 70
    pub bytes: Vec<u8>,
}

/// Offline data authentication (B3 §10.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// card and terminal share no way
    NotPerformed,
    /// SDA
    Static {
        /// 9F45
        code: [u8; 2],
    },
    /// DDA
    Dynamic {
        /// 9F4C
        number: Vec<u8>,
    },
    /// CDA: the certificates hold; the signature comes with the cryptogram
    Combined,
}

/// Cardholder verification (B3 §10.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardholderVerification {
    /// what came out
    pub verified: Verified,
    /// 9F34
    pub results: [u8; 3],
    /// 9F17, where the card tells it
    pub tries_left: Option<u8>,
}

/// What cardholder verification came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// the card's profile asks for none
    NotAsked,
    /// the card compared the PIN, sent in clear
    PlainPin,
    /// the card compared the PIN, sent enciphered
    EncipheredPin,
    /// the issuer will compare it
    OnlinePin,
    /// on paper
    Signature,
    /// the card wants none for this
    NoneNeeded,
    /// no rule succeeded
    Failed,
}

/// The kinds of cryptogram (B3 §6.5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CryptogramKind {
    /// AAC: declined
    Decline,
    /// TC: approved
    Approve,
    /// ARQC: the issuer decides
    Online,
}

/// What GENERATE AC answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cryptogram {
    /// 9F27, high half
    pub kind: CryptogramKind,
    /// 9F27, low half: reason or advice
    pub reason: u8,
    /// 9F36
    pub counter: u16,
    /// 9F26
    pub value: [u8; 8],
    /// 9F10
    pub issuer_data: Vec<u8>,
    /// ICC dynamic number (9F4C), where the cryptogram was signed (CDA)
    pub signed_number: Option<Vec<u8>>,
    /// whether the issuer has computed it again; without an issuer nobody can
    pub is_checked: bool,
}

/// Online processing (B3 §10.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Online {
    /// what the issuer answered; `None` where it could not be reached
    pub answer: Option<Answer>,
    /// what the card made of it
    pub authentication: IssuerAuthentication,
}

/// A script that was handed to the card (B3 §10.10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// before the second cryptogram, or after it
    pub time: ScriptTime,
    /// what the card answered to each command that was sent
    pub statuses: Vec<u16>,
    /// whether the last of them was an error, which ended the script
    pub failed: bool,
}

/// How the card looked at the issuer's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuerAuthentication {
    /// nothing was sent
    NotPerformed,
    /// EXTERNAL AUTHENTICATE, and it succeeded
    Succeeded,
    /// EXTERNAL AUTHENTICATE, and it failed (6300)
    Failed,
    /// with the second GENERATE AC, whose answer shows it
    InSecondCryptogram,
}

/// The end of a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// TC without the issuer
    ApprovedOffline,
    /// TC after the issuer said yes
    ApprovedOnline,
    /// AAC without the issuer
    DeclinedOffline,
    /// AAC after the issuer answered
    DeclinedOnline,
}
