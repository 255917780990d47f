//! Employees' cards: their certificates' authority is one that is good, and each serial number is written down.

use std::collections::BTreeSet;

use cardwright_data_preparation::Profile;
use cardwright_data_preparation::emv::Pan;
use cardwright_data_preparation::emv::pin_block::{Pin, PinBlockFormat};
use cardwright_issuing_center::intake::{self, Columns};
use cardwright_issuing_center::piv_authority::{self, NewAuthority, Subject};
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::registry::document;
use cardwright_issuing_center::registry::key::{self, KeyUse};
use cardwright_issuing_center::sealing;
use cardwright_issuing_center::store::Store;
use cardwright_keystore::{BlockMechanism, Enciphering, KeyId, KeyKind, KeyRef};
use cardwright_relay::Code;
use zeroize::Zeroizing;

use crate::world::World;

const EMPLOYEE: &str = include_str!("../../../../profiles/piv-employee.toml");
const BADGE: &str = "100000000008";

/// A JPEG's frame of 240 by 320 points, and a few bytes of picture.
pub(crate) fn photo() -> Vec<u8> {
    let frame = [0xFF, 0xC0, 0x00, 0x0B, 0x08, 0x01, 0x40, 0x00, 0xF0, 0x01, 0x01, 0x11, 0x00];
    [&[0xFF, 0xD8][..], &frame, &[0xFF, 0xDA, 0x00, 0x02], &[0x55; 900]].concat()
}

async fn personnel() -> World {
    let world = World::new().await;
    let (center, admin) = (&world.center, &world.admin);
    for (name, kind, key_use) in
        [("zone/personnel", KeyKind::Tdes2, KeyUse::Zone), ("piv-admin", KeyKind::Aes256, KeyUse::Application)]
    {
        key::generate(center, admin, name, kind, key_use).await.unwrap();
    }
    document::import_profile(&*center.store, center.now(), admin, EMPLOYEE).await.unwrap();
    world
}

async fn authority(world: &World, name: &str, subject: &str) {
    authority_for(world, name, subject, 3_650).await;
}

async fn authority_for(world: &World, name: &str, subject: &str, days: u32) {
    let subject: Subject = subject.parse().unwrap();
    let new = NewAuthority { name, subject: &subject, bits: 2048, own_days: Some(days) };
    piv_authority::make(&world.center, &world.admin, new).await.unwrap();
}

fn block(world: &World, digits: &str) -> String {
    let pan = Pan::new(BADGE.as_bytes()).unwrap();
    let clear = Pin::new(digits.as_bytes()).unwrap().write(PinBlockFormat::Zero, &pan, None).unwrap();
    let under = KeyRef::Named(KeyId::new("zone/personnel", 1).unwrap());
    let item = Enciphering { under: &under, mechanism: BlockMechanism::TdesEcb, data: &*clear };
    hex::encode_upper(world.center.keystore.encipher(&item).unwrap())
}

/// The PIN in a letter's block, as who prints it opens it: without the card number.
fn opened(world: &World, block: &str) -> Pin {
    let (under, data) = (KeyRef::Named(KeyId::new("zone/personnel", 1).unwrap()), hex::decode(block).unwrap());
    let item = Enciphering { under: &under, mechanism: BlockMechanism::TdesEcb, data: &data };
    let clear = world.center.keystore.decipher(&item).unwrap();
    let nobodys = Pan::new(b"4761739001010119").unwrap();
    Pin::read(PinBlockFormat::One, clear.expose().try_into().unwrap(), &nobodys).unwrap()
}

async fn order(world: &World) -> cardwright_issuance::row::Order {
    let profile = Profile::parse(EMPLOYEE).unwrap();
    let fields: BTreeSet<_> = profile.fields().iter().map(|field| field.name.clone()).collect();
    let columns = Columns { fields, photos: ["photo".to_owned()].into() };
    let (pin, puk) = (block(world, "123456"), block(world, "12345678"));
    let text = format!(
        "reference,base,profile,kind,customer,taken_by,badge,name,email,photo,pin_block,puk_block\n\
         E-1,north,piv-employee,new,ACME,Tom,{BADGE},Joan Doe,zoe@example.org,face.jpg,{pin},{puk}\n"
    );
    let find = |_: &str| Ok(Zeroizing::new(photo()));
    let received = intake::receive_file(&world.center, &world.entry, text.as_bytes(), &columns, &find).await.unwrap();
    world.center.store.commit(received.commit).await.unwrap();
    received.orders.into_iter().next().unwrap()
}

