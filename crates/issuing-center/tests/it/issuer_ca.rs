//! EMV issuers: roots, issuers' keys, certificates made and imported, and what is refused of them.

use cardwright_data_preparation::emv::certificate::IssuerCertificate as Certificate;
use cardwright_data_preparation::emv::rsa::PublicKey;
use cardwright_issuing_center::calendar::month;
use cardwright_issuing_center::issuers::{self, NewIssuer, NewRoot};
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::store::{CertificationKeyRow, IssuerCertificate, Store};
use cardwright_keystore::{KeyId, RsaExponent, RsaSize};
use cardwright_relay::Code;
use sha1::{Digest, Sha1};

use crate::world::World;

const RID: [u8; 5] = [0xF0, 0x45, 0x4D, 0x56, 0x01];

fn size(bits: u16) -> RsaSize {
    RsaSize::new(bits, RsaExponent::Three).unwrap()
}

async fn root(world: &World, index: u8, bits: u16) -> Result<CertificationKeyRow, Refused> {
    let new = NewRoot { rid: RID, index, size: size(bits), expires: month("2035-12").unwrap() };
    issuers::make_root(&world.center, &world.admin, new).await
}

async fn issuer(world: &World, name: &str, bits: u16) {
    let new = NewIssuer { name, size: size(bits), identifier: "492900" };
    issuers::make(&world.center, &world.admin, new).await.unwrap();
}

async fn sign(world: &World, name: &str, index: u8, end: &str) -> Result<IssuerCertificate, Refused> {
    issuers::sign(&world.center, &world.admin, name, (RID, index), month(end).unwrap()).await
}

/// Element and rule of a refused certificate.
fn rule(refused: Refused) -> String {
    assert_eq!(refused.code, Code::CERTIFICATE_REFUSED, "{refused:?}");
    assert_eq!(refused.parameters.len(), 3, "element, rule, remedy");
    format!("{}: {}", refused.parameters[0], refused.parameters[1])
}

#[tokio::test]
async fn a_test_root_certifies_an_issuer_and_the_certificate_reads_as_a_terminal_reads_it() {
    let world = World::new().await;
    let root = root(&world, 0xF1, 1024).await.unwrap();
    issuer(&world, "gold", 1024).await;
    let names = ["gold"];
    let certified = |day| issuers::certified(&*world.center.store, &*world.center.keystore, &names, day);
    assert_eq!(certified(20_000).await.unwrap_err().code, Code::ISSUER_UNKNOWN, "not certified yet");
    sign(&world, "gold", 0xF1, "2030-06").await.unwrap();
    let key = certified(20_000).await.unwrap().remove(0);
    let signer = PublicKey::new(&root.modulus, &root.exponent).unwrap();
    let read = Certificate::recover(&key.certificate, &key.remainder, &key.exponent, signer).unwrap();
    assert_eq!((read.modulus, read.identifier), (key.public.modulus.clone(), [0x49, 0x29, 0x00, 0xFF]));
    assert_eq!(key.remainder.len(), 36, "a key as long as its authority's leaves 36 bytes over");
    assert_eq!(key.expires.to_string(), "2030-06-30");
    assert_eq!(key.certification_key.index, 0xF1);
    // The last day is good, the day after it is not.
    let last = key.expires.day_number();
    assert!(certified(last).await.is_ok());
    assert!(rule(certified(last + 1).await.unwrap_err()).contains("it expired on 2030-06-30"));
}

