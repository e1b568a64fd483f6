//! Command lines as a busy server sees them: sessions with one or more transactions.

use std::fmt::Write;

use crate::random::Random;

/// How many command lines [`commands`] gives.
pub const COMMANDS: usize = 100_000;

/// The corpus' own command lines.
const LINES: &str = include_str!("../inputs/commands.txt");

/// Command lines with their CRLF, one behind the other. Domains and addresses are the corpus' own; parameters are as
/// servers see them, SIZE with most MAIL commands and NOTIFY with some RCPT.
pub fn commands() -> Vec<u8> {
    let corpus = Corpus::read();
    let mut random = Random::new(1);
    let mut out = String::new();
    let mut lines = 0;
    while lines < COMMANDS {
        for line in session(&corpus, &mut random).lines().take(COMMANDS - lines) {
            out.push_str(line);
            out.push_str("\r\n");
            lines += 1;
        }
    }
    out.into_bytes()
}

/// The addresses that the corpus' MAIL and RCPT commands name, each with its angle brackets.
pub fn paths() -> Vec<&'static str> {
    let mut random = Random::new(4);
    let corpus = Corpus::read();
    (0..COMMANDS).map(|_| random.pick(&corpus.paths)).collect()
}

/// What the corpus' sessions name.
struct Corpus {
    domains: Vec<&'static str>,
    paths: Vec<&'static str>,
}

impl Corpus {
    fn read() -> Self {
        let argument = |line: &'static str| line.split_once(['<', ' ']).map(|(_, rest)| rest);
        let greetings = LINES.lines().filter(|line| line.starts_with("EHLO"));
        let envelopes = LINES.lines().filter_map(|line| {
            let start = line.find('<')?;
            let end = line.find('>')?;
            line.get(start..=end)
        });
        Self {
            domains: greetings.filter_map(argument).collect(),
            paths: envelopes.filter(is_whole).collect(),
        }
    }
}

/// EHLO, up to three transactions, QUIT; sometimes a NOOP or an RSET.
fn session(corpus: &Corpus, random: &mut Random) -> String {
    let mut out = format!("EHLO {}\n", random.pick(&corpus.domains));
    for _ in 0..=random.below(3) {
        mail(corpus, random, &mut out);
        for _ in 0..=random.below(4) {
            rcpt(corpus, random, &mut out);
        }
        out.push_str(random.pick(&["DATA\n", "DATA\n", "DATA\n", "RSET\n", "NOOP\nDATA\n"]));
    }
    out.push_str("QUIT\n");
    out
}

fn mail(corpus: &Corpus, random: &mut Random, out: &mut String) {
    let from = random.pick(&corpus.paths);
    let size = random.below(20_000_000);
    let tail = random.pick(&["", " BODY=8BITMIME", " BODY=7BIT"]);
    // Writing to a string cannot fail.
    let _ = match random.below(4) {
        0 => writeln!(out, "MAIL FROM:<>"),
        1 => writeln!(out, "MAIL FROM:{from}"),
        _ => writeln!(out, "MAIL FROM:{from} SIZE={size}{tail}"),
    };
}

fn rcpt(corpus: &Corpus, random: &mut Random, out: &mut String) {
    let tail = random.pick(&["", "", "", " NOTIFY=SUCCESS,FAILURE", " NOTIFY=NEVER"]);
    let _ = writeln!(out, "RCPT TO:{}{tail}", random.pick(&corpus.paths));
}

/// Has a domain, no quotes that may hold a `>` too, and no source route, which not every peer reads.
fn is_whole(path: &&str) -> bool {
    path.contains('@') && !path.contains('"') && !path.starts_with("<@")
}
