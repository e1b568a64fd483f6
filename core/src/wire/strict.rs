//! The short way for lines as nearly all of them are: strict, in ASCII, without quotes and address literals. Each is read
//! without a loop over its octets; whatever is not of this kind is left to the long way, which reads these lines to the
//! same values (a property test holds the two together).

use super::lanes::{Lanes, MOST, octets_in};
use super::{Command, Domain, ForwardPath, LocalPart, Mailbox, Parameters, Path, ReversePath};

/// Clears the bit that tells small letters from capitals. Only letters become letters by it.
const CAPITALS: u32 = u32::from_ne_bytes([0xdf; 4]);

/// The command that `line` is if it is of the usual kind.
#[inline]
pub(super) fn parse_strict(line: &[u8]) -> Option<Command<'_>> {
    let (verb, rest) = line.split_first_chunk::<4>()?;
    let verb = u32::from_ne_bytes(*verb) & CAPITALS;
    match &verb.to_ne_bytes() {
        b"RCPT" => parse_rcpt(line),
        b"MAIL" => parse_mail(line),
        b"DATA" if rest.is_empty() => Some(Command::Data),
        b"EHLO" => parse_greeting(rest).map(|domain| Command::Ehlo { domain }),
        b"HELO" => parse_greeting(rest).map(|domain| Command::Helo { domain }),
        b"QUIT" if rest.is_empty() => Some(Command::Quit),
        b"RSET" if rest.is_empty() => Some(Command::Rset),
        b"NOOP" if rest.is_empty() => Some(Command::Noop { argument: None }),
        _ => None,
    }
}

/// `MAIL FROM:<>`, or with a path, and parameters.
#[inline]
fn parse_mail(line: &[u8]) -> Option<Command<'_>> {
    let text = behind(line, *b"MAIL FROM:<")?;
    let (path, tail) = if let [b'>', tail @ ..] = text {
        (ReversePath::Null, tail)
    } else {
        let (path, tail) = parse_path(text)?;
        (ReversePath::Path(path), tail)
    };
    let parameters = parse_parameters(tail)?;
    Some(Command::Mail { path, parameters })
}

/// `RCPT TO:` with a path, and parameters.
#[inline]
fn parse_rcpt(line: &[u8]) -> Option<Command<'_>> {
    let text = behind(line, *b"RCPT TO:<")?;
    let (path, tail) = parse_path(text)?;
    let parameters = parse_parameters(tail)?;
    let path = ForwardPath::Path(path);
    Some(Command::Rcpt { path, parameters })
}

/// What is behind `words`, which are letters in any case and other octets.
#[inline]
fn behind<const LENGTH: usize>(line: &[u8], words: [u8; LENGTH]) -> Option<&[u8]> {
    let (begin, rest) = line.split_first_chunk::<LENGTH>()?;
    let mut differ = 0;
    for (octet, word) in begin.iter().zip(words) {
        let case = if word.is_ascii_alphabetic() {
            0xdf
        } else {
            0xff
        };
        differ |= (octet ^ word) & case;
    }
    (differ == 0).then_some(rest)
}

/// ` example.org`
#[inline]
fn parse_greeting(rest: &[u8]) -> Option<&[u8]> {
    let (b' ', domain) = rest.split_first()? else {
        return None;
    };
    if domain.len() >= MOST {
        return None;
    }
    let [let_dig, hyphens, dots] = octets_in(domain, |octets| {
        [let_dig(octets), octets.is(b'-'), octets.is(b'.')]
    });
    let len = (let_dig | hyphens | dots).trailing_ones() as usize;
    (len == domain.len() && is_domain(let_dig, dots, 0, len)).then_some(domain)
}

/// `local-part@example.org>`, and what is behind it.
#[inline]
fn parse_path(text: &[u8]) -> Option<(Path<'_>, &[u8])> {
    let [let_dig, hyphens, dots, others] = octets_in(text, |octets| {
        // Not all that `atext` has, but what local parts are made of.
        let others = octets.is(b'_').or(octets.is(b'+')).or(octets.is(b'='));
        [let_dig(octets), octets.is(b'-'), octets.is(b'.'), others]
    });
    let ldh = let_dig | hyphens;
    let at = (ldh | dots | others).trailing_ones() as usize;
    let start = at + 1;
    let end = start + run_from(ldh | dots, start)?;
    let (Some(b'@'), Some(b'>')) = (text.get(at), text.get(end)) else {
        return None;
    };
    if !is_dot_string(ldh | others, dots, at) || !is_domain(let_dig, dots, start, end) {
        return None;
    }
    let (raw, tail) = text.split_at(end);
    let mailbox = Mailbox {
        local_part: LocalPart::DotString(&raw[..at]),
        domain: Some(Domain::Name(&raw[start..])),
    };
    let path = Path {
        raw,
        route: None,
        mailbox,
    };
    Some((path, &tail[1..]))
}

/// How many of these `octets` there are from `start` on, if they end among those that were looked at.
#[inline]
fn run_from(octets: u64, start: usize) -> Option<usize> {
    let behind = octets.checked_shr(u32::try_from(start).ok()?)?;
    let len = behind.trailing_ones() as usize;
    (start + len < MOST).then_some(len)
}

/// Whether the first `end` octets, of which `atext` are an atom's and the others `dots`, are a dot-string: each dot is
/// between two octets of atoms.
#[inline]
fn is_dot_string(atext: u64, dots: u64, end: usize) -> bool {
    let atext = atext & below(end);
    end > 0 && dots & below(end) & !(atext << 1 & atext >> 1) == 0
}

