//! The event that a command fires.

use crate::event::Event;
use crate::wire::Command;

/// The command's own event; VRFY, QUIT and the like have none (MODEL.md, section 1).
pub(super) fn own_event(command: &Command<'_>) -> Option<Event> {
    Some(match *command {
        Command::Helo { domain } => Event::OnHeloCommand {
            domain: Some(domain.into()),
        },
        Command::Ehlo { domain } => Event::OnEhloCommand {
            domain: Some(domain.into()),
        },
        Command::Mail { path, parameters } => Event::OnMailCommand {
            reverse_path: Some(path.raw().into()),
            parameters: Some(parameters.raw.into()),
        },
        Command::Rcpt { path, parameters } => Event::OnRcptCommand {
            forward_path: Some(path.raw().into()),
            parameters: Some(parameters.raw.into()),
        },
        // Fired for a message's first chunk only.
        Command::Data | Command::Bdat { .. } => Event::OnDataCommand {},
        Command::Rset => Event::OnRsetCommand {},
        Command::Noop { argument } => Event::OnNoopCommand {
            argument: Some(argument.unwrap_or_default().into()),
        },
        Command::Help { argument } => Event::OnHelpCommand {
            argument: Some(argument.unwrap_or_default().into()),
        },
        Command::Auth { mechanism, .. } => Event::OnAuthCommand {
            mechanism: Some(mechanism.into()),
        },
        Command::Quit
        | Command::Vrfy { .. }
        | Command::Expn { .. }
        | Command::StartTls
        | Command::Unknown { .. } => return None,
    })
}
