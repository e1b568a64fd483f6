//! Which server is asked, and how.

use std::{fmt::Write, time::Duration};

use clap::{Args, ValueEnum};
use smtpspec_core::{conversation::TlsMode, wire::Protocol};

use crate::target::Setting;

/// Which server, and how to see its events.
#[derive(Debug, Clone, Args)]
pub struct TargetArgs {
    /// A server that smtpspec starts itself: `embedded`, or the name of an adapter (`smtpspec targets` lists them),
    /// with `@VERSION` for another version than the usual one.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "embedded",
        conflicts_with = "connect"
    )]
    pub target: String,
    /// A server that is already running.
    #[arg(long, value_name = "HOST:PORT")]
    pub connect: Option<String>,
    /// Where its events come from: tcp:HOST:PORT or unix:PATH (smtpspec listens there), file:PATH. Without it
    /// only the wire is judged.
    #[arg(long, value_name = "SPEC", requires = "connect")]
    pub events: Option<String>,
    /// Allow a server that is not on the loopback interface.
    #[arg(long)]
    pub allow_remote: bool,
    /// Play each conversation inside TLS: behind EHLO and STARTTLS, or on a port where TLS comes first. What smtpspec
    /// starts offers it; certificates are not verified. Conversations about STARTTLS itself stay as they are.
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Tls::None)]
    pub tls: Tls,
    /// Have the server set otherwise than its adapter sets it, for example
    /// `--setting smtpd_forbid_bare_newline=normalize` (may be repeated; `smtpspec targets` lists what can be set).
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "connect")]
    pub setting: Vec<Setting>,
    /// Speak LMTP (RFC 2033): each conversation with LHLO for HELO and EHLO, and a reply for each recipient behind the end
    /// of a message. What smtpspec starts speaks it. Without this only conversations with `%lmtp` are LMTP, and only the
    /// embedded server is asked for it.
    #[arg(long)]
    pub lmtp: bool,
    /// Plant a defect in the embedded server, to see it caught (may be repeated; `serve --help` lists them).
    #[arg(long, value_name = "NAME", conflicts_with = "connect")]
    pub defect: Vec<String>,
    /// How long a reply may take before smtpspec gives up.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = humantime::parse_duration)]
    pub timeout: Duration,
}

impl TargetArgs {
    /// What is spoken.
    pub const fn protocol(&self) -> Protocol {
        if self.lmtp {
            Protocol::Lmtp
        } else {
            Protocol::Smtp
        }
    }

    /// The options that name this target again, each with a leading blank.
    pub fn again(&self) -> String {
        let mut options = match &self.connect {
            Some(address) => format!(" --connect {address}"),
            None if self.target == "embedded" => String::new(),
            None => format!(" --target {}", self.target),
        };
        if self.tls != Tls::None {
            let _ = write!(options, " --tls {}", self.tls.name());
        }
        for setting in &self.setting {
            let _ = write!(options, " --setting {}", shell_word(&setting.to_string()));
        }
        if self.lmtp {
            options.push_str(" --lmtp");
        }
        for (name, value) in self
            .events
            .iter()
            .map(|value| ("events", value))
            .chain(self.defect.iter().map(|value| ("defect", value)))
        {
            // Writing into a string cannot fail.
            let _ = write!(options, " --{name} {value}");
        }
        options
    }
}

/// `text` as a POSIX shell takes it for one word.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.,:=/@+%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// How conversations are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tls {
    /// Not, but for those about STARTTLS.
    None,
    /// Each behind STARTTLS (RFC 3207).
    Starttls,
    /// Each with TLS before the first octet (RFC 8314, 3).
    Implicit,
}

impl Tls {
    /// As on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Starttls => "starttls",
            Self::Implicit => "implicit",
        }
    }

    /// As conversations have it.
    pub const fn mode(self) -> TlsMode {
        match self {
            Self::None => TlsMode::None,
            Self::Starttls => TlsMode::StartTls,
            Self::Implicit => TlsMode::Implicit,
        }
    }
}
