//! What criterion has left in its folder.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    fmt, fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde_json::Value;

/// How our contestants' names begin.
pub(crate) const OURS: &str = "smtpspec";

/// The floor's name.
const FLOOR: &str = "memchr";

/// A whole run takes less; figures that are older than the newest by more than this are another run's.
const LONGEST_RUN: Duration = Duration::from_hours(1);

/// Contestants over the same input.
pub(crate) struct Group {
    /// As in the benchmark.
    pub(crate) name: String,
    figures: Vec<Figure>,
}

/// One contestant's.
pub(crate) struct Figure {
    /// As in the benchmark.
    pub(crate) name: String,
    /// The median of an iteration.
    pub(crate) nanoseconds: f64,
    /// When it was measured.
    at: SystemTime,
    /// Of an iteration.
    elements: Option<f64>,
    bytes: Option<f64>,
}

impl Group {
    /// Ours, in the order of their names.
    pub(crate) fn ours(&self) -> impl Iterator<Item = &Figure> {
        self.figures
            .iter()
            .filter(|figure| figure.name.starts_with(OURS))
    }

    /// Of those that are neither ours nor the floor.
    pub(crate) fn fastest_peer(&self) -> Option<&Figure> {
        self.figures
            .iter()
            .filter(|figure| !figure.name.starts_with(OURS) && figure.name != FLOOR)
            .min_by(|a, b| a.nanoseconds.total_cmp(&b.nanoseconds))
    }

    /// The floor.
    pub(crate) fn floor(&self) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.name == FLOOR)
    }
}

impl fmt::Display for Figure {
    /// Time for an element and throughput, as far as the benchmark says how many there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.nanoseconds / self.elements.unwrap_or(1.0);
        match time {
            0.0..1e3 => write!(f, "{time:.1} ns")?,
            1e3..1e6 => write!(f, "{:.1} us", time / 1e3)?,
            _ => write!(f, "{:.1} ms", time / 1e6)?,
        }
        match self.bytes {
            Some(bytes) => write!(f, ", {:.0} MB/s", bytes / self.nanoseconds * 1e3),
            None => Ok(()),
        }
    }
}

/// The groups that one of ours takes part in, by name.
pub(crate) fn groups() -> Result<Vec<Group>, Box<dyn Error>> {
    let mut groups = BTreeMap::<String, Vec<Figure>>::new();
    for folder in folders(&home())? {
        for contestant in folders(&folder)? {
            if let Some((group, figure)) = read(&contestant.join("new"))? {
                groups.entry(group).or_default().push(figure);
            }
        }
    }
    let newest = groups.values().flatten().map(|figure| figure.at).max();
    for figures in groups.values_mut() {
        figures.retain(|figure| newest.is_some_and(|newest| figure.at + LONGEST_RUN > newest));
    }
    let all = groups
        .into_iter()
        .map(|(name, figures)| Group { name, figures });
    Ok(all.filter(|group| group.ours().next().is_some()).collect())
}

/// Criterion's own folder.
fn home() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"),
        PathBuf::from,
    );
    env::var_os("CRITERION_HOME").map_or_else(|| target.join("criterion"), PathBuf::from)
}

/// The folders in a folder, which may not be there.
fn folders(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let mut folders = Vec::new();
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

/// The figure in a contestant's folder, and the group it belongs to.
fn read(folder: &Path) -> Result<Option<(String, Figure)>, Box<dyn Error>> {
    let (about, estimates) = (folder.join("benchmark.json"), folder.join("estimates.json"));
    if !about.is_file() || !estimates.is_file() {
        return Ok(None);
    }
    let about: Value = serde_json::from_slice(&fs::read(about)?)?;
    let estimates: Value = serde_json::from_slice(&fs::read(estimates)?)?;
    let word = |key: &str| about[key].as_str().map(str::to_owned);
    let (Some(group), Some(name)) = (word("group_id"), word("function_id")) else {
        return Ok(None);
    };
    let throughput = &about["throughput"];
    let both = &throughput["ElementsAndBytes"];
    let figure = Figure {
        name,
        at: fs::metadata(folder.join("estimates.json"))?.modified()?,
        nanoseconds: estimates["median"]["point_estimate"]
            .as_f64()
            .ok_or("no median")?,
        elements: both["elements"]
            .as_f64()
            .or(throughput["Elements"].as_f64()),
        bytes: both["bytes"].as_f64().or(throughput["Bytes"].as_f64()),
    };
    Ok(Some((group, figure)))
}
