//! Commands by example: what is read, and what had to be forgiven.

use pretty_assertions::assert_eq;

use crate::wire::{
    Command, Domain, ForwardPath, Leniency, LocalPart, Path, ReversePath, parse_command,
};

fn command(line: &str) -> Command<'_> {
    match parse_command(line.as_bytes()) {
        Ok(parsed) => parsed.command,
        Err(error) => panic!("{line:?}: {error}"),
    }
}

fn forgiven(line: &str) -> Vec<Leniency> {
    match parse_command(line.as_bytes()) {
        Ok(parsed) => parsed.leniencies.iter().collect(),
        Err(error) => panic!("{line:?}: {error}"),
    }
}

fn forward_path(line: &str) -> Path<'_> {
    match command(line) {
        Command::Rcpt {
            path: ForwardPath::Path(path),
            ..
        } => path,
        other => panic!("{line:?} gave {other:?}"),
    }
}

#[test]
fn strict_lines_need_nothing_forgiven() {
    for line in [
        "HELO mx.example.org",
        "ehlo [IPv6:2001:db8::1]",
        "MAIL FROM:<>",
        "mail from:<a.b+c@example.org> SIZE=1000 BODY=8BITMIME",
        "MAIL FROM:<\"a \\\" b\"@example.org>",
        "RCPT TO:<@a.example,@b.example:c@d.example>",
        "RCPT TO:<a@[192.0.2.1]> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a@b",
        "rcpt to:<PostMaster>",
        "DATA",
        "RSET",
        "NOOP",
        "NOOP anything",
        "HELP MAIL",
        "QUIT",
        "VRFY Smith",
        "EXPN list",
        "AUTH PLAIN AGEAYg==",
        "auth login =",
        "STARTTLS",
        "BDAT 0 LAST",
        "XCLIENT NAME=x",
    ] {
        assert_eq!(forgiven(line), [], "{line}");
    }
    let utf8 = "MAIL FROM:<grüße@bücher.example> SMTPUTF8";
    assert_eq!(forgiven(utf8), []);
}

#[test]
fn each_leniency_is_named() {
    use Leniency as L;
    let long = format!("RCPT TO:<{}@example.org>", "a".repeat(65));
    let domain = format!("RCPT TO:<a@{}b>", "b.".repeat(128));
    for (line, leniencies) in [
        ("MAIL FROM: <a@b>", vec![L::SpaceAfterColon]),
        (
            "MAIL FROM : <>",
            vec![L::SpaceAfterColon, L::SpaceBeforeColon],
        ),
        ("RCPT TO:a@b NOTIFY=NEVER", vec![L::NoAngleBrackets]),
        (
            "mail from: sender@contoso.com",
            vec![L::SpaceAfterColon, L::NoAngleBrackets],
        ),
        ("DATA ", vec![L::TrailingSpace]),
        (" DATA", vec![L::LeadingSpace]),
        ("MAIL  FROM:<> SIZE=1  BODY=7BIT", vec![L::ExtraSpace]),
        ("EHLO\tmx", vec![L::TabAsSpace]),
        ("QUIT\t", vec![L::TrailingSpace, L::TabAsSpace]),
        ("EHLO my_host", vec![L::LooseDomain]),
        ("HELO [300.0.0.1]", vec![L::LooseDomain]),
        ("EHLO bücher.example", vec![L::LooseDomain]),
        ("DATA now", vec![L::UnexpectedArgument]),
        ("STARTTLS 1", vec![L::UnexpectedArgument]),
        ("RCPT TO:<ü@b>", vec![L::EightBitWithoutSmtpUtf8]),
        ("MAIL FROM:<> X=ü", vec![L::EightBitWithoutSmtpUtf8]),
        ("VRFY ü", vec![L::EightBitWithoutSmtpUtf8]),
        (long.as_str(), vec![L::OverLong]),
        (domain.as_str(), vec![L::OverLong]),
        ("RCPT TO:<user>", vec![L::NoDomain]),
        ("MAIL FROM:<Postmaster>", vec![L::NoDomain]),
    ] {
        assert_eq!(forgiven(line), leniencies, "{line}");
    }
}

#[test]
fn limits_of_length_are_exact() {
    let local_part = |length| format!("MAIL FROM:<{}@b>", "a".repeat(length));
    assert_eq!(forgiven(&local_part(64)), []);
    assert_eq!(forgiven(&local_part(65)), [Leniency::OverLong]);
    // `<a@` and `>` are four octets of the path's 256.
    let path = |length| format!("RCPT TO:<a@{}>", "b".repeat(length));
    assert_eq!(forgiven(&path(252)), []);
    assert_eq!(forgiven(&path(253)), [Leniency::OverLong]);
    let greeting = |length| format!("EHLO {}", "b".repeat(length));
    assert_eq!(forgiven(&greeting(255)), []);
    assert_eq!(forgiven(&greeting(256)), [Leniency::OverLong]);
}

#[test]
fn a_path_is_taken_apart() {
    let path = forward_path("RCPT TO:<@a.example,@b.example:\"x y\"@[192.0.2.1]>");
    assert_eq!(path.raw, b"@a.example,@b.example:\"x y\"@[192.0.2.1]");
    assert_eq!(path.route, Some(&b"@a.example,@b.example"[..]));
    assert_eq!(path.mailbox.local_part, LocalPart::QuotedString(b"\"x y\""));
    assert_eq!(
        path.mailbox.domain,
        Some(Domain::AddressLiteral(b"[192.0.2.1]"))
    );
}

#[test]
fn postmaster_needs_no_domain_in_rcpt_only() {
    let Command::Rcpt { path, .. } = command("RCPT TO:<pOstmaster>") else {
        panic!("no RCPT");
    };
    assert_eq!(path, ForwardPath::Postmaster(b"pOstmaster"));
    let path = forward_path("RCPT TO:<Postmaster@example.org>");
    assert_eq!(path.mailbox.domain, Some(Domain::Name(b"example.org")));
}

#[test]
fn the_null_path_has_parameters_too() {
    let Command::Mail { path, parameters } = command("MAIL FROM:<> size=7 SMTPUTF8 ") else {
        panic!("no MAIL");
    };
    assert_eq!(path, ReversePath::Null);
    assert_eq!(parameters.raw, b"size=7 SMTPUTF8");
    assert_eq!(
        parameters.get("SIZE").and_then(|p| p.value),
        Some(&b"7"[..])
    );
    assert_eq!(parameters.get("smtputf8").map(|p| p.value), Some(None));
    assert_eq!(parameters.get("BODY"), None);
}

#[test]
fn other_arguments_come_as_sent() {
    assert_eq!(
        command("AUTH xoauth2 dGVzdA=="),
        Command::Auth {
            mechanism: b"xoauth2",
            initial: Some(b"dGVzdA=="),
        }
    );
    assert_eq!(
        command("bdat 18446744073709551615 last"),
        Command::Bdat {
            size: u64::MAX,
            last: true,
        }
    );
    assert_eq!(
        command("EXPN my list "),
        Command::Expn {
            argument: b"my list"
        }
    );
    assert_eq!(command("EHLO  MX"), Command::Ehlo { domain: b"MX" });
}

#[test]
fn an_unknown_verb_is_a_command() {
    let unknown = |verb, argument| Command::Unknown { verb, argument };
    assert_eq!(command("DATAX"), unknown(b"DATAX", None));
    assert_eq!(
        command("MAILFROM:<a> b"),
        unknown(b"MAILFROM:<a>", Some(b"b"))
    );
    assert_eq!(
        command("Subject: grüße"),
        unknown(b"Subject:", Some("grüße".as_bytes()))
    );
}
