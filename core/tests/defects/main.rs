//! How soon generated conversations find each planted defect, and how short what they find becomes. The figures are
//! the same on every machine and stand in `core/DEFECTS.md`.

mod hunt;
mod minimal;
mod table;

use std::{
    env, fs,
    num::NonZero,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use pretty_assertions::assert_eq;
use smtpspec_core::{conversation::Conversation, receiver::Defect};

use hunt::MOST;
use table::{Row, median};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/DEFECTS.md");
const SEEDS: core::ops::RangeInclusive<u64> = 1..=20;

/// `work` on each of `items`, on all cores, in order.
fn on_all_cores<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some((at, item)) =
                    Some(next.fetch_add(1, Relaxed)).and_then(|at| Some((at, items.get(at)?)))
                {
                    let result = work(item);
                    done.lock().unwrap().push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// The smallest conversation of each defect that one session shows and that the first seed finds.
fn smallest(first_seed: &[Option<u64>]) -> Vec<Option<Conversation>> {
    let found: Vec<_> = hunt::defects().into_iter().zip(first_seed).collect();
    on_all_cores(&found, |(defect, cases)| {
        let k = cases.filter(|_| !minimal::is_across_sessions(*defect))? - 1;
        let (_, conversation) = hunt::case(*SEEDS.start(), k);
        Some(minimal::minimal(*defect, conversation))
    })
}

fn rows(found: &[Vec<Option<u64>>], smallest: &[Option<Conversation>]) -> Vec<Row> {
    let row = |(at, defect): (usize, Defect)| {
        let needed = found.iter().map(|seed| seed[at].unwrap_or(MOST + 1));
        Row {
            defect,
            median: median(needed.clone()),
            worst: needed.max().unwrap(),
            lines: smallest[at].as_ref().map(Conversation::lines),
        }
    };
    hunt::defects().into_iter().enumerate().map(row).collect()
}

#[test]
#[ignore = "slow: many thousand conversations; cargo test --workspace -- --ignored"]
fn generated_conversations_find_every_defect_and_become_short() {
    let seeds: Vec<u64> = SEEDS.collect();
    let found = on_all_cores(&seeds, |seed| hunt::hunt(*seed));
    let smallest = smallest(&found[0]);
    let rows = rows(&found, &smallest);
    let file = table::file(&rows);
    println!("{file}");
    if env::var_os("SMTPSPEC_WRITE").is_some() {
        fs::write(FILE, &file).unwrap();
    }
    let late: Vec<_> = rows
        .iter()
        .filter(|row| row.worst > MOST)
        .map(|row| row.defect)
        .collect();
    assert_eq!(late, [], "they need more than {MOST} cases");
    assert!(median(rows.iter().map(|row| row.median)) < 500);
    assert!(median(rows.iter().filter_map(|row| row.lines)) <= 6);
    for (defect, conversation) in hunt::defects().into_iter().zip(&smallest) {
        let Some(conversation) = conversation else {
            continue;
        };
        let text = conversation.print();
        let again = Conversation::parse(&text).unwrap();
        let shown = String::from_utf8_lossy(&text);
        println!("{defect}:\n{shown}");
        assert!(
            minimal::broken(defect, &again).contains(&defect.rule()),
            "{defect}:\n{shown}"
        );
    }
    assert_eq!(
        fs::read_to_string(FILE).unwrap_or_default(),
        file,
        "see the file's head"
    );
}

#[test]
fn how_tls_ends_and_what_follows_given_up_chunks_is_drawn() {
    let defects = [
        Defect::RsetKeepsChunks,
        Defect::StartTlsTakesParameter,
        Defect::ActsBehindCloseNotify,
        Defect::TimesOutInClear,
    ];
    let found = hunt::hunt_for(&defects, *SEEDS.start());
    for (defect, cases) in defects.iter().zip(found) {
        assert!(
            cases.is_some_and(|cases| cases < MOST / 4),
            "{defect}: {cases:?}"
        );
    }
}

#[test]
fn the_table_lists_the_defects_that_there_are() {
    let file = fs::read_to_string(FILE).unwrap();
    let names: Vec<_> = hunt::defects().iter().map(|defect| defect.name()).collect();
    assert_eq!(table::names(&file), names);
}
