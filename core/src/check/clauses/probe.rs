//! One exchange as a clause looks at it: what was sent, in which state, and how it was answered.

use std::rc::Rc;

use super::Holds;
use crate::{
    check::{view::View, wir::texts},
    model::{
        Certainty, CommandLine, Exchange, LoggedReply, Message, Outcome, Stimulus, Transaction,
        reply_lines,
    },
    octets::escape,
    wire::{
        Command, Domain, ForwardPath, Leniencies, Leniency, LineEnd, LocalPart, Mailbox,
        Parameters, ReversePath, Verb, parse_command,
    },
};

/// An exchange that was answered.
pub(super) struct Probe<'v, 't> {
    pub(super) view: &'v View<'t>,
    pub(super) index: usize,
    pub(super) exchange: &'v Exchange<'t>,
    pub(super) reply: &'v LoggedReply,
    pub(super) code: u16,
    /// What this very reply announces, if it accepts an EHLO.
    announced: Option<Rc<Keywords<'v>>>,
    /// What went before it.
    past: Past<'v, 't>,
}

/// The keywords of a reply to EHLO, each with what follows it.
pub(super) type Keywords<'v> = Vec<(&'v [u8], &'v [u8])>;

/// What the exchanges before one have left, kept while a session is gone through, so that nobody looks back for it.
#[derive(Debug, Clone, Default)]
pub(super) struct Past<'v, 't> {
    /// The last greeting that was accepted.
    greeting: Option<&'v Exchange<'t>>,
    /// What its reply announced, if it was an EHLO.
    announced: Option<Rc<Keywords<'v>>>,
    /// How many commands were refused.
    errors: usize,
    /// A message was taken.
    message_taken: bool,
}

impl<'v, 't> Past<'v, 't> {
    /// Behind `exchange`, whose reply announced something if it accepted an EHLO.
    pub(super) fn note(&mut self, exchange: &'v Exchange<'t>, announced: Option<Rc<Keywords<'v>>>) {
        let accepted = exchange.outcome == Outcome::Accepted;
        if accepted && matches!(exchange.verb(), Some(Verb::Ehlo | Verb::Helo)) {
            self.greeting = Some(exchange);
            self.announced = announced;
        }
        self.message_taken |= accepted && matches!(exchange.stimulus, Stimulus::Message(_));
        self.errors += usize::from(exchange.outcome == Outcome::Refused);
    }
}

/// A transaction longer than this is not looked back over: it has all that anybody asks for.
const LONG_TRANSACTION: usize = 256;

/// A path as MAIL and RCPT carry it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Envelope<'t> {
    /// Between the brackets.
    pub(super) raw: &'t [u8],
    pub(super) route: bool,
    pub(super) local_part: LocalPart<'t>,
    pub(super) domain: Option<Domain<'t>>,
    pub(super) parameters: Parameters<'t>,
}

/// Codes that say "I do not understand this".
const NOT_UNDERSTOOD: [u16; 4] = [500, 501, 502, 555];

impl<'v, 't> Probe<'v, 't> {
    /// `None` where no reply with a code came.
    pub(super) fn new(
        view: &'v View<'t>,
        index: usize,
        past: Past<'v, 't>,
        announced: Option<Rc<Keywords<'v>>>,
    ) -> Option<Self> {
        let exchange = view.exchanges().get(index)?;
        let answered = matches!(
            exchange.outcome,
            Outcome::Accepted | Outcome::Refused | Outcome::Dropped
        );
        let reply = view.reply(exchange).filter(|_| answered)?;
        Some(Self {
            view,
            index,
            exchange,
            reply,
            code: reply.reply.code?,
            announced,
            past,
        })
    }

    // What was sent.

