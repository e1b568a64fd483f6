//! From a `.smtp` file to the conversation.

use super::{
    Conversation, LARGEST_FILE, ParseError, Step,
    directive::{self, Directive},
    order::Phase,
};
use crate::{
    repeat::LARGEST_REPEAT,
    wire::{Protocol, SyntaxError},
};

impl Conversation {
    /// Reads the text form: one line a line, sent with CRLF; lines that begin with `%` are directives.
    /// The inverse of [`Conversation::print`]. corpus/README.md describes the format.
    ///
    /// ```
    /// use smtpspec_core::conversation::Conversation;
    ///
    /// let text = b"%title A polite greeting\nEHLO client.example.org\n%expect 250\nQUIT\n";
    /// let conversation = Conversation::parse(text)?;
    /// assert_eq!(conversation.octets(), b"EHLO client.example.org\r\nQUIT\r\n");
    /// assert_eq!(conversation.print(), text);
    ///
    /// let error = Conversation::parse(b"%title Too hasty\n%pause soon\n").unwrap_err();
    /// assert_eq!(error.to_string(), "line 2, column 8: expected a duration such as 200ms");
    /// # Ok::<(), smtpspec_core::conversation::ParseError>(())
    /// ```
    pub fn parse(text: &[u8]) -> Result<Self, ParseError> {
        let at_start = |expected| ParseError::in_line(1, SyntaxError { at: 0, expected });
        if text.len() > LARGEST_FILE {
            return Err(at_start("a file of at most 4 MiB"));
        }
        let mut reader = Reader::default();
        for line in lines(text) {
            reader.line += 1;
            reader
                .take(line)
                .map_err(|error| ParseError::in_line(reader.line, error))?;
        }
        if let Some(open) = reader.open {
            return Err(ParseError {
                line: open.line,
                column: 1,
                expected: "an `%end` for this `%segment`",
            });
        }
        if reader.conversation.title.is_empty() {
            return Err(at_start(TITLE_FIRST));
        }
        Ok(reader.conversation)
    }
}

const TITLE_FIRST: &str = "a `%title` before all else";

/// The lines of `text`, each without its LF and one CR before that.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|octet| *octet == b'\n')
        .map(|line| match line {
            [line @ .., b'\r', b'\n'] | [line @ .., b'\n'] => line,
            last => last,
        })
}

/// What has been read so far.
#[derive(Default)]
struct Reader {
    conversation: Conversation,
    phase: Phase,
    open: Option<OpenSegment>,
    /// Octets that all repeats so far stand for.
    repeated: u64,
    /// From 1.
    line: usize,
}

/// A `%segment` without its `%end`.
struct OpenSegment {
    /// Where it began.
    line: usize,
    done: Vec<Vec<u8>>,
    current: Vec<u8>,
}

impl OpenSegment {
    fn cut(&mut self) -> Result<(), SyntaxError> {
        if self.current.is_empty() {
            return wrong("a line or a `%raw` in the segment");
        }
        self.done.push(core::mem::take(&mut self.current));
        Ok(())
    }
}

const fn wrong(expected: &'static str) -> Result<(), SyntaxError> {
    Err(SyntaxError { at: 0, expected })
}

impl Reader {
    fn take(&mut self, line: &[u8]) -> Result<(), SyntaxError> {
        let plain = match line {
            [b'%', literal @ ..] if literal.starts_with(b"%") => literal,
            [b'%', ..] => return self.obey(directive::parse(line)?),
            plain => plain,
        };
        self.send([plain, b"\r\n"].concat())
    }

    fn obey(&mut self, directive: Directive) -> Result<(), SyntaxError> {
        match directive {
            Directive::Comment => Ok(()),
            Directive::Title(title) => self.title(title),
            Directive::Purpose(line) => self.head().map(|head| head.purpose.push(line)),
            Directive::Source(line) => self.head().map(|head| head.source.push(line)),
            Directive::Handler(rule) => self.head().map(|head| head.handlers.rules.push(rule)),
            Directive::Lmtp => self.head().map(|head| head.protocol = Protocol::Lmtp),
            Directive::Early => self.head().map(|head| head.early = true),
            Directive::Raw(octets) => self.send(octets),
            Directive::Segment => self.begin(),
            Directive::Cut => match &mut self.open {
                Some(open) => open.cut(),
                None => wrong("`%cut` only between `%segment` and `%end`"),
            },
            Directive::End => self.end(),
            Directive::Step(_) if self.open.is_some() => {
                wrong("lines, `%raw`, `%cut` or `%end` inside a `%segment`")
            }
            Directive::Step(step) => self.step(step),
        }
    }

    fn title(&mut self, title: String) -> Result<(), SyntaxError> {
        if !self.conversation.title.is_empty() {
            return wrong("only one `%title`");
        }
        self.conversation.title = title;
        Ok(())
    }

    /// The conversation, while directives of the head may still come.
    fn head(&mut self) -> Result<&mut Conversation, SyntaxError> {
        self.titled()?;
        if self.open.is_some() || !self.conversation.steps.is_empty() {
            wrong("this before the first step")?;
        }
        Ok(&mut self.conversation)
    }

    fn titled(&self) -> Result<(), SyntaxError> {
        if self.conversation.title.is_empty() {
            return wrong(TITLE_FIRST);
        }
        Ok(())
    }

