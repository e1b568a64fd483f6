//! Each planted defect shows in a suitable conversation. Which rule catches it is tested with the checker.

use super::*;
use crate::event::EventKind;
use pretty_assertions::{assert_eq, assert_ne};

/// How a session ends behind what was sent.
#[derive(Clone, Copy)]
enum End {
    Fin,
    Rst,
    Silence,
}
use End::{Fin, Rst, Silence};

/// What comes before the text.
#[derive(Clone, Copy)]
pub(super) enum Behind {
    Connect,
    Greeting,
    Envelope,
}
use Behind::{Connect, Envelope, Greeting};

/// What the handlers do.
#[derive(Clone, Copy)]
enum Handlers {
    Accept,
    /// Refuse the first event of this kind.
    Refuse(EventKind),
    /// Drop the session at it.
    Drop(EventKind),
    /// Fail at it.
    Fail(EventKind),
}
use Handlers::{Accept, Drop, Fail, Refuse};

impl Handlers {
    fn rules(self) -> Vec<HandlerRule> {
        match self {
            Accept => vec![],
            Refuse(kind) => vec![rule(kind, 1, HandlerAction::Reject("550 5.7.1 no".into()))],
            Drop(kind) => vec![rule(kind, 1, HandlerAction::Drop)],
            Fail(kind) => vec![rule(kind, 1, HandlerAction::Fail)],
        }
    }
}

