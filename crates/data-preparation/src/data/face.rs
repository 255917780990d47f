//! What is printed on a card, and what of it people at a base may see.

use minicbor::{Decode, Encode};
use zeroize::Zeroize;

/// One thing on the card's face. Positions are from the upper left corner of a card of 85.60 × 53.98 mm
/// (ISO/IEC 7810, ID-1), in hundredths of a millimetre. Erased when dropped.
#[derive(Encode, Decode)]
#[cbor(map)]
pub struct FaceItem {
    /// what it is
    #[n(0)]
    pub kind: FaceKind,
    /// distance of its left edge
    #[n(1)]
    pub left: u16,
    /// distance of its upper edge
    #[n(2)]
    pub top: u16,
    /// the width it has at most
    #[n(3)]
    pub width: u16,
    /// its height; of a text, that of a line
    #[n(4)]
    pub height: u16,
    /// what is printed: UTF-8, or the bytes of the image
    #[cbor(n(5), with = "minicbor::bytes")]
    pub value: Vec<u8>,
    /// what of it may be shown at a base; nothing where it is empty
    #[cbor(n(6), with = "minicbor::bytes")]
    pub at_base: Vec<u8>,
}

/// What a thing on the card's face is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum FaceKind {
    /// a line of text
    #[n(0)]
    Text,
    /// an image, JPEG or PNG
    #[n(1)]
    Photo,
}

impl Drop for FaceItem {
    fn drop(&mut self) {
        self.value.zeroize();
        self.at_base.zeroize();
    }
}
