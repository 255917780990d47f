//! An employee's card: what is prepared of the example profile, certified as the center does when the card has made its
//! keys, and read by x509-parser.

use cardwright_data_preparation::{Checked, Error, OrderFields, PersonalizationData, PivKey, Profile, check, prepare};
use cardwright_keystore::{
    BlockMechanism, Enciphering, KeyKind, KeyRef, Keystore, NewKey, Public, Purpose, RsaExponent, RsaSize,
};
use sha2::{Digest, Sha256};
use x509_parser::prelude::*;

use crate::issuer::Issuer;

const BADGE: &str = "100000000008";

/// What stands before a SHA-256 in a signature (RFC 8017 §9.2 note 1).
const DIGEST_INFO: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

fn profile() -> Profile {
    Profile::parse(include_str!("../../../../profiles/piv-employee.toml")).unwrap()
}

/// A JPEG's frame of 240 by 320 points, and a few bytes of picture.
pub(crate) fn photo() -> Vec<u8> {
    let frame = [0xFF, 0xC0, 0x00, 0x0B, 0x08, 0x01, 0x40, 0x00, 0xF0, 0x01, 0x01, 0x11, 0x00];
    [&[0xFF, 0xD8][..], &frame, &[0xFF, 0xDA, 0x00, 0x02], &[0x55; 900]].concat()
}

fn prepared(issuer: &Issuer, name: &str, email: &str, photo: &[u8]) -> Result<Checked<PersonalizationData>, Error> {
    let profile = profile();
    let (pin, puk) = (issuer.pin_block(&profile, BADGE, "246810"), issuer.pin_block(&profile, BADGE, "13579135"));
    let columns = [("badge", BADGE), ("name", name), ("email", email), ("pin_block", &*pin), ("puk_block", &*puk)];
    let fields = OrderFields::read(&profile, columns, Some(photo))?;
    check(prepare(&profile, &fields, "2026-11-24".parse().unwrap(), &issuer.means(&profile, None))?)
}

/// SubjectPublicKeyInfo of a key as cards make it.
fn public_key(issuer: &Issuer, key: &PivKey) -> Vec<u8> {
    let (kind, purpose) = match key.algorithm {
        0x07 => (KeyKind::Rsa(RsaSize::new(2048, RsaExponent::F4).unwrap()), Purpose::RsaSign),
        _ => (KeyKind::P256, Purpose::Sign),
    };
    let id = format!("card-{:02x}.1", key.slot).parse().unwrap();
    match issuer.keystore.generate(&NewKey { id, kind, purpose, created: 0 }).unwrap().public {
        Public::Key(der) => der,
        _ => panic!("an asymmetric key has a public part"),
    }
}

/// The certificate, signed by the authority that its template names.
fn certified(issuer: &Issuer, key: &PivKey) -> Vec<u8> {
    let to_be_signed = key.certificate.to_be_signed(&public_key(issuer, key));
    let digest = [&DIGEST_INFO[..], &Sha256::digest(&to_be_signed)].concat();
    let mut block = vec![0xFF; 256];
    (block[0], block[1]) = (0x00, 0x01);
    block[255 - digest.len()] = 0x00;
    block[256 - digest.len()..].copy_from_slice(&digest);
    let signature = issuer.keystore.rsa_private(&key.certificate.authority.parse().unwrap(), &block).unwrap();
    let algorithm = [0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B, 0x05, 0x00];
    let body = [&to_be_signed[..], &algorithm, &[0x03, 0x82, 0x01, 0x01, 0x00], &signature].concat();
    [&[0x30, 0x82][..], &(body.len() as u16).to_be_bytes(), &body].concat()
}

fn authority_key(issuer: &Issuer) -> Vec<u8> {
    let known = issuer.keystore.list().unwrap().into_iter().find(|key| key.id.to_string() == "piv-authority.1");
    match known.unwrap().public {
        Public::Key(der) => der,
        _ => panic!("an RSA key has a public part"),
    }
}

