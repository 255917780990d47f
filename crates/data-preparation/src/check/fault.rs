//! Why finished data was refused.

use cardwright_apdu::Aid;

use super::EmvFault;
use super::emv::hex_of;
use crate::standard::PivFault;

/// Why finished data was refused. It never holds the data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckFault {
    /// the bytes are not the canonical encoding of format 1
    #[error("the bytes are not the canonical encoding of personalization data")]
    Encoding,
    /// the digest is another one: the bytes are not those that were checked
    #[error("the digest of the data is not the one on record")]
    Digest,
    /// there is no application, or two under one AID
    #[error("the applications are none, or two of them have one AID")]
    Applications,
    /// privileges of another length than 1 and 3
    #[error("the privileges are not 1 or 3 bytes")]
    Privileges,
    /// personal data under a level without command encryption
    #[error("personal data would travel unencrypted")]
    SecurityLevel,
    /// a DGI that the card's application does not know
    #[error("the card's application knows no DGI {0:04X}")]
    UnknownDgi(u16),
    /// a DGI that is there twice
    #[error("DGI {0:04X} is there twice")]
    DoubledDgi(u16),
    /// a DGI that the card's application needs
    #[error("DGI {0:04X} is missing")]
    MissingDgi(u16),
    /// a DGI, or another part, that the change does not write
    #[error("the change writes what it must not: {0}")]
    OutOfScope(&'static str),
    /// a DGI of a length that the card's application refuses
    #[error("DGI {identifier:04X} cannot have {length} bytes")]
    Length {
        /// the DGI
        identifier: u16,
        /// its bytes
        length: usize,
    },
    /// a DGI whose bytes are not what they must be
    #[error("DGI {0:04X} does not hold what it must")]
    Value(u16),
    /// a DGI that travels in another way than the card takes it
    #[error(
        "DGI {0:04X} travels in the wrong way: secrets are encrypted under the data encryption key, parts of RSA keys \
         padded as well, and what the standard sends in clear is not"
    )]
    Unprotected(u16),
    /// a DGI about a person that is not declared so
    #[error("DGI {0:04X} must be declared personal")]
    NotPersonal(u16),
    /// the last DGI is not the manifest
    #[error("the last DGI is not the manifest")]
    ManifestNotLast,
    /// the manifest names other DGIs, lengths or hashes
    #[error("the manifest is not that of the DGIs before it")]
    Manifest,
    /// a payment application or directory whose data a terminal would refuse
    #[error("application {application}: {fault}")]
    Emv {
        /// its AID
        application: Aid,
        /// what is wrong
        fault: EmvFault,
    },
    /// a PIV application that its clients would refuse
    #[error("application {application}: {fault}")]
    Piv {
        /// its AID
        application: Aid,
        /// what is wrong
        fault: PivFault,
    },
    /// an EMV application or directory whose way to its data and commit point do not belong together
    #[error(
        "application {0}: data through the Security Domain ends with make selectable, data straight to the application \
         with its own last command: change the route or the commit point"
    )]
    CommitPoint(Aid),
    /// a certification key that is there twice, or that no certificate leads to
    #[error(
        "the certification key of provider {} with index {index:02X} is there twice, or no certificate leads to it: \
         leave it out",
        hex_of(.provider)
    )]
    CertificationKey {
        /// the registered application provider
        provider: [u8; 5],
        /// its index
        index: u8,
    },
    /// the number for people is not that of the card
    #[error("the masked number is not that of the card number")]
    MaskedNumber,
}
