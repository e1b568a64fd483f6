//! Plays every seed through the body of its fuzz target, without a fuzzer.

use std::{
    collections::BTreeSet,
    fs, io,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
};

use bodies::BODIES;
use pretty_assertions::assert_eq;

/// The fuzz crate is in a workspace of its own, and core must not need a fuzzer: so its library is a module here.
#[expect(
    unreachable_pub,
    reason = "public in the fuzz crate, whose library this is"
)]
#[path = "../../fuzz/src/lib.rs"]
mod bodies;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All files below `folder`.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The seeds that `body` has something against.
fn caught(body: bodies::Body, seeds: &[PathBuf]) -> Vec<PathBuf> {
    let is_caught = |seed: &&PathBuf| {
        let octets = fs::read(seed).unwrap();
        panic::catch_unwind(AssertUnwindSafe(|| body(&octets))).is_err()
    };
    seeds.iter().filter(is_caught).cloned().collect()
}

fn play(target: &str) {
    let (_, body) = BODIES.iter().find(|(name, _)| *name == target).unwrap();
    let seeds = files(&root().join("corpus/seeds").join(target)).unwrap();
    assert!(seeds.len() >= 10, "{target} has {} seeds", seeds.len());
    assert_eq!(caught(*body, &seeds), Vec::<PathBuf>::new());
}

macro_rules! targets {
    ($($target:ident)*) => {
        mod every_seed_passes {
            $(
                #[test]
                fn $target() {
                    super::play(stringify!($target));
                }
            )*
        }

        const PLAYED: &[&str] = &[$(stringify!($target),)*];
    };
}

targets! {
    bdat checker command conversation data events path receiver reply sasl starttls structured transcript
}

#[test]
fn every_target_has_a_body_a_dictionary_seeds_and_lines_in_the_readmes() {
    let played: BTreeSet<String> = PLAYED.iter().map(|name| (*name).to_owned()).collect();
    let bodies = BODIES.iter().map(|(name, _)| (*name).to_owned());
    assert_eq!(bodies.collect::<BTreeSet<_>>(), played);
    let names = |folder: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(root().join(folder)).unwrap();
        let stems = entries.map(|entry| entry.unwrap().path().with_extension(""));
        let names = stems.map(|stem| stem.file_name().unwrap().to_str().unwrap().to_owned());
        names
            .filter(|name| {
                !["README", "MANIFEST"].contains(&name.as_str()) && !name.starts_with('.')
            })
            .collect()
    };
    assert_eq!(names("fuzz/fuzz_targets"), played);
    assert_eq!(names("fuzz/dictionaries"), played);
    assert_eq!(names("corpus/seeds"), played);
    for readme in ["fuzz/README.md", "corpus/seeds/README.md"] {
        let text = fs::read_to_string(root().join(readme)).unwrap();
        for name in &played {
            assert!(text.contains(&format!("| `{name}` |")), "{readme}: {name}");
        }
    }
}

/// The corpus of conversations is the conversation target's too.
#[test]
fn every_conversation_of_the_corpus_passes() {
    let conversations = files(&root().join("corpus/conversations")).unwrap();
    assert_eq!(
        caught(bodies::conversation, &conversations),
        Vec::<PathBuf>::new()
    );
}

#[test]
fn the_checker_takes_linear_time_for_what_any_seed_grows_to() {
    let mut seeds = files(&root().join("corpus/seeds/checker")).unwrap();
    // Those that a fuzzer grew are many, and have been through this.
    seeds.retain(|seed| !seed.parent().unwrap().ends_with("grown"));
    let slow = caught(bodies::checker_in_linear_time, &seeds);
    assert_eq!(slow, Vec::<PathBuf>::new());
}

#[test]
#[ignore = "half a minute"]
fn the_checker_takes_linear_time_for_long_transcripts() {
    let mut seeds = files(&root().join("corpus/seeds/checker")).unwrap();
    seeds.retain(|seed| {
        seed.file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("grows-")
    });
    assert!(seeds.len() >= 5, "{seeds:?}");
    let slow = caught(bodies::checker_in_linear_time_for_long, &seeds);
    assert_eq!(slow, Vec::<PathBuf>::new());
}

#[test]
fn a_body_that_panics_is_caught() {
    let seeds = files(&root().join("corpus/seeds/command")).unwrap();
    assert_eq!(caught(|_| panic!("on purpose"), &seeds), seeds);
}
