//! The few styles of the console reports. Whether they reach the terminal is decided by the stream (anstream):
//! only a terminal gets them, and NO_COLOR is honoured.

use anstyle::{AnsiColor, Style};
use smtpspec_core::check::Verdict;

/// For what matters most on a page.
pub(super) const STRONG: Style = Style::new().bold();
/// For what may be passed over.
pub(super) const FAINT: Style = Style::new().dimmed();
/// For what is as one would have it.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// For events.
pub(super) const EVENT: Style = AnsiColor::Cyan.on_default();
/// For what the server says.
pub(super) const SERVER: Style = AnsiColor::Blue.on_default();

/// For what should be there.
pub(super) const MISSING: Style = AnsiColor::Red.on_default();

/// The style of a verdict.
pub(super) const fn of(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Holds => GOOD,
        Verdict::Broken => AnsiColor::Red.on_default().bold(),
        Verdict::NotStrict | Verdict::Inconclusive => AnsiColor::Yellow.on_default(),
        Verdict::NotObservable | Verdict::NotExercised => FAINT,
    }
}