    pub(super) fn line(&self) -> Option<&CommandLine<'t>> {
        match &self.exchange.stimulus {
            Stimulus::Command(line) => Some(line),
            _ => None,
        }
    }

    pub(super) fn is_connection(&self) -> bool {
        matches!(self.exchange.stimulus, Stimulus::Connection)
    }

    /// The line without its end; empty for what is no command.
    pub(super) fn text(&self) -> &'t [u8] {
        self.line().map_or(b"", |line| line.text)
    }

    /// The line's argument: what stands behind the first space.
    pub(super) fn argument(&self) -> &'t [u8] {
        let text = self.text();
        let space = text.iter().position(|octet| *octet == b' ');
        space.map_or(b"", |space| &text[space + 1..])
    }

    pub(super) fn is(&self, verb: Verb) -> bool {
        self.exchange.verb() == Some(verb)
    }

    /// Well formed to the letter, SMTPUTF8 considered.
    pub(super) fn strict(&self) -> bool {
        self.forgiven() == Some(Leniencies::NONE)
    }

    /// Well formed but for this.
    pub(super) fn only(&self, leniency: Leniency) -> bool {
        self.forgiven() == Some(Leniencies::of(leniency))
    }

    fn forgiven(&self) -> Option<Leniencies> {
        let line = self.line().filter(|line| line.end == LineEnd::CrLf)?;
        line.parsed.ok()?;
        Some(self.exchange.leniencies())
    }

    /// A known verb in a line that is no command, all of it printable ASCII.
    pub(super) fn malformed(&self, verb: Verb) -> bool {
        let printable = |octet: &u8| matches!(octet, b' '..=b'~');
        self.is(verb)
            && self.line().is_some_and(|line| {
                line.parsed.is_err()
                    && line.end == LineEnd::CrLf
                    && line.text.iter().all(printable)
                    && line.text.len() <= SHORT
            })
    }

    /// A well-formed line whose verb nobody has heard of.
    pub(super) fn unknown(&self) -> bool {
        self.is(Verb::Unknown) && self.strict() && self.text().len() <= SHORT
    }

    fn command(&self) -> Option<Command<'t>> {
        Some(self.line()?.parsed.ok()?.command)
    }

    /// What MAIL or RCPT names, but for `<>` and `<Postmaster>`.
    pub(super) fn envelope(&self) -> Option<Envelope<'t>> {
        let (Command::Mail {
            path: ReversePath::Path(path),
            parameters,
        }
        | Command::Rcpt {
            path: ForwardPath::Path(path),
            parameters,
        }) = self.command()?
        else {
            return None;
        };
        let Mailbox { local_part, domain } = path.mailbox;
        Some(Envelope {
            raw: path.raw,
            route: path.route.is_some(),
            local_part,
            domain,
            parameters,
        })
    }

    /// MAIL's or RCPT's path, where there is nothing in the line besides that could be refused.
    pub(super) fn bare_envelope(&self, verb: Verb) -> Option<Envelope<'t>> {
        let fits = self.is(verb) && self.strict() && self.in_sequence();
        self.envelope()
            .filter(|envelope| fits && envelope.parameters.raw.is_empty())
    }

    /// MAIL's parameters.
    pub(super) fn mail_parameters(&self) -> Option<Parameters<'t>> {
        match self.command()? {
            Command::Mail { parameters, .. } => Some(parameters),
            _ => None,
        }
    }

    /// RCPT's parameters.
    pub(super) fn rcpt_parameters(&self) -> Option<Parameters<'t>> {
        match self.command()? {
            Command::Rcpt { parameters, .. } => Some(parameters),
            _ => None,
        }
    }

    /// A message that has come whole.
    pub(super) fn message(&self) -> Option<&Message> {
        match &self.exchange.stimulus {
            Stimulus::Message(message) if message.complete => Some(message),
            _ => None,
        }
    }

    /// A message's octets as they were sent, its end included; what was repeated stands there twice.
    pub(super) fn content(&self) -> &'v [u8] {
        let wire = self.view.wire;
        self.message()
            .map_or(b"", |_| &wire.sent[self.exchange.span.clone()])
    }

    // When.

    pub(super) fn in_sequence(&self) -> bool {
        self.exchange.in_sequence == Certainty::Yes
    }

    /// Whether a transaction was open; `None` where that is not certain.
    pub(super) fn in_transaction(&self) -> Option<bool> {
        let state = self.exchange.state?;
        Some(state.transaction != Transaction::None)
    }

    pub(super) fn greeted_by(&self, verb: Verb) -> bool {
        self.past
            .greeting
            .is_some_and(|greeting| greeting.verb() == Some(verb))
    }

    /// What was sent together with it, so that only its place tells its reply, or could have been.
    pub(super) fn grouped(&self) -> bool {
        let same = |other: Option<&Exchange<'_>>| {
            other.is_some_and(|other| other.entry == self.exchange.entry && other.verb().is_some())
        };
        let exchanges = self.view.exchanges();
        let before = self.index.checked_sub(1).and_then(|at| exchanges.get(at));
        same(before) || same(exchanges.get(self.index + 1))
    }

    /// How many commands were refused before.
    pub(super) const fn errors_before(&self) -> usize {
        self.past.errors
    }

    /// The last exchanges before it in its transaction, the latest first.
    pub(super) fn transaction(&self) -> impl Iterator<Item = &'v Exchange<'t>> {
        let before = self.view.exchanges()[..self.index].iter().rev();
        let before = before.take(LONG_TRANSACTION);
        let mut open = true;
        before.take_while(move |exchange| {
            let was_open = open;
            let opens = exchange.verb() == Some(Verb::Mail);
            open &= !(opens && exchange.outcome == Outcome::Accepted);
            was_open
        })
    }

    /// Whether an ordinary message had been taken in the session: what is refused later is refused for what it is.
    pub(super) const fn ordinary_taken(&self) -> bool {
        self.past.message_taken
    }

    // What the server has said of itself.

    /// The parameters of a keyword in the reply to the last EHLO, without the space before them.
    pub(super) fn announced(&self, keyword: &str) -> Option<&'v [u8]> {
        parameters_of(self.past.announced.as_deref()?, keyword)
    }

    pub(super) fn announces(&self, keyword: &str) -> bool {
        self.announced(keyword).is_some()
    }

    /// The parameters of a keyword in this very reply, which accepts an EHLO.
    pub(super) fn lists(&self, keyword: &str) -> Option<&'v [u8]> {
        parameters_of(self.announced.as_deref()?, keyword)
    }

    // How it was answered.

    pub(super) fn accepted(&self) -> bool {
        self.exchange.outcome == Outcome::Accepted
    }

    pub(super) fn refused(&self) -> bool {
        self.exchange.outcome == Outcome::Refused
    }

    /// The text of each line of the reply.
    pub(super) fn lines(&self) -> impl Iterator<Item = &'v [u8]> {
        texts(&self.reply.reply.raw)
    }

    /// The first word of the reply.
    pub(super) fn first_word(&self) -> &'v [u8] {
        let first = self.lines().next().unwrap_or_default();
        first
            .split(|octet| *octet == b' ')
            .next()
            .unwrap_or_default()
    }

    // What may be asked of the answer.

    /// Whatever else becomes of it, it was read.
    pub(super) fn understood(&self) -> Holds {
        self.none_of(&NOT_UNDERSTOOD, "it is well formed")
    }

    pub(super) fn none_of(&self, codes: &[u16], why: &str) -> Holds {
        if codes.contains(&self.code) {
            return Err(why.to_owned());
        }
        Ok(())
    }

    /// Accepted, or refused with one of these.
    pub(super) fn refused_with(&self, codes: &[u16]) -> Holds {
        if self.accepted() || codes.contains(&self.code) {
            return Ok(());
        }
        Err(format!("it should be {}", listed(codes)))
    }

    pub(super) fn only_code(&self, code: u16, why: &str) -> Holds {
        if self.code == code {
            return Ok(());
        }
        Err(format!("{why}, with {code}"))
    }

    /// EHLO's reply lists `keyword` without parameters.
    pub(super) fn bare_keyword(&self, keyword: &str) -> Holds {
        match self.lists(keyword).map(<[u8]>::trim_ascii) {
            Some(parameters) if !parameters.is_empty() => {
                Err(format!("`{}` stands behind {keyword}", escape(parameters)))
            }
            _ => Ok(()),
        }
    }

    /// Taken, or refused for now.
    pub(super) fn taken(&self, why: &str) -> Holds {
        if self.code >= 500 {
            return Err(format!(
                "{why}, and an ordinary message was taken before in the session"
            ));
        }
        Ok(())
    }
}

