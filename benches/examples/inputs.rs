//! Makes the benchmarks' inputs out of the corpus: `cargo run -p smtpspec-benches --example inputs`. They are committed, so
//! that figures of different days are of the same octets; made anew only when somebody wants them changed.

use std::{collections::BTreeSet, error::Error, fs, path::Path, sync::Arc};

use smtp_codec::parse::{command::command, response::Reply_line};
use smtp_proto::{Request, response::parser::ResponseReceiver};
use smtpspec_core::{
    conversation::Conversation,
    memory::{play, transcript},
    receiver::Config,
    transcript::{SessionLog, What},
    wire::{Command, LineEnds, LineSplitter, ReplySplitter, parse_command},
};

/// Conversations whose log is read and checked: usual ones, with messages and without.
const LOGGED: [&str; 5] = ["seed", "messages", "pipelining", "content", "dsn"];

/// The longest line of a letter.
const WIDTH: usize = 72;

/// Folder, name and conversation.
type Case = (String, String, Conversation);

fn main() -> Result<(), Box<dyn Error>> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut sessions, mut replies, mut prose, mut logged) =
        (BTreeSet::new(), BTreeSet::new(), String::new(), Vec::new());
    for (folder, name, conversation) in conversations(&home.join("../corpus/conversations"))? {
        let conn = u64::try_from(logged.len())? + 1;
        let log = play(conn, &name, &conversation, &Arc::new(Config::default()));
        sessions.insert(commands_of(&octets(&log, true)));
        replies.extend(replies_of(&octets(&log, false)));
        prose.extend(conversation.purpose.iter().map(|line| format!("{line} ")));
        let small = octets(&log, true).len() < 4096;
        if small && LOGGED.contains(&folder.as_str()) {
            logged.push(log);
        }
    }
    for seed in fs::read_dir(home.join("../corpus/seeds/reply"))? {
        if let Ok(seed) = fs::read(seed?.path()) {
            replies.extend(replies_of(&seed));
        }
    }
    let out = home.join("inputs");
    let sessions: Vec<_> = sessions.into_iter().filter(|s| !s.is_empty()).collect();
    fs::write(out.join("commands.txt"), sessions.join("\n"))?;
    fs::write(out.join("replies.txt"), Vec::from_iter(replies).join("\n"))?;
    fs::write(out.join("letter.txt"), wrapped(&prose))?;
    let mut log = Vec::new();
    transcript(logged).write_to(&mut log)?;
    fs::write(out.join("transcript.jsonl"), log)?;
    Ok(())
}

/// All of them, in the order of their names.
fn conversations(home: &Path) -> Result<Vec<Case>, Box<dyn Error>> {
    let mut all = Vec::new();
    for folder in fs::read_dir(home)? {
        let folder = folder?;
        for file in fs::read_dir(folder.path())? {
            let path = file?.path();
            let folder = folder.file_name().to_string_lossy().into_owned();
            let stem = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if let Ok(conversation) = Conversation::parse(&fs::read(&path)?) {
                all.push((folder.clone(), format!("{folder}/{stem}"), conversation));
            }
        }
    }
    all.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(all)
}

/// All that one side said.
fn octets(log: &SessionLog, client: bool) -> Vec<u8> {
    let said = log.entries.iter().filter_map(|entry| match &entry.what {
        What::Sent(octets) if client => Some(octets.0.as_slice()),
        What::Received(octets) if !client => Some(octets.0.as_slice()),
        _ => None,
    });
    said.collect::<Vec<_>>().concat()
}

/// The command lines that every peer reads, without what stands behind DATA.
fn commands_of(sent: &[u8]) -> String {
    let mut splitter = LineSplitter::new(LineEnds::default());
    let (mut rest, mut out, mut in_data) = (sent, String::new(), false);
    while let Some(line) = splitter.next(rest) {
        let whole = &rest[..line.len];
        rest = &rest[line.len..];
        if in_data {
            in_data = line.text != b".";
            continue;
        }
        let Ok(parsed) = parse_command(line.text) else {
            continue;
        };
        in_data = parsed.command == Command::Data;
        let usual =
            parsed.leniencies.is_empty() && !matches!(parsed.command, Command::Unknown { .. });
        let by_peers = Request::parse(&mut whole.iter()).is_ok()
            && command(whole).is_ok_and(|(rest, _)| rest.is_empty())
            && smtp_message::Command::<&str>::parse(whole).is_ok_and(|(rest, _)| rest.is_empty());
        if usual && by_peers {
            out.push_str(&String::from_utf8_lossy(line.text));
            out.push('\n');
        }
    }
    out
}

/// The replies that every peer reads.
fn replies_of(received: &[u8]) -> Vec<String> {
    let mut splitter = ReplySplitter::new();
    let (mut rest, mut out) = (received, Vec::new());
    while let Some(Ok(reply)) = splitter.next(rest) {
        rest = &rest[reply.raw.len()..];
        let by_peers = ResponseReceiver::default()
            .parse(&mut reply.raw.iter())
            .is_ok()
            && Reply_line(reply.raw).is_ok_and(|(rest, _)| rest.is_empty())
            && smtp_message::Reply::<&str>::parse(reply.raw).is_ok_and(|(rest, _)| rest.is_empty());
        if by_peers {
            out.push(String::from_utf8_lossy(reply.raw).replace("\r\n", "\n"));
        }
    }
    out
}

/// Words in lines as a mail program writes them.
fn wrapped(prose: &str) -> String {
    let (mut out, mut width) = (String::new(), 0);
    for word in prose.split_whitespace() {
        if width > 0 && width + 1 + word.len() > WIDTH {
            out.push('\n');
            width = 0;
        } else if width > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += word.len();
    }
    out + "\n"
}
