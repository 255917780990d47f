//! The PC/SC service. A card is held exclusively, without a transaction, and let go without a reset.

use std::ffi::CString;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use pcsc::{
    Attribute, Card, Context, Disposition, Error, MAX_BUFFER_SIZE_EXTENDED, Protocols, ReaderState, Scope, ShareMode,
    State,
};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use cardwright_relay::Code;
use cardwright_relay::terminal::CardEvent;

use super::watchdog;
use crate::failure::Failure;
use crate::readers::{Attributes, Insertion, Slot};
use crate::transmission::{Protocol, exchange};

/// How long the service may take for what is no command.
const SERVICE_LIMIT: Duration = Duration::from_secs(10);
/// How long a card that is let go is waited for.
const RELEASE_LIMIT: Duration = Duration::from_secs(1);
/// How long a look at a slot may take, and what whoever looks again leaves between.
pub const GLANCE: Duration = Duration::from_millis(200);

/// The names of all slots.
///
/// # Errors
/// `CW-5001` where the service does not answer.
pub async fn list() -> Result<Vec<String>, Failure> {
    let listed = watchdog::within(SERVICE_LIMIT, || {
        let names = match establish()?.list_readers_owned() {
            Err(Error::NoReadersAvailable) => Vec::new(),
            names => names.map_err(|error| failure(error, ""))?,
        };
        Ok(names.iter().map(|name| name.to_string_lossy().into_owned()).collect())
    });
    listed.await.unwrap_or_else(|| Err(unavailable()))
}

/// What a slot's reader says of itself; empty where it says nothing.
///
/// # Errors
/// `CW-5001`, or `CW-5003` for a slot that is not there.
pub async fn attributes(slot: &str) -> Result<Attributes, Failure> {
    let slot = slot.to_owned();
    let read = watchdog::within(SERVICE_LIMIT, move || {
        let connected = establish()?.connect(&c_name(&slot)?, ShareMode::Direct, Protocols::UNDEFINED);
        let card = connected.map_err(|error| failure(error, &slot))?;
        let said = attributes_of(&card);
        let _ = card.disconnect(Disposition::LeaveCard);
        Ok(said)
    });
    read.await.unwrap_or_else(|| Err(unavailable()))
}

fn attributes_of(card: &Card) -> Attributes {
    let text = |attribute| {
        let bytes = card.get_attribute_owned(attribute).unwrap_or_default();
        String::from_utf8_lossy(&bytes).trim_end_matches('\0').trim().to_owned()
    };
    Attributes {
        vendor: text(Attribute::VendorName),
        kind: text(Attribute::VendorIfdType),
        serial: text(Attribute::VendorIfdSerialNo),
    }
}

/// Whether a card is in the slot now, and its ATR.
///
/// # Errors
/// `CW-5001`, or `CW-5003` for a slot that is not there.
pub async fn look(slot: &str) -> Result<Slot, Failure> {
    let slot = slot.to_owned();
    let looked = watchdog::within(SERVICE_LIMIT, move || {
        let mut states = [ReaderState::new(c_name(&slot)?, State::UNAWARE)];
        establish()?.get_status_change(GLANCE, &mut states).map_err(|error| failure(error, &slot))?;
        slot_of(&states[0], &slot)
    });
    looked.await.unwrap_or_else(|| Err(unavailable()))
}

fn slot_of(state: &ReaderState, slot: &str) -> Result<Slot, Failure> {
    let seen = state.event_state();
    if seen.intersects(State::UNKNOWN | State::UNAVAILABLE | State::IGNORE) {
        return Err(Failure::machine(Code::READER_GONE, &[slot]));
    }
    let number = state.event_count();
    Ok(match (seen.contains(State::PRESENT), seen.contains(State::MUTE)) {
        (false, _) => Slot::Empty,
        (true, true) => Slot::Mute(number),
        (true, false) => Slot::Card(Insertion { atr: state.atr().to_vec(), number }),
    })
}

/// A card that this program holds; nobody else may talk with it meanwhile. Let go when dropped.
pub struct HeldCard {
    /// its answer to reset
    pub atr: Vec<u8>,
    commands: Option<Sender<Order>>,
    /// ends when the card was let go
    gone: oneshot::Receiver<()>,
}

struct Order {
    apdu: Zeroizing<Vec<u8>>,
    answer: oneshot::Sender<CardEvent>,
}

