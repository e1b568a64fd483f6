//! Every conversation of the corpus can be read, is written in full, and says what it is for.

use std::{
    fs,
    path::{Path, PathBuf},
};

use pretty_assertions::assert_eq;
use smtpspec_core::conversation::{Conversation, Step};

/// The case ids and texts of all conversations, in the order of their ids.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/conversations");
    let mut folders = vec![root.clone()];
    let mut cases = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !is_hidden(&path) {
                cases.push((case_id(&root, &path), fs::read(&path).unwrap()));
            }
        }
    }
    cases.sort();
    cases
}

fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap().as_encoded_bytes();
    name.starts_with(b".")
}

fn case_id(root: &Path, path: &Path) -> String {
    assert_eq!(path.extension().unwrap(), "smtp", "{}", path.display());
    let id: PathBuf = path.strip_prefix(root).unwrap().with_extension("");
    id.to_str().unwrap().replace('\\', "/")
}

fn conversations() -> impl Iterator<Item = (String, Conversation)> {
    corpus().into_iter().map(|(id, text)| {
        let conversation = Conversation::parse(&text).unwrap_or_else(|e| panic!("{id}: {e}"));
        (id, conversation)
    })
}

#[test]
fn there_are_at_least_eighty_conversations() {
    assert!(corpus().len() >= 80);
}

#[test]
fn each_prints_in_a_form_that_reads_back_equal() {
    for (id, conversation) in conversations() {
        let text = conversation.print();
        assert_eq!(Conversation::parse(&text), Ok(conversation), "{id}");
    }
}

#[test]
fn each_has_a_title_of_its_own_a_purpose_and_a_source() {
    let mut titles = std::collections::BTreeMap::new();
    for (id, conversation) in conversations() {
        assert!(!conversation.purpose.is_empty(), "{id}");
        assert!(!conversation.source.is_empty(), "{id}");
        let twin = titles.insert(conversation.title, id.clone());
        assert_eq!(twin, None, "{id} has the title of another");
    }
}

#[test]
fn the_example_in_the_format_reference_can_be_read() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let example: Vec<&str> = readme
        .lines()
        .skip_while(|line| !line.starts_with("    %title"))
        .map_while(|line| line.strip_prefix("    ").or(line.is_empty().then_some("")))
        .collect();
    let example = example.join("\n");
    let conversation = Conversation::parse(example.trim_end().as_bytes()).unwrap();
    assert_eq!(conversation.handlers.rules.len(), 1);
    assert!(conversation.octets().ends_with(b"\r\n.\r\nQUIT\r\n"));
}

#[test]
fn each_does_something() {
    for (id, conversation) in conversations() {
        assert!(!conversation.steps.is_empty(), "{id}");
    }
}

#[test]
fn no_address_is_shared_by_two_conversations() {
    let mut owners = std::collections::BTreeMap::new();
    for (id, conversation) in conversations() {
        // The seed's own conversation exists in its two spellings.
        if ["seed/as-printed", "seed/as-meant"].contains(&id.as_str()) {
            continue;
        }
        for address in senders(&conversation) {
            let owner = owners.entry(address).or_insert_with(|| id.clone());
            assert_eq!(*owner, id, "a session that mixes the two would not show");
        }
    }
    assert!(owners.len() >= 80);
}

/// What stands between the brackets of each MAIL line.
fn senders(conversation: &Conversation) -> Vec<Vec<u8>> {
    let octets = conversation.octets();
    let lines = octets.split(|octet| *octet == b'\n');
    let paths = lines.filter_map(|line| line.strip_prefix(b"MAIL FROM:<"));
    let paths = paths.filter_map(|rest| rest.split(|octet| *octet == b'>').next());
    paths
        .filter(|path| !path.is_empty() && path.contains(&b'@') && !path.starts_with(b"@"))
        .map(<[u8]>::to_vec)
        .collect()
}

#[test]
fn a_look_alike_end_is_followed_by_a_smuggled_envelope_in_the_same_segment() {
    let mut seen = 0;
    for (id, conversation) in conversations() {
        if !id.starts_with("lookalike/") {
            continue;
        }
        seen += 1;
        let smuggles = |segment: &Vec<u8>| {
            let text = segment.escape_ascii().to_string();
            text.contains("MAIL FROM:<smuggled-") && text.ends_with(r"\r\n.\r\n")
        };
        let in_one_segment = conversation.steps.iter().any(
            |step| matches!(step, Step::Send(segments) if segments.len() == 1 && smuggles(&segments[0])),
        );
        assert!(in_one_segment, "{id}");
    }
    assert!(seen >= 11);
}
