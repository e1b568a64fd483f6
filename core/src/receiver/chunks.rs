//! Messages that come in chunks (RFC 3030, 2): each BDAT's octets are read, kept or discarded, and only then answered.

use std::collections::VecDeque;

use super::admission::{Cause, Refusal};
use super::content::{Mark, Sink};
use super::digest::Running;
use super::lmtp::Recipients;
use super::panel::Decision;
use super::state::{Greeting, Phase};
use super::table::Need;
use super::tamper::To;
use super::{Defect, Defects, Receiver, replies};
use crate::event::{Event, ParsingStatus};
use crate::wire::{ChunkStream, Command, Verb, parse_command};

/// A chunk whose octets are being read.
#[derive(Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "two are the client's, two the server's"
)]
pub(super) struct Chunk {
    /// The line that announced it, for OnReject.
    line: Vec<u8>,
    /// Octets that have not come yet.
    left: u64,
    last: bool,
    fate: Fate,
    /// The session was refused at OnConnect and stays so.
    barred: bool,
    /// The message's end was handed to the handlers.
    ended: bool,
    /// For the defect `chunk-answered-early`.
    answered: bool,
}

/// What becomes of a chunk.
#[derive(Debug)]
enum Fate {
    Kept,
    /// The protocol refuses it.
    Refused(Refusal),
    /// A handler has refused it, and OnReject has fired.
    RefusedByHandler(String),
}

/// A message of which some chunks have come. Its content is hashed as it comes, never buffered.
#[derive(Debug)]
pub(super) struct Chunked {
    stream: ChunkStream,
    sink: Sink,
    /// For the defect `dot-ends-chunk`: the last octets.
    before: VecDeque<u8>,
    /// For the defect `binary-lf-becomes-crlf`.
    lf_becomes_crlf: bool,
}

impl Chunked {
    fn new(defects: &Defects, earlier: Running, binary: bool) -> Self {
        Self {
            stream: ChunkStream::new(),
            sink: Sink::of_chunks(defects, earlier),
            before: VecDeque::new(),
            lf_becomes_crlf: binary && defects.has(Defect::BinaryLfBecomesCrlf),
        }
    }

    fn take(&mut self, octets: &[u8]) {
        let sink = &mut self.sink;
        if self.lf_becomes_crlf {
            for octet in octets {
                let bare = *octet == b'\n' && self.before.back() != Some(&b'\r');
                let sent: &[u8] = if bare {
                    b"\r\n"
                } else {
                    core::slice::from_ref(octet)
                };
                self.stream.push(sent, |part| sink.take(part));
                note(&mut self.before, *octet);
            }
            return;
        }
        self.stream.push(octets, |part| sink.take(part));
        for octet in &octets[octets.len().saturating_sub(END.len())..] {
            note(&mut self.before, *octet);
        }
    }

    fn finish(&mut self) {
        let sink = &mut self.sink;
        self.stream.finish(|part| sink.take(part));
    }

    /// How many of `octets` a server takes for which the end of DATA ends a chunk too; `None` where that is not there.
    fn dot_end(&self, octets: &[u8]) -> Option<usize> {
        let mut window = self.before.clone();
        octets.iter().position(|octet| {
            note(&mut window, *octet);
            window.iter().eq(END.iter())
        })
    }
}

const END: &[u8; 5] = b"\r\n.\r\n";

/// Keeps as many octets as the end of DATA has.
fn note(before: &mut VecDeque<u8>, octet: u8) {
    before.push_back(octet);
    if before.len() > END.len() {
        before.pop_front();
    }
}

/// Size and end-marker of a BDAT that is well formed: only of those the chunk's end is known.
fn announced(line: &[u8]) -> Option<(u64, bool)> {
    match parse_command(line).ok()?.command {
        Command::Bdat { size, last } => Some((size, last)),
        _ => None,
    }
}

impl Receiver {
    /// A BDAT that may be: its chunk is the message's next.
    pub(super) fn begin_chunk(&mut self, line: &[u8], size: u64, last: bool) {
        let so_far = self
            .chunked
            .as_ref()
            .map_or(0, |chunked| chunked.sink.size());
        if so_far.saturating_add(size) > self.config.max_message_size {
            let refusal = Refusal::new(Cause::Beyond, replies::TOO_LARGE);
            return self.read_chunk(line, size, last, Fate::Refused(refusal));
        }
        let fate = if self.chunked.is_some() {
            Fate::Kept
        } else {
            match self.fire_own(line, &Command::Bdat { size, last }) {
                Decision::Pass => Fate::Kept,
                Decision::Refuse(reply) => self.refuse_chunk(line, reply),
                Decision::Failed => self.refuse_chunk(line, replies::HANDLER_FAILED.to_owned()),
                Decision::Drop => return self.drop_session(),
            }
        };
        if matches!(fate, Fate::Kept) && self.chunked.is_none() {
            self.begin_message();
        }
        self.read_chunk(line, size, last, fate);
    }

