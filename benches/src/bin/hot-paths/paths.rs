//! The paths: each takes a committed input.

use std::{error::Error, hint::black_box, sync::Arc};

use smtpspec_benches::{
    TRANSCRIPT, commands, data, paths, play as play_receiver, replies, session,
};
use smtpspec_core::{
    check::check,
    receiver::Config,
    transcript::Transcript,
    wire::{Command, DataStream, LineEnds, LineSplitter, ReplySplitter, parse_command},
};

/// A path's name, and what makes its input and takes it.
type HotPath = (&'static str, fn());

/// All of them.
pub(crate) const PATHS: [HotPath; 6] = [
    ("command", || {
        counted_work(&front(commands())[..], read_commands);
    }),
    ("path", || {
        counted_work(&rcpts()[..], read_commands);
    }),
    ("reply", || {
        counted_work(&front(replies())[..], read_replies);
    }),
    ("data", || {
        counted_work(&data(1 << 20)[..], read_data);
    }),
    ("receiver", || {
        counted_work(&session()[..], receive);
    }),
    ("checker", check_sessions),
];

/// Takes the path called `name`.
pub(crate) fn play(name: &str) -> Result<(), Box<dyn Error>> {
    let (_, path) = PATHS
        .iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| format!("no path is called `{name}`"))?;
    path();
    Ok(())
}

/// What is counted. By its name callgrind knows it.
#[inline(never)]
fn counted_work<I: ?Sized>(input: &I, take: fn(&I)) {
    take(black_box(input));
}

/// Enough lines for every kind of them to be among them.
fn front(mut octets: Vec<u8>) -> Vec<u8> {
    octets.truncate(200_000);
    octets
}

fn rcpts() -> Vec<u8> {
    let lines = paths()
        .into_iter()
        .take(5000)
        .map(|path| format!("RCPT TO:{path}\r\n"));
    lines.collect::<String>().into_bytes()
}

fn read_commands(mut octets: &[u8]) {
    let mut splitter = LineSplitter::new(LineEnds::default());
    while let Some(line) = splitter.next(octets) {
        octets = &octets[line.len..];
        let parsed = black_box(parse_command(line.text));
        if let Ok(Command::Mail { parameters, .. } | Command::Rcpt { parameters, .. }) =
            parsed.map(|parsed| parsed.command)
        {
            parameters.iter().for_each(|parameter| {
                black_box(parameter);
            });
        }
    }
}

fn read_replies(mut octets: &[u8]) {
    let mut splitter = ReplySplitter::new();
    while let Some(Ok(reply)) = splitter.next(octets) {
        octets = &octets[reply.raw.len()..];
        black_box(reply.enhanced());
        reply.lines().for_each(|line| {
            black_box(line);
        });
    }
}

fn read_data(octets: &[u8]) {
    let mut stream = DataStream::new();
    for piece in octets.chunks(64 << 10) {
        stream.push(piece, |part| {
            black_box(part);
        });
    }
}

/// The configuration is a part of it: its making is nothing beside the session.
fn receive(octets: &[u8]) {
    black_box(play_receiver(&Arc::new(Config::default()), octets));
}

/// The log of some short conversations.
fn check_sessions() {
    let Ok(mut transcript) = Transcript::parse(TRANSCRIPT) else {
        return;
    };
    transcript.sessions.truncate(10);
    counted_work(&transcript, |transcript| {
        black_box(check(transcript));
    });
}
