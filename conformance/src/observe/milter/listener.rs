//! The protocol on sockets: one thread for each of the MTA's connections.

use std::{
    fmt, fs,
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::{
        fs::FileTypeExt,
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    str::FromStr,
    thread,
    time::Duration,
};

use smtpspec_core::event::HandlerAction;

use super::{Conversation, Packet, PacketError, Told, session::SessionEvents};
use crate::observe::Outlet;

/// For the MTA to say the next thing: libmilter's own default (`MI_TIMEOUT`).
const READ_LIMIT: Duration = Duration::from_secs(7210);
/// For the MTA to take an answer.
const WRITE_LIMIT: Duration = Duration::from_secs(30);
/// Before the system is asked again that had no more open files.
const PAUSE: Duration = Duration::from_millis(10);

/// Where the MTA finds the filter: `HOST:PORT` or `unix:PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MilterSpec {
    /// This address.
    Tcp(String),
    /// This path.
    Unix(PathBuf),
}

/// Text that is no [`MilterSpec`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no place to listen on: expected HOST:PORT or unix:PATH")]
pub struct MilterSpecError(pub String);

impl FromStr for MilterSpec {
    type Err = MilterSpecError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("unix:") {
            Some(path) if !path.is_empty() => Ok(Self::Unix(path.into())),
            None if text.contains(':') => Ok(Self::Tcp(text.to_owned())),
            _ => Err(MilterSpecError(text.to_owned())),
        }
    }
}

impl fmt::Display for MilterSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => f.write_str(address),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A filter that listens for an MTA.
pub struct Listener(Socket);

impl Listener {
    /// Listens.
    pub fn bind(spec: &MilterSpec) -> io::Result<Self> {
        Ok(Self(match spec {
            MilterSpec::Tcp(address) => Socket::Tcp(TcpListener::bind(address)?),
            MilterSpec::Unix(path) => Socket::Unix(bind_unix(path)?),
        }))
    }

    /// Where it listens, as Postfix writes it.
    pub fn place(&self) -> String {
        match &self.0 {
            Socket::Tcp(socket) => socket.local_addr().map(|at| format!("inet:{at}")),
            Socket::Unix(socket) => socket.local_addr().map(|at| {
                let path = at.as_pathname().unwrap_or(Path::new("?"));
                format!("unix:{}", path.display())
            }),
        }
        .unwrap_or_default()
    }

    /// Serves for ever; what goes wrong in a connection is passed to `report`.
    pub fn serve(&self, outlet: &Outlet, report: fn(&PacketError)) -> ! {
        let mut number = 0_u64;
        loop {
            let Ok(stream) = self.accept() else {
                // Such as too many open files: one of them may be closed soon.
                thread::sleep(PAUSE);
                continue;
            };
            number += 1;
            let outlet = outlet.clone();
            thread::spawn(move || {
                if let Err(error) = serve_connection(stream, &outlet, number) {
                    report(&error);
                }
            });
        }
    }

    fn accept(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match &self.0 {
            Socket::Tcp(socket) => Box::new(limited_tcp(socket.accept()?.0)?),
            Socket::Unix(socket) => Box::new(limited_unix(socket.accept()?.0)?),
        })
    }
}

fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    // What an earlier filter has left behind; nothing else is removed.
    if fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
        fs::remove_file(path)?;
    }
    UnixListener::bind(path)
}

fn limited_tcp(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(READ_LIMIT))?;
    stream.set_write_timeout(Some(WRITE_LIMIT))?;
    Ok(stream)
}

fn limited_unix(stream: UnixStream) -> io::Result<UnixStream> {
    stream.set_read_timeout(Some(READ_LIMIT))?;
    stream.set_write_timeout(Some(WRITE_LIMIT))?;
    Ok(stream)
}

/// One connection of the MTA, which may serve several sessions after one another.
fn serve_connection(
    mut stream: impl Read + Write,
    outlet: &Outlet,
    number: u64,
) -> Result<(), PacketError> {
    let mut conversation = Conversation::default();
    let mut session = None;
    let mut sessions = 0;
    let result = loop {
        let packet = match Packet::read(&mut stream) {
            Ok(Some(packet)) => packet,
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        };
        let told = match conversation.take(packet) {
            Ok(told) => told,
            Err(error) => break Err(error),
        };
        if let Told::Session(peer, _) = told {
            sessions += 1;
            let name = format!("m{number}.{sessions}");
            session = Some(SessionEvents::new(outlet.clone(), name, peer));
        }
        if let Some(answer) = tell(told, &mut session)
            && let Err(error) = answer.write(&mut stream)
        {
            break Err(PacketError::Lost(error));
        }
    };
    tell(conversation.end(), &mut session);
    result
}

/// Tells of it, does what the script says, and returns what is to be answered.
fn tell(told: Told, session: &mut Option<SessionEvents>) -> Option<Packet> {
    let (event, answered) = match told {
        Told::Session(_, event) | Told::Event(event) => (event, true),
        Told::End(event) => (event, false),
        Told::Nothing(answer) => return answer,
    };
    let action = session.as_mut()?.fire(event);
    if !answered {
        *session = None;
        return None;
    }
    if let HandlerAction::Sleep(milliseconds) = action {
        thread::sleep(Duration::from_millis(milliseconds));
    }
    Some(Conversation::decide(&action).packet())
}

#[cfg(test)]
mod tests {
    use std::io::BufRead;

    use super::*;
    use crate::observe::{EventsSpec, milter::hello};

    #[test]
    fn an_event_has_left_before_its_command_is_answered_and_the_end_is_told() {
        let suite = TcpListener::bind("127.0.0.1:0").unwrap();
        let spec = EventsSpec::Tcp(suite.local_addr().unwrap().to_string());
        let outlet = Outlet::open(Some(&spec), hello("Test 1")).unwrap();
        let suite = suite.accept().unwrap().0;
        suite.set_nonblocking(false).unwrap();
        suite
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        let mut lines = io::BufReader::new(suite).lines();
        assert!(lines.next().unwrap().unwrap().contains("smtpspec-events"));

        let (mut mta, filter) = UnixStream::pair().unwrap();
        let served = thread::spawn(move || serve_connection(filter, &outlet, 1));
        let connect = Packet {
            code: b'C',
            data: b"x\x004\x00\x05127.0.0.1\0".to_vec(),
        };
        connect.write(&mut mta).unwrap();
        let answer = Packet::read(&mut mta).unwrap().unwrap();
        assert_eq!(answer.code, b'c');
        let event = lines.next().unwrap().unwrap();
        assert!(event.contains(r#""peer":"127.0.0.1:5""#), "{event}");
        assert!(event.contains("OnConnect"), "{event}");

        drop(mta);
        served.join().unwrap().unwrap();
        let event = lines.next().unwrap().unwrap();
        assert!(event.contains("OnDisconnect"), "{event}");
        assert!(event.contains(r#""seq":2"#), "{event}");
    }

    #[test]
    fn places_are_read_as_they_are_written() {
        for text in ["127.0.0.1:2525", "[::1]:1", "unix:/run/milter"] {
            assert_eq!(text.parse::<MilterSpec>().unwrap().to_string(), text);
        }
        for text in ["", "unix:", "2525"] {
            assert_eq!(
                text.parse::<MilterSpec>(),
                Err(MilterSpecError(text.into()))
            );
        }
    }
}
