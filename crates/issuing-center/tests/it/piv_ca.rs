//! Authorities of PIV cards: their own certificates and those from outside, verified by another program.

use std::process::Command;

use cardwright_issuing_center::piv_authority::{self, NewAuthority, Subject};
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::store::{PivAuthority, Store};
use cardwright_relay::Code;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData,
};
use rustls::pki_types::CertificateSigningRequestDer;

use crate::world::World;

fn subject() -> Subject {
    "C=XX, O=Example City, CN=Employees".parse().unwrap()
}

async fn make(world: &World, name: &str, own_days: Option<u32>) -> Result<PivAuthority, Refused> {
    let subject = subject();
    let new = NewAuthority { name, subject: &subject, bits: 2048, own_days };
    piv_authority::make(&world.center, &world.admin, new).await
}

fn openssl(directory: &std::path::Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new("openssl").current_dir(directory).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[tokio::test]
async fn an_authority_of_the_centers_own_is_one_that_others_accept() {
    let world = World::new().await;
    let authority = make(&world, "staff", Some(3_650)).await.unwrap();
    assert_eq!(authority.key, "staff.1");
    let directory = tempfile::tempdir().unwrap();
    let pem = piv_authority::export(&*world.center.store, "staff").await.unwrap();
    std::fs::write(directory.path().join("staff.pem"), pem).unwrap();
    let verify = ["verify", "-attime", "1795000001", "-check_ss_sig", "-CAfile", "staff.pem", "staff.pem"];
    let (verified, told) = openssl(directory.path(), &verify);
    assert!(verified, "{told}");
    let (_, told) = openssl(directory.path(), &["x509", "-in", "staff.pem", "-noout", "-text"]);
    for expected in ["C = XX, O = Example City, CN = Employees", "CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign"] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    let (verified, _) =
        openssl(directory.path(), &["verify", "-attime", "2200000000", "-CAfile", "staff.pem", "staff.pem"]);
    assert!(!verified, "the control: it ends");
    assert_eq!(make(&world, "staff", Some(1)).await.unwrap_err().code, Code::NAME_TAKEN);
    let subject = subject();
    let small = NewAuthority { name: "small", subject: &subject, bits: 1024, own_days: Some(1) };
    let refused = piv_authority::make(&world.center, &world.admin, small).await.unwrap_err();
    assert_eq!(refused.code, Code::CERTIFICATE_REFUSED);
}

/// An authority outside, and what it says of itself.
struct Outside {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Outside {
    fn new(path_length: Option<u8>) -> Self {
        let mut params = params("Outside", path_length);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Certifies the key of a request by what `change` makes of the usual certificate.
    fn certify(&self, request: &str, change: impl FnOnce(&mut CertificateParams)) -> String {
        let (_, pem) = x509_parser::pem::parse_x509_pem(request.as_bytes()).unwrap();
        let request = CertificateSigningRequestDer::from(pem.contents);
        let request = CertificateSigningRequestParams::from_der(&request).unwrap();
        let mut params = params("Employees", Some(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.key_identifier_method = rcgen::KeyIdMethod::PreSpecified(
            sha1::Digest::finalize(sha1::Digest::chain_update(
                <sha1::Sha1 as sha1::Digest>::new(),
                request.public_key.der_bytes(),
            ))
            .to_vec(),
        );
        change(&mut params);
        params.signed_by(&request.public_key, &self.issuer).unwrap().pem()
    }
}

fn params(name: &str, path_length: Option<u8>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(path_length.map_or(BasicConstraints::Unconstrained, BasicConstraints::Constrained));
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2030, 1, 1);
    params
}

async fn import(world: &World, name: &str, pem: &str) -> Result<PivAuthority, String> {
    let imported = piv_authority::import(&world.center, &world.admin, name, pem.as_bytes()).await;
    imported.map_err(|refused| {
        assert_eq!(refused.code, Code::CERTIFICATE_REFUSED);
        refused.parameters.join(": ")
    })
}

#[tokio::test]
async fn an_outside_authoritys_certificate_is_taken_with_its_chain_or_not_at_all() {
    let world = World::new().await;
    make(&world, "staff", None).await.unwrap();
    make(&world, "guests", None).await.unwrap();
    assert_eq!(piv_authority::export(&*world.center.store, "staff").await.unwrap_err().code, Code::AUTHORITY_UNKNOWN);
    let request = piv_authority::request(&world.center, "staff").await.unwrap();
    let others = piv_authority::request(&world.center, "guests").await.unwrap();
    let outside = Outside::new(None);
    let whole = |own: String| own + &outside.pem;
    let leaf = Outside::new(Some(0));
    let cases = [
        ("nothing".to_owned(), "not certificates in PEM"),
        (outside.certify(&request, |_| ()), "not signed by the next one"),
        (outside.pem.clone() + &outside.certify(&request, |_| ()), "over another key"),
        (whole(outside.certify(&others, |_| ())), "over another key"),
        (whole(outside.certify(&request, |params| params.is_ca = IsCa::NoCa)), "CA is not set"),
        (whole(outside.certify(&request, |params| params.key_usages = vec![KeyUsagePurpose::CrlSign])), "key usage"),
        (whole(outside.certify(&request, |params| params.not_after = rcgen::date_time_ymd(2026, 6, 1))), "validity"),
        (whole(outside.certify(&request, |params| params.not_before = rcgen::date_time_ymd(2028, 6, 1))), "validity"),
        (
            whole(outside.certify(&request, |params| {
                params.key_identifier_method = rcgen::KeyIdMethod::PreSpecified(vec![7; 20]);
            })),
            "subject key identifier",
        ),
        (
            whole(outside.certify(&request, |params| {
                let mut unknown = rcgen::CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![0x05, 0x00]);
                unknown.set_criticality(true);
                params.custom_extensions = vec![unknown];
            })),
            "critical extension",
        ),
        (leaf.certify(&request, |_| ()) + &leaf.pem, "path length"),
        (outside.certify(&request, |_| ()) + &Outside::new(None).pem, "not signed by the next one"),
    ];
    for (pem, expected) in cases {
        let told = import(&world, "staff", &pem).await.unwrap_err();
        assert!(told.contains(expected), "{told}: {expected}");
    }
    let right = whole(outside.certify(&request, |_| ()));
    let authority = import(&world, "staff", &right).await.unwrap();
    assert_eq!(authority.certified.as_ref().unwrap().expires, 21_915, "2030-01-01");
    let exported = piv_authority::export(&*world.center.store, "staff").await.unwrap();
    let bare = |text: &str| text.replace(['\r', '\n'], "");
    assert_eq!(bare(&exported), bare(&right), "own first, then those above");
    assert_eq!(world.center.store.piv_authorities().await.unwrap()[1], authority);
}

/// What OpenSSL signs by, where the digest is to be chosen.
const SIGNING: &str = "[ca]\ndefault_ca=own\n[own]\ndatabase=index\nserial=serial\nnew_certs_dir=.\npolicy=any\n\
                       x509_extensions=authority\ncertificate=root.pem\nprivate_key=root.key\n\
                       [any]\ncommonName=supplied\n[authority]\nbasicConstraints=critical,CA:TRUE\n";

#[tokio::test]
async fn a_certificate_that_is_signed_with_sha_1_is_refused() {
    let world = World::new().await;
    make(&world, "staff", None).await.unwrap();
    let outside = Outside::new(None);
    let directory = tempfile::tempdir().unwrap();
    let request = piv_authority::request(&world.center, "staff").await.unwrap();
    let key = outside.issuer.key().serialize_pem();
    for (name, text) in [
        ("request.pem", request.as_str()),
        ("root.pem", &outside.pem),
        ("root.key", &key),
        ("index", ""),
        ("serial", "07"),
        ("configuration", SIGNING),
    ] {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    for (digest, is_refused) in [("sha1", true), ("sha256", false)] {
        let sign = "ca -batch -notext -config configuration -in request.pem -out own.pem -startdate 20260101000000Z \
                    -enddate 20300101000000Z -md";
        let (made, told) = openssl(directory.path(), &sign.split(' ').chain([digest]).collect::<Vec<_>>());
        assert!(made, "{told}");
        std::fs::write(directory.path().join("index"), "").unwrap();
        let own = std::fs::read_to_string(directory.path().join("own.pem")).unwrap();
        let imported = import(&world, "staff", &(own + &outside.pem)).await;
        assert_eq!(imported.is_err(), is_refused, "{digest}: {imported:?}");
        assert!(imported.err().is_none_or(|told| told.contains("SHA-1")));
    }
}
