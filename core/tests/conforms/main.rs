//! Model and receiver are each other's test: every conversation of the corpus conforms on the receiver, and every
//! planted defect is caught by the rule meant for it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use pretty_assertions::assert_eq;
use smtpspec_core::{
    check::{RunVerdict, Verdict, check, is_clause, rules},
    conversation::{Conversation, Ending, Segmentation},
    event::EventKind,
    memory::{play, play_in_turn, transcript},
    receiver::{Config, Defect, Defects},
    transcript::{SessionLog, What},
};

fn corpus() -> Vec<(String, Conversation)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/conversations");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.strip_prefix(&root).unwrap().with_extension("");
        let conversation = Conversation::parse(&fs::read(path).unwrap()).unwrap();
        (name.to_str().unwrap().to_owned(), conversation)
    };
    paths.iter().map(read).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "smtp")
        {
            paths.push(path);
        }
    }
}

fn config(defects: impl IntoIterator<Item = Defect>) -> Arc<Config> {
    Arc::new(Config {
        defects: defects.into_iter().collect::<Defects>(),
        ..Config::default()
    })
}

fn run(defects: impl IntoIterator<Item = Defect>) -> (Vec<SessionLog>, RunVerdict) {
    run_of(corpus(), defects)
}

fn run_of(
    corpus: Vec<(String, Conversation)>,
    defects: impl IntoIterator<Item = Defect>,
) -> (Vec<SessionLog>, RunVerdict) {
    let config = config(defects);
    // Those that are meant to overlap do.
    let (overlapping, alone): (Vec<_>, Vec<_>) = corpus
        .into_iter()
        .partition(|(case, _)| case.starts_with("isolation/"));
    let mut turn = 0..;
    let mut sessions = play_in_turn(1, &overlapping, &config, |_| turn.next().unwrap());
    let first = 1 + sessions.len() as u64;
    let play_one = |(conn, (case, conversation)): (u64, &(String, Conversation))| {
        play(conn, case, conversation, &config)
    };
    sessions.extend((first..).zip(&alone).map(play_one));
    let transcript = transcript(sessions);
    let verdict = check(&transcript);
    (transcript.sessions, verdict)
}

fn found(verdict: &RunVerdict) -> Vec<String> {
    let line = |f: &smtpspec_core::check::Finding| format!("{} {}: {}", f.rule, f.case, f.what);
    verdict.findings().map(line).collect()
}

#[test]
fn the_whole_corpus_conforms_and_exercises_every_rule() {
    let (_, verdict) = run([]);
    assert_eq!(found(&verdict), Vec::<String>::new());
    let idle: Vec<&str> = verdict
        .rules
        .iter()
        .filter(|rule| rule.verdict != Verdict::Holds)
        .map(|rule| rule.rule.id)
        .collect();
    assert_eq!(idle, Vec::<&str>::new());
}

#[test]
fn the_suite_wire_exercises_every_rule_that_the_wire_alone_shows() {
    let (_, verdict) = run_of(wire(), []);
    let idle: Vec<&str> = verdict
        .rules
        .iter()
        .filter(|rule| is_clause(rule.rule) || rule.rule.id.starts_with("WIR-"))
        .filter(|rule| rule.verdict != Verdict::Holds)
        .map(|rule| rule.rule.id)
        .collect();
    // The one conversation that is left out.
    assert_eq!(idle, ["SIZ-9"]);
}

#[test]
fn the_receiver_answers_as_each_conversation_expects() {
    let (sessions, _) = run([]);
    let mut missed = Vec::new();
    for session in &sessions {
        for entry in &session.entries {
            if let What::Expected {
                want,
                got,
                met: false,
            } = &entry.what
            {
                missed.push(format!("{}: wanted {want}, got {got:?}", session.open.case));
            }
        }
    }
    assert_eq!(missed, Vec::<String>::new());
}

/// Replies out of order make what follows unreadable: other rules are broken as often.
const SPREADS: [&str; 1] = ["replies-swapped-when-pipelined"];

#[test]
fn every_defect_is_caught_by_the_rule_meant_for_it() {
    let mut uncaught = Vec::new();
    let mut large = corpus();
    large.retain(|(case, _)| case == "wire/size-exceeded");
    let wire = wire();
    for defect in Defect::ALL {
        let (_, verdict) = match defect.rule() {
            "SIZ-9" => run_of(large.clone(), [*defect]),
            _ if defect.is_of_clause() => run_of(wire.clone(), [*defect]),
            _ => run([*defect]),
        };
        let most = verdict.rules.iter().map(|rule| rule.findings.len()).max();
        let caught = verdict.rules.iter().any(|rule| {
            rule.rule.id == defect.rule()
                && (Some(rule.findings.len()) == most || SPREADS.contains(&defect.name()))
                && matches!(rule.verdict, Verdict::Broken | Verdict::NotStrict)
        });
        if !caught {
            uncaught.push(format!(
                "{} ({}): {:?}",
                defect.name(),
                defect.rule(),
                found(&verdict).first()
            ));
        }
    }
    assert_eq!(uncaught, Vec::<String>::new());
}

/// The conversations of the suite `wire`, but for the one that is large.
fn wire() -> Vec<(String, Conversation)> {
    let mut wire = corpus();
    wire.retain(|(case, _)| case.starts_with("wire/") && case != "wire/size-exceeded");
    wire
}

#[test]
fn a_defect_of_a_clause_breaks_that_rule_alone() {
    let wire = wire();
    let mut strays = Vec::new();
    for defect in Defect::ALL.iter().filter(|defect| defect.is_of_clause()) {
        let (_, verdict) = run_of(wire.clone(), [*defect]);
        let others = found(&verdict);
        let others = others
            .iter()
            .filter(|line| line.split(' ').next() != Some(defect.rule()));
        strays.extend(others.map(|line| format!("{defect} ({}): {line}", defect.rule())));
    }
    assert_eq!(strays, Vec::<String>::new());
}

