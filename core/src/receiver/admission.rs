//! Whether a command line is taken or refused by the protocol, and how.

use std::borrow::Cow;

use super::mechanism::Mechanism;
use super::replies;
use super::state::{Dialogue, Greeting};
use super::table::{Need, Row, served};
use super::{Config, Defect};
use crate::wire::{
    Command, DSN_MAIL, DSN_RCPT, Leniencies, Leniency, Parameter, Parameters, Parsed, Verb,
    dsn_value_problem,
};

/// Why the protocol refuses a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// It cannot be parsed, or not without a leniency that is not granted.
    Malformed,
    /// No such verb.
    Unknown,
    /// This is missing.
    OutOfSequence(Need),
    /// Well formed, but beyond what this server knows or allows.
    Beyond,
}

/// A refusal by the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) cause: Cause,
    /// A text for [`Voice::say`](replies::Voice::say).
    pub(super) reply: Cow<'static, str>,
}

impl Refusal {
    pub(super) fn new(cause: Cause, reply: impl Into<Cow<'static, str>>) -> Self {
        let reply = reply.into();
        Self { cause, reply }
    }

    fn malformed(reply: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Cause::Malformed, reply)
    }

    fn beyond(reply: &'static str) -> Self {
        Self::new(Cause::Beyond, reply)
    }
}

/// A command that is served and in sequence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Admitted<'a> {
    pub(super) command: Command<'a>,
    pub(super) row: &'static Row,
}

/// Looks at a line, given without its CRLF, from where `dialogue` stands.
pub(super) fn admit<'a>(
    line: &'a [u8],
    dialogue: &Dialogue,
    config: &Config,
) -> Result<Admitted<'a>, Refusal> {
    let row = find_row(line, config)?;
    let again = row.verb == Verb::Ehlo && dialogue.greeting.is_some();
    if again && config.protocol.is_lmtp() && config.defects.has(Defect::SecondLhloUnknown) {
        return Err(Refusal::new(Cause::Unknown, replies::UNKNOWN));
    }
    let Parsed {
        command,
        leniencies,
    } = config
        .protocol_of(line)
        .parse(line)
        .map_err(|e| Refusal::malformed(format!("501 5.5.2 {e}")))?;
    check_leniencies(leniencies, command, dialogue, config)?;
    if let Some(need) = unmet_need(row, dialogue, config) {
        let reply = if config.defects.has(Defect::OutOfSequence500) {
            replies::OUT_OF_SEQUENCE_500
        } else {
            need.reply_in(config)
        };
        return Err(Refusal::new(Cause::OutOfSequence(need), reply));
    }
    if row.verb == Verb::Noop && !dialogue.secured && config.defects.has(Defect::NoopWantsTls) {
        return Err(Refusal::beyond(replies::TLS_FIRST));
    }
    check_limits(command, dialogue, config)?;
    Ok(Admitted { command, row })
}

fn find_row(line: &[u8], config: &Config) -> Result<&'static Row, Refusal> {
    let protocol = config.protocol_of(line);
    let verb = match protocol.verb(line) {
        _ if config.defects.has(Defect::UpperCaseOnly) && !is_upper_case(line) => Verb::Unknown,
        verb => verb,
    };
    let lacks_vrfy = config.defects.has(Defect::VrfyNotImplemented);
    let lacks_starttls = !config.starttls || config.defects.has(Defect::StartTlsNotImplemented);
    let lacks_bdat = config.defects.has(Defect::ChunkingNotHonoured);
    let row = served(verb).filter(|row| match row.verb {
        Verb::Vrfy => !lacks_vrfy,
        Verb::StartTls => !lacks_starttls,
        Verb::Bdat => !lacks_bdat,
        _ => true,
    });
    match (row, verb) {
        (Some(row), _) => Ok(row),
        (None, Verb::Unknown) if protocol.parse(line).is_ok() => {
            Err(Refusal::new(Cause::Unknown, replies::UNKNOWN))
        }
        (None, Verb::Unknown) => Err(Refusal::malformed(replies::UNREADABLE)),
        (None, _) => Err(Refusal::beyond(replies::NOT_IMPLEMENTED)),
    }
}

fn is_upper_case(line: &[u8]) -> bool {
    let verb = line
        .split(|octet| *octet == b' ')
        .next()
        .unwrap_or_default();
    !verb.iter().any(u8::is_ascii_lowercase)
}

