//! What planted defects do to the streams of events, replies and content: lose, double, delay, swap, change.
//!
//! Stands between the engine and what leaves it, so that the engine need not know. Without a defect it hands on
//! what it is given.

mod content;
mod events;
mod replies;

pub(super) use content::ContentTamper;
pub(super) use events::{Delivery, EventTamper};
pub(super) use replies::{ReplyTamper, To};