/// For each defect a text that shows it, with `\u{1}` for a bare LF, `\u{2}` for a bare CR, and `\u{3}` where one
/// segment ends and the next begins; `\u{4}` for a finished TLS handshake, `\u{5}` for one that failed, `\u{6}` for a
/// close_notify.
#[rustfmt::skip]
const SHOWCASES: &[(Defect, Behind, &str, Handlers, End)] = &[
    (Defect::ConnectEventTwice, Connect, "", Accept, Fin),
    (Defect::ConnectEventLate, Connect, "NOOP\n", Accept, Fin),
    (Defect::DisconnectLostAfterEhlo, Greeting, "", Accept, Fin),
    (Defect::DisconnectTwice, Connect, "", Accept, Fin),
    (Defect::DisconnectTwiceBehindPartialLine, Connect, "NOO", Accept, Fin),
    (Defect::DisconnectLostInHeaders, Envelope, "DATA\nA: b\n", Accept, Fin),
    (Defect::DisconnectLostInFinalCrlf, Envelope, "DATA\n\nx\n.\u{2}", Accept, Rst),
    (Defect::ReasonWrongBehind354, Envelope, "DATA\n", Accept, Fin),
    (Defect::ReasonAlwaysQuit, Connect, "", Accept, Fin),
    (Defect::EventAfterDisconnect, Connect, "", Accept, Fin),
    (Defect::DisconnectLate, Connect, "", Accept, Rst),
    (Defect::DiesWhenResetInData, Envelope, "DATA\nA: b\n", Accept, Rst),
    (Defect::MixedSessions, Greeting, "MAIL FROM:<>\n", Accept, Fin),
    (Defect::MixedSessionsUnderLoad, Envelope, "", Accept, Fin),
    (Defect::ActsAfterQuit, Connect, "QUIT\nNOOP\n", Accept, Fin),
    (Defect::MailBeforeGreeting, Connect, "MAIL FROM:<>\n", Accept, Fin),
    (Defect::RcptBeforeMail, Greeting, "RCPT TO:<c@d.example>\n", Accept, Fin),
    (Defect::DataBeforeRcpt, Greeting, "MAIL FROM:<>\nDATA\n", Accept, Fin),
    (Defect::EndOfHeadersTwice, Envelope, "DATA\n\nx\n.\n", Accept, Fin),
    (Defect::EndOfHeadersLostWithoutBlankLine, Envelope, "DATA\nx\n.\n", Accept, Fin),
    (Defect::RecipientsOutliveRefusedData, Envelope, "DATA\nRSET\nMAIL FROM:<>\nDATA\n", Refuse(EventKind::OnDataCommand), Fin),
    (Defect::EndOfHeadersTwiceWhenCut, Envelope, "DATA\nA: b\n\u{2}\u{3}\u{1}x\n.\n", Accept, Fin),
    (Defect::EndOfHeadersLostBehindLongLine, Envelope, LONG_FIELD, Accept, Fin),
    (Defect::EndOfDataBehindRefusedHeaders, Envelope, "DATA\n\nx\n.\n", Refuse(EventKind::OnEndOfHeaders), Fin),
    (Defect::EndOfDataTwice, Envelope, "DATA\n\nx\n.\n", Accept, Fin),
    (Defect::EndOfDataBeforeHeaders, Envelope, "DATA\nx\n.\n", Accept, Fin),
    (Defect::SecondMailFires, Envelope, "MAIL FROM:<>\n", Accept, Fin),
    (Defect::RsetKeepsTransaction, Envelope, "RSET\nDATA\n", Accept, Fin),
    (Defect::SecondMailTakenAfterHelo, Connect, "HELO c\nMAIL FROM:<>\nMAIL FROM:<>\n", Accept, Fin),
    (Defect::RsetKeepsManyRecipients, Envelope, "RCPT TO:<a@b>\nRCPT TO:<c@b>\nRSET\nDATA\n", Accept, Fin),
    (Defect::EhloKeepsTransaction, Envelope, "EHLO d\nDATA\n", Accept, Fin),
    (Defect::EventAfterReply, Connect, "NOOP\n", Accept, Fin),
    (Defect::EventsSwappedWhenPipelined, Connect, "NOOP a\nNOOP b\n", Accept, Fin),
    (Defect::RcptEventOnce, Envelope, "RCPT TO:<e@f.example>\n", Accept, Fin),
    (Defect::NoopEventTwice, Connect, "NOOP\n", Accept, Fin),
    (Defect::NoopEventLostWithArgument, Connect, "NOOP a\n", Accept, Fin),
    (Defect::EventTwiceWhenCut, Connect, "NOOP\u{2}\u{3}\u{1}", Accept, Fin),
    (Defect::MalformedWithoutReject, Greeting, "MAIL FROM:<a@@b>\n", Accept, Fin),
    (Defect::MalformedFires, Envelope, "RCPT TO:<a@@b>\n", Accept, Fin),
    (Defect::RejectBeforeEvent, Envelope, "", Refuse(EventKind::OnMailCommand), Fin),
    (Defect::HandlerRefusalWithoutReject, Envelope, "", Refuse(EventKind::OnMailCommand), Fin),
    (Defect::FailedHandlerWithoutReject, Envelope, "", Fail(EventKind::OnMailCommand), Fin),
    (Defect::RejectLostBehind100Recipients, Envelope, MANY_RECIPIENTS, Accept, Fin),
    (Defect::RejectResponseBefore, Connect, "FOO\nDATA\n", Accept, Fin),
    (Defect::RejectTwice, Connect, "FOO\n", Accept, Fin),
    (Defect::RejectOtherResponse, Connect, "FOO\n", Accept, Fin),
    (Defect::RefusedMailOpensTransaction, Envelope, "", Refuse(EventKind::OnMailCommand), Fin),
    (Defect::RefusedRcptCounts, Envelope, "DATA\n", Refuse(EventKind::OnRcptCommand), Fin),
    (Defect::RefusedDataForgetsRecipients, Envelope, "DATA\nDATA\n", Refuse(EventKind::OnDataCommand), Fin),
    (Defect::EndOfDataOnClose, Envelope, "DATA\nx\n", Accept, Rst),
    (Defect::BareLfEndsData, Envelope, "DATA\n\nx\u{1}.\u{1}y", Accept, Fin),
    (Defect::BareCrEndsData, Envelope, "DATA\n\nx\u{2}.\u{2}y", Accept, Fin),
    (Defect::CrlfDotLfEndsData, Envelope, "DATA\n\n.\u{1}y", Accept, Fin),
    (Defect::FirstDotKept, Envelope, "DATA\n..x\n.\n", Accept, Fin),
    (Defect::DotKeptWhenCut, Envelope, "DATA\n\n.\u{3}.x\n.\n", Accept, Fin),
    (Defect::ContentEndsAtNul, Envelope, "DATA\n\nx\0y\n.\n", Accept, Fin),
    (Defect::ContentOfMessageBefore, Envelope, "DATA\nx\n.\nMAIL FROM:<>\nRCPT TO:<a@b>\nDATA\n.\n", Accept, Fin),
    (Defect::DotsKept, Envelope, "DATA\n\n..x\n.\n", Accept, Fin),
    (Defect::CommandsInContent, Envelope, "DATA\n\nRSET\n.\n", Accept, Fin),
    (Defect::ArgumentsLowerCased, Greeting, "", Accept, Fin),
    (Defect::ParametersLostInLowerCase, Greeting, "mail FROM:<> SIZE=1\n", Accept, Fin),
    (Defect::ActsOnPartialLine, Connect, "NOOP", Accept, Rst),
    (Defect::PipelinedBehindDataLost, Envelope, "DATA\n\n.\nNOOP\n", Accept, Fin),
    (Defect::Banner250, Connect, "", Accept, Fin),
    (Defect::NoopUnanswered, Connect, "NOOP\n", Accept, Fin),
    (Defect::LineBehindTooLongLost, Connect, TOO_LONG_NOOP, Accept, Fin),
    (Defect::PipelinedBehindRefusedDataLost, Connect, "DATA\nNOOP\n", Accept, Fin),
    (Defect::DoubleReply, Connect, "RSET\n", Accept, Fin),
    (Defect::ReplyBareLf, Connect, "NOOP\n", Accept, Fin),
    (Defect::MixedCodes, Greeting, "", Accept, Fin),
    (Defect::RcptAnswered220, Envelope, "", Accept, Fin),
    (Defect::OutOfSequence500, Connect, "DATA\n", Accept, Fin),
    (Defect::MalformedAccepted, Envelope, "RCPT TO:<a@@b>\n", Accept, Fin),
    (Defect::QuitWithout221, Connect, "QUIT\n", Accept, Fin),
    (Defect::QuitStaysOpen, Connect, "QUIT\n", Accept, Rst),
    (Defect::StaysOpenAfter421, Connect, "", Accept, Silence),
    (Defect::RepliesSwappedWhenPipelined, Envelope, "", Accept, Fin),
    (Defect::NoopNeedsGreeting, Connect, "NOOP\n", Accept, Fin),
    (Defect::EhloKeywordMalformed, Greeting, "", Accept, Fin),
    (Defect::LineLimit256, Connect, LONG_NOOP, Accept, Fin),
    (Defect::UnknownAccepted, Connect, "FOO\n", Accept, Fin),
    (Defect::SizeNotHonoured, Greeting, "MAIL FROM:<> SIZE=1\n", Accept, Fin),
    (Defect::NullPathRefused, Greeting, "MAIL FROM:<>\n", Accept, Fin),
    (Defect::PostmasterRefused, Envelope, "RCPT TO:<Postmaster>\n", Accept, Fin),
    (Defect::LongReplyLine, Connect, "HELP\n", Accept, Fin),
    (Defect::UpperCaseOnly, Connect, "noop\n", Accept, Fin),
    (Defect::BareLfEndsCommand, Connect, "NOOP\u{1}", Accept, Fin),
    (Defect::VrfyNotImplemented, Connect, "VRFY c\n", Accept, Fin),
    (Defect::EndOfAuthenticationLostOnFailure, Greeting, "AUTH PLAIN AHRpbQBvc3RyaWNo\n", Accept, Fin),
    (Defect::EndOfAuthenticationOnCancel, Greeting, "AUTH PLAIN\n*\n", Accept, Fin),
    (Defect::EndOfAuthenticationOnClose, Greeting, "AUTH PLAIN\n", Accept, Rst),
    (Defect::MechanismUpperCased, Greeting, "AUTH plain\n", Accept, Fin),
    (Defect::ActsOnPartialResponse, Greeting, "AUTH PLAIN\nAHVyc2VsQGV4YW1wbGUub3JnAG9zdHJpY2g=", Accept, Fin),
    (Defect::MechanismAnnouncedTwice, Greeting, "", Accept, Fin),
    (Defect::AuthBeforeEhlo, Connect, "AUTH PLAIN\n", Accept, Fin),
    (Defect::AuthInTransaction, Envelope, "AUTH PLAIN\n", Accept, Fin),
    (Defect::SecondAuthTaken, Greeting, "AUTH PLAIN AHVyc2VsQGV4YW1wbGUub3JnAG9zdHJpY2g=\nAUTH PLAIN\n", Accept, Fin),
    (Defect::RsetForgetsAuthentication, Greeting, "AUTH PLAIN AHVyc2VsQGV4YW1wbGUub3JnAG9zdHJpY2g=\nRSET\nAUTH PLAIN\n", Accept, Fin),
    (Defect::LoginNotServed, Greeting, "AUTH LOGIN\n", Accept, Fin),
    (Defect::UnknownMechanism501, Greeting, "AUTH X\n", Accept, Fin),
    (Defect::ChallengeInClear, Greeting, "AUTH LOGIN\n", Accept, Fin),
    (Defect::EqualsSignNotUnderstood, Greeting, "AUTH PLAIN =\n", Accept, Fin),
    (Defect::BadBase64Answered535, Greeting, "AUTH PLAIN\n!\n", Accept, Fin),
    (Defect::CancelAnswered535, Greeting, "AUTH PLAIN\n*\n", Accept, Fin),
    (Defect::ResponseLimit512, Greeting, LONG_RESPONSE, Accept, Fin),
    (Defect::OverLongResponse501, Greeting, TOO_LONG_RESPONSE, Accept, Fin),
    (Defect::CommandsInExchange, Greeting, "AUTH PLAIN\nNOOP\n", Accept, Fin),
    (Defect::WrongPassword550, Greeting, "AUTH PLAIN AHRpbQBvc3RyaWNo\n", Accept, Fin),
    (Defect::FailedAuthIsFinal, Greeting, "AUTH PLAIN AHRpbQBvc3RyaWNo\nAUTH PLAIN\n", Accept, Fin),
    (Defect::CredentialsInReject, Greeting, "AUTH PLAIN AHRpbQBvc3RyaWNo\n", Accept, Fin),
    (Defect::DisconnectLostInHandshake, Greeting, "STARTTLS\n\u{5}", Accept, Fin),
    (Defect::TransactionOutlivesStartTls, Envelope, "STARTTLS\n\u{4}DATA\n", Accept, Fin),
    (Defect::ClearBehindStartTlsKept, Greeting, "STARTTLS\nNOOP\n\u{4}", Accept, Fin),
    (Defect::StartTlsStaysInClear, Greeting, "STARTTLS\n", Accept, Fin),
    (Defect::StartTlsTakesParameter, Greeting, "STARTTLS x\n", Accept, Fin),
    (Defect::GreetingOutlivesStartTls, Greeting, "STARTTLS\n\u{4}MAIL FROM:<>\n", Accept, Fin),
    (Defect::StartTlsAnnouncedInsideTls, Greeting, "STARTTLS\n\u{4}EHLO d\n", Accept, Fin),
    (Defect::StartTlsTwice, Greeting, "STARTTLS\n\u{4}EHLO d\nSTARTTLS\n", Accept, Fin),
    (Defect::StartTlsNotImplemented, Greeting, "STARTTLS\n", Accept, Fin),
    (Defect::NoopWantsTls, Connect, "NOOP\n", Accept, Fin),
    (Defect::ActsBehindCloseNotify, Greeting, "STARTTLS\n\u{4}EHLO d\n\u{6}NOOP\n", Accept, Fin),
    (Defect::TimesOutInClear, Greeting, "STARTTLS\n\u{4}", Accept, Silence),
    (Defect::BannerAgainInsideTls, Greeting, "STARTTLS\n\u{4}", Accept, Fin),
    (Defect::ChunkUnanswered, Envelope, "BDAT 1\nx", Accept, Fin),
    (Defect::ChunkAnsweredEarly, Envelope, "BDAT 1\n", Accept, Fin),
    (Defect::ChunkTakenBehindLast, Envelope, "BDAT 1 LAST\nxBDAT 1\nx", Accept, Fin),
    (Defect::DataTakenBehindChunks, Envelope, "BDAT 1\nxDATA\n", Accept, Fin),
    (Defect::BinaryTakenByData, Greeting, "MAIL FROM:<> BODY=BINARYMIME\nRCPT TO:<a@b>\nDATA\n", Accept, Fin),
    (Defect::RefusedChunkActedOn, Greeting, "BDAT 6\nNOOP\n", Accept, Fin),
    (Defect::RsetKeepsChunks, Envelope, "BDAT 1\nxRSET\nMAIL FROM:<>\nRCPT TO:<a@b>\nBDAT 1 LAST\nx", Accept, Fin),
    (Defect::ChunkTakenWithoutRecipient, Greeting, "MAIL FROM:<>\nBDAT 1\nx", Accept, Fin),
    (Defect::ChunkTakenBehindFailed, Envelope, "BDAT 1\nxBDAT 1 LAST\nx", Refuse(EventKind::OnDataCommand), Fin),
    (Defect::DotEndsChunk, Envelope, "BDAT 12 LAST\nx\n.\nNOOP\n", Accept, Fin),
    (Defect::BinaryLfBecomesCrlf, Greeting, "MAIL FROM:<> BODY=BINARYMIME\nRCPT TO:<a@b>\nBDAT 2 LAST\nx\u{1}", Accept, Fin),
    (Defect::QuitEndsChunks, Envelope, "BDAT 1\nxQUIT\n", Accept, Fin),
    (Defect::ChunkSizeWraps, Envelope, "BDAT 18446744073709551617 LAST\nx", Accept, Fin),
    (Defect::ChunkingNotHonoured, Envelope, "BDAT 1 LAST\nx", Accept, Fin),
    (Defect::EndOfDataOnCloseInChunk, Envelope, "BDAT 2 LAST\nx", Accept, Fin),
    (Defect::CommandsInChunk, Envelope, "BDAT 6 LAST\nRSET\n", Accept, Fin),
    (Defect::DsnMailNotHonoured, Greeting, "MAIL FROM:<> RET=HDRS\n", Accept, Fin),
    (Defect::DsnRcptNotHonoured, Envelope, "RCPT TO:<a@b> NOTIFY=NEVER\n", Accept, Fin),
    (Defect::DsnMailMalformedTaken, Greeting, "MAIL FROM:<> RET=ALL\n", Accept, Fin),
    (Defect::DsnRcptMalformedTaken, Envelope, "RCPT TO:<a@b> NOTIFY=NEVER,DELAY\n", Accept, Fin),
    (Defect::DsnTwiceTaken, Greeting, "MAIL FROM:<> RET=HDRS RET=HDRS\n", Accept, Fin),
    (Defect::DsnTakenUnannounced, Connect, "HELO c\nMAIL FROM:<> RET=HDRS\n", Accept, Fin),
    (Defect::ClosesWithout421, Connect, "NOOP\n", Drop(EventKind::OnNoopCommand), Fin),
];

