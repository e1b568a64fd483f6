//! The reference server's settings.

use super::Defects;
use crate::wire::{Leniencies, Leniency, Protocol};

/// Who can authenticate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The authentication identity.
    pub user: String,
    /// Its password.
    pub password: String,
}

/// Settings of the reference server; the default is what the model asks for.
#[derive(Debug, Clone)]
pub struct Config {
    /// What it speaks. In LMTP LHLO does what EHLO does, HELO and EHLO are unknown commands, and the end of a message is
    /// answered once for each recipient (RFC 2033).
    pub protocol: Protocol,
    /// The name it gives itself in banner and greetings: a domain.
    pub host: String,
    /// Largest message, in octets after dot-unstuffing; announced by SIZE (RFC 1870).
    pub max_message_size: u64,
    /// Recipients of one message; those behind are answered by 452 (RFC 5321, 4.5.3.1.10). The default is the least
    /// that is allowed (4.5.3.1.8), so that a short conversation gets there.
    pub max_recipients: usize,
    /// The command that brings the protocol's refusals to this number ends the session by 421.
    pub max_errors: u32,
    /// STARTTLS is announced and served (RFC 3207).
    pub starttls: bool,
    /// What is taken besides the strict grammar.
    pub leniencies: Leniencies,
    /// Who can authenticate (AUTH, RFC 4954). The default is a user `ursel@example.org` with the password `ostrich`, and
    /// one called `tim` with the password `tanstaaftanstaaf` (RFC 4616, 4).
    pub accounts: Vec<Account>,
    /// How late a late event of a planted defect comes, in milliseconds.
    pub defect_delay_ms: u64,
    /// Planted defects.
    pub defects: Defects,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            protocol: Protocol::Smtp,
            host: "mx.smtpspec.example".to_owned(),
            max_message_size: 10 * 1024 * 1024,
            max_recipients: 100,
            max_errors: 10,
            starttls: true,
            leniencies: Leniencies::NONE
                .with(Leniency::SpaceAfterColon)
                .with(Leniency::NoAngleBrackets)
                .with(Leniency::TrailingSpace)
                .with(Leniency::ExtraSpace)
                .with(Leniency::LooseDomain),
            accounts: [
                ("ursel@example.org", "ostrich"),
                ("tim", "tanstaaftanstaaf"),
            ]
            .map(|(user, password)| Account {
                user: user.to_owned(),
                password: password.to_owned(),
            })
            .to_vec(),
            defect_delay_ms: 1500,
            defects: Defects::default(),
        }
    }
}
