//! Proofs: each is that of the definition and verifies; each changed one is refuted.

use cardwright_transparency_log::{
    Edge, Error, Hash, Node, consistency_proof, inclusion_proof, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;

use crate::definition::{leaves, nodes, path, subproof, tree_hash};

/// Everything that differs from `proof` in a bit, or by a hash too few or too many.
fn changed(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = Vec::new();
    for bit in 0..proof.len() * 256 {
        let mut one = proof.to_vec();
        one[bit / 256][bit % 256 / 8] ^= 1 << (bit % 8);
        all.push(one);
    }
    for hash in 0..proof.len() {
        let mut shorter = proof.to_vec();
        shorter.remove(hash);
        all.push(shorter);
    }
    all.push([proof, &[[7; 32]]].concat());
    all.push([&[[7; 32]], proof].concat());
    all
}

fn flipped(hash: &Hash, bit: usize) -> Hash {
    let mut hash = *hash;
    hash[bit / 8] ^= 1 << (bit % 8);
    hash
}

#[test]
fn every_proof_of_every_tree_up_to_33_leaves_verifies() {
    let leaves = leaves(33);
    for size in 1..=leaves.len() {
        let (tree, root) = (&leaves[..size], tree_hash(&leaves[..size]));
        let source = nodes(tree);
        for (index, leaf) in tree.iter().enumerate() {
            let proof = inclusion_proof(index as u64, size as u64, &source).unwrap();
            assert_eq!(proof, path(index, tree), "leaf {index} of {size}");
            verify_inclusion(leaf, index as u64, size as u64, &proof, &root).unwrap();
        }
        for smaller in 0..=size {
            let proof = consistency_proof(smaller as u64, size as u64, &source).unwrap();
            if smaller > 0 {
                assert_eq!(proof, subproof(smaller, tree, true), "{smaller} of {size}");
            }
            let smaller_root = tree_hash(&tree[..smaller]);
            verify_consistency(smaller as u64, &smaller_root, size as u64, &root, &proof).unwrap();
        }
    }
}

#[test]
fn what_is_not_in_the_tree_has_no_proof() {
    let leaves = leaves(5);
    let (source, root) = (nodes(&leaves), tree_hash(&leaves));
    assert_eq!(inclusion_proof(5, 5, &source), Err(Error::OutOfTree { position: 5, size: 5 }));
    assert_eq!(consistency_proof(6, 5, &source), Err(Error::OutOfTree { position: 6, size: 5 }));
    assert!(verify_inclusion(&leaves[0], 5, 5, &[], &root).is_err());
    assert!(verify_consistency(6, &root, 5, &root, &[]).is_err());
    let none = |_: Node| None;
    assert_eq!(inclusion_proof(0, 5, &none), Err(Error::MissingNode(Node { level: 0, index: 4 })));
}

#[test]
fn a_log_that_was_rewritten_is_not_consistent() {
    let before = leaves(7);
    let mut after = leaves(12);
    after[3] = [9; 32];
    let proof = consistency_proof(7, 12, &nodes(&after)).unwrap();
    let found = verify_consistency(7, &tree_hash(&before), 12, &tree_hash(&after), &proof);
    assert_eq!(found, Err(Error::ProofRefuted));
    assert_eq!(verify_consistency(7, &tree_hash(&before), 7, &tree_hash(&after[..7]), &[]), Err(Error::ProofRefuted));
    let not_empty = verify_consistency(0, &tree_hash(&before), 12, &tree_hash(&after), &[]);
    assert_eq!(not_empty, Err(Error::ProofRefuted));
    assert_eq!(verify_consistency(0, &tree_hash(&[]), 12, &tree_hash(&after), &[[0; 32]]), Err(Error::ProofLength));
}

#[test]
fn an_edge_that_was_kept_goes_on_where_it_was() {
    let leaves = leaves(40);
    let mut edge = Edge::new();
    for (number, leaf) in leaves.iter().enumerate() {
        edge = Edge::from_hashes(edge.size(), edge.hashes().to_vec()).unwrap();
        edge.append(*leaf);
        assert_eq!(edge.root(), tree_hash(&leaves[..=number]));
    }
    let wrong = Edge::from_hashes(40, vec![[0; 32]; 3]);
    assert_eq!(wrong, Err(Error::EdgeLength { size: 40, expected: 2, found: 3 }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_inclusion_proof_with_any_bit_changed_is_refuted(size in 1usize..300, at in any::<prop::sample::Index>()) {
        let leaves = leaves(size);
        let (index, root) = (at.index(size), tree_hash(&leaves));
        let (leaf, position, count) = (&leaves[index], index as u64, size as u64);
        let proof = inclusion_proof(position, count, &nodes(&leaves)).unwrap();
        prop_assert_eq!(verify_inclusion(leaf, position, count, &proof, &root), Ok(()));
        for changed in changed(&proof) {
            prop_assert!(verify_inclusion(leaf, position, count, &changed, &root).is_err());
        }
        for bit in 0..256 {
            prop_assert!(verify_inclusion(&flipped(leaf, bit), position, count, &proof, &root).is_err());
            prop_assert!(verify_inclusion(leaf, position, count, &proof, &flipped(&root, bit)).is_err());
        }
        for other in (0..count).filter(|other| *other != position) {
            prop_assert!(verify_inclusion(leaf, other, count, &proof, &root).is_err());
        }
    }

    #[test]
    fn a_consistency_proof_with_any_bit_changed_is_refuted(size in 1usize..300, at in any::<prop::sample::Index>()) {
        let leaves = leaves(size);
        let smaller = at.index(size) + 1;
        let (smaller_root, root) = (tree_hash(&leaves[..smaller]), tree_hash(&leaves));
        let (first, count) = (smaller as u64, size as u64);
        let proof = consistency_proof(first, count, &nodes(&leaves)).unwrap();
        prop_assert_eq!(verify_consistency(first, &smaller_root, count, &root, &proof), Ok(()));
        for changed in changed(&proof) {
            prop_assert!(verify_consistency(first, &smaller_root, count, &root, &changed).is_err());
        }
        for bit in 0..256 {
            prop_assert!(verify_consistency(first, &flipped(&smaller_root, bit), count, &root, &proof).is_err());
            prop_assert!(verify_consistency(first, &smaller_root, count, &flipped(&root, bit), &proof).is_err());
        }
    }

    #[test]
    fn no_proof_makes_the_verifier_panic(
        index in any::<u64>(),
        size in any::<u64>(),
        proof in prop::collection::vec(any::<Hash>(), 0..70),
    ) {
        prop_assert!(verify_inclusion(&[1; 32], index, size, &proof, &[2; 32]).is_err());
        prop_assert!(verify_consistency(index, &[1; 32], size, &[2; 32], &proof).is_err());
    }
}
