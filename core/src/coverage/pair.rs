//! The states that a session can be in, what a client can do to it, and which goes with which: the list that
//! coverage is counted over.

use core::fmt;

use super::{chunk::ChunkStimulus, response::ResponseStimulus, tls::TlsStimulus};
use crate::{
    conversation::Ending,
    model::{LookAlike, State, Transaction, own_event},
    wire::Verb,
};

/// A state of a session as a client sees it (MODEL.md, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionState {
    /// Behind the banner.
    Connected,
    /// HELO or EHLO was accepted; no transaction.
    Greeted,
    /// MAIL was accepted, no RCPT yet.
    Transaction,
    /// At least one RCPT was accepted.
    Recipients,
    /// Behind a 334: the server waits for a response.
    Authenticating,
    /// At least one chunk was accepted, and not the last; or inside a chunk.
    ReceivingBdat,
    /// Behind a 354, before the blank line.
    HeaderSection,
    /// Behind the blank line.
    Body,
    /// Behind an accepted STARTTLS: the server waits for a handshake.
    Handshake,
    /// Inside TLS, whatever else the state is.
    Secured,
    /// Behind an accepted QUIT, or a 421.
    Closed,
}

impl SessionState {
    /// All of them, in the order of a session.
    pub const ALL: [Self; 11] = [
        Self::Connected,
        Self::Greeted,
        Self::Transaction,
        Self::Recipients,
        Self::Authenticating,
        Self::ReceivingBdat,
        Self::HeaderSection,
        Self::Body,
        Self::Handshake,
        Self::Secured,
        Self::Closed,
    ];

    /// Those in which the server reads commands, with the model's state of each.
    pub const COMMAND: [(Self, State); 5] = [
        (Self::Connected, State::START),
        (Self::Greeted, greeted(Transaction::None)),
        (Self::Transaction, greeted(Transaction::Empty)),
        (Self::Recipients, greeted(Transaction::Addressed)),
        (Self::ReceivingBdat, greeted(Transaction::Receiving)),
    ];

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Greeted => "greeted",
            Self::Transaction => "transaction",
            Self::Recipients => "recipients",
            Self::Authenticating => "authenticating",
            Self::ReceivingBdat => "receiving BDAT",
            Self::HeaderSection => "header section",
            Self::Body => "body",
            Self::Handshake => "TLS handshake",
            Self::Secured => "inside TLS",
            Self::Closed => "closed",
        }
    }

    /// Whether the server reads content here.
    pub const fn is_content(self) -> bool {
        matches!(self, Self::HeaderSection | Self::Body)
    }
}

const fn greeted(transaction: Transaction) -> State {
    State {
        greeted: true,
        transaction,
        authenticated: false,
    }
}

impl From<State> for SessionState {
    fn from(state: State) -> Self {
        match state.transaction {
            Transaction::Empty => Self::Transaction,
            Transaction::Addressed => Self::Recipients,
            Transaction::Receiving => Self::ReceivingBdat,
            Transaction::None if state.greeted => Self::Greeted,
            Transaction::None => Self::Connected,
        }
    }
}

impl fmt::Display for SessionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How a command came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// Well formed, in lock-step.
    WellFormed,
    /// Well formed, sent before the reply to what came before it was read.
    Pipelined,
    /// Well formed and in sequence, and refused all the same.
    Refused,
    /// Not as the grammar has it.
    Malformed,
}

/// Where a client was when it left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pause {
    /// Behind a line end.
    BetweenLines,
    /// In a line.
    InLine,
    /// Between the octets of the end of data: behind its dot or its CR.
    InEndOfData,
    /// In the octets of a chunk.
    InChunk,
}

/// What a client can do in the middle of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContentStimulus {
    /// A blank line.
    BlankLine,
    /// The blank line comes in two segments. Only where it ends the header section.
    BlankLineSplit,
    /// The end of data, accepted.
    EndOfData,
    /// The end of data, refused.
    EndOfDataRefused,
    /// The end of data comes in several segments.
    EndOfDataSplit,
    /// A line with a stuffed dot.
    StuffedDot,
    /// A line that reads like a command.
    CommandLine,
    /// A line of more than 1,000 octets (RFC 5321, 4.5.3.1.6).
    OverLongLine,
    /// A LF without CR.
    BareLf,
    /// A CR without LF.
    BareCr,
    /// A NUL.
    Nul,
    /// An octet above 127.
    EightBit,
}

