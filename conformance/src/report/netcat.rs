//! A conversation for those who have no smtpspec: a `printf` whose output goes into `nc`, or into `openssl s_client`.

use std::net::SocketAddr;

use smtpspec_core::{
    conversation::{Conversation, StartTls, Step},
    repeat::Repeat,
    wire::{Protocol, Verb},
};

/// Longer lines are of no use to anybody.
const LONGEST: usize = 400;

/// The line for a shell that sends `conversation`, where it is short and sends something.
pub(super) fn by_hand(conversation: &Conversation, server: SocketAddr) -> Option<String> {
    let line = match inside_tls(conversation)? {
        (None, steps) => netcat(steps, server),
        (Some(options), steps) => s_client(steps, options, server),
    };
    (line.len() <= LONGEST && conversation.octet_count() > 0).then_some(line)
}

/// What `openssl s_client` is to do before it sends, and the steps behind that; no options where there is no TLS. `None`
/// where it cannot be done with it.
fn inside_tls(conversation: &Conversation) -> Option<(Option<&'static str>, &[Step])> {
    let steps = &conversation.steps[..];
    let Some(at) = steps.iter().position(|step| matches!(step, Step::Tls(_))) else {
        return Some((None, steps));
    };
    let (before, behind) = steps.split_at(at);
    let rest = behind.get(1..)?;
    let plain = |step: &Step| !matches!(step, Step::Tls(_) | Step::CloseNotify | Step::Truncate);
    if behind.first() == Some(&Step::Tls(StartTls::Half)) || !rest.iter().all(plain) {
        return None;
    }
    let sent: Vec<&[u8]> = before
        .iter()
        .filter_map(|step| match step {
            Step::Send(segments) => Some(&segments[..]),
            _ => None,
        })
        .flatten()
        .map(Vec::as_slice)
        .collect();
    match sent[..] {
        [] => Some((Some("-quiet"), rest)),
        [ehlo, b"STARTTLS\r\n"]
            if conversation.protocol.verb(ehlo) == Verb::Ehlo && ehlo.ends_with(b"\r\n") =>
        {
            let options = match conversation.protocol {
                Protocol::Smtp => "-quiet -starttls smtp",
                Protocol::Lmtp => "-quiet -starttls lmtp",
            };
            Some((Some(options), rest))
        }
        _ => None,
    }
}

/// `printf '...' | nc HOST PORT`: all octets at once, without waiting for replies, pauses or ends.
fn netcat(steps: &[Step], server: SocketAddr) -> String {
    format!("{} | nc {} {}", print(steps), server.ip(), server.port())
}

/// The same inside TLS. It says EHLO and STARTTLS by itself.
fn s_client(steps: &[Step], options: &str, server: SocketAddr) -> String {
    format!(
        "{} | openssl s_client {options} -connect {server}",
        print(steps)
    )
}

/// What prints all octets. What is repeated comes out of a loop of awk between two `printf`s.
fn print(steps: &[Step]) -> String {
    let mut commands: Vec<String> = Vec::new();
    let mut octets = Vec::new();
    for step in steps {
        match step {
            Step::Send(segments) => octets.extend(segments.iter().flatten()),
            Step::Repeat(repeat) => {
                commands.extend(printf(&std::mem::take(&mut octets)));
                commands.push(awk(repeat));
            }
            _ => {}
        }
    }
    commands.extend(printf(&octets));
    match &commands[..] {
        [] => "printf ''".to_owned(),
        [one] => one.clone(),
        several => format!("{{ {}; }}", several.join("; ")),
    }
}

/// The command that prints `octets`, if there are any.
fn printf(octets: &[u8]) -> Option<String> {
    let first = octets.first()?;
    // What begins with a hyphen would be an option.
    let (escaped, octets) = match first {
        b'-' => ("\\055", &octets[1..]),
        _ => ("", octets),
    };
    let text: String = octets.iter().map(|octet| quoted(*octet, b'%')).collect();
    Some(format!("printf '{escaped}{text}'"))
}

