//! The state of a session as both sides know it, and the table of which command wants what
//! (RFC 5321, 4.1.4; MODEL.md, section 5).

use crate::wire::Verb;

/// What a command needs to be in sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Allowed at any time.
    Nothing,
    /// An accepted HELO or EHLO, and no open transaction.
    GreetingOnly,
    /// The same, and a client that is not authenticated (RFC 4954, 4).
    Stranger,
    /// An open transaction.
    Transaction,
    /// An open transaction with at least one accepted recipient, and no chunk of its message yet.
    Recipient,
    /// The same, with or without chunks.
    ChunkRecipient,
}

/// What an accepted command does to the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// The client is greeted; the transaction, if any, is cleared.
    Greet,
    /// A transaction begins.
    Open,
    /// One more recipient.
    AddRecipient,
    /// The transaction is cleared.
    Clear,
    /// All that the client has said is forgotten (RFC 3207, 4.2).
    Reset,
}

/// The model's table: verb, what it needs, what it does once accepted.
///
/// What AUTH does is decided by the exchange that it begins, what BDAT does by its end-marker: see [`State::after_chunk`].
pub const SEQUENCE: [(Verb, Needs, Effect); 15] = [
    (Verb::Helo, Needs::Nothing, Effect::Greet),
    (Verb::Ehlo, Needs::Nothing, Effect::Greet),
    (Verb::Mail, Needs::GreetingOnly, Effect::Open),
    (Verb::Rcpt, Needs::Transaction, Effect::AddRecipient),
    // DATA clears the transaction when the message has ended, not when it is accepted.
    (Verb::Data, Needs::Recipient, Effect::None),
    (Verb::Rset, Needs::Nothing, Effect::Clear),
    (Verb::Noop, Needs::Nothing, Effect::None),
    (Verb::Help, Needs::Nothing, Effect::None),
    (Verb::Quit, Needs::Nothing, Effect::None),
    (Verb::Vrfy, Needs::Nothing, Effect::None),
    (Verb::Expn, Needs::Nothing, Effect::None),
    (Verb::Auth, Needs::Stranger, Effect::None),
    // Where it may stand is the server's affair, but for the inside of TLS (TLS-5).
    (Verb::StartTls, Needs::Nothing, Effect::Reset),
    (Verb::Bdat, Needs::ChunkRecipient, Effect::None),
    (Verb::Unknown, Needs::Nothing, Effect::None),
];

fn row(verb: Verb) -> (Needs, Effect) {
    SEQUENCE
        .iter()
        .find(|(listed, ..)| *listed == verb)
        .map_or((Needs::Nothing, Effect::None), |(_, needs, effect)| {
            (*needs, *effect)
        })
}

/// The mail transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transaction {
    /// None is open.
    None,
    /// MAIL was accepted, no RCPT yet.
    Empty,
    /// At least one recipient was accepted.
    Addressed,
    /// At least one chunk of its message was accepted, and not the last (RFC 3030).
    Receiving,
}

/// One state that a session can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State {
    /// HELO or EHLO was accepted.
    pub greeted: bool,
    /// The transaction.
    pub transaction: Transaction,
    /// An authentication has succeeded. Nothing takes that back.
    pub authenticated: bool,
}

impl State {
    /// Right behind the banner.
    pub const START: Self = Self {
        greeted: false,
        transaction: Transaction::None,
        authenticated: false,
    };

    /// Whether the table lets `verb` through.
    pub fn allows(self, verb: Verb) -> bool {
        match row(verb).0 {
            Needs::Nothing => true,
            Needs::GreetingOnly => self.greeted && self.transaction == Transaction::None,
            Needs::Stranger => {
                self.greeted && self.transaction == Transaction::None && !self.authenticated
            }
            Needs::Transaction => {
                matches!(
                    self.transaction,
                    Transaction::Empty | Transaction::Addressed
                )
            }
            Needs::Recipient => self.transaction == Transaction::Addressed,
            Needs::ChunkRecipient => self.transaction >= Transaction::Addressed,
        }
    }

    /// The state behind an accepted `verb`.
    #[must_use]
    pub fn after(self, verb: Verb) -> Self {
        let transaction = match row(verb).1 {
            Effect::None => return self,
            Effect::Greet => {
                return Self {
                    greeted: true,
                    transaction: Transaction::None,
                    ..self
                };
            }
            Effect::Reset => return Self::START,
            Effect::Open => Transaction::Empty,
            Effect::AddRecipient => self.transaction.max(Transaction::Addressed),
            Effect::Clear => Transaction::None,
        };
        Self {
            transaction,
            ..self
        }
    }

    /// The state behind an authentication that has succeeded.
    #[must_use]
    pub fn after_authentication(self) -> Self {
        Self {
            authenticated: true,
            ..self
        }
    }

    /// The state behind an accepted BDAT: with its last chunk the message ends, and the transaction.
    #[must_use]
    pub fn after_chunk(self, last: bool) -> Self {
        if last {
            return self.after_message();
        }
        Self {
            transaction: Transaction::Receiving,
            ..self
        }
    }

    /// The state of a server that has forgotten the chunks and nothing else.
    #[must_use]
    pub(super) fn without_chunks(self) -> Self {
        Self {
            transaction: self.transaction.min(Transaction::Addressed),
            ..self
        }
    }

