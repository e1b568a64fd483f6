//! The corpus says what it is: each seed has its line in the manifest, each line its seed, and the catalogue and those
//! who cite it agree.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use pretty_assertions::assert_eq;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus")
}

/// The files below `folder`, by their paths from there; a folder of grown seeds stands for all in it.
fn names(folder: &Path) -> BTreeSet<String> {
    let mut folders = vec![folder.to_owned()];
    let mut names = BTreeSet::new();
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(inner).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap();
            let name = name.to_str().unwrap().replace('\\', "/");
            match path.is_dir() {
                true if path.ends_with("grown") => assert!(names.insert(name + "/")),
                true => folders.push(path),
                false => assert!(names.insert(name)),
            }
        }
    }
    names
}

/// Seed, what it shows, source.
fn manifest() -> Vec<[String; 3]> {
    let text = fs::read_to_string(corpus().join("seeds/MANIFEST.tsv")).unwrap();
    let rows = text.lines().map(|line| {
        let cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
        cells
            .try_into()
            .unwrap_or_else(|_| panic!("not three cells: {line}"))
    });
    rows.skip(1).collect()
}

fn catalogue() -> String {
    fs::read_to_string(corpus().join("CATALOGUE.md")).unwrap()
}

/// The ids of its entries and of its sections.
fn entries() -> BTreeSet<String> {
    let text = catalogue();
    let rows = text
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(' ').next());
    let sections = text
        .lines()
        .filter_map(|line| line.strip_prefix("## ")?.split('.').next());
    let is_id = |word: &&str| word.starts_with(|c: char| c.is_ascii_uppercase());
    rows.chain(sections)
        .filter(is_id)
        .map(str::to_owned)
        .collect()
}

/// The entries that a source names: `CATALOGUE.md A4, H17; something else`.
fn cited(source: &str) -> impl Iterator<Item = &str> {
    let behind = source.split("CATALOGUE.md").skip(1);
    let names = behind.map(|rest| rest.split(';').next().unwrap_or_default());
    names.flat_map(|names| {
        let words = names.split(|c: char| !c.is_ascii_alphanumeric());
        words.filter(|word| word.starts_with(|c: char| c.is_ascii_uppercase()))
    })
}

/// The sources of all conversations, each with its conversation.
fn sources() -> Vec<(String, String)> {
    let folder = corpus().join("conversations");
    let texts = names(&folder).into_iter().map(|name| {
        let octets = fs::read(folder.join(&name)).unwrap();
        (name, String::from_utf8_lossy(&octets).into_owned())
    });
    texts
        .flat_map(|(name, text)| {
            let sources = text
                .lines()
                .filter_map(|line| line.strip_prefix("%source "));
            sources
                .map(|source| (name.clone(), source.to_owned()))
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn each_seed_has_a_line_in_the_manifest_and_each_line_a_seed() {
    let mut seeds = names(&corpus().join("seeds"));
    seeds.retain(|name| name.contains('/'));
    let rows = manifest();
    let listed: BTreeSet<String> = rows.iter().map(|[seed, ..]| seed.clone()).collect();
    assert_eq!(listed, seeds);
    assert_eq!(rows.len(), listed.len(), "a seed has two lines");
    for row in rows {
        assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
    }
}

#[test]
fn what_is_cited_stands_in_the_catalogue() {
    let entries = entries();
    let of_seeds = manifest()
        .into_iter()
        .map(|[seed, _, source]| (seed, source));
    let mut count = 0;
    for (name, source) in of_seeds.chain(sources()) {
        for entry in cited(&source) {
            assert!(entries.contains(entry), "{name} cites {entry}");
            count += 1;
        }
    }
    assert!(count >= 150, "{count} citations");
}

#[test]
fn each_entry_of_the_catalogue_names_seeds_that_exist_or_says_what_it_waits_for() {
    let conversations = names(&corpus().join("conversations"));
    let known: BTreeSet<String> = conversations
        .iter()
        .map(|name| name.trim_end_matches(".smtp").to_owned())
        .chain(names(&corpus().join("seeds")))
        .collect();
    let text = catalogue();
    let rows = text
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| |"));
    let mut shaped = BTreeSet::new();
    for row in rows {
        let seeds = row
            .trim_end_matches(" |")
            .rsplit('|')
            .next()
            .unwrap_or_default();
        let named: Vec<&str> = seeds.split('`').skip(1).step_by(2).collect();
        let waits = ["later", "not of SMTP receive"]
            .iter()
            .any(|word| seeds.contains(word));
        assert!(!named.is_empty() || waits, "no seed: {row}");
        for name in named {
            let (front, several) = name
                .split_once('*')
                .map_or((name, false), |(front, _)| (front, true));
            let found = known
                .iter()
                .filter(|known| *known == name || (several && known.starts_with(front)));
            let before = shaped.len();
            shaped.extend(found.clone());
            assert!(
                shaped.len() > before || found.count() > 0,
                "{name} in {row}"
            );
        }
    }
    assert!(
        shaped.len() >= 150,
        "{} seeds are shaped after known bugs",
        shaped.len()
    );
}
