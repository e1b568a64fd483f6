//! What the server says: every text in one place (RFC 5321, 4.2; enhanced status codes by RFC 3463).
//!
//! `{host}`, `{peer}`, `{size}`, `{starttls}`, and what names the protocol, are filled in by [`Voice::say`].

use super::Config;
use crate::wire::Protocol;
use core::{fmt::Write, net::IpAddr};

pub(super) const BANNER: &str = "220 {host} {protocol} smtpspec";
pub(super) const HELO: &str = "250 {host} greets {peer}";
pub(super) const EHLO: &str = "250-{host} greets {peer}\r\n250-PIPELINING\r\n250-SIZE {size}\r\n\
    250-8BITMIME\r\n250-AUTH PLAIN LOGIN\r\n250-CHUNKING\r\n250-BINARYMIME\r\n250-DSN\r\n\
    250-ENHANCEDSTATUSCODES\r\n250-SMTPUTF8\r\n{starttls}250 HELP";
pub(super) const MAIL: &str = "250 2.1.0 sender ok";
pub(super) const RCPT: &str = "250 2.1.5 recipient ok";
pub(super) const DATA: &str = "354 go ahead, end with <CRLF>.<CRLF>";
pub(super) const CHUNK: &str = "250 2.0.0 chunk received";
pub(super) const MESSAGE: &str = "250 2.6.0 message accepted";
pub(super) const RSET: &str = "250 2.0.0 forgotten";
pub(super) const NOOP: &str = "250 2.0.0 done";
pub(super) const HELP: &str = "214-2.0.0 {greetings} MAIL RCPT DATA BDAT\r\n\
    214 2.0.0 RSET NOOP HELP VRFY AUTH STARTTLS QUIT";
pub(super) const VRFY: &str = "252 2.1.5 cannot verify, will take a message and try";
pub(super) const VRFY_POSTMASTER: &str = "250 2.1.5 <postmaster@{host}>";
pub(super) const AUTHENTICATED: &str = "235 2.7.0 authenticated";
pub(super) const STARTTLS: &str = "220 2.0.0 ready to start TLS";
pub(super) const QUIT: &str = "221 2.0.0 {host} goodbye";

pub(super) const TIMED_OUT: &str = "421 4.4.2 {host} waited too long";
pub(super) const SHUTTING_DOWN: &str = "421 4.3.2 {host} shutting down";
pub(super) const DROPPED: &str = "421 4.3.2 {host} dropping the session";
pub(super) const TOO_MANY_ERRORS: &str = "421 4.7.0 {host} too many errors";

pub(super) const UNKNOWN: &str = "500 5.5.1 unknown command";
pub(super) const UNREADABLE: &str = "500 5.5.2 not a command";
pub(super) const LINE_TOO_LONG: &str = "500 5.5.6 line too long";
pub(super) const NOT_IMPLEMENTED: &str = "502 5.5.1 not implemented";
pub(super) const NOT_AFTER_REFUSAL: &str = "503 5.5.1 no service here, only QUIT";
pub(super) const GREETING_FIRST: &str = "503 5.5.1 {greeting} first";
pub(super) const AUTH_TWICE: &str = "503 5.5.1 already authenticated";
pub(super) const MAIL_TWICE: &str = "503 5.5.1 a transaction is open, RSET first";
pub(super) const MAIL_FIRST: &str = "503 5.5.1 MAIL first";
pub(super) const NO_RECIPIENT: &str = "554 5.5.1 no valid recipients";
pub(super) const STARTTLS_TWICE: &str = "503 5.5.1 TLS is there already";
pub(super) const TLS_FIRST: &str = "530 5.7.0 STARTTLS first";
pub(super) const RCPT_FIRST: &str = "503 5.5.1 RCPT first";
pub(super) const NOT_BETWEEN_CHUNKS: &str =
    "503 5.5.1 a message is coming in chunks, BDAT LAST or RSET first";
