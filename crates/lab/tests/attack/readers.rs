//! Readers that are not what they say, and proofs that come from elsewhere.

use cardwright_issuance::Id;
use cardwright_issuing_center::store::Store;
use cardwright_lab::simulation::at_once;
use cardwright_relay::Code;
use cardwright_relay::message::{Open, Outcome};
use cardwright_relay::reader::proof_hash;
use sha2::{Digest, Sha256};

use crate::world::{World, script, verdict};

/// What `proof_hash` is the hash of: a CBOR array of a text and four byte strings (RFC 8949 §3.1).
fn proof_message(parts: [&Id; 4]) -> Vec<u8> {
    let label = b"cardwright reader proof 1";
    let mut bytes = vec![0x85, 0x78, label.len() as u8];
    bytes.extend_from_slice(label);
    parts.iter().for_each(|part| bytes.extend([0x50].iter().chain(&part[..])));
    bytes
}

fn refused(world: &World, open: &Open) -> Code {
    let verdict = verdict(&world.post_open(open).unwrap());
    assert_eq!(verdict.outcome, Outcome::Refused);
    verdict.refusal.unwrap().code
}

#[test]
fn a_reader_without_sam_is_refused_at_a_base_that_asks_for_one() {
    let mut world = World::of_tier(2);
    let open = world.open(0, 0);
    assert_eq!(refused(&world, &open), Code::READER_UNKNOWN);
}

#[test]
fn a_proof_for_another_session_terminal_reader_or_nonce_is_refused_and_the_right_one_opens() {
    let mut world = World::of_tier(2);
    let mut open = world.open(0, 0);
    let (sam, plain) = (world.readers[1].id, world.readers[0].id);
    open.reader = sam;
    let (here, there) = (world.terminals[0].id, world.terminals[1].id);
    let nonce = at_once(world.center.store.challenge(open.challenge));
    let (nonce, other) = (nonce.unwrap().unwrap().value, world.id());
    let right = [&open.session, &here, &sam, &nonce];
    let message = proof_message(right);
    assert_eq!(Sha256::digest(&message)[..], proof_hash(right[0], right[1], right[2], right[3]));
    let wrong = [
        [&other, &here, &sam, &nonce],
        [&open.session, &there, &sam, &nonce],
        [&open.session, &here, &plain, &nonce],
        [&open.session, &here, &sam, &other],
    ];
    for parts in wrong {
        let mut open = open.clone();
        open.reader_proof = world.sam_signs(&proof_message(parts)).into();
        assert_eq!(refused(&world, &open), Code::READER_PROOF_WRONG);
    }
    assert_eq!(refused(&world, &open), Code::READER_PROOF_WRONG, "none at all");
    open.reader_proof = world.sam_signs(&message).into();
    script(&world.post_open(&open).unwrap());
}