fn check_leniencies(
    found: Leniencies,
    command: Command<'_>,
    dialogue: &Dialogue,
    config: &Config,
) -> Result<(), Refusal> {
    let mut granted = config.leniencies;
    let utf8_mail = dialogue.transaction.as_ref().is_some_and(|t| t.smtputf8);
    if config.defects.has(Defect::StartTlsTakesParameter) && command == Command::StartTls {
        granted.insert(Leniency::UnexpectedArgument);
    }
    if utf8_mail && matches!(command, Command::Rcpt { .. }) {
        // Not a leniency: MAIL has announced it (RFC 6531, 3.4).
        granted.insert(Leniency::EightBitWithoutSmtpUtf8);
    }
    let refused = found.iter().find(|leniency| !granted.contains(*leniency));
    refused.map_or(Ok(()), |leniency| {
        Err(Refusal::malformed(format!("501 5.5.4 {}", leniency.name())))
    })
}

fn unmet_need(row: &Row, dialogue: &Dialogue, config: &Config) -> Option<Need> {
    let planted = row.verb == Verb::Noop && config.defects.has(Defect::NoopNeedsGreeting);
    let needs = if planted {
        &[Need::Greeting]
    } else {
        row.needs
    };
    let nests = dialogue.greeting == Some(Greeting::Helo)
        && config.defects.has(Defect::SecondMailTakenAfterHelo);
    let again = config.defects.has(Defect::StartTlsTwice);
    let mixes = |need: Need| match need {
        Need::NoChunks => {
            row.verb == Verb::Data && config.defects.has(Defect::DataTakenBehindChunks)
        }
        Need::NotBinary => config.defects.has(Defect::BinaryTakenByData),
        _ => false,
    };
    let is_met = |need: Need| {
        let auth = row.verb == Verb::Auth;
        need.is_met(dialogue)
            || mixes(need)
            || (nests && need == Need::NoTransaction && !auth)
            || (again && need == Need::NoTls)
            || (auth
                && need
                    .unasked_of_auth()
                    .is_some_and(|defect| config.defects.has(defect)))
    };
    needs.iter().copied().find(|need| !is_met(*need))
}

