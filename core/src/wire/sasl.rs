//! The lines of an authentication exchange (RFC 4954, 4 and 8): responses and challenges in base64.
//!
//! The only part of the grammar that allocates: what stands in base64 is not there to be borrowed.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::SyntaxError;

/// Octets of a line of the exchange, its CRLF included, that suffice for every mechanism in use (RFC 4954, 4).
pub const SASL_LINE_LIMIT: usize = 12_288;

/// Padded, as RFC 4648, 4, has it; but what the last character has beyond the last octet may be anything (3.5: decoders
/// MAY reject it).
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);

/// What a client sends behind a challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaslLine {
    /// Its response, decoded. May be empty.
    Response(Vec<u8>),
    /// `*`: it wants no more of the exchange.
    Cancel,
}

/// Reads a line behind a challenge, given without its line end.
///
/// ```abnf
/// auth-param     = base64 / cancel-response     ; RFC 4954, 8 calls it *(CRLF [base64]) [CRLF cancel-response]
/// cancel-response = "*"
/// base64         = base64-terminal / ( 1*(4base64-CHAR) [base64-terminal] )
/// ```
///
/// # Errors
/// Says where the line stops being base64.
pub fn parse_sasl_line(line: &[u8]) -> Result<SaslLine, SyntaxError> {
    if line == b"*" {
        return Ok(SaslLine::Cancel);
    }
    decode(line).map(SaslLine::Response)
}

/// Reads the initial response of an AUTH command, as [`Command::Auth`](super::Command::Auth) has it.
///
/// ```abnf
/// initial-response = base64 / "="               ; "=" stands for an empty one
/// ```
///
/// # Errors
/// Says where the argument stops being base64.
pub fn parse_initial_response(argument: &[u8]) -> Result<Vec<u8>, SyntaxError> {
    if argument == b"=" {
        return Ok(Vec::new());
    }
    decode(argument)
}

/// The text of a 334 that carries `challenge`.
pub fn encode_challenge(challenge: &[u8]) -> String {
    BASE64.encode(challenge)
}

/// An AUTH command's line up to its mechanism: what may be shown of it to others. A line that is no well-formed AUTH is
/// given back whole.
pub fn without_initial_response(line: &[u8]) -> &[u8] {
    match super::parse_command(line).map(|parsed| parsed.command) {
        Ok(super::Command::Auth {
            initial: Some(initial),
            ..
        }) => {
            let text = line.trim_ascii_end();
            let behind = text.strip_suffix(initial).unwrap_or(text);
            behind.trim_ascii_end()
        }
        _ => line,
    }
}

fn decode(text: &[u8]) -> Result<Vec<u8>, SyntaxError> {
    BASE64.decode(text).map_err(|error| SyntaxError {
        at: match error {
            base64::DecodeError::InvalidByte(at, _)
            | base64::DecodeError::InvalidLastSymbol(at, _) => at,
            base64::DecodeError::InvalidLength(_) | base64::DecodeError::InvalidPadding => {
                text.len()
            }
        },
        expected: "base64",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_response_is_base64_with_its_padding_or_nothing() {
        let read = |line: &[u8]| parse_sasl_line(line);
        let response = |octets: &[u8]| Ok(SaslLine::Response(octets.to_vec()));
        assert_eq!(read(b"AGEAYg=="), response(b"\0a\0b"));
        assert_eq!(read(b""), response(b""));
        assert_eq!(read(b"*"), Ok(SaslLine::Cancel));
        for bad in [
            "=",
            "AGEAYg",
            "AGEAYg=",
            "AGEA Yg==",
            "**",
            "* ",
            "MAIL FROM:<>",
            "A\0EA",
        ] {
            assert_eq!(
                read(bad.as_bytes()).map_err(|e| e.expected),
                Err("base64"),
                "{bad}"
            );
        }
    }

    #[test]
    fn bits_beyond_the_last_octet_may_be_anything() {
        assert_eq!(
            parse_sasl_line(b"YR=="),
            Ok(SaslLine::Response(b"a".to_vec()))
        );
    }

    #[test]
    fn an_equals_sign_is_an_empty_initial_response_only() {
        assert_eq!(parse_initial_response(b"="), Ok(vec![]));
        assert!(parse_initial_response(b"==").is_err());
        assert!(parse_initial_response(b"*").is_err());
    }

    #[test]
    fn an_error_points_at_what_is_wrong() {
        assert_eq!(parse_sasl_line(b"AGE!Yg==").unwrap_err().at, 3);
        assert_eq!(parse_sasl_line(b"AGEAY").unwrap_err().at, 5);
    }

    #[test]
    fn a_line_is_shown_without_its_initial_response() {
        for (line, shown) in [
            ("AUTH PLAIN AGEAYg==", "AUTH PLAIN"),
            ("auth plain =", "auth plain"),
            ("AUTH PLAIN", "AUTH PLAIN"),
            ("AUTH PLAIN PLAIN", "AUTH PLAIN"),
            ("AUTH PLAIN a b", "AUTH PLAIN a b"),
            ("NOOP AGEAYg==", "NOOP AGEAYg=="),
        ] {
            assert_eq!(without_initial_response(line.as_bytes()), shown.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_read_back(octets in prop::collection::vec(any::<u8>(), 0..100)) {
            let line = encode_challenge(&octets);
            prop_assert_eq!(parse_sasl_line(line.as_bytes()), Ok(SaslLine::Response(octets)));
        }
    }
}
