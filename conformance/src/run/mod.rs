//! A campaign: conversations against one target, many at once, a transcript out.

mod broken;
mod campaign;
mod case;
mod deaths;
mod gathered;
mod generated;
mod growth;
mod leaks;
mod minimise;
mod options;
mod player;
mod round;
mod session;
mod settle;
mod smuggling;

pub use broken::BrokenSessions;
pub use campaign::{Outcome, Progress, RunError, campaign};
pub use case::{Case, CaseError, documented};
pub use gathered::Gathered;
pub use generated::{cuts, every_cut, generated, named};
pub use growth::{Growth, RESOURCES, Resource};
pub use leaks::{Held, LeakCheck, Leaks, leaks};
pub(crate) use minimise::shortest;
pub use minimise::{Minimal, minimise};
pub use options::CampaignOptions;
pub use smuggling::{
    FORMS, Form, LOOK_ALIKES, SEPARATORS, look_alike_name, look_alikes, smuggling,
};
