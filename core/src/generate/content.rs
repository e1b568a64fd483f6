//! Messages, well formed and not: header sections, bodies with dots, look-alike ends of data with an envelope behind.

use proptest::{collection::vec, prelude::*};

/// What a message looks like.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    fields: Vec<&'static [u8]>,
    /// The blank line that ends the header section is there.
    blank: bool,
    body: Vec<&'static [u8]>,
    /// An end of data that is none, between body and a smuggled envelope.
    lookalike: Option<&'static [u8]>,
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

/// What has been taken for the end of data by one server or another (CON-2). The line before each is open.
const LOOK_ALIKES: &[&[u8]] = &[
    b"\n.\n",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\r.\r",
    b"\r.\r\n",
    b"\r\n.\r",
    b"\r\r\n.\r\r\n",
    b"\n.\r",
    b"\n\n.\n",
    b"\r\n\0.\r\n",
    b"\r\n.\0\r\n",
    b"\r\n .\r\n",
    b"\r\n. \r\n",
    b"\r\n..\r\n",
    b"\r\n\xe3\x80\x82\r\n",
    b"\xc2\x85.\xc2\x85",
];

/// A well-formed message, or with `damaged` one that may not be.
pub(super) fn draft(damaged: bool) -> impl Strategy<Value = Draft> {
    let (fields, body, blank) = if damaged {
        (
            [FIELDS, BROKEN_FIELDS].concat(),
            [BODY, BROKEN_BODY].concat(),
            0.8,
        )
    } else {
        (FIELDS.to_vec(), BODY.to_vec(), 1.0)
    };
    let lookalike = if damaged {
        prop::option::weighted(0.4, prop::sample::select(LOOK_ALIKES)).boxed()
    } else {
        Just(None).boxed()
    };
    let fields = vec(prop::sample::select(fields), 0..4);
    let body = vec(prop::sample::select(body), 0..5);
    (fields, prop::bool::weighted(blank), body, lookalike).prop_map(
        |(fields, blank, body, lookalike)| Draft {
            fields,
            blank,
            body,
            lookalike,
        },
    )
}

impl Draft {
    /// What is sent behind the 354, the true end of data included. `tag` goes into the smuggled envelope.
    pub(super) fn octets(&self, tag: &str) -> Vec<u8> {
        let mut octets = format!("Message-ID: <{tag}@example.org>\r\n").into_bytes();
        octets.extend(self.fields.concat());
        if self.blank {
            octets.extend(b"\r\n");
        }
        octets.extend(self.body.concat());
        if let Some(lookalike) = self.lookalike {
            octets.extend(b"an open line");
            octets.extend(lookalike);
            octets.extend(smuggled(tag).into_bytes());
        }
        if !octets.ends_with(b"\r\n") {
            octets.extend(b"\r\n");
        }
        octets.extend(b".\r\n");
        octets
    }
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

    fn end(octets: &[u8]) -> Option<usize> {
        DataStream::default().push(octets, |_| ())
    }

    proptest! {
        #[test]
        fn the_end_of_data_comes_last_and_only_there(draft in draft(true)) {
            let octets = draft.octets("t");
            prop_assert_eq!(end(&octets), Some(octets.len()));
        }
    }
}
