//! A gate between the center and its host: it counts what comes, and lets it through or does not.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the gate does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// ends the connection
    Shut,
    /// answers with this status by itself
    Answer(u16),
    /// says nothing
    Silent,
    /// lets it through to the host at this port, and the answer back
    Open(u16),
    /// lets it through, and ends the connection before the answer
    Deaf(u16),
}

/// The gate.
pub(crate) struct Gate {
    pub(crate) port: u16,
    state: Arc<Mutex<(Mode, Vec<Vec<u8>>)>>,
}

impl Gate {
    pub(crate) fn new(mode: Mode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new((mode, Vec::new())));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || serve(socket, &state));
            }
        });
        Self { port, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/events", self.port)
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.state.lock().unwrap().0 = mode;
    }

    /// Every request that came, whole.
    pub(crate) fn requests(&self) -> Vec<Vec<u8>> {
        self.state.lock().unwrap().1.clone()
    }

    /// The events that came, by their header, in order.
    pub(crate) fn events(&self) -> Vec<String> {
        let of = |request: &Vec<u8>| {
            let text = String::from_utf8_lossy(request).into_owned();
            text.lines().find_map(|line| Some(line.strip_prefix("cardwright-event: ")?.to_owned())).unwrap()
        };
        self.requests().iter().map(of).collect()
    }
}

fn serve(mut socket: TcpStream, state: &Mutex<(Mode, Vec<Vec<u8>>)>) {
    let Some(request) = read_request(&mut socket) else { return };
    let mode = {
        let mut state = state.lock().unwrap();
        state.1.push(request.clone());
        state.0
    };
    match mode {
        Mode::Shut => {}
        Mode::Answer(status) => {
            let _ = write!(socket, "HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
        Mode::Silent => std::thread::sleep(Duration::from_secs(30)),
        Mode::Open(port) => {
            if let Some(answer) = exchange(port, &request) {
                let _ = socket.write_all(&answer);
            }
        }
        Mode::Deaf(port) => drop(exchange(port, &request)),
    }
    let _ = socket.shutdown(Shutdown::Both);
}

/// Sends `request` to a server on this machine that ends the connection after its answer.
pub(crate) fn exchange(port: u16, request: &[u8]) -> Option<Vec<u8>> {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).ok()?;
    socket.write_all(request).ok()?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).ok()?;
    Some(answer)
}

fn read_request(socket: &mut TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    let mut part = [0; 4_096];
    loop {
        let length = socket.read(&mut part).ok().filter(|length| *length > 0)?;
        request.extend_from_slice(&part[..length]);
        let head = request.windows(4).position(|window| window == b"\r\n\r\n");
        let Some(end) = head.map(|head| head + 4) else { continue };
        let text = String::from_utf8_lossy(&request[..end]).to_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        if request.len() >= end + length.unwrap_or(0) {
            return Some(request);
        }
    }
}
