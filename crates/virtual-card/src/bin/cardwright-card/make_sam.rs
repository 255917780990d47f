//! `make-sam`: a card that is a reader's SAM.

use std::path::PathBuf;

use cardwright_virtual_card::{Entropy, Secret, blank};
use clap::Args;
use p256::ecdsa::SigningKey;
use p256::pkcs8::LineEnding;
use p256::pkcs8::der::pem;
use serde_json::json;

use crate::failure::Failure;
use crate::make::{Batch, read_product};
use crate::report::Report;
use crate::{certificate, state_file};

#[derive(Args)]
pub(crate) struct MakeSam {
    /// The card product (products/*.toml)
    #[arg(long)]
    product: PathBuf,
    /// The name in the certificate, such as the reader's
    #[arg(long)]
    name: String,
    /// The state file; certificate and public key are written beside it (.certificate.pem, .public-key.pem)
    #[arg(long)]
    out: PathBuf,
}

impl MakeSam {
    /// The Security Domain's keys are drawn and told to nobody: a SAM is never written again.
    pub(crate) fn run(&self, report: &Report) -> Result<(), Failure> {
        if self.name.is_empty() || self.name.len() > 64 {
            return Err(Failure::Usage("--name has 1 to 64 bytes (RFC 5280, ub-common-name)".into()));
        }
        let product = read_product(&self.product)?;
        let mut entropy = state_file::entropy()?;
        let identity = Batch::new(&mut entropy).identity(&[0x99, 0x99, 0x99], 0);
        let keys = [0; 3].map(|_: i32| random(&mut entropy, product.key_length));
        let mut card = blank::blank(product, identity, keys)?;

        let private_key = random(&mut entropy, 32);
        let signing_key = SigningKey::from_slice(private_key.expose())
            .map_err(|_| Failure::Environment("the drawn number is no private key: try again".into()))?;
        let mut serial = [0; 8];
        entropy.fill(&mut serial);
        let public = certificate::issue(&signing_key, &self.name, serial)?;
        blank::add_security_access_module(&mut card, private_key, &public.certificate);
        state_file::create(&self.out, &card)?;
        let certificate_pem = self.write_pem("certificate.pem", "CERTIFICATE", &public.certificate)?;
        let public_key_pem = self.write_pem("public-key.pem", "PUBLIC KEY", &public.public_key)?;
        report.result(
            &format!("SAM {} in {}\n{certificate_pem}{public_key_pem}", self.name, self.out.display()),
            &json!({
                "name": self.name,
                "state": self.out,
                "certificate": hex::encode_upper(&public.certificate),
                "certificate_pem": certificate_pem,
                "public_key": hex::encode_upper(&public.public_key),
                "public_key_pem": public_key_pem,
            }),
        );
        Ok(())
    }

    fn write_pem(&self, ending: &str, label: &str, der: &[u8]) -> Result<String, Failure> {
        let text = pem::encode_string(label, LineEnding::LF, der)
            .map_err(|error| Failure::Environment(format!("{label}: {error}")))?;
        let path = self.out.with_extension(ending);
        std::fs::write(&path, &text).map_err(Failure::at(path.display()))?;
        Ok(text)
    }
}

fn random(entropy: &mut dyn Entropy, length: usize) -> Secret {
    let mut bytes = vec![0; length];
    entropy.fill(&mut bytes);
    Secret::new(bytes)
}
