//! Cutting command lines and parsing them, with paths and parameters.

use std::hint::black_box;

use criterion::Criterion;
use smtp_codec::parse::command::command;
use smtp_proto::Request;
use smtpspec_benches::{COMMANDS, commands};
use smtpspec_core::wire::{Command, LineEnds, LineSplitter, Parameters, parse_command};

use crate::contest::{OURS, contest};

fn ours(mut input: &[u8]) -> usize {
    let mut splitter = LineSplitter::new(LineEnds::default());
    let mut strict = 0;
    while let Some(line) = splitter.next(input) {
        let parsed = parse_command(line.text);
        black_box(&parsed);
        if let Ok(parsed) = &parsed {
            strict += usize::from(parsed.leniencies.is_empty());
            if let Command::Mail { parameters, .. } | Command::Rcpt { parameters, .. } =
                parsed.command
            {
                black_box(size(parameters));
            }
        }
        input = &input[line.len..];
    }
    strict
}

/// Takes each parameter apart, and reads the size, as the peers do.
fn size(parameters: Parameters<'_>) -> Option<u64> {
    let mut size = None;
    for parameter in parameters.iter() {
        if black_box(parameter.keyword).eq_ignore_ascii_case(b"SIZE") {
            size = number(parameter.value?);
        } else {
            black_box(parameter.value);
        }
    }
    size
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |number, digit| {
        let value = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(value)
    })
}

fn smtp_proto(input: &[u8]) -> usize {
    let mut octets = input.iter();
    let mut good = 0;
    while !octets.as_slice().is_empty() {
        let parsed = Request::parse(&mut octets);
        good += usize::from(black_box(&parsed).is_ok());
    }
    good
}

fn smtp_codec(mut input: &[u8]) -> usize {
    let mut good = 0;
    while let Ok((rest, parsed)) = command(input) {
        black_box(&parsed);
        good += 1;
        input = rest;
    }
    good
}

fn smtp_message(mut input: &[u8]) -> usize {
    let mut good = 0;
    while let Ok((rest, parsed)) = smtp_message::Command::<&str>::parse(input) {
        black_box(&parsed);
        good += 1;
        input = rest;
    }
    good
}

pub(crate) fn bench(c: &mut Criterion) {
    let input = commands();
    contest(
        c,
        "commands",
        &input,
        COMMANDS,
        COMMANDS,
        &mut [
            (OURS, &mut ours),
            ("smtp-proto", &mut smtp_proto),
            ("smtp-codec", &mut smtp_codec),
            ("smtp-message", &mut smtp_message),
        ],
    );
}
