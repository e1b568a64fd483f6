//! Planted defects: what the checker must catch.

use core::{fmt, str::FromStr};

macro_rules! defects {
    ($($name:ident = $text:literal, $rule:literal, $about:literal;)*) => {
        /// A planted defect.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Defect { $(#[doc = $about] $name,)* }

        impl Defect {
            /// All of them, grouped by rule.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As on the command line: `disconnect-twice`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The rule meant to catch it: `SES-2`.
            pub const fn rule(self) -> &'static str {
                match self { $(Self::$name => $rule,)* }
            }

            /// One line.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$name => $about,)* }
            }
        }
    };
}

defects! {
    ConnectEventTwice = "connect-event-twice", "SES-1", "OnConnect fires twice.";
    ConnectEventLate = "connect-event-late", "SES-1", "OnConnect fires behind the session's next event.";
    DisconnectLostAfterEhlo = "disconnect-lost-after-ehlo", "SES-2", "No OnDisconnect when the client leaves without QUIT once EHLO was seen.";
    DisconnectTwice = "disconnect-twice", "SES-2", "OnDisconnect fires twice.";
    // As in Haraka PR 332: the hook ran more than once.
    DisconnectTwiceBehindPartialLine = "disconnect-twice-behind-partial-line", "SES-2", "OnDisconnect fires twice when the session ends in the middle of a command line.";
    // As in Haraka 1193: a client that left behind DATA was not let go of.
    DisconnectLostInHeaders = "disconnect-lost-in-headers", "SES-2", "No OnDisconnect when the client closes (FIN) in the header section.";
    // As in nodemailer smtp-server 229: a reset in DATA escaped the handler.
    DisconnectLostInFinalCrlf = "disconnect-lost-in-final-crlf", "SES-2", "No OnDisconnect when the connection is reset between the last CR and LF of a message.";
    // As in SmtpServer 238: a handshake that never came to its end took the session's events with it.
    DisconnectLostInHandshake = "disconnect-lost-in-handshake", "SES-2", "No OnDisconnect when a TLS handshake does not come to its end.";
    ReasonAlwaysQuit = "reason-always-quit", "SES-3", "OnDisconnect always says QuitVerb.";
    ReasonWrongBehind354 = "reason-wrong-behind-354", "SES-3", "A client that closes behind the 354 and before any content is told of as DroppedSession.";
    EventAfterDisconnect = "event-after-disconnect", "SES-4", "OnRsetCommand fires behind OnDisconnect.";
    DisconnectLate = "disconnect-late", "SES-4", "OnDisconnect fires long after the close.";
    MixedSessions = "mixed-sessions", "SES-5", "OnMailCommand carries the reverse-path of the MAIL before it, of whichever session.";
    MixedSessionsUnderLoad = "mixed-sessions-under-load", "SES-5", "While four sessions or more are open OnRcptCommand carries the forward-path of another's RCPT.";
    SessionIdReused = "session-id-reused", "SES-6", "All connections have the same session id; the serving side plants it.";
    ActsAfterQuit = "acts-after-quit", "SES-7", "Commands pipelined behind QUIT fire their events.";
    // As in nodemailer smtp-server 229: an error that nobody caught ended the process.
    DiesWhenResetInData = "dies-when-reset-in-data", "SES-8", "The server dies when the connection is reset in a message.";
    MailBeforeGreeting = "mail-before-greeting", "ORD-1", "MAIL before a greeting fires OnMailCommand, though it is refused.";
    RcptBeforeMail = "rcpt-before-mail", "ORD-2", "RCPT outside a transaction fires OnRcptCommand, though it is refused.";
    DataBeforeRcpt = "data-before-rcpt", "ORD-3", "DATA without a recipient fires OnDataCommand, though it is refused.";
    RecipientsOutliveRefusedData = "recipients-outlive-refused-data", "ORD-3", "Recipients of a transaction whose DATA a handler refused count in the next one.";
    EndOfHeadersTwice = "end-of-headers-twice", "ORD-4", "OnEndOfHeaders fires twice.";
    EndOfHeadersLostWithoutBlankLine = "end-of-headers-lost-without-blank-line", "ORD-4", "A message without a blank line fires no OnEndOfHeaders.";
    EndOfHeadersTwiceWhenCut = "end-of-headers-twice-when-cut", "ORD-4", "OnEndOfHeaders fires twice when a segment ends between the CR and the LF of the blank line.";
    // As in OpenSMTPD before 7.4: long lines were cut on their way to the filters.
    EndOfHeadersLostBehindLongLine = "end-of-headers-lost-behind-long-line", "ORD-4", "A header section with a line of more than 998 octets fires no OnEndOfHeaders.";
    EndOfDataTwice = "end-of-data-twice", "ORD-5", "OnEndOfData fires twice.";
    EndOfDataBeforeHeaders = "end-of-data-before-headers", "ORD-5", "A message without a blank line fires OnEndOfData before OnEndOfHeaders.";
    EndOfDataBehindRefusedHeaders = "end-of-data-behind-refused-headers", "ORD-5", "A message that a handler refuses at OnEndOfHeaders fires OnEndOfData all the same.";
    SecondMailFires = "second-mail-fires", "ORD-6", "A second MAIL fires OnMailCommand, though it is refused.";
    // CVE-2010-4344 began with two MAIL commands.
    SecondMailTakenAfterHelo = "second-mail-taken-after-helo", "ORD-6", "After HELO a second MAIL is taken for a new transaction.";
    RsetKeepsTransaction = "rset-keeps-transaction", "ORD-7", "RSET leaves the transaction as it was.";
    RsetKeepsManyRecipients = "rset-keeps-many-recipients", "ORD-7", "RSET leaves a transaction of three recipients or more as it was.";
    TransactionOutlivesStartTls = "transaction-outlives-starttls", "ORD-7", "A TLS handshake leaves the transaction as it was.";
    EhloKeepsTransaction = "ehlo-keeps-transaction", "ORD-7", "HELO and EHLO leave the transaction as it was.";
    EventAfterReply = "event-after-reply", "ORD-9", "OnNoopCommand fires 50 ms after NOOP's reply.";
    EventsSwappedWhenPipelined = "events-swapped-when-pipelined", "ORD-10", "Of two RCPT, NOOP or HELP in one batch the second's event fires first.";
    RcptEventOnce = "rcpt-event-once", "ORD-11", "OnRcptCommand fires for a transaction's first recipient only.";
    NoopEventTwice = "noop-event-twice", "ORD-11", "OnNoopCommand fires twice.";
    NoopEventLostWithArgument = "noop-event-lost-with-argument", "ORD-11", "NOOP with an argument fires no OnNoopCommand.";
    EventTwiceWhenCut = "event-twice-when-cut", "ORD-11", "A command whose CR and LF come in two segments fires its event twice.";
    MalformedWithoutReject = "malformed-without-reject", "REJ-1", "A malformed command fires no OnReject.";
    MalformedFires = "malformed-fires", "REJ-1", "A malformed RCPT fires OnRcptCommand before its OnReject.";
    RejectBeforeEvent = "reject-before-event", "REJ-2", "OnReject reaches the agents in front before the event that a handler refuses.";
    HandlerRefusalWithoutReject = "handler-refusal-without-reject", "REJ-2", "What a handler refuses fires no OnReject.";
    // As in SmtpServer 205: a fault took the way around the event.
    FailedHandlerWithoutReject = "failed-handler-without-reject", "REJ-2", "A command that is refused because a handler failed fires no OnReject.";
    RejectTwice = "reject-twice", "REJ-3", "OnReject fires twice.";
    RejectOtherResponse = "reject-other-response", "REJ-3", "OnReject carries another response than is sent.";
    RejectResponseBefore = "reject-response-before", "REJ-3", "From the second refusal on OnReject carries the response of the refusal before.";
    RejectLostBehind100Recipients = "reject-lost-behind-100-recipients", "REJ-3", "A RCPT that is refused because there are too many fires no OnReject.";
    RefusedMailOpensTransaction = "refused-mail-opens-transaction", "REJ-4", "A MAIL that a handler refuses opens a transaction.";
    RefusedRcptCounts = "refused-rcpt-counts", "REJ-4", "A recipient that a handler refuses is added.";
    RefusedDataForgetsRecipients = "refused-data-forgets-recipients", "REJ-4", "A DATA that a handler refuses forgets the recipients.";
    EndOfDataOnClose = "end-of-data-on-close", "CON-1", "OnEndOfData fires for a message that was cut off.";
    BareLfEndsData = "bare-lf-ends-data", "CON-2", "LF.LF, LF.CRLF and CRLF.LF end the message.";
    BareCrEndsData = "bare-cr-ends-data", "CON-2", "CR.CR, CR.CRLF and CRLF.CR end the message.";
    // One of the ends that smtpsmug adds to those of CVE-2023-51764.
    CrlfDotLfEndsData = "crlf-dot-lf-ends-data", "CON-2", "CRLF.LF ends the message, and no other look-alike.";
    DotsKept = "dots-kept", "CON-3", "The content's digest is taken before dot-unstuffing.";
    FirstDotKept = "first-dot-kept", "CON-3", "A dot-stuffed first line keeps its dot.";
    DotKeptWhenCut = "dot-kept-when-cut", "CON-3", "A stuffed line keeps its dot when a segment ends behind that dot.";
    // As in msmtp 199: a C string ended the content.
    ContentEndsAtNul = "content-ends-at-nul", "CON-3", "What stands behind a NUL in a line of content is not handed on.";
    ContentOfMessageBefore = "content-of-message-before", "CON-3", "From the second message on the content begins with that of the message before.";
    CommandsInContent = "commands-in-content", "CON-4", "A line of content that reads like MAIL, RSET or NOOP fires that event.";
    // CVE-2011-0411, CVE-2024-34083 and many more: the buffer outlived the handshake.
    ClearBehindStartTlsKept = "clear-behind-starttls-kept", "CON-6", "What came in clear behind STARTTLS is taken for commands inside TLS.";
    ArgumentsLowerCased = "arguments-lower-cased", "CON-7", "Paths and domains are handed on in lower case.";
    ParametersLostInLowerCase = "parameters-lost-in-lower-case", "CON-7", "MAIL in lower case hands on no parameters.";
    ActsOnPartialLine = "acts-on-partial-line", "CON-8", "A command line that was cut off fires its event.";
    PipelinedBehindDataLost = "pipelined-behind-data-lost", "CON-9", "What came in the same batch behind the end of data is dropped.";
    Banner250 = "banner-250", "WIR-1", "The banner's code is 250.";
    NoopUnanswered = "noop-unanswered", "WIR-2", "NOOP is not answered.";
    // As in go-smtp 306: what a limit had done to the reader outlived the line.
    LineBehindTooLongLost = "line-behind-too-long-lost", "WIR-2", "The command behind a line that is too long is dropped.";
    // Akin to go-smtp 315: what came behind a refusal was misread.
    PipelinedBehindRefusedDataLost = "pipelined-behind-refused-data-lost", "WIR-2", "A command in the same batch behind a refused DATA is dropped.";
    DoubleReply = "double-reply", "WIR-2", "RSET is answered twice.";
    ReplyBareLf = "reply-bare-lf", "WIR-3", "NOOP's reply ends with LF only.";
    MixedCodes = "mixed-codes", "WIR-3", "The last line of EHLO's reply has another code.";
    RcptAnswered220 = "rcpt-answered-220", "WIR-4", "An accepted RCPT is answered by 220.";
    OutOfSequence500 = "out-of-sequence-500", "WIR-5", "A command out of sequence is answered by 500.";
    MalformedAccepted = "malformed-accepted", "WIR-6", "A malformed RCPT is answered by 250, without any effect.";
    QuitWithout221 = "quit-without-221", "WIR-7", "QUIT closes without a reply.";
    QuitStaysOpen = "quit-stays-open", "WIR-7", "QUIT is answered, but the server waits for the client to close.";
    StaysOpenAfter421 = "stays-open-after-421", "WIR-8", "After a 421 the server waits for the client to close.";
    RepliesSwappedWhenPipelined = "replies-swapped-when-pipelined", "WIR-9", "In a batch two successive replies trade places.";
    NoopNeedsGreeting = "noop-needs-greeting", "WIR-10", "NOOP before a greeting is refused by 503.";
    EhloKeywordMalformed = "ehlo-keyword-malformed", "WIR-11", "EHLO's reply has a keyword with an underscore.";
    LineLimit256 = "line-limit-256", "WIR-12", "Command lines of more than 256 octets are refused.";
    UnknownAccepted = "unknown-accepted", "WIR-13", "An unknown command is answered by 250.";
    SizeNotHonoured = "size-not-honoured", "WIR-14", "SIZE is announced and refused as a parameter.";
    NullPathRefused = "null-path-refused", "WIR-15", "The null reverse-path is refused.";
    PostmasterRefused = "postmaster-refused", "WIR-15", "The recipient Postmaster is refused.";
    LongReplyLine = "long-reply-line", "WIR-16", "HELP's reply has a line of 600 octets.";
    UpperCaseOnly = "upper-case-only", "WIR-17", "Verbs in lower case are unknown.";
    ClosesWithout421 = "closes-without-421", "WIR-18", "A dropped session ends without a reply.";
    BareLfEndsCommand = "bare-lf-ends-command", "WIR-19", "A bare LF ends a command line.";
    VrfyNotImplemented = "vrfy-not-implemented", "WIR-20", "VRFY is answered by 502.";
    StartTlsStaysInClear = "starttls-stays-in-clear", "TLS-1", "STARTTLS is answered by 220, and no handshake is done.";
    StartTlsTakesParameter = "starttls-takes-parameter", "TLS-2", "STARTTLS with a parameter is answered by 220.";
    GreetingOutlivesStartTls = "greeting-outlives-starttls", "TLS-3", "MAIL behind a TLS handshake needs no new EHLO.";
    StartTlsAnnouncedInsideTls = "starttls-announced-inside-tls", "TLS-4", "EHLO announces STARTTLS inside TLS.";
    StartTlsTwice = "starttls-twice", "TLS-5", "STARTTLS inside TLS is answered by 220.";
    StartTlsNotImplemented = "starttls-not-implemented", "TLS-6", "STARTTLS is announced and answered by 502.";
    NoopWantsTls = "noop-wants-tls", "TLS-7", "NOOP in clear is answered by 530.";
    ActsBehindCloseNotify = "acts-behind-close-notify", "TLS-8", "What comes in clear behind TLS's close_notify is taken for commands.";
    // As in Exim 4.96: the time-out had taken TLS off.
    TimesOutInClear = "times-out-in-clear", "TLS-10", "The 421 of a time-out inside TLS is said in clear.";
    BannerAgainInsideTls = "banner-again-inside-tls", "TLS-9", "The banner comes once more inside TLS.";
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no defect's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown defect `{name}`{}", suggest(.near))]
pub struct UnknownDefect {
    /// As given.
    pub name: String,
    /// Names that share a word with it.
    pub near: Vec<&'static str>,
}

fn suggest(near: &[&str]) -> String {
    if near.is_empty() {
        String::new()
    } else {
        format!("; names like it: {}", near.join(", "))
    }
}

impl FromStr for Defect {
    type Err = UnknownDefect;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let named = |defect: &&Self| defect.name() == name;
        Self::ALL
            .iter()
            .find(named)
            .copied()
            .ok_or_else(|| UnknownDefect {
                name: name.to_owned(),
                near: Self::ALL
                    .iter()
                    .map(|defect| defect.name())
                    .filter(|known| share_a_word(known, name))
                    .collect(),
            })
    }
}

/// Short words such as `of` and `on` say nothing.
fn share_a_word(known: &str, given: &str) -> bool {
    let mut words = given.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| word.len() > 3 && known.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_defect_is_found_by_its_name_and_no_name_is_given_twice() {
        for defect in Defect::ALL {
            assert_eq!(defect.name().parse(), Ok(*defect));
        }
        let names: BTreeSet<_> = Defect::ALL.iter().map(|defect| defect.name()).collect();
        assert_eq!(names.len(), Defect::ALL.len());
    }

    #[test]
    fn an_unknown_name_is_answered_by_names_like_it() {
        let error = "rset-forgets-transaction".parse::<Defect>().unwrap_err();
        assert!(
            error.to_string().contains("rset-keeps-transaction"),
            "{error}"
        );
        let error = "xyz".parse::<Defect>().unwrap_err();
        assert_eq!(error.to_string(), "unknown defect `xyz`");
    }
}
