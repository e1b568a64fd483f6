//! Generating conversations. The peer draws as many strings of commands from proptest, which know nothing of states; the
//! floor is that of the conversations' octets.

use std::hint::black_box;

use criterion::Criterion;
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use smtpspec_core::generate::{Family, conversation};

use crate::contest::{OURS, contest};

/// How many conversations.
const CONVERSATIONS: u64 = 100;

/// Lines that look like SMTP, about as many as a conversation has.
const LINES: &str =
    "((EHLO|MAIL FROM:|RCPT TO:|DATA|RSET|NOOP|QUIT)( <?[a-z]{1,8}@[a-z]{1,8}>?)?\r\n){1,20}";

pub(crate) fn bench(c: &mut Criterion) {
    let octets: Vec<u8> = (0..CONVERSATIONS)
        .flat_map(|index| conversation(Family::Valid, 1, index).octets())
        .collect();
    let count = usize::try_from(CONVERSATIONS).unwrap_or(usize::MAX);
    let strategy = proptest::string::string_regex(LINES).unwrap_or_else(|error| panic!("{error}"));
    contest(
        c,
        "generate",
        &octets,
        count,
        count,
        &mut [
            (OURS, &mut |_| {
                let all = (0..CONVERSATIONS).map(|index| conversation(Family::Valid, 1, index));
                all.map(black_box).count()
            }),
            ("proptest, a regular expression", &mut |_| {
                let mut runner = TestRunner::deterministic();
                let drawn = (0..count).filter_map(|_| strategy.new_tree(&mut runner).ok());
                drawn.fold(0, |drawn, tree| {
                    black_box(tree.current());
                    drawn + 1
                })
            }),
        ],
    );
}
