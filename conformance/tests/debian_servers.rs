//! Servers of Debian against what is known of them: the documented suite shows the findings in each adapter's
//! `expected.toml`, and no other.

use assert_cmd::cargo::cargo_bin;
use pretty_assertions::assert_eq;
use smtpspec::{
    expect::{Change, Expected, compare},
    run::{CampaignOptions, campaign, documented, smuggling},
    target::{Adapter, StartOptions, Target, TargetError},
};
use smtpspec_core::check::{Verdict, check};

/// Whether the server is there; if so, what it shows is what is known.
async fn as_expected(name: &str) -> bool {
    let differences = differences(name).await;
    assert_eq!(differences.as_deref().unwrap_or_default(), [], "{name}");
    differences.is_some()
}

/// How what it shows differs from what is known; `None` where it is not installed.
async fn differences(name: &str) -> Option<Vec<Change>> {
    let target = Target::named(name).unwrap();
    let options = StartOptions {
        // These observe their servers with it.
        program: Some(cargo_bin("smtpspec")),
        ..StartOptions::default()
    };
    let mut running = match target.start(&options).await {
        Err(TargetError::NotInstalled { command, .. }) => {
            println!("{name} is left out: it is not installed ({command})");
            return None;
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
    Some(compared.changes)
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

/// What the suite `smuggling` shows of CON-2 at Postfix of Debian 12 when that is set so.
async fn only_crlf_dot_crlf(settings: &[&str]) -> Verdict {
    let settings: Vec<_> = settings.iter().map(|text| text.parse().unwrap()).collect();
    let target = Target::named("postfix").unwrap();
    let target = target.with_settings(&settings).unwrap();
    let options = StartOptions {
        program: Some(cargo_bin("smtpspec")),
        ..StartOptions::default()
    };
    let mut running = target.start(&options).await.unwrap();
    let cases = smuggling().unwrap();
    let outcome = campaign(&mut running, cases, &CampaignOptions::default(), |_| ()).await;
    running.stop().await;
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    let verdict = check(&outcome.transcript);
    let mut rules = verdict.rules.iter();
    rules.find(|rule| rule.rule.id == "CON-2").unwrap().verdict
}

#[tokio::test]
#[ignore = "needs root, mmdebstrap and the adapter's install.sh"]
async fn the_fix_of_cve_2023_51764_is_one_setting_away() {
    assert_eq!(only_crlf_dot_crlf(&[]).await, Verdict::Broken);
    let fixed = ["smtpd_forbid_bare_newline=normalize"];
    assert_eq!(only_crlf_dot_crlf(&fixed).await, Verdict::Holds);
}
