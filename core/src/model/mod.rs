//! The reference event-ordering model.

mod pacer;
mod replies;

pub use pacer::Pacer;
pub use replies::{ReplyReader, SeenReply};
