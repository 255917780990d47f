//! The issuer's host, as small as it can be: takes every event, and remembers it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cardwright_issuing_center::store::Store;
use serde_json::Value;

use crate::founding::ADMIN;
use crate::world::{Again, PLACES, World};

/// How long events may take to come.
const PATIENCE: Duration = Duration::from_secs(120);

/// What has come, in its order.
#[derive(Clone, Default)]
pub(crate) struct Receiver(Arc<Mutex<Vec<Value>>>);

impl Receiver {
    /// Takes events until the test ends; gives its port.
    fn start(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, receiver) = (listener.local_addr().unwrap().port(), self.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let receiver = receiver.clone();
                // whoever dies in the middle of a message leaves no more than a thread that ends
                std::thread::spawn(move || receiver.serve(stream));
            }
        });
        port
    }

    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
            let (name, value) = line.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok()?;
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        self.0.lock().unwrap().push(serde_json::from_slice(&body).ok()?);
        let mut stream = stream;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").ok()
    }
}

impl World {
    /// The host is set and told what waits, and the center dies when it has taken something.
    pub(crate) fn set_host(&mut self) -> Receiver {
        // nobody tells it anything before the center is to die of that
        self.center.kill();
        let receiver = Receiver::default();
        let url = format!("http://127.0.0.1:{}/events", receiver.start());
        self.step(&["host"], &["host", "set", "--url", &url, "--as", ADMIN], Again::Done);
        for place in PLACES {
            let name = format!("{place}-event-taken");
            self.center.serve(Some(&name));
            self.must_have_died(&name);
            self.hold(&name);
        }
        self.center.serve(None);
        receiver
    }

    /// The host has taken everything, of each card in its order, and what was taken before a death once more.
    pub(crate) fn host_was_told(&mut self, receiver: &Receiver) {
        let (store, began) = (self.store(), Instant::now());
        while !self.runtime.block_on(store.events_waiting(1)).unwrap().is_empty() {
            assert!(began.elapsed() < PATIENCE, "the host was not told everything");
            std::thread::sleep(Duration::from_millis(50));
        }
        let all = self.runtime.block_on(store.events_after(0, 10_000)).unwrap();
        let taken = receiver.0.lock().unwrap();
        let mut newest: BTreeMap<String, i64> = BTreeMap::new();
        let mut numbers = BTreeSet::new();
        for event in taken.iter() {
            let (number, card) = (event["number"].as_i64().unwrap(), event["card"].to_string());
            let before = newest.entry(card).or_insert(0);
            assert!(number > *before || !numbers.insert(number), "event {number} came after a later one of its card");
            (*before, _) = (number.max(*before), numbers.insert(number));
        }
        assert!(numbers.iter().copied().eq(all.iter().map(|event| event.number)), "the host was told everything");
        assert!(taken.len() > numbers.len(), "an event that was taken before a death came again");
    }
}
