//! Where figures come from: they mean little without.

use std::{error::Error, fmt::Write, fs, path::Path, process::Command, thread};

/// The peers, and what the floor is.
const PEERS: [&str; 8] = [
    "memchr",
    "smtp-proto",
    "smtp-codec",
    "smtp-message",
    "mailin",
    "serde_json",
    "proptest",
    "criterion",
];

/// What `cargo bench` does not measure.
const ELSEWHERE: &str = "How time and memory grow with the length of a run is in [GROWTH.md](GROWTH.md), the load of Postfix's smtp-source at \
     `smtpspec serve` in [LOAD.md](LOAD.md).";

/// What stands above the table.
pub(crate) fn preface() -> Result<String, Box<dyn Error>> {
    let mut out = String::from(
        "# Results\n\nWritten by `cargo bench`. Each ratio is of one run on one input: how many times as fast as the fastest \
         peer ours is.\nThe floor is memchr, finding each LF of the same octets and doing nothing else.\n\n",
    );
    let cores = thread::available_parallelism()?;
    writeln!(out, "- processor: {}, {cores} cores", processor())?;
    let rustc = Command::new("rustc").arg("--version").output()?;
    writeln!(out, "- {}", String::from_utf8_lossy(&rustc.stdout).trim())?;
    writeln!(out, "- {}", versions()?)?;
    writeln!(out, "\n{ELSEWHERE}")?;
    Ok(out)
}

/// As Linux names it.
fn processor() -> String {
    let about = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = about
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or("unknown", |(_, name)| name).to_owned()
}

/// The versions that the lock file holds.
fn versions() -> Result<String, Box<dyn Error>> {
    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock"))?;
    let of = |peer: &&str| {
        let (_, entry) = lock.split_once(&format!("name = \"{peer}\"\nversion = \""))?;
        let (version, _) = entry.split_once('"')?;
        Some(format!("{peer} {version}"))
    };
    Ok(PEERS.iter().filter_map(of).collect::<Vec<_>>().join(", "))
}
