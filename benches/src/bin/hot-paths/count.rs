//! Counting with valgrind's callgrind.

use std::{env, error::Error, fs, process::Command};

/// Where counting begins and ends: functions of this name, and what they call.
const COUNTED: &str = "*counted_work*";

/// How many instructions the path called `name` takes, its input's making left out.
pub(crate) fn instructions(name: &str) -> Result<u64, Box<dyn Error>> {
    let out = env::temp_dir().join(format!("hot-paths-{}-{name}", std::process::id()));
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no"])
        .arg(format!("--toggle-collect={COUNTED}"))
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(env::current_exe()?)
        .args(["--play", name])
        .output()
        .map_err(|error| {
            format!("valgrind, which Debian and Ubuntu have as a package, does not start: {error}")
        })?;
    if !run.status.success() {
        return Err(format!("{name}: {}", String::from_utf8_lossy(&run.stderr)).into());
    }
    let text = fs::read_to_string(&out)?;
    fs::remove_file(&out)?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    let count = total
        .and_then(|total| total.trim().parse().ok())
        .filter(|count| *count > 0);
    count.ok_or_else(|| format!("{name}: callgrind counted nothing").into())
}
