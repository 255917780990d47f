//! Purchases over PC/SC with issued payment cards, at a terminal that knows neither the preparation nor the card's code.

use std::time::{Duration, Instant};

use cardwright_data_preparation::{Checked, Date, OrderFields, PersonalizationData, Profile, Standard, check, prepare};
use cardwright_keystore::{KeyKind, Keystore, NewKey, PublishedKeys, Purpose};
use cardwright_lab::payment_terminal::{
    Application, Authentication, AuthorityKey, CryptogramKind, Day, Derivation, Directory, Interface, Issuer,
    IssuerAuthentication, Method, Outcome, PcscLink, Pin, Purchase, Report, Step, Terminal, Verified, Wrong, purchase,
    read,
};
use openssl::sha::sha1;

use crate::file;
use crate::new_card::Recording;
use crate::pcscd::{Inserted, is_beside};
use crate::preparer::Issuer as Preparer;

/// The master keys for cryptograms, for scripts' MACs and for what scripts encipher, which the issuer behind the
/// terminal knows as well.
pub(crate) const MASTERS: [[u8; 16]; 3] = [
    0x2143_6587_A9CB_ED0F_1E2D_3C4B_5A69_7887_u128.to_be_bytes(),
    0x3143_6587_A9CB_ED0F_2E2D_3C4B_5A69_7887_u128.to_be_bytes(),
    0x4143_6587_A9CB_ED0F_3E2D_3C4B_5A69_7887_u128.to_be_bytes(),
];
const READER: &str = "Card Reader 0 00 00";

/// The data of a card by an example profile, whose master keys are ours; their names begin with `masters`.
pub(crate) fn prepared(profile: &str, masters: &str, number: &str) -> Checked<PersonalizationData> {
    let profile = Profile::parse(&file(&format!("profiles/{profile}.toml"))).unwrap();
    let preparer = Preparer::empty();
    for (name, value) in ["ac.1", "smi.1", "smc.1"].iter().zip(&MASTERS) {
        let id = format!("{masters}-{name}").parse().unwrap();
        let new = NewKey { id, kind: KeyKind::Tdes2, purpose: Purpose::Personalize, created: 0 };
        preparer.keystore.import(&new, value, None, PublishedKeys::Refused).unwrap();
    }
    let preparer = preparer.furnish(&profile);
    let mut columns = vec![("name", "Ada Example".to_owned())];
    if !profile.assigns_number() {
        let block = preparer.pin_block(&profile, number, "1234");
        columns.extend([("card_number", number.to_owned()), ("sequence", "1".to_owned()), ("pin_block", block)]);
    }
    let columns = columns.iter().map(|(name, value)| (*name, value.as_str()));
    let fields = OrderFields::read(&profile, columns, None).unwrap();
    let number = profile.assigns_number().then_some(number);
    let today = Date::new(2026, 11, 22).unwrap();
    check(prepare(&profile, &fields, today, &preparer.means(&profile, number)).unwrap()).unwrap()
}

/// The PIN that preparation makes of the first random bytes, which are no secret in tests.
pub(crate) fn generated_pin(random: &[u8], digits: usize) -> String {
    let (numbers, _) = random.as_chunks::<4>();
    numbers[..digits].iter().map(|number| char::from(b'0' + (u32::from_be_bytes(*number) % 10) as u8)).collect()
}

/// A shop with a card in its reader, and the card's issuer behind it.
pub(crate) struct Shop {
    pub(crate) link: PcscLink,
    pub(crate) terminal: Terminal,
    pub(crate) purchase: Purchase,
    pub(crate) issuer: Issuer,
    _inserted: Inserted,
}

impl Shop {
    /// The card is issued on a card of `product`; the shop asks the issuer about everything.
    pub(crate) fn new(data: &Checked<PersonalizationData>, product: &str, derivation: Derivation) -> Self {
        let inserted = Inserted::new(Recording::with(product, data).card.state());
        let link = connect();
        let applications = data.applications.iter().filter(|one| one.standard == Standard::Emv);
        let applications = applications.map(|one| Application { aid: one.instance, partial: false }).collect();
        let authorities = data.certification_keys.iter().map(|key| {
            let checksum = sha1(&[&key.rid[..], &[key.index], &key.modulus, &key.exponent].concat());
            AuthorityKey::new(key.rid, key.index, &key.modulus, &key.exponent, checksum).unwrap()
        });
        let mut terminal = Terminal::new(0x0276, applications, authorities.collect());
        terminal.floor_limit = 0;
        terminal.interface = link.interface().unwrap();
        let purchase = Purchase::new(1_500, 0x0978, Day::new(2026, 11, 24).unwrap(), [0x11, 0x22, 0x33, 0x44]);
        Self { link, terminal, purchase, issuer: Issuer::new(MASTERS[0], derivation), _inserted: inserted }
    }

    pub(crate) fn buy(&mut self) -> Report {
        let bought = purchase(&mut self.link, &self.terminal, &self.purchase, Some(&self.issuer));
        bought.unwrap_or_else(|fault| panic!("{fault}"))
    }
}

