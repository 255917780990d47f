//! Fields of a component, one after the other.

use cardwright_apdu::Aid;

use super::CapFault;
use super::component::{Component, Kind};

/// What of a component is not read yet.
pub(super) struct Fields<'a> {
    kind: Kind,
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn of(component: &'a Component) -> Self {
        Self { kind: component.kind(), rest: component.info() }
    }

    /// `LENGTH` bytes.
    pub(super) fn take<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], CapFault> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(self.fault("a field is cut"))?;
        self.rest = rest;
        Ok(*taken)
    }

    /// What stands behind its length of one byte.
    pub(super) fn take_counted(&mut self) -> Result<&'a [u8], CapFault> {
        let [length] = self.take()?;
        let (taken, rest) = self.rest.split_at_checked(length.into()).ok_or(self.fault("a field is cut"))?;
        self.rest = rest;
        Ok(taken)
    }

    /// An AID behind its length.
    pub(super) fn take_aid(&mut self) -> Result<Aid, CapFault> {
        let bytes = self.take_counted()?;
        Aid::new(bytes).map_err(|_| self.fault("an AID is not of 5 to 16 bytes"))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// That nothing is left.
    pub(super) fn end(&self) -> Result<(), CapFault> {
        if self.is_empty() { Ok(()) } else { Err(self.fault("bytes are left at its end")) }
    }

    pub(super) fn fault(&self, problem: &'static str) -> CapFault {
        self.kind.fault(problem)
    }
}
