//! `cardwright-lab shop`: one purchase with the card in a PC/SC reader, as a terminal of the lab makes it.
//!
//! A program of its own, because the PC/SC library takes its daemon from the environment. What the shop and the issuer
//! behind it know comes as JSON on standard input; what was seen goes as JSON to standard output.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant, SystemTime};

use cardwright_data_preparation::Date;
use openssl::sha::sha1;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::payment_terminal::{
    Application, AuthorityKey, Day, Derivation, Issuer, Method, PcscLink, Pin, Purchase, Report, Terminal, Verified,
    purchase,
};

/// How long the daemon may take to see a card.
const CARD: Duration = Duration::from_secs(10);

/// What is known and asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// the reader's name
    pub reader: String,
    /// AIDs that the shop accepts, in hexadecimal
    pub applications: Vec<String>,
    /// the authorities' public keys that it trusts
    pub authorities: Vec<Authority>,
    /// 9F1A, and the currency
    pub country: u16,
    /// in the currency's smallest unit; at the floor limit and over it the shop goes online
    pub amount: u64,
    /// see there
    pub floor_limit: u64,
    /// year, month, day
    pub day: (u16, u8, u8),
    /// what the cardholder types
    pub pin: Option<String>,
    /// what the issuer compares it with, where it comes online
    pub issuer_pin: Option<String>,
    /// whether the PIN pad can encipher
    pub enciphers: bool,
    /// the issuer's master key for cryptograms, in hexadecimal; without one nobody computes them again
    pub master_key: Option<String>,
    /// whether card keys come from it by option B instead of A
    pub option_b: bool,
    /// whether the issuer answers by method 2 instead of 1
    pub method_two: bool,
}

/// An authority's public key, in hexadecimal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// the RID
    pub rid: String,
    /// the index
    pub index: String,
    /// the modulus
    pub modulus: String,
    /// the exponent
    pub exponent: String,
}

impl Order {
    /// A purchase for 120.00 today, over the floor limit, with a PIN pad that enciphers; the issuer behind the
    /// shop has `master_key` and answers by method 1.
    #[must_use]
    pub fn new(reader: &str, authorities: Vec<Authority>, master_key: &str, pin: &str) -> Self {
        Self {
            reader: reader.to_owned(),
            applications: vec!["F0454D5601".to_owned()],
            authorities,
            country: 0x0840,
            amount: 12_000,
            floor_limit: 5_000,
            day: today(),
            pin: Some(pin.to_owned()),
            issuer_pin: Some(pin.to_owned()),
            enciphers: true,
            master_key: Some(master_key.to_owned()),
            option_b: false,
            method_two: false,
        }
    }
}

/// Year, month and day, UTC.
#[must_use]
pub fn today() -> (u16, u8, u8) {
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Date::from_day_number((seconds / 86_400) as i64).map_or((1970, 1, 1), Date::parts)
}

/// Reads the order, buys, and tells; `false` where the purchase was none.
///
/// # Errors
/// Standard input is no order, or nobody reads standard output.
pub fn serve() -> io::Result<bool> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    let order: Order = serde_json::from_str(&text)?;
    let (told, done) = match buy(&order) {
        Ok(report) => (told(&report), true),
        Err(fault) => (json!({ "fault": fault }), false),
    };
    writeln!(io::stdout(), "{told}")?;
    Ok(done)
}

fn buy(order: &Order) -> Result<Report, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let mut link = connect(&order.reader)?;
    let terminal = terminal(order, &link)?;
    let (year, month, day) = order.day;
    let day = Day::new(year, month, day).ok_or("the day is none of the calendar")?;
    let mut wanted = Purchase::new(order.amount, order.country, day, unpredictable_number()?);
    wanted.pin =
        order.pin.as_deref().map(|digits| Pin::new(digits).ok_or("the PIN is not 4 to 12 digits")).transpose()?;
    let issuer = issuer(order)?;
    purchase(&mut link, &terminal, &wanted, issuer.as_ref()).map_err(|fault| text(&fault))
}

