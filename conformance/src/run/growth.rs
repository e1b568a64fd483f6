//! Whether what a server holds grows with the sessions that it has had.
//!
//! A leak grows in both halves of a run; what only warms up (pools, caches, an allocator's arenas) grows in the first
//! and then stays.

use crate::target::Usage;

/// What a server held at three moments at which it had no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Growth {
    /// When it was warm.
    pub before: Usage,
    /// After half of the sessions.
    pub halfway: Usage,
    /// After all of them.
    pub after: Usage,
}

/// One thing of which a server can hold too much.
#[derive(Debug)]
pub struct Resource {
    /// In a report: `open files`.
    pub name: &'static str,
    /// How much of it.
    pub of: fn(&Usage) -> u64,
    /// Growth up to this tells nothing, however few the sessions were.
    slack: u64,
    /// Nor does this for each thousand sessions.
    slack_per_thousand: u64,
}

/// What is looked at. Pools of threads and of connections to elsewhere may grow by a few. Memory is handed out in
/// pages and given back late: below some hundred octets a session a leak cannot be told from that.
pub const RESOURCES: [Resource; 3] = [
    Resource {
        name: "open files",
        of: |usage| usage.files,
        slack: 4,
        slack_per_thousand: 1,
    },
    Resource {
        name: "threads",
        of: |usage| usage.threads,
        slack: 4,
        slack_per_thousand: 1,
    },
    Resource {
        name: "memory",
        of: |usage| usage.memory,
        slack: 1 << 20,
        slack_per_thousand: 500 * 1000,
    },
];

impl Resource {
    /// How much the server may hold beyond `before` after `sessions`.
    pub fn slack(&self, sessions: u64) -> u64 {
        self.slack + self.slack_per_thousand * sessions / 1000
    }

    /// How much more of it is held for each of `sessions` when it leaks; `None` when it does not.
    pub fn leak(&self, growth: &Growth, sessions: u64) -> Option<f64> {
        let at = [growth.before, growth.halfway, growth.after].map(|usage| (self.of)(&usage));
        let total = at[2].saturating_sub(at[0]);
        let halves = [at[1].saturating_sub(at[0]), at[2].saturating_sub(at[1])];
        // A quarter of all: the two halves are alike but for chance.
        let steady = halves.iter().all(|half| *half >= total / 4);
        #[expect(
            clippy::cast_precision_loss,
            reason = "a figure to be read by a person"
        )]
        let per_session = total as f64 / sessions.max(1) as f64;
        (total > self.slack(sessions) && steady).then_some(per_session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    fn leaks(files: [u64; 3], memory: [u64; 3]) -> Vec<(&'static str, f64)> {
        let at = |n: usize| Usage {
            files: files[n],
            threads: 3,
            memory: memory[n],
        };
        let growth = Growth {
            before: at(0),
            halfway: at(1),
            after: at(2),
        };
        let leak = |r: &'static Resource| Some((r.name, r.leak(&growth, 1000)?));
        const { &RESOURCES }.iter().filter_map(leak).collect()
    }

    #[test]
    fn what_grows_with_the_sessions_leaks() {
        assert_eq!(leaks([10, 160, 310], [0; 3]), [("open files", 0.3)]);
        let kept = 4096 * 500;
        assert_eq!(
            leaks([10; 3], [5, 5 + kept, 5 + 2 * kept]),
            [("memory", 4096.0)]
        );
    }

    #[test]
    fn what_stays_or_shrinks_or_warms_up_does_not() {
        assert_eq!(leaks([10; 3], [7_000_000; 3]), []);
        assert_eq!(leaks([10, 5, 5], [7_000_000, 6_000_000, 5_000_000]), []);
        assert_eq!(leaks([10, 200, 205], [1 << 20, 9 << 20, 9 << 20]), []);
        assert_eq!(leaks([10, 12, 15], [1 << 20, 1 << 20, 2 << 20]), []);
    }
}
