//! AUT-7: the challenge.

use crate::{
    check::{
        view::{Found, View},
        words::about,
    },
    octets::escape,
    wire::parse_sasl_line,
};

/// ```abnf
/// continue-req    = "334" SP [base64] CRLF
/// ```
///
/// A 334 without the space says the same to every client; that is not looked at.
pub(super) fn judge(view: &View<'_>, index: usize) -> Option<Found> {
    let logged = view.reply(&view.exchanges()[index])?;
    let text = logged.reply.text();
    let challenge = text.get(3..).unwrap_or_default();
    let challenge = challenge.strip_prefix(b" ").unwrap_or(challenge);
    // `*` is a client's word, and stands for nothing here.
    let is_base64 = challenge != b"*" && parse_sasl_line(challenge).is_ok();
    let what = || {
        format!(
            "the challenge to {} is no base64: `{}`",
            about(view, index),
            escape(text)
        )
    };
    (!is_base64).then(|| Found::new("AUT-7", logged.entry, what()))
}
