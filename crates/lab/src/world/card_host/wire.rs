//! The frames between a vpcd reader and its card: two bytes of length, then one byte that controls power, or a
//! command; the card answers commands and the question for its answer to reset.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use rustix::net::sockopt::set_tcp_quickack;

/// What the reader sent.
pub(super) enum Frame {
    /// power off, power on, reset: no answer
    Power(Vec<u8>),
    /// a question about the card itself, answered
    Question(Vec<u8>),
    /// a command, answered
    Command(Vec<u8>),
}

impl Frame {
    /// Reads one; `None` where the reader is gone.
    pub(super) fn read(reader: &mut TcpStream) -> Option<Self> {
        let bytes = read(reader)?;
        Some(match bytes[..] {
            [0x00..=0x02] => Self::Power(bytes),
            [] | [_] => Self::Question(bytes),
            _ => Self::Command(bytes),
        })
    }
}

/// Reads the bytes of one frame. Acknowledges at once: length and bytes come apart, and the other side would wait.
pub(super) fn read(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).ok()?;
    set_tcp_quickack(&*stream, true).ok()?;
    let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut bytes).ok()?;
    set_tcp_quickack(&*stream, true).ok()?;
    Some(bytes)
}

/// Writes one frame.
pub(super) fn write(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    let length = u16::try_from(bytes.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes()[..], bytes].concat())
}