    fn begin_message(&mut self) {
        let transaction = self.dialogue.transaction.as_mut();
        let binary = transaction.is_some_and(|transaction| {
            transaction.chunks = true;
            transaction.binary
        });
        let mut earlier = self.carried.content.clone();
        if let Some(kept) = self.carried.chunks.take() {
            earlier = kept;
        }
        let chunked = Chunked::new(&self.config.defects, earlier, binary);
        self.chunked = Some(Box::new(chunked));
    }

    /// The defects that answer 250 where a BDAT is out of sequence.
    pub(super) fn takes_chunk_without(&self, need: Need) -> bool {
        let behind_last = self.carried.behind_last && self.has(Defect::ChunkTakenBehindLast);
        let unaddressed =
            need == Need::ChunkRecipient && self.has(Defect::ChunkTakenWithoutRecipient);
        behind_last || unaddressed
    }

    /// The defect `chunk-size-wraps`: what is beyond 64 bits is lost.
    pub(super) fn takes_wrapped(&mut self, line: &[u8], cause: Cause) -> bool {
        let addressed = self.dialogue.transaction.as_ref();
        let wraps = self.has(Defect::ChunkSizeWraps)
            && cause == Cause::Malformed
            && addressed.is_some_and(|transaction| transaction.recipients > 0);
        let Some(digits) = line.strip_prefix(b"BDAT ").filter(|_| wraps) else {
            return false;
        };
        let (digits, last) = digits
            .strip_suffix(b" LAST")
            .map_or((digits, false), |digits| (digits, true));
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return false;
        }
        let add =
            |size: u64, digit: &u8| size.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        self.begin_chunk(line, digits.iter().fold(0, add), last);
        true
    }

    /// Whether a BDAT that the protocol refuses is followed by octets that must be discarded before the reply
    /// (RFC 3030, 2). Not where nobody knows how many, and not where BDAT itself is not known: CHUNKING is announced by
    /// EHLO only.
    pub(super) fn discards_chunk(&mut self, line: &[u8], refusal: &Refusal) -> bool {
        let announced_it = self.dialogue.greeting == Some(Greeting::Ehlo);
        let known = announced_it
            && !matches!(refusal.cause, Cause::Malformed | Cause::Unknown)
            && refusal.reply != replies::NOT_IMPLEMENTED;
        let (Some((size, last)), true) = (announced(line), known) else {
            return false;
        };
        if self.has(Defect::RefusedChunkActedOn) {
            return false;
        }
        self.read_chunk(line, size, last, Fate::Refused(refusal.clone()));
        true
    }

    fn read_chunk(&mut self, line: &[u8], size: u64, last: bool, fate: Fate) {
        let early = matches!(fate, Fate::Kept) && size > 0 && self.has(Defect::ChunkAnsweredEarly);
        if early {
            self.outlet.reply(To::Command(Verb::Bdat), replies::CHUNK);
        }
        self.outlet.look_ahead(None);
        self.phase = Phase::Chunk(Box::new(Chunk {
            line: line.to_vec(),
            left: size,
            last,
            fate,
            barred: matches!(self.phase, Phase::Barred),
            ended: false,
            answered: early,
        }));
    }

    /// OnReject at once; the reply has to wait for the chunk's octets.
    fn refuse_chunk(&mut self, line: &[u8], reply: String) -> Fate {
        if !self.has(Defect::HandlerRefusalWithoutReject) {
            self.outlet
                .reject(Some(line), ParsingStatus::Complete, &reply);
        }
        Fate::RefusedByHandler(reply)
    }

    /// Acts on the next mark, takes more octets, or answers.
    pub(super) fn advance_chunk(&mut self) -> bool {
        if let Some(mark) = self
            .chunked
            .as_mut()
            .and_then(|chunked| chunked.sink.next_mark())
        {
            self.handle_chunk_mark(mark);
            return true;
        }
        let Phase::Chunk(chunk) = &mut self.phase else {
            return false;
        };
        let there = self.input.rest();
        let most = usize::try_from(chunk.left).unwrap_or(usize::MAX);
        let mut octets = &there[..there.len().min(most)];
        if !octets.is_empty() {
            let mut left = chunk.left - octets.len() as u64;
            if let (Fate::Kept, Some(chunked)) = (&chunk.fate, &mut self.chunked) {
                let ends = self.config.defects.has(Defect::DotEndsChunk);
                if let Some(end) = chunked.dot_end(octets).filter(|_| ends) {
                    octets = &octets[..=end];
                    chunk.last = true;
                    left = 0;
                }
                chunked.take(octets);
            }
            chunk.left = left;
            let taken = octets.len();
            self.input.skip(taken);
            return true;
        }
        if chunk.left > 0 {
            return false;
        }
        if matches!(chunk.fate, Fate::Kept) && chunk.last && !chunk.ended {
            chunk.ended = true;
            if let Some(chunked) = &mut self.chunked {
                chunked.finish();
            }
        } else {
            self.end_chunk();
        }
        true
    }

    fn handle_chunk_mark(&mut self, mark: Mark) {
        let event = match mark {
            Mark::Command(event) => return self.outlet.tell(event),
            Mark::EndOfHeaders { headers, .. } => Event::OnEndOfHeaders {
                headers: Some(headers),
            },
            Mark::EndOfData { content } => Event::OnEndOfData {
                content: Some(content),
            },
        };
        let refused = |phase: &Phase| matches!(phase, Phase::Chunk(chunk) if !matches!(chunk.fate, Fate::Kept));
        if refused(&self.phase) {
            return;
        }
        let reply = match self.outlet.fire(event) {
            Decision::Pass => return self.pass_chunk(),
            Decision::Refuse(reply) => reply,
            Decision::Failed => replies::HANDLER_FAILED.to_owned(),
            Decision::Drop => return self.drop_session(),
        };
        let Phase::Chunk(chunk) = &self.phase else {
            return;
        };
        let line = chunk.line.clone();
        let fate = self.refuse_chunk(&line, reply);
        if let Phase::Chunk(chunk) = &mut self.phase {
            chunk.fate = fate;
        }
    }

    /// What the chunk has completed passes, perhaps not for every recipient.
    fn pass_chunk(&mut self) {
        let (Phase::Chunk(chunk), Some(transaction)) =
            (&self.phase, &mut self.dialogue.transaction)
        else {
            return;
        };
        let line = chunk.line.clone();
        let mut addressed = core::mem::take(&mut transaction.addressed);
        self.refuse_for_some(Some(&line), &mut addressed);
        if let Some(transaction) = &mut self.dialogue.transaction {
            transaction.addressed = addressed;
        }
    }

    /// All octets have come: the reply. A chunk that was refused has ended the message, and its transaction with it: what
    /// of it comes behind, by pipelining, is out of sequence, and discarded too (RFC 3030, 2).
    fn end_chunk(&mut self) {
        let Phase::Chunk(chunk) = core::mem::replace(&mut self.phase, Phase::Commands) else {
            return;
        };
        if chunk.barred {
            self.phase = Phase::Barred;
        }
        self.ended_by_chunk = true;
        match chunk.fate {
            Fate::Kept if chunk.last => {
                self.clear_transaction();
                self.carried.behind_last = true;
                if !chunk.answered {
                    self.answer_message(To::Message, replies::MESSAGE);
                }
            }
            Fate::Kept if chunk.answered || self.has(Defect::ChunkUnanswered) => {}
            Fate::Kept => self.outlet.reply(To::Command(Verb::Bdat), replies::CHUNK),
            Fate::RefusedByHandler(reply) => {
                self.fail_message();
                self.owe_for(chunk.last);
                self.answer_message(To::Command(Verb::Bdat), &reply);
            }
            Fate::Refused(refusal) => {
                // Out of sequence it was no part of the message.
                if refusal.cause == Cause::Beyond && !chunk.barred {
                    self.fail_message();
                    self.owe_for(chunk.last);
                }
                self.refuse_by_protocol(&chunk.line, &refusal);
            }
        }
    }

    fn fail_message(&mut self) {
        if !self.has(Defect::ChunkTakenBehindFailed) {
            self.clear_transaction();
        } else if self.chunked.is_none() {
            self.begin_message();
        }
    }

    /// Only the end of a message is answered for each recipient (RFC 2033, 4.3).
    fn owe_for(&mut self, last: bool) {
        if !last {
            self.owed = Recipients::default();
        }
    }

    fn clear_transaction(&mut self) {
        self.end_transaction();
        self.forget_chunks();
    }

    /// What came of the message is forgotten with its transaction.
    pub(super) fn forget_chunks(&mut self) {
        if self.dialogue.transaction.is_none() {
            self.chunked = None;
        }
    }

    /// RSET between chunks, with the defect `rset-keeps-chunks`.
    pub(super) fn keep_chunks(&mut self) {
        if let Some(chunked) = self
            .chunked
            .take()
            .filter(|_| self.has(Defect::RsetKeepsChunks))
        {
            self.carried.chunks = Some(chunked.sink.into_running());
        }
    }

    /// The message is handed on though its end has not come: only defects do.
    pub(super) fn hand_on_chunks(&mut self) {
        let Some(mut chunked) = self.chunked.take() else {
            return;
        };
        chunked.finish();
        while let Some(mark) = chunked.sink.next_mark() {
            match mark {
                Mark::EndOfHeaders { headers, .. } => self.outlet.tell(Event::OnEndOfHeaders {
                    headers: Some(headers),
                }),
                Mark::EndOfData { content } => self.outlet.tell(Event::OnEndOfData {
                    content: Some(content),
                }),
                Mark::Command(event) => self.outlet.tell(event),
            }
        }
    }
}
