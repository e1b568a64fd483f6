//! Limits: lines, recipients, errors, message size.

use super::*;
use pretty_assertions::assert_eq;

#[test]
fn a_line_that_is_too_long_is_refused_once_and_reported_by_its_begin() {
    for length in [513, 5_000, 100_000] {
        let mut session = Session::plain().quietly("");
        for piece in "x".repeat(length - 2).as_bytes().chunks(100) {
            session.send_octets(piece);
        }
        assert_eq!(session.take(), [""; 0]);
        let begin = "x".repeat((length - 2).min(512));
        let reply = "500 5.5.6 line too long";
        let want = [
            format!("OnReject `{begin}` ProtocolError {reply}"),
            format!("< {reply}"),
        ];
        assert_eq!(session.send("\n").take(), want);
        assert_eq!(
            session.send("NOOP\n").take().len(),
            2,
            "the next line is read again"
        );
    }
}

#[test]
fn recipients_beyond_the_limit_are_refused_for_now() {
    let config = Config {
        max_recipients: 1,
        max_errors: 1,
        ..Config::default()
    };
    let mut session = Session::new(config, vec![]).quietly(ENVELOPE);
    let trace = session.send("RCPT TO:<e@f.example>\nDATA\n").take();
    assert_eq!(trace[1], "< 452 4.5.3 too many recipients");
    assert_eq!(trace[2], "OnDataCommand");
}

#[test]
fn the_last_error_that_is_allowed_ends_the_session() {
    let mut session = Session::plain().quietly(&"FOO\n".repeat(9));
    let reply = "421 4.7.0 mx.smtpspec.example too many errors";
    assert_eq!(
        session.send("FOO\nNOOP\n").take(),
        [
            &format!("OnReject `FOO` ProtocolError {reply}"),
            &format!("< {reply}"),
            "close",
            "OnDisconnect TooManyErrors"
        ]
    );
}

#[test]
fn a_message_that_is_too_large_is_refused_at_its_end() {
    let config = Config {
        max_message_size: 4,
        ..Config::default()
    };
    let reply = "552 5.3.4 message larger than 4 octets";
    let mut session = Session::new(config, vec![]).quietly(&format!("{ENVELOPE}DATA\n"));
    session.send("\nab\n");
    session.take();
    assert_eq!(
        session.send(".\n").take(),
        [
            format!("OnReject - ProtocolError {reply}"),
            format!("< {reply}")
        ]
    );
    let trace = session
        .send("MAIL FROM:<> SIZE=5\nMAIL FROM:<> SIZE=4\n")
        .take();
    assert_eq!(trace[1], format!("< {reply}"));
    assert_eq!(trace[3], "< 250 2.1.0 sender ok");
}