/// Not `yes`: it knows LF only, and takes lines that begin with a hyphen for options.
fn awk(repeat: &Repeat) -> String {
    let lines = repeat.lines().iter();
    let text: String = lines.map(|octet| quoted(*octet, b'"')).collect();
    let times = repeat.times();
    format!("LC_ALL=C awk 'BEGIN {{ while (n++ < {times}) printf \"%s\", \"{text}\" }}'")
}

/// An octet inside single quotes, where a backslash escapes and `special` has a meaning of its own.
fn quoted(octet: u8, special: u8) -> String {
    match octet {
        b'\r' => "\\r".to_owned(),
        b'\n' => "\\n".to_owned(),
        b'\\' => "\\\\".to_owned(),
        b'%' if special == b'%' => "%%".to_owned(),
        b' '..=b'~' if octet != special && octet != b'\'' => char::from(octet).to_string(),
        _ => format!("\\{octet:03o}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    /// What the shell prints for `steps`, without `nc`.
    fn printed(steps: &[Step]) -> Vec<u8> {
        let line = netcat(steps, ([127, 0, 0, 1], 25).into());
        let print = line.rsplit_once(" | ").unwrap().0;
        let shell = Command::new("sh").arg("-c").arg(print).output();
        shell.unwrap().stdout
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn the_shell_prints_the_very_octets(octets in prop::collection::vec(any::<u8>(), 1..100)) {
            let steps = vec![Step::Send(vec![octets.clone()])];
            prop_assert_eq!(printed(&steps), octets);
        }

        #[test]
        fn the_shell_prints_what_is_repeated_too(
            line in prop::collection::vec(any::<u8>(), 1..60),
            times in 1..2000_u64,
            around in prop::sample::select(vec!["", "a\r\n", "-e\r\n"]),
        ) {
            let line = [&line, &b"\r\n"[..]].concat();
            let Ok(repeat) = Repeat::new(line, times) else {
                return Ok(());
            };
            let send = || Step::Send(vec![around.as_bytes().to_vec()]);
            let steps = vec![send(), Step::Repeat(repeat), send()];
            let conversation = Conversation { steps: steps.clone(), ..Conversation::default() };
            prop_assert_eq!(printed(&steps), conversation.octets());
        }
    }

    #[test]
    fn what_stands_inside_tls_goes_into_s_client() {
        for (body, command) in [
            ("QUIT\n", Some("nc 127.0.0.1 25")),
            (
                "EHLO a\nSTARTTLS\n%expect 220\n%tls\nQUIT\n",
                Some("openssl s_client -quiet -starttls smtp -connect 127.0.0.1:25"),
            ),
            (
                "%lmtp\nLHLO a\nSTARTTLS\n%expect 220\n%tls\nQUIT\n",
                Some("openssl s_client -quiet -starttls lmtp -connect 127.0.0.1:25"),
            ),
            (
                "%tls\nQUIT\n",
                Some("openssl s_client -quiet -connect 127.0.0.1:25"),
            ),
            ("EHLO a\nMAIL FROM:<>\nSTARTTLS\n%tls\nQUIT\n", None),
            ("EHLO a\nSTARTTLS\n%tls half\n%close\n", None),
            ("EHLO a\nSTARTTLS\n%tls\n%close-notify\nQUIT\n", None),
        ] {
            let text = format!("%title t\n{body}");
            let conversation = Conversation::parse(text.as_bytes()).unwrap();
            let line = by_hand(&conversation, ([127, 0, 0, 1], 25).into());
            let expected = command.map(|command| format!("printf 'QUIT\\r\\n' | {command}"));
            assert_eq!(line, expected, "{body}");
        }
    }

    #[test]
    fn what_begins_with_a_hyphen_or_holds_quotes_is_no_option_and_ends_nothing() {
        for lines in ["-n x\r\n", "\"'%s'\" \\055 $(x) `y`\r\n-- -\r\n"] {
            let repeat = Repeat::new(lines.into(), 3).unwrap();
            assert_eq!(
                printed(&[Step::Repeat(repeat)]),
                lines.repeat(3).into_bytes()
            );
            let send = Step::Send(vec![lines.into()]);
            assert_eq!(printed(&[send]), lines.as_bytes());
        }
        assert_eq!(printed(&[]), b"");
    }
}
