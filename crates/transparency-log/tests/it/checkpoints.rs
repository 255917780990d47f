//! Checkpoints: the specification's example, signing and opening.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use cardwright_transparency_log::{Checkpoint, Error, NoteKey, SignedNote};

use crate::notes::check;

const EXAMPLE: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

#[test]
fn the_example_of_the_specification_reads_back() {
    let checkpoint = Checkpoint::parse(EXAMPLE).unwrap();
    assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(checkpoint.to_text().unwrap(), EXAMPLE);
    let signed = format!(
        "{EXAMPLE}\n\u{2014} example.com/behind-the-sofa \
         Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    );
    let note = SignedNote::parse(&signed).unwrap();
    assert_eq!((note.text(), note.signatures()[0].signature.len()), (EXAMPLE, 64));
    assert_eq!(note.to_string(), signed);
}

#[test]
fn malformed_checkpoints_are_refused() {
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    assert!(Checkpoint::parse(&format!("log\n0\n{root}\n")).is_ok(), "the control");
    for wrong in [
        String::new(),
        format!("log\n1\n{root}"),
        format!("\n1\n{root}\n"),
        format!("log\n01\n{root}\n"),
        format!("log\n+1\n{root}\n"),
        format!("log\n-1\n{root}\n"),
        format!("log\n\n{root}\n"),
        format!("log\n18446744073709551616\n{root}\n"),
        format!("log\n1\n{root}\n\n"),
        format!("log\n1\n{root}\nextension\n"),
        format!("log\n1\n{}\n", &root[4..]),
        format!("log\n1\nAAAA{root}\n"),
        "log\n1\n".into(),
    ] {
        assert!(Checkpoint::parse(&wrong).is_err(), "{wrong:?}");
    }
    for origin in ["", "two\nlines"] {
        assert!(Checkpoint { origin: origin.into(), size: 0, root: [0; 32] }.to_text().is_err());
    }
}

#[test]
fn a_checkpoint_opens_when_log_and_witness_have_signed_it() {
    let log = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let witness = Ed25519KeyPair::generate().unwrap();
    let log_key = NoteKey::ecdsa("example.org/center", subject_public_key_info(&log)).unwrap();
    let witness_key =
        NoteKey::ed25519("example.org/witness", witness.public_key().as_ref().try_into().unwrap()).unwrap();
    assert_eq!(log_key.to_string().parse::<NoteKey>().unwrap(), log_key);
    let checkpoint = Checkpoint { origin: "example.org/center".into(), size: 17, root: [0x5A; 32] };
    let text = checkpoint.to_text().unwrap();
    let by_log = log.sign_digest(&digest(&SHA256, text.as_bytes())).unwrap();
    let by_witness = witness.sign(text.as_bytes());
    let note = SignedNote::new(text).unwrap().signed(&log_key, by_log.as_ref());
    let cosigned = note.clone().signed(&witness_key, by_witness.as_ref()).to_string();
    let open = |note: &str, keys: &[NoteKey]| Checkpoint::open(note, "example.org/center", keys, &check);
    let both = [log_key.clone(), witness_key];
    assert_eq!(open(&cosigned, &both).unwrap(), checkpoint);
    assert_eq!(open(&note.to_string(), &both[..1]).unwrap(), checkpoint);
    assert_eq!(open(&note.to_string(), &both), Err(Error::NotSigned), "the witness has not signed");
    assert_eq!(open(&note.to_string(), &[]), Err(Error::NotSigned), "nobody is trusted");
    let larger = cosigned.replace("\n17\n", "\n18\n");
    assert_eq!(open(&larger, &both), Err(Error::WrongSignature("example.org/center".into())));
    let other = Checkpoint::open(&cosigned, "example.org/other", &both, &check);
    assert!(matches!(other, Err(Error::Malformed(_))), "another log's");
}

fn subject_public_key_info(pair: &EcdsaKeyPair) -> Vec<u8> {
    use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
    let encoded: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    encoded.as_ref().to_vec()
}