    /// The state behind the end of data, accepted or refused.
    #[must_use]
    pub fn after_message(self) -> Self {
        Self {
            transaction: Transaction::None,
            ..self
        }
    }
}

/// Whether `verb`, once accepted, clears the transaction.
pub fn clears(verb: Verb) -> bool {
    matches!(row(verb).1, Effect::Greet | Effect::Clear | Effect::Reset)
}

/// What holds in some, in all, or in none of the possible states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// In all.
    Yes,
    /// In some.
    Maybe,
    /// In none.
    No,
}

/// All states that a session can be in, given what the replies have decided (MODEL.md, section 4).
/// One state as long as every command was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct States(Vec<State>);

impl States {
    /// Only this one.
    pub fn only(state: State) -> Self {
        Self(vec![state])
    }

    /// Whether the table lets `verb` through.
    pub fn allow(&self, verb: Verb) -> Certainty {
        // Nobody says whether a recipient may be added between chunks.
        let receives = |state: &State| state.transaction == Transaction::Receiving;
        if verb == Verb::Rcpt && self.0.iter().any(receives) {
            return Certainty::Maybe;
        }
        match self.0.iter().filter(|state| state.allows(verb)).count() {
            0 => Certainty::No,
            n if n == self.0.len() => Certainty::Yes,
            _ => Certainty::Maybe,
        }
    }

    /// Applies `step` to each.
    pub fn advance(&mut self, step: impl Fn(State) -> State) {
        for state in &mut self.0 {
            *state = step(*state);
        }
        self.tidy();
    }

    /// Applies `step` to each, and keeps those before it too: nobody saw whether it happened.
    pub fn advance_maybe(&mut self, step: impl Fn(State) -> State) {
        let stepped: Vec<State> = self.0.iter().map(|state| step(*state)).collect();
        self.0.extend(stepped);
        self.tidy();
    }

    /// The only one, if there is only one.
    pub fn single(&self) -> Option<State> {
        match self.0[..] {
            [state] => Some(state),
            _ => None,
        }
    }

    fn tidy(&mut self) {
        self.0.sort_unstable();
        self.0.dedup();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_each_verb_once() {
        let mut verbs: Vec<Verb> = SEQUENCE.iter().map(|(verb, ..)| *verb).collect();
        verbs.sort_unstable();
        verbs.dedup();
        assert_eq!(verbs.len(), SEQUENCE.len());
    }

    #[test]
    fn a_transaction_goes_mail_rcpt_data_and_ends_with_the_message() {
        let greeted = State::START.after(Verb::Ehlo);
        assert!(!State::START.allows(Verb::Mail));
        assert!(greeted.allows(Verb::Mail) && !greeted.allows(Verb::Rcpt));
        let open = greeted.after(Verb::Mail);
        assert!(!open.allows(Verb::Mail) && open.allows(Verb::Rcpt) && !open.allows(Verb::Data));
        let addressed = open.after(Verb::Rcpt);
        assert!(addressed.allows(Verb::Rcpt) && addressed.allows(Verb::Data));
        for cleared in [
            addressed.after_message(),
            addressed.after(Verb::Rset),
            addressed.after(Verb::Ehlo),
            addressed.after(Verb::Helo),
        ] {
            assert_eq!(cleared, greeted);
        }
    }

    #[test]
    fn authentication_is_for_strangers_between_transactions_and_stays() {
        let greeted = State::START.after(Verb::Ehlo);
        assert!(!State::START.allows(Verb::Auth) && greeted.allows(Verb::Auth));
        assert!(!greeted.after(Verb::Mail).allows(Verb::Auth));
        let known = greeted.after_authentication();
        for state in [known, known.after(Verb::Rset), known.after(Verb::Ehlo)] {
            assert!(!state.allows(Verb::Auth) && state.allows(Verb::Mail));
        }
    }

    #[test]
    fn chunks_keep_the_transaction_until_the_last() {
        let addressed = State::START
            .after(Verb::Ehlo)
            .after(Verb::Mail)
            .after(Verb::Rcpt);
        let receiving = addressed.after_chunk(false);
        assert!(addressed.allows(Verb::Bdat) && receiving.allows(Verb::Bdat));
        assert!(!receiving.allows(Verb::Data) && !receiving.allows(Verb::Mail));
        assert_eq!(receiving.after(Verb::Rcpt), receiving);
        assert_eq!(States::only(receiving).allow(Verb::Rcpt), Certainty::Maybe);
        for cleared in [receiving.after_chunk(true), receiving.after(Verb::Rset)] {
            assert_eq!(cleared, State::START.after(Verb::Ehlo));
        }
    }

    #[test]
    fn an_unanswered_command_leaves_both_states_possible() {
        let mut states = States::only(State::START.after(Verb::Ehlo));
        states.advance_maybe(|state| state.after(Verb::Mail));
        assert_eq!(states.allow(Verb::Rcpt), Certainty::Maybe);
        assert_eq!(states.allow(Verb::Data), Certainty::No);
        states.advance(|state| state.after(Verb::Rset));
        assert_eq!(states.single(), Some(State::START.after(Verb::Ehlo)));
    }
}
