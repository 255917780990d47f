//! Cryptograms and ARPCs that another implementation computed (pyemv 1.5.0: `ac.generate_ac` with padding VISA and EMV,
//! `kd.derive_common_sk`, `ac.generate_arpc_1` with ARC 3030, `ac.generate_arpc_2` with CSU 00820000): AC key
//! 0123456789ABCDEFFEDCBA9876543210, ATC 0001, AIP 3D00, CVR 03A01000.

use super::answers::{ARQC, TC, authenticate_issuer, begin, first, second};
use super::card_data::{bytes, internal, tlv, with};
use super::route::{issued, issued_as_usual};

/// ARPC by method 2 with CSU 00000000 for the cryptogram of version 12 below, and that CSU.
pub(super) const WITHOUT_APPROVAL: &str = "06CF5489 00000000";

#[test]
fn cryptogram_version_0a_is_as_another_computes_it() {
    let mut card = issued_as_usual();
    begin(&mut card);
    let answer = first(&mut card, ARQC);
    assert_eq!(answer.get(0x9F10), bytes("06010A03A01000"));
    assert_eq!(hex::encode_upper(answer.cryptogram()), "635C7CDF134F599A");
    assert_eq!(authenticate_issuer(&mut card, &bytes("34F3C613F1329D263030")), 0x9000);
    assert_eq!(second(&mut card, TC, b"00").kind(), TC);
}

#[test]
fn cryptogram_version_12_is_as_another_computes_it_and_takes_both_answers() {
    for proof in ["3095CD92F50D31BC 3030", "E84FC199 00820000", "ADA04CE3 00820000 AABBCC"] {
        let mut card = issued("scp03-i70", &with(0x3000, internal(0x12, 5, 10)));
        begin(&mut card);
        let answer = first(&mut card, ARQC);
        assert_eq!(answer.get(0x9F10), bytes("06011203A01000"));
        assert_eq!(hex::encode_upper(answer.cryptogram()), "BA1C599F4957FACC");
        assert_eq!(authenticate_issuer(&mut card, &bytes(proof)), 0x9000, "{proof}");
        assert_eq!(second(&mut card, TC, b"00").kind(), TC, "{proof}");
    }
}

#[test]
fn version_12_covers_the_whole_issuer_application_data() {
    let issuer_data = bytes("06011203000000 0401020304");
    let mut card = issued("scp03-i70", &with(0x3000, tlv("9F10", &issuer_data)));
    begin(&mut card);
    let answer = first(&mut card, ARQC);
    assert_eq!(answer.get(0x9F10), bytes("06011203A010000401020304"));
    assert_eq!(hex::encode_upper(answer.cryptogram()), "852E0143A061B199");
}
