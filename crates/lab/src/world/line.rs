//! The line between terminals and the center, with somebody on it who counts, delays and cuts: plain TCP, who carries
//! TLS and cannot read it.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Passed {
    /// bytes from terminals to the center
    pub up: u64,
    /// bytes from the center to terminals
    pub down: u64,
}

impl Passed {
    /// Both ways.
    #[must_use]
    pub fn total(self) -> u64 {
        self.up + self.down
    }

    /// What has passed since `earlier`.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self { up: self.up - earlier.up, down: self.down - earlier.down }
    }
}

/// A line that is carried until it is dropped.
pub struct Line {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    center: SocketAddr,
    /// how long every byte is under way to the center, and from it, in milliseconds
    delay_up: AtomicU64,
    delay_down: AtomicU64,
    up: AtomicU64,
    down: AtomicU64,
    cut: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl Line {
    /// A line to `center`.
    ///
    /// # Errors
    /// No port is free.
    pub fn to(center: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            center,
            delay_up: AtomicU64::new(0),
            delay_down: AtomicU64::new(0),
            up: AtomicU64::new(0),
            down: AtomicU64::new(0),
            cut: AtomicBool::new(false),
            open: Mutex::default(),
        });
        let carrier = Arc::clone(&shared);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                if carrier.cut.load(Ordering::SeqCst) {
                    return;
                }
                // a center that does not answer is a connection that ends at once
                let _ = connection.and_then(|terminal| carry(&carrier, terminal));
            }
        });
        Ok(Self { address, shared })
    }

    /// The address that terminals dial instead of the center's.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What has passed so far.
    #[must_use]
    pub fn passed(&self) -> Passed {
        let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        Passed { up: count(&self.shared.up), down: count(&self.shared.down) }
    }
}

impl Line {
    /// From now on every byte takes so long to the center, and so long from it.
    pub fn delay(&self, up: Duration, down: Duration) {
        for (place, delay) in [(&self.shared.delay_up, up), (&self.shared.delay_down, down)] {
            place.store(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
        }
    }

    /// Cuts every connection; what is under way is lost. New ones are carried.
    pub fn hang_up(&self) {
        for connection in self.shared.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // it may have ended before
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.shared.cut.store(true, Ordering::SeqCst);
        self.hang_up();
        // wakes the one that waits for connections
        let _ = TcpStream::connect(self.address);
    }
}

fn carry(shared: &Arc<Shared>, terminal: TcpStream) -> io::Result<()> {
    let center = TcpStream::connect(shared.center)?;
    for stream in [&terminal, &center] {
        stream.set_nodelay(true)?;
        shared.open.lock().unwrap_or_else(PoisonError::into_inner).push(stream.try_clone()?);
    }
    pass(shared, terminal.try_clone()?, center.try_clone()?, |shared| (&shared.up, &shared.delay_up));
    pass(shared, center, terminal, |shared| (&shared.down, &shared.delay_down));
    Ok(())
}

/// Carries one direction: one thread reads and counts, one writes when the bytes have been under way long enough.
fn pass(shared: &Arc<Shared>, mut from: TcpStream, to: TcpStream, direction: fn(&Shared) -> (&AtomicU64, &AtomicU64)) {
    let (sent, arriving) = channel();
    std::thread::spawn(move || deliver(&arriving, to));
    let shared = Arc::clone(shared);
    std::thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            let (counter, delay) = direction(&shared);
            counter.fetch_add(count as u64, Ordering::SeqCst);
            let delay = Duration::from_millis(delay.load(Ordering::SeqCst));
            if sent.send((Instant::now() + delay, buffer[..count].to_vec())).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
    });
}

fn deliver(arriving: &Receiver<(Instant, Vec<u8>)>, mut to: TcpStream) {
    for (at, bytes) in arriving {
        std::thread::sleep(at.saturating_duration_since(Instant::now()));
        if to.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
