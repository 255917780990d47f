//! The wire to a vpcd reader: two bytes of length, then a command, or one byte that controls power.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustix::net::sockopt::set_tcp_quickack;

use crate::failure::Failure;

/// What the reader wants.
pub(crate) enum Request {
    /// power off, power on, reset: no answer
    Power,
    /// the answer to reset; also its way of asking whether the card is still there
    AnswerToReset,
    /// a command
    Command(Vec<u8>),
}

/// A reader that a card is in.
pub(crate) struct Reader {
    stream: TcpStream,
}

impl Reader {
    /// Puts the card in.
    pub(crate) fn connect(host: &str, port: u16) -> std::io::Result<Self> {
        let stream = TcpStream::connect((host, port))?;
        stream.set_nodelay(true)?;
        set_tcp_quickack(&stream, true)?;
        Ok(Self { stream })
    }

    /// The next request; `None` where the reader is gone.
    pub(crate) fn next(&mut self) -> Result<Option<Request>, Failure> {
        loop {
            let mut length = [0; 2];
            if !self.read(&mut length)? {
                return Ok(None);
            }
            let mut body = vec![0; usize::from(u16::from_be_bytes(length))];
            if !self.read(&mut body)? {
                return Ok(None);
            }
            match body[..] {
                [0x00..=0x02] => return Ok(Some(Request::Power)),
                [0x04] => return Ok(Some(Request::AnswerToReset)),
                [] | [_] => {} // nothing that vpcd knows
                _ => return Ok(Some(Request::Command(body))),
            }
        }
    }

    /// Sends length and body in one write: two would meet Nagle.
    pub(crate) fn answer(&mut self, body: &[u8]) -> Result<(), Failure> {
        let length = u16::try_from(body.len()).unwrap_or(u16::MAX);
        let message = [&length.to_be_bytes()[..], &body[..usize::from(length)]].concat();
        self.stream.write_all(&message).map_err(Failure::at("reader"))
    }

    /// Acknowledges at once: the reader writes length and body apart, and waits 40 ms for a delayed acknowledgement.
    fn read(&mut self, bytes: &mut [u8]) -> Result<bool, Failure> {
        match self.stream.read_exact(bytes) {
            Ok(()) => {
                set_tcp_quickack(&self.stream, true).map_err(|error| Failure::Environment(error.to_string()))?;
                Ok(true)
            }
            Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => Ok(false),
            Err(error) => Err(Failure::at("reader")(error)),
        }
    }
}

/// Waits in small steps for a reader that is not listening yet.
pub(crate) const RETRY: Duration = Duration::from_millis(100);
