//! What of a card's data is made: all of it, or what a change of a card in use writes.

use minicbor::decode::{self, Decoder};
use minicbor::encode::{self, Encoder, Write};
use minicbor::{Decode, Encode};

/// What of a card's data is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Encode, Decode)]
#[cbor(index_only)]
pub enum Scope {
    /// everything: of a new card, and of an application that is added or comes in another version
    #[default]
    #[n(0)]
    Whole,
    /// what tells about the holder, without PIN and PUK
    #[n(1)]
    PersonalData,
    /// PIN and PUK
    #[n(2)]
    Pin,
}

impl std::fmt::Display for Scope {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Whole => "the whole card",
            Self::PersonalData => "personal data",
            Self::Pin => "the PIN",
        })
    }
}

/// The whole is not written: data of the time before changes is read as such, and has one encoding still.
pub(super) fn encode<C, W: Write>(
    scope: &Scope,
    out: &mut Encoder<W>,
    context: &mut C,
) -> Result<(), encode::Error<W::Error>> {
    scope.encode(out, context)
}

pub(super) fn decode<'b, C>(from: &mut Decoder<'b>, context: &mut C) -> Result<Scope, decode::Error> {
    Scope::decode(from, context)
}

pub(super) fn is_nil(scope: &Scope) -> bool {
    *scope == Scope::Whole
}

pub(super) fn nil() -> Option<Scope> {
    Some(Scope::Whole)
}