/// The daemon sees a card within half a second of its coming.
fn connect(reader: &str) -> Result<PcscLink, String> {
    let end = Instant::now() + CARD;
    loop {
        match PcscLink::connect(reader) {
            Ok(link) => return Ok(link),
            Err(failure) if Instant::now() > end => return Err(failure.to_string()),
            Err(_) => std::thread::sleep(Duration::from_millis(100)),
        }
    }
}

fn terminal(order: &Order, link: &PcscLink) -> Result<Terminal, String> {
    let accepted = order.applications.iter().map(|aid| {
        let aid = aid.parse().map_err(|error| format!("AID {aid}: {error}"))?;
        Ok(Application { aid, partial: true })
    });
    let authorities = order.authorities.iter().map(Authority::key).collect::<Result<_, _>>()?;
    let mut terminal = Terminal::new(order.country, accepted.collect::<Result<_, String>>()?, authorities);
    terminal.interface = link.interface().map_err(|failure| failure.to_string())?;
    terminal.floor_limit = order.floor_limit;
    if !order.enciphers {
        terminal.capabilities[1] &= !0x10;
    }
    Ok(terminal)
}

impl Authority {
    fn key(&self) -> Result<AuthorityKey, String> {
        let provider: [u8; 5] = bytes(&self.rid)?.try_into().map_err(|_| "a RID has 5 bytes")?;
        let [index] = <[u8; 1]>::try_from(bytes(&self.index)?).map_err(|_| "an index has one byte")?;
        let (modulus, exponent) = (bytes(&self.modulus)?, bytes(&self.exponent)?);
        let checksum = sha1(&[&provider, &[index][..], &modulus, &exponent].concat());
        AuthorityKey::new(provider, index, &modulus, &exponent, checksum).map_err(|wrong| wrong.to_string())
    }
}

fn issuer(order: &Order) -> Result<Option<Issuer>, String> {
    let Some(key) = &order.master_key else { return Ok(None) };
    let key: [u8; 16] = bytes(key)?.try_into().map_err(|_| "a master key has 16 bytes")?;
    let mut issuer = Issuer::new(key, if order.option_b { Derivation::B } else { Derivation::A });
    issuer.method = if order.method_two { Method::Two } else { Method::One };
    issuer.pin = order.issuer_pin.as_deref().and_then(Pin::new);
    Ok(Some(issuer))
}

fn unpredictable_number() -> Result<[u8; 4], String> {
    let mut number = [0; 4];
    openssl::rand::rand_bytes(&mut number).map_err(|error| error.to_string())?;
    Ok(number)
}

fn bytes(hexadecimal: &str) -> Result<Vec<u8>, String> {
    hex::decode(hexadecimal).map_err(|_| format!("not hexadecimal: {hexadecimal}"))
}

/// What people and tests want to know of a purchase; no cryptogram.
fn told(report: &Report) -> Value {
    let verified = report.verification.verified;
    json!({
        "directory": format!("{:?}", report.directory),
        "application": hex::encode_upper(&report.selected.dedicated_file_name),
        "authentication": word(&format!("{:?}", report.authentication)),
        "verification": format!("{verified:?}"),
        "pin": matches!(verified, Verified::PlainPin | Verified::EncipheredPin | Verified::OnlinePin),
        "terminal_verification_results": hex::encode_upper(report.verification_results),
        "first": format!("{:?}", report.first.kind),
        "signed": report.first.signed_number.is_some(),
        "checked": report.first.is_checked && report.second.as_ref().is_none_or(|second| second.is_checked),
        "issuer_authentication": report.online.as_ref().map(|online| format!("{:?}", online.authentication)),
        "second": report.second.as_ref().map(|second| format!("{:?}", second.kind)),
        "records": report.records.len(),
        "number": report.data.get(&0x5A).map(hex::encode_upper),
        "outcome": format!("{:?}", report.outcome),
    })
}

/// The first word of what a value prints as.
fn word(text: &str) -> &str {
    text.split([' ', '{', '(']).next().unwrap_or_default()
}
