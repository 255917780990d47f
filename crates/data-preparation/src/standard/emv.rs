//! Payment applications: the DGIs of CPS that they take (CPS annexes), as `docs/emv-application.md` tells them.
//!
//! What stands in them is read back by [`crate::check`].

use std::ops::RangeInclusive;

use super::Rule;

/// The longest FCI proprietary template that one DGI of a short command holds; the check knows what an answer takes.
const LONGEST_TEMPLATE: usize = 252;

pub(super) const RULES: [Rule; 15] = [
    Rule { needed: false, ..clear(0x0101..=0x1EFF, 2..=254, "a record, one template 70 of 2 to 254 bytes") },
    clear(0x3000..=0x3000, 10..=254, "the internal data: 9F10, 9F58 and 9F59"),
    secret(0x8000..=0x8000, 48..=48, "three application keys of 16 bytes", Some(0x9000)),
    clear(0x9000..=0x9000, 9..=9, "the check values of three keys"),
    Rule { personal: true, needed: false, ..secret(0x8010..=0x8010, 8..=8, "the PIN block", Some(0x9010)) },
    Rule { needed: false, ..clear(0x9010..=0x9010, 2..=2, "PIN tries left and allowed") },
    Rule { needed: false, ..secret(0x8101..=0x8101, 64..=248, "the card's private exponent", Some(0x8103)) },
    Rule { needed: false, ..secret(0x8102..=0x8102, 64..=248, "the PIN key's private exponent", Some(0x8104)) },
    Rule { needed: false, ..clear(0x8103..=0x8104, 64..=248, "the modulus of a private exponent") },
    Rule { needed: false, ..secret(0x8201..=0x8205, 32..=124, "a part of the card's private key", None) },
    Rule { needed: false, ..secret(0x8301..=0x8305, 32..=124, "a part of the PIN key", None) },
    clear(0x9102..=0x9102, 5..=LONGEST_TEMPLATE, "the contact FCI template A5"),
    Rule {
        needed: false,
        along_with: Some(0x9204),
        ..clear(0x9103..=0x9103, 5..=LONGEST_TEMPLATE, "the contactless FCI template A5")
    },
    clear(0x9104..=0x9104, 10..=254, "interchange profile and file locator"),
    Rule {
        needed: false,
        along_with: Some(0x9103),
        ..clear(0x9204..=0x9204, 10..=254, "contactless interchange profile and file locator")
    },
];

const fn clear(identifiers: RangeInclusive<u16>, lengths: RangeInclusive<usize>, reads: &'static str) -> Rule {
    Rule { identifiers, lengths, content: &[], reads, needed: true, along_with: None, personal: false, secret: false }
}

const fn secret(
    identifiers: RangeInclusive<u16>,
    lengths: RangeInclusive<usize>,
    reads: &'static str,
    along_with: Option<u16>,
) -> Rule {
    Rule { identifiers, lengths, content: &[], reads, needed: true, along_with, personal: false, secret: true }
}