#[test]
fn an_employees_card_is_prepared_and_its_certificates_are_read_by_strangers() {
    let issuer = Issuer::of(&profile());
    let card = prepared(&issuer, "Joan Doe", "joan.doe@example.org", &photo()).unwrap();
    let content = card.applications[0].piv.as_ref().unwrap();
    let tags: Vec<u32> = content.objects.iter().map(|object| object.tag).collect();
    assert_eq!(tags, [0x5F_C1_02, 0x5F_C1_07, 0x5F_C1_09, 0x5F_C1_08, 0x7E]);
    assert_eq!(card.masked_number, "********0008");
    let values: Vec<(u8, usize)> = content.references.iter().map(|one| (one.reference, one.value.len())).collect();
    assert_eq!(values, [(0x80, 8), (0x81, 8), (0x9B, 32)]);
    assert_eq!(content.references[0].value, b"246810\xFF\xFF");

    let authority = authority_key(&issuer);
    let (_, authority) = SubjectPublicKeyInfo::from_der(&authority).unwrap();
    let mut serials = Vec::new();
    for key in &content.keys {
        let certificate = certified(&issuer, key);
        assert!(certificate.len() <= 1_856, "slot {:02X}: {} bytes", key.slot, certificate.len());
        let (rest, read) = X509Certificate::from_der(&certificate).unwrap();
        assert!(rest.is_empty() && read.verify_signature(Some(&authority)).is_ok());
        assert_eq!(read.version(), X509Version::V3);
        assert_eq!(read.issuer().to_string(), "C=XX, O=Example City, CN=Example City Employees CA");
        assert_eq!(read.validity().not_before.to_string(), "Nov 24 00:00:00 2026 +00:00");
        assert_eq!(read.validity().not_after.to_string(), "Nov 24 23:59:59 2029 +00:00");
        assert_extensions(key.slot, &read, &authority);
        serials.push(read.tbs_certificate.raw_serial().to_vec());
    }
    serials.sort();
    serials.dedup();
    assert_eq!(serials.len(), 4, "every certificate has a serial number of its own");
}

fn assert_extensions(slot: u8, read: &X509Certificate<'_>, authority: &SubjectPublicKeyInfo<'_>) {
    let usage = read.key_usage().unwrap().unwrap();
    assert!(usage.critical);
    let expected = match slot {
        0x9C => (true, true, false),
        0x9D => (false, false, true),
        _ => (true, false, false),
    };
    let value = usage.value;
    assert_eq!((value.digital_signature(), value.non_repudiation(), value.key_encipherment()), expected, "{slot:02X}");
    assert!(!read.is_ca() && read.basic_constraints().unwrap().unwrap().critical);
    let names = &read.subject_alternative_name().unwrap().unwrap().value.general_names;
    let has_uuid = names.iter().any(|name| matches!(name, GeneralName::URI(uri) if uri.starts_with("urn:uuid:")));
    let has_email = names.contains(&GeneralName::RFC822Name("joan.doe@example.org"));
    assert_eq!((has_uuid, has_email), (matches!(slot, 0x9A | 0x9E), slot != 0x9E), "{slot:02X}");
    let own = sha1::Sha1::digest(&authority.subject_public_key.data);
    let named = read.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(identifier) => identifier.key_identifier.as_ref().map(|id| id.0),
        _ => None,
    });
    assert_eq!(named, Some(&own[..]));
}

#[test]
fn the_same_order_gives_the_same_card() {
    let issuer = Issuer::of(&profile());
    let one = prepared(&issuer, "Joan Doe", "joan.doe@example.org", &photo()).unwrap();
    let other = prepared(&issuer, "Joan Doe", "joan.doe@example.org", &photo()).unwrap();
    assert_eq!(one.digest(), other.digest());
    let digest = *one.digest();
    assert!(Checked::reopen(&one.to_bytes(), &digest).is_ok());
}

/// The field and the code of the one fault of an order, and what is said of it.
fn fault(profile: &Profile, name: &str, email: &str, photo: &[u8]) -> (String, &'static str, String) {
    let block = "0123456789ABCDEF";
    let columns = [("badge", BADGE), ("name", name), ("email", email), ("pin_block", block), ("puk_block", block)];
    let Err(Error::Order(faults)) = OrderFields::read(profile, columns, Some(photo)) else { panic!("no fault") };
    assert_eq!(faults.len(), 1, "{faults:?}");
    (faults[0].field.clone(), faults[0].rule.code(), faults[0].to_string())
}

