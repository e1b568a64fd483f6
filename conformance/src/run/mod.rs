//! A campaign: conversations against one target, many at once, a transcript out.

mod campaign;
mod case;
mod generated;
mod minimise;
mod options;
mod session;
mod settle;

pub use campaign::{Outcome, Progress, RunError, campaign};
pub use case::{Case, CaseError, documented};
pub use generated::{cuts, generated, named};
pub(crate) use minimise::shortest;
pub use minimise::{Minimal, minimise};
pub use options::CampaignOptions;
