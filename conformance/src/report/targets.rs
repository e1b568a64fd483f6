//! `smtpspec targets`: the servers that smtpspec knows how to start, and what of each is there.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::Path,
};

use serde::Serialize;

use super::style::{FAINT, GOOD, STRONG};
use crate::target::{Adapter, OffersTls};

/// A server that has an adapter, and what of it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnownTarget {
    /// As for `--target`.
    pub name: String,
    /// The version that is meant where none is named.
    pub version: String,
    /// Whether smtpspec can start it at all; if not, it runs elsewhere and is connected to.
    pub startable: bool,
    /// What `install.sh` said it had installed of that version; `None` when it is not installed.
    pub installed: Option<String>,
    /// Other versions that are installed.
    pub also_installed: Vec<String>,
    /// What must be there before it is installed.
    pub needs: String,
    /// What of it can be seen.
    pub shows: String,
    /// In which ways it can offer TLS.
    pub tls: Vec<OffersTls>,
    /// What of it can be set, each with what it does.
    pub settings: BTreeMap<String, String>,
    /// What installs it.
    pub install: String,
    /// What there is to know of it.
    pub readme: String,
}

impl From<&Adapter> for KnownTarget {
    fn from(adapter: &Adapter) -> Self {
        let version = adapter.version().to_owned();
        let mut also = adapter.installed_versions();
        also.retain(|other| *other != version);
        let about = adapter.about();
        Self {
            name: adapter.name(),
            startable: adapter.is_startable(),
            installed: adapter.installed(),
            also_installed: also,
            needs: about.needs.clone(),
            shows: about.shows.clone(),
            tls: about.tls.clone(),
            settings: about.settings.clone(),
            install: from_here(&adapter.install_command()),
            readme: from_here(&adapter.folder().join("README.md").display().to_string()),
            version,
        }
    }
}

/// A path below the current directory is shorter without it.
pub(super) fn from_here(path: &str) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let short = Path::new(path).strip_prefix(here).ok();
    short.map_or(path.to_owned(), |short| short.display().to_string())
}

/// Writes a paragraph for each.
pub fn list_targets(out: &mut impl Write, targets: &[KnownTarget]) -> io::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    writeln!(
        out,
        "{STRONG}embedded{STRONG:#}  {GOOD}built in{GOOD:#}: the reference server, {version}\n  shows    \
         everything; defects can be planted in it (`smtpspec run --defect NAME`)"
    )?;
    for target in targets {
        write!(out, "\n{STRONG}{}{STRONG:#}  ", target.name)?;
        match &target.installed {
            _ if !target.startable => writeln!(out, "runs elsewhere: see {}", target.readme)?,
            Some(what) => writeln!(out, "{GOOD}installed{GOOD:#}: {what}")?,
            None => writeln!(out, "{FAINT}not installed{FAINT:#}")?,
        }
        let also = target.also_installed.iter();
        let also: Vec<_> = also.map(|v| format!("{}@{v}", target.name)).collect();
        line(out, "shows", &target.shows)?;
        let tls: Vec<_> = target.tls.iter().map(|way| way.name()).collect();
        line(out, "tls", &tls.join(", "))?;
        for (name, what) in &target.settings {
            line(out, "setting", &format!("{name}: {what}"))?;
        }
        line(out, "also", &also.join(", "))?;
        if target.startable && target.installed.is_none() {
            line(out, "needs", &target.needs)?;
            line(out, "install", &target.install)?;
        }
    }
    writeln!(
        out,
        "\n`smtpspec run --target NAME` runs the suite on one of them, `smtpspec matrix` on all that are installed."
    )
}

fn line(out: &mut impl Write, what: &str, text: &str) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    writeln!(out, "  {what:<8} {text}")
}

/// Writes an array of objects.
pub fn targets_json(out: &mut impl Write, targets: &[KnownTarget]) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, targets)?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(name: &str) -> KnownTarget {
        KnownTarget {
            name: name.into(),
            version: "3.7".into(),
            startable: true,
            installed: None,
            also_installed: Vec::new(),
            needs: "root".into(),
            shows: "9 of 15 events".into(),
            tls: Vec::new(),
            settings: BTreeMap::new(),
            install: format!("adapters/{name}/install.sh"),
            readme: format!("adapters/{name}/README.md"),
        }
    }

    #[test]
    fn each_says_whether_it_is_there_and_if_not_what_installs_it() {
        let targets = [
            target("missing"),
            KnownTarget {
                installed: Some("there 3.7.11".into()),
                also_installed: vec!["3.6".into()],
                tls: vec![OffersTls::StartTls, OffersTls::Implicit],
                settings: BTreeMap::from([("strict".into(), "yes or no".into())]),
                ..target("there")
            },
            KnownTarget {
                startable: false,
                ..target("elsewhere")
            },
        ];
        let mut out = anstream::StripStream::new(Vec::new());
        list_targets(&mut out, &targets).unwrap();
        insta::assert_snapshot!(String::from_utf8(out.into_inner()).unwrap());
    }
}