#[test]
fn what_does_not_fit_the_card_is_refused_when_the_order_is_read() {
    let profile = profile();
    let png = [b"\x89PNG\r\n\x1A\n".to_vec(), vec![0; 100]].concat();
    let (field, code, said) = fault(&profile, "Joan Doe", "joan.doe@example.org", &png);
    assert_eq!((field.as_str(), code), ("photo", "image"));
    assert!(said.contains("save the image as JPEG"), "{said}");
    let (field, code, said) = fault(&profile, "Joan Doe", "no-address", &photo());
    assert_eq!((field.as_str(), code), ("email", "characters"));
    assert!(said.contains("name@host"), "{said}");
    let text = include_str!("../../../../profiles/piv-employee.toml");
    let affiliated = text.replacen("affiliation = \"Example City\"", "affiliation = \"{name}\"", 1);
    let affiliated = Profile::parse(&affiliated).unwrap();
    let (field, code, said) = fault(&affiliated, &"J".repeat(21), "joan.doe@example.org", &photo());
    assert_eq!((field.as_str(), code), ("name", "length"));
    assert!(said.contains("21 characters") && said.contains("takes 20"), "{said}");
}

#[test]
fn a_name_that_is_not_ascii_is_transliterated_where_the_profile_says_so_and_else_refused_by_position() {
    let issuer = Issuer::of(&profile());
    let card = prepared(&issuer, "Zoë Müller", "zoe@example.org", &photo()).unwrap();
    let content = card.applications[0].piv.as_ref().unwrap();
    let printed = content.objects.iter().find(|object| object.tag == 0x5F_C1_09).unwrap();
    assert!(printed.value.starts_with(b"\x01\x0BZOE MUELLER\x02\x0CExample City"));
    let certificate = certified(&issuer, &content.keys[0]);
    let (_, read) = X509Certificate::from_der(&certificate).unwrap();
    assert!(read.subject().to_string().contains("CN=Zoë Müller"), "{}", read.subject());
    let (field, code, said) = fault(&profile(), "Zoë 山田", "zoe@example.org", &photo());
    assert_eq!((field.as_str(), code), ("name", "transliteration"));
    assert!(said.contains("character 5") && said.contains("ask the holder"), "{said}");

    let plain = include_str!("../../../../profiles/piv-employee.toml").replacen("transliterate = true", "", 1);
    let plain = Profile::parse(&plain).unwrap();
    let (field, code, said) = fault(&plain, "Zoë Müller", "zoe@example.org", &photo());
    assert_eq!((field.as_str(), code), ("name", "characters"));
    assert!(said.contains("character 3 is not ASCII") && said.contains("5FC109"), "{said}");
    assert!(!said.contains("Zo") && !said.contains("ë"), "no value: {said}");
}

#[test]
fn a_constant_that_printed_information_cannot_take_is_refused_in_the_profile() {
    let text = include_str!("../../../../profiles/piv-employee.toml");
    for wrong in ["Exämple City", "The City of Example, Country"] {
        let changed = text.replacen("affiliation = \"Example City\"", &format!("affiliation = \"{wrong}\""), 1);
        let Err(Error::Profile(faults)) = Profile::parse(&changed) else { panic!("{wrong}") };
        let line = text.lines().position(|line| line.starts_with("affiliation")).unwrap() + 1;
        assert_eq!((faults.len(), faults[0].line, faults[0].kind.code()), (1, line, "encoding"), "{}", faults[0]);
    }
}

/// The employee's profile with PIN and PUK of the center's own.
fn generating() -> Profile {
    let text = include_str!("../../../../profiles/piv-employee.toml");
    let (before, rest) = text.split_once("[[field]]\nname = \"photo\"").unwrap();
    let (photo, rest) = rest.split_once("# PIN and PUK come as blocks").unwrap();
    let (_, rest) =
        rest.split_once("# ---------------------------------------------------------------- the app").unwrap();
    let pin = "[pin]\nsource = \"generated\"\ndigits = 6\nmailer-key = \"zone/mailer.1\"\nformat = \"iso-9564-1\"\n\n#";
    let rest = rest.replace("source = \"order\"\nfield = \"pin_block\"", "source = \"generated\"");
    let rest = rest.replace("source = \"order\"\nfield = \"puk_block\"", "source = \"generated\"");
    Profile::parse(&format!("{before}[[field]]\nname = \"photo\"{photo}{pin}{rest}")).unwrap()
}

