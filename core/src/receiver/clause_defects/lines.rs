//! Command lines that are treated otherwise.

use super::{Defect, Occasion, Then};
use crate::wire::Verb::{
    Data, Ehlo, Expn, Helo, Help, Mail, Noop, Quit, Rcpt, Rset, Unknown, Vrfy,
};
use Then::{Admit, Answer, Forget, Leave, Refuse};

type When = fn(&Occasion<'_>) -> bool;

/// The defect, when it acts, and what then.
#[rustfmt::skip]
pub(super) static ROWS: &[(Defect, When, Then)] = &[
    (Defect::EhloIpv4LiteralRefused, |it| it.is(Ehlo) && it.argument().starts_with(b"[") && !it.has(b":"), Refuse(NO_SYNTAX)),
    (Defect::EhloIpv6LiteralRefused, |it| it.is(Ehlo) && it.argument().starts_with(b"[IPv6:"), Refuse(NO_SYNTAX)),
    (Defect::BareEhlo503, |it| it.line == b"EHLO", Refuse(SEQUENCE)),
    (Defect::BareHelo503, |it| it.line == b"HELO", Refuse(SEQUENCE)),
    (Defect::ExpnServedUnlisted, |it| it.is(Expn) && it.greeted(), Answer("250 2.1.5 <postmaster@example.org>")),
    (Defect::HelpListedOnly, |it| it.is(Help) && it.greeted(), Refuse(NOT_IMPLEMENTED)),
    (Defect::MailFromUpperCaseOnly, |it| it.line.starts_with(b"MAIL ") && !it.line.starts_with(b"MAIL FROM:"), Refuse(NO_SYNTAX)),
    (Defect::RcptToUpperCaseOnly, |it| it.line.starts_with(b"RCPT ") && !it.line.starts_with(b"RCPT TO:"), Refuse(NO_SYNTAX)),
    (Defect::ParametersUpperCaseOnly, |it| it.is(Mail) && it.has(b" size="), Refuse(PARAMETER)),
    (Defect::TrailingSpaceRefused, |it| it.line.len() > 4 && it.line.trim_ascii_end().len() == 4, Refuse(NO_SYNTAX)),
    (Defect::TrailingSpaceRefusedInMail, |it| it.is(Mail) && it.line.ends_with(b" "), Refuse(NO_SYNTAX)),
    (Defect::TrailingSpaceRefusedInRcpt, |it| it.is(Rcpt) && it.line.ends_with(b" "), Refuse(NO_SYNTAX)),
    (Defect::TrailingSpaceRefusedInEhlo, |it| (it.is(Ehlo) || it.is(Helo)) && it.line.ends_with(b" "), Refuse(NO_SYNTAX)),
    (Defect::DataArgument554, |it| it.is(Data) && !it.argument().is_empty() && it.recipients() > 0, Refuse("554 5.5.1 no arguments")),
    (Defect::RsetArgument500, |it| it.is(Rset) && !it.argument().is_empty(), Refuse(UNKNOWN)),
    (Defect::QuitArgument500, |it| it.is(Quit) && !it.argument().is_empty(), Refuse(UNKNOWN)),
    (Defect::QuotedSenderRefused, |it| it.is(Mail) && it.quoted().is_some_and(is_simple), Refuse(NO_SYNTAX)),
    (Defect::QuotedRecipientRefused, |it| it.is(Rcpt) && it.quoted().is_some_and(is_simple), Refuse(NO_SYNTAX)),
    (Defect::QuotedPairRefused, |it| it.quoted().is_some_and(|text| text.contains(&b'\\')), Refuse(NO_SYNTAX)),
    (Defect::QuotedSpaceRefused, |it| it.quoted().is_some_and(|text| text.contains(&b' ') && !text.contains(&b'\\')), Refuse(NO_SYNTAX)),
    (Defect::QuotedAtRefused, |it| it.quoted().is_some_and(|text| text.contains(&b'@') && !text.contains(&b' ')), Refuse(NO_SYNTAX)),
    (Defect::AtomLettersOnly, |it| it.quoted().is_none() && it.local_part().iter().any(|octet| b"!#$%&'*/?^`{|}~".contains(octet)), Refuse(NO_SYNTAX)),
    (Defect::DigitFirstInLabelRefused, |it| it.domain().split(|octet| *octet == b'.').any(|label| label.first().is_some_and(u8::is_ascii_digit)), Refuse(NO_SYNTAX)),
    (Defect::UnderscoreTaken, |it| it.is(Mail) && it.malformed() && it.has(b"_"), Answer("250 2.1.0 sender ok")),
    (Defect::Ipv4LiteralSenderRefused, |it| it.is(Mail) && !it.literal().is_empty() && !it.literal().contains(&b':'), Refuse(NO_SYNTAX)),
    (Defect::Ipv6LiteralSenderRefused, |it| it.is(Mail) && it.literal().starts_with(b"[IPv6:"), Refuse(NO_SYNTAX)),
    (Defect::Ipv4LiteralRecipientRefused, |it| it.is(Rcpt) && !it.literal().is_empty() && !it.literal().contains(&b':'), Refuse(NO_SYNTAX)),
    (Defect::Ipv6LiteralRecipientRefused, |it| it.is(Rcpt) && it.literal().starts_with(b"[IPv6:"), Refuse(NO_SYNTAX)),
    (Defect::RouteInMailRefused, |it| it.is(Mail) && it.has_route(), Refuse(NO_SYNTAX)),
    (Defect::RouteInRcptRefused, |it| it.is(Rcpt) && it.has_route(), Refuse(NO_SYNTAX)),
    (Defect::MalformedMail504, |it| it.is(Mail) && it.malformed() && !it.has(b"_") && it.greeted() && !it.in_transaction(), Refuse("504 5.5.4 no such sender")),
    (Defect::MalformedRcpt451, |it| it.is(Rcpt) && it.malformed() && it.in_transaction(), Refuse("451 4.3.0 cannot read that")),
    (Defect::BareVrfy550, |it| it.line == b"VRFY", Refuse("550 5.1.1 no such user")),
    (Defect::Unknown502, |it| it.is(Unknown) && !it.malformed() && !it.line.starts_with(b"X"), Refuse(NOT_IMPLEMENTED)),
    (Defect::UnknownPrivate502, |it| it.is(Unknown) && it.line.starts_with(b"X"), Refuse(NOT_IMPLEMENTED)),
    (Defect::UnknownEndsSession, |it| it.is(Unknown) && !it.malformed(), Leave(FAREWELL)),
    (Defect::MalformedEndsSession, |it| it.is(Mail) && it.malformed(), Leave(FAREWELL)),
    (Defect::RsetRefused, |it| it.is(Rset) && it.argument().is_empty() && !it.in_transaction() && !it.grouped, Refuse(DENIED)),
    (Defect::RsetRefusedInTransaction, |it| it.is(Rset) && it.argument().is_empty() && it.in_transaction() && !it.grouped, Refuse(DENIED)),
    (Defect::NoopRefused, |it| it.is(Noop) && it.argument().is_empty() && !it.grouped, Refuse(DENIED)),
    (Defect::NoopArgumentRefused, |it| it.is(Noop) && !it.argument().trim_ascii().is_empty(), Refuse(NO_SYNTAX)),
    (Defect::QuitRefused, |it| it.is(Quit) && it.argument().is_empty() && !it.in_transaction() && !it.grouped, Refuse(DENIED)),
    (Defect::QuitRefusedInTransaction, |it| it.is(Quit) && it.argument().is_empty() && it.in_transaction() && !it.grouped, Refuse(DENIED)),
    (Defect::HelpUnknown, |it| it.is(Help) && !it.greeted(), Refuse(UNKNOWN)),
    (Defect::VrfyMailbox501, |it| it.is(Vrfy) && it.has(b"@"), Refuse(NO_SYNTAX)),
    (Defect::VrfyUser501, |it| it.is(Vrfy) && !it.argument().is_empty() && !it.has(b"@") && !it.has(b" SMTPUTF8"), Refuse(NO_SYNTAX)),
    (Defect::UnknownMailParameterTaken, |it| it.is(Mail) && it.parameter_text().starts_with(b"X"), Admit),
    (Defect::UnknownRcptParameterTaken, |it| it.is(Rcpt) && it.parameter_text().starts_with(b"X"), Admit),
    (Defect::UnknownMailParameter501, |it| it.is(Mail) && it.parameter_text().starts_with(b"X"), Refuse(NO_SYNTAX)),
    (Defect::UnknownRcptParameter501, |it| it.is(Rcpt) && it.parameter_text().starts_with(b"X"), Refuse(NO_SYNTAX)),
    (Defect::ParametersTakenBehindHelo, |it| it.is(Mail) && it.greeted_by_helo() && !it.parameter_text().is_empty(), Admit),
    (Defect::Ehlo554, |it| it.is(Ehlo) && it.greeted() && !it.malformed(), Refuse(FAILED)),
    (Defect::Mail554, |it| it.is(Mail) && it.has(b"refused"), Refuse(FAILED)),
    (Defect::Rcpt554, |it| it.is(Rcpt) && it.has(b"refused"), Refuse(FAILED)),
    (Defect::Data553, |it| it.is(Data) && it.recipients() == 3, Refuse("553 5.1.0 not these")),
    (Defect::Vrfy554, |it| it.is(Vrfy) && it.has(b"refused"), Refuse(FAILED)),
    (Defect::Expn554, |it| it.is(Expn), Refuse(FAILED)),
    (Defect::Help554, |it| it.is(Help), Refuse(FAILED)),
    (Defect::EhloDomain200, |it| it.is(Ehlo) && it.argument().len() > 200, Refuse(TOO_LONG)),
    (Defect::SenderLocalPart50, |it| it.is(Mail) && it.local_part().len() > 50 && it.path_text().len() < 130, Refuse(TOO_LONG)),
    (Defect::RecipientLocalPart50, |it| it.is(Rcpt) && it.local_part().len() > 50 && it.path_text().len() < 130, Refuse(TOO_LONG)),
    (Defect::ReversePath200, |it| it.is(Mail) && it.path_text().len() > 200, Refuse(TOO_LONG)),
    (Defect::ForwardPath200, |it| it.is(Rcpt) && it.path_text().len() > 200, Refuse(TOO_LONG)),
    (Defect::FiftyRecipients, |it| it.is(Rcpt) && it.recipients() >= 50, Refuse("452 4.5.3 too many recipients")),
    (Defect::TooManyRecipients552, |it| it.is(Rcpt) && it.recipients() >= 100, Refuse("552 5.5.3 too many recipients")),
    (Defect::VrfyForgetsTransaction, |it| it.is(Vrfy), Forget),
    (Defect::ExpnForgetsTransaction, |it| it.is(Expn), Forget),
    (Defect::HelpForgetsTransaction, |it| it.is(Help), Forget),
    (Defect::NoopForgetsTransaction, |it| it.is(Noop), Forget),
    (Defect::GroupedMailRefused, |it| it.is(Mail) && it.grouped && !it.behind_message, Refuse(NO_SYNTAX)),
    (Defect::GroupedRcptRefused, |it| it.is(Rcpt) && it.grouped, Refuse(NO_SYNTAX)),
    (Defect::GroupedDataRefused, |it| it.is(Data) && it.grouped && it.recipients() > 0, Refuse(NO_SYNTAX)),
    (Defect::GroupedRsetRefused, |it| it.is(Rset) && it.grouped, Refuse(DENIED)),
    (Defect::GroupedNoopRefused, |it| it.is(Noop) && it.grouped, Refuse(DENIED)),
    (Defect::GroupedQuitRefused, |it| it.is(Quit) && it.grouped, Refuse(DENIED)),
    (Defect::MailBehindMessageRefused, |it| it.is(Mail) && it.behind_message, Refuse(NO_SYNTAX)),
    (Defect::SizeBeyondTaken, |it| it.value("SIZE").len() > 10 && is_number(it.value("SIZE")) && !it.value("SIZE").starts_with(b"0"), Admit),
    (Defect::SizeBeyond452, |it| it.value("SIZE").len() > 10 && is_number(it.value("SIZE")) && !it.value("SIZE").starts_with(b"0"), Refuse("452 4.3.1 no room")),
    (Defect::SizeTwentyDigitsRefused, |it| it.value("SIZE").len() == 20 && it.value("SIZE").starts_with(b"0"), Refuse(NO_SYNTAX)),
    (Defect::SizeNoNumberTaken, |it| it.is(Mail) && !it.value("SIZE").is_empty() && !is_number(it.value("SIZE")), Admit),
    (Defect::SizeTwiceTaken, |it| it.is(Mail) && memchr::memmem::find_iter(it.line, b"SIZE=").count() == 2, Admit),
    (Defect::BodyUpperCaseOnly, |it| it.value("BODY") == b"8bitmime", Refuse(NO_SYNTAX)),
    (Defect::BodyUnknownTaken, |it| it.value("BODY") == b"9BIT", Admit),
    (Defect::Utf8SenderRefused, |it| it.is(Mail) && !it.local_part().is_ascii() && it.has(b"SMTPUTF8"), Refuse(NO_SYNTAX)),
    (Defect::Utf8DomainRefused, |it| it.is(Mail) && !it.domain().is_ascii() && it.has(b"SMTPUTF8"), Refuse(NO_SYNTAX)),
    (Defect::Utf8RecipientRefused, |it| it.is(Rcpt) && !it.line.is_ascii() && !it.malformed(), Refuse(NO_SYNTAX)),
    (Defect::SmtpUtf8ValueTaken, |it| it.is(Mail) && it.has(b"SMTPUTF8="), Admit),
    (Defect::VrfySmtpUtf8Refused, |it| it.is(Vrfy) && it.has(b" SMTPUTF8"), Refuse(NO_SYNTAX)),
];

const NO_SYNTAX: &str = "501 5.5.4 syntax error";
const SEQUENCE: &str = "503 5.5.1 bad sequence";
const NOT_IMPLEMENTED: &str = "502 5.5.1 not implemented here";
const UNKNOWN: &str = "500 5.5.2 what?";
const PARAMETER: &str = "555 5.5.4 no such parameter";
const DENIED: &str = "550 5.7.1 denied";
const FAILED: &str = "554 5.7.1 failed";
const TOO_LONG: &str = "501 5.5.4 too long";
const FAREWELL: &str = "421 4.7.0 {host} goodbye";

/// It could stand without its quotes.
fn is_simple(text: &[u8]) -> bool {
    text.iter()
        .all(|octet| octet.is_ascii_alphanumeric() || b".-".contains(octet))
}

fn is_number(value: &[u8]) -> bool {
    !value.is_empty() && value.len() <= 20 && value.iter().all(u8::is_ascii_digit)
}
