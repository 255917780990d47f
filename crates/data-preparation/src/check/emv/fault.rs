//! Why a terminal would refuse the data of a payment application: element, rule, remedy. No variant holds a value.

use std::fmt;

use cardwright_apdu::Aid;

use crate::emv::certificate::CertificateFault;
use crate::emv::elements::element_of;
use crate::emv::pin_block::PinBlockFault;
use crate::emv::rsa::RsaFault;

/// The two ways to a payment application, each with its own answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interface {
    /// through the contacts: DGIs 9102 and 9104
    Contact,
    /// over the air: DGIs 9103 and 9204
    Contactless,
}

impl fmt::Display for Interface {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Contact => "contact",
            Self::Contactless => "contactless",
        })
    }
}

/// Why the data of a payment application or directory does not read back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmvFault {
    /// DGIs in an order that the card refuses (CPS: 8000 before 9000, 9010 before 8010)
    #[error("DGI {first:04X} must come before DGI {second:04X}: change the order of the groupings")]
    Order {
        /// the one that must come first
        first: u16,
        /// the one that came before it
        second: u16,
    },
    /// a DGI that tells something about a person and is not declared so
    #[error("DGI {0:04X} tells something about a person: declare it personal")]
    NotPersonal(u16),
    /// a DGI that the card cannot do without may not be refused by it
    #[error("DGI {0:04X} is what the application works with: it cannot be optional")]
    Optional(u16),
    /// an application that no script of the issuer changes
    #[error("the application is not one that a script changes: prepare a change of it by rewrite = \"issuer-script\"")]
    NoScript,
    /// a DGI that no command of a script writes, or that the change does not
    #[error("DGI {0:04X} is none that a script writes in this change: records, offline limits, or the PIN")]
    NotByScript(u16),
    /// no script command, or more than a card counts
    #[error("the script has {0} commands, and a card counts 1 to 15: change less at once")]
    ScriptLength(usize),
    /// a DGI that is not the template or the elements it must be
    #[error("DGI {0:04X} is not made up as it must be: one template or its elements, in the shortest form")]
    Template(u16),
    /// a grouping without which another is of no use
    #[error("DGI {present:04X} is there without DGI {missing:04X}: prepare both or neither")]
    Alone {
        /// the one that is there
        present: u16,
        /// the one that is not
        missing: u16,
    },

    /// the value of 94 is no file locator
    #[error(
        "tag 94 in DGI {0:04X} is no file locator: it has entries of four bytes, records counted from 1, none signed \
         beyond the last"
    )]
    Locator(u16),
    /// the file locator names a record that is not there
    #[error(
        "the file locator of DGI {locator:04X} names record {record:04X}, which is not there: add the record \
         or shorten the entry"
    )]
    RecordMissing {
        /// the DGI with the locator
        locator: u16,
        /// file and record
        record: u16,
    },
    /// a record that no file locator names
    #[error("no file locator names record {0:04X}: add it to an entry or leave it out")]
    RecordUnlisted(u16),
    /// records are signed, and nothing authenticates them
    #[error(
        "the {0} file locator counts signed records, and the interchange profile offers no authentication: count none"
    )]
    SignedInVain(Interface),
    /// data authentication is offered, and no record is signed
    #[error("the {0} interchange profile offers authentication, and no record is counted as signed: count them")]
    NothingSigned(Interface),

    /// a tag that neither EMV knows nor leaves to schemes and issuers
    #[error("tag {tag:X} in DGI {dgi:04X} is no element of EMV, a scheme or an issuer: correct the tag")]
    UnknownElement {
        /// where
        dgi: u16,
        /// the tag
        tag: u32,
    },
    /// an element with more or fewer bytes than EMV allows
    #[error("{} in DGI {dgi:04X} cannot have {length} bytes: {}", named(*.tag), allowed_lengths(*.tag))]
    ElementLength {
        /// where
        dgi: u16,
        /// the tag
        tag: u32,
        /// its bytes
        length: usize,
    },
    /// an element whose bytes are not of its format
    #[error("{} in DGI {dgi:04X} is not of its format (digits, letters, text): correct its source", named(*.tag))]
    ElementFormat {
        /// where
        dgi: u16,
        /// the tag
        tag: u32,
    },
    /// an element whose bits do not mean anything that EMV defines
    #[error("{} in DGI {dgi:04X} does not say anything that EMV defines: correct its value", named(*.tag))]
    ElementValue {
        /// where
        dgi: u16,
        /// the tag
        tag: u32,
    },
    /// an element that may not stand there
    #[error("{} may not stand in DGI {dgi:04X}: leave it out there", named(*.tag))]
    Misplaced {
        /// where
        dgi: u16,
        /// the tag
        tag: u32,
    },
    /// an element that is there twice
    #[error("{} is there twice, the second time in DGI {dgi:04X}: keep one", named(*.tag))]
    DoubledElement {
        /// where the second one is
        dgi: u16,
        /// the tag
        tag: u32,
    },
    /// an element that must be there
    #[error("{} is missing from the {interface} data: add it, for {why}", named(*.tag))]
    MissingElement {
        /// where
        interface: Interface,
        /// the tag
        tag: u32,
        /// what asks for it
        why: &'static str,
    },
    /// two elements that say the same thing say different things
    #[error("{} and {} do not agree: prepare both from the same source", named(*.0), named(*.1))]
    Disagreement(u32, u32),

    /// a list that does not ask for what the card makes its cryptograms of
    #[error(
        "{} does not ask for tag {missing:X} in its usual length, which cryptograms are made of: add \
         it",
        named(*.list)
    )]
    NotAskedFor {
        /// the list
        list: u32,
        /// what it must ask for
        missing: u32,
    },
    /// an FCI template that leaves no room for the AID around it
    #[error("DGI {0:04X} is longer than the 232 bytes that an answer to SELECT has room for: shorten BF0C")]
    TemplateLength(u16),

    /// the card begins to be good after its end
    #[error("the application effective date (5F25) is after the expiration date (5F24): check the validity rule")]
    Validity,
    /// a method of cardholder verification that the card has no means for
    #[error(
        "the CVM list (8E) of the {interface} data offers {method}, and {missing} is missing: add it, or \
         take the method out"
    )]
    VerificationMeans {
        /// where
        interface: Interface,
        /// what it offers
        method: &'static str,
        /// what it lacks
        missing: &'static str,
    },
    /// the interchange profile offers what the data does not hold, or keeps silent about what it holds
    #[error("the interchange profile (82) of the {interface} data and {} do not fit: {why}", named(*.tag))]
    InterchangeProfile {
        /// where
        interface: Interface,
        /// the element that it concerns
        tag: u32,
        /// what does not fit
        why: &'static str,
    },

    /// the certification authority that the certificates lead to is not among the data's
    #[error(
        "no certification key of provider {} with index {index:02X} belongs to the data: name the issuer key \
         that it certified",
        hex_of(.provider)
    )]
    AuthorityMissing {
        /// the registered application provider, the first 5 bytes of the AID
        provider: [u8; 5],
        /// the value of tag 8F
        index: u8,
    },
    /// a certificate or signature that a terminal would refuse
    #[error(
        "{} of the {interface} data: {fault}; prepare the card again with the issuer key that the certificate is \
         of",
        named(*.tag)
    )]
    Certificate {
        /// where
        interface: Interface,
        /// which
        tag: u32,
        /// what is wrong with it
        fault: CertificateFault,
    },
    /// a certificate that ends before the card does
    #[error("{} ends before the card: have it renewed, or shorten the card's validity", named(*.0))]
    CertificateExpires(u32),
    /// a certificate of another issuer or card
    #[error("{} is for other card numbers than this one: use the issuer key of this range", named(*.0))]
    CertificateOfOther(u32),
    /// a key too long for combined authentication
    #[error("the card's key has {0} bytes, and 205 is the most for combined authentication (CDA): use a shorter key")]
    KeyTooLong(usize),

    /// parts of a private key that are incomplete, in both forms, or without a certificate
    #[error(
        "the private key of DGIs {0:04X} on is there in part, in two forms, or without its certificate: prepare \
         the five parts, or exponent and modulus, and the certificate"
    )]
    PrivateKeyForm(u16),
    /// a private key that is not that of the certified one
    #[error("the private key of DGIs {dgi:04X} on is not that of the certificate: {fault}")]
    PrivateKey {
        /// its first DGI
        dgi: u16,
        /// what does not fit
        fault: RsaFault,
    },
    /// a key of DGI 8000 whose check value in DGI 9000 is another one
    #[error("key {0} of DGI 8000 does not have the check value of DGI 9000: prepare both from one key")]
    CheckValue(usize),
    /// a key of DGI 8000 with a byte of even parity
    #[error("key {0} of DGI 8000 has bytes of even parity: give derived keys odd parity")]
    Parity(usize),
    /// two keys of DGI 8000 that are the same
    #[error("two of the three keys of DGI 8000 are the same: derive each from a master key of its own")]
    SameKeys,
    /// a PIN block that the card cannot read
    #[error("DGI 8010: {0}; the card takes format 2")]
    PinBlock(#[from] PinBlockFault),
    /// tries left and allowed that do not fit
    #[error("DGI 9010 must hold the number of tries twice, 1 to 15: a new card has all its tries left")]
    PinTries,
    /// offline limits of which the lower one is the greater
    #[error("the lower offline limit (9F58) is above the upper one (9F59): exchange them")]
    OfflineLimits,

    /// a directory that is neither PSE nor PPSE
    #[error("a payment directory has the AID 1PAY.SYS.DDF01 or 2PAY.SYS.DDF01")]
    DirectoryName,
    /// a directory entry for an application that is not on the card, or not that way
    #[error(
        "an entry in DGI {0:04X} names an application that is not on the card, or not over this interface: take \
         the entry out"
    )]
    EntryOfNone(u16),
    /// an application of the card that the directory leaves out
    #[error("the directory has no entry for application {0}: add one with its AID")]
    NoEntry(Aid),
    /// an entry that names or ranks an application in another way than it does itself
    #[error(
        "{} in an entry of DGI {dgi:04X} is not that of the application it names: prepare both from one \
         element",
        named(*.tag)
    )]
    EntryDiffers {
        /// where
        dgi: u16,
        /// the element
        tag: u32,
    },
}

/// A tag with its name.
fn named(tag: u32) -> String {
    match element_of(tag) {
        Some(element) => format!("tag {tag:X} ({})", element.name),
        None => format!("tag {tag:X}"),
    }
}

fn allowed_lengths(tag: u32) -> String {
    match element_of(tag).map(|element| element.lengths.clone().into_inner()) {
        Some((first, last)) if first == last => format!("it has {first}"),
        Some((first, last)) => format!("it has {first} to {last}"),
        None => "it has 1 to 252".to_owned(),
    }
}

pub(in crate::check) fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_element_the_rule_and_the_remedy() {
        let length = EmvFault::ElementLength { dgi: 0x0102, tag: 0x5F20, length: 30 };
        assert_eq!(length.to_string(), "tag 5F20 (cardholder name) in DGI 0102 cannot have 30 bytes: it has 2 to 26");
        let authority = EmvFault::AuthorityMissing { provider: [0xF0, 0x45, 0x4D, 0x56, 0x01], index: 0xF1 };
        assert!(authority.to_string().contains("provider F0454D5601 with index F1"));
        assert!(EmvFault::Disagreement(0x57, 0x5A).to_string().contains("tag 57 (track 2 equivalent data)"));
    }
}
