//! The lines of a message that read like commands. Many events may ask for them: they are looked for once.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use super::extra::command_line;
use crate::model::{CommandLine, own_event};

/// Kept of one message; a server that takes content for commands shows it long before.
const MOST: usize = 256;

/// By the message's place among all that was sent.
#[derive(Debug, Default)]
pub(super) struct ContentLines<'t>(RefCell<HashMap<usize, Rc<[CommandLine<'t>]>>>);

impl<'t> ContentLines<'t> {
    /// Those of `content`, which begins at `start`: well-formed commands that fire events.
    pub(super) fn of(&self, start: usize, content: &'t [u8]) -> Rc<[CommandLine<'t>]> {
        let mut known = self.0.borrow_mut();
        Rc::clone(known.entry(start).or_insert_with(|| {
            let lines = content
                .split(|octet| *octet == b'\n')
                .map(<[u8]>::trim_ascii_end)
                .map(command_line);
            lines
                .filter(|line| own_event(line.verb).is_some() && line.parsed.is_ok())
                .take(MOST)
                .collect()
        }))
    }
}
