//! smtpspec: the half of the suite that touches the world.
//!
//! - [`drive`]: plays a conversation over TCP and logs what happens.
//! - [`observe`]: takes a server's event stream and routes each event to the connection that it belongs to.
//! - [`serve`]: the reference server: `smtpspec_core::receiver` on sockets.
//! - [`target`]: finds, starts, watches and stops a server under test.
//! - [`run`]: a campaign: many conversations at once against one target, a transcript out.
//! - [`recall`]: known bugs of old releases, looked for again.
//! - [`record`]: session logs in the making, and the suite's clock.
//! - [`certificate`]: what servers under test show in a TLS handshake.
//! - [`cli`] and [`report`]: arguments in, reports out.

pub mod certificate;
pub mod cli;
pub mod drive;
pub mod expect;
pub mod observe;
pub mod recall;
pub mod record;
pub mod report;
pub mod run;
pub mod serve;
pub mod target;