impl HeldCard {
    /// Takes the card in the slot. It gets no command by this.
    ///
    /// # Errors
    /// `CW-5001`, `CW-5003`, `CW-5015` where another program holds it, `CW-3010` where there is none.
    pub async fn take(slot: &str) -> Result<Self, Failure> {
        let slot = slot.to_owned();
        let (commands, orders) = channel();
        let (told, atr) = oneshot::channel();
        let (held, gone) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name("card".to_owned());
        let spawned = thread.spawn(move || match connect(&slot) {
            Ok((card, protocol, atr)) => {
                if told.send(Ok(atr)).is_ok() {
                    serve(&card, protocol, &orders);
                }
                let _ = card.disconnect(Disposition::LeaveCard);
                drop(held);
            }
            Err(failure) => drop(told.send(Err(failure))),
        });
        spawned.map_err(|_| unavailable())?;
        match tokio::time::timeout(SERVICE_LIMIT, atr).await {
            Ok(Ok(taken)) => Ok(Self { atr: taken?, commands: Some(commands), gone }),
            _ => Err(unavailable()),
        }
    }

    /// Lets the card go and waits until it is free, so that it can be taken again at once. One that hangs is left.
    pub async fn release(mut self) {
        self.commands = None;
        let _ = tokio::time::timeout(RELEASE_LIMIT, &mut self.gone).await;
    }

    /// Sends one command. After `TimedOut` the card is left to itself: its thread may hang for ever.
    pub async fn transmit(&mut self, apdu: &[u8], limit: Duration) -> CardEvent {
        let Some(commands) = &self.commands else {
            return CardEvent::TimedOut;
        };
        let (answer, waits) = oneshot::channel();
        let order = Order { apdu: Zeroizing::new(apdu.to_vec()), answer };
        if commands.send(order).is_err() {
            return CardEvent::ReaderGone;
        }
        match tokio::time::timeout(limit, waits).await {
            Ok(Ok(event)) => event,
            Ok(Err(_)) => CardEvent::ReaderGone,
            Err(_) => {
                self.commands = None;
                CardEvent::TimedOut
            }
        }
    }
}

fn connect(slot: &str) -> Result<(Card, Protocol, Vec<u8>), Failure> {
    let connected = establish()?.connect(&c_name(slot)?, ShareMode::Exclusive, Protocols::ANY);
    let card = connected.map_err(|error| failure(error, slot))?;
    let status = card.status2_owned().map_err(|error| failure(error, slot))?;
    let protocol = match status.protocol2() {
        Some(pcsc::Protocol::T0) => Protocol::T0,
        _ => Protocol::T1,
    };
    let atr = status.atr().to_vec();
    Ok((card, protocol, atr))
}

fn serve(card: &Card, protocol: Protocol, orders: &Receiver<Order>) {
    let mut buffer = Zeroizing::new(vec![0; MAX_BUFFER_SIZE_EXTENDED]);
    while let Ok(Order { apdu, answer }) = orders.recv() {
        let outcome = exchange(protocol, &apdu, |bytes| {
            card.transmit(bytes, &mut buffer).map(|answer| Zeroizing::new(answer.to_vec()))
        });
        let event = match outcome {
            // a reader that died hands back nothing, and calls it success
            Ok(bytes) if bytes.len() < 2 => CardEvent::ReaderGone,
            Ok(bytes) => CardEvent::Answer(bytes),
            Err(error) => event_of(error),
        };
        let _ = answer.send(event);
    }
}

/// What a failed command means. Whether the card has carried it out is not known in any case.
fn event_of(error: Error) -> CardEvent {
    match error {
        Error::RemovedCard
        | Error::ResetCard
        | Error::NoSmartcard
        | Error::UnpoweredCard
        | Error::UnresponsiveCard
        | Error::NotTransacted
        | Error::CommError => CardEvent::CardGone,
        Error::Timeout => CardEvent::TimedOut,
        _ => CardEvent::ReaderGone,
    }
}

fn establish() -> Result<Context, Failure> {
    Context::establish(Scope::User).map_err(|_| unavailable())
}

fn c_name(slot: &str) -> Result<CString, Failure> {
    CString::new(slot).map_err(|_| Failure::machine(Code::READER_GONE, &[slot]))
}

fn unavailable() -> Failure {
    Failure::machine(Code::PCSC_UNAVAILABLE, &[])
}

fn failure(error: Error, slot: &str) -> Failure {
    match error {
        Error::NoService | Error::ServiceStopped | Error::InvalidHandle => unavailable(),
        Error::SharingViolation => Failure::machine(Code::READER_BUSY, &[slot]),
        Error::NoSmartcard | Error::RemovedCard | Error::UnresponsiveCard | Error::UnpoweredCard => {
            Failure::card(Code::CARD_GONE, &[])
        }
        _ => Failure::machine(Code::READER_GONE, &[slot]),
    }
}
