//! Reading message content: finding its end, the end of its header section, and removing the stuffed dots.

use std::hint::black_box;

use criterion::Criterion;
use smtp_message::DataUnescaper;
use smtp_proto::request::receiver::DataReceiver;
use smtpspec_benches::{data, dots, short_lines};
use smtpspec_core::wire::{DataPart, DataStream};

use crate::contest::{OURS, contest};

/// What a socket gives at once.
const PIECE: usize = 64 << 10;

/// The length of a message, and of a worst one.
const LONG: usize = 16 << 20;
const SHORTER: usize = 1 << 20;

/// Gives the content out as it stands in the input.
fn ours(input: &[u8]) -> usize {
    let mut stream = DataStream::new();
    let mut octets = 0;
    for piece in input.chunks(PIECE) {
        stream.push(piece, |part| {
            if let DataPart::Content(content) = black_box(part) {
                octets += content.len();
            }
        });
    }
    octets
}

/// Collects the content, as the peers do.
fn ours_copied(input: &[u8], out: &mut Vec<u8>) -> usize {
    out.clear();
    let mut stream = DataStream::new();
    for piece in input.chunks(PIECE) {
        stream.push(piece, |part| {
            if let DataPart::Content(content) = part {
                out.extend_from_slice(content);
            }
        });
    }
    out.len()
}

fn smtp_proto(input: &[u8], out: &mut Vec<u8>) -> usize {
    out.clear();
    let mut receiver = DataReceiver::new();
    for piece in input.chunks(PIECE) {
        receiver.ingest(&mut piece.iter(), out);
    }
    out.len()
}

/// Works in the buffer that was read into, so that the input has to be brought there.
fn smtp_message(input: &[u8], buffer: &mut Vec<u8>) -> usize {
    let mut unescaper = DataUnescaper::new(true);
    let mut octets = 0;
    buffer.clear();
    for piece in input.chunks(PIECE) {
        buffer.extend_from_slice(piece);
        let result = unescaper.unescape(buffer);
        octets += black_box(&buffer[..result.written]).len();
        buffer.drain(..result.unhandled_idx);
    }
    octets
}

pub(crate) fn bench(c: &mut Criterion) {
    group(c, "data", &data(LONG));
    group(c, "data, a dot on every line", &dots(SHORTER));
    group(c, "data, one octet a line", &short_lines(SHORTER));
}

fn group(c: &mut Criterion, name: &str, input: &[u8]) {
    // Every stuffed dot is gone, and so is the end of data.
    let stuffed = memchr::memmem::find_iter(input, b"\r\n.").count() - 1;
    let content = input.len() - stuffed - b".\r\n".len();
    let lines = memchr::memchr_iter(b'\n', input).count();
    let [mut first, mut second, mut third] = [0; 3].map(|_| Vec::with_capacity(input.len()));
    contest(
        c,
        name,
        input,
        lines,
        content,
        &mut [
            (OURS, &mut ours),
            ("smtpspec, copied out", &mut |input| {
                ours_copied(input, &mut first)
            }),
            ("smtp-proto", &mut |input| smtp_proto(input, &mut second)),
            ("smtp-message", &mut |input| smtp_message(input, &mut third)),
        ],
    );
}
