//! INSTALL in its roles (GPCS §11.5).

use cardwright_apdu::{Aid, tlv};

use super::{managing, managing_aid, write_aid, write_field};
use crate::Error;
use crate::plan::PlannedCommand;

/// P1 of the roles (GPCS Table 11-41).
const FOR_LOAD: u8 = 0x02;
const FOR_INSTALL: u8 = 0x04;
const FOR_MAKE_SELECTABLE: u8 = 0x08;
const FOR_PERSONALIZATION: u8 = 0x20;
const FOR_REGISTRY_UPDATE: u8 = 0x40;

/// The length of a hash is one byte, 00 to 7F (GPCS Table 11-42).
const LONGEST_HASH: usize = 0x7F;

/// An empty token: none is needed where the Security Domain's own provider manages content (GPCS §11.5.2.3.2).
const NO_TOKEN: u8 = 0x00;

/// Privileges, 1 or 3 bytes as they are sent (GPCS §11.1.2). One byte leaves the second to the card's defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Privileges {
    bytes: [u8; 3],
    length: usize,
}

impl Privileges {
    /// No privilege, in one byte.
    pub const NONE: Self = Self { bytes: [0; 3], length: 1 };

    /// Privileges as they are to be sent.
    ///
    /// # Errors
    /// `Error::Argument` unless there are 1 or 3 bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, Error> {
        let mut held = [0; 3];
        match bytes {
            [_] | [_, _, _] => held[..bytes.len()].copy_from_slice(bytes),
            _ => return Err(Error::Argument { what: "privileges", found: bytes.len(), allowed: "1 or 3" }),
        }
        Ok(Self { bytes: held, length: bytes.len() })
    }

    /// The 1 or 3 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// All three bytes; those that were not sent are zero.
    #[must_use]
    pub fn as_three_bytes(&self) -> [u8; 3] {
        self.bytes
    }
}

/// INSTALL [for load]: announces a load file (GPCS Table 11-42). `security_domain` is whose it becomes, `None` for
/// the selected one; `hash` of the load file data block, without tag C4 and its length (§C.2), may be empty, and so may
/// `parameters` ([`super::MemoryRequirement::load_parameters`]). The card need not verify the hash.
///
/// # Errors
/// `Error::Argument` for a hash of more than 127 bytes, and where it does not fit a short command.
pub fn install_for_load(
    load_file: &Aid,
    security_domain: Option<&Aid>,
    hash: &[u8],
    parameters: &[u8],
) -> Result<PlannedCommand, Error> {
    if hash.len() > LONGEST_HASH {
        return Err(Error::Argument { what: "load file data block hash", found: hash.len(), allowed: "0 to 127" });
    }
    let mut data = Vec::new();
    write_aid(&mut data, Some(load_file));
    write_aid(&mut data, security_domain);
    write_field(&mut data, hash);
    write_field(&mut data, parameters);
    data.push(NO_TOKEN);
    managing(0xE6, FOR_LOAD, 0x00, data)
}

/// An instance to be made of a module (GPCS Table 11-43).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation<'a> {
    /// AID of the load file
    pub load_file: Aid,
    /// AID of the module in it
    pub module: Aid,
    /// AID that the instance is selected by
    pub instance: Aid,
    /// its privileges
    pub privileges: Privileges,
    /// application specific parameters: the value of tag C9, which the application gets
    pub application_parameters: &'a [u8],
    /// further parameters, TLV (Table 11-49), for example a template EF; mostly empty
    pub further_parameters: &'a [u8],
}

impl Installation<'_> {
    /// INSTALL [for install]: INSTALLED afterwards, not selectable.
    ///
    /// # Errors
    /// `Error::Argument` where it does not fit a short command.
    pub fn install(&self) -> Result<PlannedCommand, Error> {
        managing(0xE6, FOR_INSTALL, 0x00, self.data())
    }

    /// INSTALL [for install and make selectable]: SELECTABLE afterwards, which cannot be undone.
    ///
    /// # Errors
    /// `Error::Argument` where it does not fit a short command.
    pub fn install_and_make_selectable(&self) -> Result<PlannedCommand, Error> {
        managing(0xE6, FOR_INSTALL | FOR_MAKE_SELECTABLE, 0x00, self.data())
    }

    fn data(&self) -> Vec<u8> {
        let mut parameters = tlv::element(0xC9, self.application_parameters); // mandatory, even when empty
        parameters.extend_from_slice(self.further_parameters);
        let mut data = Vec::new();
        write_aid(&mut data, Some(&self.load_file));
        write_aid(&mut data, Some(&self.module));
        write_aid(&mut data, Some(&self.instance));
        write_field(&mut data, self.privileges.as_bytes());
        write_field(&mut data, &parameters);
        data.push(NO_TOKEN);
        data
    }
}

/// INSTALL [for make selectable]: INSTALLED to SELECTABLE, which cannot be undone (GPCS Table 11-44).
#[must_use]
pub fn make_selectable(instance: &Aid, privileges: Privileges) -> PlannedCommand {
    let mut data = vec![0x00, 0x00];
    write_aid(&mut data, Some(instance));
    write_field(&mut data, privileges.as_bytes());
    data.extend_from_slice(&[0x00, NO_TOKEN]);
    managing_aid(0xE6, FOR_MAKE_SELECTABLE, 0x00, data)
}

/// INSTALL [for personalization]: STORE DATA that follows is for `application`, to its last block (GPCS Table 11-47).
#[must_use]
pub fn install_for_personalization(application: &Aid) -> PlannedCommand {
    let mut data = vec![0x00, 0x00];
    write_aid(&mut data, Some(application));
    data.extend_from_slice(&[0x00; 3]);
    managing_aid(0xE6, FOR_PERSONALIZATION, 0x00, data)
}

/// A change of an entry of the registry (GPCS Table 11-46).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryUpdate<'a> {
    /// whose it becomes; `None` leaves it
    pub security_domain: Option<Aid>,
    /// which application; `None` for the OPEN itself
    pub application: Option<Aid>,
    /// its new privileges; `None` leaves them
    pub privileges: Option<Privileges>,
    /// registry update parameters, TLV (Table 11-52)
    pub parameters: &'a [u8],
}

impl RegistryUpdate<'_> {
    /// INSTALL [for registry update]: all of it happens or nothing.
    ///
    /// # Errors
    /// `Error::Argument` where it does not fit a short command.
    pub fn command(&self) -> Result<PlannedCommand, Error> {
        let mut data = Vec::new();
        write_aid(&mut data, self.security_domain.as_ref());
        data.push(0x00);
        write_aid(&mut data, self.application.as_ref());
        write_field(&mut data, self.privileges.as_ref().map_or(&[], Privileges::as_bytes));
        write_field(&mut data, self.parameters);
        data.push(NO_TOKEN);
        managing(0xE6, FOR_REGISTRY_UPDATE, 0x00, data)
    }
}
