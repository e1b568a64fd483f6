//! A session as a ladder: what the client did and what the server said on the left, the events on the right,
//! in the order in which they happened.

use std::io::{self, Write};

use smtpspec_core::{
    event::{Event, EventRecord, HandlerAction, MessageDigest},
    octets::{Octets, escape},
    transcript::{ClientAct, Entry, Handshake, ServerEnd, SessionLog, What},
};

use super::style::{EVENT, FAINT, MISSING, SERVER, STRONG};

/// Columns of the left half.
const LEFT: usize = 60;

/// Lines shown of what a server printed before its process ended.
const LAST_WORDS: usize = 12;

/// Writes the ladder of `session`. `clock` says whether the adapter stamps its events with the suite's clock;
/// `marked` is the entry that a finding points at.
pub fn ladder(
    out: &mut impl Write,
    session: &SessionLog,
    clock: bool,
    marked: Option<usize>,
) -> io::Result<()> {
    let start = session
        .entries
        .first()
        .map_or(0, |entry| moment(entry, clock));
    let mut order: Vec<usize> = (0..session.entries.len()).collect();
    order.sort_by_key(|index| moment(&session.entries[*index], clock));
    for rule in &session.open.handlers.rules {
        let action = action_name(&rule.action);
        writeln!(
            out,
            "{FAINT}        handler: {} {} {action}{FAINT:#}",
            rule.event, rule.nth
        )?;
    }
    let (client, server) = (session.open.client, session.open.server);
    writeln!(
        out,
        "{FAINT}   0.0000  client {client} connects to {server}{FAINT:#}"
    )?;
    for index in order {
        let entry = &session.entries[index];
        let mark = if marked == Some(index) { ">>" } else { "  " };
        let tenths = moment(entry, clock).saturating_sub(start) / 100_000;
        let stamp = format!("{mark}{:>2}.{:04}  ", tenths / 10_000, tenths % 10_000);
        write_entry(out, &stamp, &entry.what)?;
    }
    Ok(())
}

fn moment(entry: &Entry, clock: bool) -> u64 {
    match &entry.what {
        What::Event(record) if clock => record.at.unwrap_or(entry.at),
        _ => entry.at,
    }
}

fn write_entry(out: &mut impl Write, stamp: &str, what: &What) -> io::Result<()> {
    match what {
        What::Sent(octets) => lines(out, stamp, "C: ", octets, STRONG),
        What::Repeated(repeat) => {
            let (times, size) = (repeat.times(), repeat.size());
            let text = shortened(&format!("\"{}\"", repeat.lines().escape_ascii()));
            writeln!(
                out,
                "{stamp}C: {STRONG}{text}{STRONG:#} {times} times ({size} octets)"
            )
        }
        What::Received(octets) => lines(out, stamp, "S: ", octets, SERVER),
        What::Event(record) => {
            writeln!(
                out,
                "{stamp}{:LEFT$}{EVENT}{}{EVENT:#}",
                "",
                event_line(record)
            )
        }
        What::Handshake(Handshake::Done(version)) => {
            writeln!(out, "{stamp}{FAINT}(TLS: {version}){FAINT:#}")
        }
        What::Handshake(Handshake::Half) => {
            writeln!(
                out,
                "{stamp}{FAINT}(the client begins a TLS handshake and breaks off){FAINT:#}"
            )
        }
        What::Handshake(Handshake::Failed(why)) => {
            let why = shortened(&why.escape_debug().to_string());
            writeln!(out, "{stamp}{MISSING}(no TLS: {why}){MISSING:#}")
        }
        What::Client(act) => writeln!(out, "{stamp}{FAINT}{}{FAINT:#}", client_act(*act)),
        What::Server(ServerEnd::Close) => {
            writeln!(out, "{stamp}{FAINT}(the server closes){FAINT:#}")
        }
        What::Server(ServerEnd::Reset) => {
            writeln!(out, "{stamp}{FAINT}(the server resets){FAINT:#}")
        }
        What::Died(death) => {
            writeln!(
                out,
                "{stamp}{MISSING}(the server's process ends: {}){MISSING:#}",
                death.status
            )?;
            let lines: Vec<_> = death.output.lines().collect();
            let last = &lines[lines.len().saturating_sub(LAST_WORDS)..];
            last.iter().try_for_each(|line| {
                let line = shortened(&line.escape_debug().to_string());
                writeln!(out, "{:1$}{FAINT}| {line}{FAINT:#}", "", stamp.len())
            })
        }
        What::Expected {
            want,
            got,
            met: false,
        } => {
            let got = got.map_or("no reply".into(), |code| code.to_string());
            writeln!(
                out,
                "{stamp}(the conversation expected {want} here, got {got})"
            )
        }
        What::Expected { .. } | What::Settled => Ok(()),
    }
}

