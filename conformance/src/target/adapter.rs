//! Third-party servers: a folder for each, whose `run.sh` starts the server and lets it speak of its events.
//!
//! What an adapter gets and owes is told in `conformance/adapters/README.md`.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsStr,
    fs, io,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use smtpspec_core::conversation::TlsMode;
use tokio::process::Command;

use super::{Running, Setting, StartOptions, TargetError, child::ChildProcess, ports::free_port};
use crate::{
    certificate::Certificate,
    observe::{EventsSpec, Observer},
};

/// The version of a server whose adapter names none.
const CURRENT: &str = "current";
/// What `install.sh` leaves in the folder of a version when it has finished.
const DONE: &str = ".done";
/// What describes an adapter.
const ABOUT: &str = "adapter.toml";

/// A third-party server in one version: a folder in which `run.sh` is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adapter {
    name: String,
    folder: PathBuf,
    about: About,
    version: String,
    settings: Vec<Setting>,
}

/// What `adapter.toml` says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct About {
    /// The name of the software.
    pub server: String,
    /// The version that is meant where none is named.
    pub version: String,
    /// What must be there before `install.sh`, in one line.
    pub needs: String,
    /// What of the server can be seen, in one line.
    pub shows: String,
    /// The server's listen backlog, where that is so small that clients could overrun it.
    pub backlog: Option<NonZeroUsize>,
    /// So many milliseconds after the close OnDisconnect is due, where the server needs longer to tell of it.
    pub disconnect_limit_ms: Option<u64>,
    /// So many milliseconds lie between segments that are to come apart, where the server takes offence at what has come
    /// too soon.
    pub segment_gap_ms: Option<u64>,
    /// The ways in which `run.sh` can have the server offer TLS.
    pub tls: Vec<OffersTls>,
    /// Names of settings of the server that `run.sh` knows how to hand on, each with what it does in one line.
    pub settings: BTreeMap<String, String>,
    /// It can start its server as one of LMTP's.
    pub lmtp: bool,
}

/// A way in which a server can offer TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OffersTls {
    /// Behind the command STARTTLS (RFC 3207).
    StartTls,
    /// Before the first octet (RFC 8314, 3).
    Implicit,
}

impl OffersTls {
    /// The way that `mode` needs; `None` where it needs no TLS.
    const fn needed(mode: TlsMode) -> Option<Self> {
        match mode {
            TlsMode::None => None,
            TlsMode::StartTls => Some(Self::StartTls),
            TlsMode::Implicit => Some(Self::Implicit),
        }
    }

    /// As in `adapter.toml`, on the command line, and in the variable that `run.sh` reads.
    pub const fn name(self) -> &'static str {
        match self {
            Self::StartTls => "starttls",
            Self::Implicit => "implicit",
        }
    }
}

impl Adapter {
    /// The adapter in `folder`, for `version` of its server, or the one that `adapter.toml` names.
    pub fn in_folder(folder: &Path, version: Option<&str>) -> Result<Self, TargetError> {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let name = folder.file_name().unwrap_or(OsStr::new("adapter"));
        let name = name.to_string_lossy().into_owned();
        let about = about(&folder.join(ABOUT))?;
        let default = match about.version.as_str() {
            "" => CURRENT,
            version => version,
        };
        let version = version.unwrap_or(default).to_owned();
        Ok(Self {
            name,
            folder,
            about,
            version,
            settings: Vec::new(),
        })
    }

    /// The same, with the server set so.
    ///
    /// # Errors
    /// When `adapter.toml` has no such setting.
    pub fn with_settings(mut self, settings: &[Setting]) -> Result<Self, TargetError> {
        for setting in settings {
            if !self.about.settings.contains_key(setting.name()) {
                return Err(TargetError::UnknownSetting {
                    target: self.name,
                    setting: setting.name().to_owned(),
                    known: self.about.settings.into_iter().collect(),
                });
            }
        }
        self.settings.extend_from_slice(settings);
        Ok(self)
    }

    /// Its name: with the version, where that is not the one that `adapter.toml` names, and with what is set.
    pub fn name(&self) -> String {
        let mut name = self.name.clone();
        if ![CURRENT, &self.about.version].contains(&self.version.as_str()) {
            name.push('@');
            name.push_str(&self.version);
        }
        for setting in &self.settings {
            name.push(' ');
            name.push_str(&setting.to_string());
        }
        name
    }

    /// What `adapter.toml` says.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// The version of the server.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All there are, sorted by name; also those that are described but cannot be started here.
    pub fn all() -> Result<Vec<Self>, TargetError> {
        let folders = folders(|folder| is_startable(folder) || folder.join(ABOUT).is_file());
        let adapters = folders.iter().map(|folder| Self::in_folder(folder, None));
        adapters.collect()
    }

    /// Whether there is a `run.sh`; an adapter without one is for a server that runs elsewhere.
    pub fn is_startable(&self) -> bool {
        is_startable(&self.folder)
    }

