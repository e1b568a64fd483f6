//! Servers of Debian against what is known of them: the documented suite shows the findings in each adapter's
//! `expected.toml`, and no other.

use assert_cmd::cargo::cargo_bin;
use pretty_assertions::assert_eq;
use smtpspec::{
    expect::{Expected, compare},
    run::{CampaignOptions, campaign, documented},
    target::{Adapter, StartOptions, Target, TargetError},
};
use smtpspec_core::check::check;

/// Whether the server is there; if so, what it shows is what is known.
async fn as_expected(name: &str) -> bool {
    let target = Target::named(name).unwrap();
    let options = StartOptions {
        // These observe their servers with it.
        program: Some(cargo_bin("smtpspec")),
        ..StartOptions::default()
    };
    let mut running = match target.start(&options).await {
        Err(TargetError::NotInstalled { command, .. }) => {
            println!("{name} is left out: it is not installed ({command})");
            return false;
        }
        started => started.unwrap(),
    };
    let cases = documented().unwrap();
    let outcome = campaign(&mut running, cases, &CampaignOptions::default(), |_| ()).await;
    running.stop().await;
    assert!(outcome.error.is_none(), "{name}: {:?}", outcome.error);

    let all = Adapter::all().unwrap();
    let adapter = all.iter().find(|adapter| adapter.name() == name).unwrap();
    let path = adapter.folder().join("expected.toml");
    let expected = Expected::read(&path).unwrap();
    let expected = expected.unwrap_or_else(|| panic!("there is no {}", path.display()));
    let hello = outcome.transcript.header.hello.as_ref().unwrap();
    assert_eq!(expected.server, hello.server);
    let compared = compare(&expected, &outcome.transcript, &check(&outcome.transcript));
    assert_eq!(compared.changes, [], "{name}");
    true
}

#[tokio::test]
#[ignore = "needs root, mmdebstrap and the adapters' install.sh"]
async fn servers_of_debian_show_what_is_known_of_them() {
    for name in ["postfix", "opensmtpd"] {
        assert!(as_expected(name).await, "{name}");
    }
    for name in ["exim", "sendmail", "qpsmtpd"] {
        as_expected(name).await;
    }
}
