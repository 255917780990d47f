//! What a purchase can fail with: the step, and what was wrong in it.

use std::fmt;

use thiserror::Error;

use super::link::LinkFailure;

/// The steps of a purchase, in the order of B3 §8.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// directory, candidates and SELECT (B1 §12)
    ApplicationSelection,
    /// GET PROCESSING OPTIONS (B3 §10.1)
    InitiateApplication,
    /// READ RECORD by the AFL (B3 §10.2)
    ReadApplicationData,
    /// SDA, DDA, and CDA's certificates (B3 §10.3)
    DataAuthentication,
    /// version, usage, dates (B3 §10.4)
    ProcessingRestrictions,
    /// the CVM list (B3 §10.5)
    CardholderVerification,
    /// floor limit, random selection, velocity (B3 §10.6)
    TerminalRiskManagement,
    /// which cryptogram is asked for (B3 §10.7)
    TerminalActionAnalysis,
    /// the first GENERATE AC (B3 §10.8)
    FirstCryptogram,
    /// the issuer and its answer (B3 §10.9)
    OnlineProcessing,
    /// the issuer's scripts (B3 §10.10)
    ScriptProcessing,
    /// the second GENERATE AC (B3 §10.11)
    SecondCryptogram,
}

/// Which of the signed things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {
    /// 90
    Issuer,
    /// 9F46
    Card,
    /// 9F2D
    PinEncipherment,
    /// 93
    StaticData,
    /// 9F4B
    DynamicData,
}

/// What was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Wrong {
    /// nobody answered
    #[error("{0}")]
    Link(#[from] LinkFailure),
    /// a status word that the step does not know
    #[error("the card answered {status:04X} to {command}")]
    Status {
        /// the command's name
        command: &'static str,
        /// SW1 SW2
        status: u16,
    },
    /// bytes that are not what they should be made of
    #[error("{what}: {why}")]
    Structure {
        /// which bytes
        what: &'static str,
        /// what is wrong with them
        why: String,
    },
    /// a data object that has to be there
    #[error("{0:X} is missing")]
    Missing(u32),
    /// a data object that is there twice
    #[error("{0:X} stands there twice")]
    Twice(u32),
    /// a data object that says something impossible
    #[error("{tag:X}: {why}")]
    Value {
        /// the data object
        tag: u32,
        /// what is wrong with it
        why: &'static str,
    },
    /// something signed that does not hold
    #[error("{which}: {why}")]
    Certificate {
        /// which of them
        which: Certificate,
        /// what is wrong with it
        why: &'static str,
    },
    /// no key of this authority was given to the terminal
    #[error("no authority key of {} with index {index:02X}", hex::encode_upper(.provider))]
    Authority {
        /// the RID
        provider: [u8; 5],
        /// 8F
        index: u8,
    },
    /// the issuer computed another cryptogram
    #[error("the issuer does not find the card's cryptogram: {0}")]
    Cryptogram(&'static str),
    /// the terminal itself: a test that asks for what cannot be
    #[error("terminal: {0}")]
    Terminal(String),
}

/// Why a purchase ended before its end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{step}: {wrong}")]
pub struct Fault {
    /// where
    pub step: Step,
    /// what
    pub wrong: Wrong,
}

impl Wrong {
    pub(super) fn structure(what: &'static str, why: impl fmt::Display) -> Self {
        Self::Structure { what, why: why.to_string() }
    }

    pub(super) fn value(tag: u32, why: &'static str) -> Self {
        Self::Value { tag, why }
    }

    pub(super) fn certificate(which: Certificate, why: &'static str) -> Self {
        Self::Certificate { which, why }
    }

    pub(super) fn at(self, step: Step) -> Fault {
        Fault { step, wrong: self }
    }
}

/// OpenSSL fails where a test hands it what it cannot take.
impl From<openssl::error::ErrorStack> for Wrong {
    fn from(error: openssl::error::ErrorStack) -> Self {
        Self::Terminal(error.to_string())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::ApplicationSelection => "application selection",
            Self::InitiateApplication => "initiate application",
            Self::ReadApplicationData => "read application data",
            Self::DataAuthentication => "offline data authentication",
            Self::ProcessingRestrictions => "processing restrictions",
            Self::CardholderVerification => "cardholder verification",
            Self::TerminalRiskManagement => "terminal risk management",
            Self::TerminalActionAnalysis => "terminal action analysis",
            Self::FirstCryptogram => "first cryptogram",
            Self::OnlineProcessing => "online processing",
            Self::ScriptProcessing => "issuer-to-card script processing",
            Self::SecondCryptogram => "second cryptogram",
        })
    }
}

impl fmt::Display for Certificate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Issuer => "issuer certificate (90)",
            Self::Card => "card certificate (9F46)",
            Self::PinEncipherment => "PIN encipherment certificate (9F2D)",
            Self::StaticData => "signed static data (93)",
            Self::DynamicData => "signed dynamic data (9F4B)",
        })
    }
}
