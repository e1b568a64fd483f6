//! `parse_sasl_line` and the exchange at the reference server: base64 is read as an obvious decoder reads it, and the
//! checker has nothing against what the server makes of a client's lines behind AUTH.
//!
//! The first octet says how the exchange is opened, the second what a handler does; the rest is sent as it stands, with
//! the marks of `receiver`.

use smtpspec_core::wire::{
    SaslLine, encode_challenge, parse_initial_response, parse_sasl_line, without_initial_response,
};

/// Behind the greeting.
const OPENINGS: [&str; 8] = [
    "AUTH PLAIN\r\n",
    "AUTH LOGIN\r\n",
    "AUTH LOGIN dGlt\r\n",
    "AUTH PLAIN =\r\n",
    "AUTH X\r\n",
    "AUTH PLAIN ",
    "MAIL FROM:<>\r\nAUTH PLAIN\r\n",
    "",
];

/// `OnAuthCommand` and `OnEndOfAuthentication` among the events.
const KINDS: [u8; 2] = [3, 4];

/// Panics if `script` shows that the parser, the server or the checker is wrong.
pub fn sasl(script: &[u8]) {
    let (opening, handler, sent) = match script {
        [opening, handler, sent @ ..] => (*opening, *handler, sent),
        _ => return reads_as_written(script),
    };
    for line in sent.split(|octet| *octet == b'\n') {
        reads_as_written(line.strip_suffix(b"\r").unwrap_or(line));
    }
    let mut octets = Vec::new();
    if handler & 1 == 1 {
        let kind = KINDS[usize::from(handler >> 1 & 1)];
        octets.extend([0xfe, kind, 1 + (handler >> 2 & 1), handler >> 3]);
    }
    octets.extend(b"EHLO c.example.org\r\n");
    octets.extend(OPENINGS[usize::from(opening) % OPENINGS.len()].as_bytes());
    octets.extend(sent);
    super::receiver(&octets);
}

/// Holds the parser to a decoder that is too simple to be wrong.
fn reads_as_written(line: &[u8]) {
    let decoded = decode(line);
    match parse_sasl_line(line) {
        Ok(SaslLine::Cancel) => assert_eq!(line, b"*"),
        Ok(SaslLine::Response(octets)) => {
            assert_eq!(Some(&octets), decoded.as_ref());
            let again = parse_sasl_line(encode_challenge(&octets).as_bytes());
            assert_eq!(again, Ok(SaslLine::Response(octets)));
        }
        Err(error) => {
            assert_eq!(decoded, None);
            assert!(error.at <= line.len(), "an error behind the line");
        }
    }
    let initial = parse_initial_response(line).ok();
    assert_eq!(initial, if line == b"=" { Some(vec![]) } else { decoded });
    let shown = without_initial_response(line);
    assert!(line.starts_with(shown), "what is shown was not sent");
}

/// RFC 4648, 4: groups of four characters, the last padded.
fn decode(line: &[u8]) -> Option<Vec<u8>> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if !line.len().is_multiple_of(4) {
        return None;
    }
    let padding = line
        .iter()
        .rev()
        .take_while(|octet| **octet == b'=')
        .count();
    if padding > 2 {
        return None;
    }
    let mut bits = Vec::new();
    for octet in &line[..line.len() - padding] {
        let value = ALPHABET.iter().position(|other| other == octet)?;
        bits.extend([5, 4, 3, 2, 1, 0].map(|place| value >> place & 1 == 1));
    }
    let octet = |bits: &[bool]| {
        bits.iter()
            .fold(0, |octet, bit| octet << 1 | u8::from(*bit))
    };
    Some(bits.chunks_exact(8).map(octet).collect())
}
