//! Ports for servers that are told where to listen.

use std::{
    collections::HashSet,
    fs,
    hash::{BuildHasher, RandomState},
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    ops::RangeInclusive,
    sync::{Mutex, PoisonError},
};

/// Where ports are looked for.
const RANGE: RangeInclusive<u16> = 20_000..=29_999;
/// How many are tried.
const TRIES: usize = 200;
/// What the system takes ports from for outgoing connections.
const EPHEMERAL: &str = "/proc/sys/net/ipv4/ip_local_port_range";

/// Ports that this process has handed out: a server needs a moment until it listens.
static HANDED_OUT: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// A port that nobody listens on at this moment, and that the system gives to no outgoing connection before the server
/// listens there, as it would with one of its own choice.
pub(super) fn free_port() -> io::Result<SocketAddr> {
    let ephemeral = ephemeral();
    let tried = (0..TRIES).map(|_| random(&RANGE));
    let fit = tried.filter(|port| !ephemeral.contains(port));
    for port in fit {
        if let Ok(address) = bound(port)
            && hand_out(port)
        {
            return Ok(address);
        }
    }
    bound(0)
}

fn bound(port: u16) -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))?.local_addr()
}

/// Whether it had not been handed out before.
fn hand_out(port: u16) -> bool {
    // An insertion is whole or has not been.
    let mut handed_out = HANDED_OUT.lock().unwrap_or_else(PoisonError::into_inner);
    handed_out.get_or_insert_default().insert(port)
}

/// Where it cannot be read, what Linux begins with.
fn ephemeral() -> RangeInclusive<u16> {
    let text = fs::read_to_string(EPHEMERAL).unwrap_or_default();
    parse(&text).unwrap_or(32_768..=60_999)
}

fn parse(text: &str) -> Option<RangeInclusive<u16>> {
    let mut numbers = text.split_whitespace().map(str::parse);
    Some(numbers.next()?.ok()?..=numbers.next()?.ok()?)
}

/// Several programs that look for a port at once must not look at the same ones.
fn random(range: &RangeInclusive<u16>) -> u16 {
    let ports = u64::from(range.end() - range.start()) + 1;
    let offset = RandomState::new().hash_one(()) % ports;
    range.start() + u16::try_from(offset).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn a_port_is_free_outside_what_the_system_gives_away_and_handed_out_once() {
        let mut seen = HashSet::new();
        for _ in 0..50 {
            let address = free_port().unwrap();
            assert!(seen.insert(address), "{address} a second time");
            assert!(RANGE.contains(&address.port()), "{address}");
            assert!(!ephemeral().contains(&address.port()), "{address}");
            TcpListener::bind(address).unwrap();
        }
    }

    #[test]
    fn a_port_is_handed_out_once() {
        let port = RANGE.start() - 1;
        assert!(hand_out(port));
        assert!(!hand_out(port));
    }

    #[test]
    fn the_range_of_the_system_is_read() {
        assert_eq!(parse("32768\t60999\n"), Some(32_768..=60_999));
        assert_eq!(parse("32768"), None);
        assert_eq!(parse(""), None);
    }
}
