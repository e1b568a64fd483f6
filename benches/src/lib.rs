//! Inputs that the benchmarks share: the same octets in every run and for every parser. `inputs/` was made from the
//! corpus by the example `inputs`.

mod bare;
mod commands;
mod data;
mod random;
mod receiver;
mod replies;
mod short;

use mimalloc::MiMalloc;

pub use bare::{bare_server, converse};
pub use commands::{COMMANDS, commands, paths};
pub use data::{data, dots, short_lines};
pub use receiver::{long_session, play, session};
pub use replies::{REPLIES, replies};
pub use short::{EXCHANGES, greeting, short};

/// Of smtpspec itself, so that what is measured and counted here is what a run does. Peers have it too.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The log of conversations of the corpus, as a run writes it.
pub const TRANSCRIPT: &[u8] = include_bytes!("../inputs/transcript.jsonl");