pub(super) const BINARY_BY_DATA: &str = "503 5.5.1 BODY=BINARYMIME goes with BDAT only";
pub(super) const OUT_OF_SEQUENCE_500: &str = "500 5.5.1 bad sequence";
pub(super) const PARAMETER_UNKNOWN: &str = "555 5.5.4 parameter not known here";
pub(super) const PARAMETER_VALUE: &str = "501 5.5.4 bad value of a parameter";
pub(super) const PARAMETER_TWICE: &str = "501 5.5.4 a parameter given twice";
pub(super) const CANCELLED: &str = "501 5.7.0 authentication cancelled";
pub(super) const BAD_BASE64: &str = "501 5.5.2 not base64";
pub(super) const RESPONSE_TOO_LONG: &str = "500 5.5.6 response too long";
pub(super) const MECHANISM_UNKNOWN: &str = "504 5.5.4 mechanism not known here";
pub(super) const WRONG_CREDENTIALS: &str = "535 5.7.8 authentication failed";
pub(super) const TOO_MANY_RECIPIENTS: &str = "452 4.5.3 too many recipients";
pub(super) const TOO_LARGE: &str = "552 5.3.4 message larger than {size} octets";
pub(super) const HANDLER_FAILED: &str = "451 4.3.0 a handler failed, try again";
/// There is no 451 in place of a banner (RFC 5321, 4.3.2).
pub(super) const HANDLER_FAILED_AT_CONNECT: &str = "554 5.3.0 {host} a handler failed, no service";

pub(super) const PATH_REFUSED: &str = "550 5.7.1 path refused";
pub(super) const MECHANISM_UNKNOWN_501: &str = "501 5.5.4 what mechanism";
pub(super) const RESPONSE_TOO_LONG_501: &str = "501 5.5.2 response too long";
pub(super) const WRONG_CREDENTIALS_550: &str = "550 5.7.1 authentication failed";
pub(super) const UNKNOWN_ACCEPTED: &str = "250 2.0.0 fine";
pub(super) const OTHER_RESPONSE: &str = "550 5.0.0 refused for another reason";

/// [`MESSAGE`] for one of several recipients, whose path stands in `path` (RFC 2033, 4.2).
pub(super) fn taken_for(path: &str) -> String {
    format!("250 2.6.0 {path} message accepted")
}

/// Octets that names and numbers add to a text, as a rule.
const SURPLUS: usize = 64;

/// Fills in the texts of one session.
#[derive(Debug, Clone)]
pub(super) struct Voice {
    host: String,
    peer: IpAddr,
    size: u64,
    protocol: Protocol,
    /// STARTTLS is announced.
    pub(super) offers_starttls: bool,
}

impl Voice {
    pub(super) fn new(config: &Config, peer: IpAddr) -> Self {
        Self {
            host: config.host.clone(),
            peer,
            size: config.max_message_size,
            protocol: config.protocol,
            offers_starttls: config.starttls,
        }
    }

    /// The reply, without the last CRLF.
    pub(super) fn say(&self, text: &str) -> String {
        let mut said = String::with_capacity(text.len() + SURPLUS);
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            said.push_str(before);
            rest = match behind.split_once('}') {
                Some((name, behind)) if self.fill_in(name, &mut said) => behind,
                _ => {
                    said.push('{');
                    behind
                }
            };
        }
        said.push_str(rest);
        said
    }

    /// Puts what stands for `name` behind `said`, if there is something.
    fn fill_in(&self, name: &str, said: &mut String) -> bool {
        let [protocol, greeting, greetings] = match self.protocol {
            Protocol::Smtp => ["ESMTP", "EHLO", "HELO EHLO"],
            Protocol::Lmtp => ["LMTP", "LHLO", "LHLO"],
        };
        // Writing into a string cannot fail.
        let _ = match name {
            "host" => said.write_str(&self.host),
            "peer" => write!(said, "{}", self.peer),
            "size" => write!(said, "{}", self.size),
            "starttls" if self.offers_starttls => said.write_str("250-STARTTLS\r\n"),
            "starttls" => Ok(()),
            "protocol" => said.write_str(protocol),
            "greeting" => said.write_str(greeting),
            "greetings" => said.write_str(greetings),
            _ => return false,
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn names_are_filled_in_and_all_else_stays() {
        let voice = Voice::new(&Config::default(), IpAddr::from([127, 0, 0, 1]));
        assert_eq!(voice.say(HELO), "250 mx.smtpspec.example greets 127.0.0.1");
        assert_eq!(voice.say("{starttls}{size}"), "250-STARTTLS\r\n10485760");
        for text in ["250 {nobody} {", "}{", "", "550 a{host"] {
            assert_eq!(voice.say(text), text);
        }
    }
}