async fn approve(world: &World) -> Result<(), Refused> {
    intake::approve(&world.center, &world.approver, &["E-1".to_owned()]).await.map(drop)
}

#[tokio::test]
async fn every_certificate_of_a_card_has_its_serial_number_written_down() {
    let world = personnel().await;
    authority(&world, "piv-authority", "C=XX, O=Example City, CN=Example City Employees CA").await;
    let order = order(&world).await;
    approve(&world).await.unwrap();
    let rows = world.center.store.card_certificates("piv-authority").await.unwrap();
    let slots: BTreeSet<u8> = rows.iter().map(|row| row.slot).collect();
    assert_eq!(slots, [0x9A, 0x9C, 0x9D, 0x9E].into());
    assert!(rows.iter().all(|row| row.order == order.id && row.serial.len() <= 20));
    let data = sealing::open_prepared(&world.center, order.id).await.unwrap();
    for key in &data.applications[0].piv.as_ref().unwrap().keys {
        let row = rows.iter().find(|row| row.slot == key.slot).unwrap();
        let before = &key.certificate.before;
        assert!(before.windows(row.serial.len()).any(|window| window == row.serial), "{:02X}", key.slot);
        assert_eq!(key.certificate.authority, "piv-authority.1");
    }
    // Prepared again, the certificates get other numbers, and the former ones stay written down.
    intake::prepare_again(&world.center, &world.approver, &["E-1".to_owned()]).await.unwrap();
    let rows = world.center.store.card_certificates("piv-authority").await.unwrap();
    assert_eq!(rows.iter().map(|row| row.serial.clone()).collect::<BTreeSet<_>>().len(), 8);
}

#[tokio::test]
async fn an_authority_that_is_missing_or_is_called_otherwise_is_told() {
    let world = personnel().await;
    order(&world).await;
    let refused = approve(&world).await.unwrap_err();
    assert_eq!((refused.code, refused.parameters), (Code::KEY_UNKNOWN, vec!["piv-authority.1".to_owned()]));
    authority(&world, "piv-authority", "CN=Others").await;
    let refused = approve(&world).await.unwrap_err();
    assert_eq!((refused.code, refused.parameters[0].as_str()), (Code::DATA_REFUSED, "authority"));
    assert!(refused.parameters[1].contains("CN=Others"), "{refused:?}");
    assert_eq!(world.center.store.card_certificates("piv-authority").await.unwrap(), []);
}

#[tokio::test]
async fn a_card_that_outlives_its_authority_is_refused() {
    for (days, is_refused) in [(400, true), (365 * 3 + 30, false)] {
        let world = personnel().await;
        authority_for(&world, "piv-authority", "C=XX, O=Example City, CN=Example City Employees CA", days).await;
        order(&world).await;
        let approved = approve(&world).await;
        assert_eq!(approved.is_err(), is_refused, "{days} days");
        let Err(refused) = approved else { continue };
        assert_eq!((refused.code, refused.parameters[0].as_str()), (Code::DATA_REFUSED, "authority"));
        assert!(refused.parameters[1].contains(" ends on 20"), "{refused:?}");
    }
}

/// The employee's profile with PIN and PUK of the center's own.
fn generating() -> String {
    let (before, rest) = EMPLOYEE.split_once("# PIN and PUK come as blocks").unwrap();
    let (_, rest) =
        rest.split_once("# ---------------------------------------------------------------- the app").unwrap();
    let pin =
        "[pin]\nsource = \"generated\"\ndigits = 6\nmailer-key = \"zone/personnel.1\"\nformat = \"iso-9564-1\"\n\n#";
    let rest = rest.replace("source = \"order\"\nfield = \"pin_block\"", "source = \"generated\"");
    let rest = rest.replace("source = \"order\"\nfield = \"puk_block\"", "source = \"generated\"");
    format!("{before}{pin}{rest}").replace("version = 1", "version = 2")
}

