//! The connection to smtpspec: events go out, handler scripts come in.

use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    process,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};

/// What is written by whoever sees an event, and read by one thread.
pub struct Stream {
    socket: TcpStream,
    writing: Mutex<()>,
    scripts: Mutex<HashMap<String, Value>>,
}

impl Stream {
    pub fn open(events: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect(events)?;
        socket.set_nodelay(true)?;
        Ok(Self {
            socket,
            writing: Mutex::default(),
            scripts: Mutex::default(),
        })
    }

    pub fn hello(&self, server: &str, events: &[&str]) {
        self.write(&json!({
            "smtpspec-events": 1,
            "adapter": "mailin",
            "server": server,
            "events": events,
            "semantics": {"clock": true, "scripts": true, "helo_as_ehlo": true},
        }));
    }

    /// Returns when the line is on its way: an event is out before the reply to its command.
    pub fn write(&self, line: &Value) {
        let _writing = lock(&self.writing);
        if let Err(error) = (&self.socket).write_all(format!("{line}\n").as_bytes()) {
            // Without smtpspec there is nothing to serve for.
            eprintln!("the event stream is lost: {error}");
            process::exit(1);
        }
    }

    /// Takes scripts until smtpspec goes away, and then leaves with it.
    pub fn read_scripts(&self) {
        for line in BufReader::new(&self.socket).lines().map_while(Result::ok) {
            match serde_json::from_str::<Value>(&line) {
                Ok(mut script) => {
                    let peer = script["peer"].as_str().unwrap_or_default().to_owned();
                    let handlers = script["handlers"].take();
                    lock(&self.scripts).insert(peer.clone(), handlers);
                    self.write(&json!({"ready": peer}));
                }
                Err(error) => eprintln!("no handler script: {error}: {line}"),
            }
        }
        process::exit(0);
    }

    /// The script for the session of `peer`, an array of rules; null where there is none.
    pub fn take_script(&self, peer: &str) -> Value {
        lock(&self.scripts).remove(peer).unwrap_or_default()
    }
}

/// A handler that panics, as its script may say, holds no lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
