//! A conversation for those who have no smtpspec: a `printf` whose output goes into `nc`.

use std::{fmt::Write, net::SocketAddr};

use smtpspec_core::conversation::Conversation;

/// `printf '...' | nc HOST PORT`: all octets at once, without waiting for replies, pauses or ends.
pub(super) fn netcat(conversation: &Conversation, server: SocketAddr) -> String {
    let mut text = String::new();
    for octet in conversation.octets() {
        match octet {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\\' => text.push_str("\\\\"),
            b'%' => text.push_str("%%"),
            b'\'' => text.push_str("'\\''"),
            // printf takes a dash in front for an option.
            b'-' if text.is_empty() => text.push_str("\\055"),
            b' '..=b'~' => text.push(char::from(octet)),
            // Writing into a string cannot fail.
            _ => drop(write!(text, "\\{octet:03o}")),
        }
    }
    format!("printf '{text}' | nc {} {}", server.ip(), server.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use smtpspec_core::conversation::Step;
    use std::process::Command;

    /// What the shell makes of the line for `octets`.
    fn printed(octets: &[u8]) -> Vec<u8> {
        let conversation = Conversation {
            steps: vec![Step::Send(vec![octets.to_vec()])],
            ..Conversation::default()
        };
        let line = netcat(&conversation, ([127, 0, 0, 1], 25).into());
        let print = line.rsplit_once(" | ").unwrap().0;
        let shell = Command::new("sh").arg("-c").arg(print).output();
        shell.unwrap().stdout
    }

    #[test]
    fn a_dash_in_front_is_no_option() {
        for octets in [&b"-"[..], b"--", b"-n\r\n", b"-\0"] {
            assert_eq!(printed(octets), octets);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn the_shell_prints_the_very_octets(octets in prop::collection::vec(any::<u8>(), 1..100)) {
            prop_assert_eq!(printed(&octets), octets);
        }
    }
}
