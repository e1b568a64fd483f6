//! The lines that smtpd writes (smtpd-filters(7), "REPORT EVENTS" and "FILTER REQUESTS").

/// A line of smtpd's. The last field of each may hold any octets, the separator included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// `config|KEY|VALUE`, and `config|ready` when there are no more.
    Config { key: &'a [u8], value: &'a [u8] },
    /// `report|VERSION|TIME|SUBSYSTEM|EVENT|SESSION|PARAMETERS`.
    Report {
        event: &'a [u8],
        session: &'a str,
        parameters: &'a [u8],
    },
    /// `filter|VERSION|TIME|SUBSYSTEM|PHASE|SESSION|TOKEN|PARAMETERS`.
    Filter {
        request: Request<'a>,
        parameters: &'a [u8],
    },
}

/// A question of smtpd's, which wants an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Request<'a> {
    /// Up to 0.4 an answer names the token before the session.
    token_first: bool,
    pub(super) phase: &'a [u8],
    pub(super) session: &'a str,
    token: &'a str,
}

impl Request<'_> {
    /// The answer that begins with `kind` and ends with `rest`, with its line end.
    pub(super) fn answer(&self, kind: &str, rest: &[u8]) -> Vec<u8> {
        let (first, second) = if self.token_first {
            (self.token, self.session)
        } else {
            (self.session, self.token)
        };
        let mut line = format!("{kind}|{first}|{second}|").into_bytes();
        line.extend_from_slice(rest);
        line.push(b'\n');
        line
    }
}

/// Reads one line without its line end; `None` if it is none of these.
pub(super) fn parse(line: &[u8]) -> Option<Line<'_>> {
    let (kind, rest) = field(line)?;
    match kind {
        b"config" => {
            let (key, value) = field(rest).unwrap_or((rest, b""));
            Some(Line::Config { key, value })
        }
        b"report" => {
            let (_version, rest) = field(rest)?;
            let (event, rest) = event(rest)?;
            let (session, parameters) = field(rest).unwrap_or((rest, b""));
            Some(Line::Report {
                event,
                session: text(session)?,
                parameters,
            })
        }
        b"filter" => {
            let (version, rest) = field(rest)?;
            let (phase, rest) = event(rest)?;
            let (session, rest) = field(rest)?;
            let (token, parameters) = field(rest).unwrap_or((rest, b""));
            let request = Request {
                token_first: matches!(version, b"0.1" | b"0.2" | b"0.3" | b"0.4"),
                phase,
                session: text(session)?,
                token: text(token)?,
            };
            Some(Line::Filter {
                request,
                parameters,
            })
        }
        _ => None,
    }
}

/// Behind the time and the subsystem, which is smtp-in: nothing else was registered for.
fn event(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_time, rest) = field(rest)?;
    let (_subsystem, rest) = field(rest)?;
    Some(field(rest).unwrap_or((rest, b"")))
}

fn field(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|octet| *octet == b'|')?;
    Some((&text[..at], &text[at + 1..]))
}

fn text(field: &[u8]) -> Option<&str> {
    core::str::from_utf8(field).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    fn request(line: &[u8]) -> (Request<'_>, &[u8]) {
        match parse(line) {
            Some(Line::Filter {
                request,
                parameters,
            }) => (request, parameters),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_last_field_may_hold_the_separator() {
        let line = b"filter|0.6|1.2|smtp-in|data-line|00aa|00bb|a|b||";
        assert_eq!(request(line).1, b"a|b||");
    }

    #[test]
    fn a_request_without_parameters_has_empty_ones() {
        assert_eq!(request(b"filter|0.6|1.2|smtp-in|commit|00aa|00bb|").1, b"");
        assert_eq!(request(b"filter|0.7|1.2|smtp-in|commit|00aa|00bb").1, b"");
    }

    #[test]
    fn an_answer_names_session_and_token_in_the_order_of_the_protocol() {
        let answer = |version: &str| {
            let line = format!("filter|{version}|1.2|smtp-in|noop|00aa|00bb|");
            request(line.as_bytes())
                .0
                .answer("filter-result", b"proceed")
        };
        assert_eq!(answer("0.4"), b"filter-result|00bb|00aa|proceed\n");
        assert_eq!(answer("0.5"), b"filter-result|00aa|00bb|proceed\n");
        assert_eq!(answer("0.7"), b"filter-result|00aa|00bb|proceed\n");
    }

    #[test]
    fn a_report_may_end_with_its_session() {
        let report = Line::Report {
            event: b"link-disconnect",
            session: "00aa",
            parameters: b"",
        };
        assert_eq!(
            parse(b"report|0.6|1.2|smtp-in|link-disconnect|00aa"),
            Some(report)
        );
    }

    #[test]
    fn what_is_no_line_of_the_protocol_is_none() {
        for line in [&b""[..], b"filter", b"filter|0.6|1.2|smtp-in|noop", b"x|y"] {
            assert_eq!(parse(line), None);
        }
    }
}
