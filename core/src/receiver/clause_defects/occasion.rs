//! A command line with where it stands, as the rows look at it.

use super::super::state::{Dialogue, Greeting};
use crate::wire::{Command, Domain, ForwardPath, Mailbox, Parameters, Path, ReversePath, Verb};

/// A command line with where it stands.
#[derive(Debug)]
pub(in super::super) struct Occasion<'a> {
    pub(in super::super) line: &'a [u8],
    pub(in super::super) verb: Verb,
    /// If it can be parsed.
    pub(in super::super) command: Option<Command<'a>>,
    pub(in super::super) dialogue: &'a Dialogue,
    /// It came together with the command before it or behind it.
    pub(in super::super) grouped: bool,
    /// It came together with the end of the message before it.
    pub(in super::super) behind_message: bool,
}

impl<'a> Occasion<'a> {
    pub(super) fn is(&self, verb: Verb) -> bool {
        self.verb == verb
    }

    /// What stands behind the verb.
    pub(super) fn argument(&self) -> &'a [u8] {
        let space = self.line.iter().position(|octet| *octet == b' ');
        space
            .and_then(|space| self.line.get(space + 1..))
            .unwrap_or_default()
    }

    pub(super) fn has(&self, text: &[u8]) -> bool {
        memchr::memmem::find(self.line, text).is_some()
    }

    pub(super) fn malformed(&self) -> bool {
        self.command.is_none()
    }

    pub(super) fn greeted(&self) -> bool {
        self.dialogue.greeting.is_some()
    }

    pub(super) fn greeted_by_helo(&self) -> bool {
        self.dialogue.greeting == Some(Greeting::Helo)
    }

    pub(super) fn in_transaction(&self) -> bool {
        self.dialogue.transaction.is_some()
    }

    /// Those of the open transaction.
    pub(super) fn recipients(&self) -> usize {
        let transaction = self.dialogue.transaction.as_ref();
        transaction.map_or(0, |transaction| transaction.recipients)
    }

    fn path(&self) -> Option<Path<'a>> {
        match self.command? {
            Command::Mail {
                path: ReversePath::Path(path),
                ..
            }
            | Command::Rcpt {
                path: ForwardPath::Path(path),
                ..
            } => Some(path),
            _ => None,
        }
    }

    fn mailbox(&self) -> Option<Mailbox<'a>> {
        self.path().map(|path| path.mailbox)
    }

    /// MAIL's or RCPT's path without its brackets; empty where there is none.
    pub(super) fn path_text(&self) -> &'a [u8] {
        self.path().map_or(b"", |path| path.raw)
    }

    pub(super) fn has_route(&self) -> bool {
        self.path().is_some_and(|path| path.route.is_some())
    }

    pub(super) fn local_part(&self) -> &'a [u8] {
        self.mailbox()
            .map_or(b"", |mailbox| mailbox.local_part.raw())
    }

    /// Between the quotes of the local part; `None` where it has none.
    pub(super) fn quoted(&self) -> Option<&'a [u8]> {
        let inner = self.local_part().strip_prefix(b"\"")?;
        inner.strip_suffix(b"\"")
    }

    /// The domain, if it is a name, else nothing.
    pub(super) fn domain(&self) -> &'a [u8] {
        match self.mailbox().and_then(|mailbox| mailbox.domain) {
            Some(Domain::Name(name)) => name,
            _ => b"",
        }
    }

    /// The address literal in the place of the domain, else nothing.
    pub(super) fn literal(&self) -> &'a [u8] {
        match self.mailbox().and_then(|mailbox| mailbox.domain) {
            Some(Domain::AddressLiteral(literal)) => literal,
            _ => b"",
        }
    }

    fn parameters(&self) -> Parameters<'a> {
        match self.command {
            Some(Command::Mail { parameters, .. } | Command::Rcpt { parameters, .. }) => parameters,
            _ => Parameters::default(),
        }
    }

    /// MAIL's or RCPT's parameters as sent.
    pub(super) fn parameter_text(&self) -> &'a [u8] {
        self.parameters().raw
    }

    /// The value of a parameter; empty where it has none, or is not there.
    pub(super) fn value(&self, keyword: &str) -> &'a [u8] {
        let parameter = self.parameters().get(keyword);
        parameter
            .and_then(|parameter| parameter.value)
            .unwrap_or_default()
    }
}
