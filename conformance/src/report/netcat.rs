//! A conversation for those who have no smtpspec: a `printf` whose output goes into `nc`.

use std::net::SocketAddr;

use smtpspec_core::{
    conversation::{Conversation, Step},
    repeat::Repeat,
};

/// Longer lines are of no use to anybody.
const LONGEST: usize = 400;

/// The line for a shell that sends `conversation`, where it is short and sends something.
pub(super) fn by_hand(conversation: &Conversation, server: SocketAddr) -> Option<String> {
    let line = netcat(conversation, server);
    (line.len() <= LONGEST && conversation.octet_count() > 0).then_some(line)
}

/// `printf '...' | nc HOST PORT`: all octets at once, without waiting for replies, pauses or ends. What is repeated
/// comes out of a loop of awk between two `printf`s.
fn netcat(conversation: &Conversation, server: SocketAddr) -> String {
    let mut commands: Vec<String> = Vec::new();
    let mut octets = Vec::new();
    for step in &conversation.steps {
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
    let print = match &commands[..] {
        [] => "printf ''".to_owned(),
        [one] => one.clone(),
        several => format!("{{ {}; }}", several.join("; ")),
    };
    format!("{print} | nc {} {}", server.ip(), server.port())
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
    fn printed(steps: Vec<Step>) -> Vec<u8> {
        let conversation = Conversation {
            steps,
            ..Conversation::default()
        };
        let line = netcat(&conversation, ([127, 0, 0, 1], 25).into());
        let print = line.rsplit_once(" | ").unwrap().0;
        let shell = Command::new("sh").arg("-c").arg(print).output();
        shell.unwrap().stdout
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn the_shell_prints_the_very_octets(octets in prop::collection::vec(any::<u8>(), 1..100)) {
            let steps = vec![Step::Send(vec![octets.clone()])];
            prop_assert_eq!(printed(steps), octets);
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
            prop_assert_eq!(printed(steps), conversation.octets());
        }
    }

    #[test]
    fn what_begins_with_a_hyphen_or_holds_quotes_is_no_option_and_ends_nothing() {
        for lines in ["-n x\r\n", "\"'%s'\" \\055 $(x) `y`\r\n-- -\r\n"] {
            let repeat = Repeat::new(lines.into(), 3).unwrap();
            assert_eq!(
                printed(vec![Step::Repeat(repeat)]),
                lines.repeat(3).into_bytes()
            );
            let send = Step::Send(vec![lines.into()]);
            assert_eq!(printed(vec![send]), lines.as_bytes());
        }
        assert_eq!(printed(Vec::new()), b"");
    }
}
