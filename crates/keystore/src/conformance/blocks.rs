//! Blocks: enciphered for tokens, exchanged with other parties, hashed by the retail MAC.

use super::{Outcome, bytes, ensure, generated, hexadecimal, imported, refused, same, unsuitable, wrong_length};
use crate::{BlockMechanism, Enciphering, Error, KeyId, KeyKind, KeyRef, Keystore, Purpose, Secret};

const ECB: BlockMechanism = BlockMechanism::AesEcb;
const CBC: BlockMechanism = BlockMechanism::AesCbcZeroIv;
const TDES: BlockMechanism = BlockMechanism::TdesEcb;

/// "Now is the time for all ", three blocks of 8 bytes.
const TEXT: &str = "4E6F77206973207468652074696D6520666F7220616C6C20";

fn encipher(keystore: &dyn Keystore, under: &KeyId, mechanism: BlockMechanism, data: &[u8]) -> Result<Vec<u8>, Error> {
    keystore.encipher(&Enciphering { under: &under.clone().into(), mechanism, data })
}

fn decipher(keystore: &dyn Keystore, under: &KeyId, mechanism: BlockMechanism, data: &[u8]) -> Result<Secret, Error> {
    keystore.decipher(&Enciphering { under: &under.clone().into(), mechanism, data })
}

/// AES: FIPS 197, appendix C. AES-CBC and 3DES: made with `openssl enc`.
pub(super) fn enciphering_gives_the_known_answers(keystore: &dyn Keystore) -> Outcome {
    let counted = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";
    let block = "00112233445566778899AABBCCDDEEFF";
    let two = "4E6F77206973207468652074696D6520666F7220616C6C20706F737369626C65";
    let two_chained = "89F2199B80FD6F11A014D4042787214377C21A9274BC7E7159691E91C75FE5A6";
    let tdes = "404142434445464748494A4B4C4D4E4F";
    let under_tdes = "1166BA26DE627340224A888AD96BAD90563ED010A0A56351";
    let other = "0123456789ABCDEFFEDCBA9876543210";
    let under_other = "D80A0D8B2BAE5E4E6A0094171ABCFC2775D2235A706E232C";
    for (number, (kind, purpose, value, mechanism, data, expected)) in [
        (KeyKind::Aes128, Purpose::Zone, &counted[..32], ECB, block, "69C4E0D86A7B0430D8CDB78070B4C55A"),
        (KeyKind::Aes192, Purpose::Zone, &counted[..48], ECB, block, "DDA97CA4864CDFE06EAF70A0EC0D7191"),
        (KeyKind::Aes256, Purpose::Zone, counted, ECB, block, "8EA2B7CA516745BFEAFC49904B496089"),
        (KeyKind::Aes128, Purpose::Token, &counted[..32], CBC, two, two_chained),
        (KeyKind::Tdes2, Purpose::Token, tdes, TDES, TEXT, under_tdes),
        (KeyKind::Tdes2, Purpose::Zone, other, TDES, TEXT, under_other),
    ]
    .into_iter()
    .enumerate()
    {
        let key = imported(keystore, &format!("key-{number}"), kind, purpose, value)?;
        same(&hexadecimal(&encipher(keystore, &key, mechanism, &bytes(data))?), expected, &format!("answer {number}"))?;
        if purpose == Purpose::Zone {
            let clear = decipher(keystore, &key, mechanism, &bytes(expected))?;
            same(&hexadecimal(clear.expose()), data, &format!("answer {number} deciphered"))?;
        }
    }
    Ok(())
}

