//! Replies that say something else.

use super::super::{Defects, tamper::To};
use super::Defect;
use crate::wire::Verb::{self, Data, Ehlo, Expn, Helo, Noop, Quit, Rcpt, Rset, Unknown, Vrfy};

/// What is said instead.
#[derive(Debug, Clone, Copy)]
pub(super) enum Instead {
    /// This.
    Text(&'static str),
    /// The reply with each of these in place of the other.
    Replaced(&'static [(&'static str, &'static str)]),
}
use Instead::{Replaced, Text};

/// What is answered, as far as rows ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Banner,
    /// An accepted command.
    Accepted(Verb),
    /// A refused one, with this code.
    Refused(Verb, &'static str),
    /// Whatever has this code.
    Code(&'static str),
}
use About::{Accepted, Banner, Code, Refused};

/// The defect, what it is about, and what is said instead. Replies are without their last CRLF.
#[rustfmt::skip]
pub(super) static ROWS: &[(Defect, About, Instead)] = &[
    (Defect::HeloListsExtensions, Accepted(Helo), Text("250-mx.smtpspec.example hello\r\n250-SIZE 1000000\r\n250 HELP")),
    (Defect::BannerNamesNobody, Banner, Text("220 *** ESMTP ***")),
    (Defect::EhloNamesNobody, Accepted(Ehlo), Replaced(&[("250-mx.smtpspec.example", "250-my_server")])),
    (Defect::HeloNamesNobody, Accepted(Helo), Text("250 my_server greets you")),
    (Defect::EhloParameterMalformed, Accepted(Ehlo), Replaced(&[("250-SIZE ", "250-SIZE  ")])),
    (Defect::HelpServedUnlisted, Accepted(Ehlo), Replaced(&[("250-STARTTLS\r\n250 HELP", "250 STARTTLS"), ("250-SMTPUTF8\r\n250 HELP", "250 SMTPUTF8")])),
    (Defect::EightBitMimeNotAnnounced, Accepted(Ehlo), Replaced(&[("250-8BITMIME\r\n", ""), ("250-SMTPUTF8\r\n", "")])),
    (Defect::VrfyNamesNobody, Accepted(Vrfy), Replaced(&[("<postmaster@mx.smtpspec.example>", "fine")])),
    (Defect::BareCode, Accepted(Data), Text("354")),
    (Defect::ReplyNotAscii, Accepted(Noop), Text("250 2.0.0 d\u{e9}j\u{e0} vu")),
    (Defect::UndefinedCode, Refused(Expn, "502"), Text("557 5.5.1 not here")),
    (Defect::QuitNamesNobody, Accepted(Quit), Text("221 2.0.0 Bye")),
    (Defect::DropNamesNobody, Code("421"), Text("421 4.7.0 too many errors")),
    (Defect::PipeliningWithParameter, Accepted(Ehlo), Replaced(&[("250-PIPELINING", "250-PIPELINING 10")])),
    (Defect::SizeWithUnit, Accepted(Ehlo), Replaced(&[("SIZE 10485760", "SIZE 10M")])),
    (Defect::SizeBelow64K, Accepted(Ehlo), Replaced(&[("SIZE 10485760", "SIZE 65535")])),
    (Defect::EightBitMimeWithParameter, Accepted(Ehlo), Replaced(&[("250-8BITMIME", "250-8BITMIME BODY")])),
    (Defect::EnhancedCodesWithParameter, Accepted(Ehlo), Replaced(&[("250-ENHANCEDSTATUSCODES", "250-ENHANCEDSTATUSCODES 2")])),
    (Defect::EnhancedCodeMissingIn2yz, Accepted(Rset), Text("250 forgotten")),
    (Defect::EnhancedCodeMissingIn4yz, Refused(Rcpt, "452"), Text("452 too many recipients")),
    (Defect::EnhancedCodeMissingIn5yz, Refused(Unknown, "500"), Text("500 unknown command")),
    (Defect::EnhancedCodeOfAnotherClass, Refused(Unknown, "500"), Text("500 4.5.1 unknown command")),
    (Defect::EnhancedCodeOnFirstLineOnly, Accepted(Verb::Help), Replaced(&[("\r\n214 2.0.0 ", "\r\n214 ")])),
    (Defect::EnhancedCodeMalformed, Accepted(Rset), Text("250 2.00.0 forgotten")),
    (Defect::SmtpUtf8WithoutEightBitMime, Accepted(Ehlo), Replaced(&[("250-8BITMIME\r\n", "")])),
    (Defect::SmtpUtf8WithParameter, Accepted(Ehlo), Replaced(&[("250-SMTPUTF8", "250-SMTPUTF8 1")])),
];

/// What is said in place of `reply`, which has no last CRLF.
pub(in super::super) fn reworded(defects: &Defects, to: To, reply: String) -> String {
    if defects.is_empty() {
        return reply;
    }
    let mut rows = ROWS.iter();
    match rows.find(|(defect, about, _)| defects.has(*defect) && about.fits(to, &reply)) {
        None => reply,
        Some((_, _, Text(text))) => (*text).to_owned(),
        Some((_, _, Replaced(pairs))) => pairs
            .iter()
            .fold(reply, |reply, (from, to)| reply.replacen(from, to, 1)),
    }
}

impl About {
    fn fits(self, to: To, reply: &str) -> bool {
        let accepts = reply.starts_with(['2', '3']);
        match self {
            Banner => to == To::Connection && accepts,
            Accepted(verb) => to == To::Command(verb) && accepts,
            Refused(verb, code) => to == To::Command(verb) && reply.starts_with(code),
            Code(code) => reply.starts_with(code),
        }
    }
}
