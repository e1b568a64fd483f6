//! Replies as a client sees them.

use crate::random::Random;

/// How many replies [`replies`] gives.
pub const REPLIES: usize = 100_000;

/// The corpus' own replies, with an empty line between two.
const CORPUS: &str = include_str!("../inputs/replies.txt");

/// Replies, one behind the other: half of them the corpus' own, half of them as servers send them most.
pub fn replies() -> Vec<u8> {
    let corpus: Vec<String> = CORPUS
        .split("\n\n")
        .map(|reply| reply.trim_end().replace('\n', "\r\n") + "\r\n")
        .collect();
    let corpus: Vec<&str> = corpus.iter().map(String::as_str).collect();
    let mut random = Random::new(2);
    let mut out = String::new();
    for _ in 0..REPLIES {
        let own = random.below(2) == 0;
        out.push_str(if own {
            random.pick(&corpus)
        } else {
            random.pick(&MIX)
        });
    }
    out.into_bytes()
}

const MIX: [&str; 10] = [
    "220 mx.example.org ESMTP ready\r\n",
    "250-mx.example.org greets client.example.net\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-ETRN\r\n\
     250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250 CHUNKING\r\n",
    "250 2.1.0 Ok\r\n",
    "250 2.1.5 Ok\r\n",
    "250 2.1.5 Recipient address accepted, thank you for asking\r\n",
    "354 End data with <CR><LF>.<CR><LF>\r\n",
    "250 2.0.0 Ok: queued as 4B5C6D7E8F\r\n",
    "550-5.7.1 Your message was refused.\r\n550 5.7.1 See the page about it.\r\n",
    "450 4.2.0 Greylisted, see you in five minutes\r\n",
    "221 2.0.0 Bye\r\n",
];
