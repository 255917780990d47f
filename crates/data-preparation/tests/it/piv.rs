//! An employee's card: what is prepared of the example profile, certified as the center does when the card has made its
//! keys, and read by x509-parser.

use cardwright_data_preparation::{Checked, Error, OrderFields, PersonalizationData, PivKey, Profile, check, prepare};
use cardwright_keystore::{KeyKind, Keystore, NewKey, Public, Purpose, RsaExponent, RsaSize};
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
fn photo() -> Vec<u8> {
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

#[test]
fn what_does_not_fit_is_refused_with_element_and_remedy() {
    let issuer = Issuer::of(&profile());
    let refused = |name: &str, email: &str, photo: &[u8]| {
        prepared(&issuer, name, email, photo).map(drop).unwrap_err().to_string()
    };
    let png = [b"\x89PNG\r\n\x1A\n".to_vec(), vec![0; 100]].concat();
    let said = refused("Joan Doe", "joan.doe@example.org", &png);
    assert!(said.contains("5FC108") && said.contains("save the image as JPEG"), "{said}");
    let said = refused("Joan Doe", "no-address", &photo());
    assert!(said.contains("e-mail address") && said.contains("correct the field"), "{said}");
    let said = refused("Zo\u{eb} Doe", "joan.doe@example.org", &photo());
    assert!(said.contains("name (01)") && said.contains("ascii"), "{said}");
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
