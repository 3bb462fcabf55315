//! Where a transcript is played: a folder, a shell with the binary on its path, a demo office if one is asked
//! for, and names for all that is different each time.

use std::path::Path;
use std::process::{Command, Stdio};

use mohr::protocol::day::Day;

use crate::support::demo::Demo;

pub struct Stage {
    place: Place,
    today: Day,
    /// A value that was seen and the name that stands for it.
    names: Vec<(String, String)>,
}

enum Place {
    Folder(tempfile::TempDir),
    Office(Demo),
}

/// How far from today a day is still written as today and a number of days; a
/// profile lives two years at most.
const DAYS_MAX: i32 = 750;

impl Stage {
    /// A transcript that names `{server}` gets a demo office, whose folder it is played in.
    pub fn new(transcript: &str, today: Day) -> Self {
        if !transcript.contains("{server}") {
            return Self { place: Place::Folder(tempfile::tempdir().unwrap()), today, names: Vec::new() };
        }
        let demo = Demo::start();
        let names = vec![
            (demo.server_url(), "{server}".to_owned()),
            (demo.index["office"].as_str().unwrap().to_owned(), "{office}".to_owned()),
        ];
        Self { place: Place::Office(demo), today, names }
    }

    /// What a command says, line by line: standard output as it is, then standard error behind
    /// `! `, then the exit code behind `? ` unless it is 0. What is new and random gets its name
    /// from `names`, else from its kind.
    #[expect(clippy::disallowed_methods, reason = "the shell and its tools are where the environment says")]
    pub fn run(&mut self, command: &str, names: &str) -> Vec<String> {
        let mut command =
            self.names.iter().fold(command.to_owned(), |text, (value, name)| text.replace(name, value));
        if command.contains("{today") {
            command = self.days().fold(command, |text, (day, name)| text.replace(&name, &day));
        }
        let binaries = Path::new(env!("CARGO_BIN_EXE_mohr")).parent().unwrap();
        let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
        let output = Command::new("sh")
            .args(["-c", &command])
            .current_dir(self.folder())
            .env_clear()
            .env("PATH", path)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let mut lines = Vec::new();
        for line in std::str::from_utf8(&output.stdout).unwrap().lines() {
            let ambiguous = ["$ ", "# ", "= ", "! ", "? "].iter().any(|mark| line.starts_with(mark));
            assert!(!ambiguous, "a transcript cannot hold this line of output: {line}");
            lines.push(line.to_owned());
        }
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines.extend(
            std::str::from_utf8(&output.stderr)
                .unwrap()
                .lines()
                .map(|line| format!("! {line}").trim_end().to_owned()),
        );
        if !output.status.success() {
            lines.push(format!("? {}", output.status.code().expect("no signal ended it")));
        }
        let shown = self.show(&lines.join("\n"), names);
        shown.lines().map(str::to_owned).collect()
    }

    fn folder(&self) -> &Path {
        match &self.place {
            Place::Folder(folder) => folder.path(),
            Place::Office(demo) => demo.folder.path(),
        }
    }

    /// The text with names in the place of what is different each time.
    fn show(&mut self, text: &str, names: &str) -> String {
        let mut text = text.replace(self.folder().to_str().unwrap(), "{folder}");
        for (value, name) in &self.names {
            text = text.replace(value, name);
        }
        let mut given = names.split_whitespace();
        while let Some((value, kind)) = find_random(&text) {
            let name = given.next().map_or_else(|| self.next_of(kind), |name| format!("{{{name}}}"));
            let value = value.to_owned();
            text = text.replace(&value, &name);
            self.names.push((value, name));
        }
        assert_eq!(given.next(), None, "more names than there are new values in:\n{text}");
        self.days().fold(text, |text, (day, name)| text.replace(&day, &name))
    }

    /// Days as they are written and their names, such as `{today+180}`.
    fn days(&self) -> impl Iterator<Item = (String, String)> {
        let today = self.today;
        (-DAYS_MAX..=DAYS_MAX).map(move |days| {
            let name = if days == 0 { "{today}".to_owned() } else { format!("{{today{days:+}}}") };
            (today.plus_days(days).to_string(), name)
        })
    }

    fn next_of(&self, kind: &str) -> String {
        let unused =
            |number: &usize| !self.names.iter().any(|(_, name)| *name == format!("{{{kind}-{number}}}"));
        format!("{{{kind}-{}}}", (1..).find(unused).unwrap())
    }
}

/// The first value in `text` that another run would not show again, and what it is.
fn find_random(text: &str) -> Option<(&str, &'static str)> {
    const RECEIPT_LEN: usize = "0000 0000 0000 0000 0000 0000 0000 0000".len();
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let mut at = 0;
    while at < text.len() {
        let length = text[at..].bytes().take_while(u8::is_ascii_alphanumeric).count();
        let token = &text[at..at + length];
        let grouped = text.get(at..at + RECEIPT_LEN).filter(|groups| {
            groups
                .bytes()
                .enumerate()
                .all(|(i, byte)| if i % 5 == 4 { byte == b' ' } else { byte.is_ascii_digit() })
        });
        if let Some(receipt) = grouped {
            return Some((receipt, "receipt"));
        }
        match length {
            32 if token.bytes().all(|byte| byte.is_ascii_digit()) => return Some((token, "receipt")),
            32 if token.bytes().all(is_hex) => return Some((token, "id")),
            64 if token.bytes().all(is_hex) => return Some((token, "digest")),
            65.. if token.starts_with("age1pq1") => return Some((token, "recipient")),
            _ => {}
        }
        at += length;
        at += text[at..].chars().next().map_or(0, char::len_utf8);
    }
    None
}

#[test]
fn what_is_random_is_seen() {
    let receipt = "1234 5678 9012 3456 7890 1234 5678 9012";
    let id = "0123456789abcdef0123456789abcdef";
    assert_eq!(find_random(&format!("‌کد: {receipt}.")), Some((receipt, "receipt")));
    assert_eq!(find_random(&format!("case {id}  received")), Some((id, "id")));
    assert_eq!(find_random(&format!("\"{id}{id}\"")).unwrap().1, "digest");
    assert_eq!(find_random("report.txt is 32768 bytes, 2026-03-21, 1234 5678"), None);
}