#[tokio::test]
async fn what_ends_soon_is_told_half_a_year_before() {
    let world = World::new().await;
    root(&world, 0xF1, 1024).await.unwrap();
    issuer(&world, "gold", 1024).await;
    sign(&world, "gold", 0xF1, "2030-06").await.unwrap();
    let last = cardwright_issuing_center::calendar::last_day(month("2030-06").unwrap());
    let told = |day: i64| issuers::ending(&*world.center.store, day * cardwright_issuing_center::calendar::DAY);
    assert!(told(last - issuers::WARN_DAYS).await.unwrap().is_empty());
    let soon = told(last - issuers::WARN_DAYS + 1).await.unwrap();
    assert_eq!(soon, ["the certificate of the issuer key gold ends on 2030-06-30; have it renewed"]);
    assert_eq!(told(last + 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_newer_certificate_takes_the_place_of_the_older_one() {
    let world = World::new().await;
    root(&world, 0xF1, 1024).await.unwrap();
    issuer(&world, "gold", 1024).await;
    assert_eq!(sign(&world, "gold", 0xF1, "2030-06").await.unwrap().number, 1);
    assert_eq!(sign(&world, "gold", 0xF1, "2031-06").await.unwrap().number, 2);
    let issuers = world.center.store.emv_issuers().await.unwrap();
    assert_eq!(issuers[0].certificate.as_ref().unwrap().number, 2);
}

#[tokio::test]
async fn a_root_is_refused_under_a_schemes_rid_or_with_a_key_that_is_too_long() {
    let world = World::new().await;
    let make = |rid, bits, end: &str| {
        let new = NewRoot { rid, index: 1, size: size(bits), expires: month(end).unwrap() };
        issuers::make_root(&world.center, &world.admin, new)
    };
    let scheme = [0xA0, 0, 0, 0, 3];
    assert!(rule(make(scheme, 1024, "2035-12").await.unwrap_err()).contains("schemes register"));
    assert!(rule(make(RID, 1992, "2035-12").await.unwrap_err()).contains("1984 bits at most"));
    assert!(rule(make(RID, 1024, "2020-12").await.unwrap_err()).contains("over already"));
    let new = NewIssuer { name: "gold", size: size(1984), identifier: "492900" };
    let refused = issuers::make(&world.center, &world.admin, new).await.unwrap_err();
    assert!(rule(refused).contains("1976 bits at most"));
    assert!(world.center.store.certification_keys().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_name_or_an_index_that_is_taken_leaves_no_key_behind() {
    let world = World::new().await;
    root(&world, 0xF1, 1024).await.unwrap();
    issuer(&world, "gold", 1024).await;
    let keys = world.center.keystore.list().unwrap();
    assert_eq!(root(&world, 0xF1, 1024).await.unwrap_err().code, Code::NAME_TAKEN);
    let new = NewIssuer { name: "gold", size: size(1024), identifier: "4929" };
    assert_eq!(issuers::make(&world.center, &world.admin, new).await.unwrap_err().code, Code::NAME_TAKEN);
    assert_eq!(world.center.keystore.list().unwrap(), keys);
}

#[tokio::test]
async fn a_certificate_is_refused_by_a_root_that_is_too_short_or_ends_before_it() {
    let world = World::new().await;
    root(&world, 0xF1, 1024).await.unwrap();
    issuer(&world, "gold", 1032).await;
    issuer(&world, "blue", 1024).await;
    let short = rule(sign(&world, "gold", 0xF1, "2030-06").await.unwrap_err());
    assert_eq!(short, "The certification key F0454D5601/F1: it has 1024 bits and the issuer key gold has 1032");
    assert!(rule(sign(&world, "blue", 0xF1, "2036-01").await.unwrap_err()).contains("after the key that signed it"));
    assert!(rule(sign(&world, "blue", 0xF1, "2026-10").await.unwrap_err()).contains("it expired on 2026-10-31"));
    assert!(rule(sign(&world, "blue", 0xF2, "2030-06").await.unwrap_err()).contains("not here"));
    assert_eq!(sign(&world, "grey", 0xF1, "2030-06").await.unwrap_err().code, Code::ISSUER_UNKNOWN);
}

/// A scheme of the test's own, in another keystore, and the file it answers with.
struct Scheme {
    world: World,
    root: CertificationKeyRow,
}

impl Scheme {
    async fn new(bits: u16) -> Self {
        let world = World::new().await;
        let root = root(&world, 0x92, bits).await.unwrap();
        Self { world, root }
    }

    /// Certifies the key of a request.
    fn answer(&self, request: &toml::Table, identifier: [u8; 4], end: &str) -> toml::Table {
        let bytes = |name: &str| hex::decode(request[name].as_str().unwrap()).unwrap();
        let body = Certificate {
            identifier,
            expires: month(end).unwrap(),
            serial: [0, 0, 1],
            modulus: bytes("modulus"),
            exponent: bytes("exponent"),
        };
        let to_be_signed = body.to_be_signed(self.root.modulus.len()).unwrap();
        let key: KeyId = self.root.key.as_ref().unwrap().parse().unwrap();
        let certificate = self.world.center.keystore.rsa_private(&key, &to_be_signed.block).unwrap();
        let CertificationKeyRow { rid, index, modulus, exponent, .. } = &self.root;
        let hash = Sha1::digest([&rid[..], &[*index], modulus, exponent].concat());
        let text = format!(
            "format = 1\n[certification-key]\nrid = \"{}\"\nindex = \"{index:02X}\"\nmodulus = \"{}\"\nexponent = \"{}\"\n\
             sha-1 = \"{}\"\nexpires = \"2035-12\"\n[certificate]\ncertificate = \"{}\"\nremainder = \"{}\"\n\
             exponent = \"{}\"\n",
            hex::encode(rid),
            hex::encode(modulus),
            hex::encode(exponent),
            hex::encode(hash),
            hex::encode(certificate),
            hex::encode(to_be_signed.remainder),
            hex::encode(body.exponent),
        );
        text.parse().unwrap()
    }
}

async fn request(world: &World, name: &str) -> toml::Table {
    let issuer = issuers::named(&*world.center.store, name).await.unwrap();
    let public = world.center.keystore.rsa_public_key(&issuer.key.parse().unwrap()).unwrap();
    issuers::request_text(&issuer, &public).parse().unwrap()
}

async fn import(world: &World, answer: &toml::Table) -> Result<IssuerCertificate, Refused> {
    issuers::import(&world.center, &world.admin, "gold", &answer.to_string()).await
}

const IDENTIFIER: [u8; 4] = [0x49, 0x29, 0x00, 0xFF];

#[tokio::test]
async fn a_schemes_certificate_is_imported_with_the_schemes_key() {
    let (world, scheme) = (World::new().await, Scheme::new(1152).await);
    issuer(&world, "gold", 1024).await;
    let request = request(&world, "gold").await;
    assert_eq!(request["issuer-identifier"].as_str(), Some("492900"));
    let answer = scheme.answer(&request, IDENTIFIER, "2030-06");
    assert_eq!(import(&world, &answer).await.unwrap().number, 1);
    let keys = world.center.store.certification_keys().await.unwrap();
    assert_eq!((keys[0].index, &keys[0].key), (0x92, &None), "the scheme's key is here, without a private half");
    // The next one finds the scheme's key.
    assert_eq!(import(&world, &scheme.answer(&request, IDENTIFIER, "2031-06")).await.unwrap().number, 2);
    let key = issuers::certified(&*world.center.store, &*world.center.keystore, &["gold"], 20_000).await.unwrap();
    assert_eq!(key[0].expires.to_string(), "2031-06-30");
}

#[tokio::test]
async fn every_way_in_which_a_schemes_answer_can_be_wrong_is_told() {
    let (world, scheme) = (World::new().await, Scheme::new(1152).await);
    issuer(&world, "gold", 1024).await;
    issuer(&world, "blue", 1024).await;
    let request = request(&world, "gold").await;
    let right = scheme.answer(&request, IDENTIFIER, "2030-06");
    let changed = |section: &str, key: &str, value: &str| {
        let mut answer = right.clone();
        answer[section].as_table_mut().unwrap().insert(key.to_owned(), value.into());
        answer
    };
    let flipped = |section: &str, key: &str| {
        let mut bytes = hex::decode(right[section][key].as_str().unwrap()).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        changed(section, key, &hex::encode(bytes))
    };
    let other_key = scheme.answer(&self::request(&world, "blue").await, IDENTIFIER, "2030-06");
    let cases = [
        (changed("certification-key", "rid", "F0"), "certification-key.rid must have 5 bytes"),
        (changed("certification-key", "expires", "June"), "a month is written YYYY-MM"),
        (changed("certification-key", "colour", "red"), "unknown field"),
        (changed("certificate", "certificate", "xyz"), "is not hexadecimal"),
        (flipped("certification-key", "sha-1"), "its SHA-1 is not that of"),
        (flipped("certification-key", "modulus"), "its SHA-1 is not that of"),
        (flipped("certificate", "certificate"), "another key signed it"),
        (changed("certificate", "remainder", ""), "the hash is that of other data"),
        (changed("certificate", "exponent", "010001"), "the hash is that of other data"),
        (other_key, "it is over another key"),
        (scheme.answer(&request, [0x51, 0x00, 0x00, 0xFF], "2030-06"), "identifier 510000, not 492900"),
        (scheme.answer(&request, IDENTIFIER, "2026-10"), "it expired on 2026-10-31"),
        (scheme.answer(&request, IDENTIFIER, "2036-01"), "after the key that signed it"),
    ];
    for (answer, expected) in cases {
        let refused = import(&world, &answer).await.unwrap_err();
        let told = rule(refused);
        assert!(told.contains(expected), "{told}: {expected}");
    }
    assert!(world.center.store.certification_keys().await.unwrap().is_empty(), "nothing of them was kept");
    assert!(import(&world, &right).await.is_ok(), "the control: unchanged it is taken");
    // Another key under the RID and index that are known now.
    let other = Scheme::new(1152).await.answer(&request, IDENTIFIER, "2030-06");
    assert!(rule(import(&world, &other).await.unwrap_err()).contains("another key is here"));
}

#[tokio::test]
async fn a_schemes_key_shorter_than_the_issuers_is_refused() {
    let (world, scheme) = (World::new().await, Scheme::new(1024).await);
    issuer(&world, "gold", 1032).await;
    let answer = scheme.answer(&request(&world, "gold").await, IDENTIFIER, "2030-06");
    assert!(
        rule(import(&world, &answer).await.unwrap_err()).contains("it has 1024 bits and the issuer key gold has 1032")
    );
}
