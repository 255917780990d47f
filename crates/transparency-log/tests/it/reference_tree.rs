//! The tree of eight leaves that Certificate Transparency's implementations are tested with, and its roots.

use cardwright_transparency_log::{EMPTY_ROOT, Edge, Hash, Node, leaf_hash, root};

const LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

/// The roots over the first 1 to 8 leaves.
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

#[test]
fn the_reference_roots_are_found_at_every_size() {
    let mut edge = Edge::new();
    assert_eq!(edge.root(), EMPTY_ROOT);
    let mut kept: Vec<(Node, Hash)> = Vec::new();
    for (number, (leaf, expected)) in LEAVES.iter().zip(ROOTS).enumerate() {
        edge.append_telling(leaf_hash(&hex::decode(leaf).unwrap()), |node, hash| kept.push((node, hash)));
        assert_eq!(hex::encode(edge.root()), expected, "{} leaves", number + 1);
        let source = |node| kept.iter().find(|(kept, _)| *kept == node).map(|(_, hash)| *hash);
        assert_eq!(hex::encode(root(edge.size(), &source).unwrap()), expected, "from kept nodes");
    }
    assert_eq!(kept.len(), 15, "8 leaves, 4 + 2 + 1 nodes over them");
}

#[test]
fn the_empty_root_is_the_hash_of_nothing() {
    let nothing = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"");
    assert_eq!(EMPTY_ROOT, nothing.as_ref());
}
