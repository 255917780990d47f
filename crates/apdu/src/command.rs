//! Command APDUs, short and extended, all four cases (ISO/IEC 7816-4 §5.2).

use std::fmt;

use zeroize::Zeroizing;

use crate::Error;

/// CLA, INS, P1, P2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Header {
    /// class byte
    pub cla: u8,
    /// instruction byte
    pub ins: u8,
    /// first parameter
    pub p1: u8,
    /// second parameter
    pub p2: u8,
}

/// A command. Encodes short where it fits, extended where it must, unless it was parsed from the extended form.
/// Its data, which may be a name or a key, is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    /// CLA, INS, P1, P2
    pub header: Header,
    /// command data, 0 to 65,535 bytes
    data: Zeroizing<Vec<u8>>,
    /// the number of response bytes asked for, 1 to 65,536; `None` where no Le field is sent
    expected: Option<u32>,
    extended: bool,
}

impl Command {
    /// A command without data and without Le (case 1).
    #[must_use]
    pub fn new(cla: u8, ins: u8, p1: u8, p2: u8) -> Self {
        Self { header: Header { cla, ins, p1, p2 }, data: Zeroizing::default(), expected: None, extended: false }
    }

    /// The same command carrying `data`; more than 255 bytes make it extended.
    ///
    /// # Errors
    /// `Error::Length` for more than 65,535 bytes.
    pub fn with_data(mut self, data: impl Into<Vec<u8>>) -> Result<Self, Error> {
        self.data = Zeroizing::new(data.into());
        if self.data.len() > 0xFFFF {
            return Err(Error::Length { what: "command data", length: self.data.len(), allowed: "0 to 65535" });
        }
        self.extended |= self.data.len() > 0xFF;
        Ok(self)
    }

    /// The same command asking for as many bytes as there are (Le = 00).
    #[must_use]
    pub fn expecting_all(mut self) -> Self {
        self.expected = Some(if self.extended { 0x1_0000 } else { 0x100 });
        self
    }

    /// The same command asking for at most `count` response bytes, 1 to 65,536.
    ///
    /// # Errors
    /// `Error::Length` for 0 and for more than 65,536.
    pub fn expecting(mut self, count: u32) -> Result<Self, Error> {
        if count == 0 || count > 0x1_0000 {
            return Err(Error::Length { what: "Le", length: count as usize, allowed: "1 to 65536" });
        }
        self.extended |= count > 0x100;
        self.expected = Some(count);
        Ok(self)
    }

    /// The command data.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// How many response bytes are asked for at most; `None` where the command has no Le field.
    #[must_use]
    pub fn expected(&self) -> Option<u32> {
        self.expected
    }

    /// Whether the command encodes with extended length fields.
    #[must_use]
    pub fn is_extended(&self) -> bool {
        self.extended
    }

