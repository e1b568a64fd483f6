//! Messages, well formed and not: header sections, bodies with dots, look-alike ends of data with an envelope behind.

use super::numbers::Numbers;
use crate::{
    coverage::{ContentStimulus, SessionState},
    model::LookAlike,
};

/// What a message looks like.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    fields: Vec<&'static [u8]>,
    /// The blank line that ends the header section is there.
    blank: bool,
    body: Vec<&'static [u8]>,
    /// An end of data that is none, and behind it a smuggled envelope.
    lookalike: Option<Vec<u8>>,
    /// The look-alike stands in the header section instead.
    early: bool,
    /// The message has no field that names it: it may begin with its blank line, or with a dot.
    nameless: bool,
}

const FIELDS: &[&[u8]] = &[
    b"Subject: generated\r\n",
    b"To: someone@example.org\r\n",
    b"X-Folded: one\r\n two\r\n\tthree\r\n",
    b"Received: from a.example.org by b.example.org; Mon, 1 Jan 2024 00:00:00 +0000\r\n",
    b"X-Empty:\r\n",
];

/// Field lines that RFC 5322 does not know.
const BROKEN_FIELDS: &[&[u8]] = &[
    b"no colon here\r\n",
    b"Subject : space before the colon\r\n",
    b": no name\r\n",
    b"X-Nul: a\0b\r\n",
    b"X-Eight: \xff\x80\r\n",
    b"X-Bare: a\nb\rc\r\n",
    b" folded without a field\r\n",
    b"X-Blank-Of-Spaces: \r\n \t\r\n",
    b"X-Double-CR: a\r\r\n",
    b"X-Bare-LF-Blank: a\n\n",
    b"X-Dot: next\r\n..\r\n",
    b"..begins: with a stuffed dot\r\n",
    &OVER_LONG,
];

/// Dots are stuffed (RFC 5321, 4.5.2).
const BODY: &[&[u8]] = &[
    b"A line.\r\n",
    b"\r\n",
    b"..\r\n",
    b"..stuffed\r\n",
    b"...\r\n",
    b"MAIL FROM:<in-the-body@example.org>\r\n",
    b"QUIT\r\n",
    b"trailing dot .\r\n",
];

/// Bare line ends, NUL, 8-bit octets, and dots that nobody stuffed.
const BROKEN_BODY: &[&[u8]] = &[
    b".unstuffed\r\n",
    b". \r\n",
    b".\0\r\n",
    b"bare\nLF\r\n",
    b"bare\rCR\r\n",
    b"nul\0\r\n",
    b"\xe3\x80\x82\r\n",
    b"\xff\xfe\r\n",
    b"\r\r\n",
    b"\n\r\n",
];

/// What has been taken for the end of data by one server or another and is none of the model's look-alikes (CON-2).
/// The line before each is open.
const OTHER_LOOK_ALIKES: &[&[u8]] = &[
    b"\n\n.\n",
    b"\r\n .\r\n",
    b"\r\n. \r\n",
    b"\r\n.\t\r\n",
    b"\r\n..\r\n",
    b"\r\n\xe3\x80\x82\r\n",
    b"\r\n\xef\xbc\x8e\r\n",
    b"\xc2\x85.\xc2\x85",
    b"\x0b.\x0b",
    b"\x0c.\x0c",
    b"\xe2\x80\xa8.\xe2\x80\xa8",
];

impl Draft {
    /// A well-formed message, or with `damaged` one that may not be.
    pub(super) fn draw(damaged: bool, numbers: &mut Numbers<'_>) -> Self {
        let line = |whole: &'static [&'static [u8]], broken: &'static [&'static [u8]]| {
            move |numbers: &mut Numbers<'_>| {
                let choices = whole.len() + if damaged { broken.len() } else { 0 };
                let at = numbers.within(0..=choices - 1);
                *whole.get(at).unwrap_or_else(|| &broken[at - whole.len()])
            }
        };
        Self {
            fields: numbers.some(0..=3, line(FIELDS, BROKEN_FIELDS)),
            blank: !(damaged && numbers.chance(51)),
            body: numbers.some(0..=4, line(BODY, BROKEN_BODY)),
            lookalike: (damaged && numbers.chance(102)).then(|| look_alike(numbers)),
            early: numbers.chance(64),
            nameless: numbers.chance(32),
        }
    }

    /// What is sent behind the 354, the true end of data included. `tag` goes into the smuggled envelope.
    pub(super) fn octets(&self, tag: &str) -> Vec<u8> {
        let mut octets = if self.nameless {
            Vec::new()
        } else {
            field(tag)
        };
        octets.extend(self.fields.concat());
        let smuggled = self.lookalike.as_ref().map(|end| smuggle(end, tag));
        let (in_header, in_body) = if self.early {
            (smuggled, None)
        } else {
            (None, smuggled)
        };
        octets.extend(in_header.unwrap_or_default());
        if self.blank {
            octets.extend(b"\r\n");
        }
        octets.extend(self.body.concat());
        octets.extend(in_body.unwrap_or_default());
        end(octets)
    }
}

