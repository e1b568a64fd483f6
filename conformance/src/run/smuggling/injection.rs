//! A line end, or half of one, in the middle of a command: where a server takes it for an end, one command becomes two;
//! where it takes it for text, what is written with the argument gets a line more. And commands where a server may still
//! wait for content.

use smtpspec_core::conversation::Conversation;

use crate::run::{Case, CaseError};

/// Octets, each with its name and as `%raw` writes it.
const OCTETS: [(&str, &str); 4] = [
    ("cr", r"\r"),
    ("lf", r"\n"),
    ("nul", r"\0"),
    ("nul-lf", r"\0\n"),
];

/// Places for them, each with its name and a line that has `|` there, and `SLUG` where names stand.
const PLACES: [(&str, &str); 6] = [
    ("greeting", "EHLO SLUG|RSET.example.org"),
    ("reverse-path", "MAIL FROM:<SLUG-a|RSET@example.org>"),
    (
        "mail-parameter",
        "MAIL FROM:<SLUG-a@example.org> BODY=8BITMIME|RSET",
    ),
    ("forward-path", "RCPT TO:<SLUG-b|DATA@example.org>"),
    ("behind-data", "DATA|RSET"),
    ("noop-argument", "NOOP SLUG|MAIL FROM:<SLUG-injected>"),
];

/// Each of [`OCTETS`] at each of [`PLACES`], then content behind a DATA that is refused.
pub(super) fn injections() -> Result<Vec<Case>, CaseError> {
    let places = PLACES.into_iter();
    let lines = places.flat_map(|place| OCTETS.map(|octet| (octet, place)));
    let mut cases = lines
        .map(|(octet, place)| injection(octet, place))
        .collect::<Result<Vec<_>, _>>()?;
    cases.push(refused_data()?);
    Ok(cases)
}

fn injection(
    (octet, escaped): (&str, &str),
    (place, line): (&str, &str),
) -> Result<Case, CaseError> {
    let slug = format!("smuggling-{octet}-in-{place}");
    let line = line.replace('|', escaped).replace("SLUG", &slug);
    let text = format!(
        "%title {} in the middle of a command: {}\n\
         %purpose It ends no line. What stands behind it is not a command of its own.\n\
         %source RFC 5321 2.3.8, 4.1.2\n%source WIR-6\n%source WIR-19\n\
         EHLO {slug}.example.org\n%expect 250\n{}\
         %raw \"{line}\\r\\n\"\n\
         RSET\n%expect 250\nQUIT\n%expect 221\n",
        octet.to_uppercase().replace('-', " "),
        place.replace('-', " "),
        before(place, &slug),
    );
    case(&format!("smuggling/{octet}-in-{place}"), &text)
}

/// What must have been accepted before.
fn before(place: &str, slug: &str) -> String {
    let mail = format!("MAIL FROM:<{slug}-sender@example.org>\n%expect 250\n");
    let rcpt = format!("RCPT TO:<{slug}-recipient@example.org>\n%expect 250\n");
    match place {
        "forward-path" => mail,
        "behind-data" => mail + &rcpt,
        _ => String::new(),
    }
}

fn refused_data() -> Result<Case, CaseError> {
    let slug = "smuggling-content-behind-refused-data";
    let text = format!(
        "%title A message in one segment with a DATA that is refused\n\
         %purpose There was no 354, so that each line is a command: refused, but for the envelope in it.\n\
         %purpose A proxy that takes the DATA for accepted sees one message; the server sees another.\n\
         %source RFC 2920 3.1\n%source WIR-2\n\
         EHLO {slug}.example.org\n%expect 250\n\
         %segment\nDATA\nSubject: {slug}\n\n\
         MAIL FROM:<{slug}-inner@example.org>\nRCPT TO:<{slug}-recipient@example.org>\n.\n%end\n\
         RSET\n%expect 250\nQUIT\n%expect 221\n"
    );
    case("smuggling/content-behind-refused-data", &text)
}

fn case(name: &str, text: &str) -> Result<Case, CaseError> {
    let conversation = Conversation::parse(text.as_bytes()).map_err(|source| CaseError {
        path: name.to_owned(),
        source,
    })?;
    Ok(Case {
        name: name.to_owned(),
        conversation,
    })
}
