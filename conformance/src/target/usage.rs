//! What a server's processes hold at this moment, by /proc: open files, threads, memory.

use std::{fs, io::ErrorKind, path::PathBuf};

/// What the processes of one server hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Open files, sockets among them.
    pub files: u64,
    /// Threads.
    pub threads: u64,
    /// Resident memory, in octets. A page that two processes share counts for each.
    pub memory: u64,
}

/// A line of `/proc/PID/stat`, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Process {
    id: u32,
    parent: u32,
    group: u32,
    threads: u64,
    /// In pages.
    resident: u64,
}

/// What the process group `group` and all descendants of its members hold; `None` where that cannot be read: no
/// /proc, another user's process, or nobody there any more.
pub(super) fn usage_of(group: u32) -> Option<Usage> {
    let all = processes()?;
    let page = rustix::param::page_size() as u64;
    let mut usage = Usage::default();
    for process in family(&all, group) {
        usage.files += open_files(process.id)?;
        usage.threads += process.threads;
        usage.memory += process.resident * page;
    }
    (usage.threads > 0).then_some(usage)
}

fn processes() -> Option<Vec<Process>> {
    let entries = fs::read_dir("/proc").ok()?.flatten();
    let stat = |path: PathBuf| fs::read_to_string(path.join("stat")).ok();
    // A process may end while the list is read.
    let read = entries.filter_map(|entry| parse(&stat(entry.path())?));
    Some(read.collect())
}

/// The members of `group`, and whoever descends from one: a daemon may leave its group.
fn family(all: &[Process], group: u32) -> Vec<Process> {
    let (mut known, mut others): (Vec<_>, Vec<_>) = all.iter().partition(|p| p.group == group);
    loop {
        let descends = |process: &Process| known.iter().any(|p: &Process| p.id == process.parent);
        let (children, rest): (Vec<_>, Vec<_>) = others.iter().partition(|p| descends(p));
        if children.is_empty() {
            return known;
        }
        known.extend(children);
        others = rest;
    }
}

/// The process's name stands in brackets and may itself hold brackets and blanks; the numbers stand behind it.
fn parse(stat: &str) -> Option<Process> {
    let (id, rest) = stat.split_once(' ')?;
    let (_, numbers) = rest.rsplit_once(')')?;
    // From the third field of proc_pid_stat(5) on.
    let fields: Vec<&str> = numbers.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    let id_field = |number: usize| u32::try_from(field(number)?).ok();
    if *fields.first()? == "Z" {
        // It has ended and holds nothing; only nobody has asked for its status yet.
        return None;
    }
    Some(Process {
        id: id.parse().ok()?,
        parent: id_field(4)?,
        group: id_field(5)?,
        threads: field(20)?,
        resident: field(24)?,
    })
}

/// `None` where we may not look; a process that has just ended has none open.
fn open_files(id: u32) -> Option<u64> {
    match fs::read_dir(format!("/proc/{id}/fd")) {
        Ok(entries) => Some(entries.count() as u64),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => None,
        Err(_) => Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    fn process(id: u32, parent: u32, group: u32) -> Process {
        Process {
            id,
            parent,
            group,
            threads: 1,
            resident: 2,
        }
    }

    #[test]
    fn a_name_with_brackets_and_blanks_does_not_hide_the_numbers() {
        let line = "77 (a) (b c) S 1 76 76 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 9 0 5 1000 321 0";
        let read = Process {
            id: 77,
            parent: 1,
            group: 76,
            threads: 9,
            resident: 321,
        };
        assert_eq!(parse(line), Some(read));
        assert_eq!(parse("77 (a) S 1"), None);
        assert_eq!(parse(""), None);
        assert_eq!(parse(&line.replace("S 1", "Z 1")), None);
    }

    #[test]
    fn children_count_even_when_they_leave_the_group() {
        let all = [
            process(14, 13, 13),
            process(13, 11, 13),
            process(10, 1, 10),
            process(11, 10, 10),
            process(20, 1, 20),
        ];
        let mut ids: Vec<u32> = family(&all, 10).iter().map(|p| p.id).collect();
        ids.sort_unstable();
        assert_eq!(ids, [10, 11, 13, 14]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn an_open_file_is_counted() {
        let own = std::process::id();
        let before = open_files(own).unwrap();
        let files: Vec<_> = (0..50).map(|_| fs::File::open("/proc/self/stat")).collect();
        let after = open_files(own).unwrap();
        // Other tests open and close files too.
        assert!(after >= before + 30, "{before} {after} {}", files.len());
        assert!(
            parse(&fs::read_to_string("/proc/self/stat").unwrap())
                .unwrap()
                .threads
                > 0
        );
    }

    #[test]
    fn a_group_that_is_not_there_cannot_be_read() {
        assert_eq!(usage_of(u32::MAX), None);
    }
}
