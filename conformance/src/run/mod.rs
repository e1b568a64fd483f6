//! A campaign: conversations against one target, many at once, a transcript out.

mod broken;
mod campaign;
mod case;
mod deaths;
mod gathered;
mod generated;
mod ground;
mod growth;
mod in_memory;
mod in_parts;
mod kept;
mod leaks;
mod material;
mod minimise;
mod options;
mod player;
mod round;
mod session;
mod settle;
mod smuggling;

pub use broken::BrokenSessions;
pub use campaign::{Outcome, Progress, RunError, campaign};
pub use case::{Case, CaseError, documented, wire};
pub use gathered::{Counted, Gathered};
pub use generated::{cuts, every_cut, generated, named};
pub use ground::Ground;
pub use growth::{Growth, RESOURCES, Resource};
pub use in_memory::{InMemory, in_memory};
pub use in_parts::{InParts, PART, WHOLE, in_parts};
pub use leaks::{Held, LeakCheck, Leaks, leaks};
pub use material::{Generated, Manner, Material};
pub(crate) use minimise::shortest;
pub use minimise::{Minimal, minimise};
pub use options::CampaignOptions;
pub use smuggling::{
    FORMS, Form, LOOK_ALIKES, SEPARATORS, is_stuffed, look_alike_name, look_alikes, smuggling,
};