/// Of one cipher under a key of another, of no block, of half a block, of more than a secret holds.
pub(super) fn enciphering_refuses_what_does_not_fit(keystore: &dyn Keystore) -> Outcome {
    let aes = generated(keystore, "aes", KeyKind::Aes128, Purpose::Zone)?;
    let tdes = generated(keystore, "tdes", KeyKind::Tdes2, Purpose::Zone)?;
    let token = generated(keystore, "token", KeyKind::Tdes2, Purpose::Token)?;
    for (key, mechanism) in [(&aes, TDES), (&tdes, ECB), (&token, CBC)] {
        refused(encipher(keystore, key, mechanism, &[0; 16]), unsuitable, "a mechanism of another cipher")?;
    }
    refused(decipher(keystore, &tdes, ECB, &[0; 16]), unsuitable, "a mechanism of another cipher")?;
    for (key, mechanism, length) in
        [(&aes, ECB, 0), (&aes, ECB, 8), (&aes, ECB, 17), (&tdes, TDES, 12), (&aes, ECB, 4112)]
    {
        let what = format!("{length} bytes by {mechanism:?}");
        refused(encipher(keystore, key, mechanism, &vec![0; length]), wrong_length, &what)?;
        refused(decipher(keystore, key, mechanism, &vec![0; length]), wrong_length, &what)?;
    }
    Ok(())
}

/// The worked example of ICAO Doc 9303-11 (appendix D.3), and the one-block and three-block messages of ISO/IEC 9797-1's
/// annex, under one key; computed again with another implementation.
pub(super) fn the_retail_mac_gives_the_known_answers(keystore: &dyn Keystore) -> Outcome {
    let passport = "72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2 8000000000000000";
    let first = imported(keystore, "icao", KeyKind::Tdes2, Purpose::RetailMac, "7962D9ECE03D1ACD4C76089DCE131543")?;
    let second = imported(keystore, "iso", KeyKind::Tdes2, Purpose::RetailMac, "0123456789ABCDEFFEDCBA9876543210")?;
    let padded = bytes(&format!("{TEXT} 8000000000000000"));
    let found = keystore.retail_mac_batch(&[
        (&first, &bytes(passport)),
        (&second, &bytes(TEXT)),
        (&second, &padded),
        (&second, &bytes("0123456789ABCDEF")),
    ])?;
    let expected = ["5F1448EEA8AD90A7", "A1C72E74EA3FA9B6", "E9086230CA3BE796", "1A4D672DCA6CB335"];
    ensure(found.len() == expected.len(), "one MAC for each message")?;
    for (found, expected) in found.iter().zip(expected) {
        same(&hexadecimal(found), expected, "the retail MAC")?;
    }
    for length in [0, 1, 7, 9, 20] {
        refused(
            keystore.retail_mac(&second, &vec![0; length]),
            wrong_length,
            &format!("{length} bytes without padding"),
        )?;
    }
    Ok(())
}

/// One bad item, and nothing comes out; the order is the items'.
pub(super) fn a_batch_of_blocks_is_done_as_a_whole(keystore: &dyn Keystore) -> Outcome {
    let zone = KeyRef::from(generated(keystore, "zone", KeyKind::Aes256, Purpose::Zone)?);
    let mac = generated(keystore, "mac", KeyKind::Tdes2, Purpose::RetailMac)?;
    let blocks: Vec<[u8; 16]> = (0..20).map(|number| [number; 16]).collect();
    let item = |data| Enciphering { under: &zone, mechanism: ECB, data };
    let mut items: Vec<_> = blocks.iter().map(|block| item(block)).collect();
    let enciphered = keystore.encipher_batch(&items)?;
    let back: Vec<_> = enciphered.iter().map(|block| item(block)).collect();
    let clear = keystore.decipher_batch(&back)?;
    ensure(clear.len() == 20 && clear.iter().zip(&blocks).all(|(found, block)| found.expose() == block), "the order")?;
    items.push(item(&[0; 15]));
    refused(keystore.encipher_batch(&items), wrong_length, "a batch with one bad item")?;
    refused(keystore.decipher_batch(&items), wrong_length, "a batch with one bad item")?;
    let messages: [(&KeyId, &[u8]); 2] = [(&mac, &[0; 8]), (&mac, &[0; 7])];
    refused(keystore.retail_mac_batch(&messages), wrong_length, "a batch with one bad item")?;
    let nothing = keystore.encipher_batch(&[])?.is_empty()
        && keystore.decipher_batch(&[])?.is_empty()
        && keystore.retail_mac_batch(&[])?.is_empty();
    ensure(nothing, "empty batches")
}
