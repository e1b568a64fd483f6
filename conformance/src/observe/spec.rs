//! Where an event stream comes from, as written on the command line.

use std::{fmt, path::PathBuf, str::FromStr};

/// `tcp:HOST:PORT` or `unix:PATH`, where we listen and the adapter connects, or `file:PATH`, which it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventsSpec {
    /// We listen on this address.
    Tcp(String),
    /// We listen on this path.
    Unix(PathBuf),
    /// We read this file from its beginning, and go on as it grows.
    File(PathBuf),
}

/// Text that is no [`EventsSpec`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no event stream: expected tcp:HOST:PORT, unix:PATH or file:PATH")]
pub struct EventsSpecError(pub String);

impl FromStr for EventsSpec {
    type Err = EventsSpecError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || EventsSpecError(text.to_owned());
        let (kind, rest) = text.split_once(':').ok_or_else(unknown)?;
        match kind {
            _ if rest.is_empty() => Err(unknown()),
            "tcp" if rest.contains(':') => Ok(Self::Tcp(rest.to_owned())),
            "unix" => Ok(Self::Unix(rest.into())),
            "file" => Ok(Self::File(rest.into())),
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for EventsSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "tcp:{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_prints_as_it_was_written() {
        for text in [
            "tcp:127.0.0.1:2600",
            "tcp:[::1]:26",
            "unix:/run/e.sock",
            "file:e",
        ] {
            assert_eq!(text.parse::<EventsSpec>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_names_no_stream_is_refused() {
        for text in [
            "",
            "tcp",
            "tcp:",
            "tcp:2600",
            "unix:",
            "http://x",
            "127.0.0.1:26",
        ] {
            assert_eq!(
                text.parse::<EventsSpec>(),
                Err(EventsSpecError(text.into()))
            );
        }
    }
}
