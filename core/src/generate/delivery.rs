//! How pieces become writes: in lock-step or in groups, whole, by lines, by octets.

use super::{
    numbers::{Numbers, Place},
    route::{Joined, Piece},
    telling::telling,
};
use crate::{
    conversation::{Conversation, ReplyPattern, Segmentation, Step},
    wire::Verb,
};

/// How the pieces are sent.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    /// Pieces that may be joined are (RFC 2920).
    pipelined: bool,
    cut: Cut,
}

#[derive(Debug, Clone)]
enum Cut {
    AsWritten,
    Whole,
    PerLine,
    PerByte,
    At(Place),
    /// Where a careless reader would stumble.
    Telling(Vec<Place>),
}

impl Delivery {
    /// Any delivery; lock-step and whole pieces most often.
    pub(super) fn draw(numbers: &mut Numbers<'_>) -> Self {
        let cut = match numbers.within(0..=15) {
            0..=5 => Cut::AsWritten,
            6..=7 => Cut::Whole,
            8..=9 => Cut::PerLine,
            10 => Cut::PerByte,
            11..=12 => Cut::At(numbers.place()),
            _ => Cut::Telling(numbers.some(1..=5, Numbers::place)),
        };
        let pipelined = numbers.chance(128);
        Self { pipelined, cut }
    }

    /// A send for each piece, or for each group.
    pub(super) fn steps(&self, pieces: Vec<Piece>) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        // The handshake comes behind all that is sent in one go with STARTTLS, and before anything else.
        let mut handshake = None;
        for piece in pieces {
            let segments = segments(&piece);
            let starts = Verb::of(piece.octets.trim_ascii_end()) == Verb::StartTls;
            let sends = matches!(steps.last(), Some(Step::Send(_)));
            let joins = match piece.joined {
                Joined::Always => sends,
                Joined::IfPipelined => sends && self.pipelined && piece.pause.is_none(),
                Joined::Never => false,
            };
            if !joins {
                steps.extend(handshake.take().map(Step::Tls));
            }
            if starts {
                handshake = piece.handshake;
            }
            match (piece.joined, steps.last_mut(), piece.pause) {
                (Joined::Always, Some(Step::Send(group)), _) => join(group, segments),
                (Joined::IfPipelined, Some(Step::Send(group)), None) if self.pipelined => {
                    group.extend(segments);
                }
                (.., pause) => {
                    steps.extend(pause.map(Step::Pause));
                    steps.extend((!segments.is_empty()).then_some(Step::Send(segments)));
                }
            }
            steps.extend(piece.awaited.then(any_reply));
        }
        steps.extend(handshake.map(Step::Tls));
        steps
    }

    /// The same in its segments. What aims at a goal is left as it is more often.
    pub(super) fn segment(&self, conversation: &Conversation, aims: bool) -> Conversation {
        let how = match &self.cut {
            Cut::Whole | Cut::PerLine if aims => Segmentation::AsWritten,
            Cut::AsWritten => Segmentation::AsWritten,
            Cut::Whole => Segmentation::Whole,
            Cut::PerByte => Segmentation::PerByte,
            Cut::At(at) => Segmentation::CutAt(at.index(conversation.octets().len() + 1)),
            Cut::PerLine => return per_line(conversation),
            Cut::Telling(places) => return at_telling_places(conversation, places),
        };
        conversation.segmented(how)
    }
}

/// The piece's own segments.
fn segments(piece: &Piece) -> Vec<Vec<u8>> {
    let mut segments = Vec::new();
    let mut start = 0;
    for end in piece.cuts.iter().copied().chain([piece.octets.len()]) {
        if start < end {
            segments.push(piece.octets[start..end].to_vec());
            start = end;
        }
    }
    segments
}

/// Puts `segments` behind `group`, the first of them into its last one: the server gets both at once.
fn join(group: &mut Vec<Vec<u8>>, segments: Vec<Vec<u8>>) {
    let mut segments = segments.into_iter();
    match group.last_mut() {
        Some(last) => last.extend(segments.next().unwrap_or_default()),
        None => group.extend(segments.next()),
    }
    group.extend(segments);
}

/// Waits for the reply, whatever it is.
fn any_reply() -> Step {
    Step::Expect(ReplyPattern {
        codes: vec![*b"xxx"],
    })
}

fn at_telling_places(conversation: &Conversation, places: &[Place]) -> Conversation {
    let all = telling(&conversation.octets());
    if all.is_empty() {
        return conversation.clone();
    }
    let cut = |conversation: Conversation, place: &Place| {
        conversation.segmented(Segmentation::CutAt(all[place.index(all.len())]))
    };
    places.iter().fold(conversation.clone(), cut)
}

fn per_line(conversation: &Conversation) -> Conversation {
    let mut lines = conversation.clone();
    for step in &mut lines.steps {
        if let Step::Send(segments) = step {
            let octets = segments.concat();
            *segments = octets
                .split_inclusive(|octet| *octet == b'\n')
                .map(<[u8]>::to_vec)
                .collect();
        }
    }
    lines
}
