//! Card Production Life Cycle data (tag 9F7F): who made a chip and when, 42 bytes. GlobalPlatform leaves its content
//! to the makers; these are the fields that chips are met with.

use crate::Error;
use crate::commands::{DataObject, read_data_object};

/// The data of one chip. Dates are coded `YDDD` in decimal digits: last digit of the year, day of the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProductionLifeCycle([u8; Self::LENGTH]);

impl ProductionLifeCycle {
    /// Length in bytes, without tag and length.
    pub const LENGTH: usize = 42;

    /// Reads the answer's data to GET DATA 9F7F; some cards leave tag and length out, which is taken too.
    ///
    /// # Errors
    /// `Error::Malformed`, or `Error::Content` where there are not 42 bytes.
    pub fn parse(response_data: &[u8]) -> Result<Self, Error> {
        let value = match response_data.len() {
            Self::LENGTH => response_data,
            _ => read_data_object(DataObject::ProductionLifeCycle, response_data)?,
        };
        let wrong = Error::Content { what: "Card Production Life Cycle data", problem: "it is not of 42 bytes" };
        value.try_into().map(Self).map_err(|_| wrong)
    }

    /// All 42 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// Who made the chip.
    #[must_use]
    pub fn ic_fabricator(&self) -> [u8; 2] {
        self.field(0)
    }

    /// Which chip it is.
    #[must_use]
    pub fn ic_type(&self) -> [u8; 2] {
        self.field(2)
    }

    /// Whose operating system it has.
    #[must_use]
    pub fn operating_system(&self) -> [u8; 2] {
        self.field(4)
    }

    /// When the operating system was released.
    #[must_use]
    pub fn operating_system_release_date(&self) -> [u8; 2] {
        self.field(6)
    }

    /// Which level of the operating system it is.
    #[must_use]
    pub fn operating_system_release_level(&self) -> [u8; 2] {
        self.field(8)
    }

    /// When the chip was made.
    #[must_use]
    pub fn ic_fabrication_date(&self) -> [u8; 2] {
        self.field(10)
    }

    /// The chip's serial number, unique within its batch.
    #[must_use]
    pub fn ic_serial_number(&self) -> [u8; 4] {
        self.field(12)
    }

    /// The chip's batch.
    #[must_use]
    pub fn ic_batch(&self) -> [u8; 2] {
        self.field(16)
    }

    /// What names one chip: fabricator, type, fabrication date, serial number and batch.
    #[must_use]
    pub fn chip_identity(&self) -> [u8; 12] {
        let mut identity = [0; 12];
        identity[..4].copy_from_slice(&self.0[..4]);
        identity[4..].copy_from_slice(&self.0[10..18]);
        identity
    }

    fn field<const LENGTH: usize>(&self, offset: usize) -> [u8; LENGTH] {
        let mut field = [0; LENGTH];
        field.copy_from_slice(&self.0[offset..offset + LENGTH]);
        field
    }
}
