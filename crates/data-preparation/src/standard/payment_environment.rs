//! The directories of payment applications: PSE (contacts) and PPSE (over the air).

use super::Rule;

pub(super) const RULES: [Rule; 2] = [
    Rule {
        identifiers: 0x0101..=0x0AFF,
        lengths: 2..=254,
        content: &[],
        reads: "a directory record, one template 70 of 2 to 254 bytes",
        needed: false,
        along_with: None,
        personal: false,
        secret: false,
    },
    Rule {
        identifiers: 0x9102..=0x9102,
        lengths: 5..=252,
        content: &[],
        reads: "the FCI template A5",
        needed: true,
        along_with: None,
        personal: false,
        secret: false,
    },
];
