//! `parse_command`: a line is read without leniencies exactly where an obvious reading of the grammar has it, errors point
//! into the line, arguments are pieces of it, and white space around a line changes nothing but the leniencies.

use smtpspec_core::wire::{
    Command, Domain, ForwardPath, Leniency, Path, ReversePath, Verb, parse_command,
};

use super::grammar;

/// Panics if `line` shows that the command parser is wrong.
pub fn command(line: &[u8]) {
    let result = parse_command(line);
    match &result {
        Ok(parsed) => {
            let unknown = matches!(parsed.command, Command::Unknown { .. });
            assert_eq!(
                unknown,
                Verb::of(line) == Verb::Unknown,
                "two readings of the verb"
            );
            for argument in arguments(parsed.command) {
                assert!(
                    is_inside(argument, line),
                    "{argument:?} is no piece of the line"
                );
            }
        }
        Err(error) => assert!(error.at <= line.len(), "{error}: outside of the line"),
    }
    let strict = result.is_ok_and(|parsed| {
        let known = !matches!(parsed.command, Command::Unknown { .. });
        known && parsed.leniencies.is_empty()
    });
    assert_eq!(
        strict,
        grammar::is_command(line),
        "two readings of the grammar"
    );
    let elsewhere = [line].concat();
    assert_eq!(
        parse_command(&elsewhere),
        result,
        "two readings of one line"
    );

    let with_trailing = [line, b" "].concat();
    let trailing = parse_command(&with_trailing);
    let expected = result.map(|parsed| {
        (
            parsed.command,
            parsed.leniencies.with(Leniency::TrailingSpace),
        )
    });
    assert_eq!(
        trailing.map(|parsed| (parsed.command, parsed.leniencies)),
        expected
    );

    let with_leading = [b" ", line].concat();
    let leading = parse_command(&with_leading).ok();
    let expected = result.ok().map(|parsed| {
        (
            parsed.command,
            parsed.leniencies.with(Leniency::LeadingSpace),
        )
    });
    assert_eq!(
        leading.map(|parsed| (parsed.command, parsed.leniencies)),
        expected
    );
}

/// Whether `piece` lies in the memory of `line`.
fn is_inside(piece: &[u8], line: &[u8]) -> bool {
    let (piece, line) = (piece.as_ptr_range(), line.as_ptr_range());
    piece.is_empty() || (line.start <= piece.start && piece.end <= line.end)
}

/// Everything that a command borrows.
fn arguments(command: Command<'_>) -> Vec<&[u8]> {
    match command {
        Command::Helo { domain } | Command::Ehlo { domain } => vec![domain],
        Command::Mail { path, parameters } => {
            let mut pieces = vec![path.raw(), parameters.raw];
            if let ReversePath::Path(path) = path {
                pieces.extend(path_pieces(path));
            }
            pieces.extend(
                parameters
                    .iter()
                    .flat_map(|p| [p.keyword, p.value.unwrap_or_default()]),
            );
            pieces
        }
        Command::Rcpt { path, parameters } => {
            let mut pieces = vec![path.raw(), parameters.raw];
            if let ForwardPath::Path(path) = path {
                pieces.extend(path_pieces(path));
            }
            pieces.extend(
                parameters
                    .iter()
                    .flat_map(|p| [p.keyword, p.value.unwrap_or_default()]),
            );
            pieces
        }
        Command::Noop { argument } | Command::Help { argument } => argument.into_iter().collect(),
        Command::Vrfy { argument } | Command::Expn { argument } => vec![argument],
        Command::Auth { mechanism, initial } => {
            assert!(
                (1..=20).contains(&mechanism.len()),
                "a mechanism's name of no legal length"
            );
            vec![mechanism, initial.unwrap_or_default()]
        }
        Command::Unknown { verb, argument } => vec![verb, argument.unwrap_or_default()],
        Command::Data
        | Command::Rset
        | Command::Quit
        | Command::StartTls
        | Command::Bdat { .. } => Vec::new(),
    }
}

/// The pieces of a path, which put together are the path.
fn path_pieces(path: Path<'_>) -> [&[u8]; 3] {
    let route = path.route.unwrap_or_default();
    let local_part = path.mailbox.local_part.raw();
    let domain = path.mailbox.domain.map(Domain::raw).unwrap_or_default();
    let colon: &[u8] = if path.route.is_some() { b":" } else { b"" };
    let at: &[u8] = if path.mailbox.domain.is_some() {
        b"@"
    } else {
        b""
    };
    assert_eq!(
        [route, colon, local_part, at, domain].concat(),
        path.raw,
        "a path in pieces"
    );
    [route, local_part, domain]
}
