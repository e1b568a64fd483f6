//! What each path may cost: a line for each, its name and its count.

use std::{error::Error, fmt::Write, fs, path::PathBuf};

/// Where it stands, from the workspace's root.
pub(crate) const FILE: &str = "benches/instructions.budget";

/// Counts by name.
#[derive(Default)]
pub(crate) struct Budget(Vec<(String, u64)>);

impl Budget {
    /// Reads the committed file.
    pub(crate) fn read() -> Result<Self, Box<dyn Error>> {
        let text = fs::read_to_string(file()).map_err(|error| format!("{FILE}: {error}"))?;
        let mut budget = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let read = line
                .split_once(' ')
                .and_then(|(name, count)| Some((name, count.trim().parse().ok()?)));
            let (name, count) =
                read.ok_or_else(|| format!("{FILE}: expected a name and a count: {line}"))?;
            budget.set(name, count);
        }
        Ok(budget)
    }

    /// Writes the committed file.
    pub(crate) fn write(&self) -> Result<(), Box<dyn Error>> {
        let mut text = String::from(
            "# Instructions of each hot path, as `hot-paths --rewrite` counted them.\n",
        );
        for (name, count) in &self.0 {
            writeln!(text, "{name} {count}")?;
        }
        Ok(fs::write(file(), text)?)
    }

    /// What `name` may cost.
    pub(crate) fn of(&self, name: &str) -> Result<u64, String> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found
            .map(|(_, count)| *count)
            .ok_or_else(|| format!("{FILE} has no `{name}`"))
    }

    /// Says what `name` may cost.
    pub(crate) fn set(&mut self, name: &str, count: u64) {
        self.0.push((name.to_owned(), count));
    }
}

fn file() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", FILE].iter().collect()
}