/// Stands for longer text: see [`spelled_out`].
const LONG_NOOP: &str = "{long noop}";
const TOO_LONG_NOOP: &str = "{too long noop}";
const LONG_FIELD: &str = "{long field}";
const LONG_RESPONSE: &str = "{long response}";
const TOO_LONG_RESPONSE: &str = "{too long response}";
const MANY_RECIPIENTS: &str = "{many recipients}";

fn spelled_out(text: &str) -> String {
    match text {
        LONG_NOOP => format!("NOOP {}\n", "x".repeat(300)),
        TOO_LONG_NOOP => format!("NOOP {}\nNOOP\n", "x".repeat(600)),
        LONG_RESPONSE => format!("AUTH PLAIN\n{}\n", "A".repeat(600)),
        TOO_LONG_RESPONSE => format!("AUTH PLAIN\n{}\n", "A".repeat(12_288)),
        LONG_FIELD => format!("DATA\nA: {}\n\n.\n", "x".repeat(1000)),
        MANY_RECIPIENTS => "RCPT TO:<c@d.example>\n".repeat(100),
        text => clause_defects::spelled_out(text),
    }
}

/// Every session is preceded by others of the same server, whose paths are others and which stay open.
fn play(defects: &[Defect], text: &str, rules: &[HandlerRule], end: End) -> Vec<String> {
    let config = with_defects(defects);
    let open = [(); 4].map(|()| {
        let mut other = Session::new(config.clone(), vec![]);
        other.send("EHLO o\nMAIL FROM:<other@b.example>\nRCPT TO:<other@d.example>\n");
        other
    });
    let mut session = Session::new(config, rules.to_vec());
    for part in text.split_inclusive(['\u{3}', '\u{4}', '\u{5}', '\u{6}']) {
        let segment = part.trim_end_matches(['\u{3}', '\u{4}', '\u{5}', '\u{6}']);
        session.send_octets(segment.as_bytes());
        match part.chars().last() {
            Some('\u{4}') => session.receiver.handshake_done(),
            Some('\u{5}') => session.receiver.handshake_failed(),
            Some('\u{6}') => drop(session.receiver.tls_closed()),
            _ => {}
        }
        session.drain();
    }
    match end {
        Fin => session.closed(),
        Rst => session.lost(),
        Silence => {
            session.receiver.timed_out();
            session.drain()
        }
    };
    drop(open);
    session.take()
}

