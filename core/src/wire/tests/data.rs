//! The DATA stream: cut anywhere, it reads the same.

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::reference::{self, Collector, Message};
use crate::wire::{DataPart, DataStream};

/// Reads `input` in pieces of these lengths, again and again.
fn read(input: &[u8], lengths: &[usize]) -> Message {
    let mut stream = DataStream::new();
    let mut collector = Collector::default();
    let mut taken = None;
    let mut rest = input;
    for length in lengths.iter().cycle() {
        let (piece, behind) = rest.split_at((*length).clamp(1, 64).min(rest.len()));
        if let Some(length) = stream.push(piece, |part| collector.take(part)) {
            taken = Some(input.len() - rest.len() + length);
            break;
        }
        rest = behind;
        if rest.is_empty() {
            break;
        }
    }
    assert_eq!(collector.data_ended, taken.is_some());
    Message {
        header: collector.header,
        body: collector.body,
        taken,
    }
}

fn parts(input: &[u8]) -> Vec<DataPart<'_>> {
    let mut parts = Vec::new();
    DataStream::new().push(input, |part| parts.push(part));
    parts
}

/// Every string of these octets is full of things that look like the end of data.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let octet = prop::sample::select(b"\r\r\n\n..a\0".to_vec());
    prop::collection::vec(octet, 0..80)
}

#[test]
fn stuffed_dots_are_removed_and_the_end_is_found() {
    assert_eq!(
        parts(b"Subject: x\r\n\r\n..a\r\nb.\r\n.\r\nQUIT\r\n"),
        [
            DataPart::Content(b"Subject: x\r\n\r\n"),
            DataPart::EndOfHeaders,
            DataPart::Content(b".a\r\nb.\r\n"),
            DataPart::EndOfData,
        ]
    );
}

#[test]
fn an_empty_message_has_both_ends() {
    assert_eq!(
        parts(b".\r\n"),
        [DataPart::EndOfHeaders, DataPart::EndOfData]
    );
}

#[test]
fn without_a_blank_line_the_headers_end_just_before_the_data() {
    assert_eq!(
        parts(b"a: b\r\n.\r\n"),
        [
            DataPart::Content(b"a: b\r\n"),
            DataPart::EndOfHeaders,
            DataPart::EndOfData,
        ]
    );
}

#[test]
fn a_message_that_begins_with_a_blank_line_has_an_empty_header_section() {
    assert_eq!(
        parts(b"\r\na: b\r\n"),
        [
            DataPart::Content(b"\r\n"),
            DataPart::EndOfHeaders,
            DataPart::Content(b"a: b\r\n"),
        ]
    );
}

#[test]
fn what_only_looks_like_the_end_of_data_is_content() {
    for look_alike in [
        "\n.\n",
        "\n.\r\n",
        "\r\n.\n",
        "\r.\r",
        "\r.\r\n",
        "\r\n.\r",
        "\r\n\0.\r\n",
        "\r\n.\0\r\n",
        "\r\n.\r\r\n",
        "\r\n. \r\n",
        "\r\n..\r\n",
    ] {
        let input = format!("a: b\r\n\r\nc{look_alike}MAIL FROM:<a@b>\r\n");
        assert_eq!(read(input.as_bytes(), &[1]).taken, None, "{look_alike:?}");
    }
}

#[test]
fn behind_the_end_nothing_is_taken() {
    let mut stream = DataStream::new();
    assert_eq!(stream.push(b".\r\nNOOP\r\n", |_| {}), Some(3));
    assert_eq!(stream.push(b"NOOP\r\n", |part| panic!("{part:?}")), Some(0));
}

#[test]
fn a_cr_behind_a_dot_waits_for_the_next_octet() {
    let mut stream = DataStream::new();
    let mut collector = Collector::default();
    stream.push(b"a\r\n.\r", |part| collector.take(part));
    assert_eq!(collector.header, b"a\r\n");
    stream.push(b"\r", |part| collector.take(part));
    assert_eq!(collector.header, b"a\r\n\r\r");
    assert_eq!(
        stream.push(b"\n.\r\n", |part| collector.take(part)),
        Some(4)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn hostile_streams_read_as_the_reference_reads_them(
        input in hostile(),
        lengths in prop::collection::vec(1..9_usize, 1..5),
    ) {
        let expected = reference::message(&input);
        prop_assert_eq!(&read(&input, &lengths), &expected);
        prop_assert_eq!(&read(&input, &[64, 64]), &expected);
    }

    #[test]
    fn stuffing_is_undone(content in hostile(), lengths in prop::collection::vec(1..30_usize, 1..5)) {
        let mut sent = Vec::new();
        let (lines, rest) = reference::lines(&content);
        let whole = lines.into_iter().chain((!rest.is_empty()).then_some(rest));
        for line in whole {
            if line.starts_with(b".") {
                sent.push(b'.');
            }
            sent.extend_from_slice(line);
            sent.extend_from_slice(b"\r\n");
        }
        // What is stuffed comes back, with the CRLF that its last line was given.
        let mut expected = content.clone();
        if !rest.is_empty() {
            expected.extend_from_slice(b"\r\n");
        }
        let length = sent.len() + 3;
        sent.extend_from_slice(b".\r\n.\r\nQUIT\r\n");
        let message = read(&sent, &lengths);
        prop_assert_eq!([message.header, message.body].concat(), expected);
        prop_assert_eq!(message.taken, Some(length));
    }
}
