//! Commands by property: what is written comes back, and no input does harm.

use proptest::prelude::*;

use crate::wire::{Command, Domain, ForwardPath, LocalPart, ReversePath, Verb, parse_command};

const LOCAL_PART: &str =
    r#"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,8}(\.[A-Z0-9-]{1,8}){0,2}|"([ !#-\[\]-~]|\\[ -~]){0,12}""#;
const NAME: &str = "[a-z0-9]([a-z0-9-]{0,8}[A-Z0-9])?(\\.[a-z0-9]{1,8}){0,3}";
const PARAMETER: &str = "[A-Za-z0-9][A-Za-z0-9-]{0,8}(=[!-<>-~]{1,10})?";

fn domain() -> impl Strategy<Value = String> {
    prop_oneof![
        NAME,
        any::<[u8; 4]>().prop_map(|ip| format!("[{}]", core::net::Ipv4Addr::from(ip))),
        any::<[u16; 8]>().prop_map(|ip| format!("[IPv6:{}]", core::net::Ipv6Addr::from(ip))),
    ]
}

fn in_any_case(word: &'static str) -> impl Strategy<Value = String> {
    prop::collection::vec(any::<bool>(), word.len()).prop_map(move |upper| {
        word.chars()
            .zip(upper)
            .map(|(c, upper)| {
                if upper {
                    c.to_ascii_uppercase()
                } else {
                    c.to_ascii_lowercase()
                }
            })
            .collect()
    })
}

/// Octets that come near to being a command.
fn near_command() -> impl Strategy<Value = Vec<u8>> {
    let token = prop::sample::select(vec![
        "MAIL", "FROM", "RCPT", "TO", ":", "<", ">", "@", "[", "]", "a", "b.c", "\"", "\\", " ",
        "\t", "=", "SIZE", "SMTPUTF8", "EHLO", "BDAT", "9", "LAST", "AUTH", "IPv6", "-", "_", ",",
        "ü", "\0", "\r", "DATA", "NOOP",
    ]);
    prop_oneof![
        prop::collection::vec(token, 0..12).prop_map(|words| words.concat().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..40),
    ]
}

proptest! {
    #[test]
    fn envelope_commands_come_back_as_written(
        mail in in_any_case("MAIL FROM:"),
        rcpt in in_any_case("RCPT TO:"),
        route in prop::option::of(NAME),
        local_part in LOCAL_PART,
        domain in domain(),
        sent in prop::collection::vec(PARAMETER, 0..4),
    ) {
        let route = route.map(|name| format!("@{name}"));
        let prefix = route.as_ref().map(|route| format!("{route}:")).unwrap_or_default();
        let raw = format!("{prefix}{local_part}@{domain}");
        let gap = if sent.is_empty() { "" } else { " " };
        let tail = sent.join(" ");
        let mail = format!("{mail}<{raw}>{gap}{tail}");
        let rcpt = format!("{rcpt}<{raw}>{gap}{tail}");
        let read = (parse_command(mail.as_bytes()), parse_command(rcpt.as_bytes()));
        let (Ok(mail), Ok(rcpt)) = read else {
            return Err(TestCaseError::fail(format!("{mail}: {read:?}")));
        };
        prop_assert!(mail.leniencies.is_empty() && rcpt.leniencies.is_empty());
        let (
            Command::Mail { path: ReversePath::Path(path), parameters },
            Command::Rcpt { path: ForwardPath::Path(same), .. },
        ) = (mail.command, rcpt.command) else {
            return Err(TestCaseError::fail("another command"));
        };
        prop_assert_eq!(path, same);
        prop_assert_eq!(path.raw, raw.as_bytes());
        prop_assert_eq!(path.route, route.as_ref().map(String::as_bytes));
        let quoted = matches!(path.mailbox.local_part, LocalPart::QuotedString(_));
        prop_assert_eq!(quoted, local_part.starts_with('"'));
        prop_assert_eq!(path.mailbox.local_part.raw(), local_part.as_bytes());
        let literal = matches!(path.mailbox.domain, Some(Domain::AddressLiteral(_)));
        prop_assert_eq!(literal, domain.starts_with('['));
        prop_assert_eq!(path.mailbox.domain.map(Domain::raw), Some(domain.as_bytes()));
        let read: Vec<_> = parameters
            .iter()
            .map(|p| match p.value {
                Some(value) => [p.keyword, b"=", value].concat(),
                None => p.keyword.to_vec(),
            })
            .collect();
        prop_assert_eq!(read, sent.into_iter().map(String::into_bytes).collect::<Vec<_>>());
    }

    #[test]
    fn chunk_sizes_come_back_as_written(size: u64, last: bool) {
        let line = format!("BDAT {size}{}", if last { " LAST" } else { "" });
        let command = parse_command(line.as_bytes()).map(|parsed| parsed.command);
        prop_assert_eq!(command, Ok(Command::Bdat { size, last }));
    }

    #[test]
    fn no_input_does_harm_and_errors_are_in_the_line(line in near_command()) {
        match parse_command(&line) {
            Ok(parsed) => {
                let unknown = matches!(parsed.command, Command::Unknown { .. });
                prop_assert_eq!(unknown, Verb::of(&line) == Verb::Unknown);
            }
            Err(error) => prop_assert!(error.at <= line.len(), "{}", error),
        }
    }
}
