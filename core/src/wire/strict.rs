//! The short way for lines as nearly all of them are: strict, in ASCII, without quotes and address literals. Each is read
//! without a loop over its octets; whatever is not of this kind is left to the long way, which reads these lines to the
//! same values (a property test holds the two together).

use super::lanes::{Lanes, MOST, octets_in};
use super::{
    Command, Domain, ForwardPath, Leniencies, LocalPart, Mailbox, Parameters, Parsed, Path,
    ReversePath, SyntaxError,
};

/// Clears the bit that tells small letters from capitals. Only letters become letters by it.
const CAPITALS: u32 = u32::from_ne_bytes([0xdf; 4]);

/// What a parser gives.
type Reading<'a> = Result<Parsed<'a>, SyntaxError>;

/// Reads `line` if it is of the usual kind, and has `otherwise` read it if not. Values are made where they are returned:
/// to hand them on in an `Option` would be to copy them, which takes as long as the reading.
#[inline]
pub(super) fn parse_usual<'a>(
    line: &'a [u8],
    otherwise: impl FnOnce(&'a [u8]) -> Reading<'a>,
) -> Reading<'a> {
    let Some((verb, rest)) = line.split_first_chunk::<4>() else {
        return otherwise(line);
    };
    let verb = u32::from_ne_bytes(*verb) & CAPITALS;
    match &verb.to_ne_bytes() {
        b"RCPT" => match envelope(line, *b"RCPT TO:<") {
            Some(envelope) => strict(Command::Rcpt {
                path: ForwardPath::Path(envelope.path()),
                parameters: envelope.parameters(),
            }),
            None => otherwise(line),
        },
        b"MAIL" => match (envelope(line, *b"MAIL FROM:<"), null_path(line)) {
            (Some(envelope), _) => strict(Command::Mail {
                path: ReversePath::Path(envelope.path()),
                parameters: envelope.parameters(),
            }),
            (None, Some(parameters)) => strict(Command::Mail {
                path: ReversePath::Null,
                parameters,
            }),
            (None, None) => otherwise(line),
        },
        b"EHLO" if is_greeting(rest) => strict(Command::Ehlo { domain: &rest[1..] }),
        b"HELO" if is_greeting(rest) => strict(Command::Helo { domain: &rest[1..] }),
        b"DATA" if rest.is_empty() => strict(Command::Data),
        b"QUIT" if rest.is_empty() => strict(Command::Quit),
        b"RSET" if rest.is_empty() => strict(Command::Rset),
        b"NOOP" if rest.is_empty() => strict(Command::Noop { argument: None }),
        _ => otherwise(line),
    }
}

/// Nothing had to be forgiven.
#[expect(clippy::unnecessary_wraps, reason = "made as it is returned")]
#[inline]
fn strict(command: Command<'_>) -> Reading<'_> {
    Ok(Parsed {
        command,
        leniencies: Leniencies::NONE,
    })
}

/// Where a path and parameters stand: `text` begins behind the `<`.
#[derive(Clone, Copy)]
struct Envelope<'a> {
    text: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Envelope<'a> {
    #[inline]
    fn path(self) -> Path<'a> {
        let raw = &self.text[..self.end];
        let mailbox = Mailbox {
            local_part: LocalPart::DotString(&raw[..self.at]),
            domain: Some(Domain::Name(&raw[self.at + 1..])),
        };
        Path {
            raw,
            route: None,
            mailbox,
        }
    }

    /// Behind the `>`, and the space behind that.
    #[inline]
    fn parameters(self) -> Parameters<'a> {
        Parameters {
            raw: self.text.get(self.end + 2..).unwrap_or_default(),
        }
    }
}

/// `words`, a path, and parameters.
#[allow(
    clippy::inline_always,
    reason = "or the parts of its value go through memory"
)]
#[inline(always)]
fn envelope<const LENGTH: usize>(line: &[u8], words: [u8; LENGTH]) -> Option<Envelope<'_>> {
    let text = behind(line, words)?;
    let (at, end) = path_ends(text)?;
    are_behind_path(&text[end + 1..]).then_some(Envelope { text, at, end })
}

/// `MAIL FROM:<>`, and parameters.
#[inline]
fn null_path(line: &[u8]) -> Option<Parameters<'_>> {
    let tail = behind(line, *b"MAIL FROM:<>")?;
    let raw = tail.get(1..).unwrap_or_default();
    are_behind_path(tail).then_some(Parameters { raw })
}

/// What is behind `words`, which are eight octets or more, letters in any case and others.
#[inline]
fn behind<const LENGTH: usize>(line: &[u8], words: [u8; LENGTH]) -> Option<&[u8]> {
    let (begin, rest) = line.split_first_chunk::<LENGTH>()?;
    let cases = words.map(|octet| {
        if octet.is_ascii_alphabetic() {
            0xdf
        } else {
            0xff
        }
    });
    let [
        (first, last),
        (first_word, last_word),
        (first_case, last_case),
    ] = [both_ends(begin)?, both_ends(&words)?, both_ends(&cases)?];
    let differ = (first ^ first_word) & first_case | (last ^ last_word) & last_case;
    (differ == 0).then_some(rest)
}

/// The first eight octets and the last eight.
#[inline]
fn both_ends(octets: &[u8]) -> Option<(u64, u64)> {
    let (first, last) = (octets.first_chunk()?, octets.last_chunk()?);
    Some((u64::from_le_bytes(*first), u64::from_le_bytes(*last)))
}

/// ` example.org`
#[inline]
fn is_greeting(rest: &[u8]) -> bool {
    let [b' ', domain @ ..] = rest else {
        return false;
    };
    let [let_dig, hyphens, dots] = octets_in(domain, |octets| {
        [let_dig(octets), octets.is(b'-'), octets.is(b'.')]
    });
    let len = (let_dig | hyphens | dots).trailing_ones() as usize;
    len < MOST && len == domain.len() && is_domain(let_dig, dots, 0, len)
}

/// Where the `@` of `local-part@example.org>` is, and where the `>`.
#[allow(clippy::inline_always, reason = "or its value goes through memory")]
#[inline(always)]
fn path_ends(text: &[u8]) -> Option<(usize, usize)> {
    let [let_dig, hyphens, dots, others] = octets_in(text, |octets| {
        // Not all that `atext` has, but what local parts are made of.
        let others = octets.is(b'_').or(octets.is(b'+')).or(octets.is(b'='));
        [let_dig(octets), octets.is(b'-'), octets.is(b'.'), others]
    });
    let ldh = let_dig | hyphens;
    let at = (ldh | dots | others).trailing_ones() as usize;
    let start = at + 1;
    let end = start + run_from(ldh | dots, start)?;
    let is_path = text.get(at) == Some(&b'@')
        && text.get(end) == Some(&b'>')
        && is_dot_string(ldh | others, dots, at)
        && is_domain(let_dig, dots, start, end);
    is_path.then_some((at, end))
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
fn are_behind_path(tail: &[u8]) -> bool {
    match tail {
        [] => true,
        [b' ', raw @ ..] => raw.len() < MOST && are_parameters(raw),
        _ => false,
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
    use crate::wire::command::parse_any;
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

    fn parse_strict(line: &[u8]) -> Option<Parsed<'_>> {
        let unusual = SyntaxError {
            at: 0,
            expected: "",
        };
        parse_usual(line, |_| Err(unusual)).ok()
    }

    /// Both ways read `line` to the same, as far as the short one goes.
    fn agree(line: &[u8]) -> Result<(), TestCaseError> {
        if let Some(parsed) = parse_strict(line) {
            prop_assert_eq!(parse_any(line), Ok(parsed));
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
