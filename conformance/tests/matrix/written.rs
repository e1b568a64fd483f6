//! What is written: for a terminal, as Markdown, as a page, as JSON.

use pretty_assertions::assert_eq;
use smtpspec::{
    report::matrix::{Column, Matrix, html, json, markdown},
    run::look_alikes,
};

use super::{cases, on_console, play, say, server};

/// One server as it should be, one with defects, one that has something to say, one that could not be started.
fn four() -> Matrix {
    let mut cases = cases();
    let looks = ["lookalike/lf-dot-lf", "lookalike/cr-dot-cr"];
    cases.extend(
        look_alikes()
            .unwrap()
            .into_iter()
            .filter(|case| looks.contains(&case.name.as_str())),
    );
    let reference = play(&cases, &[]);
    let mut rude = reference.clone();
    say(
        &mut rude,
        "seed/strict",
        "221 ",
        "999 <script>alert(1)</script> `|` \u{1b}[31m",
    );
    let mut lost = server(
        "lossy",
        "Lossy 2.0",
        play(&cases, &["disconnect-lost-after-ehlo", "bare-lf-ends-data"]),
    );
    lost.seen.as_mut().unwrap().skipped = vec![("a/b".into(), "needs handler scripts".into())];
    let columns = [
        server("good", "Good 1.0", reference.clone()),
        lost,
        server("<b>rude|", "Rude & <i>Co</i>", rude),
        Column {
            name: "absent".into(),
            seen: None,
            trouble: Some(
                "could not be started: it has ended; its last output:\n<no> such \u{1b}[2Joption"
                    .into(),
            ),
        },
    ];
    Matrix::new(
        "smtpspec matrix --case 'seed/*'".into(),
        &reference,
        &columns,
    )
}

#[test]
fn the_console_shows_all_four_tables_and_every_trouble() {
    insta::assert_snapshot!(on_console(&four()));
}

#[test]
fn the_markdown_holds_the_same() {
    insta::assert_snapshot!(markdown(&four()));
}

#[test]
fn the_page_holds_the_same() {
    insta::assert_snapshot!(html(&four()));
}

#[test]
fn the_json_names_servers_cells_and_differences() {
    let value: serde_json::Value = serde_json::from_str(&json(&four())).unwrap();
    assert_eq!(value["servers"][1]["name"], "lossy");
    assert_eq!(
        value["servers"][3]["trouble"]
            .as_str()
            .unwrap()
            .lines()
            .count(),
        2
    );
    let rules = value["rules"].as_array().unwrap();
    let rule = rules.iter().find(|rule| rule["id"] == "SES-2").unwrap();
    assert_eq!(rule["cells"][0]["verdict"], "holds");
    assert_eq!(rule["cells"][1]["verdict"], "broken");
    assert!(rule["cells"][3].is_null());
    assert_eq!(value["look_alikes"][1]["cells"][1], "ends");
    let first = &value["events"]["differences"][0]["servers"][0];
    assert_eq!(first["server"], "lossy");
    assert!(
        first["reasons"]
            .as_object()
            .unwrap()
            .keys()
            .all(|why| why.starts_with("breaks "))
    );
}

#[test]
fn nothing_that_a_server_said_is_markup_and_every_link_has_its_place() {
    let page = html(&four());
    assert!(!page.contains("<script") && !page.contains("<i>") && !page.contains('\u{1b}'));
    assert!(
        page.contains("Rude &#38; &#60;i&#62;Co"),
        "escaped, not dropped"
    );
    let values = |attribute: &str| -> Vec<String> {
        let parts = page.split(attribute).skip(1);
        parts
            .map(|rest| rest.split('"').next().unwrap().to_owned())
            .collect()
    };
    let (mut ids, links) = (values(" id=\""), values("href=\"#"));
    assert!(links.len() > 10);
    for link in links.iter().chain(&values("aria-labelledby=\"")) {
        assert!(ids.contains(link), "nothing has the id {link}");
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id stands there twice");
    for tag in [
        "table", "tr", "td", "th", "section", "ul", "li", "details", "pre", "code", "p", "span",
        "div",
    ] {
        let open =
            page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(open, page.matches(&format!("</{tag}>")).count(), "<{tag}>");
    }
    // What is escaped is no markup.
    let text = markdown(&four()).replace("\\<", "");
    assert!(!text.contains("<script") && !text.contains("<i>") && !text.contains('\u{1b}'));
    let columns = |line: &str| line.replace("\\|", "").matches('|').count();
    let rules: Vec<usize> = text
        .lines()
        .filter(|line| line.starts_with("| SES-"))
        .map(columns)
        .collect();
    assert!(rules.iter().all(|columns| *columns == 7), "{rules:?}");
}

#[test]
fn twelve_servers_fit_a_terminal() {
    let reference = play(&cases(), &[]);
    let servers = (1..=12).map(|n| {
        let defects: &[&str] = if n % 2 == 0 {
            &["disconnect-lost-after-ehlo"]
        } else {
            &[]
        };
        server(
            &format!("opensmtpd-{n}"),
            "OpenSMTPD",
            play(&cases(), defects),
        )
    });
    let columns: Vec<Column> = servers.collect();
    let text = on_console(&Matrix::new(String::new(), &reference, &columns));
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    assert!(
        text.contains("opensm opensm ") && text.contains(" tpd-1  tpd-2 "),
        "{text}"
    );
}
