//! `smtpspec serve`.

use std::time::Duration;

use clap::Args;
use smtpspec_core::receiver::Config;

use super::Format;

/// Arguments of `serve`.
#[derive(Debug, Args)]
#[command(after_help = defects())]
pub struct ServeArgs {
    /// Where to listen. Port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:2525")]
    pub listen: String,
    /// How long a client may be silent.
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = humantime::parse_duration)]
    pub idle: Duration,
    /// Largest message that is taken, in octets; announced by SIZE.
    #[arg(long, value_name = "OCTETS", default_value_t = Config::default().max_message_size)]
    pub max_message_size: u64,
    /// TLS comes before the banner, as on port 465. Without it STARTTLS is offered.
    #[arg(long)]
    pub implicit_tls: bool,
    /// Speak LMTP (RFC 2033) in place of SMTP.
    #[arg(long)]
    pub lmtp: bool,
    /// Plant a defect (may be repeated; listed below).
    #[arg(long, value_name = "NAME")]
    pub defect: Vec<String>,
    /// How to print the events: for people, or as an event stream (JSON Lines).
    #[arg(long, value_enum, default_value_t = Format::Console)]
    pub format: Format,
    /// Allow listening on an address that is not loopback.
    #[arg(long)]
    pub allow_remote: bool,
}

fn defects() -> String {
    use smtpspec_core::receiver::Defect;
    let lines = Defect::ALL.iter().map(|defect| {
        format!(
            "  {:<36} {:<7} {}\n",
            defect.name(),
            defect.rule(),
            defect.about()
        )
    });
    format!(
        "Defects, each with the rule that catches it:\n{}",
        lines.collect::<String>()
    )
}
