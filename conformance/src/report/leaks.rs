//! What the suite `leaks` has to say besides the rules: whether events balance, and what the server was left with.

use std::io::{self, Write};

use serde::Serialize;
use smtpspec_core::check::Verdict;

use super::style::{self, STRONG};
use crate::run::{Growth, Held, LeakCheck, RESOURCES, Resource};

/// Why what the server held may not be readable.
const NOT_READABLE: &str =
    "not readable (only of a server that smtpspec itself has started, on Linux, by /proc)";
const DIED: &str = "not measured: the server died in the run (SES-8)";
const BROKEN_OFF: &str = "not measured: the run was broken off";

/// For people.
pub(super) fn leaks(out: &mut impl Write, check: &LeakCheck) -> io::Result<()> {
    writeln!(
        out,
        "\n{STRONG}Leak check{STRONG:#}: {} broken sessions, after {} to warm up",
        check.sessions, check.warm_up
    )?;
    balance(out, check)?;
    match &check.held {
        Held::NotReadable => writeln!(out, "  open files, threads, memory: {NOT_READABLE}"),
        Held::Died => writeln!(out, "  open files, threads, memory: {DIED}"),
        Held::BrokenOff => writeln!(out, "  open files, threads, memory: {BROKEN_OFF}"),
        Held::Measured(growth) => table(out, growth, check.sessions),
    }
}

fn balance(out: &mut impl Write, check: &LeakCheck) -> io::Result<()> {
    let Some((connects, disconnects)) = check.fired else {
        return writeln!(out, "  OnConnect, OnDisconnect: not observable");
    };
    let (verdict, says) = if check.balances() {
        (Verdict::Holds, "as many")
    } else {
        (Verdict::Broken, "NOT AS MANY")
    };
    let style = style::of(verdict);
    writeln!(
        out,
        "  OnConnect fired {connects} times, OnDisconnect {disconnects} times: {style}{says}{style:#}"
    )
}

fn table(out: &mut impl Write, growth: &Growth, sessions: u64) -> io::Result<()> {
    writeln!(
        out,
        "  {:<12}{:>12}{:>12}{:>12}",
        "", "before", "halfway", "after"
    )?;
    for resource in &RESOURCES {
        let leak = resource.leak(growth, sessions);
        let verdict = if leak.is_some() {
            Verdict::Broken
        } else {
            Verdict::Holds
        };
        let style = style::of(verdict);
        let says = leak.map_or(
            "does not grow with the sessions".to_owned(),
            |per_session| {
                format!(
                    "LEAK: {} more for each session",
                    each(resource, per_session)
                )
            },
        );
        let at = [growth.before, growth.halfway, growth.after];
        let [before, halfway, after] = at.map(|usage| amount(resource, (resource.of)(&usage)));
        writeln!(
            out,
            "  {:<12}{before:>12}{halfway:>12}{after:>12}  {style}{says}{style:#}",
            resource.name
        )?;
    }
    Ok(())
}

fn amount(resource: &Resource, number: u64) -> String {
    if resource.name == "memory" {
        format!("{} KiB", number / 1024)
    } else {
        number.to_string()
    }
}

fn each(resource: &Resource, number: f64) -> String {
    if resource.name == "memory" {
        format!("{number:.0} octets")
    } else {
        format!("{number:.2}")
    }
}

/// For programs.
#[derive(Serialize)]
pub(super) struct LeaksInJson {
    sessions: u64,
    warm_up: u64,
    on_connect: Option<u64>,
    on_disconnect: Option<u64>,
    failed: bool,
    /// Why there are no figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_measured: Option<&'static str>,
    held: Vec<HeldInJson>,
}

#[derive(Serialize)]
struct HeldInJson {
    resource: &'static str,
    before: u64,
    halfway: u64,
    after: u64,
    /// What is left over for each session; absent when it does not leak.
    #[serde(skip_serializing_if = "Option::is_none")]
    leak_per_session: Option<f64>,
}

impl From<&LeakCheck> for LeaksInJson {
    fn from(check: &LeakCheck) -> Self {
        let (not_measured, held) = match &check.held {
            Held::NotReadable => (Some(NOT_READABLE), Vec::new()),
            Held::Died => (Some(DIED), Vec::new()),
            Held::BrokenOff => (Some(BROKEN_OFF), Vec::new()),
            Held::Measured(growth) => {
                let held = RESOURCES.iter().map(|resource| HeldInJson {
                    resource: resource.name,
                    before: (resource.of)(&growth.before),
                    halfway: (resource.of)(&growth.halfway),
                    after: (resource.of)(&growth.after),
                    leak_per_session: resource.leak(growth, check.sessions),
                });
                (None, held.collect())
            }
        };
        Self {
            sessions: check.sessions,
            warm_up: check.warm_up,
            on_connect: check.fired.map(|fired| fired.0),
            on_disconnect: check.fired.map(|fired| fired.1),
            failed: check.failed(),
            not_measured,
            held,
        }
    }
}