fn look_alike(numbers: &mut Numbers<'_>) -> Vec<u8> {
    if numbers.chance(64) {
        return numbers.pick(OTHER_LOOK_ALIKES).to_vec();
    }
    let known: Vec<LookAlike> = LookAlike::all().collect();
    numbers.pick(&known).octets()
}

/// The whole of a message out of its parts, for goals.
pub(super) struct Message;

impl Message {
    /// The front of a message, up to where the server is in `state`.
    pub(super) fn front(state: SessionState, tag: &str) -> Vec<u8> {
        let mut octets = field(tag);
        if state == SessionState::Body {
            octets.extend(b"\r\nThe first line.\r\n");
        }
        octets
    }

    /// A message with `inserted` where the server is in `state`; with `goes_on` its header section ends behind that
    /// and its body goes on.
    pub(super) fn around(
        state: SessionState,
        tag: &str,
        inserted: &[u8],
        goes_on: bool,
    ) -> Vec<u8> {
        let mut octets = Self::front(state, tag);
        octets.extend(inserted);
        if goes_on && state == SessionState::HeaderSection {
            octets.extend(b"\r\n");
        }
        if goes_on {
            octets.extend(b"The last line.\r\n");
        }
        end(octets)
    }

    /// `look_alike` with a smuggled envelope behind it, in lines as they may stand in `state`.
    pub(super) fn look_alike(state: SessionState, look_alike: LookAlike, tag: &str) -> Vec<u8> {
        let begin: &[u8] = match state {
            SessionState::HeaderSection => b"X-Field: ",
            _ => b"",
        };
        [begin, &smuggle(&look_alike.octets(), tag)].concat()
    }
}

/// A line, or what else `stimulus` consists of besides the end of data.
pub(super) fn line_for(stimulus: ContentStimulus) -> &'static [u8] {
    use ContentStimulus as C;
    match stimulus {
        C::BlankLine => b"\r\n",
        C::BlankLineSplit | C::EndOfData | C::EndOfDataRefused | C::EndOfDataSplit => b"",
        C::StuffedDot => b"..stuffed: a line\r\n",
        C::CommandLine => b"RSET\r\nMAIL FROM:<in-the-content@example.org>\r\n",
        C::OverLongLine => &OVER_LONG,
        C::BareLf => b"X-Bare: a\nb\r\n",
        C::BareCr => b"X-Bare: a\rb\r\n",
        C::Nul => b"X-Nul: a\0b\r\n",
        C::EightBit => b"X-Eight: \xff\x80\r\n",
    }
}

/// A field of 1,100 octets on one line.
static OVER_LONG: [u8; 1100] = {
    let mut line = [b'x'; 1100];
    line[1] = b':';
    line[1098] = b'\r';
    line[1099] = b'\n';
    line
};

fn field(tag: &str) -> Vec<u8> {
    format!("Message-ID: <{tag}@example.org>\r\n").into_bytes()
}

/// The end of data behind `octets`, whose last line may be open.
fn end(mut octets: Vec<u8>) -> Vec<u8> {
    if !octets.ends_with(b"\r\n") {
        octets.extend(b"\r\n");
    }
    octets.extend(b".\r\n");
    octets
}

/// An open line, `end` and an envelope that a server which takes it for the end of data acts on.
fn smuggle(end: &[u8], tag: &str) -> Vec<u8> {
    [b"an open line", end, smuggled(tag).as_bytes()].concat()
}

fn smuggled(tag: &str) -> String {
    format!(
        "MAIL FROM:<{tag}-smuggled@example.org>\r\nRCPT TO:<{tag}-victim@example.org>\r\nDATA\r\n\
         Subject: smuggled\r\n\r\nsmuggled\r\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::DataStream;
    use proptest::{collection::vec, prelude::*};

    fn end(octets: &[u8]) -> Option<usize> {
        DataStream::default().push(octets, |_| ())
    }

    proptest! {
        #[test]
        fn the_end_of_data_comes_last_and_only_there(numbers in vec(any::<u8>(), 0..32), damaged: bool) {
            let octets = Draft::draw(damaged, &mut Numbers::new(&numbers)).octets("t");
            prop_assert_eq!(end(&octets), Some(octets.len()));
        }
    }
}