impl ContentStimulus {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::BlankLine,
        Self::BlankLineSplit,
        Self::EndOfData,
        Self::EndOfDataRefused,
        Self::EndOfDataSplit,
        Self::StuffedDot,
        Self::CommandLine,
        Self::OverLongLine,
        Self::BareLf,
        Self::BareCr,
        Self::Nul,
        Self::EightBit,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::BlankLine => "blank line",
            Self::BlankLineSplit => "blank line, in two segments",
            Self::EndOfData => "end of data",
            Self::EndOfDataRefused => "end of data, refused",
            Self::EndOfDataSplit => "end of data, in several segments",
            Self::StuffedDot => "stuffed dot",
            Self::CommandLine => "line that reads like a command",
            Self::OverLongLine => "over-long line of content",
            Self::BareLf => "bare LF",
            Self::BareCr => "bare CR",
            Self::Nul => "NUL",
            Self::EightBit => "octet above 127",
        }
    }
}

/// What a client can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stimulus {
    /// Speak before the banner.
    EarlyTalk,
    /// Send a command.
    Command(Verb, Form),
    /// Send a command line of more than 512 octets (RFC 5321, 4.5.3.1.4).
    OverLongLine,
    /// Send a command line whose CR and LF come in two segments.
    SplitLineEnd,
    /// Send something behind a challenge.
    Response(ResponseStimulus),
    /// Send something in a message.
    Content(ContentStimulus),
    /// Send a chunk.
    Chunk(ChunkStimulus),
    /// Send something where a handshake is due.
    Tls(TlsStimulus),
    /// Send what is not the end of data.
    LookAlike(LookAlike),
    /// Leave.
    End(Ending, Pause),
}

impl fmt::Display for Stimulus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::EarlyTalk => "talk before the banner".to_owned(),
            Self::Command(verb, form) => {
                let name = if *verb == Verb::Unknown {
                    "unknown verb"
                } else {
                    verb.name()
                };
                let form = match form {
                    Form::WellFormed => "",
                    Form::Pipelined => ", pipelined",
                    Form::Refused => ", refused",
                    Form::Malformed => ", malformed",
                };
                format!("{name}{form}")
            }
            Self::OverLongLine => "over-long command line".to_owned(),
            Self::SplitLineEnd => "command, its line end in two segments".to_owned(),
            Self::Response(stimulus) => stimulus.name().to_owned(),
            Self::Content(stimulus) => stimulus.name().to_owned(),
            Self::Chunk(stimulus) => stimulus.name().to_owned(),
            Self::Tls(stimulus) => stimulus.name().to_owned(),
            Self::LookAlike(look_alike) => format!("look-alike {look_alike}"),
            Self::End(ending, pause) => {
                let place = match pause {
                    Pause::BetweenLines => "",
                    Pause::InLine => " in a line",
                    Pause::InEndOfData => " in the end of data",
                    Pause::InChunk => " in a chunk",
                };
                format!("{}{place}", ending.name())
            }
        };
        f.pad(&text)
    }
}

/// A stimulus in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    /// Where the session was.
    pub state: SessionState,
    /// What the client did.
    pub stimulus: Stimulus,
}

/// `MAIL, malformed in state greeted`.
impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in state {}", self.stimulus, self.state)
    }
}

/// Whether a handler can refuse `verb`. The others have no event of their own, or none yet: whether a server refuses
/// them is its own affair, and no stimulus apart. A refused AUTH may also be one whose credentials are wrong.
pub(super) fn is_refusable(verb: Verb) -> bool {
    own_event(verb).is_some() && verb != Verb::Bdat
}

