//! Authentication exchanges (RFC 4954): how a client opens one, and what it answers.

use crate::wire::SASL_LINE_LIMIT;

/// How an exchange is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opening {
    /// The command, without its line end.
    pub(super) line: &'static str,
    /// What the server then does, as far as it has the mechanism and the account.
    pub(super) then: Then,
}

/// What a server does with an opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// Asks for these, one after the other.
    Asks(&'static [&'static str]),
    /// Lets the client in, or does not.
    Ends(bool),
    /// Does not know the mechanism.
    Refuses,
}

/// Name and password, one by one.
const URSEL_NAME: &str = "dXJzZWxAZXhhbXBsZS5vcmc=";
const URSEL_PASSWORD: &str = "b3N0cmljaA==";
/// `\0tim\0tanstaaftanstaaf`, the example of RFC 4616, 4.
const TIM: &str = "AHRpbQB0YW5zdGFhZnRhbnN0YWFm";
/// `\0tim\0ostrich`, which is somebody else's.
pub(super) const WRONG: &str = "AHRpbQBvc3RyaWNo";

/// The commonest first: those that get somewhere.
const OPENINGS: [Opening; 8] = [
    Opening {
        line: "AUTH PLAIN",
        then: Then::Asks(&[TIM]),
    },
    Opening {
        line: "AUTH LOGIN",
        then: Then::Asks(&[URSEL_NAME, URSEL_PASSWORD]),
    },
    Opening {
        line: "AUTH PLAIN AHVyc2VsQGV4YW1wbGUub3JnAG9zdHJpY2g=",
        then: Then::Ends(true),
    },
    Opening {
        line: "AUTH plain AHRpbQB0YW5zdGFhZnRhbnN0YWFm",
        then: Then::Ends(true),
    },
    Opening {
        line: "AUTH LOGIN dXJzZWxAZXhhbXBsZS5vcmc=",
        then: Then::Asks(&[URSEL_PASSWORD]),
    },
    Opening {
        line: "AUTH PLAIN =",
        then: Then::Ends(false),
    },
    Opening {
        line: "AUTH PLAIN AHRpbQBvc3RyaWNo",
        then: Then::Ends(false),
    },
    Opening {
        line: "AUTH X-SMTPSPEC",
        then: Then::Refuses,
    },
];

/// The opening of a `flavour`.
pub(super) fn opening(flavour: u8) -> Opening {
    // The lower half of the flavour is spent on whether there is one at all.
    OPENINGS[usize::from(flavour / 16) % OPENINGS.len()]
}

/// The opening behind which the server asks, for once or twice.
pub(super) fn asking(twice: bool) -> Opening {
    OPENINGS[usize::from(twice)]
}

/// How a client answers a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// With what was asked for.
    Right,
    /// With something else in base64.
    Wrong,
    Cancel,
    /// With nothing.
    Empty,
    /// With a command. Half of these are base64 as well.
    Command,
    Garbage,
    /// With more in base64 than a command line has room for.
    Long,
    OverLong,
}

/// Of well-formed conversations; the right one most often.
pub(super) const ANSWERS: [Answer; 9] = [
    Answer::Right,
    Answer::Right,
    Answer::Right,
    Answer::Right,
    Answer::Wrong,
    Answer::Cancel,
    Answer::Empty,
    Answer::Command,
    Answer::Long,
];

const COMMANDS: [&str; 6] = [
    "QUIT",
    "MAIL FROM:<smuggled@example.org>",
    "RSET",
    "EHLO smuggled.example.org",
    "NOOP",
    "AUTH PLAIN",
];

const GARBAGE: [&[u8]; 5] = [
    b"not base64",
    b"AHRpbQBvc3RyaWN",
    b"=",
    b"AHRpbQ\0BvcA==",
    b"\xc3\xa4\xc3\xb6",
];

impl Answer {
    /// The line, where `asked` was asked for.
    pub(super) fn line(self, asked: &str, flavour: u8) -> Vec<u8> {
        let flavour = usize::from(flavour);
        let text: Vec<u8> = match self {
            Self::Right => asked.into(),
            Self::Wrong => WRONG.into(),
            Self::Cancel => b"*".to_vec(),
            Self::Empty => Vec::new(),
            Self::Command => COMMANDS[flavour % COMMANDS.len()].into(),
            Self::Garbage => GARBAGE[flavour % GARBAGE.len()].to_vec(),
            Self::Long => vec![b'A'; 600 + 4 * (flavour % 100)],
            // A multiple of four, so that it is base64.
            Self::OverLong => vec![b'A'; SASL_LINE_LIMIT + 4 * (flavour % 64)],
        };
        [&text, &b"\r\n"[..]].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{SaslLine, parse_sasl_line};

    const URSEL: &str = "AHVyc2VsQGV4YW1wbGUub3JnAG9zdHJpY2g=";

    #[test]
    fn the_openings_carry_what_they_say() {
        let read = |text: &str| match parse_sasl_line(text.as_bytes()) {
            Ok(SaslLine::Response(octets)) => String::from_utf8(octets).unwrap(),
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(read(URSEL), "\0ursel@example.org\0ostrich");
        assert_eq!(read(URSEL_NAME), "ursel@example.org");
        assert_eq!(read(URSEL_PASSWORD), "ostrich");
        assert_eq!(read(TIM), "\0tim\0tanstaaftanstaaf");
        assert_eq!(read(WRONG), "\0tim\0ostrich");
        assert!(OPENINGS[2].line.ends_with(URSEL) && OPENINGS[3].line.ends_with(TIM));
        assert!(OPENINGS[4].line.ends_with(URSEL_NAME) && OPENINGS[6].line.ends_with(WRONG));
    }
}