/// The trace of the defect's showcase, without the defect and with it.
fn show_off(defect: Defect) -> Option<(Vec<String>, Vec<String>)> {
    let of_clauses = clause_defects::SHOWCASES.iter();
    let of_clauses =
        of_clauses.map(|(defect, behind, text)| (*defect, *behind, *text, Accept, Fin));
    let mut all = SHOWCASES.iter().copied().chain(of_clauses);
    let (_, behind, text, handlers, end) = all.find(|row| row.0 == defect)?;
    let before = match behind {
        Connect => "",
        Greeting => "EHLO C.example\n",
        Envelope => ENVELOPE,
    };
    let text = format!("{before}{}", spelled_out(text)).replace('\n', "\r\n");
    let text = text.replace('\u{1}', "\n").replace('\u{2}', "\r");
    let rules = handlers.rules();
    Some((
        play(&[], &text, &rules, end),
        play(&[defect], &text, &rules, end),
    ))
}

#[test]
fn each_defect_shows_in_the_trace() {
    // The serving side gives out session ids.
    for defect in Defect::ALL
        .iter()
        .filter(|defect| **defect != Defect::SessionIdReused && !defect.is_of_lmtp())
    {
        let (sound, planted) = show_off(*defect).expect("each defect has a showcase");
        assert_ne!(planted, sound, "{defect}");
    }
}