/// Whether the octets from `start` on and before `end`, which are letters, digits, hyphens and `dots`, are a domain: no
/// label is empty, begins or ends with a hyphen.
#[inline]
fn is_domain(let_dig: u64, dots: u64, start: usize, end: usize) -> bool {
    if start >= end {
        return false;
    }
    let let_dig = let_dig & below(end) & !below(start);
    let ends = 1 << start | 1 << (end - 1);
    let dots = dots & below(end) & !below(start);
    let_dig & ends == ends && dots & !(let_dig << 1 & let_dig >> 1) == 0
}

/// Nothing, or a space and parameters with one space between them.
#[inline]
fn parse_parameters(tail: &[u8]) -> Option<Parameters<'_>> {
    match tail {
        [] => Some(Parameters::default()),
        [b' ', raw @ ..] if raw.len() < MOST && are_parameters(raw) => Some(Parameters { raw }),
        _ => None,
    }
}

/// ```abnf
/// esmtp-param *(SP esmtp-param)
/// esmtp-param    = esmtp-keyword ["=" esmtp-value]
/// ```
#[inline]
fn are_parameters(raw: &[u8]) -> bool {
    let [let_dig, hyphens, visible, equals, spaces] = octets_in(raw, |octets| {
        let visible = octets.within(b'!', b'<').or(octets.within(b'>', b'~'));
        [
            let_dig(octets),
            octets.is(b'-'),
            visible,
            octets.is(b'='),
            octets.is(b' '),
        ]
    });
    let begins = spaces << 1 | 1;
    let value_begins = equals << 1;
    // A carry runs from each value's begin to its end, and takes away what it passes.
    let values = visible & !visible.wrapping_add(value_begins);
    (visible | equals | spaces) == below(raw.len())
        && begins & !let_dig == 0
        && value_begins & !visible == 0
        && values << 1 & equals == 0
        && visible & !values & !(let_dig | hyphens) == 0
}

#[inline]
fn let_dig(octets: Lanes) -> Lanes {
    let letters = octets.lower().within(b'a', b'z');
    letters.or(octets.within(b'0', b'9'))
}

/// The bits of the first `len` octets, which are fewer than 64.
#[inline]
const fn below(len: usize) -> u64 {
    (1 << len) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Leniencies, Parsed, command::parse_any};
    use proptest::prelude::*;

    /// Lines near to those of the usual kind, of any length around the [`MOST`] octets that are looked at.
    fn near_strict() -> impl Strategy<Value = String> {
        let token = prop::sample::select(vec![
            "a",
            "Z",
            "0",
            "-",
            ".",
            "_",
            "+",
            "=",
            "@",
            ">",
            "<",
            " ",
            "/",
            "\"",
            "[",
            "\t",
            "\0",
            "ü",
            "..",
            "a.b",
            "example.org",
            "SIZE=1",
            " BODY=8BITMIME",
            "abcdefghijklmnopqrstuvwxyz",
        ]);
        let begin = prop::sample::select(vec![
            "MAIL FROM:<",
            "RCPT TO:<",
            "rcpt to:<a@b",
            "Mail From:<a@b> ",
            "MAIL FROM:<> ",
            "MAIL FROM :<",
            "RCPT TO:<a@b> X=",
            "EHLO ",
            "helo ",
            "EHLO\t",
            "DATA",
            "QUIT",
            "RSET",
            "NOOP",
            "",
        ]);
        let end = prop::sample::select(vec!["", ">", "@b>", "@b> A", "@b> A=c"]);
        (begin, prop::collection::vec(token, 0..12), end)
            .prop_map(|(begin, tokens, end)| format!("{begin}{}{end}", tokens.concat()))
    }

    /// Both ways read `line` to the same, as far as the short one goes.
    fn agree(line: &[u8]) -> Result<(), TestCaseError> {
        if let Some(command) = parse_strict(line) {
            let leniencies = Leniencies::NONE;
            prop_assert_eq!(
                parse_any(line),
                Ok(Parsed {
                    command,
                    leniencies
                })
            );
        }
        Ok(())
    }

    #[test]
    fn usual_lines_go_the_short_way() {
        for line in [
            "EHLO mx-1.example.org",
            "helo a",
            "MAIL FROM:<>",
            "MAIL FROM:<a@b>",
            "mail from:<bounces+list=a.b@mail-1.example.org> SIZE=1000 BODY=8BITMIME SMTPUTF8",
            "RCPT TO:<j.doe@example.org> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;j.doe@example.org",
            "DATA",
            "noop",
            "RSET",
            "quit",
        ] {
            assert!(parse_strict(line.as_bytes()).is_some(), "{line}");
        }
    }

    #[test]
    fn paths_of_every_length_are_read_the_same() {
        for local in 1..70 {
            for domain in 1..70 {
                let line = format!("RCPT TO:<{}@{}>", "a".repeat(local), "b".repeat(domain));
                agree(line.as_bytes()).unwrap();
                let short = local + domain + 1 < MOST;
                assert_eq!(parse_strict(line.as_bytes()).is_some(), short, "{line}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn the_long_way_reads_the_same(line in near_strict()) {
            agree(line.as_bytes())?;
        }

        #[test]
        fn one_octet_changed_makes_no_difference_between_the_two(
            line in near_strict(),
            at: prop::sample::Index,
            octet: u8,
        ) {
            let mut line = line.into_bytes();
            if !line.is_empty() {
                let at = at.index(line.len());
                line[at] = octet;
            }
            agree(&line)?;
        }
    }
}
