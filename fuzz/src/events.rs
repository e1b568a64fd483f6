//! `parse_stream_line`: any line is read or refused, and what was read is written in a form that reads back equal.

use smtpspec_core::event::{EVENT_STREAM_VERSION, StreamError, StreamItem, parse_stream_line};

/// Panics if `line`, a line of an event stream without its end, shows that the reader is wrong.
pub fn events(line: &[u8]) {
    let written = match parse_stream_line(line) {
        Ok(StreamItem::Hello(hello)) => {
            assert_eq!(hello.version, EVENT_STREAM_VERSION);
            serde_json::to_vec(&hello)
        }
        Ok(StreamItem::Event(record)) => serde_json::to_vec(&record),
        Err(StreamError::Version { found }) => {
            assert_ne!(found, u64::from(EVENT_STREAM_VERSION));
            return;
        }
        Err(error @ StreamError::Malformed { .. }) => {
            let text = error.to_string();
            assert!(!text.contains(char::is_control), "{text:?}");
            return;
        }
    };
    let written = written.expect("what was read can be written");
    assert!(!written.contains(&b'\n'), "a line is one line");
    assert_eq!(parse_stream_line(&written), parse_stream_line(line));
}
