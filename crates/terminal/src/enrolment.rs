//! ENROL: a one-time code becomes a certificate, whose key pair is made here and stays here.

use std::path::Path;
use std::time::Duration;

use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use zeroize::Zeroizing;

use cardwright_relay::enrolment::{OneTimeCode, fingerprint};
use cardwright_relay::message::{Enrol, Enrolled};
use cardwright_relay::{Code, FORMAT};

use crate::failure::Failure;
use crate::identity::{self, Identity};
use crate::line::Line;
use crate::tls;

const LIMIT: Duration = Duration::from_secs(30);

/// Enrols this terminal at the center of the code, and keeps the identity below `state`.
///
/// # Errors
/// `CW-5014` where there is an identity and `anew` is not said; `CW-2012` where the server is not the code's center,
/// before anything was posted; `CW-2005` where the center refuses the code; and the line's and the files' failures.
pub async fn enrol(state: &Path, center: &str, code: &OneTimeCode, anew: bool) -> Result<Identity, Failure> {
    if identity::place(state).join("terminal.toml").exists() && !anew {
        return Err(Failure::machine(Code::ALREADY_ENROLLED, &[]));
    }
    let line = Line::new(center, tls::by_fingerprint(code.fingerprint)?)?;
    let key = KeyPair::generate().map_err(|error| key_failure(&error))?;
    let request = Enrol {
        format: FORMAT,
        code: code.secret.to_vec().into(),
        certificate_request: certificate_request(&key)?.into(),
    };
    let enrolled: Enrolled = line.ask(&request, LIMIT).await?;
    if fingerprint(&enrolled.authority) != code.fingerprint {
        return Err(Failure::OtherCenter);
    }
    Identity::store(state, center, &Zeroizing::new(key.serialize_pem()), &enrolled)
}

/// PKCS#10 (RFC 2986) over the public key; the center gives the names.
fn certificate_request(key: &KeyPair) -> Result<Vec<u8>, Failure> {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = DistinguishedName::new();
    let request = parameters.serialize_request(key).map_err(|error| key_failure(&error))?;
    Ok(request.der().to_vec())
}

fn key_failure(error: &rcgen::Error) -> Failure {
    Failure::file(Path::new("identity/key.pem"), error)
}
