//! What the PC/SC daemon has noticed of a slot: it looks every 400 ms, and a card that comes sooner after another is
//! taken for that one.

use std::ffi::CString;
use std::io;
use std::time::{Duration, Instant};

use pcsc::{Context, Error, ReaderState, Scope, State};

use crate::world::machine::slot_of;

/// How long the daemon may take.
const LIMIT: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(100);

/// Waits until the daemon says that a card is in the slot of `port`, or that there is none. Where the daemon itself is
/// gone, so are its cards.
pub(super) fn wait(port: u16, is_wanted: bool) -> io::Result<()> {
    let name = CString::new(slot_of(port)).map_err(io::Error::other)?;
    let begun = Instant::now();
    while begun.elapsed() < LIMIT {
        match is_present(&name) {
            Ok(is_present) if is_present == is_wanted => return Ok(()),
            Err(Error::NoService | Error::ServiceStopped) if !is_wanted => return Ok(()),
            _ => std::thread::sleep(Duration::from_millis(10)),
        }
    }
    let what = if is_wanted { "present" } else { "absent" };
    Err(io::Error::other(format!("the card in {} did not become {what}", name.to_string_lossy())))
}

fn is_present(name: &CString) -> Result<bool, Error> {
    let mut states = [ReaderState::new(name.clone(), State::UNAWARE)];
    Context::establish(Scope::User)?.get_status_change(GLANCE, &mut states)?;
    let seen = states[0].event_state();
    Ok(seen.contains(State::PRESENT) && !seen.contains(State::MUTE))
}