    fn send(&mut self, octets: Vec<u8>) -> Result<(), SyntaxError> {
        match &mut self.open {
            Some(open) => {
                open.current.extend(octets);
                Ok(())
            }
            None => self.step(Step::Send(vec![octets])),
        }
    }

    fn begin(&mut self) -> Result<(), SyntaxError> {
        self.titled()?;
        if self.open.is_some() {
            return wrong("an `%end` before the next `%segment`");
        }
        self.open = Some(OpenSegment {
            line: self.line,
            done: Vec::new(),
            current: Vec::new(),
        });
        Ok(())
    }

    fn end(&mut self) -> Result<(), SyntaxError> {
        let Some(mut open) = self.open.take() else {
            return wrong("a `%segment` before its `%end`");
        };
        open.cut()?;
        self.step(Step::Send(open.done))
    }

    fn step(&mut self, step: Step) -> Result<(), SyntaxError> {
        self.titled()?;
        self.phase = self
            .phase
            .after(&step)
            .map_err(|expected| SyntaxError { at: 0, expected })?;
        if let Step::Repeat(repeat) = &step {
            self.repeated += repeat.size();
            if self.repeated > LARGEST_REPEAT {
                return wrong("at most 1 GiB in all repeats of a conversation");
            }
        }
        self.conversation.steps.push(step);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    fn steps(body: &str) -> Vec<Step> {
        Conversation::parse(format!("%title T\n{body}").as_bytes())
            .unwrap()
            .steps
    }

    fn line(text: &str) -> Step {
        Step::Send(vec![format!("{text}\r\n").into_bytes()])
    }

    #[test]
    fn lines_are_sent_as_they_stand() {
        assert_eq!(
            steps("EHLO a\r\n\n  # b\n%%title c\nQUIT"),
            ["EHLO a", "", "  # b", "%title c", "QUIT"].map(line)
        );
    }

    #[test]
    fn a_segment_is_one_write_and_a_cut_begins_the_next() {
        assert_eq!(
            steps("%segment\nRSET\n%# not sent\n%raw \"NOO\"\n%cut\n%raw \"P\\r\\n\"\n%end\n"),
            [Step::Send(vec![b"RSET\r\nNOO".to_vec(), b"P\r\n".to_vec()])]
        );
    }

    #[test]
    fn ends_of_the_connection_are_steps() {
        assert_eq!(
            steps("NOOP\n%half-close\n%silence\n%expect 250\n%close\n").len(),
            5
        );
    }

    #[test]
    fn errors_name_their_line() {
        for (text, line) in [
            ("", 1),
            ("%# only\n", 1),
            ("%purpose first\n%title T\n", 1),
            ("QUIT\n", 1),
            ("%segment\n", 1),
            ("%title T\n%title U\n", 2),
            ("%title T\nQUIT\n%purpose late\n", 3),
            ("%title T\nQUIT\n%early\n", 3),
            ("%title T\n%segment\n%early\n", 3),
            ("%title T\n%close\nQUIT\n", 3),
            ("%title T\n%reset\n%expect 250\n", 3),
            ("%title T\n%silence\n%pause 1s\n", 3),
            ("%title T\n%silence\nQUIT\n", 3),
            ("%title T\n%half-close\nQUIT\n", 3),
            ("%title T\n%half-close\n%half-close\n", 3),
            ("%title T\n%cut\n", 2),
            ("%title T\n%end\n", 2),
            ("%title T\n%segment\nQUIT\n", 2),
            ("%title T\n%segment\n%end\n", 3),
            ("%title T\n%segment\nQUIT\n%cut\n%end\n", 5),
            ("%title T\n%segment\n%segment\n", 3),
            ("%title T\n%segment\nQUIT\n%expect 221\n", 4),
            ("%title T\n%segment\n%repeat 2 \"a\\r\\n\"\n", 3),
            ("%title T\n%half-close\n%repeat 2 \"a\\r\\n\"\n", 3),
            ("%title T\n%silence\n%repeat 2 \"a\\r\\n\"\n", 3),
            (
                "%title T\n%repeat 300000000 \"a\\r\\n\"\n%repeat 300000000 \"a\\r\\n\"\n",
                3,
            ),
        ] {
            assert_eq!(
                Conversation::parse(text.as_bytes()).unwrap_err().line,
                line,
                "{text}"
            );
        }
    }

    #[test]
    fn a_file_beyond_the_limit_is_refused() {
        let mut text = b"%title T\n".to_vec();
        text.resize(LARGEST_FILE, b'a');
        assert!(Conversation::parse(&text).is_ok());
        text.push(b'a');
        assert!(Conversation::parse(&text).is_err());
    }

    proptest! {
        #[test]
        fn reading_any_octets_never_panics(text: Vec<u8>) {
            let _ = Conversation::parse(&text);
        }

        #[test]
        fn what_was_read_prints_in_a_form_that_reads_back_equal(
            body in "(%?%(segment|cut|end|raw \"a?\"|repeat 2 \"a(\\\\r\\\\n)?\"|close|expect 250|[a-z]{0,4})\n?|[ -~]{0,9}\r?\n){0,12}"
        ) {
            if let Ok(conversation) = Conversation::parse(format!("%title T\n{body}").as_bytes()) {
                prop_assert_eq!(Conversation::parse(&conversation.print()), Ok(conversation));
            }
        }
    }
}
