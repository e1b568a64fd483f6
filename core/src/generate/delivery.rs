//! How pieces become writes: in lock-step or in groups, whole, by lines, by octets.

use proptest::{prelude::*, sample::Index};

use super::walk::Piece;
use crate::conversation::{Conversation, Segmentation, Step};

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
    At(Index),
}

/// Any delivery; lock-step and whole pieces most often.
pub(super) fn delivery() -> impl Strategy<Value = Delivery> {
    let cut = prop_oneof![
        6 => Just(Cut::AsWritten),
        2 => Just(Cut::Whole),
        2 => Just(Cut::PerLine),
        1 => Just(Cut::PerByte),
        3 => any::<Index>().prop_map(Cut::At),
    ];
    (any::<bool>(), cut).prop_map(|(pipelined, cut)| Delivery { pipelined, cut })
}

impl Delivery {
    /// A send for each piece, or for each group.
    pub(super) fn steps(&self, pieces: Vec<Piece>) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for piece in pieces {
            match steps.last_mut() {
                Some(Step::Send(group)) if self.pipelined && piece.joined => {
                    group.push(piece.octets);
                }
                _ => steps.push(Step::Send(vec![piece.octets])),
            }
        }
        steps
    }

    /// The same in its segments.
    pub(super) fn segment(&self, conversation: &Conversation) -> Conversation {
        let how = match &self.cut {
            Cut::AsWritten => Segmentation::AsWritten,
            Cut::Whole => Segmentation::Whole,
            Cut::PerByte => Segmentation::PerByte,
            Cut::At(at) => Segmentation::CutAt(at.index(conversation.octets().len() + 1)),
            Cut::PerLine => return per_line(conversation),
        };
        conversation.segmented(how)
    }
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
