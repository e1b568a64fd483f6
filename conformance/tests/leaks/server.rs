//! A server that can leak: a thread for each connection around the reference receiver, as an adapter of its own.

use std::{
    env,
    io::{ErrorKind, Read, Write},
    mem,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use smtpspec_core::{
    event::{Event, EventRecord},
    receiver::{Config, Output, Receiver, SmtpReceiveAgent, Verdict},
};

/// The variable that tells [`serve`] what to leak.
pub(crate) const LEAK: &str = "SMTPSPEC_TEST_LEAK";

/// Tells of every event.
struct Tells {
    stream: Arc<Mutex<TcpStream>>,
    session: u64,
    seq: u64,
    peer: SocketAddr,
}

impl SmtpReceiveAgent for Tells {
    fn on_event(&mut self, event: &Event) -> Verdict {
        self.seq += 1;
        let record = EventRecord {
            session: format!("t{}", self.session),
            seq: self.seq,
            at: None,
            peer: self.peer,
            event: event.clone(),
        };
        let line = serde_json::to_string(&record).unwrap() + "\n";
        self.stream
            .lock()
            .unwrap()
            .write_all(line.as_bytes())
            .unwrap();
        Verdict::Accept
    }
}

/// Serves for ever, as the adapters' README wants it, and leaks what `leak` names.
pub(crate) fn serve(leak: &str) {
    let listen = env::var("SMTPSPEC_LISTEN").unwrap();
    let events = env::var("SMTPSPEC_EVENTS").unwrap();
    let listener = TcpListener::bind(listen).unwrap();
    let stream = TcpStream::connect(events).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut hello = smtpspec::serve::hello();
    (hello.semantics.scripts, hello.semantics.clock) = (false, false);
    let line = serde_json::to_string(&hello).unwrap() + "\n";
    (&stream).write_all(line.as_bytes()).unwrap();
    let stream = Arc::new(Mutex::new(stream));
    for (session, client) in listener.incoming().flatten().enumerate() {
        let (stream, leak) = (Arc::clone(&stream), leak.to_owned());
        // A client that has been reset already has no address any more, and no session.
        let Ok(peer) = client.peer_addr() else {
            continue;
        };
        let tells = Tells {
            stream,
            session: session as u64,
            seq: 0,
            peer,
        };
        thread::spawn(move || one(client, tells, &leak));
    }
}

fn one(mut client: TcpStream, tells: Tells, leak: &str) {
    client
        .set_read_timeout(Some(Duration::from_secs(1)))
        .unwrap();
    client.set_nodelay(true).unwrap();
    let (local, peer) = (client.local_addr().unwrap(), tells.peer);
    let mut receiver = Receiver::new(
        // There is no TLS here.
        Arc::new(Config {
            starttls: false,
            ..Config::default()
        }),
        vec![Box::new(tells)],
        local,
        peer,
    );
    let reset = speak(&mut client, &mut receiver);
    match leak {
        "sockets" if reset => mem::forget(client),
        "threads" if reset => loop {
            thread::park();
        },
        "memory" => drop(Box::leak(vec![1_u8; 4096].into_boxed_slice())),
        _ => {}
    }
}

/// Whether the client reset the connection.
fn speak(client: &mut TcpStream, receiver: &mut Receiver) -> bool {
    let mut buffer = [0; 4096];
    let mut reset = false;
    loop {
        while let Some(output) = receiver.next_output() {
            match output {
                Output::Reply(octets) => {
                    if client.write_all(&octets).is_err() {
                        reset = true;
                        receiver.connection_lost();
                    }
                }
                Output::Wait(ms) => thread::sleep(Duration::from_millis(ms)),
                Output::Close => drop(client.shutdown(Shutdown::Write)),
                Output::StartTls => receiver.handshake_failed(),
                Output::InClear(_) | Output::Die => {
                    panic!("only a planted defect does that, and none is")
                }
            }
        }
        if receiver.is_over() {
            return reset;
        }
        match client.read(&mut buffer) {
            Ok(0) => receiver.input_closed(),
            Ok(n) => receiver.receive(&buffer[..n]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => receiver.timed_out(),
            Err(_) => {
                reset = true;
                receiver.connection_lost();
            }
        }
    }
}
