//! Planted defects: what the checker must catch.

use core::{fmt, str::FromStr};

macro_rules! defects {
    ($($name:ident = $text:literal, $rule:literal, $about:literal;)*) => {
        /// A planted defect.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
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

            /// Whether it breaks a clause of an RFC that is a rule of its own, and nothing else: the conversations of the
            /// suite `wire` show it, and generated ones rarely do.
            pub const fn is_of_clause(self) -> bool {
                let (first, last) = (Self::HeloListsExtensions, Self::VrfySmtpUtf8Refused);
                self as u16 >= first as u16 && self as u16 <= last as u16
            }

            /// Whether it shows only where LMTP is spoken: in conversations of the folder `lmtp`, or with `--lmtp`.
            pub const fn is_of_lmtp(self) -> bool {
                let (first, last) = (Self::OneReplyForAllRecipients, Self::SecondLhloUnknown);
                self as u16 >= first as u16 && self as u16 <= last as u16
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
    EndOfAuthenticationLostOnFailure = "end-of-authentication-lost-on-failure", "ORD-8", "An authentication that fails fires no OnEndOfAuthentication.";
    EndOfAuthenticationOnCancel = "end-of-authentication-on-cancel", "ORD-8", "An exchange that the client cancels fires OnEndOfAuthentication too.";
    EndOfAuthenticationOnClose = "end-of-authentication-on-close", "ORD-8", "OnEndOfAuthentication fires for an exchange that was cut off.";
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
    MechanismUpperCased = "mechanism-upper-cased", "CON-7", "AUTH's mechanism is handed on in upper case.";
    ActsOnPartialLine = "acts-on-partial-line", "CON-8", "A command line that was cut off fires its event.";
    ActsOnPartialResponse = "acts-on-partial-response", "CON-8", "A response to a challenge that was cut off ends the authentication.";
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
    // As in subethasmtp 75 the other way round: nothing came before the end.
    ChunkUnanswered = "chunk-unanswered", "CHK-1", "A chunk that is not the last is not answered.";
    // As in subethasmtp 75: the 250 went out before anybody could refuse.
    ChunkAnsweredEarly = "chunk-answered-early", "CHK-2", "A BDAT is answered when its line has come, before its octets.";
    ChunkTakenBehindLast = "chunk-taken-behind-last", "CHK-3", "A BDAT behind the last one of its message is answered by 250.";
    DataTakenBehindChunks = "data-taken-behind-chunks", "CHK-4", "DATA is taken between the chunks of a message.";
    BinaryTakenByData = "binary-taken-by-data", "CHK-5", "DATA is taken in a transaction with BODY=BINARYMIME.";
    // go-smtp 315.
    RefusedChunkActedOn = "refused-chunk-acted-on", "CHK-6", "The octets of a BDAT that the protocol refuses are read as commands.";
    RsetKeepsChunks = "rset-keeps-chunks", "CHK-7", "The chunks before a RSET stand before the next message's.";
    ChunkTakenWithoutRecipient = "chunk-taken-without-recipient", "CHK-8", "A BDAT without a recipient is answered by 250.";
    ChunkTakenBehindFailed = "chunk-taken-behind-failed", "CHK-9", "Chunks behind one that was refused are taken, and make a message.";
    // Exim CVE-2017-16944 began with a dot in a chunk.
    DotEndsChunk = "dot-ends-chunk", "CHK-10", "CRLF.CRLF in a chunk ends chunk and message; what is left of the chunk is read as commands.";
    BinaryLfBecomesCrlf = "binary-lf-becomes-crlf", "CHK-11", "In a message with BODY=BINARYMIME a bare LF becomes CRLF.";
    QuitEndsChunks = "quit-ends-chunks", "CHK-12", "QUIT between chunks fires OnEndOfData.";
    ChunkSizeWraps = "chunk-size-wraps", "CHK-13", "A chunk's size beyond 64 bits wraps around.";
    ChunkingNotHonoured = "chunking-not-honoured", "CHK-14", "CHUNKING is announced and BDAT not implemented.";
    EndOfDataOnCloseInChunk = "end-of-data-on-close-in-chunk", "CON-1", "OnEndOfData fires for a message that was cut off in a chunk.";
    CommandsInChunk = "commands-in-chunk", "CON-5", "A line of a chunk that reads like MAIL, RSET or NOOP fires that event.";
    DsnMailNotHonoured = "dsn-mail-not-honoured", "DSN-1", "DSN is announced, and RET and ENVID refused as parameters.";
    DsnRcptNotHonoured = "dsn-rcpt-not-honoured", "DSN-2", "DSN is announced, and NOTIFY and ORCPT refused as parameters.";
    DsnMailMalformedTaken = "dsn-mail-malformed-taken", "DSN-3", "RET and ENVID are taken with any value.";
    DsnRcptMalformedTaken = "dsn-rcpt-malformed-taken", "DSN-4", "NOTIFY and ORCPT are taken with any value.";
    DsnTwiceTaken = "dsn-twice-taken", "DSN-5", "A parameter of DSN is taken twice in one command.";
    DsnTakenUnannounced = "dsn-taken-unannounced", "DSN-6", "Parameters of DSN are taken after HELO.";
    VrfyNotImplemented = "vrfy-not-implemented", "WIR-20", "VRFY is answered by 502.";
    MechanismAnnouncedTwice = "mechanism-announced-twice", "AUT-1", "EHLO's reply names PLAIN twice.";
    AuthBeforeEhlo = "auth-before-ehlo", "AUT-2", "AUTH is served before EHLO.";
    AuthInTransaction = "auth-in-transaction", "AUT-3", "AUTH is served within a transaction.";
    SecondAuthTaken = "second-auth-taken", "AUT-4", "AUTH is served once more when the client is authenticated.";
    RsetForgetsAuthentication = "rset-forgets-authentication", "AUT-4", "Behind RSET the client is not authenticated any more.";
    LoginNotServed = "login-not-served", "AUT-5", "LOGIN is announced and answered by 504.";
    UnknownMechanism501 = "unknown-mechanism-501", "AUT-6", "A mechanism that is not served is answered by 501.";
    ChallengeInClear = "challenge-in-clear", "AUT-7", "Challenges are not in base64.";
    EqualsSignNotUnderstood = "equals-sign-not-understood", "AUT-8", "The initial response `=` is taken for none.";
    BadBase64Answered535 = "bad-base64-answered-535", "AUT-9", "A response that is no base64 is taken for wrong credentials.";
    CancelAnswered535 = "cancel-answered-535", "AUT-10", "`*` is answered by 535.";
    ResponseLimit512 = "response-limit-512", "AUT-11", "Responses of more than 512 octets are refused.";
    OverLongResponse501 = "over-long-response-501", "AUT-12", "A response of more than 12,288 octets is answered by 501.";
    CommandsInExchange = "commands-in-exchange", "AUT-13", "A command in place of a response is carried out.";
    WrongPassword550 = "wrong-password-550", "AUT-14", "Wrong credentials are answered by 550.";
    FailedAuthIsFinal = "failed-auth-is-final", "AUT-15", "AUTH is out of sequence once an authentication has failed.";
    CredentialsInReject = "credentials-in-reject", "AUT-16", "OnReject carries AUTH's initial response.";
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
    // Those of clauses: see `clause_defects`.
    OneReplyForAllRecipients = "one-reply-for-all-recipients", "LMT-1", "LMTP: the end of data is answered once, whoever the recipients are.";
    RefusedRecipientUnanswered = "refused-recipient-unanswered", "LMT-1", "LMTP: at the end of data of a message that a handler refuses for one of several recipients, this one has no reply.";
    RecipientsAnsweredBackwards = "recipients-answered-backwards", "LMT-2", "LMTP: the replies to the end of a message come in the reverse order of the recipients.";
    DataWithoutRecipient554 = "data-without-recipient-554", "LMT-3", "LMTP: DATA without a recipient is answered by 554, as in SMTP.";
    EhloTakenInLmtp = "ehlo-taken-in-lmtp", "LMT-4", "LMTP: HELO and EHLO are taken as in SMTP.";
    LhloWithoutPipelining = "lhlo-without-pipelining", "LMT-5", "LMTP: LHLO does not announce PIPELINING.";
    OneReplyForLastChunk = "one-reply-for-last-chunk", "LMT-6", "LMTP: a BDAT LAST is answered once, whoever the recipients are.";
    SecondLhloUnknown = "second-lhlo-unknown", "LMT-7", "LMTP: an LHLO behind another is answered by 500.";
    HeloListsExtensions = "helo-lists-extensions", "WIR-21", "HELO's reply lists extensions as EHLO's does.";
    BannerNamesNobody = "banner-names-nobody", "WIR-22", "The banner begins with asterisks in place of the server's name.";
    EhloNamesNobody = "ehlo-names-nobody", "WIR-23", "EHLO's reply begins with a name that is no domain.";
    HeloNamesNobody = "helo-names-nobody", "WIR-24", "HELO's reply begins with a name that is no domain.";
    EhloParameterMalformed = "ehlo-parameter-malformed", "WIR-25", "Two spaces stand behind SIZE in EHLO's reply.";
    EhloIpv4LiteralRefused = "ehlo-ipv4-literal-refused", "WIR-26", "EHLO with an IPv4 address literal is a syntax error.";
    EhloIpv6LiteralRefused = "ehlo-ipv6-literal-refused", "WIR-27", "EHLO with an IPv6 address literal is a syntax error.";
    BareEhlo503 = "bare-ehlo-503", "WIR-28", "EHLO without an argument is refused by 503.";
    BareHelo503 = "bare-helo-503", "WIR-29", "HELO without an argument is refused by 503.";
    HelpServedUnlisted = "help-served-unlisted", "WIR-30", "EHLO's reply does not list HELP, which is served.";
    ExpnServedUnlisted = "expn-served-unlisted", "WIR-31", "EXPN is served, which EHLO's reply does not list.";
    HelpListedOnly = "help-listed-only", "WIR-32", "EHLO's reply lists HELP, which is then not implemented.";
    EightBitMimeNotAnnounced = "eightbitmime-not-announced", "WIR-33", "Neither 8BITMIME nor SMTPUTF8 is announced.";
    MailFromUpperCaseOnly = "mail-from-upper-case-only", "WIR-34", "MAIL's FROM: in lower case is a syntax error.";
    RcptToUpperCaseOnly = "rcpt-to-upper-case-only", "WIR-35", "RCPT's TO: in lower case is a syntax error.";
    ParametersUpperCaseOnly = "parameters-upper-case-only", "WIR-36", "SIZE in lower case is not known.";
    TrailingSpaceRefused = "trailing-space-refused", "WIR-37", "A space behind a command without an argument is a syntax error.";
    TrailingSpaceRefusedInMail = "trailing-space-refused-in-mail", "WIR-38", "A space behind MAIL's path is a syntax error.";
    TrailingSpaceRefusedInRcpt = "trailing-space-refused-in-rcpt", "WIR-39", "A space behind RCPT's path is a syntax error.";
    TrailingSpaceRefusedInEhlo = "trailing-space-refused-in-ehlo", "WIR-40", "A space behind a greeting's domain is a syntax error.";
    DataArgument554 = "data-argument-554", "WIR-41", "DATA with an argument is refused by 554.";
    RsetArgument500 = "rset-argument-500", "WIR-42", "RSET with an argument is refused by 500.";
    QuitArgument500 = "quit-argument-500", "WIR-43", "QUIT with an argument is refused by 500.";
    QuotedSenderRefused = "quoted-sender-refused", "WIR-44", "A quoted local part in MAIL is a syntax error.";
    QuotedRecipientRefused = "quoted-recipient-refused", "WIR-45", "A quoted local part in RCPT is a syntax error.";
    QuotedPairRefused = "quoted-pair-refused", "WIR-46", "A quoted pair in a local part is a syntax error.";
    QuotedSpaceRefused = "quoted-space-refused", "WIR-47", "A space in a quoted local part is a syntax error.";
    QuotedAtRefused = "quoted-at-refused", "WIR-48", "An at sign in a quoted local part is a syntax error.";
    AtomLettersOnly = "atom-letters-only", "WIR-49", "An atom's special characters are syntax errors.";
    DigitFirstInLabelRefused = "digit-first-in-label-refused", "WIR-50", "A label that begins with a digit is a syntax error.";
    UnderscoreTaken = "underscore-taken", "WIR-51", "MAIL with an underscore in its domain is answered by 250, without any effect.";
    Ipv4LiteralSenderRefused = "ipv4-literal-sender-refused", "WIR-52", "An IPv4 address literal in MAIL is a syntax error.";
    Ipv6LiteralSenderRefused = "ipv6-literal-sender-refused", "WIR-53", "An IPv6 address literal in MAIL is a syntax error.";
    Ipv4LiteralRecipientRefused = "ipv4-literal-recipient-refused", "WIR-54", "An IPv4 address literal in RCPT is a syntax error.";
    Ipv6LiteralRecipientRefused = "ipv6-literal-recipient-refused", "WIR-55", "An IPv6 address literal in RCPT is a syntax error.";
    RouteInMailRefused = "route-in-mail-refused", "WIR-56", "A source route in MAIL is a syntax error.";
    RouteInRcptRefused = "route-in-rcpt-refused", "WIR-57", "A source route in RCPT is a syntax error.";
    MalformedMail504 = "malformed-mail-504", "WIR-58", "A malformed MAIL is refused by 504.";
    MalformedRcpt451 = "malformed-rcpt-451", "WIR-59", "A malformed RCPT is refused by 451.";
    BareVrfy550 = "bare-vrfy-550", "WIR-60", "VRFY without an argument is refused by 550.";
    Unknown502 = "unknown-502", "WIR-61", "An unknown command is refused by 502.";
    UnknownPrivate502 = "unknown-private-502", "WIR-62", "An unknown command that begins with X is refused by 502.";
    UnknownEndsSession = "unknown-ends-session", "WIR-63", "An unknown command ends the session by 421.";
    MalformedEndsSession = "malformed-ends-session", "WIR-64", "A malformed MAIL ends the session by 421.";
    RsetRefused = "rset-refused", "WIR-65", "RSET outside a transaction is refused by 550.";
    RsetRefusedInTransaction = "rset-refused-in-transaction", "WIR-66", "RSET in a transaction is refused by 550.";
    NoopRefused = "noop-refused", "WIR-67", "NOOP is refused by 550.";
    NoopArgumentRefused = "noop-argument-refused", "WIR-68", "NOOP with an argument is refused by 501.";
    QuitRefused = "quit-refused", "WIR-69", "QUIT outside a transaction is refused by 550.";
    QuitRefusedInTransaction = "quit-refused-in-transaction", "WIR-70", "QUIT in a transaction is refused by 550.";
    HelpUnknown = "help-unknown", "WIR-71", "HELP before a greeting is an unknown command.";
    VrfyNamesNobody = "vrfy-names-nobody", "WIR-72", "VRFY's 250 names no mailbox.";
    VrfyMailbox501 = "vrfy-mailbox-501", "WIR-73", "VRFY of a mailbox is a syntax error.";
    VrfyUser501 = "vrfy-user-501", "WIR-74", "VRFY of a user's name is a syntax error.";
    UnknownMailParameterTaken = "unknown-mail-parameter-taken", "WIR-75", "MAIL with an unknown parameter is taken.";
    UnknownRcptParameterTaken = "unknown-rcpt-parameter-taken", "WIR-76", "RCPT with an unknown parameter is taken.";
    UnknownMailParameter501 = "unknown-mail-parameter-501", "WIR-77", "MAIL with an unknown parameter is refused by 501.";
    UnknownRcptParameter501 = "unknown-rcpt-parameter-501", "WIR-78", "RCPT with an unknown parameter is refused by 501.";
    ParametersTakenBehindHelo = "parameters-taken-behind-helo", "WIR-79", "MAIL with a parameter is taken behind HELO.";
    HeaderlessMessageRefused = "headerless-message-refused", "WIR-80", "A message without a header section is refused.";
    MalformedFieldRefused = "malformed-field-refused", "WIR-81", "A message with a header field without a colon is refused.";
    ResentFieldsMatched = "resent-fields-matched", "WIR-82", "A message with Resent-To and without Resent-From is refused.";
    ControlCharactersRefused = "control-characters-refused", "WIR-83", "A message with control characters is refused.";
    BareCode = "bare-code", "WIR-84", "DATA is answered by 354 without text.";
    ReplyNotAscii = "reply-not-ascii", "WIR-85", "NOOP's reply is in UTF-8.";
    UndefinedCode = "undefined-code", "WIR-86", "EXPN is refused by 557.";
    QuitNamesNobody = "quit-names-nobody", "WIR-87", "QUIT's reply does not name the server.";
    DropNamesNobody = "drop-names-nobody", "WIR-88", "The 421 does not name the server.";
    Ehlo554 = "ehlo-554", "WIR-89", "A second EHLO is refused by 554.";
    Mail554 = "mail-554", "WIR-90", "A sender with `refused` in it is refused by 554.";
    Rcpt554 = "rcpt-554", "WIR-91", "A recipient with `refused` in it is refused by 554.";
    Data553 = "data-553", "WIR-92", "DATA is refused by 553 where there are three recipients.";
    Message555 = "message-555", "WIR-93", "A message with `refused` in it is refused by 555.";
    Vrfy554 = "vrfy-554", "WIR-94", "VRFY of what has `refused` in it is refused by 554.";
    Expn554 = "expn-554", "WIR-95", "EXPN is refused by 554.";
    Help554 = "help-554", "WIR-96", "HELP is refused by 554.";
    EhloDomain200 = "ehlo-domain-200", "WIR-97", "A greeting's domain of more than 200 octets is too long.";
    SenderLocalPart50 = "sender-local-part-50", "WIR-98", "A sender's local part of more than 50 octets is too long.";
    RecipientLocalPart50 = "recipient-local-part-50", "WIR-99", "A recipient's local part of more than 50 octets is too long.";
    ReversePath200 = "reverse-path-200", "WIR-100", "A reverse-path of more than 200 octets is too long.";
    ForwardPath200 = "forward-path-200", "WIR-101", "A forward-path of more than 200 octets is too long.";
    TextLine600 = "text-line-600", "WIR-102", "A message with a line of more than 600 octets is refused.";
    Message32K = "message-32k", "WIR-103", "A message of 32 KiB or more is refused by 552.";
    FiftyRecipients = "fifty-recipients", "WIR-104", "The 51st recipient is refused by 452.";
    TooManyRecipients552 = "too-many-recipients-552", "WIR-105", "The 101st recipient is refused by 552.";
    VrfyForgetsTransaction = "vrfy-forgets-transaction", "WIR-106", "VRFY clears the transaction.";
    ExpnForgetsTransaction = "expn-forgets-transaction", "WIR-107", "EXPN clears the transaction.";
    HelpForgetsTransaction = "help-forgets-transaction", "WIR-108", "HELP clears the transaction.";
    NoopForgetsTransaction = "noop-forgets-transaction", "WIR-109", "NOOP clears the transaction.";
    PipeliningWithParameter = "pipelining-with-parameter", "PIP-1", "PIPELINING is announced with a parameter.";
    GroupedMailRefused = "grouped-mail-refused", "PIP-2", "MAIL in a group is a syntax error.";
    GroupedRcptRefused = "grouped-rcpt-refused", "PIP-3", "RCPT in a group is a syntax error.";
    GroupedDataRefused = "grouped-data-refused", "PIP-4", "DATA in a group is a syntax error.";
    GroupedRsetRefused = "grouped-rset-refused", "PIP-5", "RSET in a group is refused by 550.";
    GroupedNoopRefused = "grouped-noop-refused", "PIP-6", "NOOP in a group is refused by 550.";
    GroupedQuitRefused = "grouped-quit-refused", "PIP-7", "QUIT in a group is refused by 550.";
    MailBehindMessageRefused = "mail-behind-message-refused", "PIP-8", "MAIL in one batch with the end of the message before it is a syntax error.";
    SizeWithUnit = "size-with-unit", "SIZ-1", "SIZE is announced as 10M.";
    SizeBelow64K = "size-below-64k", "SIZ-2", "SIZE is announced as 65535.";
    SizeBeyondTaken = "size-beyond-taken", "SIZ-3", "MAIL with a SIZE beyond the limit is taken.";
    SizeBeyond452 = "size-beyond-452", "SIZ-4", "MAIL with a SIZE beyond the limit is refused by 452.";
    SizeTwentyDigitsRefused = "size-twenty-digits-refused", "SIZ-5", "A SIZE of twenty digits with zeros in front is a syntax error.";
    SizeNoNumberTaken = "size-no-number-taken", "SIZ-6", "MAIL with a SIZE that is no number is taken.";
    SizeTwiceTaken = "size-twice-taken", "SIZ-7", "MAIL with two SIZE parameters is taken.";
    DeclaredMessageTooLarge = "declared-message-too-large", "SIZ-8", "Every message whose size MAIL declared is refused by 552.";
    MessageBeyondSizeTaken = "message-beyond-size-taken", "SIZ-9", "A message beyond the announced SIZE is taken.";
    EightBitMimeWithParameter = "eightbitmime-with-parameter", "EBM-1", "8BITMIME is announced with a parameter.";
    BodyUpperCaseOnly = "body-upper-case-only", "EBM-2", "BODY=8bitmime is a syntax error.";
    BodyUnknownTaken = "body-unknown-taken", "EBM-3", "BODY=9BIT is taken.";
    EightBitMessageRefused = "eight-bit-message-refused", "EBM-4", "A message with 8-bit octets is refused.";
    EnhancedCodesWithParameter = "enhanced-codes-with-parameter", "ESC-1", "ENHANCEDSTATUSCODES is announced with a parameter.";
    EnhancedCodeMissingIn2yz = "enhanced-code-missing-in-2yz", "ESC-2", "RSET's reply has no enhanced code.";
    EnhancedCodeMissingIn4yz = "enhanced-code-missing-in-4yz", "ESC-3", "The 452 to RCPT has no enhanced code.";
    EnhancedCodeMissingIn5yz = "enhanced-code-missing-in-5yz", "ESC-4", "The 500 to an unknown command has no enhanced code.";
    EnhancedCodeOfAnotherClass = "enhanced-code-of-another-class", "ESC-5", "The 500 to an unknown command has an enhanced code of class 4.";
    EnhancedCodeOnFirstLineOnly = "enhanced-code-on-first-line-only", "ESC-6", "The second line of HELP's reply has no enhanced code.";
    EnhancedCodeMalformed = "enhanced-code-malformed", "ESC-7", "RSET's enhanced code is 2.00.0.";
    SmtpUtf8WithoutEightBitMime = "smtputf8-without-eightbitmime", "UTF-1", "SMTPUTF8 is announced without 8BITMIME.";
    SmtpUtf8WithParameter = "smtputf8-with-parameter", "UTF-2", "SMTPUTF8 is announced with a parameter.";
    Utf8SenderRefused = "utf8-sender-refused", "UTF-3", "A sender's local part in UTF-8 is a syntax error.";
    Utf8DomainRefused = "utf8-domain-refused", "UTF-4", "A sender's domain in UTF-8 is a syntax error.";
    Utf8RecipientRefused = "utf8-recipient-refused", "UTF-5", "A recipient in UTF-8 is a syntax error.";
    SmtpUtf8ValueTaken = "smtputf8-value-taken", "UTF-6", "SMTPUTF8 with a value is taken.";
    VrfySmtpUtf8Refused = "vrfy-smtputf8-refused", "UTF-7", "VRFY with SMTPUTF8 is a syntax error.";
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
