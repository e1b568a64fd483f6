//! The documented suite at real servers, each held against its adapter's `expected.toml`: a finding that is new, one that
//! is gone and one that comes and goes all fail. Needs the servers' `install.sh` to have been run.

use std::path::PathBuf;

use pretty_assertions::assert_eq;
use smtpspec::{
    expect::{Expected, compare},
    run::{CampaignOptions, campaign, documented},
    target::{Adapter, StartOptions, Target},
};
use smtpspec_core::check::check;

/// What a test does where its server is not installed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Fails,
    Skips,
}

async fn is_as_expected(name: &str, missing: Missing) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("adapters")
        .join(name);
    let adapter = Adapter::in_folder(&folder, None).unwrap();
    if !adapter.is_installed() {
        let install = adapter.install_command();
        assert!(
            missing == Missing::Skips,
            "{name} is not installed: {install}"
        );
        eprintln!("{name} is skipped, it is not installed: {install}");
        return;
    }
    let expected = Expected::read(&folder.join("expected.toml")).unwrap();
    let expected = expected.expect("the adapter has a file of expected findings");
    let options = StartOptions::default();
    let mut running = Target::Adapter(Box::new(adapter))
        .start(&options)
        .await
        .unwrap();
    let options = CampaignOptions::default();
    let outcome = campaign(&mut running, documented().unwrap(), &options, |_| ()).await;
    running.stop().await;
    assert!(outcome.error.is_none(), "{name}: {:?}", outcome.error);
    let hello = outcome.transcript.header.hello.as_ref();
    assert_eq!(hello.map(|hello| &hello.server), Some(&expected.server));
    let verdict = check(&outcome.transcript);
    let comparison = compare(&expected, &outcome.transcript, &verdict);
    assert_eq!(comparison.changes, [], "{name}");
}

#[tokio::test]
#[ignore = "needs conformance/adapters/aiosmtpd/install.sh to have been run"]
async fn aiosmtpd_is_as_expected() {
    is_as_expected("aiosmtpd", Missing::Fails).await;
}

#[tokio::test]
#[ignore = "needs conformance/adapters/smtp-server/install.sh to have been run"]
async fn smtp_server_is_as_expected() {
    is_as_expected("smtp-server", Missing::Fails).await;
}

#[tokio::test]
#[ignore = "needs conformance/adapters/haraka/install.sh to have been run"]
async fn haraka_is_as_expected() {
    is_as_expected("haraka", Missing::Fails).await;
}

#[tokio::test]
#[ignore = "plays at a server of its own, where that is installed"]
async fn twisted_is_as_expected() {
    is_as_expected("twisted", Missing::Skips).await;
}

#[tokio::test]
#[ignore = "plays at a server of its own, where that is installed"]
async fn python_smtpd_is_as_expected() {
    is_as_expected("python-smtpd", Missing::Skips).await;
}

#[tokio::test]
#[ignore = "plays at a server of its own, where that is installed"]
async fn mailin_is_as_expected() {
    is_as_expected("mailin", Missing::Skips).await;
}