    /// Whether the server is there, or needs no installation.
    pub fn is_installed(&self) -> bool {
        self.installed().is_some()
    }

    /// What `install.sh` said that it had installed; `None` when it has not finished.
    pub fn installed(&self) -> Option<String> {
        if !self.script().exists() {
            return Some(self.version.clone());
        }
        let said =
            fs::read_to_string(self.installed_folder().join(&self.version).join(DONE)).ok()?;
        match said.trim() {
            "" => Some(self.version.clone()),
            said => Some(said.to_owned()),
        }
    }

    /// The versions that are installed, sorted.
    pub fn installed_versions(&self) -> Vec<String> {
        let entries = fs::read_dir(self.installed_folder());
        let entries = entries.into_iter().flatten().flatten();
        let done = entries.filter(|entry| entry.path().join(DONE).exists());
        let names = done.filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    fn installed_folder(&self) -> PathBuf {
        self.folder.join("installed")
    }

    /// What installs the server.
    pub fn install_command(&self) -> String {
        let script = self.script();
        if self.version == self.about.version || self.version == CURRENT {
            script.display().to_string()
        } else {
            format!("{} {}", script.display(), self.version)
        }
    }

    fn script(&self) -> PathBuf {
        self.folder.join("install.sh")
    }

    /// The way of offering TLS that `mode` needs and the server does not have.
    pub(super) fn lacks(&self, mode: TlsMode) -> Option<OffersTls> {
        OffersTls::needed(mode).filter(|way| !self.about.tls.contains(way))
    }

    /// Starts the server.
    pub(super) async fn start(&self, options: &StartOptions) -> Result<Running, TargetError> {
        if !self.is_installed() {
            return Err(TargetError::NotInstalled {
                name: self.name(),
                command: self.install_command(),
            });
        }
        if let Some(way) = self.lacks(options.tls) {
            return Err(TargetError::NoTls {
                name: self.name(),
                way: way.name(),
            });
        }
        if options.protocol.is_lmtp() && !self.about.lmtp {
            return Err(TargetError::NoLmtp { name: self.name() });
        }
        let run = self.folder.join("run.sh");
        let fail = |source| TargetError::Start {
            what: format!("adapter `{}` ({})", self.name(), run.display()),
            source,
        };
        let server = free_port().map_err(fail)?;
        let scratch = tempfile::Builder::new().prefix("smtpspec-").tempdir();
        let scratch = scratch.map_err(fail)?;
        let observer = Observer::open(&EventsSpec::Tcp("127.0.0.1:0".to_owned())).await?;
        let mut command = Command::new(&run);
        command
            .current_dir(&self.folder)
            .env("SMTPSPEC_LISTEN", server.to_string())
            .env("SMTPSPEC_IDLE_MS", options.idle.as_millis().to_string())
            .env("SMTPSPEC_VERSION", &self.version)
            .env("SMTPSPEC_DIR", scratch.path());
        offer_tls(&mut command, options.tls, scratch.path()).map_err(fail)?;
        if !self.settings.is_empty() {
            command.env("SMTPSPEC_SETTINGS", lines(&self.settings));
        }
        if options.protocol.is_lmtp() {
            command.env("SMTPSPEC_PROTOCOL", "lmtp");
        }
        if let Some(program) = &options.program {
            command.env("SMTPSPEC_PROGRAM", program);
        }
        if let Some(address) = observer.address() {
            command.env("SMTPSPEC_EVENTS", address.to_string());
        }
        let child = ChildProcess::spawn(command, &observer, Some(scratch)).map_err(fail)?;
        let running =
            Running::watch(&self.name(), server, Some(observer), Some(child), options).await?;
        let limit = self.about.disconnect_limit_ms.map(Duration::from_millis);
        Ok(running
            .with_backlog(self.about.backlog)
            .with_times(limit, self.about.segment_gap_ms.map(Duration::from_millis)))
    }
}

/// Tells the adapter which TLS its server is to offer, and with what certificate; nothing where it is to offer none.
fn offer_tls(command: &mut Command, tls: TlsMode, scratch: &Path) -> io::Result<()> {
    let Some(way) = OffersTls::needed(tls) else {
        return Ok(());
    };
    let made = Certificate::get().map_err(io::Error::other)?;
    let (certificate, key) = (scratch.join("tls-cert.pem"), scratch.join("tls-key.pem"));
    fs::write(&certificate, &made.pem)?;
    fs::write(&key, &made.key_pem)?;
    command
        .env("SMTPSPEC_TLS", way.name())
        .env("SMTPSPEC_TLS_CERT", certificate)
        .env("SMTPSPEC_TLS_KEY", key);
    Ok(())
}

/// A line for each setting: as configuration files have it in many a server.
fn lines(settings: &[Setting]) -> String {
    let lines = settings.iter().map(|setting| format!("{setting}\n"));
    lines.collect()
}

fn about(path: &Path) -> Result<About, TargetError> {
    let broken = |why: String| TargetError::About {
        path: path.to_owned(),
        why,
    };
    match fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text).map_err(|error| broken(error.to_string())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(About::default()),
        Err(error) => Err(broken(error.to_string())),
    }
}