/// Octets of a line that no server calls long.
const SHORT: usize = 256;

fn listed(codes: &[u16]) -> String {
    let codes: Vec<_> = codes.iter().map(u16::to_string).collect();
    match codes.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "accepted".to_owned(),
    }
}

/// What the reply to `exchange` announces, if it accepts an EHLO.
pub(super) fn keywords<'v>(
    view: &'v View<'_>,
    exchange: &Exchange<'_>,
) -> Option<Rc<Keywords<'v>>> {
    let accepted = exchange.verb() == Some(Verb::Ehlo) && exchange.outcome == Outcome::Accepted;
    let reply = view.reply(exchange).filter(|_| accepted)?;
    let keyword = |text: &'v [u8]| {
        let space = text.iter().position(|octet| *octet == b' ');
        space.map_or((text, &b""[..]), |space| {
            (&text[..space], &text[space + 1..])
        })
    };
    let lines = raw_texts(&reply.reply.raw).skip(1);
    Some(Rc::new(lines.map(keyword).collect()))
}

/// What follows `keyword`.
fn parameters_of<'v>(keywords: &Keywords<'v>, keyword: &str) -> Option<&'v [u8]> {
    let mut found = keywords.iter();
    found.find_map(|(word, parameters)| {
        word.eq_ignore_ascii_case(keyword.as_bytes())
            .then_some(*parameters)
    })
}

/// The text of each line of a reply, trailing white space and all.
pub(super) fn raw_texts(raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    reply_lines(raw).map(|line| {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.get(4..).unwrap_or_default()
    })
}

/// Whether `word` is a domain or an address literal.
pub(super) fn is_name(word: &[u8]) -> bool {
    let line = [b"EHLO ", word].concat();
    parse_command(&line).is_ok_and(|parsed| parsed.leniencies.is_empty())
}
