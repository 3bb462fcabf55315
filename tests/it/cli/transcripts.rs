//! `tests/cli/*.txt`: what people type and what they see, played against the binary and compared line by
//! line. The form stands in `tests/cli/README.md`. After a change that is meant,
//! `UPDATE=1 cargo test --test it transcripts` writes them anew; read what it changed before it is committed.

use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use mohr::protocol::day::Day;

use super::stage::Stage;

macro_rules! transcripts {
    ($($name:ident)*) => {
        const ALL: &[&str] = &[$(stringify!($name)),*];
        $(
            #[test]
            fn $name() {
                check(stringify!($name));
            }
        )*
    };
}

transcripts! { addresses create_database help journey keys keys_life records refusals }

#[test]
fn every_transcript_is_played() {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert_eq!(names, ALL);
}

#[test]
fn help_shows_every_command() {
    let shown = std::fs::read_to_string(path("help")).unwrap();
    for command in commands(&mohr::cli::Cli::command(), "mohr") {
        let line = format!("$ {command} --help");
        assert!(
            shown.lines().any(|shown| shown.starts_with(&line)),
            "tests/cli/help.txt lacks the line {line}"
        );
    }
}

fn commands(command: &clap::Command, called: &str) -> Vec<String> {
    let inner = command
        .get_subcommands()
        .flat_map(|inner| commands(inner, &format!("{called} {}", inner.get_name())));
    inner.chain([called.to_owned()]).collect()
}

#[expect(clippy::disallowed_methods, reason = "for whoever runs the tests, not for the program")]
fn check(name: &str) {
    let path = path(name);
    let written = std::fs::read_to_string(&path).unwrap();
    let played = loop {
        let today = Day::today();
        let played = play(&written, &mut Stage::new(&written, today));
        // Around midnight two days are today; nothing can be said of what was seen then.
        if Day::today() == today {
            break played;
        }
    };
    if std::env::var_os("UPDATE").is_some_and(|update| update == "1") {
        std::fs::write(&path, played).unwrap();
        return;
    }
    if let Some(line) = first_difference(&written, &played) {
        panic!(
            "tests/cli/{name}.txt, line {}:\n  written: {}\n  seen:    {}\n\nall that was seen:\n\n{played}\n\
             if it is meant so: UPDATE=1 cargo test --test it transcripts",
            line + 1,
            written.lines().nth(line).unwrap_or("(nothing)"),
            played.lines().nth(line).unwrap_or("(nothing)"),
        );
    }
}

/// The transcript again, with what the commands say now in the place of what was written.
fn play(written: &str, stage: &mut Stage) -> String {
    let mut played = Vec::new();
    let mut lines = written.lines().peekable();
    while let Some(line) = lines.next() {
        played.push(line.to_owned());
        let Some(first) = line.strip_prefix("$ ") else { continue };
        let mut command = first.to_owned();
        while command.ends_with('\\') {
            let more = lines.next().expect("a command goes on behind its backslash");
            played.push(more.to_owned());
            command = format!("{command}\n{more}");
        }
        let names = lines.next_if(|line| line.starts_with("= "));
        played.extend(names.map(str::to_owned));
        let mut blank_lines = 0;
        while let Some(old) = lines.next_if(|line| !line.starts_with("$ ") && !line.starts_with("# ")) {
            blank_lines = if old.is_empty() { blank_lines + 1 } else { 0 };
        }
        played.extend(stage.run(&command, names.unwrap_or_default().trim_start_matches("= ")));
        played.extend(std::iter::repeat_n(String::new(), blank_lines));
    }
    played.join("\n") + "\n"
}

fn first_difference(written: &str, played: &str) -> Option<usize> {
    if written == played {
        return None;
    }
    let same = written.lines().zip(played.lines()).take_while(|(written, played)| written == played);
    Some(same.count())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli")
}

fn path(name: &str) -> PathBuf {
    folder().join(name).with_extension("txt")
}