fn check_limits(command: Command<'_>, dialogue: &Dialogue, config: &Config) -> Result<(), Refusal> {
    match command {
        Command::Mail { parameters, .. } => {
            check_parameters(parameters, dialogue, config, check_mail_parameter)
        }
        Command::Auth { mechanism, .. } => check_mechanism(mechanism, config),
        Command::Rcpt { parameters, .. } => {
            check_parameters(parameters, dialogue, config, check_rcpt_parameter)?;
            if is_full(dialogue, config) {
                return Err(Refusal::beyond(replies::TOO_MANY_RECIPIENTS));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Whether `name` is one of those announced.
fn check_mechanism(name: &[u8], config: &Config) -> Result<(), Refusal> {
    let mechanism = Mechanism::named(name).filter(|mechanism| {
        *mechanism == Mechanism::Plain || !config.defects.has(Defect::LoginNotServed)
    });
    if mechanism.is_some() {
        Ok(())
    } else if config.defects.has(Defect::UnknownMechanism501) {
        Err(Refusal::beyond(replies::MECHANISM_UNKNOWN_501))
    } else {
        Err(Refusal::beyond(replies::MECHANISM_UNKNOWN))
    }
}

fn is_full(dialogue: &Dialogue, config: &Config) -> bool {
    let transaction = dialogue.transaction.as_ref();
    transaction.is_some_and(|t| t.recipients >= config.max_recipients)
}

fn check_parameters(
    parameters: Parameters<'_>,
    dialogue: &Dialogue,
    config: &Config,
    check_one: fn(Parameter<'_>, &Config) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    for (at, parameter) in parameters.iter().enumerate() {
        let is_dsn = DSN_MAIL
            .iter()
            .chain(&DSN_RCPT)
            .any(|name| parameter.keyword.eq_ignore_ascii_case(name.as_bytes()));
        if dialogue.greeting != Some(Greeting::Ehlo)
            && !(is_dsn && config.defects.has(Defect::DsnTakenUnannounced))
        {
            return Err(Refusal::beyond(replies::PARAMETER_UNKNOWN));
        }
        let same = |other: &Parameter<'_>| other.keyword.eq_ignore_ascii_case(parameter.keyword);
        // Quadratic, but a line has room for few.
        let is_first = parameters.iter().position(|other| same(&other)) == Some(at);
        let may_be_again = is_dsn && config.defects.has(Defect::DsnTwiceTaken);
        if !(is_first || may_be_again) {
            return Err(Refusal::malformed(replies::PARAMETER_TWICE));
        }
        check_one(parameter, config)?;
    }
    Ok(())
}

/// ```abnf
/// size-param      = "SIZE=" 1*20DIGIT            ; RFC 1870, 5
/// body-param      = "BODY=" ( "7BIT" / "8BITMIME" / "BINARYMIME" )  ; RFC 6152, 2; RFC 3030, 3
/// smtputf8-param  = "SMTPUTF8"                   ; RFC 6531, 3.4
/// auth-param      = "AUTH=" ( xtext )            ; RFC 4954, 5: a mailbox or "<>"
/// ```
fn check_mail_parameter(parameter: Parameter<'_>, config: &Config) -> Result<(), Refusal> {
    let keyword = parameter.keyword.to_ascii_uppercase();
    let is_good = match (keyword.as_slice(), parameter.value) {
        (b"SIZE", _) if config.defects.has(Defect::SizeNotHonoured) => {
            return Err(Refusal::beyond(replies::PARAMETER_UNKNOWN));
        }
        (b"SIZE", Some(digits)) if is_size(digits) => {
            return if exceeds(digits, config.max_message_size) {
                Err(Refusal::beyond(replies::TOO_LARGE))
            } else {
                Ok(())
            };
        }
        (b"BODY", Some(body)) => {
            let known: [&[u8]; 3] = [b"7BIT", b"8BITMIME", b"BINARYMIME"];
            known.iter().any(|known| body.eq_ignore_ascii_case(known))
        }
        (b"AUTH", Some(mailbox)) => is_xtext(mailbox),
        (b"SMTPUTF8", value) => value.is_none(),
        (b"RET" | b"ENVID", _) => {
            return check_dsn(
                parameter,
                config,
                [Defect::DsnMailNotHonoured, Defect::DsnMailMalformedTaken],
            );
        }
        (b"SIZE" | b"BODY" | b"AUTH", _) => false,
        _ => return Err(Refusal::beyond(replies::PARAMETER_UNKNOWN)),
    };
    if is_good {
        Ok(())
    } else {
        Err(Refusal::malformed(replies::PARAMETER_VALUE))
    }
}

/// ```abnf
/// xtext     = *( xchar / hexchar )               ; RFC 3461, 4
/// xchar     = any ASCII CHAR between "!" and "~" but "+" and "="
/// hexchar   = "+" 2(%x30-39 / %x41-46)
/// ```
///
/// Whom it names nobody here trusts, so it is read and no more (RFC 4954, 5).
fn is_xtext(mut text: &[u8]) -> bool {
    let is_hex = |octet: &u8| octet.is_ascii_digit() || (b'A'..=b'F').contains(octet);
    let filled = !text.is_empty();
    loop {
        text = match text {
            [] => return filled,
            [b'+', high, low, rest @ ..] if is_hex(high) && is_hex(low) => rest,
            [b'+' | b'=', ..] => return false,
            [b'!'..=b'~', rest @ ..] => rest,
            _ => return false,
        };
    }
}

/// RFC 3461, 4.1 and 4.2.
fn check_rcpt_parameter(parameter: Parameter<'_>, config: &Config) -> Result<(), Refusal> {
    match parameter.keyword.to_ascii_uppercase().as_slice() {
        b"NOTIFY" | b"ORCPT" => check_dsn(
            parameter,
            config,
            [Defect::DsnRcptNotHonoured, Defect::DsnRcptMalformedTaken],
        ),
        _ => Err(Refusal::beyond(replies::PARAMETER_UNKNOWN)),
    }
}

/// `defects`: the one that knows no such parameter, and the one that takes any value.
fn check_dsn(
    parameter: Parameter<'_>,
    config: &Config,
    defects: [Defect; 2],
) -> Result<(), Refusal> {
    let [unknown, any_value] = defects;
    if config.defects.has(unknown) {
        return Err(Refusal::beyond(replies::PARAMETER_UNKNOWN));
    }
    match dsn_value_problem(parameter) {
        Some(_) if !config.defects.has(any_value) => {
            Err(Refusal::malformed(replies::PARAMETER_VALUE))
        }
        _ => Ok(()),
    }
}

fn is_size(digits: &[u8]) -> bool {
    (1..=20).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
}

/// Twenty digits do not always fit in 64 bits; what does not is larger than anything.
fn exceeds(digits: &[u8], limit: u64) -> bool {
    let size = core::str::from_utf8(digits)
        .ok()
        .and_then(|text| text.parse::<u64>().ok());
    size.is_none_or(|size| size > limit)
}

#[cfg(test)]
mod tests {
    use super::super::state::Transaction;
    use super::*;

    /// The reply's first three digits, or `ok`.
    fn answer(line: &str, greeting: Option<Greeting>, transaction: Option<Transaction>) -> String {
        let dialogue = Dialogue {
            greeting,
            transaction,
            authenticated: false,
            secured: false,
        };
        match admit(line.as_bytes(), &dialogue, &Config::default()) {
            Ok(_) => "ok".into(),
            Err(refusal) => refusal.reply[..3].to_owned(),
        }
    }

    #[test]
    fn parameters_are_known_behind_ehlo_only_and_once() {
        let cases = [
            ("SIZE=1000 BODY=8bitmime SMTPUTF8", "ok", "555"),
            ("size=99999999", "552", "555"),
            ("SIZE=99999999999999999999", "552", "555"),
            ("SIZE=999999999999999999999", "501", "555"),
            ("SIZE=-1", "501", "555"),
            ("SIZE", "501", "555"),
            ("BODY=BINARYMIME", "ok", "555"),
            ("BODY=BINARY", "501", "555"),
            ("SMTPUTF8=1", "501", "555"),
            ("SIZE=1 size=2", "501", "555"),
            ("AUTH=<>", "ok", "555"),
            ("auth=e+3Dmc2@example.com SIZE=1", "ok", "555"),
            ("AUTH=a+3d", "501", "555"),
            ("AUTH=a+", "501", "555"),
            ("AUTH", "501", "555"),
            ("RET=HDRS ENVID=a+2Bb", "ok", "555"),
            ("RET=ALL", "501", "555"),
            ("RET=HDRS RET=HDRS", "501", "555"),
            ("NOTIFY=NEVER", "555", "555"),
        ];
        for (parameters, ehlo, helo) in cases {
            let line = format!("MAIL FROM:<a@b.example> {parameters}");
            assert_eq!(answer(&line, Some(Greeting::Ehlo), None), ehlo, "{line}");
            assert_eq!(answer(&line, Some(Greeting::Helo), None), helo, "{line}");
        }
    }

    #[test]
    fn leniencies_that_are_not_granted_are_refused_by_name() {
        let dialogue = Dialogue::default();
        let refusal = admit(b"QUIT now", &dialogue, &Config::default()).unwrap_err();
        assert_eq!(refusal.cause, Cause::Malformed);
        assert_eq!(refusal.reply, "501 5.5.4 an argument where none is allowed");
    }

    #[test]
    fn recipients_may_be_utf8_where_mail_has_announced_it() {
        let line = "RCPT TO:<\u{e9}@b.example>";
        for (smtputf8, want) in [(false, "501"), (true, "ok")] {
            let transaction = Transaction {
                smtputf8,
                ..Transaction::default()
            };
            assert_eq!(answer(line, Some(Greeting::Ehlo), Some(transaction)), want);
        }
    }

    #[test]
    fn sequence_is_looked_at_behind_syntax_and_before_parameters() {
        assert_eq!(answer("MAIL TO:<a>", None, None), "501");
        assert_eq!(answer("MAIL FROM:<a@b.example> X=1", None, None), "503");
        assert_eq!(answer("RCPT TO:<a@b.example>", None, None), "503");
        assert_eq!(answer("DATA", None, None), "503");
        assert_eq!(answer("DATA", None, Some(Transaction::default())), "554");
        assert_eq!(answer("", None, None), "500");
        assert_eq!(answer("FOO", None, None), "500");
        assert_eq!(answer("BDAT x", None, None), "501");
        assert_eq!(answer("BDAT 1", None, None), "503");
        assert_eq!(
            answer("BDAT 1", Some(Greeting::Ehlo), Some(Transaction::default())),
            "503"
        );
        assert_eq!(answer("vrfy x", None, None), "ok");
        assert_eq!(answer("AUTH PLAIN", None, None), "503");
        assert_eq!(answer("AUTH X", Some(Greeting::Helo), None), "503");
        assert_eq!(answer("AUTH X", Some(Greeting::Ehlo), None), "504");
        assert_eq!(answer("AUTH login", Some(Greeting::Ehlo), None), "ok");
        let open = Some(Transaction::default());
        assert_eq!(answer("AUTH PLAIN", Some(Greeting::Ehlo), open), "503");
    }
}
