//! One application of a card: what it is, how its data reaches it, and what makes it usable.

use cardwright_apdu::Aid;
use minicbor::{Decode, Encode};

use super::{IssuerScript, PivContent, ProtectedDgi};
use crate::Standard;
use crate::encoding;

/// One application of a card and its data.
#[derive(Encode, Decode)]
#[cbor(map)]
pub struct Application {
    /// which card application reads the data
    #[n(0)]
    pub standard: Standard,
    /// AID of the load file (package)
    #[cbor(n(1), with = "encoding::aid")]
    pub package: Aid,
    /// AID of the module in it
    #[cbor(n(2), with = "encoding::aid")]
    pub module: Aid,
    /// AID that the application is selected by
    #[cbor(n(3), with = "encoding::aid")]
    pub instance: Aid,
    /// what INSTALL hands to the application: the value of tag C9 (GPCS §11.5.2.3.7)
    #[cbor(n(4), with = "minicbor::bytes")]
    pub install_parameters: Vec<u8>,
    /// privileges, 1 or 3 bytes (GPCS §11.1.2)
    #[cbor(n(5), with = "minicbor::bytes")]
    pub privileges: Vec<u8>,
    /// the data groupings in the order in which the card must receive them; none for PIV
    #[n(6)]
    pub dgis: Vec<ProtectedDgi>,
    /// when the commit point may be passed
    #[n(7)]
    pub activation: Activation,
    /// the command that makes the application usable
    #[n(8)]
    pub commit_point: CommitPoint,
    /// the way by which the data reaches it
    #[n(9)]
    pub route: Route,
    /// the way by which data is changed on a card in use
    #[n(10)]
    pub rewrite: Rewrite,
    /// objects, keys and references; there exactly for PIV
    #[n(11)]
    pub piv: Option<PivContent>,
    /// there exactly in a change by issuer script: `dgis` is then what the script changes, and goes by no STORE DATA
    #[n(12)]
    pub script: Option<IssuerScript>,
}

/// When the commit point may be passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Activation {
    /// only after the center has verified and stored the proof of the writing: one more round trip
    #[n(0)]
    AfterProof,
    /// at the end of the script that writes the data
    #[n(1)]
    InScript,
}

/// The command that makes an application usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum CommitPoint {
    /// INSTALL \[for make selectable\] (GPCS §11.5.2.3.3)
    #[n(0)]
    MakeSelectable,
    /// the application's own: its last STORE DATA, empty for PIV, makes it PERSONALIZED
    #[n(1)]
    Personalized,
}

/// The way by which an application's data reaches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Route {
    /// through its Security Domain: INSTALL \[for personalization\], then STORE DATA (GPCS §11.5.2.3.6)
    #[n(0)]
    SecurityDomain,
    /// straight: the application is selected, and the channel opened with it
    #[n(1)]
    Application,
}

/// The way by which an application's data is changed on a card in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Rewrite {
    /// STORE DATA through the Security Domain
    #[n(0)]
    StoreData,
    /// PUT DATA to the application
    #[n(1)]
    PutData,
    /// commands authenticated by the issuer's own keys, sent through a payment terminal
    #[n(2)]
    IssuerScript,
    /// the application is deleted and installed again
    #[n(3)]
    Reinstall,
}
