//! The short conversation that throughput is counted in: one message, in lock-step.

use smtpspec_core::conversation::{Conversation, Step};

/// What a client sends, each in one write; it reads the reply to each before it goes on.
pub const EXCHANGES: [&str; 6] = [
    "EHLO client.example.org\r\n",
    "MAIL FROM:<sender@client.example.org>\r\n",
    "RCPT TO:<recipient@mx.example.net>\r\n",
    "DATA\r\n",
    "Subject: short\r\n\r\nA short message.\r\n.\r\n",
    "QUIT\r\n",
];

/// The same as a conversation.
pub fn short() -> Conversation {
    conversation("A short message", &EXCHANGES)
}

/// The shortest that says who the client is: EHLO and QUIT.
pub fn greeting() -> Conversation {
    conversation("A greeting", &[EXCHANGES[0], EXCHANGES[5]])
}

fn conversation(title: &str, exchanges: &[&str]) -> Conversation {
    let send = |text: &&str| Step::Send(vec![text.as_bytes().to_vec()]);
    Conversation {
        title: title.to_owned(),
        steps: exchanges.iter().map(send).collect(),
        ..Conversation::default()
    }
}
