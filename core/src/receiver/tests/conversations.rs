//! Conversations that nobody disturbs, and what the protocol refuses in them.

use super::*;
use pretty_assertions::assert_eq;

const SEED: &str = "ehlo console\nmail from: sender@contoso.com\nrcpt to: recipient@contoso.com\ndata\n\
    To: recipient@contoso.com\nSubject: Test Message\n\nThis a test message.\n.\nquit\n";

fn seed_trace() -> Vec<String> {
    let headers = "To: recipient@contoso.com\nSubject: Test Message\n";
    let content = format!("{headers}\nThis a test message.\n");
    [
        "OnConnect 192.0.2.1:25",
        "< 220 mx.smtpspec.example ESMTP smtpspec",
        "OnEhloCommand console",
        "< 250-mx.smtpspec.example greets 192.0.2.2 / 250-PIPELINING / 250-SIZE 10485760 / 250-8BITMIME \
         / 250-AUTH PLAIN LOGIN / 250-ENHANCEDSTATUSCODES / 250-SMTPUTF8 / 250-STARTTLS / 250 HELP",
        "OnMailCommand <sender@contoso.com>",
        "< 250 2.1.0 sender ok",
        "OnRcptCommand <recipient@contoso.com>",
        "< 250 2.1.5 recipient ok",
        "OnDataCommand",
        "< 354 go ahead, end with <CRLF>.<CRLF>",
        &format!("OnEndOfHeaders {}", digest_of(headers)),
        &format!("OnEndOfData {}", digest_of(&content)),
        "< 250 2.6.0 message accepted",
        "< 221 2.0.0 mx.smtpspec.example goodbye",
        "close",
        "OnDisconnect QuitVerb",
    ]
    .map(str::to_owned)
    .to_vec()
}

#[test]
fn the_seed_conversation_fires_the_documented_events() {
    let mut session = Session::plain();
    assert_eq!(session.send(SEED).take(), seed_trace());
    assert!(session.receiver.is_over());
}

#[test]
fn the_trace_is_the_same_wherever_the_octets_are_cut() {
    let octets = SEED.replace('\n', "\r\n").into_bytes();
    for cut in 0..=octets.len() {
        let (front, back) = octets.split_at(cut);
        let mut session = Session::plain();
        assert_eq!(
            session.send_octets(front).send_octets(back).take(),
            seed_trace(),
            "cut at {cut}"
        );
    }
    let mut session = Session::plain();
    for octet in octets.chunks(1) {
        session.send_octets(octet);
    }
    assert_eq!(session.take(), seed_trace());
}

#[test]
fn end_of_headers_fires_when_the_blank_line_has_come() {
    let mut session = Session::plain().quietly(&format!("{ENVELOPE}DATA\nA: b\n"));
    assert_eq!(session.take(), [""; 0]);
    let fired = session.send("\n").take();
    assert_eq!(fired, [format!("OnEndOfHeaders {}", digest_of("A: b\n"))]);
}

#[test]
fn a_message_without_a_blank_line_has_headers_all_the_same() {
    for (content, headers) in [("", ""), ("\n", ""), ("A: b\n", "A: b\n")] {
        let mut session = Session::plain().quietly(&format!("{ENVELOPE}DATA\n"));
        assert_eq!(
            session.send(&format!("{content}.\n")).take(),
            [
                format!("OnEndOfHeaders {}", digest_of(headers)),
                format!("OnEndOfData {}", digest_of(content)),
                "< 250 2.6.0 message accepted".into(),
            ]
        );
    }
}

#[test]
fn look_alikes_of_the_end_of_data_are_content() {
    for alike in [
        "\n.\n",
        "\n.\r\n",
        "\r\n.\n",
        "\r.\r",
        "\r\n.\r",
        "\r.\r\n",
        "\r\n\0.\r\n",
    ] {
        let mut session = Session::plain().quietly(&format!("{ENVELOPE}DATA\n\n"));
        session.send_octets(format!("a{alike}RSET\r\n").as_bytes());
        assert_eq!(session.take(), [""; 0], "{alike:?}");
    }
}

/// What a refused command leaves in the trace.
fn refused(command: &str, reply: &str) -> [String; 2] {
    [
        format!("OnReject `{command}` ProtocolError {reply}"),
        format!("< {reply}"),
    ]
}

#[test]
fn what_the_protocol_refuses_fires_nothing_but_reject() {
    let cases = [
        ("", "MAIL FROM:<a@b.example>", "503 5.5.1 EHLO first"),
        ("", "RCPT TO:<a@b.example>", "503 5.5.1 MAIL first"),
        ("", "DATA", "503 5.5.1 MAIL first"),
        ("", "FOO bar", "500 5.5.1 unknown command"),
        ("", "", "500 5.5.2 not a command"),
        ("", "EXPN list", "502 5.5.1 not implemented"),
        ("", "STARTTLS", "503 5.5.1 EHLO first"),
        ("", "RSET x", "501 5.5.4 an argument where none is allowed"),
        (
            ENVELOPE,
            "MAIL FROM:<a@b.example>",
            "503 5.5.1 a transaction is open, RSET first",
        ),
        (
            ENVELOPE,
            "RCPT TO:<e@f.example> NOTIFY=NEVER",
            "555 5.5.4 parameter not known here",
        ),
        (
            "EHLO c\nMAIL FROM:<>\n",
            "DATA",
            "554 5.5.1 no valid recipients",
        ),
    ];
    for (before, command, reply) in cases {
        let mut session = Session::plain().quietly(before);
        assert_eq!(
            session.send(&format!("{command}\n")).take(),
            refused(command, reply)
        );
    }
}

#[test]
fn a_bare_lf_does_not_end_a_command() {
    let mut session = Session::plain().quietly("");
    session.send_octets(b"NOOP\nRSET\n");
    assert_eq!(session.take(), [""; 0]);
    let trace = session.send_octets(b"\r\n").take();
    assert!(
        trace[0].starts_with("OnReject `NOOP\nRSET\n` ProtocolError 50"),
        "{trace:?}"
    );
    assert_eq!(trace.len(), 2);
}

#[test]
fn whatever_clears_the_transaction_makes_rcpt_out_of_sequence() {
    for clears in ["RSET\n", "EHLO d\n", "HELO d\n", "DATA\n\n.\n"] {
        let mut session = Session::plain().quietly(&format!("{ENVELOPE}{clears}"));
        assert_eq!(
            session.send("RCPT TO:<e@f.example>\n").take(),
            refused("RCPT TO:<e@f.example>", "503 5.5.1 MAIL first"),
            "{clears:?}"
        );
    }
}

#[test]
fn noop_help_rset_and_vrfy_work_before_a_greeting() {
    let mut session = Session::plain().quietly("");
    let trace = session
        .send("NOOP x y\nhelp\nRSET\nVRFY c@d.example\n")
        .take();
    assert_eq!(
        trace,
        [
            "OnNoopCommand x y",
            "< 250 2.0.0 done",
            "OnHelpCommand",
            "< 214 2.0.0 HELO EHLO MAIL RCPT DATA RSET NOOP HELP VRFY AUTH STARTTLS QUIT",
            "OnRsetCommand",
            "< 250 2.0.0 forgotten",
            "< 252 2.1.5 cannot verify, will take a message and try",
        ]
    );
}

#[test]
fn what_is_pipelined_behind_quit_is_ignored() {
    let mut session = Session::plain().quietly("");
    let trace = session.send("QUIT\nNOOP\nEHLO c\n").take();
    assert_eq!(trace[1..], ["close", "OnDisconnect QuitVerb"]);
}