#[test]
fn a_generated_pin_brings_a_generated_puk_and_both_go_to_the_mailer() {
    let profile = generating();
    let issuer = Issuer::of(&profile);
    let photo = photo();
    let columns = [("badge", BADGE), ("name", "Joan"), ("email", "joan@example.org")];
    let fields = OrderFields::read(&profile, columns, Some(&photo)).unwrap();
    let means = issuer.means(&profile, None);
    let made = prepare(&profile, &fields, "2026-11-24".parse().unwrap(), &means).unwrap();
    let mailer = made.pin_for_mailer().unwrap().clone();
    let card = check(made).unwrap();
    let references = &card.applications[0].piv.as_ref().unwrap().references;
    let under = KeyRef::Named(mailer.under);
    let opened = |block: &[u8]| {
        let item = Enciphering { under: &under, mechanism: BlockMechanism::TdesEcb, data: block };
        let clear = issuer.keystore.decipher(&item).unwrap();
        // Format 1: 1, how many digits, the digits, filling.
        let half_bytes = hex::encode(clear.expose());
        assert!(half_bytes.starts_with('1'));
        let length = half_bytes[1..2].parse::<usize>().unwrap();
        half_bytes.as_bytes()[2..2 + length].to_vec()
    };
    let on_card = |reference: u8| &references.iter().find(|one| one.reference == reference).unwrap().value;
    let (pin, puk) = (opened(&mailer.block), opened(mailer.puk_block.as_ref().unwrap()));
    assert_eq!((pin.len(), puk.len()), (6, 8));
    assert_eq!(on_card(0x80)[..], [&pin[..], b"\xFF\xFF"].concat());
    assert_eq!(on_card(0x81)[..], puk);
}

#[test]
fn a_puk_of_another_length_than_eight_is_told_as_one() {
    let issuer = Issuer::of(&profile());
    let profile = profile();
    let (pin, puk) = (issuer.pin_block(&profile, BADGE, "246810"), issuer.pin_block(&profile, BADGE, "1357913"));
    let email = "joan@example.org";
    let columns = [("badge", BADGE), ("name", "Joan"), ("email", email), ("pin_block", &*pin), ("puk_block", &*puk)];
    let fields = OrderFields::read(&profile, columns, Some(&photo())).unwrap();
    let error = prepare(&profile, &fields, "2026-11-24".parse().unwrap(), &issuer.means(&profile, None)).err();
    let said = error.unwrap().to_string();
    assert!(said.starts_with("puk_block: ") && said.contains("PUKs of 8"), "{said}");
}

#[test]
fn a_profile_may_add_the_logon_name_and_policies() {
    let text = include_str!("../../../../profiles/piv-employee.toml");
    let with = |policy: &str| {
        let added = format!("email = \"{{email}}\"\nprincipal = \"{{email}}\"\npolicies = [\"{policy}\"]\n");
        Profile::parse(&text.replacen("email = \"{email}\"\n", &added, 1))
    };
    let profile = with("2.16.840.1.101.3.2.1.3.13").unwrap();
    let issuer = Issuer::of(&profile);
    let (pin, puk) = (issuer.pin_block(&profile, BADGE, "246810"), issuer.pin_block(&profile, BADGE, "13579135"));
    let photo = photo();
    let email = "joan.doe@example.org";
    let columns = [("badge", BADGE), ("name", "Joan"), ("email", email), ("pin_block", &*pin), ("puk_block", &*puk)];
    let fields = OrderFields::read(&profile, columns, Some(&photo)).unwrap();
    let means = issuer.means(&profile, None);
    let card = check(prepare(&profile, &fields, "2026-11-24".parse().unwrap(), &means).unwrap()).unwrap();
    let key = &card.applications[0].piv.as_ref().unwrap().keys[0];
    let certificate = certified(&issuer, key);
    let (_, read) = X509Certificate::from_der(&certificate).unwrap();
    let names = &read.subject_alternative_name().unwrap().unwrap().value.general_names;
    let logon = names.iter().any(|name| match name {
        GeneralName::OtherName(identifier, value) => {
            identifier.to_id_string() == "1.3.6.1.4.1.311.20.2.3" && value.ends_with(email.as_bytes())
        }
        _ => false,
    });
    let policies = read.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::CertificatePolicies(policies) => Some(policies.iter().map(|one| one.policy_id.to_id_string())),
        _ => None,
    });
    assert!(logon && policies.unwrap().eq(["2.16.840.1.101.3.2.1.3.13"]));
    let Err(Error::Profile(faults)) = with("1.2.x") else { panic!("1.2.x is no object identifier") };
    assert!(faults[0].to_string().contains("`1.2.x` is no object identifier"), "{}", faults[0]);
}

#[test]
fn a_face_that_covers_the_contacts_is_refused_where_it_stands() {
    let text = include_str!("../../../../profiles/piv-employee.toml");
    let Err(Error::Profile(faults)) = Profile::parse(&text.replacen("left = 5700", "left = 500", 1)) else {
        panic!("a photo over the contacts")
    };
    assert_eq!(faults.len(), 1);
    assert!(faults[0].to_string().contains("contacts"), "{}", faults[0]);
}