/// The daemon sees a card within half a second of its coming.
fn connect() -> PcscLink {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        match PcscLink::connect(READER) {
            Ok(link) => return link,
            Err(failure) => assert!(Instant::now() < end, "{failure}"),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

pub(crate) fn assert_approved_online(report: &Report) {
    assert_eq!(report.outcome, Outcome::ApprovedOnline);
    let online = report.online.as_ref().unwrap();
    assert_eq!(online.authentication, IssuerAuthentication::Succeeded);
    let second = report.second.as_ref().unwrap();
    assert_eq!((report.first.kind, second.kind), (CryptogramKind::Online, CryptogramKind::Approve));
    assert!(report.first.is_checked && second.is_checked, "the issuer computed both again");
}

#[test]
fn a_credit_card_buys_with_cda_its_pin_both_ways_and_its_issuers_proof() {
    if !is_beside("purchases::a_credit_card_buys_with_cda_its_pin_both_ways_and_its_issuers_proof") {
        return;
    }
    let data = prepared("emv-credit", "imk", "4761739001010119");
    let mut shop = Shop::new(&data, "scp03-i70", Derivation::A);
    shop.purchase.pin = Pin::new("1234");
    let report = shop.buy();
    assert_eq!((report.directory, shop.terminal.interface), (Directory::Contact, Interface::Contact));
    assert_eq!(report.authentication, Authentication::Combined);
    assert_eq!(report.verification.verified, Verified::EncipheredPin);
    assert!(report.first.signed_number.is_some());
    assert_approved_online(&report);

    shop.terminal.capabilities[1] &= !0x10; // no enciphered PIN
    let report = shop.buy();
    assert_eq!(report.verification.verified, Verified::PlainPin);
    assert_approved_online(&report);

    shop.terminal.floor_limit = 5_000;
    let report = shop.buy();
    assert_eq!((report.outcome, report.verification_results), (Outcome::ApprovedOffline, [0; 5]));
    assert!(report.first.is_checked && report.first.signed_number.is_some());
}

#[test]
fn a_credit_card_refuses_a_wrong_pin_and_an_issuer_that_lies() {
    if !is_beside("purchases::a_credit_card_refuses_a_wrong_pin_and_an_issuer_that_lies") {
        return;
    }
    let data = prepared("emv-credit", "imk", "4761739001010119");
    let mut shop = Shop::new(&data, "scp03-i70", Derivation::A);
    shop.purchase.pin = Pin::new("9999");
    let before = shop.buy().verification.tries_left.unwrap();
    shop.purchase.pin = Pin::new("1234");
    assert_eq!(shop.buy().verification.tries_left, Some(before), "what a wrong PIN left");

    shop.issuer.method = Method::Two;
    assert_approved_online(&shop.buy());
    shop.issuer.lies = true;
    for method in [Method::One, Method::Two] {
        shop.issuer.method = method;
        let report = shop.buy();
        assert_eq!(report.online.unwrap().authentication, IssuerAuthentication::Failed);
        assert_eq!(report.outcome, Outcome::DeclinedOnline);
    }

    shop.issuer.master_key[0] ^= 0x10;
    let fault = purchase(&mut shop.link, &shop.terminal, &shop.purchase, Some(&shop.issuer)).unwrap_err();
    assert_eq!(fault.step, Step::FirstCryptogram, "the control: another master key");
    assert!(matches!(fault.wrong, Wrong::Cryptogram(_)), "{fault}");
}

#[test]
fn a_debit_card_buys_with_dda_and_the_pin_that_was_made_for_it() {
    if !is_beside("purchases::a_debit_card_buys_with_dda_and_the_pin_that_was_made_for_it") {
        return;
    }
    let data = prepared("emv-debit", "debit-imk", "4761740000000010");
    let random: Vec<u8> = (0..16).map(|at: usize| (at * 37 + 11) as u8).collect();
    let pin = Pin::new(&generated_pin(&random, 4));
    let mut shop = Shop::new(&data, "scp02-i55", Derivation::B);
    shop.purchase.pin.clone_from(&pin);
    shop.issuer.pin = pin;
    let report = shop.buy();
    assert!(matches!(report.authentication, Authentication::Dynamic { .. }));
    assert_eq!(report.verification.verified, Verified::PlainPin);
    assert_approved_online(&report);

    shop.terminal.capabilities[1] = 0x40; // the issuer compares
    let report = shop.buy();
    assert_eq!(report.verification.verified, Verified::OnlinePin);
    assert_approved_online(&report);
}

/// Its record set is a scheme kernel's, with no CDOL: there is nothing to buy with outside that kernel.
#[test]
fn a_contactless_card_is_read_by_its_own_directory() {
    if !is_beside("purchases::a_contactless_card_is_read_by_its_own_directory") {
        return;
    }
    let data = prepared("emv-credit", "imk", "4761739001010119");
    let mut shop = Shop::new(&data, "scp03-i70-contactless", Derivation::A);
    assert_eq!(shop.terminal.interface, Interface::Contactless);
    let reading = read(&mut shop.link, &shop.terminal, &shop.purchase).unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(reading.directory, Directory::Contactless);
    let files: Vec<(u8, u8)> = reading.records.iter().map(|record| (record.file, record.number)).collect();
    assert_eq!(files, [(5, 1)], "and none of those for contacts");
    assert_eq!(reading.data[&0x5A], [0x47, 0x61, 0x73, 0x90, 0x01, 0x01, 0x01, 0x19]);
}