#[test]
fn every_rule_has_a_defect() {
    let without: Vec<&str> = rules()
        .map(|rule| rule.id)
        .filter(|id| !Defect::ALL.iter().any(|defect| defect.rule() == *id))
        .collect();
    assert_eq!(without, Vec::<&str>::new());
}

/// Longer conversations show nothing at one more octet.
const LONGEST: u64 = 2048;

#[test]
#[ignore = "slow: four hundred thousand sessions; cargo test --workspace -- --ignored"]
fn every_conversation_cut_at_every_octet_in_every_way_conforms() {
    let config = config([]);
    let mut corpus = corpus();
    corpus.retain(|(_, conversation)| conversation.octet_count() <= LONGEST);
    let check_one = |(name, conversation): &(String, Conversation)| {
        let offsets = 0..=conversation.octets().len();
        let cuts = offsets.flat_map(|offset| Ending::ALL.map(|ending| (offset, ending)));
        let play_one = |(conn, (offset, ending)): (u64, (usize, Ending))| {
            let case = format!("{name}/{offset}/{}", ending.name());
            play(conn, &case, &conversation.cut_at(offset, ending), &config)
        };
        found(&check(&transcript((1..).zip(cuts).map(play_one).collect())))
    };
    let findings = std::thread::scope(|scope| {
        let halves = corpus.chunks(corpus.len().div_ceil(2));
        let check_half = |half: &'_ [(String, Conversation)]| -> Vec<String> {
            half.iter().flat_map(check_one).collect()
        };
        let running: Vec<_> = halves
            .map(|half| scope.spawn(move || check_half(half)))
            .collect();
        let ended = running.into_iter().map(|half| half.join().unwrap());
        ended.flatten().collect::<Vec<_>>()
    });
    assert_eq!(findings, Vec::<String>::new());
}

fn seed() -> Conversation {
    let (_, seed) = corpus()
        .into_iter()
        .find(|(name, _)| name == "seed/as-meant")
        .unwrap();
    seed
}

fn kinds(session: &SessionLog) -> Vec<EventKind> {
    let kind = |what: &What| match what {
        What::Event(record) => Some(record.event.kind()),
        _ => None,
    };
    session
        .entries
        .iter()
        .filter_map(|entry| kind(&entry.what))
        .collect()
}

#[test]
fn the_seed_cut_at_every_octet_in_every_way_conforms() {
    let seed = seed();
    let octets = seed.octets();
    let end = memchr::memmem::find(&octets, b"\r\n.\r\n").unwrap() + 5;
    for ending in [
        Ending::Close,
        Ending::Reset,
        Ending::HalfClose,
        Ending::Silence,
    ] {
        for offset in 0..=octets.len() {
            let session = play(1, "cut", &seed.cut_at(offset, ending), &config([]));
            let events = kinds(&session);
            let count = |kind| events.iter().filter(|seen| **seen == kind).count();
            assert_eq!(count(EventKind::OnDisconnect), 1, "{ending:?} at {offset}");
            assert_eq!(
                count(EventKind::OnEndOfData),
                usize::from(offset >= end),
                "{ending:?} at {offset}"
            );
            let verdict = check(&transcript(vec![session]));
            assert_eq!(
                found(&verdict),
                Vec::<String>::new(),
                "{ending:?} at {offset}"
            );
        }
    }
}

/// Conversations between which and the reference server fuzzing has found the checker to see a deviation.
#[test]
fn what_the_fuzzer_has_found_conforms() {
    for text in [
        "%title A handler that drops the session is never reached\n%handler OnRcptCommand 1 drop\nEHLO a\n%silence\n",
        "%title What a handler of OnReject decides is ignored\n%handler OnReject 1 drop\nEHLO a\nRCPT\n%silence\n",
    ] {
        let conversation = Conversation::parse(text.as_bytes()).unwrap();
        let session = play(1, "found", &conversation, &config([]));
        let verdict = check(&transcript(vec![session]));
        assert_eq!(found(&verdict), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn events_are_the_same_however_the_octets_are_cut() {
    let events = |session: &SessionLog| -> Vec<_> {
        let event = |what: &What| match what {
            What::Event(record) => Some(record.event.clone()),
            _ => None,
        };
        session
            .entries
            .iter()
            .filter_map(|entry| event(&entry.what))
            .collect()
    };
    let seed = seed();
    let as_written = events(&play(1, "seed", &seed, &config([])));
    let cuts = (1..seed.octets().len()).map(Segmentation::CutAt);
    for segmentation in [Segmentation::Whole, Segmentation::PerByte]
        .into_iter()
        .chain(cuts)
    {
        let session = play(1, "seed", &seed.segmented(segmentation), &config([]));
        assert_eq!(events(&session), as_written, "{segmentation:?}");
    }
}

/// Prints, for each defect, how many findings each rule has. `cargo test -p smtpspec-core matrix -- --ignored --nocapture`
#[test]
#[ignore = "a picture for people, not a test"]
fn matrix_of_defects_and_rules() {
    for defect in Defect::ALL {
        let (_, verdict) = run([*defect]);
        let counts: Vec<String> = verdict
            .rules
            .iter()
            .filter(|rule| !rule.findings.is_empty())
            .map(|rule| format!("{} {}", rule.rule.id, rule.findings.len()))
            .collect();
        println!(
            "{:<40} {:<7} {}",
            defect.name(),
            defect.rule(),
            counts.join(", ")
        );
    }
}
