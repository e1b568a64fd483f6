//! The suite's clock: UNIX time that never goes back while the process lives.

use std::{
    sync::OnceLock,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Nanoseconds since the UNIX epoch, monotonic within this process.
///
/// The system's clock is read once; from there on a monotonic clock counts, so that an adjustment of the
/// system's time in a run cannot put an effect before its cause.
pub fn now_ns() -> u64 {
    static START: OnceLock<(Duration, Instant)> = OnceLock::new();
    let (unix, instant) = START.get_or_init(|| {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH);
        (unix.unwrap_or_default(), Instant::now())
    });
    // 64 bits of nanoseconds last until the year 2554.
    u64::try_from((*unix + instant.elapsed()).as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_does_not_go_back() {
        let stamps: Vec<u64> = (0..1000).map(|_| now_ns()).collect();
        assert!(stamps.is_sorted());
    }
}