/// One ladder line for each line of `octets`. A line that does not end in CRLF shows how it does end.
fn lines(
    out: &mut impl Write,
    stamp: &str,
    who: &str,
    octets: &Octets,
    style: anstyle::Style,
) -> io::Result<()> {
    for line in octets.0.split_inclusive(|octet| *octet == b'\n') {
        let text = match line.strip_suffix(b"\r\n") {
            Some(text) if !text.iter().any(u8::is_ascii_control) => escape(text),
            _ => format!("\"{}\"", line.escape_ascii()),
        };
        writeln!(out, "{stamp}{who}{style}{}{style:#}", shortened(&text))?;
    }
    Ok(())
}

fn shortened(text: &str) -> String {
    const MOST: usize = 120;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    let head: String = text.chars().take(MOST).collect();
    format!("{head}... ({} octets)", text.len())
}

const fn client_act(act: ClientAct) -> &'static str {
    match act {
        ClientAct::HalfClose => "(the client closes its sending side: FIN)",
        ClientAct::Close => "(the client closes: FIN)",
        ClientAct::Reset => "(the client resets: RST)",
        ClientAct::CloseNotify => "(the client ends TLS: close_notify)",
        ClientAct::Truncate => "(the client closes without a close_notify: FIN)",
        ClientAct::Silence => "(the client falls silent)",
        ClientAct::GaveUp => "(nothing came within the limit: the client gives up)",
        ClientAct::Overflow => "(the server sends without end: the client gives up)",
    }
}

fn action_name(action: &HandlerAction) -> String {
    match action {
        HandlerAction::Accept => "accept".into(),
        HandlerAction::Reject(reply) => format!("reject {reply}"),
        HandlerAction::RejectFor { recipient, reply } => format!("reject-for {recipient} {reply}"),
        HandlerAction::Drop => "drop".into(),
        HandlerAction::Fail => "fail".into(),
        HandlerAction::Sleep(ms) => format!("sleep {ms}ms"),
    }
}

/// The event with what it carries, as `OnMailCommand(a@example.org)`.
pub fn event_line(record: &EventRecord) -> String {
    let kind = record.event.kind();
    let text = |octets: &Option<Octets>| octets.as_ref().map(ToString::to_string);
    let digest =
        |digest: &Option<MessageDigest>| digest.as_ref().map(|d| format!("{} octets", d.size));
    let argument = match &record.event {
        Event::OnHeloCommand { domain } | Event::OnEhloCommand { domain } => text(domain),
        Event::OnAuthCommand { mechanism } | Event::OnEndOfAuthentication { mechanism, .. } => {
            text(mechanism)
        }
        Event::OnMailCommand { reverse_path, .. } => text(reverse_path),
        Event::OnRcptCommand { forward_path, .. } => text(forward_path),
        Event::OnEndOfHeaders { headers } => digest(headers),
        Event::OnEndOfData { content } => digest(content),
        Event::OnHelpCommand { argument } | Event::OnNoopCommand { argument } => text(argument),
        Event::OnReject { response, .. } => text(response),
        Event::OnDisconnect { reason } => reason.map(|reason| format!("{reason:?}")),
        Event::OnConnect { .. } | Event::OnDataCommand {} | Event::OnRsetCommand {} => None,
    };
    match argument {
        Some(argument) if !argument.is_empty() => format!("{kind}({})", shortened(&argument)),
        _ => kind.to_string(),
    }
}