    /// The bytes for the card.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Header { cla, ins, p1, p2 } = self.header;
        let mut bytes = Vec::with_capacity(self.data.len() + 9);
        bytes.extend_from_slice(&[cla, ins, p1, p2]);
        if self.extended {
            self.encode_extended(&mut bytes);
        } else {
            if !self.data.is_empty() {
                bytes.push(self.data.len() as u8);
                bytes.extend_from_slice(&self.data);
            }
            if let Some(count) = self.expected {
                bytes.push(count as u8); // 256 is written as 00
            }
        }
        bytes
    }

    fn encode_extended(&self, bytes: &mut Vec<u8>) {
        if self.data.is_empty() && self.expected.is_none() {
            return;
        }
        bytes.push(0);
        if !self.data.is_empty() {
            bytes.extend_from_slice(&(self.data.len() as u16).to_be_bytes());
            bytes.extend_from_slice(&self.data);
        }
        if let Some(count) = self.expected {
            bytes.extend_from_slice(&(count as u16).to_be_bytes()); // 65,536 is written as 0000
        }
    }

    /// Reads a command from exactly `bytes`.
    ///
    /// # Errors
    /// `Error::Truncated`, `Error::Trailing` or `Error::Invalid` where the bytes are none of the four cases.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let [cla, ins, p1, p2, body @ ..] = bytes else {
            return Err(Error::Truncated { expected: 4, found: bytes.len() });
        };
        let command = Self::new(*cla, *ins, *p1, *p2);
        match body {
            [] => Ok(command),
            [le] => Ok(Self { expected: Some(short_le(*le)), ..command }),
            [0, rest @ ..] => command.parse_extended(rest),
            [lc, rest @ ..] => {
                let lc = usize::from(*lc);
                let (data, le) =
                    rest.split_at_checked(lc).ok_or(Error::Truncated { expected: lc, found: rest.len() })?;
                let expected = match le {
                    [] => None,
                    [le] => Some(short_le(*le)),
                    more => return Err(Error::Trailing(more.len() - 1)),
                };
                Ok(Self { data: Zeroizing::new(data.to_vec()), expected, ..command })
            }
        }
    }

    fn parse_extended(self, rest: &[u8]) -> Result<Self, Error> {
        let [high, low, rest @ ..] = rest else {
            return Err(Error::Truncated { expected: 2, found: rest.len() });
        };
        let length = u16::from_be_bytes([*high, *low]);
        if rest.is_empty() {
            return Ok(Self { expected: Some(extended_le(length)), extended: true, ..self });
        }
        if length == 0 {
            return Err(Error::Invalid("extended Lc of 0000"));
        }
        let lc = usize::from(length);
        let (data, le) = rest.split_at_checked(lc).ok_or(Error::Truncated { expected: lc, found: rest.len() })?;
        let expected = match le {
            [] => None,
            [high, low] => Some(extended_le(u16::from_be_bytes([*high, *low]))),
            [_] => return Err(Error::Truncated { expected: 2, found: 1 }),
            more => return Err(Error::Trailing(more.len() - 2)),
        };
        Ok(Self { data: Zeroizing::new(data.to_vec()), expected, extended: true, ..self })
    }
}

/// Only header, length of the data, and what is asked for are shown.
impl fmt::Debug for Command {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Header { cla, ins, p1, p2 } = self.header;
        write!(out, "Command({cla:02X}{ins:02X}{p1:02X}{p2:02X}, {} bytes", self.data.len())?;
        self.expected.map_or(Ok(()), |count| write!(out, ", at most {count} expected"))?;
        out.write_str(if self.extended { ", extended)" } else { ")" })
    }
}

fn short_le(byte: u8) -> u32 {
    if byte == 0 { 0x100 } else { u32::from(byte) }
}

fn extended_le(field: u16) -> u32 {
    if field == 0 { 0x1_0000 } else { u32::from(field) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_four_cases_encode_as_the_standard_says() {
        let base = || Command::new(0x80, 0xCA, 0x00, 0x66);
        assert_eq!(base().to_bytes(), [0x80, 0xCA, 0, 0x66]);
        assert_eq!(base().expecting_all().to_bytes(), [0x80, 0xCA, 0, 0x66, 0]);
        assert_eq!(base().with_data([1, 2]).unwrap().to_bytes(), [0x80, 0xCA, 0, 0x66, 2, 1, 2]);
        assert_eq!(base().with_data([1]).unwrap().expecting(5).unwrap().to_bytes(), [0x80, 0xCA, 0, 0x66, 1, 1, 5]);
        let long = base().with_data(vec![7; 256]).unwrap().expecting_all().to_bytes();
        assert_eq!(&long[4..7], [0, 1, 0]);
        assert_eq!(&long[263..], [0, 0]);
        assert_eq!(base().expecting(257).unwrap().to_bytes()[4..], [0, 1, 1]);
    }

    #[test]
    fn a_command_that_is_printed_does_not_show_its_data() {
        let command = Command::new(0x80, 0xE2, 0x80, 0x01).with_data(vec![0xAB; 3]).unwrap();
        assert_eq!(format!("{command:?}"), "Command(80E28001, 3 bytes)");
        let command = command.with_data(vec![0xAB; 256]).unwrap().expecting_all();
        assert_eq!(format!("{command:?}"), "Command(80E28001, 256 bytes, at most 65536 expected, extended)");
    }

    #[test]
    fn a_command_that_asks_for_nothing_or_too_much_cannot_be_made() {
        assert!(Command::new(0, 0, 0, 0).expecting(0).is_err());
        assert!(Command::new(0, 0, 0, 0).expecting(65_537).is_err());
        assert!(Command::new(0, 0, 0, 0).with_data(vec![0; 65_536]).is_err());
    }
}
