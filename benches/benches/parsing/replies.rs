//! Cutting and parsing replies: the code, the enhanced code and each line's text.

use std::hint::black_box;

use criterion::Criterion;
use smtp_codec::parse::response::Reply_line;
use smtp_proto::response::parser::ResponseReceiver;
use smtpspec_benches::{REPLIES, replies};
use smtpspec_core::wire::ReplySplitter;

use crate::contest::{OURS, contest};

fn ours(mut input: &[u8]) -> usize {
    let mut splitter = ReplySplitter::new();
    let mut good = 0;
    while let Some(Ok(reply)) = splitter.next(input) {
        black_box(reply.enhanced());
        for line in reply.lines() {
            black_box(line);
        }
        input = &input[reply.raw.len()..];
        good += 1;
    }
    good
}

fn smtp_proto(input: &[u8]) -> usize {
    let mut octets = input.iter();
    let mut receiver = ResponseReceiver::default();
    let mut good = 0;
    while !octets.as_slice().is_empty() {
        let reply = receiver.parse(&mut octets);
        good += usize::from(black_box(&reply).is_ok());
        receiver.reset();
    }
    good
}

/// Recognizes the reply and returns its octets; the peer has no function that takes any reply apart.
fn smtp_codec(mut input: &[u8]) -> usize {
    let mut good = 0;
    while let Ok((rest, reply)) = Reply_line(input) {
        black_box(&reply);
        good += 1;
        input = rest;
    }
    good
}

fn smtp_message(mut input: &[u8]) -> usize {
    let mut good = 0;
    while let Ok((rest, reply)) = smtp_message::Reply::<&str>::parse(input) {
        black_box(&reply);
        good += 1;
        input = rest;
    }
    good
}

pub(crate) fn bench(c: &mut Criterion) {
    let input = replies();
    contest(
        c,
        "replies",
        &input,
        REPLIES,
        REPLIES,
        &mut [
            (OURS, &mut ours),
            ("smtp-proto", &mut smtp_proto),
            ("smtp-codec", &mut smtp_codec),
            ("smtp-message", &mut smtp_message),
        ],
    );
}