/// Every pair there is, each once, by state.
pub fn pairs() -> impl Iterator<Item = Pair> {
    let at = |state: SessionState| {
        let stimuli = match SessionState::COMMAND.iter().find(|(at, _)| *at == state) {
            Some((_, met)) => of_commands(*met),
            None if state == SessionState::Authenticating => of_challenge(),
            None if state.is_content() => of_content(state),
            None if state == SessionState::Handshake => of_handshake(),
            None if state == SessionState::Secured => inside_tls(),
            None => Verb::ALL
                .map(|verb| Stimulus::Command(verb, Form::Pipelined))
                .to_vec(),
        };
        stimuli
            .into_iter()
            .map(move |stimulus| Pair { state, stimulus })
    };
    SessionState::ALL.into_iter().flat_map(at)
}

fn of_commands(met: State) -> Vec<Stimulus> {
    let mut stimuli = Vec::new();
    if met == State::START {
        stimuli.push(Stimulus::EarlyTalk);
    }
    for verb in Verb::ALL {
        stimuli.push(Stimulus::Command(verb, Form::WellFormed));
        stimuli.push(Stimulus::Command(verb, Form::Pipelined));
        // Out of sequence it is the protocol that refuses: no other stimulus then.
        if is_refusable(verb) && met.allows(verb) {
            stimuli.push(Stimulus::Command(verb, Form::Refused));
        }
        stimuli.push(Stimulus::Command(verb, Form::Malformed));
    }
    stimuli.extend([Stimulus::OverLongLine, Stimulus::SplitLineEnd]);
    stimuli.extend(ends(&[Pause::BetweenLines, Pause::InLine]));
    if met.transaction == Transaction::Receiving {
        stimuli.extend(ChunkStimulus::ALL.map(Stimulus::Chunk));
        stimuli.extend(ends(&[Pause::InChunk]));
    }
    stimuli
}

fn of_challenge() -> Vec<Stimulus> {
    let responses = ResponseStimulus::ALL.map(Stimulus::Response);
    let leaves = ends(&[Pause::BetweenLines, Pause::InLine]);
    responses.into_iter().chain(leaves).collect()
}

fn of_handshake() -> Vec<Stimulus> {
    let does = TlsStimulus::ALL.map(Stimulus::Tls);
    does.into_iter()
        .chain(ends(&[Pause::BetweenLines]))
        .collect()
}

fn inside_tls() -> Vec<Stimulus> {
    let of_tls = Ending::TLS.map(|ending| Stimulus::End(ending, Pause::BetweenLines));
    ends(&[Pause::BetweenLines]).chain(of_tls).collect()
}

fn of_content(state: SessionState) -> Vec<Stimulus> {
    let in_body = state == SessionState::Body;
    ContentStimulus::ALL
        .into_iter()
        .filter(|stimulus| !(in_body && *stimulus == ContentStimulus::BlankLineSplit))
        .map(Stimulus::Content)
        .chain(
            LookAlike::all()
                .filter(|look_alike| look_alike.has_cr_or_lf())
                .map(Stimulus::LookAlike),
        )
        .chain(ends(&[
            Pause::BetweenLines,
            Pause::InLine,
            Pause::InEndOfData,
        ]))
        .collect()
}

fn ends(pauses: &[Pause]) -> impl Iterator<Item = Stimulus> {
    let of = |ending| {
        pauses
            .iter()
            .map(move |pause| Stimulus::End(ending, *pause))
    };
    Ending::ALL.into_iter().flat_map(of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_pair_is_listed_once_and_reads_differently() {
        let all: Vec<Pair> = pairs().collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        let texts: BTreeSet<String> = all.iter().map(Pair::to_string).collect();
        assert_eq!(texts.len(), all.len());
    }

    #[test]
    fn a_refusal_counts_only_where_the_command_is_in_sequence() {
        let refused = |state| {
            let stimulus = Stimulus::Command(Verb::Mail, Form::Refused);
            pairs().any(|pair| pair == Pair { state, stimulus })
        };
        assert!(refused(SessionState::Greeted));
        assert!(!refused(SessionState::Connected) && !refused(SessionState::Recipients));
    }
}
