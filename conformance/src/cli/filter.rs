//! `--case` and `--rule`: globs on names.

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::CliError;

/// Names that fit any of some globs; all names when there are none.
#[derive(Debug)]
pub(super) struct Filter(Option<GlobSet>);

impl Filter {
    /// `option` names the command-line option in errors.
    pub(super) fn new(option: &'static str, globs: &[String]) -> Result<Self, CliError> {
        if globs.is_empty() {
            return Ok(Self(None));
        }
        let mut set = GlobSetBuilder::new();
        for glob in globs {
            let parsed = Glob::new(glob).map_err(|source| CliError::Glob { option, source })?;
            set.add(parsed);
        }
        let set = set
            .build()
            .map_err(|source| CliError::Glob { option, source })?;
        Ok(Self(Some(set)))
    }

    pub(super) fn takes(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|set| set.is_match(name))
    }
}
