//! Issuer scripts, the issuer's side: a payment application in use is asked for a cryptogram, believed once it is right,
//! answered, and sent the commands that change it; its next cryptogram proves that they were carried out.
//!
//! `docs/emv-application.md` is the card's side. Nothing here waits or draws: the unpredictable number comes in.

mod command;
mod question;
mod session;

pub use command::ScriptCommand;
pub use question::{CarriedOut, ScriptQuestion};
pub use session::ScriptSession;

use crate::emv::cryptogram::IssuerApplicationData;
use crate::{Application, EmvFault, Interface, IssuerScript, ScriptLists};

impl IssuerScript {
    /// The question about `application`, in a change by issuer script, over `interface`: for a cryptogram of a
    /// transaction that goes online, with the `unpredictable` number. The same question, with another number, is asked
    /// again for the proof.
    ///
    /// # Errors
    /// `EmvFault` where `application` is not one that a script changes, or its lists do not ask for what cryptograms
    /// are made of.
    pub fn question(
        application: &Application,
        interface: Interface,
        unpredictable: [u8; 4],
    ) -> Result<ScriptQuestion, EmvFault> {
        let script = application.script.as_ref().ok_or(EmvFault::NoScript)?;
        ScriptQuestion::new(script, ScriptCommand::all(application)?, interface, unpredictable)
    }

    /// The lists of `interface`; those of the contacts where it has none of its own.
    pub(crate) fn lists(&self, interface: Interface) -> &ScriptLists {
        let own = self.contactless.as_ref().filter(|_| interface == Interface::Contactless);
        own.unwrap_or(&self.contact)
    }

    pub(crate) fn issuer_application_data(&self) -> Result<IssuerApplicationData, EmvFault> {
        let read = IssuerApplicationData::read(&self.issuer_application_data);
        read.ok_or(EmvFault::ElementValue { dgi: 0x3000, tag: 0x9F10 })
    }

    /// The keys of cryptograms, MACs and encipherment.
    pub(crate) fn keys(&self) -> Result<&[[u8; 16]; 3], EmvFault> {
        let (keys, rest) = self.keys.as_chunks::<16>();
        keys.try_into().ok().filter(|_| rest.is_empty()).ok_or(EmvFault::Template(0x8000))
    }
}
