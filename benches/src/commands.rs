//! Command lines as a busy server sees them: sessions with one or more transactions.

use std::fmt::Write;

use crate::random::Random;

/// How many command lines [`commands`] gives.
pub const COMMANDS: usize = 100_000;

/// Command lines with their CRLF, one behind the other.
pub fn commands() -> Vec<u8> {
    let mut random = Random::new(1);
    let mut out = String::new();
    let mut lines = 0;
    while lines < COMMANDS {
        for line in session(&mut random).lines().take(COMMANDS - lines) {
            out.push_str(line);
            out.push_str("\r\n");
            lines += 1;
        }
    }
    out.into_bytes()
}

/// EHLO, up to three transactions, QUIT; sometimes a NOOP or an RSET.
fn session(random: &mut Random) -> String {
    let mut out = format!("EHLO {}\n", domain(random));
    for _ in 0..=random.below(3) {
        mail(random, &mut out);
        for _ in 0..=random.below(4) {
            rcpt(random, &mut out);
        }
        out.push_str(random.pick(&["DATA\n", "DATA\n", "DATA\n", "RSET\n", "NOOP\nDATA\n"]));
    }
    out.push_str("QUIT\n");
    out
}

fn mail(random: &mut Random, out: &mut String) {
    let from = address(random);
    let size = random.below(20_000_000);
    let tail = random.pick(&["", " BODY=8BITMIME", " BODY=7BIT"]);
    // Writing to a string cannot fail.
    let _ = match random.below(4) {
        0 => writeln!(out, "MAIL FROM:<>"),
        1 => writeln!(out, "MAIL FROM:<{from}>"),
        _ => writeln!(out, "MAIL FROM:<{from}> SIZE={size}{tail}"),
    };
}

fn rcpt(random: &mut Random, out: &mut String) {
    let tail = random.pick(&["", "", "", " NOTIFY=SUCCESS,FAILURE", " NOTIFY=NEVER"]);
    let _ = writeln!(out, "RCPT TO:<{}>{tail}", address(random));
}

fn address(random: &mut Random) -> String {
    let name = random.pick(&[
        "alice",
        "bob",
        "j.doe",
        "no-reply",
        "bounces+list",
        "info",
        "x_y",
    ]);
    let number = random.below(10_000);
    format!("{name}{number}@{}", domain(random))
}

fn domain(random: &mut Random) -> String {
    let host = random.pick(&["mx", "mail", "out-7", "a", "relay.eu-west", "smtp.office"]);
    let name = random.pick(&["example", "contoso", "a-rather-long-name", "b2b"]);
    let top = random.pick(&["org", "com", "net", "co.uk"]);
    format!("{host}.{name}.{top}")
}
