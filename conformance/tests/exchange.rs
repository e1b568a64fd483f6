//! The Exchange agent, compiled against a stub, sends an event stream.

use std::{collections::BTreeSet, path::Path, process::Command};

use smtpspec::observe::Audit;
use smtpspec_core::event::{EventKind, StreamItem, parse_stream_line};

#[test]
#[ignore = "needs mcs and mono"]
fn the_agent_sends_each_of_the_fifteen_events() {
    let test = Path::new(env!("CARGO_MANIFEST_DIR")).join("adapters/exchange/test.sh");
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exchange.jsonl");
    let status = Command::new(test).arg(&file).status();
    assert!(status.is_ok_and(|status| status.success()));
    let stream = std::fs::read(&file).unwrap();
    let audit = Audit::of(&stream[..]).unwrap();
    assert!(audit.is_valid(), "{:#?}", audit.problems);
    let mut seen = BTreeSet::new();
    for (number, line) in stream
        .trim_ascii_end()
        .split(|octet| *octet == b'\n')
        .enumerate()
    {
        match parse_stream_line(line).unwrap() {
            StreamItem::Hello(hello) => assert_eq!((number, hello.events.len()), (0, 15)),
            StreamItem::Event(record) => assert!(seen.insert(record.event.kind())),
        }
    }
    assert_eq!(seen, EventKind::ALL.iter().copied().collect());
}
