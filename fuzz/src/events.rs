//! `parse_stream_line`: any line is read or refused, what was read is what the JSON says, and it is written in a form that
//! reads back equal.

use smtpspec_core::event::{
    EVENT_STREAM_VERSION, EventRecord, StreamError, StreamItem, parse_stream_line,
};

/// Panics if `line`, a line of an event stream without its end, shows that the reader is wrong.
pub fn events(line: &[u8]) {
    let written = match parse_stream_line(line) {
        Ok(StreamItem::Hello(hello)) => {
            assert_eq!(hello.version, EVENT_STREAM_VERSION);
            serde_json::to_vec(&hello)
        }
        Ok(StreamItem::Event(record)) => {
            says(line, &record);
            serde_json::to_vec(&record)
        }
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

/// Holds the record's frame to the JSON as it stands.
fn says(line: &[u8], record: &EventRecord) {
    let value: serde_json::Value = serde_json::from_slice(line).expect("JSON");
    assert_eq!(value["session"], record.session);
    assert_eq!(value["seq"], record.seq);
    assert_eq!(value["at"].as_u64(), record.at);
    let peer = value["peer"].as_str().map(str::parse);
    assert_eq!(peer, Some(Ok(record.peer)));
    assert_eq!(value["event"], record.event.kind().to_string());
}
