//! The forms in which a look-alike is sent. A server may read otherwise what comes in another cut.

use core::ops::Range;

use memchr::memmem;
use smtpspec_core::conversation::Step;

use super::LOOK_ALIKES;
use crate::run::Case;

/// How the octets of a look-alike and of what stands behind it are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// The message with all that it holds in one segment.
    Whole,
    /// A segment ends before the dot, and one behind the look-alike.
    Split,
    /// A segment ends behind the look-alike, and the client waits: what comes next is read by itself.
    Paused,
    /// The envelope in one segment, and QUIT in that of the message.
    Pipelined,
}

/// All of them.
pub const FORMS: [Form; 4] = [Form::Whole, Form::Split, Form::Paused, Form::Pipelined];

impl Form {
    /// In a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Split => "split",
            Self::Paused => "paused",
            Self::Pipelined => "pipelined",
        }
    }

    /// The name of `look_alike`, a conversation of the suite, in this form.
    pub fn case_name(self, look_alike: &str) -> String {
        match self {
            Self::Whole => look_alike.to_owned(),
            form => {
                let slug = look_alike.strip_prefix(LOOK_ALIKES).unwrap_or(look_alike);
                format!("smuggling/{slug}/{}", form.name())
            }
        }
    }

    /// `whole`, a conversation about one look-alike, in this form.
    pub(super) fn of(self, whole: &Case) -> Case {
        let mut conversation = whole.conversation.clone();
        let steps = &mut conversation.steps;
        if let Some(message) = steps.iter().position(holds_message) {
            match self {
                Self::Whole => {}
                Self::Split => split(&mut steps[message]),
                Self::Paused => pause(steps, message),
                Self::Pipelined => pipeline(steps, message),
            }
        }
        if self != Self::Whole {
            conversation.title = format!("{}, {}", conversation.title, self.name());
        }
        Case {
            name: self.case_name(&whole.name),
            conversation,
        }
    }
}

/// How long a client waits behind a look-alike, in milliseconds: longer than it takes any server to read it.
const PAUSE: u64 = 200;
/// What stands before the look-alike in all these conversations, and what behind it.
const BEFORE: &[u8] = b"The visible body.";
const BEHIND: &[u8] = b"MAIL FROM:<smuggled";

fn octets(step: &Step) -> Option<Vec<u8>> {
    match step {
        Step::Send(segments) => Some(segments.concat()),
        _ => None,
    }
}

fn holds_message(step: &Step) -> bool {
    octets(step).is_some_and(|octets| memmem::find(&octets, BEFORE).is_some())
}

/// Where the look-alike begins and ends in the message.
fn look_alike(message: &[u8]) -> Range<usize> {
    let start = memmem::find(message, BEFORE).map_or(0, |at| at + BEFORE.len());
    let len = memmem::find(&message[start..], BEHIND).unwrap_or(0);
    start..start + len
}

/// A segment ends before the dot of the look-alike, where it has one, and one behind it.
fn split(step: &mut Step) {
    let Some(message) = octets(step) else { return };
    let at = look_alike(&message);
    let dot = memchr::memchr(b'.', &message[at.clone()]).map_or(at.start, |dot| at.start + dot);
    let parts = [&message[..dot], &message[dot..at.end], &message[at.end..]];
    *step = Step::Send(parts.map(<[u8]>::to_vec).to_vec());
}

/// The client waits behind the look-alike.
fn pause(steps: &mut Vec<Step>, message: usize) {
    let Some(octets) = octets(&steps[message]) else {
        return;
    };
    let (before, behind) = octets.split_at(look_alike(&octets).end);
    let send = |octets: &[u8]| Step::Send(vec![octets.to_vec()]);
    steps.splice(
        message..=message,
        [send(before), Step::Pause(PAUSE), send(behind)],
    );
}

/// MAIL, RCPT and DATA in one segment, as all of the commands that stand before the message behind EHLO; and what stands
/// behind the message in its own.
fn pipeline(steps: &mut Vec<Step>, message: usize) {
    let join =
        |steps: &[Step]| Step::Send(vec![steps.iter().filter_map(octets).flatten().collect()]);
    let expects = |steps: &[Step]| {
        let expects = steps.iter().filter(|step| matches!(step, Step::Expect(_)));
        expects.cloned().collect::<Vec<_>>()
    };
    // EHLO and its reply stay as they are.
    let (greeting, rest) = steps.split_at(2.min(message));
    let (envelope, rest) = rest.split_at(message - greeting.len());
    let mut piped = greeting.to_vec();
    for group in [envelope, rest] {
        piped.push(join(group));
        piped.extend(expects(group));
    }
    *steps = piped;
}

#[cfg(test)]
mod tests {
    use super::{super::look_alikes, *};
    use pretty_assertions::assert_eq;

    fn forms() -> impl Iterator<Item = (Form, Case, Case)> {
        let cases = look_alikes().unwrap();
        FORMS.into_iter().flat_map(move |form| {
            let cases = cases.clone().into_iter();
            cases.map(move |whole| (form, form.of(&whole), whole))
        })
    }

    #[test]
    fn each_form_sends_the_same_octets_in_another_cut() {
        for (form, case, whole) in forms() {
            assert_eq!(
                case.conversation.octets(),
                whole.conversation.octets(),
                "{}",
                case.name
            );
            let same = case.conversation.steps == whole.conversation.steps;
            assert_eq!(same, form == Form::Whole, "{}", case.name);
        }
    }

    #[test]
    fn the_segments_end_around_the_look_alike() {
        let cases = look_alikes().unwrap();
        let lf = cases.iter().find(|case| case.name == "lookalike/lf-dot-lf");
        let text = |form: Form| {
            let text = form.of(lf.unwrap()).conversation.print();
            String::from_utf8(text).unwrap()
        };
        let split = text(Form::Split);
        assert!(
            split.contains("%raw \"The visible body.\\n\"\n%cut\n%raw \".\\n\"\n%cut\nMAIL"),
            "{split}"
        );
        let paused = text(Form::Paused);
        assert!(
            paused.contains("%raw \".\\n\"\n%end\n%pause 200ms"),
            "{paused}"
        );
        let pipelined = text(Form::Pipelined);
        assert!(
            pipelined.contains("DATA\n%end\n%expect 250\n%expect 250\n%expect 354"),
            "{pipelined}"
        );
        assert!(
            pipelined.contains(".\nQUIT\n%end\n%expect 250 5xx\n%expect 221"),
            "{pipelined}"
        );
    }
}
