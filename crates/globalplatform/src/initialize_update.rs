//! INITIALIZE UPDATE and what the card answers (Amd D §7.1.1; GPCS §E.5.1).

use cardwright_apdu::{Command, Response, StatusWord};

use crate::Error;
use crate::channel::with_short_data;
use crate::parameters::ChannelParameters;
use crate::protocol::{Protocol, Scp03Options};

/// Length of the key diversification data in bytes (Amd D Table 7-3, GPCS Table E-8).
pub const DIVERSIFICATION_DATA_LENGTH: usize = 10;

/// The center's one-time challenge: 16 random bytes, of which S16 takes all and the rest takes the first 8, so that
/// challenges can be handed out before the card's product is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostChallenge([u8; 16]);

impl HostChallenge {
    /// A challenge of 16 bytes that have never been used before.
    #[must_use]
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 8 or 16 bytes that a channel of `parameters` sends.
    #[must_use]
    pub fn sent(&self, parameters: &ChannelParameters) -> &[u8] {
        &self.0[..parameters.security_length()]
    }
}

/// The command that asks the card for its challenge (Amd D §7.1.1.2). Costs the card no try. A factory key set, FF,
/// cannot be named: P1 = 00 asks for the first available.
#[must_use]
pub fn initialize_update(parameters: &ChannelParameters, host_challenge: &HostChallenge) -> Command {
    let key_version = if parameters.key_version() == 0xFF { 0 } else { parameters.key_version() };
    with_short_data(Command::new(0x80, 0x50, key_version, 0x00), host_challenge.sent(parameters)).expecting_all()
}

/// The sequence counter in a card's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SequenceCounter {
    /// SCP02: which session this is (GPCS §E.1.2)
    Scp02([u8; 2]),
    /// SCP03 with a pseudo-random challenge: which challenge this is (Amd D §6.2.2.1)
    Scp03([u8; 3]),
    /// SCP03 with a random challenge
    None,
}

/// What a card that is of the expected product answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardAnswer {
    /// key diversification data: which card keys these are
    pub diversification_data: [u8; DIVERSIFICATION_DATA_LENGTH],
    /// the counter of the key set
    pub sequence_counter: SequenceCounter,
    /// the card challenge: 8 or 16 bytes, 6 under SCP02
    pub card_challenge: Vec<u8>,
    /// the card cryptogram: 8 or 16 bytes
    pub card_cryptogram: Vec<u8>,
}

impl CardAnswer {
    /// Reads an answer, data and status word, and refuses it unless it is of the product that `parameters` describe.
    ///
    /// # Errors
    /// `Error::Status` where the card refused; `Error::OtherCard` with what was expected and what came;
    /// `Error::Malformed` for fewer than 2 bytes.
    pub fn parse(parameters: &ChannelParameters, answer: &[u8]) -> Result<Self, Error> {
        let response = Response::parse(answer)
            .map_err(|source| Error::Malformed { what: "the answer to INITIALIZE UPDATE", source })?;
        if response.status != StatusWord::SUCCESS {
            return Err(Error::Status { status: response.status });
        }
        let data = &response.data[..];
        expect_byte("key version", data.get(10), parameters.key_version())?;
        expect_byte("secure channel protocol", data.get(11), parameters.protocol().identifier())?;
        match parameters.protocol() {
            Protocol::Scp03 { i, .. } => Self::parse_scp03(i, data),
            Protocol::Scp02 { .. } => Self::parse_scp02(data),
        }
    }

    /// KDD 10, key information 3, challenge and cryptogram 8 or 16 each, sequence counter 3 (Amd D Table 7-3).
    fn parse_scp03(i: Scp03Options, data: &[u8]) -> Result<Self, Error> {
        expect_byte("parameter i", data.get(12), i.byte())?;
        let length = i.security_length();
        let counter_length = if i.has_pseudo_random_challenge() { 3 } else { 0 };
        let mut fields = Fields::of_length(data, 13 + 2 * length + counter_length)?;
        let diversification_data = fields.take_array();
        fields.take(3);
        let card_challenge = fields.take(length).to_vec();
        let card_cryptogram = fields.take(length).to_vec();
        let sequence_counter = match counter_length {
            0 => SequenceCounter::None,
            _ => SequenceCounter::Scp03(fields.take_array()),
        };
        Ok(Self { diversification_data, sequence_counter, card_challenge, card_cryptogram })
    }

    /// KDD 10, key information 2, sequence counter 2, challenge 6, cryptogram 8 (GPCS Table E-8).
    fn parse_scp02(data: &[u8]) -> Result<Self, Error> {
        let mut fields = Fields::of_length(data, 28)?;
        let diversification_data = fields.take_array();
        fields.take(2);
        let sequence_counter = SequenceCounter::Scp02(fields.take_array());
        let card_challenge = fields.take(6).to_vec();
        let card_cryptogram = fields.take(8).to_vec();
        Ok(Self { diversification_data, sequence_counter, card_challenge, card_cryptogram })
    }
}

fn expect_byte(field: &'static str, found: Option<&u8>, expected: u8) -> Result<(), Error> {
    if found == Some(&expected) {
        return Ok(());
    }
    let found = found.map_or_else(|| "missing".to_owned(), |byte| format!("{byte:02X}"));
    Err(Error::OtherCard { field, expected: format!("{expected:02X}"), found })
}

/// Bytes whose total length has been checked, taken field by field.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn of_length(data: &'a [u8], length: usize) -> Result<Self, Error> {
        if data.len() == length {
            return Ok(Self(data));
        }
        let (expected, found) = (format!("{length} bytes"), format!("{} bytes", data.len()));
        Err(Error::OtherCard { field: "answer to INITIALIZE UPDATE", expected, found })
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let (field, rest) = self.0.split_at(length);
        self.0 = rest;
        field
    }

    fn take_array<const LENGTH: usize>(&mut self) -> [u8; LENGTH] {
        let mut field = [0; LENGTH];
        field.copy_from_slice(self.take(LENGTH));
        field
    }
}