#[tokio::test]
async fn a_generated_pin_and_its_puk_go_to_the_mailer_and_stay_what_they_are_when_the_card_is_prepared_again() {
    let world = personnel().await;
    authority(&world, "piv-authority", "C=XX, O=Example City, CN=Example City Employees CA").await;
    let (center, admin) = (&world.center, &world.admin);
    document::import_profile(&*center.store, center.now(), admin, &generating()).await.unwrap();
    let columns = Columns {
        fields: ["badge", "name", "email", "photo"].map(str::to_owned).into(),
        photos: ["photo".to_owned()].into(),
    };
    let text = format!(
        "reference,base,profile,kind,customer,taken_by,badge,name,email,photo\n\
         E-1,north,piv-employee,new,ACME,Tom,{BADGE},Zoë Doe,zoe@example.org,face.jpg\n"
    );
    let find = |_: &str| Ok(Zeroizing::new(photo()));
    let received = intake::receive_file(center, &world.entry, text.as_bytes(), &columns, &find).await.unwrap();
    let order = received.orders[0].id;
    center.store.commit(received.commit).await.unwrap();
    approve(&world).await.unwrap();
    let references = async || {
        let data = sealing::open_prepared(center, order).await.unwrap();
        let of = data.applications[0].piv.as_ref().unwrap().references.iter();
        of.filter(|one| one.reference != 0x9B).map(|one| one.value.clone()).collect::<Vec<_>>()
    };
    let before = references().await;
    assert!(before[0].ends_with(b"\xFF\xFF") && before[1].iter().all(u8::is_ascii_digit), "PIN of 6, PUK of 8");
    let letters = intake::letters(center, admin, "zone/personnel").await.unwrap();
    let mut lines = letters.text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let (header, letter) = (lines.next().unwrap(), lines.next().unwrap());
    let column = |name: &str| letter[header.iter().position(|known| *known == name).unwrap()];
    let digits = |value: &[u8]| {
        value.iter().take_while(|digit| digit.is_ascii_digit()).map(|digit| char::from(*digit)).collect::<String>()
    };
    for (name, value) in ["block", "puk_block"].iter().zip(&before) {
        let pin = Pin::new(digits(value).as_bytes()).unwrap();
        assert_eq!(*opened(&world, column(name)).for_the_card(), *pin.for_the_card(), "{name}");
    }
    intake::prepare_again(center, &world.approver, &["E-1".to_owned()]).await.unwrap();
    assert_eq!(references().await, before, "the letter may be on its way");
}

/// Takes a change of the card of E-1: the columns of its fields, and the row from `kind` on.
async fn change(world: &World, fields: &str, row: &str) -> cardwright_issuance::row::Order {
    let profile = Profile::parse(EMPLOYEE).unwrap();
    let all: BTreeSet<_> = profile.fields().iter().map(|field| field.name.clone()).collect();
    let columns = Columns { fields: all, photos: ["photo".to_owned()].into() };
    let text = format!("reference,base,profile,card,kind,customer,taken_by,{fields}\nE-2,north,,E-1,{row}\n");
    let find = |_: &str| Ok(Zeroizing::new(photo()));
    let received = intake::receive_file(&world.center, &world.entry, text.as_bytes(), &columns, &find).await.unwrap();
    world.center.store.commit(received.commit).await.unwrap();
    world.approve(&["E-2"]).await.unwrap();
    received.orders.into_iter().next().unwrap()
}

async fn employed() -> World {
    let world = personnel().await;
    authority(&world, "piv-authority", "C=XX, O=Example City, CN=Example City Employees CA").await;
    let order = order(&world).await;
    approve(&world).await.unwrap();
    world.issue(&order, EMPLOYEE).await;
    world
}

#[tokio::test]
async fn changed_personal_data_has_new_certificates_with_serial_numbers_of_their_own_and_no_pin() {
    let world = employed().await;
    let row = format!("personal-data,ACME,Tom,{BADGE},Joan Newname,zoe@example.org,face.jpg");
    let order = change(&world, "badge,name,email,photo", &row).await;
    let data = sealing::open_prepared(&world.center, order.id).await.unwrap();
    let piv = data.applications[0].piv.as_ref().unwrap();
    assert!(!piv.keys.is_empty() && piv.references.is_empty());
    let rows = world.center.store.card_certificates("piv-authority").await.unwrap();
    assert_eq!(rows.iter().filter(|row| row.order == order.id).count(), piv.keys.len());
    assert_eq!(rows.iter().map(|row| row.serial.clone()).collect::<BTreeSet<_>>().len(), rows.len());
}

#[tokio::test]
async fn a_changed_pin_of_an_employee_takes_no_certificate_and_leaves_the_puk() {
    let world = employed().await;
    let before = world.center.store.card_certificates("piv-authority").await.unwrap();
    let order = change(&world, "pin_block,badge", &format!("pin,ACME,Tom,{},{BADGE}", block(&world, "654321"))).await;
    let data = sealing::open_prepared(&world.center, order.id).await.unwrap();
    let piv = data.applications[0].piv.as_ref().unwrap();
    assert_eq!(piv.references.iter().map(|one| one.reference).collect::<Vec<_>>(), [0x80]);
    assert!(piv.keys.is_empty() && piv.objects.is_empty());
    assert_eq!(world.center.store.card_certificates("piv-authority").await.unwrap(), before);
}
