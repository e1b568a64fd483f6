//! Paths alone. Ours stand in an RCPT command, which is read too; the peers have functions for a path.

use std::hint::black_box;

use criterion::Criterion;
use smtp_codec::parse::command::Path;
use smtp_proto::request::parser::Rfc5321Parser;
use smtpspec_benches::paths;
use smtpspec_core::wire::parse_command;

use crate::contest::{OURS, contest};

/// What stands before each path and behind it.
const RCPT: &str = "RCPT TO:";
const CRLF: &str = "\r\n";

pub(crate) fn bench(c: &mut Criterion) {
    let paths = paths();
    let lines: Vec<String> = paths
        .iter()
        .map(|path| format!("{RCPT}{path}{CRLF}"))
        .collect();
    let octets = lines.concat().into_bytes();
    let good =
        |read: &dyn Fn(&[u8]) -> bool| lines.iter().filter(|line| read(line.as_bytes())).count();
    let path = |line: &[u8]| line.len() - CRLF.len();
    contest(
        c,
        "paths",
        &octets,
        lines.len(),
        lines.len(),
        &mut [
            (OURS, &mut |_| {
                good(&|line| black_box(&parse_command(&line[..path(line)])).is_ok())
            }),
            ("smtp-proto", &mut |_| {
                good(&|line| {
                    let mut octets = line[RCPT.len() + 1..].iter();
                    let address = Rfc5321Parser::new(&mut octets).address();
                    matches!(black_box(&address), Ok(Some(_)))
                })
            }),
            ("smtp-codec", &mut |_| {
                good(&|line| black_box(&Path(&line[RCPT.len()..])).is_ok())
            }),
            ("smtp-message", &mut |_| {
                good(&|line| {
                    let path = &line[RCPT.len()..path(line)];
                    black_box(&smtp_message::Email::<&str>::parse_bracketed(path)).is_ok()
                })
            }),
        ],
    );
}