#[test]
fn a_defect_leaves_a_conversation_without_its_occasion_alone() {
    let text = "EHLO c.example\r\nQUIT\r\n";
    let sound = play(&[], text, &[], Fin);
    let elsewhere = |defect: &&Defect| !["SES", "WIR", "AUT"].contains(&&defect.rule()[..3]);
    // Those of clauses are about every reply, some of them.
    let elsewhere = |defect: &&Defect| elsewhere(defect) && !defect.is_of_clause();
    for defect in Defect::ALL.iter().filter(elsewhere) {
        assert_eq!(play(&[*defect], text, &[], Fin), sound, "{defect}");
    }
}

#[test]
fn reject_comes_before_the_event_for_the_agent_in_front() {
    let (_, trace) = show_off(Defect::RejectBeforeEvent).expect("it has a showcase");
    let at = |name: &str| trace.iter().position(|line| line.starts_with(name));
    assert!(at("OnReject") < at("OnMailCommand"), "{trace:#?}");
}

#[test]
fn sessions_of_one_server_share_what_they_mix_up() {
    let (_, trace) = show_off(Defect::MixedSessions).expect("it has a showcase");
    assert!(
        trace.contains(&"OnMailCommand <other@b.example>".to_owned()),
        "{trace:#?}"
    );
}

#[test]
fn a_late_disconnect_waits_behind_the_close() {
    let trace = play(&[Defect::DisconnectLate], "QUIT\r\n", &[], Fin);
    assert_eq!(trace[3..], ["close", "wait 1500", "OnDisconnect QuitVerb"]);
}

#[test]
fn a_late_event_comes_behind_its_reply() {
    let trace = play(&[Defect::EventAfterReply], "NOOP a\r\nRSET\r\n", &[], Rst);
    assert_eq!(
        trace[2..5],
        ["< 250 2.0.0 done", "wait 50", "OnNoopCommand a"]
    );
}
