//! What an MTA says to a filter (`SMFIC_*`).

use std::net::{IpAddr, SocketAddr};

use super::{Packet, PacketError};

/// One command. Arguments are octets as the MTA passed them on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// What it offers.
    Negotiate {
        version: u32,
        steps: u32,
    },
    /// A client has connected; no address where it came over none of TCP's.
    Connect(Option<SocketAddr>),
    /// HELO or EHLO: nothing tells which.
    Helo(Vec<u8>),
    /// The path with its brackets, and the parameters.
    Mail(Vec<Vec<u8>>),
    /// The path with its brackets, and the parameters.
    Rcpt(Vec<Vec<u8>>),
    Data,
    Header {
        name: Vec<u8>,
        value: Vec<u8>,
    },
    EndOfHeader,
    Body(Vec<u8>),
    EndOfBody,
    /// The message is given up; the session goes on, or its end follows.
    Abort,
    /// The session has ended, and the connection with it.
    Quit,
    /// The session has ended; another follows over the same connection.
    QuitNewConnection,
    /// A command that the MTA does not know.
    Unknown,
    /// Values of macros, or a command of a later version.
    Other(u8),
}

impl Command {
    pub(super) fn parse(packet: Packet) -> Result<Self, PacketError> {
        let Packet { code, data } = packet;
        let short = |missing| PacketError::Short { code, missing };
        Ok(match code {
            b'O' => {
                let numbers = data.first_chunk::<12>().ok_or(short("three numbers"))?;
                Self::Negotiate {
                    version: number(numbers, 0),
                    steps: number(numbers, 8),
                }
            }
            b'C' => Self::Connect(parse_address(&data).map_err(short)?),
            b'H' => Self::Helo(strings(&data).next().unwrap_or_default().to_vec()),
            b'M' => Self::Mail(arguments(&data).ok_or(short("path"))?),
            b'R' => Self::Rcpt(arguments(&data).ok_or(short("path"))?),
            b'T' => Self::Data,
            b'L' => {
                let mut parts = strings(&data);
                let (name, value) = (parts.next(), parts.next());
                Self::Header {
                    name: name.ok_or(short("name"))?.to_vec(),
                    value: value.ok_or(short("value"))?.to_vec(),
                }
            }
            b'N' => Self::EndOfHeader,
            b'B' => Self::Body(data),
            b'E' => Self::EndOfBody,
            b'A' => Self::Abort,
            b'Q' => Self::Quit,
            b'K' => Self::QuitNewConnection,
            b'U' => Self::Unknown,
            other => Self::Other(other),
        })
    }
}

fn number(octets: &[u8; 12], at: usize) -> u32 {
    u32::from_be_bytes([octets[at], octets[at + 1], octets[at + 2], octets[at + 3]])
}

/// The strings of a packet; each ends with a NUL.
fn strings(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split_inclusive(|octet| *octet == 0)
        .map(|part| part.strip_suffix(b"\0").unwrap_or(part))
}

fn arguments(data: &[u8]) -> Option<Vec<Vec<u8>>> {
    let found: Vec<_> = strings(data).map(<[u8]>::to_vec).collect();
    (!found.is_empty()).then_some(found)
}

/// Name, NUL, family, and with a family that has them port and address.
fn parse_address(data: &[u8]) -> Result<Option<SocketAddr>, &'static str> {
    let end = data.iter().position(|octet| *octet == 0).ok_or("name")?;
    let (family, rest) = data[end + 1..].split_first().ok_or("family")?;
    if !matches!(family, b'4' | b'6') {
        return Ok(None);
    }
    let (port, address) = rest.split_first_chunk::<2>().ok_or("port")?;
    let address = strings(address).next().ok_or("address")?;
    let address = str::from_utf8(address).map_err(|_| "address")?;
    // Sendmail's way of writing an IPv6 address, which libmilter takes as well.
    let address = address.strip_prefix("IPv6:").unwrap_or(address);
    let address: IpAddr = address.parse().map_err(|_| "address")?;
    Ok(Some(SocketAddr::new(address, u16::from_be_bytes(*port))))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn parse(code: u8, data: &[u8]) -> Result<Command, PacketError> {
        let data = data.to_vec();
        Command::parse(Packet { code, data })
    }

    fn peer(data: &[u8]) -> Option<String> {
        match parse(b'C', data).unwrap() {
            Command::Connect(peer) => peer.map(|peer| peer.to_string()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_client_is_known_by_address_and_port() {
        assert_eq!(
            peer(b"localhost\x004\xc8\x22127.0.0.1\0").as_deref(),
            Some("127.0.0.1:51234")
        );
        for address in [&b"x\x006\xc8\x22::1\0"[..], b"x\x006\xc8\x22IPv6:::1\0"] {
            assert_eq!(peer(address).as_deref(), Some("[::1]:51234"));
        }
        assert_eq!(peer(b"x\0U"), None);
        assert_eq!(peer(b"x\0L\0\0/run/socket\0"), None);
    }

    #[test]
    fn arguments_are_kept_apart_and_a_value_may_be_empty() {
        let mail = parse(b'M', b"<a@example.org>\0SIZE=5\0BODY=8BITMIME\0").unwrap();
        let words = ["<a@example.org>", "SIZE=5", "BODY=8BITMIME"];
        let words = words.map(|word| word.as_bytes().to_vec());
        assert_eq!(mail, Command::Mail(words.to_vec()));
        let header = parse(b'L', b"X-Empty\0\0").unwrap();
        let name = b"X-Empty".to_vec();
        let value = Vec::new();
        assert_eq!(header, Command::Header { name, value });
    }

    #[test]
    fn a_packet_that_lacks_something_says_what() {
        for (code, data, missing) in [
            (b'O', &b"\0\0\0\x06"[..], "three numbers"),
            (b'C', b"name", "name"),
            (b'C', b"name\0", "family"),
            (b'C', b"name\x004\0", "port"),
            (b'C', b"name\x004\0\x19here\0", "address"),
            (b'M', b"", "path"),
            (b'L', b"X\0", "value"),
        ] {
            let error = parse(code, data).unwrap_err().to_string();
            assert!(
                error.ends_with(&format!("without its {missing}")),
                "{error}"
            );
        }
    }

    #[test]
    fn what_is_not_known_is_passed_over() {
        assert_eq!(parse(b'D', b"Cj\0mx\0").unwrap(), Command::Other(b'D'));
    }
}