/// Where the adapters are.
pub(super) fn folder() -> PathBuf {
    let named = env::var_os("SMTPSPEC_ADAPTERS").map(PathBuf::from);
    named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("adapters"))
}

/// The adapters' names, sorted.
pub(super) fn list() -> Vec<String> {
    let folders = folders(is_startable).into_iter();
    let names = folders.filter_map(|folder| folder.file_name()?.to_str().map(str::to_owned));
    names.collect()
}

fn is_startable(folder: &Path) -> bool {
    folder.join("run.sh").is_file()
}

/// The adapters' folders that `fit`, sorted. Without a folder of folders there are none.
fn folders(fit: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).into_iter().flatten().flatten();
    let mut folders: Vec<_> = entries.map(|entry| entry.path()).collect();
    folders.retain(|folder| fit(folder));
    folders.sort();
    folders
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    fn folder(about: &str) -> tempfile::TempDir {
        let dir = tempfile::Builder::new().prefix("postal").tempdir().unwrap();
        fs::write(dir.path().join("adapter.toml"), about).unwrap();
        fs::write(dir.path().join("install.sh"), "").unwrap();
        dir
    }

    #[test]
    fn a_version_is_installed_when_its_script_has_finished() {
        let dir = folder("version = \"3.0\"");
        let of = |version| Adapter::in_folder(dir.path(), version).unwrap();
        let done = dir.path().join("installed/2.0");
        fs::create_dir_all(&done).unwrap();
        assert!(!of(Some("2.0")).is_installed());
        fs::write(done.join(DONE), "postal 2.0.1\n").unwrap();
        let installed = of(Some("2.0")).installed();
        assert_eq!(installed.as_deref(), Some("postal 2.0.1"));
        assert_eq!(of(None).installed_versions(), ["2.0"]);
        assert!(!of(None).is_installed());
        let script = dir.path().join("install.sh").display().to_string();
        assert_eq!(of(None).install_command(), script);
        assert_eq!(of(Some("2.0")).install_command(), format!("{script} 2.0"));
    }

    #[test]
    fn only_another_version_shows_in_the_name() {
        let dir = folder("version = \"3.0\"");
        let name = |version| Adapter::in_folder(dir.path(), version).unwrap().name();
        let plain = name(None);
        assert_eq!(name(Some("3.0")), plain);
        assert_eq!(name(Some("2.0")), format!("{plain}@2.0"));
    }

    #[test]
    fn a_broken_description_names_the_file_and_the_field() {
        let dir = folder("verison = \"3.0\"");
        let error = Adapter::in_folder(dir.path(), None)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("adapter.toml") && error.contains("verison"),
            "{error}"
        );
    }

    #[test]
    fn only_what_the_description_knows_can_be_set_and_it_shows_in_the_name() {
        let dir = folder("[settings]\nqueue = \"where mail waits\"\nlimit = \"of recipients\"");
        let set = |text: &str| {
            let adapter = Adapter::in_folder(dir.path(), None).unwrap();
            let plain = adapter.name();
            let named = adapter.with_settings(&[text.parse().unwrap()])?.name();
            Ok::<_, TargetError>(named.strip_prefix(&plain).unwrap().to_owned())
        };
        assert_eq!(set("queue=a b=c").unwrap(), " queue=a b=c");
        let error = set("que=a").unwrap_err().to_string();
        assert!(error.contains("no setting `que`"), "{error}");
        let known = "\n  limit: of recipients\n  queue: where mail waits";
        assert!(error.ends_with(known), "{error}");
    }

    #[test]
    fn an_adapter_without_settings_says_so() {
        let dir = folder("");
        let adapter = Adapter::in_folder(dir.path(), None).unwrap();
        let error = adapter.with_settings(&["a=b".parse().unwrap()]);
        let error = error.unwrap_err().to_string();
        assert!(error.ends_with("it has none"), "{error}");
    }

    #[tokio::test]
    async fn tls_that_the_description_does_not_offer_is_refused_by_name() {
        let dir = folder("version = \"1\"\ntls = [\"starttls\"]");
        let done = dir.path().join("installed/1");
        fs::create_dir_all(&done).unwrap();
        fs::write(done.join(DONE), "").unwrap();
        let adapter = Adapter::in_folder(dir.path(), None).unwrap();
        let options = StartOptions {
            tls: TlsMode::Implicit,
            ..StartOptions::default()
        };
        let error = adapter.start(&options).await.unwrap_err().to_string();
        assert!(
            error.contains("cannot be started with --tls implicit"),
            "{error}"
        );
    }
}
