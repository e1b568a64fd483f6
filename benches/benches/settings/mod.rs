//! How long the benchmarks measure: one place for all of them.

use std::time::Duration;

use criterion::Criterion;

/// Short, and long enough: for each figure so many seconds.
pub(crate) fn measured_for(seconds: u64) -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(seconds))
}
